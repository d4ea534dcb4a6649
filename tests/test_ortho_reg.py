"""Orthogonal regularization of G: off the diagonal, rows of outputs, and the public code's half."""

import numpy as np
import pytest
import torch
from gan_factory import (
    DIM,
    LATENT,
    changed,
    discriminator,
    discriminator_state,
    draw,
    generator,
    linear,
    make_gan,
    sgd,
    sigmoid,
)
from torch import Tensor, nn

from architectures.dcgan import DCGANGenerator
from architectures.dirac import LocationGenerator
from architectures.mlp import MLPGenerator
from architectures.resnet import ResNetGenerator
from bench.training.cost import PassCounter
from methods.base import GAN, Incompatible, Method
from methods.combine import combine
from methods.hinge import Hinge
from methods.ortho_reg import OrthoReg
from methods.simultaneous import Simultaneous

pytestmark = pytest.mark.usefixtures("_float64")

N = 5


def added(gan: GAN, **options: float) -> Tensor:
    """What it adds to G's loss."""
    fake = draw(N, DIM)
    return OrthoReg(**options).g_loss(gan, fake, fake) - Method().g_loss(gan, fake, fake)


def off_diagonal(w: np.ndarray) -> np.ndarray:
    return w @ w.T * (1 - np.eye(len(w)))


def test_a_whole_g_step_is_the_one_computed_by_hand() -> None:
    """By W 2 beta (W W^T * (1 - I)) W, and nothing by the bias."""
    lr, beta, weight = 0.2, 0.3, torch.tensor([0.8, -1.1, 0.6])
    gan = make_gan(nn.Linear(LATENT, 3), linear(weight), g_optimizer=sgd(lr))
    w, c = (p.detach().numpy().copy() for p in gan.generator.parameters())
    z = torch.randn(N, LATENT, generator=torch.Generator().manual_seed(0)).numpy()
    f = (z @ w.T + c) @ weight.numpy()
    on_g = -sigmoid(-f) / N
    slope = np.outer(weight.numpy(), on_g @ z) + 2 * beta * off_diagonal(w) @ w
    logs = OrthoReg(ortho_weight=beta).g_step(gan, draw(N, 3))
    own, own_bias = (p.detach().numpy() for p in gan.generator.parameters())
    penalty = beta / 2 * (off_diagonal(w) ** 2).sum()
    assert logs["g_loss"].item() == pytest.approx(np.log1p(np.exp(-f)).mean() + penalty, rel=1e-12)
    assert np.allclose(own, w - lr * slope, rtol=1e-12)
    assert np.allclose(own_bias, c - lr * on_g.sum() * weight.numpy(), rtol=1e-12)


def test_orthogonal_rows_of_any_length_cost_nothing() -> None:
    layer = nn.Linear(LATENT, 3)
    with torch.no_grad():
        layer.weight.copy_(torch.diag(torch.tensor([3.0, 0.1, -2.0])))
    gan = make_gan(layer, discriminator(dim=3))
    fake = draw(N, 3)
    loss = OrthoReg(ortho_weight=1.0).g_loss(gan, fake, fake)
    assert torch.equal(loss, Method().g_loss(gan, fake, fake))


@pytest.mark.parametrize(
    ("kind", "sizes", "rows"),
    [
        (nn.Linear, (3, 4), 4),
        (nn.Conv2d, (3, 4, 2), 4),
        (nn.ConvTranspose2d, (3, 4, 2), 4),
        (nn.ConvTranspose1d, (3, 2, 3), 2),
    ],
)
def test_rows_are_a_layers_outputs(
    kind: type[nn.Module], sizes: tuple[int, ...], rows: int
) -> None:
    layer = kind(*sizes)
    weight = layer.weight.detach().numpy()
    if isinstance(layer, nn.ConvTranspose1d | nn.ConvTranspose2d):
        weight = np.swapaxes(weight, 0, 1)
    matrix = weight.reshape(rows, -1)
    value = added(make_gan(layer, discriminator()), ortho_weight=0.5)
    assert value.item() == pytest.approx(0.25 * (off_diagonal(matrix) ** 2).sum(), rel=1e-6)


@pytest.mark.parametrize(
    "network",
    [
        MLPGenerator((2,), LATENT, width=4, norm="batch"),
        DCGANGenerator((1, 8, 8), LATENT, width=4),
        ResNetGenerator((3, 32, 32), LATENT, width=4),
        nn.Sequential(nn.Embedding(5, 6), nn.Linear(6, 2)),
    ],
    ids=lambda network: type(network).__name__,
)
def test_every_layer_has_a_part_in_it_and_no_bias_norm_or_embedding(network: nn.Module) -> None:
    value = added(make_gan(network, discriminator()), ortho_weight=1.0)
    gradients = torch.autograd.grad(value, list(network.parameters()), allow_unused=True)
    moved = {
        name
        for (name, _), gradient in zip(network.named_parameters(), gradients, strict=True)
        if gradient is not None and gradient.any()
    }
    wide = (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)
    named = dict(network.named_modules())
    expected = {f"{n}.weight" for n, m in named.items() if isinstance(m, wide)}
    one_row = {n for n in expected if n.endswith("weight") and _outputs(named[n[:-7]]) == 1}
    assert moved == expected - one_row


def _outputs(layer: nn.Module) -> int:
    return getattr(layer, "out_features", None) or layer.out_channels


def test_it_adds_to_whatever_loss_of_g_and_leaves_ds_step_as_it_is() -> None:
    gan, twin = (make_gan(generator(), discriminator()) for _ in range(2))
    fake = draw(N, DIM)
    method = combine([OrthoReg(), Hinge()])
    method.check(gan)
    more = method.g_loss(gan, fake, fake) - Hinge().g_loss(gan, fake, fake)
    assert more.item() == pytest.approx(added(gan).item(), rel=1e-6)
    OrthoReg().d_step(gan, fake)
    Method().d_step(twin, fake)
    assert not changed(discriminator_state(gan), discriminator_state(twin))
    counter = PassCounter()
    with counter.counting(gan.discriminator):
        combine([Simultaneous(), OrthoReg()]).step(gan, iter([fake]))
    assert counter.samples == 3 * N
    assert OrthoReg().ortho_weight == 1e-4


def test_a_g_without_such_a_layer_is_refused_with_the_remedy() -> None:
    gan = make_gan(LocationGenerator((2,), LATENT), discriminator(dim=2))
    with pytest.raises(Incompatible, match=r"G has none; use another"):
        OrthoReg().check(gan)


def test_a_negative_weight_is_refused() -> None:
    with pytest.raises(ValueError, match=r"ortho_weight = -1.0: it cannot be negative"):
        OrthoReg(ortho_weight=-1.0)
