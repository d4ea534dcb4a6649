"""placeholder: what every method must do, and what this one alone does."""

from pathlib import Path

import pytest
import torch
from torch import nn
from torch.optim import SGD

from ganbench import GAN, Method, conformance
from placeholder import Placeholder


@pytest.mark.parametrize("check", conformance("method"), ids=lambda check: check.__name__)
def test_it_conforms(check, monkeypatch):
    monkeypatch.chdir(Path(__file__).parent)  # which has the folder gin
    check("placeholder")


def test_on_a_linear_discriminator_the_penalty_is_known():
    generator, linear = nn.Linear(2, 2), nn.Linear(2, 1)
    discriminator = nn.Sequential(linear, nn.Flatten(0))
    gan = GAN(
        generator=generator,
        discriminator=discriminator,
        g_optimizer=SGD(generator.parameters()),
        d_optimizer=SGD(discriminator.parameters()),
        latent_dim=2,
        latent_stream=torch.Generator(),
        noise=torch.Generator().manual_seed(7),
    )
    real, fake = torch.randn(2, 64, 2)
    loss = Placeholder(placeholder_weight=3.0, placeholder_sigma=0.1).d_loss(gan, real, fake)
    noise = torch.randn(64, 2, generator=torch.Generator().manual_seed(7))
    penalty = (0.1 * noise @ linear.weight.T).square().mean()
    torch.testing.assert_close(loss, Method().d_loss(gan, real, fake) + 3.0 * penalty)
