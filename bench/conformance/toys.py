"""Small runs that a plug-in is tried in: composed and checked like any other, in a moment.

What a plug-in cannot work with it refuses, and the next of a short list is tried. Its refusal is
all that it has to say of what it needs.
"""

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import numpy as np
import torch

from bench.callbacks.guard import undisturbed
from bench.config.bound import Bound
from bench.config.catalogue import Catalogue
from bench.config.compose import Composition, on_base
from bench.config.plan import make_plan
from bench.config.run import Run
from bench.config.statements import Layer, read_option
from bench.errors import UsageError
from bench.training.experiment import Experiment, experiment_of
from bench.training.trainer import Trainer

STEPS = 3
BATCH = 12
"""Samples: a number that packs of 2, 3, 4 and 6 divide, for methods that judge samples together."""

SUITE = """
Suite.dataset = "{dataset}"
Suite.architecture = "{architecture}"
Suite.methods = ["{method}"]
Suite.seeds = 1

Experiment.steps = {steps}
Experiment.evaluations = {steps}
Experiment.log_every = 1
Experiment.latent_dim = 4
Experiment.device = "cpu"
"""

NARROW = ("g_width = 8", "d_width = 8")
NO_NORM = 'd_norm = "none"'

Tell = Callable[[str], None]
"""Is told, in a sentence, what is tried and what was refused."""

Tried = TypeVar("Tried")


@dataclass(frozen=True)
class Toy:
    """What a plug-in may be tried on, all of it by names of gin files.

    Attributes:
        dataset, architecture, method: one of each.
        bindings: that the suite has beside its own.
        batch: samples, whatever a recipe has.
        include: gin files that the suite includes.
    """

    dataset: str
    architecture: str = "mlp"
    method: str = "vanilla"
    bindings: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    batch: int = BATCH

    def __str__(self) -> str:
        own = f" ({', '.join(self.bindings)})" if self.bindings else ""
        return f"{self.dataset} with {self.architecture}{own}"

    def run(self) -> Run:
        """The one run of its suite.

        Raises:
            UsageError: for anything that a suite of a user's would be refused for.
        """
        with TemporaryDirectory() as folder:
            suite = Path(folder, "conformance.gin")
            suite.write_text(self.suite(), encoding="utf-8")
            batch = f"Experiment.batch_size = {self.batch}"
            return make_plan(str(suite), (), [batch], catalogue=Catalogue.of()).runs[0]

    def suite(self) -> str:
        """Its gin file, with networks as narrow as their gin file allows."""
        included = "".join(f'include "{name}"\n' for name in self.include)
        bindings = [*self._used(NARROW), *self.bindings]
        return (
            included
            + SUITE.format(
                dataset=self.dataset,
                architecture=self.architecture,
                method=self.method,
                steps=STEPS,
            )
            + "".join(f"{binding}\n" for binding in bindings)
        )

    def _used(self, bindings: Iterable[str]) -> list[str]:
        """Those that have an effect on its networks."""
        options = {text: read_option(text, "conform") for text in bindings}
        return [
            text
            for text, option in options.items()
            if alone("architectures", self.architecture, option).uses(option.bindings[0])
        ]


POINTS = Toy("ring")
PICTURES = Toy("digits", "dcgan", bindings=(NO_NORM, "ClassifierJudge.samples = 200"))
COLOUR = Toy(
    "photographs", "dcgan", bindings=(NO_NORM, "image_size = 16", "Photographs.pieces = 100")
)
NORMALIZED = Toy("digits", "dcgan")


def alone(kind: str, name: str, *overrides: Layer) -> Composition:
    """What a gin file composes with the base and some bindings, and nothing else.

    Raises:
        UsageError: there is no such file, or it is wrong.
    """
    catalogue = Catalogue.of()
    return on_base(catalogue, catalogue.find(kind, name, "NAME"), overrides=overrides)


def experiment(run: Run) -> Experiment:
    """The parts of a run, each made anew."""
    return experiment_of(Bound(run.config))


def trainer(run: Run) -> Trainer:
    """A trainer of a run, at its start."""
    parts = experiment(run)
    return Trainer(parts, run.seed, parts.judge(parts.data))


@contextmanager
def global_streams(seed: int) -> Iterator[None]:
    """Sets the global random streams, of which a plug-in knows nothing; they come back after."""
    with undisturbed():
        torch.manual_seed(seed)
        np.random.seed(seed)
        random.seed(seed)
        yield


def first_accepted(
    name: str, choices: Sequence[Tried], refusal: Callable[[Tried], str | None], tell: Tell
) -> Tried:
    """The first of what a plug-in may be tried on that it does not refuse.

    Args:
        name: of the plug-in.
        choices: from the usual one to the last resort.
        refusal: why the plug-in refuses one of them; None where it does not.
        tell: is told which it is, and the reason of each before.

    Raises:
        UsageError: all are refused; it has the reason of the last.
    """
    said = None
    for choice in choices:
        said = refusal(choice)
        if said is None:
            tell(f"tried on {choice}")
            return choice
        tell(f"refuses {choice}: {said}")
    raise UsageError(
        f"{name} refuses all that conform can try it on; of {choices[-1]} it says: {said}"
    )
