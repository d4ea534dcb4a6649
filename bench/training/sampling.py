"""How a generator is sampled for a score, or for a picture of what the score was of."""

import torch
from torch import Tensor, nn

from bench.streams import stream
from methods.base import GAN, ghost

CHUNK = 500
"""Samples generated at a time. With batch_norm = "batch" it is the batch."""


def fixed_latents(gan: GAN, seed: int, n: int) -> Tensor:
    """The first ``n`` of a run's fixed evaluation latents, (n, latent_dim) on its device."""
    device = gan.latent_stream.device
    fixed = stream(seed, "evaluation latents", device=device)
    return torch.randn(n, gan.latent_dim, generator=fixed, device=device)


@torch.no_grad()
def generate(generator: nn.Module, latents: Tensor, batch_norm: str) -> Tensor:
    """Samples (n, ...) of latents (n, latent_dim); leaves no trace on the generator.

    Args:
        generator: the one that is evaluated.
        latents: on its device.
        batch_norm: whether it normalizes with "running" statistics, or with each "batch"'s own.
    """
    training = generator.training
    generator.train(batch_norm == "batch")
    stand_in = ghost(generator)
    samples = torch.cat([stand_in(chunk) for chunk in latents.split(CHUNK)])
    generator.train(training)
    return samples
