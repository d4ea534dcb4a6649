"""Updates that look ahead, back or to the side, on the Dirac-GAN and the bilinear game beyond."""

import copy
import math
from collections.abc import Callable, Iterator
from itertools import repeat

import numpy as np
import pytest
import torch
from dirac_gan import PSI, THETA, ZEROS, H, N, dirac, position, sigmoid
from gan_factory import (
    DIM,
    changed,
    default_dtype,
    discriminator,
    discriminator_state,
    draw,
    generator,
    generator_state,
    make_gan,
    sgd,
    watch,
)
from torch import Tensor, nn
from torch.optim import SGD, Adam, RMSprop

from bench.conformance import toys, training
from bench.runs import checkpoint
from methods.as_gan import ASGAN
from methods.base import GAN, Incompatible, Method
from methods.cgd import CGD
from methods.combine import combine
from methods.ema import EMA
from methods.extragradient import Extragradient
from methods.lookahead import Lookahead
from methods.negative_momentum import NegativeMomentum
from methods.optimistic import Optimistic
from methods.simultaneous import Simultaneous
from methods.spectral_reg import SpectralReg
from methods.unrolled import Unrolled
from methods.wasserstein import Wasserstein
from methods.wgan import WGAN

pytestmark = pytest.mark.usefixtures("_float64")

BETAS, EPS = (0.5, 0.9), 1e-8


def train(gan: GAN, method: Method, steps: int, batches: Iterator[Tensor] | None = None) -> None:
    """As the loop does, by default on data that are all at 0."""
    for _ in range(steps):
        method.step(gan, repeat(ZEROS) if batches is None else batches)
        gan.step += 1


def reals(seed: int = 0) -> Iterator[Tensor]:
    while True:
        yield draw(N, DIM, seed=seed)
        seed += 1


def slopes(theta: float, psi: float) -> tuple[float, float]:
    """Of G's loss by theta, and of D's by psi."""
    return -psi * sigmoid(-theta * psi), theta * sigmoid(theta * psi)


def map_of(make: Callable[[], Method], steps: int = 1) -> np.ndarray:
    """The matrix that so many steps on the bilinear game are, by (theta, psi)."""
    columns = []
    for start in ((1.0, 0.0), (0.0, 1.0)):
        gan = dirac(*start)
        train(gan, make(), steps)
        columns.append(position(gan))
    return np.array(columns).T


def radius(matrix: np.ndarray) -> float:
    return np.abs(np.linalg.eigvals(matrix)).max()


def obeys(polynomial: np.ndarray, method: Method) -> bool:
    """Whether steps on the bilinear game follow the recurrence of a characteristic polynomial."""
    gan, places = dirac(THETA, PSI), []
    for _ in range(20):
        train(gan, method, 1)
        places.append(position(gan))
    residuals = [
        np.convolve(coordinate, polynomial, mode="valid") for coordinate in np.array(places[2:]).T
    ]
    return bool(np.abs(residuals).max() < 1e-12)


def simultaneous(*methods: Method) -> Method:
    """A method in simultaneous steps on the bilinear game, where each is a turn by i h."""
    return combine([*methods, Simultaneous(), Wasserstein()])


class AdamByHand:
    """Adam's step for a gradient, as its paper has it."""

    def __init__(self, lr: float) -> None:
        self.lr, self.first, self.second, self.count = lr, 0.0, 0.0, 0

    def step(self, gradient: float) -> float:
        self.count += 1
        self.first = BETAS[0] * self.first + (1 - BETAS[0]) * gradient
        self.second = BETAS[1] * self.second + (1 - BETAS[1]) * gradient**2
        mean, square = (
            moment / (1 - beta**self.count)
            for moment, beta in zip((self.first, self.second), BETAS, strict=True)
        )
        return self.lr * mean / (math.sqrt(square) + EPS)


def adam_dirac() -> tuple[GAN, AdamByHand, AdamByHand]:
    """A Dirac-GAN whose players have Adam at unlike rates, and theirs by hand: G's, then D's."""
    gan = dirac(THETA, PSI)
    gan.g_optimizer = Adam(gan.generator.parameters(), lr=0.1, betas=BETAS, eps=EPS)
    gan.d_optimizer = Adam(gan.discriminator.parameters(), lr=0.2, betas=BETAS, eps=EPS)
    return gan, AdamByHand(0.1), AdamByHand(0.2)


