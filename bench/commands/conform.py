"""``ganbench conform``: whether a method does what every method must."""

import argparse
import traceback
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from rich.console import Console

from bench.config.catalogue import Catalogue
from bench.config.run import Run
from bench.conformance import method as conformance

_TORCH = str(Path(torch.__file__).parent)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the method."""
    parser.add_argument("method", metavar="METHOD", help="a name (see ganbench list methods)")


def main(options: argparse.Namespace) -> int:
    """Runs every check and prints a line on each."""
    path = Catalogue.of().find("methods", options.method, "METHOD")
    console = Console(highlight=False, markup=False, soft_wrap=True)
    console.print(f"{options.method}: {path}")
    torch.set_num_threads(1)
    failures = 0
    with TemporaryDirectory() as folder:
        run = conformance.toy_run(options.method, Path(folder))
        for check in conformance.CHECKS:
            fault = _fault(check, run)
            failures += fault is not None
            console.print(f"{check.__name__.replace('_', ' ')}: {fault or 'ok'}")
    return 1 if failures else 0


def _fault(check: conformance.Check, run: Run) -> str | None:
    """What is wrong, in a line, or None; an error is given with the last line outside torch."""
    try:
        check(run)
    except conformance.NotConforming as fault:
        return str(fault)
    except Exception as error:
        frames = [
            f"{frame.filename}:{frame.lineno}"
            for frame in traceback.extract_tb(error.__traceback__)
            if not frame.filename.startswith(_TORCH)
        ]
        summary = traceback.format_exception_only(error)[-1].strip()
        return f"{summary} ({frames[-1]})"
    return None
