"""One picture of what every method drew: a block a setting, in it a tile a method."""

import base64
from collections.abc import Callable, Iterable
from io import BytesIO
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from bench.results.board import Board
from bench.results.entry import Entry
from bench.runs.records import Samples

TILE = 288  # pixels, the least width of a tile of images
GAP = 14
LINE = 30  # pixels, the height of a line of text
COLUMNS = 5
CAPTION, HEADING = ImageFont.load_default(20), ImageFont.load_default(24)
INK, PALE, DOTS = "#222222", "#F2F2F2", (0, 114, 178)
SMOOTH = 4  # points are drawn this much larger, then shrunk

Box = tuple[NDArray[np.float64], float]


def sample_grid(board: Board) -> bytes | None:
    """A PNG of the samples of each cell's first seed; None where no run has any."""
    methods, settings = board.methods, board.settings
    first = {cell: runs[0] for cell, runs in board.cells.items()}
    samples = {cell: run.samples() for cell, run in first.items()}
    if not any(samples.values()):
        return None
    box = _extent(samples.values())
    tiles = {cell: _tile(run, samples[cell], box) for cell, run in first.items()}
    across = min(COLUMNS, len(methods))
    width = max(tile.width for tile in tiles.values())
    height = max(tile.height for tile in tiles.values())
    block = LINE + ceil(len(methods) / across) * (LINE + height + GAP) + GAP
    picture = Image.new("RGB", (GAP + across * (width + GAP), GAP + len(settings) * block), "white")
    draw = ImageDraw.Draw(picture)
    for above, setting in enumerate(settings):
        top = GAP + above * block
        draw.text((GAP, top), setting, INK, HEADING)
        for index, method in enumerate(methods):
            row, column = divmod(index, across)
            x, y = GAP + column * (width + GAP), top + LINE + row * (LINE + height + GAP)
            if (method, setting) in tiles:
                draw.text((x, y), _fitted(method, width), INK, CAPTION)
                picture.paste(tiles[method, setting], (x, y + LINE))
    return _png(picture)


def _tile(run: Entry, samples: Samples | None, box: Box) -> Image.Image:
    if samples is None:
        return _empty(f"{run.status}\nat step {run.step}")
    return DRAWERS[samples["kind"]](samples, box)


def _images(samples: Any, box: Box) -> Image.Image:
    """The grid, enlarged by a whole number without blurring its pixels."""
    grid = Image.open(BytesIO(base64.b64decode(samples["png"]))).convert("RGB")
    scale = max(1, round(TILE / grid.width))
    return grid.resize((grid.width * scale, grid.height * scale), Image.Resampling.NEAREST)


def _points(samples: Any, box: Box) -> Image.Image:
    """A scatter plot over ``box``, the same for every tile."""
    centre, radius = box
    side = TILE * SMOOTH
    shade = Image.new("RGB", (side, side), PALE)
    draw = ImageDraw.Draw(shade, "RGBA")
    places = (np.array(samples["values"], dtype=np.float64).reshape(-1, 2) - centre) / radius
    dot = 1.6 * SMOOTH
    for x, y in places * (1, -1) * side / 2 + side / 2:
        draw.ellipse((x - dot, y - dot, x + dot, y + dot), (*DOTS, 120))
    return shade.reduce(SMOOTH)


DRAWERS: dict[str, Callable[[Any, Box], Image.Image]] = {"images": _images, "points": _points}


def _empty(text: str) -> Image.Image:
    tile = Image.new("RGB", (TILE, TILE), PALE)
    place = (TILE // 2, TILE // 2)
    ImageDraw.Draw(tile).text(place, text, "#666666", CAPTION, anchor="mm", align="center")
    return tile


def _extent(drawn: Iterable[Samples | None]) -> Box:
    """The centre and half side of a square that holds 99% of all points of all runs."""
    points = [np.zeros((0, 2))]
    for samples in drawn:
        if samples is not None and samples["kind"] == "points":
            points.append(np.array(samples["values"], dtype=np.float64).reshape(-1, 2))
    joined = np.concatenate(points)
    if not len(joined):
        return np.zeros(2), 1.0
    low, high = np.percentile(joined, (0.5, 99.5), axis=0)
    return (low + high) / 2, max(float((high - low).max()) * 0.55, 1e-9)


def _fitted(text: str, width: int) -> str:
    """The text, or as much of its beginning as fits so many pixels."""
    while CAPTION.getlength(text) > width:
        text = f"{text.removesuffix('…')[:-1]}…"
    return text


def _png(picture: Image.Image) -> bytes:
    file = BytesIO()
    picture.save(file, format="PNG")
    return file.getvalue()