def networks(norm: bool = False) -> GAN:
    """A GAN with Adam; with BatchNorm in both players where ``norm``."""
    own: nn.Module = generator()
    if norm:
        own = nn.Sequential(own, nn.BatchNorm1d(DIM))
    other = discriminator(norm="batch" if norm else "none")
    return make_gan(own, other, g_optimizer=Adam, d_optimizer=Adam)


def state_of(gan: GAN) -> dict[str, Tensor]:
    return discriminator_state(gan) | generator_state(gan)


# Extragradient


def test_both_look_ahead_from_where_both_stand_and_the_step_from_there_is_applied_back() -> None:
    gan, (theta, psi) = dirac(THETA, PSI), (THETA, PSI)
    for _ in range(5):
        train(gan, Extragradient(), 1)
        g, d = slopes(theta, psi)
        g, d = slopes(theta - H * g, psi - H * d)
        theta, psi = theta - H * g, psi - H * d
        assert position(gan) == pytest.approx((theta, psi), rel=1e-12)


def test_extragradient_turns_the_bilinear_game_inwards_by_the_known_factor() -> None:
    """w + h J (w + h J w) with J of eigenvalues +-i: |1 - h^2 + i h|^2 = 1 - h^2 + h^4."""
    matrix = map_of(lambda: combine([Extragradient(), Wasserstein()]))
    assert radius(matrix) ** 2 == pytest.approx(1 - H**2 + H**4, rel=1e-12)


def test_with_adam_both_halves_move_its_moments() -> None:
    """ExtraAdam: Algorithm 4 of its paper, by hand."""
    gan, g_adam, d_adam = adam_dirac()
    theta, psi = THETA, PSI
    for _ in range(5):
        train(gan, Extragradient(), 1)
        g, d = slopes(theta, psi)
        g, d = slopes(theta - g_adam.step(g), psi - d_adam.step(d))
        theta, psi = theta - g_adam.step(g), psi - d_adam.step(d)
        assert position(gan) == pytest.approx((theta, psi), rel=1e-10)


def test_of_several_d_steps_all_are_taken_in_either_half_and_the_second_halfs_count() -> None:
    gan = dirac(THETA, PSI)
    batches = iter([ZEROS] * 4)
    train(gan, Extragradient(d_steps=2), 1, batches)
    assert next(batches, None) is None

    def half(theta: float, psi: float) -> tuple[float, float]:
        then = psi
        for _ in range(2):
            then -= H * slopes(theta, then)[1]
        return theta - H * slopes(theta, psi)[0], then

    ahead = half(THETA, PSI)
    beyond = half(*ahead)
    expected = (THETA + beyond[0] - ahead[0], PSI + beyond[1] - ahead[1])
    assert position(gan) == pytest.approx(expected, rel=1e-12)


def test_either_half_has_data_and_latents_of_its_own_and_buffers_record_both() -> None:
    gan = networks(norm=True)
    seen = watch(gan.discriminator)
    train(gan, Extragradient(), 1, reals())
    assert len(seen) == 6
    assert torch.equal(seen[1], draw(N, DIM, seed=0))
    assert torch.equal(seen[4], draw(N, DIM, seed=1))
    assert gan.generator[1].num_batches_tracked.item() == 4
    assert gan.discriminator[1].num_batches_tracked.item() == 6


@pytest.mark.parametrize("other", [EMA, Lookahead])
def test_what_moves_once_a_step_cannot_be_named_below_extragradient(other) -> None:
    with pytest.raises(Incompatible, match=rf"name {other.__name__} before Extragradient"):
        combine([Extragradient(), other()]).check(networks())
    combine([other(), Extragradient()]).check(networks())


# Optimistic updates


def test_each_update_is_doubled_and_the_last_one_taken_back() -> None:
    """In alternating steps: the first update of either player is the double one."""
    gan, (theta, psi) = dirac(THETA, PSI), (THETA, PSI)
    method, g_last, d_last = Optimistic(), 0.0, 0.0
    for _ in range(5):
        train(gan, method, 1)
        d = slopes(theta, psi)[1]
        psi, d_last = psi - H * (2 * d - d_last), d
        g = slopes(theta, psi)[0]
        theta, g_last = theta - H * (2 * g - g_last), g
        assert position(gan) == pytest.approx((theta, psi), rel=1e-12)


def test_optimistic_steps_turn_the_bilinear_game_inwards_as_their_polynomial_says() -> None:
    """w' = w + 2 h J w - h J w_last with J of eigenvalues +-i: l^2 - (1 + 2 i h) l + i h = 0."""
    halves = np.array([1, -(1 + 2j * H), 1j * H])
    assert obeys(np.polymul(halves, halves.conj()).real, simultaneous(Optimistic()))
    assert np.abs(np.roots(halves)).max() < 1


