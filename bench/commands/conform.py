"""``ganbench conform``: whether plug-ins do what each of their kind must."""

import argparse

import torch
from rich.console import Console

from bench.config.catalogue import Catalogue
from bench.conformance.faults import Subject, faults, subject
from bench.conformance.kinds import KINDS, Kind, kind_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the names, and their kind where it is in doubt."""
    parser.add_argument(
        "names",
        nargs="+",
        metavar="NAME",
        help="of a method, an architecture, a data set or a judge (see ganbench list)",
    )
    parser.add_argument(
        "--kind", choices=KINDS, help="of all of them; default: where each is found"
    )


def main(options: argparse.Namespace) -> int:
    """Finds what each plug-in can be tried on, then runs every check and prints a line on each."""
    torch.set_num_threads(1)
    catalogue = Catalogue.of()
    told: dict[str, list[str]] = {}
    found: dict[str, tuple[Kind, Subject]] = {}
    for name in options.names:
        kind = KINDS[options.kind] if options.kind else kind_of(name, catalogue)
        told[name] = [f"{name}: {catalogue.find(kind.tree, name, 'NAME')}"]
        found[name] = kind, subject(kind, name, told[name].append)
    console = Console(highlight=False, markup=False, soft_wrap=True)
    failures = 0
    for name, (kind, tried) in found.items():
        console.print("\n".join(told[name]))
        for check, fault in faults(kind, tried):
            failures += fault is not None
            console.print(f"{check}: {fault or 'ok'}")
    return 1 if failures else 0
