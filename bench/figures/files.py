"""Samples as files that others can use: pictures, one picture of all of them, or an array."""

import io
from collections.abc import Callable
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from torch import Tensor

from bench.data.tiles import png, sheet
from bench.errors import UsageError, nearest
from bench.files import write_whole
from bench.report.style import STYLE

Write = Callable[[Path, Tensor], None]

PICTURE, ARRAY = ".png", ".npy"


def writer(out: Path, name: str, shape: tuple[int, ...]) -> Write:
    """What writes samples to ``out``, by its ending: .png, .npy, or none for a folder of pictures.

    Args:
        out: to be written.
        name: of the data set.
        shape: of a sample.

    Raises:
        UsageError: such samples cannot be written so, or the folder holds something already.
    """
    pictures = len(shape) == 3 and shape[0] in (1, 3)
    drawn: dict[str, Write] = {PICTURE: _grid} if pictures else {}
    if shape == (2,):
        drawn = {PICTURE: _scatter}
    known: dict[str, Write] = {ARRAY: _array} | drawn | ({"": _folder} if pictures else {})
    if out.suffix not in known:
        ending = f"a {out.suffix}" if out.suffix else "a folder of pictures"
        raise UsageError(
            f"--out {out}: samples of {name!r}, of shape {shape}, cannot be {ending}; "
            f"{nearest(out.suffix, filter(None, known))}"
        )
    if not out.suffix and out.is_dir() and any(out.iterdir()):
        raise UsageError(f"--out {out}: there is something in the folder; name another one")
    return known[out.suffix]


def _folder(out: Path, samples: Tensor) -> None:
    """A PNG a picture, called by its number, so that the names are in the samples' order."""
    digits = len(str(len(samples) - 1))
    for i, picture in enumerate(samples):
        write_whole(out / f"{i:0{digits}}{PICTURE}", png(picture))


def _grid(out: Path, samples: Tensor) -> None:
    """The pictures in rows of eight, as a record keeps them."""
    write_whole(out, sheet(samples))


def _scatter(out: Path, samples: Tensor) -> None:
    with matplotlib.rc_context(STYLE | {"savefig.dpi": 160}):
        figure = Figure(figsize=(4, 4), layout="constrained")
        panel = figure.subplots()
        panel.plot(*samples.T, ".", markersize=2, alpha=0.5)
        panel.set_aspect("equal")
        file = io.BytesIO()
        figure.savefig(file, format="png")
    write_whole(out, file.getvalue())


def _array(out: Path, samples: Tensor) -> None:
    file = io.BytesIO()
    np.save(file, samples.numpy(), allow_pickle=False)
    write_whole(out, file.getbuffer())
