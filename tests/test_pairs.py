"""Any two methods, in either order: they work together, or are refused with a way out."""

import copy
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, replace
from itertools import count, islice, permutations
from typing import Any

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
    make_gan,
    random_state,
)
from test_combine import declared
from torch import Tensor, nn
from torch.nn.modules import module as of_all_modules
from torch.optim import SGD, Adam, Optimizer

from bench.config.registry import is_registered
from methods.base import GAN, Incompatible, Method
from methods.combine import combine
from methods.diffaugment import DiffAugment
from methods.ema import EMA
from methods.simultaneous import Simultaneous

pytestmark = pytest.mark.usefixtures("_float64")

N = 8

SHOWN: dict[str, Any] = {
    "adaptive_interval": 1,
    "adaptive_start": 0.5,
    "alr_epsilon_max": 1.0,
    "alr_xi": 1.0,
    "clip": 0.3,
    "d_steps": 1,
    "ema_decay": 0.5,
    "lecam_start": 0,
    "long_d_steps": 1,
    "lookahead_k": 1,
    "top_k_gamma": 0.5,
}
"""Numbers that show in the first two steps, where a method's own would in later ones."""

NAMED = {cls.__name__: cls for cls in reversed(list(declared())) if is_registered(cls.__name__)}
"""What a gin file can name; gin's own subclass of each has the same name, and comes after it."""

METHODS = [Method, *(NAMED[name] for name in sorted(NAMED))]
PAIRS = list(permutations(METHODS, 2))
FEW = [(one, METHODS[(7 * i + 3) % len(METHODS)]) for i, one in enumerate(METHODS)]
FEW = [pair for pair in FEW if len(set(pair)) == 2]
"""Each method once in either place."""

MORE = [EMA, DiffAugment, Simultaneous]
"""What is put on top of pairs."""

Make = Callable[[], Method]


def method_of(*kinds: type[Method]) -> Method:
    """Made anew, with numbers that show."""
    return combine(
        [kind(**{f.name: SHOWN[f.name] for f in fields(kind) if f.name in SHOWN}) for kind in kinds]
    )


def points(shape: tuple[int, ...], norm: str = "none") -> tuple[nn.Module, Callable]:
    own = generator(dim=shape[0])
    if norm == "batch":
        own.insert(1, nn.BatchNorm1d(5))
    return own, lambda shape: discriminator(dim=shape[0], norm=norm)


def pictures(shape: tuple[int, ...]) -> tuple[nn.Module, Callable]:
    own = nn.Sequential(
        nn.Linear(LATENT, 3 * 16),
        nn.Unflatten(1, (3, 4, 4)),
        nn.BatchNorm2d(3),
        nn.Softplus(),
        nn.ConvTranspose2d(3, shape[0], 4, 2, 1),
        nn.Tanh(),
    )
    return own, lambda shape: nn.Sequential(
        nn.Conv2d(shape[0], 4, 4, 2, 1),
        nn.Softplus(),
        nn.Conv2d(4, 4, 4, 2, 1),
        nn.Softplus(),
        nn.Flatten(),
        nn.Linear(16, 1),
        nn.Flatten(0),
    )


WORLDS: dict[str, tuple[tuple[int, ...], Callable]] = {
    "points": ((DIM,), points),
    "grey": ((1, 8, 8), pictures),
    "colour": ((3, 8, 8), pictures),
    "normalized": ((DIM,), lambda shape: points(shape, "batch")),
}


def gan_of(method: Method, world: str, optimizer: type[Optimizer], lr: float) -> GAN:
    """As training builds it, checked by the method."""
    shape, networks = WORLDS[world]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        own, architecture = networks(shape)
        network = method.make_discriminator(architecture, shape)
        method.adapt(own, network)
    made = [lambda parameters: optimizer(parameters, lr=lr)] * 2
    gan = replace(make_gan(own, network, *made), batch_size=N, shape=shape)
    method.check(gan)
    return gan


def reals(world: str) -> Iterator[Tensor]:
    return (draw(N, *WORLDS[world][0], seed=seed).tanh() for seed in count(100))


def networks_of(gan: GAN) -> tuple[nn.Module, nn.Module]:
    assert isinstance(gan.discriminator, nn.Module)
    return gan.generator, gan.discriminator


