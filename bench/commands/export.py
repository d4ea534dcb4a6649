"""``ganbench export``: the weights of a run's generator, for anyone to open."""

import argparse
from pathlib import Path

from bench.commands.options import add_opening
from bench.errors import UsageError
from bench.files import write_whole
from bench.training.export import exported
from bench.training.finished import open_run
from bench.writable import require_writable_file

ENDING = ".safetensors"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the run and the file."""
    parser.add_argument("run", metavar="RUN", type=Path, help="folder of a run that has ended")
    parser.add_argument(
        "--out",
        type=Path,
        default=Path(f"generator{ENDING}"),
        metavar="FILE",
        help="file that the weights are written to (default: %(default)s)",
    )
    add_opening(parser)


def main(options: argparse.Namespace) -> int:
    """Writes the file, and says where."""
    out: Path = options.out
    if out.suffix != ENDING:
        raise UsageError(f"--out {out}: weights are written as {ENDING}; name such a file")
    require_writable_file("--out", out)
    write_whole(out, exported(open_run(options.run, suite=options.suite)))
    print(f"generator: {out}")
    return 0
