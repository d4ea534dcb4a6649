"""``ganbench list``: what there is to choose from, and where each comes from."""

import argparse
import sys

from rich.console import Console
from rich.table import Table

from bench.config.catalogue import Catalogue, description
from bench.config.groups import Methods
from bench.config.trees import KINDS
from bench.errors import UsageError, nearest


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds what is to be listed."""
    parser.add_argument("kind", nargs="?", metavar="|".join(KINDS), help="default: all")


def main(options: argparse.Namespace) -> int:
    """Prints a table a kind; 1 where a name stands for several files, or a package is broken."""
    if options.kind is not None and options.kind not in KINDS:
        raise UsageError(f"there is no list of {options.kind!r}; {nearest(options.kind, KINDS)}")
    console = Console(markup=False)
    catalogue = Catalogue.of()
    faults = list(catalogue.faults)
    for kind in [options.kind] if options.kind else KINDS:
        table = _table(catalogue, kind, faults)
        if table.row_count:
            console.print(table)
        if kind == "methods":
            console.print(_groups(Methods(catalogue)))
    for fault in faults:
        print(f"ganbench: {fault}", file=sys.stderr)
    return 1 if faults else 0


def _table(catalogue: Catalogue, kind: str, faults: list[str]) -> Table:
    """A row a name: what it is called, where it comes from, and what it is.

    Args:
        catalogue: of what there is.
        kind: of the names.
        faults: takes a sentence on each name that cannot be used.
    """
    table = _plain(kind)
    table.add_column(no_wrap=True, style="dim")
    table.add_column()
    for name, path in catalogue.available(kind).items():
        tree = catalogue.tree(path)
        try:
            table.add_row(name, tree.origin if tree else "", description(path))
        except UsageError as error:
            faults.append(str(error))
    faults += catalogue.clashes(kind)
    return table


def _groups(methods: Methods) -> Table:
    """A row a group: its name, and the methods in it."""
    table = _plain("groups of methods")
    table.add_column()
    for name, members in methods.groups.items():
        table.add_row(name, ", ".join(members))
    return table


def _plain(title: str) -> Table:
    """A table of names, and of what is to be added to them."""
    table = Table(title=title, title_justify="left", box=None, show_header=False)
    table.add_column(no_wrap=True, style="bold")
    return table
