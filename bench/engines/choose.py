"""The engines by name, and what the caller says of where and how runs execute."""

from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

from bench.callbacks.choose import require
from bench.engines.base import Engine
from bench.engines.drive import Limits
from bench.errors import UsageError, nearest

ENGINES = {
    "local": "bench.engines.local",
    "ray": "bench.engines.on_ray",
    "slurm": "bench.engines.on_slurm",
}
"""Modules with functions ``make`` and ``places``, as below; imported only when chosen."""


@dataclass(frozen=True)
class Where:
    """Where runs execute, how many at a time, and how much trouble one may make.

    Attributes:
        engine: one of ``ENGINES``.
        jobs: runs at a time; None for one a processor or GPU.
        runs_per_gpu: runs side by side on one GPU.
        retries: further attempts at a run that failed.
        time_limit: minutes without news of a run, after which it is killed.
        address: of the Ray cluster; None for one on this machine.
        slurm: parameters of SLURM's jobs, each KEY=VALUE.
        callbacks: the names of those that listen to runs.
    """

    engine: str = "local"
    jobs: int | None = None
    runs_per_gpu: int = 1
    retries: int = 1
    time_limit: float = 60.0
    address: str | None = None
    slurm: tuple[str, ...] = field(default=())
    callbacks: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        """Refuses what no engine could do, and callbacks that cannot be had.

        Raises:
            UsageError: names the option.
        """
        if self.engine not in ENGINES:
            raise UsageError(f"--engine {self.engine}: {nearest(self.engine, ENGINES)}")
        for name, least in (("jobs", 1), ("runs_per_gpu", 1), ("retries", 0)):
            value = getattr(self, name)
            if value is not None and value < least:
                raise UsageError(f"--{name} {value}: it must be at least {least}")
        if self.time_limit <= 0:
            raise UsageError(f"--time_limit {self.time_limit:g}: it must be more than 0 minutes")
        if self.address and self.engine != "ray":
            raise UsageError(f"--address is an option of --engine ray, not of {self.engine}")
        if self.slurm and self.engine != "slurm":
            raise UsageError(f"--slurm is an option of --engine slurm, not of {self.engine}")
        require(self.callbacks)

    @property
    def limits(self) -> Limits:
        """How much trouble a run may make."""
        return Limits(self.retries, 60 * self.time_limit)


def places(where: Where) -> float:
    """How many runs go on side by side, once the options are checked; nothing is started for it.

    Returns:
        A number; infinite where it is for a queue to decide.

    Raises:
        UsageError: the engine is not installed, or its options are wrong.
    """
    found: float = import_module(ENGINES[where.engine]).places(where)
    return found


def make(where: Where, out: Path) -> Engine:
    """The engine that was chosen.

    Args:
        where: the choice.
        out: the runs folder, which all places of the engine see.

    Raises:
        UsageError: where it cannot be had, or its options are wrong.
    """
    engine: Engine = import_module(ENGINES[where.engine]).make(where, out)
    return engine
