"""Every method that is found, installed ones included, against the same checks."""

import dataclasses

import pytest
import torch

from bench import conformance
from bench.config import names
from methods.base import GAN, Logs, Method, descend


@pytest.mark.parametrize("check", conformance.CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("method", names.available("methods"))
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


@pytest.mark.parametrize(
    ("method", "check"),
    [
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
    build = conformance.toy_trainer

    def faulty(run):
        trainer = build(run)
        experiment = dataclasses.replace(trainer.experiment, method=method())
        trainer.experiment = experiment
        return trainer

    monkeypatch.setattr(conformance, "toy_trainer", faulty)
    with pytest.raises(conformance.NotConforming):
        check(run)
