"""What every architecture must do: networks that any method, loop and judge can work with."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import wraps
from typing import Any

import torch
from torch import Tensor, nn

from architectures.norms import NORMS
from bench.config.facts import first_line
from bench.config.run import Run
from bench.conformance import toys, training
from bench.conformance.requirements import (
    Check,
    NotConforming,
    require,
    require_refusal,
    require_same,
)
from bench.errors import UsageError
from bench.runs import checkpoint
from bench.streams import seeded, stream
from bench.training.build import build
from methods.base import ghost

SIDES = (16, 32, 64, 128)
DATA = (
    toys.Toy("ring"),
    toys.Toy("digits"),
    *(
        toys.Toy("photographs", bindings=(f"image_size = {side}", "Photographs.pieces = 100"))
        for side in SIDES
    ),
)
"""From the fewest numbers a sample to the most."""

SHAPES = (
    (1,),
    (2,),
    (1, 8, 8),
    (3, 16, 16),
    (1, 28, 28),
    *((3, side, side) for side in SIDES[1:]),
    (3, 32, 48),
)
"""Of samples that an architecture is asked for, each of which it makes or refuses."""

N = 6
LATENT_DIM = 4
CPU = torch.device("cpu")
META = torch.device("meta")


def subject(name: str, tell: toys.Tell) -> Run:
    """The run that an architecture is tried in: on the first of ``DATA`` that it can make.

    Where it breaks on some and refuses the others, it is the first on which it breaks.

    Raises:
        UsageError: it refuses all, or its gin file is wrong.
    """
    found: dict[toys.Toy, Run] = {}
    breaks: list[toys.Toy] = []

    def refusal(toy: toys.Toy) -> str | None:
        found[toy] = toy.run()
        parts = toys.experiment(found[toy])
        try:
            _mapped(parts.generator, parts.discriminator, parts.data.shape)
        except ValueError as refused:
            return first_line(refused)
        except Exception as error:  # of a stranger's code: its check will say where
            breaks.append(toy)
            return f"{type(error).__name__}: {first_line(error)}"
        return None

    choices = [replace(toy, architecture=name) for toy in DATA]
    try:
        return found[toys.first_accepted(name, choices, refusal, tell)]
    except UsageError:
        if not breaks:
            raise
        return found[breaks[0]]


def knows_its_shapes(run: Run) -> None:
    """Samples of any shape are made, and judged, or refused by a sentence that names the shape.

    G and D take the same shapes. Networks are built, and given a batch, without memory.
    """
    parts = toys.experiment(run)
    for shape in SHAPES:
        taken = {
            "G": _takes("G", _made, parts.generator, shape),
            "D": _takes("D", _judged, parts.discriminator, shape),
        }
        require(
            taken["G"] == taken["D"],
            f"{' and '.join(part for part in taken if taken[part])} alone takes the shape {shape}",
        )


def takes_norms_or_says_so(run: Run) -> None:
    """Each norm of a setting is taken, or refused by a sentence that names it."""
    for norm in NORMS if _macros(run) else ():
        try:
            _networks(_with(run, norm), META)
        except Exception as error:
            require_refusal(error, repr(norm), f"the norm {norm!r}")


def builds_without_memory(run: Run) -> None:
    """It can be built on the meta device, as a suite's networks are before any work."""
    for part, network in _networks(run, META).items():
        for name, parameter in network.named_parameters():
            require(parameter.device == META, f"{part}'s {name} is on {parameter.device}")


def has_the_same_weights_from_the_same_seed(run: Run) -> None:
    """Initial weights are drawn from torch's global stream, and from nothing else."""
    first, second = _networks(run), _networks(run)
    for part in first:
        require_same(
            first[part].state_dict(), second[part].state_dict(), f"{part} starts otherwise anew"
        )


def _for_each_norm(check: Check) -> Check:
    """Holds an architecture to a check with each norm that it takes."""

    @wraps(check)
    def checked(run: Run) -> None:
        for norm in _norms(run):
            try:
                check(run if norm is None else _with(run, norm))
            except Exception as fault:
                if norm is not None:
                    fault.add_note(f"with the norm {norm!r}")
                raise

    return checked


@_for_each_norm
def maps_batches_of_any_size(run: Run) -> None:
    """Latents (N, latent_dim) become samples of the data's shape, and samples logits (N,)."""
    networks, shape = _networks(run), toys.experiment(run).data.shape
    for n, training_mode in ((7, True), (2, True), (1, False)):
        samples = _mapping("G", networks["G"].train(training_mode), _latents(n), (n, *shape))
        _mapping("D", networks["D"].train(training_mode), samples, (n,))


