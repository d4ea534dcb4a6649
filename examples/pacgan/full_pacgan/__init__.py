"""PacGAN as its authors' code has it: as many packs in a batch as other methods have samples."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import gin
import torch
from torch import Tensor

from methods.base import GAN, Logs
from methods.pacgan import PacGAN


@gin.register
@dataclass
class FullPacGAN(PacGAN):
    """PacGAN on N packs a step, and so on m batches of data for each of D's steps.

    Both players see m times as many samples as under any other method of the suite, at m times the
    cost: what they gain may be due to packs, or to larger batches. The second step of G for each of
    D's, which that code has from the DCGAN it is based on, is left out.

    Source: fjxmlzn/PacGAN, celeba_experiments/pacgan_task_wrapper_celebA.py, whose batch_size
    counts packs.

    Attributes:
        m: samples in a pack, and batches in a step.
    """

    accumulates: ClassVar[bool] = False  # a part of its batch would be m parts of the suite's

    def step(self, gan: GAN, batches: Iterator[Tensor]) -> Logs:
        """One generator step, in which each batch is m of the suite's."""
        return super().step(gan, self.joined(batches))

    def joined(self, batches: Iterator[Tensor]) -> Iterator[Tensor]:
        """Batches of m N samples, from m batches of N each, drawn only when asked for."""
        while True:
            yield torch.cat([next(batches) for _ in range(self.m)])
