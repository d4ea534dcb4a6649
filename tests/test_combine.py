"""Combined methods: each changes what it changes alone, and contradictions are refused."""

import dataclasses
import importlib
import pkgutil
from itertools import combinations

import pytest
import torch
from gan_factory import (
    DIM,
    changed,
    discriminator,
    discriminator_state,
    draw,
    generator,
    generator_state,
    make_gan,
    watch,
)
from torch import nn
from torch.nn.utils import parametrize
from torch.optim import Adam

import methods
from bench.streams import seeded
from methods.as_gan import ASGAN
from methods.base import GAN, Incompatible, Method
from methods.cgd import CGD
from methods.combine import combine
from methods.consensus import Consensus
from methods.hinge import Hinge
from methods.jare import JARE
from methods.l1_penalty import L1Penalty
from methods.spectral_norm import SpectralNorm
from methods.unrolled import Unrolled
from methods.wgan_gp import WGANGP

pytestmark = pytest.mark.usefixtures("_float64")

N = 6


def trained(method: Method, steps: int = 3) -> GAN:
    own, network = generator(), discriminator()
    with seeded(0, "adapt"):
        method.adapt(own, network)
    gan = make_gan(own, network, g_optimizer=Adam, d_optimizer=Adam)
    method.check(gan)
    for seed in range(steps):
        method.step(gan, iter([draw(N, DIM, seed=10 * seed + i) for i in range(method.d_steps)]))
    return gan


def test_spectral_norm_with_as_gan_normalizes_d_and_steps_on_x_hat() -> None:
    epsilon = 0.25
    method = combine([SpectralNorm(), ASGAN(epsilon=epsilon)])
    gan = trained(method)
    layer = gan.discriminator[0]
    assert parametrize.is_parametrized(layer, "weight")
    assert torch.linalg.svdvals(layer.weight)[0].item() == pytest.approx(1, rel=0.1)
    assert {state["step"].item() for state in gan.d_optimizer.state.values()} == {2 * 3}
    seen, real = watch(gan.discriminator), draw(N, DIM)
    logs = method.d_step(gan, real)
    assert torch.allclose((seen[2] - real).abs(), torch.tensor(epsilon))
    assert {"d_loss_adversarial", "zero_signs"} <= set(logs)
    for alone in (SpectralNorm(), ASGAN(epsilon=epsilon)):
        other = trained(alone)
        assert changed(generator_state(other), generator_state(gan))


def test_spectral_norm_with_unrolling_normalizes_d_and_looks_ahead_without_a_trace() -> None:
    method = combine([SpectralNorm(), Unrolled(k=3)])
    gan, normalized = trained(method), trained(SpectralNorm())
    assert parametrize.is_parametrized(gan.discriminator[0], "weight")
    assert torch.linalg.svdvals(gan.discriminator[0].weight)[0].item() == pytest.approx(1, rel=0.1)
    before = discriminator_state(gan)
    seen = watch(gan.discriminator)
    method.g_step(gan, draw(N, DIM))
    assert len(seen) == 3 * 2 + 1
    assert not changed(before, discriminator_state(gan))
    assert "D.0.parametrizations.weight.0._u" in before
    assert changed(generator_state(normalized), generator_state(gan))
    assert set(before) == set(discriminator_state(normalized))


@pytest.mark.parametrize("order", [[0, 1], [1, 0]])
def test_a_virtual_discriminator_is_scored_by_the_other_methods_loss(order: list[int]) -> None:
    """Unrolling takes D's steps down whatever D's loss is: WGAN-GP's here."""
    methods = [WGANGP(d_steps=1), Unrolled(k=2)]
    method = combine([methods[i] for i in order])
    gan = trained(method)
    seen = watch(gan.discriminator)
    logs = method.g_step(gan, draw(N, DIM))
    assert len(seen) == 2 * 3 + 1  # real, fake and between, twice; then the fakes
    assert torch.isfinite(logs["g_loss"])


@pytest.mark.parametrize("order", [[0, 1], [1, 0]])
def test_as_gans_second_step_takes_the_other_methods_loss(order: list[int]) -> None:
    methods = [ASGAN(), WGANGP(penalty=3.0)]
    method = combine([methods[i] for i in order])
    gan = trained(method, steps=1)
    seen = watch(gan.discriminator)
    method.d_step(gan, draw(N, DIM))
    assert len(seen) == 2 * 3  # real, fake and between, at x and at x_hat
    assert method.penalty == 3.0


def test_every_method_keeps_its_own_hyper_parameters() -> None:
    method = combine(
        [SpectralNorm(power_iterations=2), ASGAN(epsilon=0.5, warmup_steps=7), Unrolled(k=4)]
    )
    values = (method.power_iterations, method.epsilon, method.warmup_steps, method.k)
    assert values == (2, 0.5, 7, 4)
    assert (method.unit, method.d_steps) == ("model", 1)


@pytest.mark.parametrize("first", [True, False])
def test_a_default_of_one_method_is_not_undone_by_another_that_has_none(first: bool) -> None:
    methods = [WGANGP(), ASGAN()]
    assert combine(methods if first else methods[::-1]).d_steps == 5


def test_a_hyper_parameter_may_be_set_in_one_of_the_methods() -> None:
    assert combine([SpectralNorm(), ASGAN(d_steps=3)]).d_steps == 3
    assert combine([ASGAN(d_steps=3), SpectralNorm(d_steps=3)]).d_steps == 3


