"""``ganbench sample``: what a run's generator draws, as files."""

import argparse
import sys
from pathlib import Path

from bench.commands.options import add_opening
from bench.errors import UsageError
from bench.figures.files import writer
from bench.training.finished import open_run
from bench.writable import require_writable, require_writable_file


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the run, how many, of which latents, and where to."""
    parser.add_argument("run", metavar="RUN", type=Path, help="folder of a run that has ended")
    parser.add_argument("--n", type=int, default=64, help="how many (default: %(default)s)")
    parser.add_argument(
        "--seed",
        type=int,
        metavar="S",
        help="of other latents; default: the run's own, whose samples were scored",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR|FILE",
        help="where samples are written to: a folder, for a PNG each; FILE.png, for one picture of "
        "all; FILE.npy, for an array; "
        "default: samples, or samples.npy where they are no pictures",
    )
    add_opening(parser)


def main(options: argparse.Namespace) -> int:
    """Draws and writes them, and says where."""
    if options.n < 1:
        raise UsageError(f"--n {options.n}: it must be at least 1")
    run = open_run(options.run, None, options.suite)
    data = run.experiment.data
    out: Path = options.out or Path("samples" if len(data.shape) == 3 else "samples.npy")
    write = writer(out, data.name, tuple(data.shape))
    (require_writable_file if out.suffix else require_writable)("--out", out)
    if options.seed is None and not run.draws_its_own:
        print(
            f"ganbench: the run was trained on {run.record['provenance']['device']}, and latents "
            "drawn here are others than those of its scores",
            file=sys.stderr,
        )
    write(out, run.sample(options.n, options.seed))
    print(f"samples: {out}")
    return 0
