"""All that a command has runs do: how much of it is over, and how long the rest will take."""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bench.config.run import Run
from bench.runs.progress import Progress
from bench.wording import clock


@dataclass(frozen=True)
class Rest:
    """What a list of runs is part of.

    Attributes:
        title: of all of it, on a screen.
        total: runs of all of it; None where the list is all.
        after: runs that follow the list, by method.
    """

    title: str = "all runs"
    total: int | None = None
    after: Counter[str] = field(default_factory=Counter)


ALL = Rest()
"""The list is all."""


@dataclass(frozen=True)
class _Pace:
    """Seconds, and what was done in them: shares of a run."""

    seconds: float = 0.0
    shares: float = 0.0

    def __add__(self, other: "_Pace") -> "_Pace":
        return _Pace(self.seconds + other.seconds, self.shares + other.shares)


@dataclass
class _Attempt:
    """A run under way: when it began, its share when it did, and its share now."""

    run: Run
    began: float
    first: float | None = None
    share: float = 0.0

    def pace(self, now: float) -> _Pace:
        return _Pace(now - self.began, max(0.0, self.share - (self.first or 0.0)))


class Whole:
    """Counts runs, and tells from their pace how long all of them will take.

    The pace is in seconds for a run's steps, each method's own as soon as one of its runs has made
    any. Steps that a checkpoint had are nobody's pace. How many runs go on side by side is told
    from the seconds of all of them against those that have passed.

    Args:
        now: the time, in seconds.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self.title = ALL.title
        self.over = self.total = 0
        self._starter = ""
        self._now = now
        self._start = now()
        self._worked: float | None = None  # since when
        self._left: dict[str, tuple[str, float]] = {}  # of each run, its method and its share
        self._after: Counter[str] = Counter()
        self._going: dict[str, _Attempt] = {}
        self._paces: defaultdict[str, _Pace] = defaultdict(_Pace)

    def expect(self, runs: Sequence[Run], starter: str, rest: Rest) -> None:
        """See ``bench.engines.screen.Screen``."""
        self.title, self._after, self._starter = rest.title, rest.after, starter
        self._left = {run.id: (run.method, 1.0) for run in runs}
        self.total = len(runs) if rest.total is None else rest.total
        self.over = self.total - len(runs) - rest.after.total()

    def started(self, run: Run) -> None:
        """A run begins, or begins again."""
        self._left[run.id] = (run.method, 1.0)
        self._going[run.id] = _Attempt(run, self._now())
        if self._worked is None:
            self._worked = self._now()

    def progressed(self, run: Run, progress: Progress) -> None:
        """A run under way has news."""
        attempt = self._going[run.id]
        attempt.share = progress.step / progress.steps
        if attempt.first is None:
            attempt.first = attempt.share
        self._left[run.id] = (run.method, 1 - attempt.share)

    def interrupted(self, run: Run) -> None:
        """A run ends for now, and will begin again."""
        self._end(run)

    def given_away(self, run: Run) -> None:
        """A run is somebody else's, for now at least."""
        self._end(run)
        self._left.pop(run.id, None)

    def settled(self, run: Run) -> None:
        """A run is over."""
        self._end(run)
        self._left.pop(run.id, None)
        self.over += 1

    @property
    def remaining(self) -> float | None:
        """Seconds until all is over, as far as can be told; None before any pace is known."""
        # A screen asks from a thread of its own: what is gone through here is a copy.
        paces = defaultdict(_Pace, self._paces)
        for attempt in [*self._going.values()]:
            paces[attempt.run.method] += attempt.pace(self._now())
        common = sum(paces.values(), _Pace())
        if self._worked is None or not common.shares or not common.seconds:
            return None

        def each(method: str) -> float:
            own = paces[method] if paces[method].shares else common
            return own.seconds / own.shares

        ours = [share * each(method) for method, share in [*self._left.values()]]
        later = sum(count * each(method) for method, count in self._after.items())
        side_by_side = common.seconds / (self._now() - self._worked)
        return max((sum(ours) + later) / side_by_side, *ours, 0.0)

    @property
    def text(self) -> str:
        """``1:23 elapsed, about 10:40 left``, or what is waited for."""
        elapsed = f"{clock(self._now() - self._start)} elapsed"
        remaining = self.remaining
        if remaining is None and not self._going and self._left:
            return f"{elapsed}, waiting for {self._starter}"
        if remaining is None or self.over == self.total:
            return elapsed
        return f"{elapsed}, about {clock(remaining)} left"

    def _end(self, run: Run) -> None:
        attempt = self._going.pop(run.id, None)
        if attempt is not None:
            self._paces[run.method] += attempt.pace(self._now())
