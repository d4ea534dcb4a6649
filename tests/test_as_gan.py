"""AS-GAN's second step: which samples, which direction, which weights, and the fair controls."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from gan_factory import (
    DIM,
    LATENT,
    changed,
    default_dtype,
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
from torch import Tensor, nn
from torch.optim import Adam

from bench.config.catalogue import Catalogue
from bench.config.statements import read_file
from bench.config.trees import ROOT
from methods.as_gan import ASGAN
from methods.base import GAN, Method, descend

pytestmark = pytest.mark.usefixtures("_float64")

N = 6
FROZEN = sgd(0.0)


def moved(method: ASGAN, gan: GAN, real: Tensor) -> Tensor:
    """x_hat - x of one D step."""
    seen = watch(gan.discriminator)
    method.d_step(gan, real)
    return seen[2] - real


def preset(name: str) -> ASGAN:
    bindings = read_file(ROOT / "methods" / f"{name}.gin", Catalogue.of()).bindings
    return ASGAN(**{b.parameter: b.value for b in bindings if b.selector == "ASGAN"})


def test_the_second_step_lowers_d_by_epsilon_times_the_gradients_l1_norm() -> None:
    gan = make_gan(generator(), discriminator(), d_optimizer=FROZEN)
    epsilon, real = 1e-6, draw(N, DIM).requires_grad_()
    (gradient,) = torch.autograd.grad(gan.discriminator(real).sum(), real)
    x_hat = real.detach() + moved(ASGAN(epsilon=epsilon), gan, real.detach())
    drop = (gan.discriminator(real) - gan.discriminator(x_hat)).detach()
    assert torch.allclose(drop, epsilon * gradient.abs().sum(1), rtol=1e-4)
    assert drop.min() > 0


def test_x_hat_moves_by_exactly_epsilon_against_the_discriminator() -> None:
    weight = torch.tensor([0.5, -2.0, 1.0, -0.1])
    gan = make_gan(generator(), linear(weight), d_optimizer=FROZEN)
    change = moved(ASGAN(epsilon=0.25), gan, draw(N, DIM))
    assert torch.allclose(change, -0.25 * weight.sign().expand(N, DIM), rtol=1e-12)


@pytest.mark.parametrize(
    ("unit", "size"), [("model", 1), ("unit_interval", 2), ("grey_level", 2 / 255)]
)
def test_epsilon_is_converted_from_its_unit_to_the_models_scale(unit: str, size: float) -> None:
    gan = make_gan(generator(), discriminator())
    change = moved(ASGAN(epsilon=0.5, unit=unit), gan, draw(N, DIM))
    assert change.abs().max().item() == pytest.approx(0.5 * size, rel=1e-12)


def test_one_grey_level_is_one_over_255_of_the_unit_interval() -> None:
    real = draw(N, DIM)
    changes = [
        moved(ASGAN(epsilon=epsilon, unit=unit), make_gan(generator(), discriminator()), real)
        for epsilon, unit in ((1.0, "grey_level"), (1 / 255, "unit_interval"), (2 / 255, "model"))
    ]
    assert all(torch.allclose(a, b, rtol=1e-12) for a, b in pairwise(changes))


@pytest.mark.parametrize("rescore_fake", [True, False])
def test_a_whole_d_step_is_the_one_computed_by_hand(rescore_fake: bool) -> None:
    """The sign at the old weights, D(x_hat) at the new ones: the first step flips signs here."""
    weight, bias, lr, epsilon = torch.tensor([0.05, -0.04, 0.6]), 0.1, 1.5, 0.3
    gan = make_gan(
        nn.Linear(LATENT, 3), linear(weight, bias), d_optimizer=sgd(lr), g_optimizer=FROZEN
    )
    real = draw(N, 3)
    fake = fakes_of(gan, N).numpy()

    def step(w: np.ndarray, b: float, x: np.ndarray, score_fake: bool) -> tuple[np.ndarray, float]:
        on_real = -sigmoid(-(x @ w + b)) / N
        on_fake = sigmoid(fake @ w + b) / N * score_fake
        return (
            w - lr * (on_real @ x + on_fake @ fake),
            b - lr * (on_real.sum() + on_fake.sum()),
        )

    w, b = step(weight.numpy(), bias, real.numpy(), True)
    assert np.any(np.sign(w) != np.sign(weight.numpy()))
    x_hat = real.numpy() - epsilon * np.sign(weight.numpy())
    w, b = step(w, b, x_hat, rescore_fake)

    ASGAN(epsilon=epsilon, rescore_fake=rescore_fake).d_step(gan, real)
    d_weight, d_bias = gan.discriminator.parameters()
    assert np.allclose(d_weight.detach().numpy(), w, rtol=1e-12)
    assert d_bias.item() == pytest.approx(b, rel=1e-12)


@pytest.mark.parametrize(
    ("rescore_fake", "order"),
    [(True, ["x", "fake", "x_hat", "fake"]), (False, ["x", "fake", "x_hat"])],
)
def test_no_pass_through_d_is_spent_on_the_gradient(rescore_fake: bool, order: list[str]) -> None:
    gan, real = make_gan(generator(), discriminator()), draw(N, DIM)
    seen, latents = watch(gan.discriminator), watch(gan.generator)
    ASGAN(rescore_fake=rescore_fake).d_step(gan, real)
    assert len(latents) == 1
    with torch.no_grad():
        fake = gan.generator(latents[0])
    assert len(seen) == len(order)
    assert torch.equal(seen[0], real)
    assert all(torch.equal(seen[i], fake) for i in range(len(order)) if order[i] == "fake")


def test_x_hat_carries_no_graph() -> None:
    gan = make_gan(generator(), discriminator())
    seen = watch(gan.discriminator)
    ASGAN().d_step(gan, draw(N, DIM))
    assert seen[0].requires_grad
    assert not seen[2].requires_grad


def test_the_real_batch_itself_is_left_alone() -> None:
    real = draw(N, DIM)
    before = real.clone()
    ASGAN(clamp=True).d_step(make_gan(generator(), discriminator()), real)
    assert torch.equal(real, before)
    assert real.grad is None
    assert not real.requires_grad


@pytest.mark.parametrize("method", [ASGAN(epsilon=0), ASGAN(direction="none")])
@pytest.mark.parametrize("norm", ["none", "batch"])
def test_without_a_perturbation_it_is_bitwise_a_repeated_step(method: ASGAN, norm: str) -> None:
    def build() -> GAN:
        return make_gan(generator(), discriminator(norm=norm), d_optimizer=Adam)

    gan, twin = build(), build()
    for seed in range(3):
        real = draw(N, DIM, seed=seed)
        method.d_step(gan, real)
        fake = twin.fakes(N)
        for _ in range(2):
            descend(twin.d_optimizer, Method().d_loss(twin, real, fake))
    assert not changed(discriminator_state(gan), discriminator_state(twin))


def test_the_generators_step_is_the_vanilla_one() -> None:
    gan, twin = (make_gan(generator(), discriminator()) for _ in range(2))
    ASGAN().g_step(gan, draw(N, DIM))
    Method().g_step(twin, draw(N, DIM))
    assert not changed(generator_state(gan), generator_state(twin))


def test_the_discriminators_step_leaves_the_generator_alone() -> None:
    gan = make_gan(generator(), discriminator())
    before = generator_state(gan)
    ASGAN().d_step(gan, draw(N, DIM))
    assert not changed(before, generator_state(gan))
    assert all(parameter.grad is None for parameter in gan.generator.parameters())


def test_x_hat_is_clamped_only_on_request() -> None:
    real = torch.full((N, 2), 0.99)
    changes = {
        clamp: moved(
            ASGAN(epsilon=0.5, clamp=clamp),
            make_gan(generator(dim=2), linear(torch.tensor([-1.0, 1.0]))),
            real,
        )
        for clamp in (False, True)
    }
    assert torch.allclose(changes[False][0], torch.tensor([0.5, -0.5]))
    assert torch.allclose(changes[True][0], torch.tensor([0.01, -0.5]))
    assert not ASGAN().clamp


@pytest.mark.parametrize(
    ("clock", "perturbed"),
    [("global", [0, 0, 1, 1, 1, 1, 1, 1]), ("per_epoch", [0, 0, 1, 1, 1, 0, 0, 1])],
)
def test_the_warm_up_ends_by_its_clock(clock: str, perturbed: list[int]) -> None:
    gan = make_gan(generator(), discriminator())
    gan.steps_per_epoch = 5
    method = ASGAN(epsilon=0.5, warmup_steps=2, warmup_clock=clock)
    found = []
    for gan.step in range(len(perturbed)):
        real = draw(N, DIM, seed=gan.step)
        found.append(method.perturb(gan, real, torch.ones_like(real)).ne(real).all().item())
    assert found == [bool(p) for p in perturbed]


def test_without_a_warm_up_the_first_step_is_perturbed() -> None:
    change = moved(ASGAN(epsilon=0.5), make_gan(generator(), discriminator()), draw(N, DIM))
    assert change.abs().min().item() == pytest.approx(0.5)


def test_paper_and_public_code_differ_in_the_second_loss_and_the_warm_up_alone() -> None:
    paper, repo = preset("as_gan"), preset("as_gan_repo")
    differing = {
        name: (value, getattr(repo, name))
        for name, value in vars(paper).items()
        if value != getattr(repo, name)
    }
    assert differing == {
        "rescore_fake": (True, False),
        "warmup_steps": (0, 300),
        "warmup_clock": ("global", "per_epoch"),
    }
    assert paper == ASGAN(epsilon=1 / 255, unit="model", direction="gradient", clamp=False)


@pytest.mark.parametrize("direction", ["random_sign", "gaussian", "none"])
def test_a_control_differs_from_the_paper_in_its_direction_alone(direction: str) -> None:
    control = vars(preset(f"as_gan_{direction}"))
    assert control == vars(preset("as_gan")) | {"direction": direction}


def test_controls_are_matched_in_norm() -> None:
    epsilon, real = 0.25, draw(500, DIM)
    changes = {
        direction: moved(
            ASGAN(epsilon=epsilon, direction=direction),
            make_gan(generator(), discriminator()),
            real,
        )
        for direction in ("gradient", "random_sign", "gaussian", "none")
    }
    assert torch.allclose(changes["gradient"].abs(), torch.tensor(epsilon))
    assert torch.allclose(changes["random_sign"].abs(), torch.tensor(epsilon))
    assert changes["gaussian"].std().item() == pytest.approx(epsilon, rel=0.05)
    assert abs(changes["gaussian"].mean().item()) < 0.02
    assert changes["gaussian"].abs().max() > 2 * epsilon
    assert not changes["none"].any()
    agreement = changes["random_sign"].sign() == changes["gradient"].sign()
    assert agreement.double().mean().item() == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("direction", ["gradient", "random_sign", "gaussian", "none"])
def test_controls_cost_the_same_and_draw_from_the_methods_stream_alone(direction: str) -> None:
    gan = make_gan(generator(), discriminator())
    seen = watch(gan.discriminator)
    before = random_state(gan)
    ASGAN(direction=direction).d_step(gan, draw(N, DIM))
    drawn = {"noise"} if direction in ("random_sign", "gaussian") else set()
    assert changed(before, random_state(gan)) == {"latents"} | drawn
    assert len(seen) == 4


@pytest.mark.parametrize(
    ("weight", "zeros"), [([1.0, 0.0, -2.0, 0.0], 0.5), ([1.0, 1.0, 1.0, 1.0], 0.0)]
)
def test_the_share_of_zero_signs_is_logged(weight: list[float], zeros: float) -> None:
    gan = make_gan(generator(), linear(torch.tensor(weight)))
    logs = ASGAN().d_step(gan, draw(N, DIM))
    assert logs["zero_signs"].item() == zeros


def test_a_saturated_discriminator_shows_as_zero_signs_and_not_sooner_than_it_must() -> None:
    """In float32 sigmoid and cross-entropy have no gradient from f = 17; softplus has to 88."""
    with default_dtype(torch.float32):
        shares = [
            ASGAN().d_step(
                make_gan(generator(), linear(torch.ones(DIM), bias)), torch.zeros(N, DIM)
            )
            for bias in (20.0, 80.0, 200.0)
        ]
    assert [logs["zero_signs"].item() for logs in shares] == [0, 0, 1]


def test_the_logs_hold_both_losses_and_no_graph() -> None:
    logs = ASGAN(epsilon=0.5).d_step(
        make_gan(generator(), discriminator(), d_optimizer=FROZEN), draw(N, DIM)
    )
    assert set(logs) == {"d_loss", "d_loss_adversarial", "zero_signs"}
    assert logs["d_loss_adversarial"] > logs["d_loss"]
    assert not any(value.requires_grad for value in logs.values())


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"epsilon": -0.1}, r"epsilon = -0.1: it cannot be negative"),
        ({"warmup_steps": -1}, r"warmup_steps = -1: it cannot be negative"),
        ({"unit": "pixel"}, r"unit = 'pixel': valid are model, unit_interval, grey_level"),
        ({"direction": "up"}, r"direction = 'up': valid are gradient, random_sign"),
        ({"warmup_clock": "wall"}, r"warmup_clock = 'wall': valid are global, per_epoch"),
        ({"d_steps": 0}, r"d_steps = 0"),
    ],
)
def test_wrong_options_are_refused_with_the_valid_ones(option: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ASGAN(**option)