def test_with_adam_its_moments_see_the_plain_gradients() -> None:
    """Optimistic Adam: Algorithm 1 of its paper, by hand."""
    gan, g_adam, d_adam = adam_dirac()
    method, theta, psi, g_last, d_last = Optimistic(), THETA, PSI, 0.0, 0.0
    for _ in range(5):
        train(gan, method, 1)
        d = d_adam.step(slopes(theta, psi)[1])
        psi, d_last = psi - 2 * d + d_last, d
        g = g_adam.step(slopes(theta, psi)[0])
        theta, g_last = theta - 2 * g + g_last, g
        assert position(gan) == pytest.approx((theta, psi), rel=1e-10)


@pytest.mark.parametrize("method", [Method(d_steps=2), ASGAN(direction="none")])
def test_every_update_of_a_player_is_optimistic_and_knows_the_one_before(method: Method) -> None:
    gan = dirac(THETA, PSI)
    train(gan, combine([Optimistic(), method]), 2)
    psi, theta, g_last, d_last = PSI, THETA, 0.0, 0.0
    for _ in range(2):
        for _ in range(2):
            d = slopes(theta, psi)[1]
            psi, d_last = psi - H * (2 * d - d_last), d
        g = slopes(theta, psi)[0]
        theta, g_last = theta - H * (2 * g - g_last), g
    assert position(gan) == pytest.approx((theta, psi), rel=1e-12)


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("update", [Optimistic, Extragradient])
def test_weights_that_are_clipped_stay_so_in_either_order(update: type[Method], order: int) -> None:
    method = combine([update(), WGAN(clip=0.3, long_until=0, long_every=10**6)][::order])
    gan = make_gan(generator(), discriminator(), d_optimizer=sgd(1.0))
    train(gan, method, 3, reals())
    assert max(p.abs().max() for p in gan.discriminator.parameters()) <= 0.3


def test_what_spectral_regularization_makes_equal_is_so_after_a_step_from_ahead() -> None:
    method, own, network = combine([Extragradient(), SpectralReg()]), generator(), discriminator()
    method.adapt(own, network)
    gan = make_gan(own, network, d_optimizer=sgd(1.0))
    train(gan, method, 1, reals())
    values = torch.linalg.svdvals(network[0].parametrizations.weight.original)
    assert torch.allclose(values[:2], torch.ones(2))


def test_an_optimizer_is_left_as_it_was_even_where_a_step_fails() -> None:
    class Fails(Method):
        def d_loss(self, gan: GAN, real: Tensor, fake: Tensor) -> Tensor:
            raise RuntimeError

    gan = networks()
    Optimistic().step(gan, reals())
    with pytest.raises(RuntimeError):
        combine([Optimistic(), Fails()]).step(gan, reals())
    for optimizer in (gan.g_optimizer, gan.d_optimizer):
        assert not optimizer._optimizer_step_pre_hooks
        assert not optimizer._optimizer_step_post_hooks


# Lookahead


@pytest.mark.parametrize("base", [Method, Simultaneous])
def test_every_k_steps_both_players_go_back_a_part_of_the_way(base: type[Method]) -> None:
    """The slow weights start where the players do, and are what is scored."""
    k, alpha = 3, 0.4
    gan, plain = dirac(THETA, PSI), dirac(THETA, PSI)
    method = combine([Lookahead(lookahead_k=k, lookahead_alpha=alpha), base()])
    slow = np.array([THETA, PSI])
    for step in range(1, 3 * k + 1):
        train(gan, method, 1)
        train(plain, base(), 1)
        if step % k == 0:
            slow = slow + alpha * (np.array(position(plain)) - slow)
            for parameter, value in zip(
                (*plain.generator.parameters(), *plain.discriminator.parameters()),
                slow,
                strict=True,
            ):
                nn.init.constant_(parameter, value)
        assert position(gan) == pytest.approx(position(plain), rel=1e-12)
        (scored,) = method.evaluated(gan).parameters()
        assert scored.item() == pytest.approx(slow[0], rel=1e-12)


