"""``ganbench list``: what there is to choose from."""

import argparse
import sys

from rich.console import Console
from rich.table import Table

from bench.config import names
from bench.errors import UsageError, nearest


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds what is to be listed."""
    parser.add_argument("kind", nargs="?", metavar="|".join(names.KINDS), help="default: all")


def main(options: argparse.Namespace) -> int:
    """Prints a table a kind."""
    if options.kind is not None and options.kind not in names.KINDS:
        kind = options.kind
        raise UsageError(f"there is no list of {kind!r}; {nearest(kind, names.KINDS)}")
    console = Console()
    for kind in [options.kind] if options.kind else names.KINDS:
        table = Table(title=kind, title_justify="left", box=None, show_header=False)
        table.add_column(no_wrap=True, style="bold")
        table.add_column()
        for name, path in names.available(kind).items():
            table.add_row(name, names.description(path))
        if table.row_count:
            console.print(table)
        if kind == "methods":
            _print_ignored()
    return 0


def _print_ignored() -> None:
    """Says which methods of other packages are not in the list, and why."""
    for sentences in names.installed().ignored.values():
        for sentence in sentences:
            print(f"ganbench: ignored: {sentence}", file=sys.stderr)
