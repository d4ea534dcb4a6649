"""What every method must do, whoever wrote it: checks that take a method's name and raise.

Each check trains the method for a few steps through the real config, loop and judge, on toy data:
a ring of Gaussians and a small perceptron without BatchNorm, which no method may refuse; one of
them takes a step on digits with convolutions.
"""

import copy
import io
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

from architectures.dcgan import DCGANDiscriminator, DCGANGenerator
from bench.config.bound import Bound
from bench.config.plan import make_plan
from bench.config.run import Run
from bench.data.digits import Digits
from bench.data.loader import Loader
from bench.training.build import build
from bench.training.experiment import Experiment, experiment_of
from bench.training.trainer import Trainer

STEPS = 3
SUITE = """
Suite.dataset = "ring"
Suite.architecture = "mlp"
Suite.methods = ["{method}"]
Suite.seeds = 1

Experiment.steps = {steps}
Experiment.evaluations = {steps}
Experiment.log_every = 1
Experiment.batch_size = 16
Experiment.latent_dim = 4
Experiment.device = "cpu"
g_width = 8
d_width = 8
"""


class NotConforming(AssertionError):
    """A method breaks the interface; the message says how."""


def toy_run(method: str, folder: Path) -> Run:
    """The run that the checks train: composed and checked like any other.

    Args:
        method: as listed by ``ganbench list methods``.
        folder: where its suite file is written.
    """
    suite = folder / "conformance.gin"
    suite.write_text(SUITE.format(method=method, steps=STEPS), encoding="utf-8")
    return make_plan(str(suite)).runs[0]


def toy_experiment(run: Run) -> Experiment:
    """The parts of the run."""
    return experiment_of(Bound(run.config))


def toy_trainer(run: Run) -> Trainer:
    """A trainer of the run, at its start."""
    experiment = toy_experiment(run)
    return Trainer(experiment, run.seed, experiment.judge(experiment.data))


def builds_without_memory(run: Run) -> None:
    """Its networks can be built on the meta device, as a suite's are before any work."""
    build(toy_experiment(run), run.seed, torch.device("meta"))


def steps_on_images(run: Run) -> None:
    """A step on images, with convolutions, gives finite losses."""
    images = replace(
        toy_experiment(run),
        data=Digits(),
        generator=partial(DCGANGenerator, width=4, norm="none"),
        discriminator=partial(DCGANDiscriminator, width=4, norm="none"),
    )
    gan = build(images, run.seed, torch.device("cpu"))
    batches = Loader(images.data.training(), images.batch_size, run.seed)
    for name, value in images.method.step(gan, batches).items():
        _require(bool(value.isfinite()), f"{name} is {value} on images")


def trains(run: Run) -> None:
    """Three steps give finite losses, scores and weights."""
    history = _trained(run).history
    _require(history.step == STEPS, f"it stopped at step {history.step} of {STEPS}")
    for row in history.losses:
        _require({"d_loss", "g_loss"} <= row.keys(), f"it logs {sorted(row)}, not both losses")
    _require(len(history.scores) == STEPS, "an evaluation is missing")


def is_deterministic(run: Run) -> None:
    """The same run twice ends bit for bit the same, whatever torch's global stream held."""
    first = _checkpoints(toy_trainer(run))
    with torch.random.fork_rng():
        torch.manual_seed(1)
        second = _checkpoints(toy_trainer(run))
    _require_same(first, second, "two runs of one seed differ")


def leaves_the_other_player_alone(run: Run) -> None:
    """D's step changes nothing of G but its BatchNorm statistics; G's step nothing of D's weights.

    Neither leaves a gradient in the other's parameters.
    """
    trainer = toy_trainer(run)
    gan, method = trainer.gan, trainer.experiment.method
    discriminator = cast(nn.Module, gan.discriminator)
    for _ in range(STEPS):
        real = next(trainer.batches)
        before = _weights(gan.generator, gan.g_optimizer)
        _clear(gan.generator)
        method.d_step(gan, real)
        _require_same(before, _weights(gan.generator, gan.g_optimizer), "d_step moved G")
        _require(_clean(gan.generator), "d_step left a gradient in G")
        before = _weights(discriminator, gan.d_optimizer)
        _clear(discriminator)
        method.g_step(gan, real)
        _require_same(before, _weights(discriminator, gan.d_optimizer), "g_step moved D")
        _require(_clean(discriminator), "g_step left a gradient in D")


def resumes(run: Run) -> None:
    """A run that goes on from any checkpoint, as read back as data, ends as one never stopped."""
    whole = _checkpoints(toy_trainer(run))
    for done, state in enumerate(whole[:-1], start=1):
        resumed = toy_trainer(run)
        resumed.load_state_dict(state)
        _require_same(whole[done:], _checkpoints(resumed), "a resumed run differs")


def counts_its_cost(run: Run) -> None:
    """Passes through D are counted: at least real, fake and G's own in every step."""
    trainer = _trained(run)
    _require(
        trainer.d_gradients >= 3 * STEPS,
        f"{trainer.d_gradients} batches differentiated through D in {STEPS} steps is too few",
    )


Check = Callable[[Run], None]

CHECKS: tuple[Check, ...] = (
    builds_without_memory,
    trains,
    steps_on_images,
    is_deterministic,
    leaves_the_other_player_alone,
    resumes,
    counts_its_cost,
)
"""Every check, in the order of what breaks first."""


def _trained(run: Run) -> Trainer:
    trainer = toy_trainer(run)
    trainer.train(lambda progress: None, lambda state: None)
    return trainer


def _checkpoints(trainer: Trainer) -> list[dict[str, Any]]:
    """Trains to the end; every checkpoint on the way as it is read back, but for the times."""
    files: list[io.BytesIO] = []

    def keep(state: dict[str, Any]) -> None:
        files.append(io.BytesIO())
        torch.save(state, files[-1])

    trainer.train(lambda progress: None, keep)
    states = [torch.load(io.BytesIO(f.getvalue()), weights_only=True) for f in files]
    for state in states:
        for timed in (state["history"], *state["history"]["scores"]):
            timed["seconds"] = 0.0
    return states


def _weights(network: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    parameters = {name: p.detach().clone() for name, p in network.named_parameters()}
    return {"parameters": parameters, "optimizer": copy.deepcopy(optimizer.state_dict())}


def _clear(network: nn.Module) -> None:
    for parameter in network.parameters():
        parameter.grad = None


def _clean(network: nn.Module) -> bool:
    return all(parameter.grad is None for parameter in network.parameters())


def _require(condition: bool, otherwise: str) -> None:
    if not condition:
        raise NotConforming(otherwise)


def _require_same(first: Any, second: Any, otherwise: str, path: str = "") -> None:
    """Compares nested dicts, lists, tensors and numbers bit for bit."""
    if isinstance(first, dict):
        _require(first.keys() == second.keys(), f"{otherwise}: {path} has other keys")
        for key in first:
            _require_same(first[key], second[key], otherwise, f"{path}/{key}")
    elif isinstance(first, list | tuple):
        _require(len(first) == len(second), f"{otherwise}: {path} has another length")
        for i, (one, other) in enumerate(zip(first, second, strict=True)):
            _require_same(one, other, otherwise, f"{path}/{i}")
    elif isinstance(first, Tensor):
        _require(torch.equal(first, second), f"{otherwise}: {path}")
    else:
        _require(first == second, f"{otherwise}: {path} is {first!r} and {second!r}")
