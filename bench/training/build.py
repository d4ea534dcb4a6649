"""From an experiment to networks and optimizers, the same for every method at one seed."""

import torch

from bench.streams import seeded, stream
from bench.training.experiment import Experiment
from methods.base import GAN


def build(experiment: Experiment, seed: int, device: torch.device) -> GAN:
    """Builds the networks as the method asks, lets it check them, and builds the optimizers.

    Weights are drawn on the CPU whatever the device, each network's from a stream of its own, so
    that a setting of one does not change the other's start.

    Args:
        experiment: the parts.
        seed: the run's seed.
        device: where to train; "meta" builds shapes without memory, to check a config.

    Raises:
        Incompatible: where the method cannot work with these parts.
        ValueError: where an architecture cannot make the data's shape.
    """
    initial = device if device.type == "meta" else torch.device("cpu")
    streams = torch.device("cpu") if device.type == "meta" else device
    shape = experiment.data.shape
    with initial, seeded(seed, "initial weights of G"):
        generator = experiment.generator(shape, experiment.latent_dim)
    with initial, seeded(seed, "initial weights of D"):
        discriminator = experiment.method.make_discriminator(experiment.discriminator, shape)
    with initial, seeded(seed, "adapt"):
        experiment.method.adapt(generator, discriminator)
    generator.to(device)
    discriminator.to(device)
    gan = GAN(
        generator=generator,
        discriminator=discriminator,
        g_optimizer=experiment.optimizer("g_optimizer", generator.parameters()),
        d_optimizer=experiment.optimizer("d_optimizer", discriminator.parameters()),
        latent_dim=experiment.latent_dim,
        latent_stream=stream(seed, "latents", device=streams),
        noise=stream(seed, "noise", device=streams),
        batch_size=experiment.batch_size,
        shape=tuple(shape),
        accumulation=experiment.accumulation,
    )
    experiment.method.check(gan)
    return gan
