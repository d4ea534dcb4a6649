"""The vanilla GAN, and what every method relies on: descend, ghost and the random streams."""

from math import exp, log, log1p

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
    generator_state,
    linear,
    make_gan,
    random_state,
    sigmoid,
    watch,
)
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm
from torch.optim import Adam, Optimizer

from methods.base import (
    GAN,
    Incompatible,
    Method,
    descend,
    differentiate,
    ghost,
    parameters_of,
)
from methods.consensus import Consensus
from methods.lecam import LeCam
from methods.unrolled import Unrolled

pytestmark = pytest.mark.usefixtures("_float64")


def logits_as_data() -> GAN:
    """D(x) = x, so that a loss's arguments are logits."""
    return make_gan(nn.Linear(LATENT, 1), linear(torch.ones(1)))


def column(*values: float) -> Tensor:
    return torch.tensor(values)[:, None]


def test_d_loss_is_the_sum_of_both_cross_entropies_of_the_logits() -> None:
    real, fake = [-3.0, 0.5, 2.0], [1.0, -1.5]
    expected = sum(log1p(exp(-f)) for f in real) / 3 + sum(log1p(exp(f)) for f in fake) / 2
    loss = Method().d_loss(logits_as_data(), column(*real), column(*fake))
    assert loss.item() == pytest.approx(expected, rel=1e-12)


def test_an_undecided_discriminator_loses_two_log_two_and_the_generator_log_two() -> None:
    gan, zeros = logits_as_data(), column(0.0, 0.0)
    assert Method().d_loss(gan, zeros, zeros).item() == pytest.approx(2 * log(2), rel=1e-12)
    assert Method().g_loss(gan, zeros, zeros).item() == pytest.approx(log(2), rel=1e-12)


def test_the_generator_still_learns_where_the_discriminator_is_sure() -> None:
    fake = column(-30.0).requires_grad_()
    loss = Method().g_loss(logits_as_data(), column(0.0), fake)
    (gradient,) = torch.autograd.grad(loss, fake)
    assert loss.item() == pytest.approx(30, rel=1e-9)
    assert gradient.item() == pytest.approx(-1, rel=1e-9)


def test_the_discriminator_still_learns_where_it_is_sure_and_wrong() -> None:
    real, fake = column(-30.0).requires_grad_(), column(30.0).requires_grad_()
    loss = Method().d_loss(logits_as_data(), real, fake)
    gradients = torch.autograd.grad(loss, [real, fake])
    assert [g.item() for g in gradients] == pytest.approx([-1, 1], rel=1e-9)


def test_one_step_of_both_players_is_the_one_computed_by_hand() -> None:
    """f(x) = w.x + b and G(z) = A z + c, both by SGD."""
    weight, bias, lr, n = torch.tensor([0.3, -0.7]), 0.2, 0.1, 5
    gan = make_gan(nn.Linear(LATENT, 2), linear(weight, bias))
    a, c = (p.detach().numpy().copy() for p in gan.generator.parameters())
    real = draw(n, 2)
    stream = torch.Generator().manual_seed(0)
    z_d, z_g = (torch.randn(n, LATENT, generator=stream).numpy() for _ in range(2))

    x, w = real.numpy(), weight.numpy()
    fake = z_d @ a.T + c
    on_real, on_fake = -sigmoid(-(x @ w + bias)) / n, sigmoid(fake @ w + bias) / n
    w1 = w - lr * (on_real @ x + on_fake @ fake)
    b1 = bias - lr * (on_real.sum() + on_fake.sum())
    on_g = -sigmoid(-((z_g @ a.T + c) @ w1 + b1)) / n
    a1 = a - lr * np.outer(w1, on_g @ z_g)
    c1 = c - lr * on_g.sum() * w1

    logs = Method().step(gan, iter([real]))
    d_weight, d_bias = gan.discriminator.parameters()
    assert np.allclose(d_weight.detach(), w1, rtol=1e-12)
    assert d_bias.item() == pytest.approx(b1, rel=1e-12)
    for parameter, expected in zip(gan.generator.parameters(), (a1, c1), strict=True):
        assert np.allclose(parameter.detach(), expected, rtol=1e-12)
    assert set(logs) == {"d_loss", "g_loss"}
    assert not any(value.requires_grad for value in logs.values())


