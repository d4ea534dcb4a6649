"""Adversaries of D: Rob-GAN's, and AS-GAN's with more steps, in L2, and on the fakes."""

import numpy as np
import pytest
import torch
from gan_factory import (
    DIM,
    LATENT,
    Quadratic,
    changed,
    discriminator,
    discriminator_state,
    draw,
    fakes_of,
    generator,
    generator_state,
    linear,
    make_gan,
    random_state,
    sgd,
    sigmoid,
    watch,
)
from torch import nn
from torch.optim import Adam

from bench.config.bound import Bound
from bench.config.plan import make_plan
from bench.training.cost import PassCounter
from bench.training.experiment import experiment_of
from methods.as_gan import ASGAN
from methods.as_gan_grown import GrownASGAN
from methods.base import GAN, Method
from methods.combine import combine
from methods.hinge import Hinge
from methods.lecam import LeCam
from methods.relativistic import Relativistic
from methods.rob_gan import RobGAN

pytestmark = pytest.mark.usefixtures("_float64")

N, FROZEN = 6, sgd(0.0)
WEIGHT, BIAS = torch.tensor([0.05, -0.04, 0.6], dtype=torch.float64), 0.1


def affine(lr: float, weight: torch.Tensor = WEIGHT) -> GAN:
    """f(x) = w.x + b, with fakes that do not move."""
    critic = linear(weight, BIAS)
    return make_gan(nn.Linear(LATENT, 3), critic, d_optimizer=sgd(lr), g_optimizer=FROZEN)


def d_step(
    w: np.ndarray, b: float, x: np.ndarray, fake: np.ndarray, lr: float
) -> tuple[np.ndarray, float]:
    """A vanilla D step by hand."""
    on_real, on_fake = -sigmoid(-(x @ w + b)) / N, sigmoid(fake @ w + b) / N
    slope = on_real @ x + on_fake @ fake
    return w - lr * slope, b - lr * (on_real.sum() + on_fake.sum())


def weights(gan: GAN) -> tuple[np.ndarray, float]:
    weight, bias = gan.discriminator.parameters()
    return weight.detach().numpy()[0], bias.item()


def passes(method: Method, gan: GAN) -> float:
    """Batches differentiated through D in one whole step."""
    counter = PassCounter()
    with counter.counting(gan.discriminator):
        method.step(gan, iter([draw(N, DIM)]))
    return counter.samples / N


@pytest.mark.parametrize(("epsilon", "length"), [(0.3, 0.3), (0.9, 0.5)])
def test_a_whole_rob_gan_step_is_the_one_computed_by_hand(epsilon: float, length: float) -> None:
    """D learns from x - length sign(w) alone, held by the ball or by five steps of 0.1."""
    gan = affine(lr=0.7)
    real, fake, w = draw(N, 3), fakes_of(gan, N).numpy(), WEIGHT.numpy()
    x = real.numpy() - length * np.sign(w)
    expected, bias = d_step(w, BIAS, x, fake, lr=0.7)
    loss = np.log1p(np.exp(-(x @ w + BIAS))).mean() + np.log1p(np.exp(fake @ w + BIAS)).mean()
    logs = RobGAN(rob_epsilon=epsilon, rob_step=0.1).d_step(gan, real)
    assert logs["d_loss"].item() == pytest.approx(loss, rel=1e-12)
    assert np.allclose(weights(gan)[0], expected, rtol=1e-12)
    assert weights(gan)[1] == pytest.approx(bias, rel=1e-12)


@pytest.mark.parametrize("loss", [Method, Hinge, Relativistic])
def test_real_samples_move_so_that_the_loss_rises_step_by_step_within_the_ball(loss: type) -> None:
    gan = make_gan(generator(), discriminator())
    real, fake = draw(N, DIM), fakes_of(gan, N)
    losses = []
    for steps in range(5):
        method = combine([RobGAN(rob_epsilon=0.3, rob_step=0.1, rob_steps=steps), loss()])
        moved = method.attack(gan, real, fake)
        losses.append(method.d_loss(gan, moved, fake).item())
        assert (moved - real).abs().max().item() == pytest.approx(min(0.1 * steps, 0.3), abs=1e-12)
    assert losses == sorted(losses)
    assert losses[-1] > losses[0]


def test_each_step_follows_the_gradient_where_the_last_one_led() -> None:
    """On |x|^2 / 2 every value goes towards 0 and, once past it, back."""
    gan = make_gan(generator(), Quadratic(1.0))
    real = torch.tensor([[0.25, -0.02, 0.9, -0.9]])
    moved = RobGAN(rob_epsilon=0.35, rob_step=0.1).attack(gan, real, real)
    assert torch.allclose(moved, torch.tensor([[-0.05, 0.08, 0.55, -0.55]]), atol=1e-12)


