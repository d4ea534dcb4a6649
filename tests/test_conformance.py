"""Every method that is found, installed ones included, against the same checks."""

import dataclasses

import pytest
import torch

from bench.config.catalogue import Catalogue
from bench.conformance import method as conformance
from methods.base import GAN, Logs, Method, descend


@pytest.mark.parametrize("check", conformance.CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("method", Catalogue.of().available("methods"))
def test_method_conforms(method, check, tmp_path):
    check(conformance.toy_run(method, tmp_path))


class LeakyGradient(Method):
    def g_step(self, gan: GAN, real: torch.Tensor) -> Logs:
        loss = self.g_loss(gan, real, gan.generator(gan.latents(len(real))))
        gan.g_optimizer.zero_grad()
        loss.backward()
        gan.g_optimizer.step()
        return {"g_loss": loss.detach()}


class MovesBoth(Method):
    def g_step(self, gan: GAN, real: torch.Tensor) -> Logs:
        logs = super().g_step(gan, real)
        descend(gan.d_optimizer, gan.discriminator(real).mean())
        return logs


class Forgetful(Method):
    """Keeps a running average that its checkpoint lacks."""

    average: float | torch.Tensor = 0.0

    def d_loss(self, gan: GAN, real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
        self.average = 0.5 * self.average + 0.5 * gan.discriminator(real).mean().detach()
        return super().d_loss(gan, real, fake) + self.average * gan.discriminator(fake).mean()


class Unseeded(Method):
    draws = torch.Generator().manual_seed(0)

    def d_loss(self, gan: GAN, real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
        return super().d_loss(gan, real, fake) * torch.rand((), generator=self.draws)


class Silent(Method):
    def d_step(self, gan: GAN, real: torch.Tensor) -> Logs:
        super().d_step(gan, real)
        return {}


class Lazy(Method):
    def d_step(self, gan: GAN, real: torch.Tensor) -> Logs:
        return {"d_loss": torch.zeros(())}


class ReadsWeights(Method):
    def adapt(self, generator: torch.nn.Module, discriminator: torch.nn.Module) -> None:
        self.start = float(next(discriminator.parameters()).sum())


class PointsOnly(Method):
    def d_loss(self, gan: GAN, real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
        alpha = torch.rand(len(real), 1, generator=gan.noise)
        return super().d_loss(gan, torch.lerp(fake, real, alpha), fake)


@pytest.mark.parametrize(
    ("method", "check"),
    [
        (ReadsWeights, conformance.builds_without_memory),
        (PointsOnly, conformance.steps_on_images),
        (LeakyGradient, conformance.leaves_the_other_player_alone),
        (MovesBoth, conformance.leaves_the_other_player_alone),
        (Forgetful, conformance.resumes),
        (Unseeded, conformance.is_deterministic),
        (Silent, conformance.trains),
        (Lazy, conformance.counts_its_cost),
    ],
)
def test_a_fault_is_caught(method, check, tmp_path, monkeypatch):
    run = conformance.toy_run("vanilla", tmp_path)
    of = conformance.toy_experiment
    monkeypatch.setattr(
        conformance, "toy_experiment", lambda run: dataclasses.replace(of(run), method=method())
    )
    with pytest.raises((conformance.NotConforming, RuntimeError)):
        check(run)