@pytest.mark.parametrize(("k", "alpha"), [(5, 0.5), (6, 0.3), (1, 0.5)])
def test_lookahead_turns_the_bilinear_game_by_the_known_factor(k: int, alpha: float) -> None:
    """Steps by 1 + i h: |1 - alpha + alpha (1 + i h)^k| in k of them (below 1 for k > 1 here)."""
    cycle = map_of(lambda: simultaneous(Lookahead(lookahead_k=k, lookahead_alpha=alpha)), k)
    expected = abs(1 - alpha + alpha * (1 + 1j * H) ** k)
    assert radius(cycle) == pytest.approx(expected, rel=1e-12)
    assert (expected < 1) == (k > 1)


def test_the_clock_counts_the_generators_steps_and_optimizers_keep_their_state() -> None:
    gan, plain = networks(norm=True), networks(norm=True)
    method = Lookahead(d_steps=2, lookahead_k=2)
    for own, way in ((gan, method), (plain, Method(d_steps=2))):
        train(own, way, 1, reals())
    assert not changed(state_of(plain), state_of(gan))
    start = networks(norm=True)
    for own, way in ((gan, method), (plain, Method(d_steps=2))):
        train(own, way, 1, reals(seed=2))
    ours, theirs, then = state_of(gan), state_of(plain), state_of(start)
    moved = changed(theirs, ours)
    weights = {f"G.{name}" for name, _ in gan.generator.named_parameters()}
    weights |= {f"D.{name}" for name, _ in gan.discriminator.named_parameters()}
    assert moved == weights
    for name in weights:
        assert torch.allclose(ours[name], (then[name] + theirs[name]) / 2, rtol=1e-12), name


def test_what_is_scored_has_the_slow_weights_and_the_buffers_of_now_and_is_apart() -> None:
    gan = networks(norm=True)
    start = [p.detach().clone() for p in gan.generator.parameters()]
    method = Lookahead()
    assert method.evaluated(gan) is gan.generator
    train(gan, method, 2, reals())
    scored = method.evaluated(gan)
    assert all(map(torch.equal, scored.parameters(), start))
    assert all(map(torch.equal, scored.buffers(), gan.generator.buffers()))
    before = state_of(gan)
    for value in scored.state_dict().values():
        value.zero_()
    assert not changed(before, state_of(gan))
    assert all(map(torch.equal, method.evaluated(gan).parameters(), start))


def test_lookahead_scores_its_own_and_so_stands_below_what_averages_it() -> None:
    with pytest.raises(Incompatible, match=r"EMA's evaluated .*: name EMA before Lookahead"):
        combine([Lookahead(), EMA()]).check(networks())
    gan = networks()
    method = combine([EMA(ema_decay=0.9), Lookahead(lookahead_k=2)])
    method.check(gan)
    lookahead = Lookahead(lookahead_k=2)
    twin = networks()
    average = [p.detach().clone() for p in twin.generator.parameters()]
    for seed in range(5):
        train(gan, method, 1, reals(seed))
        train(twin, lookahead, 1, reals(seed))
        slow = lookahead.evaluated(twin).parameters()
        average = [0.9 * a + 0.1 * s.detach() for a, s in zip(average, slow, strict=True)]
    for own, value in zip(method.evaluated(gan).parameters(), average, strict=True):
        assert torch.allclose(own, value, rtol=1e-12)


# Negative momentum


@pytest.mark.parametrize("beta", [-0.5, -0.25])
@pytest.mark.parametrize("way", [Method, Simultaneous])
def test_negative_momentum_moves_the_bilinear_game_as_its_polynomial_says(way, beta) -> None:
    """(l - 1)^2 (l - beta)^2 + h^2 l^3 = 0 in alternating steps, l^2 in simultaneous ones."""
    polynomial = np.poly([1, 1, beta, beta])
    polynomial[1 if way is Method else 2] += H**2
    method = combine([NegativeMomentum(negative_momentum=beta), Wasserstein(), way()])
    assert obeys(polynomial, method)
    assert (np.abs(np.roots(polynomial)).max() < 1) == (way is Method)


@pytest.mark.parametrize(("h", "stable"), [(0.95, True), (1.05, False)])
def test_at_a_half_it_is_stable_below_the_step_size_of_theory(h: float, stable: bool) -> None:
    """l = -1 is a root where h = 2 (1 + beta)."""
    gan = dirac(THETA, PSI)
    for optimizer in (gan.g_optimizer, gan.d_optimizer):
        optimizer.param_groups[0]["lr"] = h
    train(gan, combine([NegativeMomentum(), Wasserstein()]), 120)
    assert (math.hypot(*position(gan)) < 0.1) == stable