@_for_each_norm
def lets_gradients_through(run: Run) -> None:
    """A gradient reaches every parameter of both, and the samples that D is given."""
    networks = _networks(run)
    samples = networks["G"](_latents(N))
    _require_gradients("G", networks["G"], samples)
    real = samples.detach().requires_grad_()
    _require_gradients("D", networks["D"], networks["D"](real))
    require(real.grad is not None, "no gradient of D's logits reaches its samples")


@_for_each_norm
def can_be_differentiated_twice(run: Run) -> None:
    """A penalty on D's input gradient, as many methods have it, has a finite gradient."""
    network = _networks(run)["D"]
    real = _samples(run).requires_grad_()
    (gradient,) = torch.autograd.grad(network(real).sum(), real, create_graph=True)
    penalty = gradient.square().sum()
    if not penalty.requires_grad:
        return
    parameters = list(network.parameters())
    for second in torch.autograd.grad(penalty, parameters, allow_unused=True):
        require(
            second is None or bool(second.isfinite().all()),
            "the gradient of a penalty on D's input gradient is not finite",
        )


@_for_each_norm
def cares_for_no_samples_place(run: Run) -> None:
    """A batch in another order gives the same outputs in that order."""
    order = torch.randperm(N, generator=stream(0, "conformance order"))
    for part, network, batch in _given(run):
        for training_mode in (True, False):
            given = ghost(network.train(training_mode))
            output = given(batch)
            if torch.equal(output, given(batch)):  # else it draws noise, a sample a draw
                _require_close(
                    given(batch[order]), output[order], f"{part}'s output depends on the place"
                )


@_for_each_norm
def samples_one_by_one_as_in_a_batch(run: Run) -> None:
    """In eval mode a sample of G is its latent's alone: scores take them in chunks of any size."""
    generator, latents = _networks(run)["G"].eval(), _latents(N)
    with torch.no_grad():
        together = generator(latents)
        if torch.equal(together, generator(latents)):  # else it draws noise
            alone = torch.cat([generator(latent) for latent in latents.split(1)])
            _require_close(alone, together, "in eval mode a sample depends on the others")


@_for_each_norm
def is_restored_from_its_state_dict(run: Run) -> None:
    """Other networks that load it, as read back as data, give the same outputs."""
    others = _networks(run, seed=1)
    for part, network, batch in _given(run):
        network(batch)  # moves what a network keeps of its batches
        others[part].load_state_dict(checkpoint.round_trip(network.state_dict()))
        original, restored = (_drawn(one.eval(), batch) for one in (network, others[part]))
        require_same(original, restored, f"{part}'s state dict lacks something: it differs")


@_for_each_norm
def leaves_no_trace_of_a_ghost(run: Run) -> None:
    """A ghost computes what the network does, and moves nothing that it keeps."""
    for part, network, batch in _given(run):
        kept = {name: value.clone() for name, value in network.state_dict().items()}
        first, second = _drawn(ghost(network), batch), _drawn(ghost(network), batch)
        require_same(kept, network.state_dict(), f"a ghost of {part} moved its state")
        require_same(first, second, f"{part} keeps something outside of its buffers")
        require_same(first, _drawn(network, batch), f"a ghost of {part} computes something else")


CHECKS: tuple[Check, ...] = (
    builds_without_memory,
    knows_its_shapes,
    takes_norms_or_says_so,
    has_the_same_weights_from_the_same_seed,
    maps_batches_of_any_size,
    lets_gradients_through,
    can_be_differentiated_twice,
    cares_for_no_samples_place,
    samples_one_by_one_as_in_a_batch,
    is_restored_from_its_state_dict,
    leaves_no_trace_of_a_ghost,
    *training.CHECKS,
)
"""Every check, in the order of what breaks first."""


def _networks(run: Run, device: torch.device = CPU, seed: int = 0) -> dict[str, nn.Module]:
    """G and D as the run would have them, in train mode."""
    gan = build(toys.experiment(run), seed, device)
    discriminator = gan.discriminator
    assert isinstance(discriminator, nn.Module)
    return {"G": gan.generator, "D": discriminator}


def _latents(n: int) -> Tensor:
    return torch.randn(n, LATENT_DIM, generator=stream(0, "conformance latents"))