def hooks(gan: GAN) -> int:
    """All that is registered anywhere to be called in a pass or a step."""
    modules = [module for network in networks_of(gan) for module in network.modules()]
    return sum(
        map(
            len,
            [
                of_all_modules._global_forward_hooks,
                of_all_modules._global_forward_pre_hooks,
                *(m._forward_hooks for m in modules),
                *(m._forward_pre_hooks for m in modules),
                *(m._backward_hooks for m in modules),
                *(o._optimizer_step_pre_hooks for o in (gan.g_optimizer, gan.d_optimizer)),
                *(o._optimizer_step_post_hooks for o in (gan.g_optimizer, gan.d_optimizer)),
            ],
        )
    )


def watch_gradients(gan: GAN, leaks: list[str]) -> list[Any]:
    """Notes whenever one player steps while the other has a gradient; the hooks' handles."""
    handles = []
    players = [list(network.parameters()) for network in networks_of(gan)]
    for optimizer, own, other in (
        (gan.g_optimizer, *players),
        (gan.d_optimizer, *players[::-1]),
    ):

        def before(*_: Any, own: list = own, other: list = other) -> None:
            if any(p.grad is not None and p.grad.any() for p in other):
                leaks.append("a gradient in the player that does not step")
            if any(p.grad is not None and p.grad.requires_grad for p in own):
                leaks.append("a gradient with a graph")

        def after(*_: Any, own: list = own) -> None:
            for parameter in own:
                parameter.grad = None

        handles.append(optimizer.register_step_pre_hook(before))
        handles.append(optimizer.register_step_post_hook(after))
    return handles


def states(gan: GAN, method: Method) -> dict[str, Tensor]:
    evaluated = method.evaluated(gan).state_dict().items()
    return {
        **generator_state(gan),
        **discriminator_state(gan),
        **{f"evaluated.{name}": value for name, value in evaluated},
    }