def test_it_takes_the_place_of_the_first_of_adams_betas_alone() -> None:
    gan = networks()
    NegativeMomentum().step(gan, reals())
    for optimizer in (gan.g_optimizer, gan.d_optimizer):
        assert optimizer.param_groups[0]["betas"] == (-0.5, 0.999)
    gradient = {i: s["exp_avg"] / 1.5 for i, s in gan.g_optimizer.state_dict()["state"].items()}
    for i, parameter in enumerate(gan.generator.parameters()):
        assert torch.allclose(gradient[i], parameter.grad, rtol=1e-12)


def test_an_optimizer_that_would_take_it_for_none_is_refused() -> None:
    gan = make_gan(generator(), discriminator(), d_optimizer=RMSprop)
    with pytest.raises(Incompatible, match="RMSprop takes no negative momentum"):
        NegativeMomentum().check(gan)
    for kind in (SGD, Adam):
        NegativeMomentum().check(make_gan(generator(), discriminator(), kind, kind))


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("other", [Unrolled, CGD])
def test_who_foresees_no_momentum_is_told_of_it_before_training(
    other: type[Method], order: int
) -> None:
    with pytest.raises(Incompatible, match=r"momentum = -0\.5|NegativeMomentum's"):
        combine([NegativeMomentum(), other()][::order]).check(
            make_gan(generator(), discriminator())
        )


# All of them


@pytest.mark.parametrize(
    "make",
    [
        lambda: EMA(ema_decay=0.6),
        Extragradient,
        Optimistic,
        lambda: Lookahead(lookahead_k=2),
        NegativeMomentum,
        lambda: combine([EMA(ema_decay=0.6), Lookahead(lookahead_k=2), Optimistic()]),
    ],
)
def test_a_run_goes_on_from_its_state_as_if_never_stopped(make: Callable[[], Method]) -> None:
    gan, twin = networks(norm=True), networks(norm=True)
    method, resumed = make(), make()
    train(gan, method, 3, reals())
    resumed.load_state_dict(checkpoint.round_trip(method.state_dict()))
    twin.generator.load_state_dict(gan.generator.state_dict())
    twin.discriminator.load_state_dict(gan.discriminator.state_dict())
    twin.g_optimizer.load_state_dict(copy.deepcopy(gan.g_optimizer.state_dict()))
    twin.d_optimizer.load_state_dict(copy.deepcopy(gan.d_optimizer.state_dict()))
    twin.latent_stream.set_state(gan.latent_stream.get_state())
    twin.step = gan.step
    for own, way in ((gan, method), (twin, resumed)):
        train(own, way, 3, reals(seed=20))
    assert not changed(state_of(gan), state_of(twin))
    scored = [way.evaluated(own).state_dict() for own, way in ((gan, method), (twin, resumed))]
    assert not changed(*scored)


@pytest.mark.parametrize("method", [EMA, Extragradient, Optimistic, Lookahead, NegativeMomentum])
def test_a_batch_may_pass_in_parts_and_an_old_checkpoint_starts_afresh(method) -> None:
    gan = networks()
    gan.accumulation = 2
    own = method()
    own.check(gan)
    own.load_state_dict({})
    assert own.state_dict() == {}
    seen = watch(gan.discriminator)
    own.step(gan, reals())
    assert {len(batch) for batch in seen} == {N // 2}


def test_a_run_resumes_while_its_players_go_back() -> None:
    """The runs that a method is tried in are shorter than Lookahead's default k."""
    with default_dtype(torch.float32):
        run = toys.Toy("ring", method="lookahead", bindings=("Lookahead.lookahead_k = 2",)).run()
        training.resumes(run)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: EMA(ema_decay=1.0), r"ema_decay = 1.0: it lies in \[0, 1\)"),
        (lambda: EMA(ema_decay=-0.1), "ema_decay"),
        (lambda: EMA(ema_rampup=-0.1), "ema_rampup = -0.1: it is 0 or more"),
        (lambda: Lookahead(lookahead_k=0), "lookahead_k = 0: it is at least 1"),
        (lambda: Lookahead(lookahead_alpha=0.0), r"lookahead_alpha = 0.0: it lies in \(0, 1\]"),
        (lambda: Lookahead(lookahead_alpha=1.1), "lookahead_alpha"),
        (lambda: NegativeMomentum(negative_momentum=0.5), r"it lies in \(-1, 0\)"),
        (lambda: NegativeMomentum(negative_momentum=-1.0), "negative_momentum = -1.0"),
    ],
)
def test_a_number_out_of_its_range_is_refused(make: Callable[[], Method], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