def test_a_hyper_parameter_set_to_two_values_is_refused() -> None:
    with pytest.raises(Incompatible, match=r"disagree on d_steps \(\[3, 2\]\); bind one value"):
        combine([SpectralNorm(d_steps=3), ASGAN(d_steps=2)])
    with pytest.raises(Incompatible, match="disagree on d_steps"):
        combine([ASGAN(d_steps=2), WGANGP(d_steps=4)])


@pytest.mark.parametrize(
    "methods", [[Method(), ASGAN()], [ASGAN(), ASGAN()], [SpectralNorm(), Method(), ASGAN()]]
)
def test_an_impossible_order_or_a_repetition_is_refused(methods: list[Method]) -> None:
    with pytest.raises(Incompatible, match="named once, the more specific first"):
        combine(methods)


def test_a_base_after_what_extends_it_is_fine() -> None:
    assert isinstance(combine([ASGAN(), Method()]), ASGAN)


def test_nothing_to_combine_is_refused() -> None:
    with pytest.raises(Incompatible, match="name at least one method"):
        combine([])


class Shifted(Method):
    """Alters D in a way of its own."""

    def adapt(self, generator: nn.Module, discriminator: nn.Module) -> None:
        super().adapt(generator, discriminator)
        with torch.no_grad():
            discriminator[0].bias.fill_(7)


@pytest.mark.parametrize("order", [[0, 1], [1, 0]])
def test_the_networks_are_adapted_by_every_method(order: list[int]) -> None:
    methods = [SpectralNorm(), Shifted()]
    combine([methods[i] for i in order]).adapt(generator(), network := discriminator())
    assert parametrize.is_parametrized(network[0], "weight")
    assert (network[0].bias == 7).all()


@pytest.mark.parametrize("order", [[0, 1, 2], [1, 2, 0], [2, 1, 0]])
def test_the_checks_of_every_method_are_made(order: list[int]) -> None:
    methods = [SpectralNorm(), WGANGP(), Unrolled()]
    method = combine([methods[i] for i in order])
    with pytest.raises(Incompatible, match="BatchNorm in D"):
        method.check(make_gan(generator(), discriminator(norm="batch")))
    gan = make_gan(generator(), discriminator(), d_optimizer=torch.optim.RMSprop)
    with pytest.raises(Incompatible, match="RMSprop"):
        method.check(gan)
    method.adapt(generator(), network := discriminator())
    assert parametrize.is_parametrized(network[0], "weight")


@pytest.mark.parametrize("other", [Unrolled, Consensus, JARE, CGD])
def test_derivatives_that_batch_norm_does_not_have_are_refused(other: type[Method]) -> None:
    method = combine([L1Penalty(), other()])
    with pytest.raises(Incompatible, match=r'L1Penalty and .* three times.* bind d_norm = "layer"'):
        method.check(make_gan(generator(), discriminator(norm="batch")))
    method.check(make_gan(generator(), discriminator()))
    for alone in (L1Penalty(), other()):
        alone.check(make_gan(generator(), discriminator(norm="batch")))


def test_a_method_behind_a_decorator_is_seen_to_call_the_next_one() -> None:
    class Ungraded(Method):
        @torch.no_grad()
        def g_loss(self, gan: GAN, real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
            return super().g_loss(gan, real, fake)

    combine([Ungraded(), Unrolled()]).check(make_gan(generator(), discriminator()))
    combine([Ungraded(), Hinge()]).check(make_gan(generator(), discriminator()))


def test_one_method_alone_is_that_method() -> None:
    gan, twin = trained(combine([ASGAN(epsilon=0.25)])), trained(ASGAN(epsilon=0.25))
    assert not changed(discriminator_state(gan), discriminator_state(twin))
    assert not changed(generator_state(gan), generator_state(twin))


def declared():
    """Every method's own hyper-parameters: those that its class declares."""
    for module in pkgutil.iter_modules(methods.__path__):
        importlib.import_module(f"methods.{module.name}")
    pending, found = [Method], {}
    while pending:
        for cls in pending.pop().__subclasses__():
            if cls.__module__.startswith("methods.") and cls not in found:
                pending.append(cls)
                names = vars(cls).get("__annotations__", {}).keys()
                found[cls] = {f.name for f in dataclasses.fields(cls) if f.name in names}
    return found


def test_no_two_methods_share_the_name_of_a_hyper_parameter():
    """Combined, they would share its value; R1 and R2 are meant to, and all share d_steps."""
    shared = [
        (one.__name__, other.__name__, name)
        for (one, ours), (other, theirs) in combinations(declared().items(), 2)
        for name in ours & theirs - {"d_steps"}
        if not issubclass(one, other) and not issubclass(other, one)
    ]
    assert sorted(shared) == [("R1", "R2", "gamma")]


def test_no_two_methods_give_one_name_to_different_things():
    """Combined, one's helper would be called for the other's, as ``augment`` is meant to be."""
    own = {
        cls: {name for name, value in vars(cls).items() if callable(value) and name[:2] != "__"}
        for cls in declared()
    }
    shared = [
        (one.__name__, other.__name__, name)
        for one, other in combinations(own, 2)
        for name in own[one] & own[other]
        if not any(name in vars(base) for base in {*one.__mro__} & {*other.__mro__})
    ]
    assert shared == []
