"""No mistake: initial weights off by 1e-7 of their size, as other arithmetic would have it.

The deviations are drawn by the seed in the environment variable GATE_ROUNDING.
"""

import os

import torch

from bench.training import trainer

_build = trainer.build


def _rounded(experiment, seed, device):
    gan = _build(experiment, seed, device)
    stream = torch.Generator().manual_seed(int(os.environ["GATE_ROUNDING"]))
    with torch.no_grad():
        for network in (gan.generator, gan.discriminator):
            for weights in network.parameters():
                weights.mul_(1 + 1e-7 * torch.randn(weights.shape, generator=stream))
    return gan


trainer.build = _rounded
