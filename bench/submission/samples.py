"""Whether the samples that a record keeps are of the kind and size that its data have."""

import base64
import binascii
import io
from collections.abc import Iterator

import numpy as np
import torch
from PIL import Image

from bench.data.tiles import GRID
from bench.runs.records import Samples
from bench.submission.candidate import Candidate

MOST_PIXELS = 2**22
"""A picture that claims more is never decoded: a small file can unpack to gigabytes."""

MOST_POINTS = 10_000
FAR = 100.0
"""How many times as far from the data's centre as their farthest a point may be.

Of this repository's own 440 runs on mixtures, collapsed ones included, none went beyond 5 times.
"""

MODES = {1: "L", 3: "RGB"}
"""How Pillow calls pictures of so many channels."""


def samples(candidate: Candidate) -> Iterator[str]:
    """There are samples where there must be, and nothing is wrong with them."""
    found = candidate.record.get("samples")
    if found is not None:
        yield from KINDS[found["kind"]](candidate, found)
    elif candidate.finished and _kind(candidate) is not None:
        yield f"samples: they are missing, and the data are {_kind(candidate)}"


def _kind(candidate: Candidate) -> str | None:
    """What samples of the data are kept as; None where they are not, or not known."""
    if candidate.yardstick is None:
        return None
    shape = candidate.yardstick.data.shape
    return "images" if len(shape) == 3 else "points" if shape == (2,) else None


def _images(candidate: Candidate, found: Samples) -> Iterator[str]:
    """A PNG of a grid of as many pictures as ganbench keeps, a pixel between them."""
    try:
        data = base64.b64decode(found["png"], validate=True)
        with Image.open(io.BytesIO(data), formats=["PNG"]) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                yield f"samples.png: {picture.width} x {picture.height} pixels are too many"
                return
            if getattr(picture, "n_frames", 1) != 1:
                yield "samples.png: it is an animation"
                return
            picture.load()
    except (binascii.Error, ValueError) as error:
        yield f"samples.png: it is not base64: {error}"
        return
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        yield f"samples.png: it is not a sound PNG: {type(error).__name__}"
        return
    if candidate.yardstick is None:
        return
    shape = candidate.yardstick.data.shape
    if len(shape) != 3:
        yield "samples: they are pictures, and the data are points"
        return
    channels, height, width = shape
    expected = (GRID * (width + 1) + 1, GRID * (height + 1) + 1)
    if picture.size != expected:
        yield (
            f"samples.png: it has {picture.width} x {picture.height} pixels, and {GRID} x "
            f"{GRID} samples of the data have {expected[0]} x {expected[1]}"
        )
    if picture.mode != MODES[channels]:
        yield f"samples.png: its pixels are {picture.mode}, and the data's are {MODES[channels]}"


def _points(candidate: Candidate, found: Samples) -> Iterator[str]:
    """Points in the plane, none absurdly far from the data."""
    values = found["values"]
    if not 1 <= len(values) <= MOST_POINTS:
        yield f"samples.values: {len(values)} points; a record keeps between 1 and {MOST_POINTS}"
        return
    if candidate.yardstick is None:
        return
    data = candidate.yardstick.data
    if data.shape != (2,):
        yield f"samples: they are points in the plane, and the data have the shape {data.shape}"
        return
    real = data.training().double()
    centre = real.mean(0)
    reach = float(torch.linalg.vector_norm(real - centre, dim=1).max())
    farthest = float(np.linalg.norm(np.array(values) - centre.numpy(), axis=1).max())
    if farthest > FAR * reach:
        yield (
            f"samples.values: a point is {farthest:.3g} from the data's centre, and the data "
            f"reach {reach:.3g}"
        )


KINDS = {"images": _images, "points": _points}
