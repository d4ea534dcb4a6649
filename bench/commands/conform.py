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
from bench.conformance.toys import Tell
from bench.errors import UsageError

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
    found: dict[str, tuple[tuple[Check, ...], Run | None]] = {}
    for name in options.names:
        kind = KINDS[options.kind] if options.kind else kind_of(name, catalogue)
        told[name] = [f"{name}: {catalogue.find(kind.tree, name, 'NAME')}"]
        found[name] = kind.checks, _subject(kind, name, told[name].append)
    console = Console(highlight=False, markup=False, soft_wrap=True)
    failures = 0
    for name, (checks, run) in found.items():
        console.print("\n".join(told[name]))
        if run is None:
            failures += 1
            continue
        for check in checks:
            fault = _fault(check, run)
            failures += fault is not None
            console.print(f"{check.__name__.replace('_', ' ')}: {fault or 'ok'}")
    return 1 if failures else 0


def _subject(kind: Kind, name: str, tell: Tell) -> Run | None:
    """The run that a plug-in is tried in; None where it breaks before, which is told."""
    try:
        return kind.subject(name, tell)
    except UsageError:
        raise
    except Exception as error:  # of a stranger's code
        tell(f"cannot be tried: {_said(error)}")
    return None


def _fault(check: Check, run: Run) -> str | None:
    """What is wrong, in a line, or None."""
    try:
        check(run)
    except Exception as error:
        return _said(error)
    return None


def _said(error: Exception) -> str:
    """An error in a line, with the last line of code outside torch that it came from."""
    notes = getattr(error, "__notes__", [])
    if isinstance(error, NotConforming):
        return "; ".join([str(error), *notes])
    frames = [
        f"{frame.filename}:{frame.lineno}"
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith(_TORCH)
    ]
    said = "; ".join([f"{type(error).__name__}: {first_line(error)}", *notes])
    return f"{said} ({frames[-1]})"
