"""Options that several commands have alike: what chooses a suite's runs, and where these are."""

import argparse
from pathlib import Path

from bench.config.names import find
from bench.config.plan import Plan, make_plan
from bench.engines.choose import ENGINES, Where

OUT = Path("runs")


def add_suite(parser: argparse.ArgumentParser) -> None:
    """Adds the suite, and what overrides its bindings."""
    parser.add_argument("suite", metavar="SUITE", help="a name (see ganbench list) or a gin file")
    parser.add_argument("--gin_file", action="append", default=[], help="gin file that overrides")
    parser.add_argument(
        "--gin_bindings",
        action="append",
        default=[],
        metavar="B",
        help="binding that overrides, such as 'Suite.methods = [\"as_gan\"]'",
    )


def add_out(parser: argparse.ArgumentParser, *names: str) -> None:
    """Adds the runs folder, under ``--out`` and other names."""
    parser.add_argument(*names, "--out", dest="out", type=Path, default=OUT, help="folder of runs")


def add_opening(parser: argparse.ArgumentParser) -> None:
    """Adds what is needed to open runs of which the record does not say all."""
    parser.add_argument(
        "--suite",
        metavar="FILE",
        help="the runs' suite, where it is not one of ganbench's: it has their data, and imports "
        "what their networks are made of",
    )


def add_pages(parser: argparse.ArgumentParser, name: str = "--leaderboards") -> None:
    """Adds where pages are written."""
    parser.add_argument(
        name, type=Path, metavar="DIR", help="folder of pages; default: pages in the runs folder"
    )


def add_scale(parser: argparse.ArgumentParser) -> None:
    """Adds what makes a suite smaller, or has other seeds."""
    parser.add_argument("--scale", help="a name under gin/scales: trial shrinks a suite to try it")
    parser.add_argument("--seeds", type=int, help="number of seeds, in place of the suite's")


def plan_of(options: argparse.Namespace) -> Plan:
    """The plan that the options of ``add_suite`` and ``add_scale`` choose."""
    scale = [str(find("scales", options.scale, "--scale"))] if options.scale else []
    gin_files = [*scale, *options.gin_file]
    return make_plan(options.suite, gin_files, options.gin_bindings, options.seeds)


def add_where(parser: argparse.ArgumentParser) -> None:
    """Adds where runs execute, and how much trouble one may make."""
    usual = Where()
    group = parser.add_argument_group("where runs execute")
    group.add_argument("--engine", choices=ENGINES, default=usual.engine)
    group.add_argument("--jobs", type=int, help="runs at a time; default: one a processor or GPU")
    group.add_argument(
        "--runs_per_gpu",
        type=int,
        default=usual.runs_per_gpu,
        metavar="N",
        help="runs side by side on one GPU",
    )
    group.add_argument(
        "--retries",
        type=int,
        default=usual.retries,
        metavar="N",
        help="further attempts at a run that failed",
    )
    group.add_argument(
        "--time_limit",
        type=float,
        default=usual.time_limit,
        metavar="MINUTES",
        help="without news of a run, after which it is killed (default: %(default)g)",
    )
    group.add_argument("--address", help="of the Ray cluster; default: one on this machine")
    group.add_argument(
        "--slurm",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="parameter of SLURM jobs, such as partition=gpu or time=120",
    )


def where_of(options: argparse.Namespace) -> Where:
    """Where the options of ``add_where`` have runs execute.

    Raises:
        UsageError: names an option that no engine could follow.
    """
    return Where(
        engine=options.engine,
        jobs=options.jobs,
        runs_per_gpu=options.runs_per_gpu,
        retries=options.retries,
        time_limit=options.time_limit,
        address=options.address,
        slurm=tuple(options.slurm),
    )
