"""One picture of what every method drew: a block a setting, in it a tile a method."""

import base64
from collections.abc import Callable
from io import BytesIO
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from bench.records import Record
from bench.report.selection import Board, methods_of, settings_of

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
    methods, settings = methods_of(board.records), settings_of(board.records)
    first: dict[tuple[str, str], Record] = {}
    for record in sorted(board.records, key=lambda record: record["seed"]):
        first.setdefault((record["method"], record["setting"]), record)
    if not any(record.get("samples") for record in first.values()):
        return None
    box = _extent(list(first.values()))
    tiles = {cell: _tile(record, box) for cell, record in first.items()}
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


def _tile(record: Record, box: Box) -> Image.Image:
    samples = record.get("samples")
    if samples is None:
        return _empty(f"{record['status']}\nat step {record['step']}")
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
    return shade.resize((TILE, TILE), Image.Resampling.LANCZOS)


DRAWERS: dict[str, Callable[[Any, Box], Image.Image]] = {"images": _images, "points": _points}


def _empty(text: str) -> Image.Image:
    tile = Image.new("RGB", (TILE, TILE), PALE)
    place = (TILE // 2, TILE // 2)
    ImageDraw.Draw(tile).text(place, text, "#666666", CAPTION, anchor="mm", align="center")
    return tile


def _extent(records: list[Record]) -> Box:
    """The centre and half side of a square that holds 99% of all points of all records."""
    points = [np.zeros((0, 2))]
    for record in records:
        samples = record.get("samples")
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
