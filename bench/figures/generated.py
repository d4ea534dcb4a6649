"""Samples of a run's generator, as its judge would see them."""

import torch
from torch import Tensor

from bench.figures.subject import Subject
from bench.training.sampling import fixed_latents, generate


def samples_of(subject: Subject, n: int) -> Tensor:
    """The first ``n`` samples that the run's scores are of, (n, ...), decoded."""
    gan = subject.gan
    return from_latents(subject, fixed_latents(gan, subject.record["seed"], n))


@torch.no_grad()
def from_latents(subject: Subject, latents: Tensor) -> Tensor:
    """Samples of these latents (n, latent_dim), normalized as the run's scores are."""
    return generate(subject.gan, latents, subject.experiment.batch_norm)