def _samples(run: Run) -> Tensor:
    """Numbers of the data's shape, uniform in [-1, 1] as pictures are at most."""
    shape = toys.experiment(run).data.shape
    return 2 * torch.rand(N, *shape, generator=stream(0, "conformance samples")) - 1


def _given(run: Run) -> Iterator[tuple[str, nn.Module, Tensor]]:
    """Each network, what it is called, and a batch for it."""
    networks = _networks(run)
    yield "G", networks["G"], _latents(N)
    yield "D", networks["D"], _samples(run)


def _drawn(network: Callable[[Tensor], Tensor], batch: Tensor) -> Tensor:
    """An output, of which whatever is drawn is drawn alike each time."""
    with seeded(0, "conformance draws"), torch.no_grad():
        return network(batch)


def _made(generator: Callable[..., nn.Module], shape: tuple[int, ...]) -> None:
    with META:
        network = generator(shape, LATENT_DIM)
        _mapping("G", network, torch.empty(N, LATENT_DIM), (N, *shape))


def _judged(discriminator: Callable[..., nn.Module], shape: tuple[int, ...]) -> None:
    with META:
        _mapping("D", discriminator(shape), torch.empty(N, *shape), (N,))


def _mapped(
    generator: Callable[..., nn.Module],
    discriminator: Callable[..., nn.Module],
    shape: tuple[int, ...],
) -> None:
    _made(generator, shape)
    _judged(discriminator, shape)


def _takes(
    part: str,
    attempt: Callable[[Callable[..., nn.Module], tuple[int, ...]], None],
    network: Callable[..., nn.Module],
    shape: tuple[int, ...],
) -> bool:
    """Whether a network of this shape can be had; if not, it must be refused properly."""
    try:
        attempt(network, shape)
    except NotConforming as fault:
        fault.add_note(f"for the shape {shape}")
        raise
    except Exception as error:
        require_refusal(error, str(shape), f"{part} for the shape {shape}")
        return False
    return True


def _mapping(part: str, network: nn.Module, batch: Tensor, shape: tuple[int, ...]) -> Tensor:
    """The output for a batch, once it is as it must be."""
    output: Any = network(batch)
    given = f"{part}, given a batch of {len(batch)},"
    require(isinstance(output, Tensor), f"{given} gives a {type(output).__name__} and no tensor")
    found = tuple(output.shape)
    require(found == shape, f"{given} gives the shape {found}, and not {shape}")
    require(output.dtype == torch.float32, f"{given} gives {output.dtype}, and not float32")
    if output.device != META:
        require(bool(output.isfinite().all()), f"{given} gives numbers that are not finite")
    return output.detach()


def _require_gradients(part: str, network: nn.Module, output: Tensor) -> None:
    weights = torch.randn(output.shape, generator=stream(0, "conformance weights"))
    (weights * output).sum().backward()
    moved = False
    for name, parameter in network.named_parameters():
        gradient = parameter.grad
        if gradient is None:
            raise NotConforming(f"no gradient reaches {part}'s {name}")
        require(bool(gradient.isfinite().all()), f"the gradient of {part}'s {name} is not finite")
        moved = moved or bool(gradient.any())
    require(moved, f"{part} has no parameter whose gradient is not 0: it cannot learn")


def _require_close(first: Tensor, second: Tensor, otherwise: str) -> None:
    """Sees to it that outputs are equal but for rounding."""
    scale = float(second.detach().abs().max())
    distance = float((first - second).detach().abs().max())
    require(distance <= 1e-4 * max(scale, 1e-6), f"{otherwise}, by {distance:.2g} of {scale:.2g}")


def _macros(run: Run) -> list[str]:
    """The norms that the architecture leaves to settings."""
    return [m for m in ("g_norm", "d_norm") if re.search(rf"^{m} = ", run.config, re.MULTILINE)]


def _with(run: Run, norm: str) -> Run:
    """The run with another norm in both networks; the last binding of a macro holds."""
    bound = "".join(f"{macro} = {norm!r}\n" for macro in _macros(run))
    return replace(run, config=f"{run.config}\n{bound}")


def _norms(run: Run) -> list[str | None]:
    """The norms that the architecture takes, or None alone where there is no choice."""
    return [norm for norm in NORMS if _builds(_with(run, norm))] if _macros(run) else [None]


def _builds(run: Run) -> bool:
    try:
        _networks(run, META)
    except Exception:  # its check says whether it may
        return False
    return True