def test_pictures_stay_in_their_range_and_points_have_none() -> None:
    gan = make_gan(generator(dim=2), linear(torch.tensor([-1.0, 1.0])))
    for shape, expected in (((N, 2), [1.35, 0.55]), ((N, 2, 1, 1), [1.0, 0.55])):
        real = torch.full(shape, 0.95)
        moved = RobGAN(rob_epsilon=0.4, rob_step=0.1).attack(gan, real, real)
        assert torch.allclose(moved[0].flatten(), torch.tensor(expected))


@pytest.mark.parametrize("method", [RobGAN(), GrownASGAN(attack_steps=4)])
def test_the_adversary_draws_nothing_and_leaves_no_trace_on_d(method: Method) -> None:
    """BatchNorm counts the batches that D learnt from, and no probe."""
    gan = make_gan(generator(), discriminator(norm="batch"))
    seen, before, real = watch(gan.discriminator), random_state(gan), draw(N, DIM)
    logs = method.d_step(gan, real)
    assert changed(before, random_state(gan)) == {"latents"}
    assert gan.discriminator[1].num_batches_tracked.item() == 2 * (1 + ("zero_signs" in logs))
    assert not seen[-2].requires_grad
    assert not real.requires_grad
    assert real.grad is None
    assert not any(value.requires_grad for value in logs.values())


def test_rob_gans_g_step_is_the_vanilla_one() -> None:
    gan, twin = (make_gan(generator(), discriminator()) for _ in range(2))
    RobGAN().g_step(gan, draw(N, DIM))
    Method().g_step(twin, draw(N, DIM))
    assert not changed(generator_state(gan), generator_state(twin))


@pytest.mark.parametrize(
    ("method", "count"),
    [
        (Method(), 3),
        (RobGAN(), 8),
        (RobGAN(rob_steps=1), 4),
        (ASGAN(), 5),
        (ASGAN(direction="gradient_l2"), 5),
        (GrownASGAN(attack_steps=5), 9),
        (GrownASGAN(attack_fakes=True), 5),
        (GrownASGAN(attack_fakes=True, attack_steps=3), 9),
        (combine([LeCam(), RobGAN()]), 8),
    ],
)
def test_every_step_of_the_adversary_but_as_gans_first_costs_one_pass(
    method: Method, count: int
) -> None:
    assert passes(method, make_gan(generator(), discriminator())) == count


@pytest.mark.parametrize(
    ("options", "accumulation"),
    [({}, 1), ({}, 2), ({"rescore_fake": False}, 2), ({"direction": "gaussian"}, 1)],
)
def test_ungrown_it_is_bitwise_as_gan(options: dict, accumulation: int) -> None:
    gan, twin = (
        make_gan(generator(), discriminator(norm="batch"), d_optimizer=Adam) for _ in range(2)
    )
    gan.accumulation = twin.accumulation = accumulation
    for seed in range(3):
        logs = [
            method.step(own, iter([draw(N, DIM, seed=seed)]))
            for method, own in ((GrownASGAN(**options), gan), (ASGAN(**options), twin))
        ]
        assert not changed(*logs)
    assert not changed(discriminator_state(gan), discriminator_state(twin))
    assert not changed(random_state(gan), random_state(twin))


def test_perturbed_fakes_move_up_d_at_the_weights_before_its_step() -> None:
    """The second step is on x - epsilon sign(w) and G(z) + epsilon sign(w), with w the old ones."""
    epsilon, lr = 0.3, 1.5
    gan = affine(lr)
    real, fake, w = draw(N, 3), fakes_of(gan, N).numpy(), WEIGHT.numpy()
    once, bias = d_step(w, BIAS, real.numpy(), fake, lr)
    assert np.any(np.sign(once) != np.sign(w))
    step = epsilon * np.sign(w)
    twice, bias = d_step(once, bias, real.numpy() - step, fake + step, lr)
    GrownASGAN(epsilon=epsilon, attack_fakes=True).d_step(gan, real)
    assert np.allclose(weights(gan)[0], twice, rtol=1e-12)
    assert weights(gan)[1] == pytest.approx(bias, rel=1e-12)


@pytest.mark.parametrize("fakes", [False, True])
def test_steps_after_the_first_are_at_ds_new_weight_and_end_in_the_ball(fakes: bool) -> None:
    """f = a |x|^2 / 2 by hand, where D's usual step turns a's sign."""
    a, lr, epsilon, size = 0.2, 3.0, 0.1, 0.06
    gan = make_gan(generator(dim=3), Quadratic(a), d_optimizer=sgd(lr))
    x, g = 0.3 * draw(N, 3).numpy(), 2 * fakes_of(gan, N).numpy()
    with torch.no_grad():
        gan.generator[2].weight.mul_(2)
        gan.generator[2].bias.mul_(2)

    def energy(x: np.ndarray) -> np.ndarray:
        return (x**2).sum(1) / 2

    def step(a: float, x: np.ndarray, g: np.ndarray) -> float:
        on_real, on_fake = -sigmoid(-a * energy(x)), sigmoid(a * energy(g))
        return a - lr * ((on_real * energy(x)).mean() + (on_fake * energy(g)).mean())

    def moved(clean: np.ndarray, old: float, new: float) -> np.ndarray:
        at = clean + epsilon * np.sign(old * clean)
        for _ in range(3):
            at = clean + np.clip(at + size * np.sign(new * at) - clean, -epsilon, epsilon)
        return at

    once = step(a, x, g)
    assert once < 0
    expected = step(once, moved(x, -a, -once), moved(g, a, once) if fakes else g)
    method = GrownASGAN(
        epsilon=epsilon, attack_steps=4, attack_step=size / epsilon, attack_fakes=fakes
    )
    method.d_step(gan, torch.from_numpy(x))
    assert gan.discriminator.a.item() == pytest.approx(expected, rel=1e-12)


