"""``ganbench report``: writes leaderboards and searches from records, and from nothing else."""

import argparse
from pathlib import Path

from rich.console import Console

from bench.commands.options import OUT, add_pages
from bench.report.below import pages_of
from bench.report.rewrite import rewrite


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the folders."""
    parser.add_argument("--runs", type=Path, default=OUT, help="folder of records")
    add_pages(parser, "--out")


def main(options: argparse.Namespace) -> int:
    """Writes every page anew, and says which."""
    console = Console()
    for kind, page in rewrite(options.runs, pages_of(options.runs, options.out)):
        console.print(f"{kind}: {page}", highlight=False)
    return 0
