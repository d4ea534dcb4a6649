"""``ganbench report``: writes leaderboards and searches from records, and from nothing else."""

import argparse

from rich.console import Console

from bench.commands.options import add_pages, add_runs
from bench.report.below import pages_of
from bench.report.rewrite import rewrite


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the folders."""
    add_runs(parser)
    add_pages(parser, "--out")


def main(options: argparse.Namespace) -> int:
    """Writes every page anew, and says which."""
    console = Console()
    for kind, page in rewrite(options.runs, pages_of(options.runs, options.leaderboards)):
        console.print(f"{kind}: {page}", highlight=False)
    return 0