def test_in_l2_a_sample_goes_along_its_own_gradient_as_far_as_along_the_sign() -> None:
    gan = make_gan(generator(), discriminator(), d_optimizer=FROZEN)
    epsilon, real = 1e-6, draw(N, DIM).requires_grad_()
    (gradient,) = torch.autograd.grad(gan.discriminator(real).sum(), real)
    seen = watch(gan.discriminator)
    ASGAN(epsilon=epsilon, direction="gradient_l2").d_step(gan, real.detach())
    change = seen[2] - real.detach()
    length = epsilon * DIM**0.5
    assert torch.allclose(change, -length * gradient / gradient.norm(dim=1, keepdim=True))
    assert torch.allclose(change.square().mean(1).sqrt(), torch.tensor(epsilon))
    drop = gan.discriminator(real.detach()) - gan.discriminator(seen[2])
    assert torch.allclose(drop, length * gradient.norm(dim=1), rtol=1e-4)


def test_in_l2_a_sample_without_a_gradient_stays() -> None:
    gan, real = make_gan(generator(), Quadratic(0.5)), draw(N, 3)
    real[0] = 0
    seen = watch(gan.discriminator)
    gan.generator = nn.Linear(LATENT, 3)
    ASGAN(epsilon=0.5, direction="gradient_l2").d_step(gan, real)
    assert not seen[2][0].any()
    assert torch.allclose((seen[2] - real)[1:].norm(dim=1), torch.tensor(0.5 * 3**0.5))


def test_clamped_and_warming_up_as_as_gan_is() -> None:
    gan = make_gan(generator(dim=2), linear(torch.tensor([-1.0, 1.0])))
    seen, real = watch(gan.discriminator), torch.full((N, 2), 0.95)
    method = GrownASGAN(epsilon=0.4, attack_steps=3, clamp=True, warmup_steps=1)
    method.d_step(gan, real)
    assert torch.equal(seen[-2], real)
    gan.step = 1
    method.d_step(gan, real)
    assert torch.allclose(seen[-2][0], torch.tensor([1.0, 0.55]))


def test_what_as_gan_is_bound_to_holds_for_its_variants(toy_suite) -> None:
    names = ["as_gan", "as_gan_pgd", "as_gan_l2", "as_gan_fakes"]
    methods = '", "'.join(names)
    plan = make_plan(str(toy_suite), gin_bindings=[f'Suite.methods = ["{methods}"]'])
    found = {run.method: experiment_of(Bound(run.config)).method for run in plan.runs}
    base = vars(found["as_gan"])
    assert base["epsilon"] == 0.1
    own = {"attack_steps": 1, "attack_step": 1.0, "attack_fakes": False}
    assert vars(found["as_gan_l2"]) == base | {"direction": "gradient_l2"}
    assert vars(found["as_gan_pgd"]) == base | own | {"attack_steps": 5, "attack_step": 0.5}
    assert vars(found["as_gan_fakes"]) == base | own | {"attack_fakes": True}
    for method in found.values():
        method.check(make_gan(generator(), discriminator(norm="batch")))


@pytest.mark.parametrize(
    ("method", "options", "message"),
    [
        (RobGAN, {"rob_epsilon": -0.1}, "rob_epsilon = -0.1: it cannot be negative"),
        (RobGAN, {"rob_steps": -1}, "rob_steps = -1"),
        (RobGAN, {"rob_step": -0.1}, "rob_step = -0.1"),
        (GrownASGAN, {"attack_steps": 0}, "attack_steps = 0: it must be positive"),
        (GrownASGAN, {"attack_step": 0.0}, "attack_step = 0.0"),
        (GrownASGAN, {"attack_steps": 2, "direction": "none"}, "attack_steps = 2: .*gradient"),
        (GrownASGAN, {"attack_fakes": True, "rescore_fake": False}, "rescore_fake = True"),
        (GrownASGAN, {"epsilon": -1.0}, "epsilon = -1.0"),
    ],
)
def test_wrong_options_are_refused(method: type, options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        method(**options)
