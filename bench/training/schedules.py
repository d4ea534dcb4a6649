"""Numbers that change in the course of a training, bound in gin where a number would be.

Example: both players' learning rates, whatever they are, decay to nothing after a warm-up::

    Experiment.lr_factor = @warm_up()
    warm_up.steps = 500
    warm_up.then = @linear()
    linear.start = 1.0
    linear.end = 0.0

Scopes tell several of a kind apart: ``R3GAN.gamma = @gamma/cosine()``. A schedule of a user's own
is a function that gin knows, annotated to return a ``Schedule``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import cos, pi
from typing import Any

import gin

Curve = Callable[[int, int], float]
"""From the steps done, and the steps of the whole training, to the value in the next step."""


class Schedule(float):
    """A number that follows the generator's steps; taken for a plain one, it is its first value.

    Args:
        curve: its values.
        spans: whether the length of the training decides them, so that a longer one begins
            otherwise.
    """

    curve: Curve
    spans: bool

    def __new__(cls, curve: Curve, spans: bool) -> Schedule:
        """A number whose plain value is the curve's first."""
        schedule = super().__new__(cls, curve(0, 1))
        schedule.curve, schedule.spans = curve, spans
        return schedule

    def __eq__(self, other: object) -> bool:
        """Itself alone: one that starts from a default must not be taken for it."""
        return self is other

    def __ne__(self, other: object) -> bool:
        """Anything else."""
        return self is not other

    __hash__ = object.__hash__

    def __deepcopy__(self, memo: dict[int, Any]) -> Schedule:
        return self


def moves(bound: Any) -> bool:
    """Whether what a parameter is bound to is a schedule, or a list or tuple that has one."""
    items = bound if isinstance(bound, list | tuple) else (bound,)
    return any(isinstance(item, Schedule) for item in items)


def scaled(number: float, factor: float) -> Schedule:
    """The product of two numbers, of which either may follow a schedule."""
    first, second = _curve(number), _curve(factor)
    spans = _spans(number) or _spans(factor)
    return Schedule(lambda step, total: first(step, total) * second(step, total), spans)


@gin.register
def linear(start: float, end: float, steps: int | None = None, delay: int = 0) -> Schedule:
    """From ``start`` to ``end`` in equal steps, then constant.

    Args:
        start: its first value.
        end: its last value.
        steps: generator steps that the change takes; None for the rest of the training.
        delay: generator steps before it begins.

    Raises:
        ValueError: for a length that is none.
    """
    return _between(start, end, steps, delay, lambda share: share)


@gin.register
def cosine(start: float, end: float, steps: int | None = None, delay: int = 0) -> Schedule:
    """From ``start`` to ``end`` along half a cosine, slow at both ends, then constant.

    Source: Loshchilov and Hutter 2017 (arXiv:1608.03983), eq. 5, without restarts.

    Args:
        start: its first value.
        end: its last value.
        steps: see ``linear``.
        delay: see ``linear``.

    Raises:
        ValueError: for a length that is none.
    """
    return _between(start, end, steps, delay, lambda share: (1 - cos(pi * share)) / 2)


@gin.register
def piecewise(values: Sequence[float], at: Sequence[int]) -> Schedule:
    """Constant between steps at which it jumps.

    Args:
        values: one more than ``at``.
        at: generator steps after which the next value holds, in rising order.

    Raises:
        ValueError: where these do not fit together.
    """
    _require_plain(values=values, at=at)
    if len(values) != len(at) + 1:
        raise ValueError(f"values = {list(values)}: for {len(at)} jumps it must be {len(at) + 1}")
    if list(at) != sorted(set(at)) or (at and at[0] < 1):
        raise ValueError(f"at = {list(at)}: it must be steps from 1 on, each later than the last")
    return Schedule(lambda step, _: float(values[sum(step >= jump for jump in at)]), spans=False)


@gin.register
def warm_up(steps: int, then: float = 1.0) -> Schedule:
    """Rises from a share of 1 / ``steps`` in the first step to all of ``then``.

    Args:
        steps: generator steps until it is all.
        then: a number, or a schedule, whose steps count from the beginning of the training.

    Raises:
        ValueError: for a length that is none.
    """
    _require_plain(steps=steps)
    if steps < 1:
        raise ValueError(f"steps = {steps}: a warm-up takes at least 1")
    return scaled(Schedule(lambda step, _: min(1.0, (step + 1) / steps), spans=False), then)


@gin.register
def half_life(steps: float) -> Schedule:
    """The decay of an average that forgets half of what it was in so many steps.

    Args:
        steps: generator steps, a number or a schedule; 0 for an average that remembers nothing.

    Raises:
        ValueError: for a number below 0.
    """
    if steps < 0:
        raise ValueError(f"steps = {steps}: a half-life is 0 or more")
    length = _curve(steps)

    def decay(step: int, total: int) -> float:
        half = length(step, total)
        return 0.5 ** (1 / half) if half > 0 else 0.0

    return Schedule(decay, _spans(steps))


def _spans(number: float) -> bool:
    return isinstance(number, Schedule) and number.spans


def _curve(number: float) -> Curve:
    return number.curve if isinstance(number, Schedule) else lambda step, total: number


def _require_plain(**given: Any) -> None:
    """Refuses a schedule of what makes one, of which its first value alone would be seen."""
    for name, bound in given.items():
        if moves(bound):
            raise ValueError(
                f"{name} = a schedule: of schedules, warm_up.then and half_life.steps alone can "
                "follow another; bind a number"
            )


def _between(
    start: float, end: float, steps: int | None, delay: int, shape: Callable[[float], float]
) -> Schedule:
    _require_plain(start=start, end=end, steps=steps, delay=delay)
    if steps is not None and steps < 1:
        raise ValueError(f"steps = {steps}: a change takes at least 1; None is for all there are")
    if delay < 0:
        raise ValueError(f"delay = {delay}: it is 0 or more")

    def curve(step: int, total: int) -> float:
        length = max(1, total - delay) if steps is None else steps
        share = min(1.0, max(0, step - delay) / length)
        return start + (end - start) * shape(share)

    return Schedule(curve, spans=steps is None)
