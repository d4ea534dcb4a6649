"""Asks theory about a run and holds the answer against the run's trajectory."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import gin
from torch.optim import SGD, Optimizer

from bench.missing import Numbers, known
from bench.runs.records import Expectation
from bench.theory.prediction import Prediction, Updates
from bench.theory.trajectory import Trajectory
from methods.base import GAN, Method

ClosedForm = Callable[[Any, Updates], Prediction | None]
"""From a method, as configured, and how it descends, to what it will do, where that is known."""


@gin.register
@dataclass(frozen=True)
class Theory:
    """Which theory speaks of which method; a method that is not named has none.

    Attributes:
        alternating: by method, where the generator updates after the discriminator.
        simultaneous: by method, where both update where they stood.
    """

    alternating: Mapping[str, ClosedForm] = field(default_factory=dict)
    simultaneous: Mapping[str, ClosedForm] = field(default_factory=dict)

    def predict(self, name: str, method: Method, gan: GAN) -> Prediction | None:
        """What the method will do, or None where no theory says.

        Args:
            name: the method's, as in the suite.
            method: with its hyper-parameters.
            gan: for its optimizers.

        Raises:
            ValueError: where an optimizer is not plain gradient descent.
        """
        form = self.alternating.get(name) or self.simultaneous.get(name)
        if form is None:
            return None
        rates = (_rate("d_optimizer", gan.d_optimizer), _rate("g_optimizer", gan.g_optimizer))
        return form(method, Updates(*rates, simultaneous=name in self.simultaneous))

    def compare(
        self,
        name: str,
        method: Method,
        gan: GAN,
        scores: Sequence[Numbers],
        probes: Sequence[Numbers],
    ) -> Expectation | None:
        """What a run's record says of theory and run, or None where no theory speaks of it.

        Args:
            name: the method's, as in the suite.
            method: with its hyper-parameters.
            gan: for its optimizers.
            scores: the run's, with the location.
            probes: its diagnostics.
        """
        prediction = self.predict(name, method, gan)
        if prediction is None:
            return None
        observed = prediction.measure(Trajectory.of(scores, probes))
        return {
            "updates": "simultaneous" if name in self.simultaneous else "alternating",
            "verdict": prediction.behaviour,
            "quantity": prediction.quantity,
            "formula": prediction.formula,
            "eigenvalues": [[value.real, value.imag] for value in prediction.eigenvalues],
            "predicted": prediction.value,
            "tolerance": prediction.tolerance,
            "observed": known(observed),
            "agrees": prediction.agrees(observed),
        }


def _rate(player: str, optimizer: Optimizer) -> float:
    group = optimizer.param_groups[0]
    # Below zero, which torch's SGD takes from nobody, momentum is a method's own doing.
    if not isinstance(optimizer, SGD) or group["momentum"] > 0 or group["weight_decay"]:
        raise ValueError(
            f"{player} = {type(optimizer).__name__}: the closed forms are those of plain gradient "
            "descent; bind @generator/SGD and @discriminator/SGD, without momentum"
        )
    return float(group["lr"])