def test_each_player_moves_itself_alone_and_leaves_the_other_no_gradient() -> None:
    gan = make_gan(generator(), discriminator(), d_optimizer=Adam, g_optimizer=Adam)
    before = generator_state(gan)
    Method().d_step(gan, draw(6, DIM))
    assert not changed(before, generator_state(gan))
    assert all(parameter.grad is None for parameter in gan.generator.parameters())

    gan.d_optimizer.zero_grad()
    before = discriminator_state(gan)
    Method().g_step(gan, draw(6, DIM))
    assert not changed(before, discriminator_state(gan))
    assert all(parameter.grad is None for parameter in gan.discriminator.parameters())
    assert changed(generator_state(make_gan(generator(), discriminator())), generator_state(gan))


def test_real_and_fake_go_through_the_discriminator_as_batches_of_their_own() -> None:
    gan = make_gan(generator(), discriminator(norm="batch"))
    seen = watch(gan.discriminator)
    real = draw(6, DIM)
    Method().d_step(gan, real)
    assert torch.equal(seen[0], real)
    assert [batch.shape for batch in seen] == [(6, DIM), (6, DIM)]
    assert not seen[1].requires_grad


def test_every_discriminator_step_has_a_batch_and_latents_of_its_own() -> None:
    gan = make_gan(generator(), discriminator())
    seen, latents = watch(gan.discriminator), watch(gan.generator)
    batches = iter([draw(2, DIM, seed=seed) for seed in range(4)])
    Method(d_steps=3).step(gan, batches)
    assert torch.equal(torch.cat(seen[0:6:2]), torch.cat([draw(2, DIM, seed=s) for s in range(3)]))
    assert len(torch.unique(torch.cat(latents), dim=0)) == 2 * 4  # three steps of D, one of G
    assert torch.equal(next(batches), draw(2, DIM, seed=3))


def test_no_discriminator_steps_are_refused() -> None:
    with pytest.raises(ValueError, match="d_steps = 0"):
        Method(d_steps=0)


def test_latents_come_from_their_stream_alone() -> None:
    gan = make_gan(generator(), discriminator(), seed=3)
    before = random_state(gan)
    drawn = gan.latents(5)
    assert changed(before, random_state(gan)) == {"latents"}
    stream = torch.Generator().manual_seed(3)
    assert torch.equal(drawn, torch.randn(5, LATENT, generator=stream))


def test_descend_forgets_older_gradients_and_reaches_only_the_optimizers_parameters() -> None:
    gan = make_gan(generator(), discriminator())
    fake = gan.generator(draw(6, LATENT))
    first, *_ = parameters_of(gan.d_optimizer)
    first.grad = torch.full_like(first, 1e6)
    start = first.detach().clone()
    loss = F.softplus(gan.discriminator(fake)).mean()
    (gradient,) = torch.autograd.grad(loss, first, retain_graph=True)
    descend(gan.d_optimizer, loss)
    assert torch.allclose(first.detach(), start - 0.1 * gradient, rtol=1e-12)
    assert all(parameter.grad is None for parameter in gan.generator.parameters())


def test_descend_leaves_the_gradient_of_an_input_at_the_weights_before_the_step() -> None:
    gan = make_gan(generator(), discriminator())
    real = draw(6, DIM).requires_grad_()
    loss = F.softplus(-gan.discriminator(real)).mean()
    (gradient,) = torch.autograd.grad(loss, real, retain_graph=True)
    descend(gan.d_optimizer, loss, real)
    assert torch.equal(real.grad, gradient)


