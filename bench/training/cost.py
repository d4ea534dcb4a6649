"""What training costs: differentiated passes through the discriminator, and memory."""

import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn


class PassCounter:
    """Samples that passed through a discriminator while gradients were recorded."""

    def __init__(self, samples: int = 0) -> None:
        self.samples = samples

    @contextmanager
    def counting(self, discriminator: nn.Module) -> Iterator[None]:
        """Counts passes in the block, those of virtual discriminators included."""
        hook = discriminator.register_forward_hook(self._count)
        try:
            yield
        finally:
            hook.remove()

    def _count(self, module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        if torch.is_grad_enabled():
            self.samples += len(inputs[0])


def peak_memory(device: torch.device) -> int:
    """The most memory used so far, in bytes: allocated on the GPU, or resident on the CPU."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
