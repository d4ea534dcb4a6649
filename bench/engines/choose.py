"""The engines by name, and the options that choose one and limit what it does."""

import argparse
from importlib import import_module

from bench.engines.base import Engine
from bench.engines.drive import Limits
from bench.errors import UsageError

ENGINES = {
    "local": "bench.engines.local",
    "ray": "bench.engines.on_ray",
    "slurm": "bench.engines.on_slurm",
}
"""Modules with a function ``make(options) -> Engine``; imported only when chosen."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options that every command with runs to do has."""
    group = parser.add_argument_group("where runs execute")
    group.add_argument("--engine", choices=ENGINES, default="local")
    group.add_argument("--jobs", type=int, help="runs at a time; default: one a processor or GPU")
    group.add_argument(
        "--runs_per_gpu", type=int, default=1, metavar="N", help="runs side by side on one GPU"
    )
    group.add_argument(
        "--retries", type=int, default=1, metavar="N", help="further attempts at a run that failed"
    )
    group.add_argument(
        "--time_limit",
        type=float,
        default=60.0,
        metavar="MINUTES",
        help="without news of a run, after which it is killed (default: 60)",
    )
    group.add_argument("--address", help="of the Ray cluster; default: one on this machine")
    group.add_argument(
        "--slurm",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="parameter of SLURM jobs, such as partition=gpu or time=120",
    )


def check(options: argparse.Namespace) -> None:
    """Refuses what no engine could do.

    Raises:
        UsageError: names the option.
    """
    for name, least in (("jobs", 1), ("runs_per_gpu", 1), ("retries", 0)):
        value = getattr(options, name)
        if value is not None and value < least:
            raise UsageError(f"--{name} {value}: it must be at least {least}")
    if options.time_limit <= 0:
        raise UsageError(f"--time_limit {options.time_limit:g}: it must be more than 0 minutes")
    if options.address and options.engine != "ray":
        raise UsageError(f"--address is an option of --engine ray, not of {options.engine}")
    if options.slurm and options.engine != "slurm":
        raise UsageError(f"--slurm is an option of --engine slurm, not of {options.engine}")


def make(options: argparse.Namespace) -> Engine:
    """The engine that was chosen.

    Raises:
        UsageError: where it cannot be had, or its options are wrong.
    """
    check(options)
    engine: Engine = import_module(ENGINES[options.engine]).make(options)
    return engine


def limits(options: argparse.Namespace) -> Limits:
    """How much trouble a run may make."""
    return Limits(options.retries, 60 * options.time_limit)