def tensors(value: Any) -> Iterator[Tensor]:
    """In a state, of whatever depth; anything but tensors and plain numbers fails."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, dict):
        yield from (tensor for item in value.values() for tensor in tensors(item))
    elif isinstance(value, list | tuple):
        yield from (tensor for item in value for tensor in tensors(item))
    else:
        assert value is None or isinstance(value, bool | int | float | str)


def saved(gan: GAN, method: Method) -> Any:
    """All that a checkpoint has."""
    parts = [*networks_of(gan), gan.g_optimizer, gan.d_optimizer, method]
    streams = [gan.latent_stream.get_state(), gan.noise.get_state()]
    return copy.deepcopy([part.state_dict() for part in parts]), streams


def restore(gan: GAN, method: Method, kept: Any) -> None:
    parts = [*networks_of(gan), gan.g_optimizer, gan.d_optimizer, method]
    for part, state in zip(parts, kept[0], strict=True):
        part.load_state_dict(state)
    gan.latent_stream.set_state(kept[1][0])
    gan.noise.set_state(kept[1][1])


class Counted:
    """An iterator that knows how much of it was taken."""

    def __init__(self, items: Iterator[Tensor]) -> None:
        self.items, self.taken = items, 0

    def __iter__(self) -> Iterator[Tensor]:
        return self

    def __next__(self) -> Tensor:
        self.taken += 1
        return next(self.items)


def try_two_steps(make: Make, world: str) -> None:
    """Finite, moving, clean, and the same where the second step is taken from a checkpoint."""
    method = make()
    gan = gan_of(method, world, Adam, 1e-3)
    start = {**generator_state(gan), **discriminator_state(gan)}
    stream, registered, leaks = random_state(gan)["global"], hooks(gan), []
    handles = watch_gradients(gan, leaks)
    batches = Counted(reals(world))
    method.step(gan, batches)
    kept, taken = saved(gan, method), batches.taken
    gan.step += 1
    logs = method.step(gan, batches)
    for handle in handles:
        handle.remove()
    assert leaks == []
    assert hooks(gan) == registered
    assert torch.equal(stream, random_state(gan)["global"])
    after = states(gan, method)
    assert all(torch.isfinite(value).all() for value in [*logs.values(), *after.values()])
    moved = changed(start, after)
    for player, network in zip("GD", networks_of(gan), strict=True):
        names = [name for name, p in network.named_parameters() if p.dim() > 1]
        assert {f"{player}.{name}" for name in names} <= moved
    held = [*logs.values(), *tensors(method.state_dict()), *after.values()]
    assert not any(value.requires_grad for value in held)

    again = make()
    twin = gan_of(again, world, Adam, 1e-3)
    restore(twin, again, kept)
    twin.step = 1
    again.step(twin, islice(reals(world), taken, None))
    assert changed(after, states(twin, again)) == set()


def flat(values: Iterable[Tensor]) -> Tensor:
    return torch.cat([value.detach().flatten() for value in values])


def effects(make: Make, world: str) -> dict[str, Tensor]:
    """What a method makes of D, of one update of either player, and of two whole steps."""

    def built() -> tuple[Method, GAN, nn.Module, nn.Module]:
        method = make()
        gan = gan_of(method, world, SGD, 0.05)
        return method, gan, *networks_of(gan)

    method, gan, own, network = built()
    found = {"networks": flat([*own.parameters(), *network.state_dict().values()])}
    method.d_step(gan, next(reals(world)))
    found["D's step"] = flat(network.parameters())
    method, gan, own, network = built()
    method.g_step(gan, next(reals(world)))
    found["G's step"] = flat(own.parameters())
    method, gan, own, network = built()
    batches = reals(world)
    for gan.step in range(2):
        method.step(gan, batches)
    found |= {"D": flat(network.parameters()), "G": flat(own.parameters())}
    found["evaluated"] = flat(method.evaluated(gan).parameters())
    return found


def same(one: Tensor, other: Tensor) -> bool:
    return one.shape == other.shape and torch.allclose(one, other, rtol=1e-9, atol=1e-13)


def lost(pair: tuple[type[Method], ...], world: str, alone: dict[type, dict]) -> list[str]:
    """What one method adds to what both are made of, where the pair does as the other alone."""
    shared = [cls for cls in pair[0].__mro__ if cls is not object and issubclass(pair[1], cls)]
    for kind in (*shared, *pair):
        if kind not in alone:
            alone[kind] = effects(lambda kind=kind: method_of(kind), world)
    both = effects(lambda: method_of(*pair), world)
    return [
        f"{silent.__name__}: {what}"
        for silent, loud in (pair, pair[::-1])
        for what, value in both.items()
        if not issubclass(loud, silent)
        and not any(same(alone[silent][what], alone[plain][what]) for plain in shared)
        and same(alone[loud][what], value)
    ]


def refusal(kinds: tuple[type[Method], ...], world: str) -> str:
    """Why methods cannot be combined, or nothing."""
    try:
        gan_of(method_of(*kinds), world, Adam, 1e-3)
    except Incompatible as refused:
        return str(refused)
    return ""


def judge(pair: tuple[type[Method], ...], world: str, alone: dict[type, dict]) -> list[str]:
    """What is wrong with a pair of methods, each of which works alone."""
    if any(refusal((kind,), world) for kind in pair):
        return []
    refused = refusal(pair, world)
    if refused:
        if not re.search(r"\b(bind|leave|choose|use|once|name)\b", refused):
            return [f"no way out: {refused}"]
        better = re.search(r"name (\w+) before (\w+) in combine", refused)
        back = refusal(pair[::-1], world)
        return [f"sent round: {refused}"] if better and "combine.methods" in back else []
    try:
        try_two_steps(lambda: method_of(*pair), world)
        return lost(pair, world, alone)
    except Incompatible as late:
        return [f"refused in a step: {late}"]
    except Exception as error:
        return [repr(error)[:300]]


def faults(pairs: Iterable[tuple[type[Method], ...]], world: str) -> dict[str, list[str]]:
    alone: dict[type, dict] = {}
    found = {"+".join(kind.__name__ for kind in pair): judge(pair, world, alone) for pair in pairs}
    return {names: wrong for names, wrong in found.items() if wrong}


@pytest.mark.parametrize(("world", "few"), [("points", FEW[::2]), ("colour", FEW[1::2])])
def test_two_methods_work_together_or_are_refused_with_a_way_out(world: str, few: list) -> None:
    assert faults(few, world) == {}


@pytest.mark.slow
@pytest.mark.parametrize("world", WORLDS)
def test_any_two_methods_work_together_or_are_refused_with_a_way_out(world: str) -> None:
    assert faults(PAIRS, world) == {}


@pytest.mark.slow
@pytest.mark.parametrize("world", ["points", "colour"])
@pytest.mark.parametrize("more", MORE)
def test_a_setting_on_top_of_any_two_changes_none_of_it(more: type, world: str) -> None:
    """What works in twos works in threes, or is refused; its steps are whole."""
    found = {}
    for pair in PAIRS:
        kinds = (more, *pair)
        if more in pair or refusal(pair, world) or refusal(kinds, world):
            continue
        try:
            try_two_steps(lambda kinds=kinds: method_of(*kinds), world)
        except Exception as error:
            found["+".join(kind.__name__ for kind in kinds)] = repr(error)[:300]
    assert found == {}
