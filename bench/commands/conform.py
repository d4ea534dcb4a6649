"""``ganbench conform``: whether plug-ins do what each of their kind must."""

import argparse
import traceback
from pathlib import Path

import torch
from rich.console import Console

from bench.config.catalogue import Catalogue
from bench.config.facts import first_line
from bench.config.run import Run
from bench.conformance.kinds import KINDS, Kind, kind_of
from bench.conformance.requirements import Check, NotConforming

_TORCH = str(Path(torch.__file__).parent)


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
    found: dict[str, tuple[Kind, Run]] = {}
    for name in options.names:
        kind = KINDS[options.kind] if options.kind else kind_of(name, catalogue)
        told[name] = [f"{name}: {catalogue.find(kind.tree, name, 'NAME')}"]
        found[name] = kind, kind.subject(name, told[name].append)
    console = Console(highlight=False, markup=False, soft_wrap=True)
    failures = 0
    for name, (kind, run) in found.items():
        console.print("\n".join(told[name]))
        for check in kind.checks:
            fault = _fault(check, run)
            failures += fault is not None
            console.print(f"{check.__name__.replace('_', ' ')}: {fault or 'ok'}")
    return 1 if failures else 0


def _fault(check: Check, run: Run) -> str | None:
    """What is wrong, in a line, or None; an error is given with the last line outside torch."""
    try:
        check(run)
    except NotConforming as fault:
        return "; ".join([str(fault), *_notes(fault)])
    except Exception as error:
        frames = [
            f"{frame.filename}:{frame.lineno}"
            for frame in traceback.extract_tb(error.__traceback__)
            if not frame.filename.startswith(_TORCH)
        ]
        said = "; ".join([f"{type(error).__name__}: {first_line(error)}", *_notes(error)])
        return f"{said} ({frames[-1]})"
    return None


def _notes(error: Exception) -> list[str]:
    return getattr(error, "__notes__", [])
