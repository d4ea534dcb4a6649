"""``ganbench figure``: pictures of runs, from their records and checkpoints."""

import argparse
from pathlib import Path

import matplotlib
from matplotlib.backend_bases import FigureCanvasBase

from bench.commands.options import add_opening
from bench.errors import UsageError, nearest
from bench.figures.choose import FIGURES, drawer
from bench.figures.numbers import numbers
from bench.figures.subject import open_all
from bench.report.style import STYLE
from bench.waiting import waiting
from bench.writable import require_writable_file

FORMATS = {*FigureCanvasBase.get_supported_filetypes(), "csv"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the figure and the runs."""
    names = "; ".join(f"{name}: {text}" for name, text in FIGURES.items())
    parser.add_argument("name", metavar="NAME", help=names)
    parser.add_argument("runs", metavar="RUN", nargs="+", type=Path, help="folder of a run or more")
    add_opening(parser)
    parser.add_argument(
        "--out",
        type=Path,
        help="file that the figure is written to, in the format of its name (default: NAME.png); "
        "as .csv the numbers of its lines",
    )


def main(options: argparse.Namespace) -> int:
    """Draws, and says where."""
    draw = drawer(options.name)
    out: Path = options.out or Path(f"{options.name}.png")
    ending = out.suffix.removeprefix(".")
    if ending not in FORMATS:
        raise UsageError(f"--out {out}: no figure can be a .{ending}; {nearest(ending, FORMATS)}")
    require_writable_file("--out", out)
    with waiting("drawing"), matplotlib.rc_context(STYLE | {"savefig.dpi": 160}):
        figure = draw(open_all(options.runs, options.suite))
        out.parent.mkdir(parents=True, exist_ok=True)
        if ending == "csv":
            numbers(figure).to_csv(out, index=False, float_format="%.6g")
        else:
            figure.savefig(out, metadata={"Date": None} if ending == "svg" else None)
    print(f"figure: {out}")
    return 0
