"""Random changes of pictures (N, C, H, W), another for each, which augmentations are made of.

All draw from the method's own stream, and all can be differentiated twice, as penalties need.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from methods.base import GAN, Incompatible
from methods.penalty import per_sample_uniform


def require_pictures(gan: GAN, method: str) -> None:
    """Refuses samples that are no pictures.

    Raises:
        Incompatible: with the remedy in the message.
    """
    if len(gan.shape) != 3:
        raise Incompatible(
            f"{method} alters pictures of a shape (C, H, W), and a sample here has the shape "
            f"{tuple(gan.shape)}: choose a data set of pictures, or a method that takes points, "
            "such as instance_noise"
        )


def uniform(gan: GAN, pictures: Tensor, low: float, high: float) -> Tensor:
    """One number from U[low, high) a picture, (N, 1, 1, 1)."""
    return low + (high - low) * per_sample_uniform(gan, pictures)


def integers(gan: GAN, pictures: Tensor, low: int, high: int) -> Tensor:
    """One whole number from low to high a picture, both included, (N, 1, 1, 1)."""
    shape = (len(pictures), 1, 1, 1)
    return torch.randint(low, high + 1, shape, generator=gan.noise, device=pictures.device)


def flipped(gan: GAN, pictures: Tensor) -> Tensor:
    """Each picture, or its mirror image, with equal chances."""
    return torch.where(per_sample_uniform(gan, pictures) < 0.5, pictures.flip(3), pictures)


def shifted(gan: GAN, pictures: Tensor, share: float, border: Callable[..., Tensor]) -> Tensor:
    """Each picture moved by whole pixels, up to a share of its height and of its width.

    Args:
        gan: whose stream is drawn from.
        pictures: (N, C, H, W).
        share: of either side, rounded down to pixels.
        border: ``zeros`` or ``mirrored``: what comes in where a picture has moved away.
    """
    for axis in (2, 3):
        limit = int(share * pictures.shape[axis])
        moves = integers(gan, pictures, -limit, limit)
        pictures = border(pictures, axis, _places(pictures, axis) - moves)
    return pictures


def zeros(pictures: Tensor, axis: int, places: Tensor) -> Tensor:
    """The pixels at places along an axis, and zero, a mid grey, beyond its ends."""
    last = pictures.shape[axis] - 1
    inside = (places >= 0) & (places <= last)
    return torch.where(inside, _picked(pictures, axis, places.clamp(0, last)), 0)


def mirrored(pictures: Tensor, axis: int, places: Tensor) -> Tensor:
    """The pixels at places along an axis, which goes back at its ends and repeats neither."""
    last = pictures.shape[axis] - 1
    return _picked(pictures, axis, last - (last - places.abs()).abs())


def cut_out(gan: GAN, pictures: Tensor, share: float) -> Tensor:
    """Each picture with a rectangle of zeros, whose middle may be anywhere in it.

    Args:
        gan: whose stream is drawn from.
        pictures: (N, C, H, W).
        share: of either side that the rectangle has, rounded down to pixels; what of it is beyond
            the picture's border is lost.
    """
    cut = torch.ones((), dtype=torch.bool, device=pictures.device)
    for axis in (2, 3):
        size = pictures.shape[axis]
        length = int(share * size)
        first = integers(gan, pictures, 0, size - length % 2) - length // 2
        places = _places(pictures, axis)
        cut = cut & (places >= first) & (places < first + length)
    return torch.where(cut, 0, pictures)


def _places(pictures: Tensor, axis: int) -> Tensor:
    """The places along an axis, shaped to go with the pictures."""
    shape = [1, 1, 1, 1]
    shape[axis] = -1
    return torch.arange(pictures.shape[axis], device=pictures.device).view(shape)


def _picked(pictures: Tensor, axis: int, places: Tensor) -> Tensor:
    return pictures.gather(axis, places.expand(pictures.shape))
