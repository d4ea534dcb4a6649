"""What every method must do: it is tried in the real config, loop and judge on a toy problem."""

import copy
from dataclasses import replace
from typing import Any, cast

import torch
from torch import Tensor, nn

from bench.config.facts import first_line
from bench.config.run import Run
from bench.conformance import toys, training
from bench.conformance.requirements import Check, require, require_same
from bench.data.loader import Loader
from bench.runs import checkpoint
from bench.training.build import build
from bench.training.sampling import generate
from methods.base import Incompatible

TOYS = (toys.POINTS, toys.PICTURES, toys.NORMALIZED, toys.COLOUR)
"""From what no method has a reason to refuse to the last resort."""

META = torch.device("meta")
CPU = torch.device("cpu")


def subject(name: str, tell: toys.Tell) -> Run:
    """The run that a method is tried in: on the first of ``TOYS`` that it does not refuse.

    Raises:
        UsageError: it refuses all, or its gin file is wrong.
    """
    found: dict[toys.Toy, Run] = {}

    def refusal(toy: toys.Toy) -> str | None:
        found[toy] = toy.run()
        return _refusal(found[toy])

    choices = [replace(toy, method=name) for toy in TOYS]
    return found[toys.first_accepted(name, choices, refusal, tell)]


def builds_without_memory(run: Run) -> None:
    """Its networks can be built on the meta device, as a suite's are before any work."""
    build(toys.experiment(run), run.seed, META)


def logs_its_losses(run: Run) -> None:
    """A step gives both losses, and what else it logs, each a tensor of one number, detached."""
    parts = toys.experiment(run)
    batches = Loader(parts.data.training(), parts.batch_size, run.seed)
    logs: Any = parts.method.step(build(parts, run.seed, CPU), batches)
    require(isinstance(logs, dict), f"a step gives a {type(logs).__name__}, and not a dict of logs")
    require({"d_loss", "g_loss"} <= logs.keys(), f"a step logs {sorted(logs)}, not both losses")
    for name, value in logs.items():
        is_tensor = isinstance(value, Tensor)
        require(is_tensor, f"{name} is logged as a {type(value).__name__}, and not as a tensor")
        require(value.dim() == 0, f"{name} is logged in the shape {tuple(value.shape)}, and not ()")
        require(not value.requires_grad, f"{name} is logged with its graph: detach it")


def steps_on_other_data(run: Run) -> None:
    """A step on points, on pictures, and with BatchNorm gives finite losses, or is refused."""
    for toy in TOYS:
        other = replace(toy, method=run.method).run()
        if other.config == run.config or _refusal(other) is not None:
            continue
        parts = toys.experiment(other)
        gan = build(parts, run.seed, CPU)
        batches = Loader(parts.data.training(), parts.batch_size, run.seed)
        try:
            logs = parts.method.step(gan, batches)
        except Exception as error:
            error.add_note(f"on {toy}, which it does not refuse")
            raise
        for name, value in logs.items():
            require(bool(value.isfinite()), f"{name} is {value} on {toy}, which it does not refuse")


def leaves_the_other_player_alone(run: Run) -> None:
    """D's step changes nothing of G but its BatchNorm statistics; G's step nothing of D's weights.

    Neither leaves a gradient in the other's parameters.
    """
    trainer = toys.trainer(run)
    gan, method = trainer.gan, trainer.experiment.method
    discriminator = cast(nn.Module, gan.discriminator)
    for _ in range(toys.STEPS):
        real = next(trainer.batches)
        before = _weights(gan.generator, gan.g_optimizer)
        _clear(gan.generator)
        method.d_step(gan, real)
        require_same(before, _weights(gan.generator, gan.g_optimizer), "d_step moved G")
        require(_clean(gan.generator), "d_step left a gradient in G")
        before = _weights(discriminator, gan.d_optimizer)
        _clear(discriminator)
        method.g_step(gan, real)
        require_same(before, _weights(discriminator, gan.d_optimizer), "g_step moved D")
        require(_clean(discriminator), "g_step left a gradient in D")


def takes_a_batch_in_parts(run: Run) -> None:
    """With accumulated gradients no more than a part passes through D at once, or it is refused."""
    parts = replace(toys.experiment(run), accumulation=2)
    try:
        gan = build(parts, run.seed, CPU)
    except Incompatible:
        return
    largest = 0

    def seen(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        nonlocal largest
        largest = max(largest, len(inputs[0]))

    cast(nn.Module, gan.discriminator).register_forward_pre_hook(seen)
    parts.method.step(gan, Loader(parts.data.training(), parts.batch_size, run.seed))
    require(
        largest <= toys.BATCH // 2,
        f"with accumulation = 2, {largest} of {toys.BATCH} samples pass through D at once: take a "
        "batch in gan.parts, or say accumulates = False",
    )


def is_evaluated_without_a_trace(run: Run) -> None:
    """What is scored maps latents to samples, the same twice, and changes nothing."""
    trainer = training.trained(run)
    latents = trainer.gan.latents(toys.BATCH)
    before = checkpoint.round_trip(trainer.state_dict())
    outputs = [
        generate(trainer.experiment.method.evaluated(trainer.gan), latents, "running")
        for _ in range(2)
    ]
    shape = (toys.BATCH, *trainer.experiment.data.shape)
    require(tuple(outputs[0].shape) == shape, f"what is scored gives {tuple(outputs[0].shape)}")
    require_same(outputs[0], outputs[1], "what is scored gives other samples the second time")
    after = checkpoint.round_trip(trainer.state_dict())
    require_same(before, after, "making what is scored changes the run")


def counts_its_cost(run: Run) -> None:
    """Passes through D are counted: at least real, fake and G's own in every step."""
    trainer = training.trained(run)
    require(
        trainer.d_gradients >= 3 * toys.STEPS,
        f"{trainer.d_gradients} batches differentiated through D in {toys.STEPS} steps is too few",
    )


CHECKS: tuple[Check, ...] = (
    builds_without_memory,
    logs_its_losses,
    *training.CHECKS,
    steps_on_other_data,
    leaves_the_other_player_alone,
    takes_a_batch_in_parts,
    is_evaluated_without_a_trace,
    counts_its_cost,
)
"""Every check, in the order of what breaks first."""


def _refusal(run: Run) -> str | None:
    """Why a method refuses a run before it starts; None where it does not, or breaks otherwise."""
    try:
        build(toys.experiment(run), run.seed, META)
    except Incompatible as refused:
        return first_line(refused)
    except Exception:  # of a stranger's code: its check will say what
        return None
    return None


def _weights(network: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    parameters = {name: p.detach().clone() for name, p in network.named_parameters()}
    return {"parameters": parameters, "optimizer": copy.deepcopy(optimizer.state_dict())}


def _clear(network: nn.Module) -> None:
    for parameter in network.parameters():
        parameter.grad = None


def _clean(network: nn.Module) -> bool:
    return all(parameter.grad is None for parameter in network.parameters())
