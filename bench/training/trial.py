"""One pass of real samples through real networks, before hours are spent on them."""

from typing import cast

import torch
from torch import Tensor, nn

from bench.data.dataset import decode
from bench.streams import seeded
from bench.training.build import build
from bench.training.experiment import Experiment
from bench.training.sampling import CHUNK


class Misfit(Exception):
    """A network that training cannot work with; the message says which, and why."""


def try_networks(experiment: Experiment, seed: int, scored: int) -> None:
    """Builds the networks on the CPU, and gives each a batch as training would.

    The networks are thrown away, and the global stream is as it was.

    Args:
        experiment: the parts.
        seed: the run's seed.
        scored: how many samples a score takes.

    Raises:
        Misfit: a network has an empty weight, raises, or gives another shape or what is not finite.
        ValueError: see ``build``.
    """
    gan = build(experiment, seed, torch.device("cpu"))
    discriminator = cast(nn.Module, gan.discriminator)
    for name, network in (("G", gan.generator), ("D", discriminator)):
        for weight, values in network.named_parameters():
            if values.numel() == 0:
                raise Misfit(f"{name}'s weight {weight} {tuple(values.shape)} is empty")
    size = experiment.batch_size
    shape = tuple(experiment.data.shape)
    together = getattr(discriminator, "samples_per_logit", 1)
    with torch.no_grad(), seeded(seed, "trial"):
        real = decode(experiment.data.training()[:size])
        fake = _passed("G", gan.generator, gan.latents(size), (size, *shape))
        probed = fake[: min(size, scored)]  # as an evaluation does
        for samples in (real, fake, probed):
            _passed("D", discriminator, samples, (len(samples) // together,))
        if experiment.batch_norm == "batch":
            last = (scored - 1) % CHUNK + 1
            name = 'G with batch_norm = "batch"'
            _passed(name, gan.generator, gan.latents(last), (last, *shape))


def _passed(name: str, network: nn.Module, batch: Tensor, expected: tuple[int, ...]) -> Tensor:
    """What a network makes of a batch."""
    given = f"{name}, given a batch of {len(batch)},"
    try:
        output = network(batch)
    except Exception as error:  # a network of anybody's may do anything
        reason = " ".join(str(error).split()) or type(error).__name__
        raise Misfit(f"{given} raises {type(error).__name__}: {reason}") from error
    if not isinstance(output, Tensor):
        raise Misfit(f"{given} gives a {type(output).__name__} and no tensor")
    if tuple(output.shape) != expected:
        raise Misfit(f"{given} gives the shape {tuple(output.shape)}, and not {expected}")
    if not output.isfinite().all():
        raise Misfit(f"{given} gives numbers that are not finite")
    return output
