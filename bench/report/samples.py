"""One picture of what every method drew: a row a method, a column a setting."""

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
TEXT = 20
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
    font = ImageFont.load_default(TEXT)
    left = 2 * GAP + max(_length(font, method) for method in methods)
    names = max(_length(font, setting) for setting in settings)
    width = max(names, *(tile.width for tile in tiles.values()))
    height = max(tile.height for tile in tiles.values())
    top = 2 * GAP + TEXT
    size = (left + len(settings) * (width + GAP), top + len(methods) * (height + GAP))
    picture = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(picture)
    for column, setting in enumerate(settings):
        draw.text((left + column * (width + GAP), GAP), setting, INK, font)
    for row, method in enumerate(methods):
        y = top + row * (height + GAP)
        draw.text((GAP, y + height // 2), method, INK, font, anchor="lm")
        for column, setting in enumerate(settings):
            if (method, setting) in tiles:
                picture.paste(tiles[method, setting], (left + column * (width + GAP), y))
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
    place, font = (TILE // 2, TILE // 2), ImageFont.load_default(TEXT)
    ImageDraw.Draw(tile).text(place, text, "#666666", font, anchor="mm", align="center")
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


def _length(font: ImageFont.FreeTypeFont | ImageFont.ImageFont, text: str) -> int:
    """The width of a text in whole pixels."""
    return ceil(font.getlength(text))


def _png(picture: Image.Image) -> bytes:
    file = BytesIO()
    picture.save(file, format="PNG")
    return file.getvalue()
