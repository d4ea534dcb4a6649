"""Options that several commands have alike: what chooses a suite's runs, and where these are."""

import argparse
from pathlib import Path

from bench.config.names import find
from bench.config.plan import Plan, make_plan

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