def test_a_batch_in_parts_has_the_gradient_and_the_loss_of_the_whole() -> None:
    whole, parted = (make_gan(generator(), discriminator()) for _ in range(2))
    parted.accumulation = 3
    seen = watch(parted.discriminator)
    for gan in (whole, parted):
        gan.fakes = lambda n: torch.ones(n, DIM)  # a draw of parts is not that of a whole
    logs = [Method().d_step(gan, draw(12, DIM)) for gan in (whole, parted)]
    assert torch.allclose(logs[0]["d_loss"], logs[1]["d_loss"], rtol=1e-12)
    for one, other in zip(
        whole.discriminator.parameters(), parted.discriminator.parameters(), strict=True
    ):
        assert torch.allclose(one, other, rtol=1e-12, atol=1e-15)
    assert {len(batch) for batch in seen} == {4}


def test_a_step_on_parts_draws_latents_for_the_whole_batch() -> None:
    gan = make_gan(generator(), discriminator())
    gan.accumulation = 2
    latents = watch(gan.generator)
    Method().step(gan, iter([draw(6, DIM)]))
    assert [len(batch) for batch in latents] == [3, 3, 3, 3]
    assert len(torch.unique(torch.cat(latents), dim=0)) == 12


@pytest.mark.parametrize("method", [Consensus(), Unrolled(), LeCam()])
def test_a_step_that_takes_batches_whole_refuses_parts(method: Method) -> None:
    gan = make_gan(generator(), discriminator())
    method.check(gan)
    gan.accumulation = 2
    with pytest.raises(Incompatible, match=r"takes a batch whole.*accumulation = 1"):
        method.check(gan)


def gradient_of(optimizer: Optimizer, loss: Tensor) -> Tensor:
    differentiate(optimizer, loss)
    return torch.cat([p.grad.flatten() for p in parameters_of(optimizer)])


@pytest.mark.parametrize("share", [0.5, 1.5])
def test_a_gradient_longer_than_its_bound_is_scaled_to_it_and_no_other(share: float) -> None:
    gan = make_gan(generator(), discriminator())
    real = draw(6, DIM)

    def found() -> Tensor:
        return gradient_of(gan.d_optimizer, Method().d_loss(gan, real, real + 1))

    free = found()
    gan.d_optimizer.param_groups[0]["max_norm"] = share * free.norm().item()
    bounded = found()
    assert torch.allclose(bounded, min(1.0, share) * free, rtol=1e-5)  # torch adds 1e-6 to a norm


def test_parameters_come_in_the_optimizers_own_order() -> None:
    network = discriminator()
    parameters = list(network.parameters())
    groups = [{"params": parameters[2:]}, {"params": parameters[:2]}]
    ordered = parameters_of(Adam(groups))
    assert [id(p) for p in ordered] == [id(p) for p in parameters[2:] + parameters[:2]]


def normalized() -> nn.Sequential:
    network = discriminator(norm="batch")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        for layer in (network[0], network[3]):
            spectral_norm(layer)
    return network


def test_a_ghost_computes_the_same_and_leaves_no_trace() -> None:
    network, twin = normalized(), normalized()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    batch = draw(8, DIM).requires_grad_()
    logits = ghost(network)(batch)
    assert not changed(before, network.state_dict())
    assert torch.equal(logits, twin(batch))
    assert changed(before, twin.state_dict())  # what the ghost held back
    (gradient,) = torch.autograd.grad(logits.square().sum(), batch)
    assert gradient.abs().min() > 0


def test_a_ghost_carries_its_own_buffers_forward() -> None:
    network, twin = normalized(), normalized()
    probe, batch = ghost(network), draw(8, DIM)
    for _ in range(3):
        assert torch.equal(probe(batch), twin(batch))


def test_a_ghost_sees_the_weights_as_they_are_now() -> None:
    network = discriminator()
    probe, batch = ghost(network), draw(8, DIM)
    before = probe(batch)
    with torch.no_grad():
        network[3].bias += 1
    assert torch.allclose(probe(batch), before + 1)
