"""ADA: augmentation of what the discriminator sees, as much as its overfitting asks for."""

import math
from dataclasses import dataclass

import gin
import torch
from torch import Tensor
from torch.nn import functional as F

from methods.adaptive import Adaptive
from methods.augmented import Augmented
from methods.base import GAN, Incompatible
from methods.pictures import require_pictures


@gin.register
@dataclass
class ADA(Augmented, Adaptive):
    """Adaptive discriminator augmentation: each transformation is made with probability p.

    T is the published pipeline's "bgc", one transformation after the other, each with a chance and
    a draw of its own for every sample. Pixel blitting: mirror image, rotation by a quarter turn or
    two or three, translation by whole pixels up to 1/8. Geometry: scaling by 2^N(0, .2^2), rotation
    by any angle (before and after the next, so that either is made with probability p), scaling of
    the sides by s and 1/s, translation by N(0, .125^2) of either side. Color: brightness + N(0,
    .2^2), contrast times 2^N(0, .5^2), reflected luma, rotated hue, saturation times 2^N(0, 1).

    As there, all of geometry is one resampling of the picture; here it is bilinear with mirrored
    borders, where the public code samples a twofold enlargement by wavelet filters. Left out are
    what "bgc" leaves out too, image-space filters, noise and cutout.

    Source: Karras, Aittala, Hellsten, Laine, Lehtinen and Aila 2020 (arXiv:2006.06676), section 3
    and appendix B; its public code (NVlabs/stylegan2-ada-pytorch, training/augment.py). Of p see
    ``Adaptive``.
    """

    def check(self, gan: GAN) -> None:
        """Refuses samples that are neither grey nor colour pictures."""
        super().check(gan)
        require_pictures(gan, "ADA")
        if gan.shape[0] not in (1, 3):
            raise Incompatible(
                f"ADA turns the colours of 1 or 3 channels, and a picture here has {gan.shape[0]}; "
                "choose diffaugment, which takes any number"
            )

    def augment(self, gan: GAN, batch: Tensor) -> Tensor:
        """T of pictures (N, C, H, W)."""
        batch = super().augment(gan, batch)
        draws = _Draws(gan, batch, self.adaptive_p)
        changed = _recolored(_resampled(batch, draws), draws)
        return torch.where(_each(draws.any, 4), changed, batch)


class _Draws:
    """Random numbers for each of N pictures, (k, N): all zero but with a chance of p.

    Attributes:
        p: the chance, on the device.
        any: which of the pictures had one, (N,).
    """

    def __init__(self, gan: GAN, pictures: Tensor, p: Tensor | float) -> None:
        self.p = torch.as_tensor(p).to(pictures)
        self.any = torch.zeros(len(pictures), dtype=torch.bool, device=pictures.device)
        self._stream = gan.noise

    def uniform(self, k: int = 1, p: Tensor | None = None) -> Tensor:
        """From U[-1, 1), by the chance p or by another."""
        return self._by_chance(2 * self._rand(k) - 1, self.p if p is None else p)

    def normal(self, k: int = 1) -> Tensor:
        """Standard normal."""
        shape, device = (k, len(self.any)), self.any.device
        return self._by_chance(torch.randn(shape, generator=self._stream, device=device), self.p)

    def choice(self, options: int) -> Tensor:
        """One of 0 to options - 1."""
        return self._by_chance((options * self._rand(1)).floor(), self.p)

    def _by_chance(self, drawn: Tensor, p: Tensor) -> Tensor:
        chosen = self._rand(1)[0] < p
        self.any = self.any | chosen
        return torch.where(chosen, drawn, 0)

    def _rand(self, k: int) -> Tensor:
        return torch.rand((k, len(self.any)), generator=self._stream, device=self.any.device)


def _resampled(pictures: Tensor, draws: _Draws) -> Tensor:
    """Pictures after blitting and geometry.

    The pixel at y, counted from the middle, is taken from A y + b. Each transformation is drawn as
    its inverse, which has the same law.
    """
    height, width = pictures.shape[2:]
    size = torch.tensor([[width], [height]]).to(pictures)
    either = 1 - torch.sqrt(1 - draws.p)
    a = _diagonal(1 - 2 * draws.choice(2), 1) @ _rotation(draws.choice(4) / 2)
    b = a @ _columns((draws.uniform(2) * size / 8).round())
    a = a * _each(2 ** (0.2 * draws.normal()), 3) @ _rotation(draws.uniform(p=either))
    stretch = 2 ** (0.2 * draws.normal())
    a = a @ _diagonal(stretch, 1 / stretch) @ _rotation(draws.uniform(p=either))
    b = b + a @ _columns(draws.normal(2) * size / 8)
    half = (size - 1).clamp(min=1) / 2
    maps = torch.cat([a * half.T / half, b / half], 2)
    grid = F.affine_grid(maps, list(pictures.shape), align_corners=True)
    return F.grid_sample(pictures, grid, padding_mode="reflection", align_corners=True)


def _recolored(pictures: Tensor, draws: _Draws) -> Tensor:
    """Pictures after the changes of luma and of chroma, what of a color is not luma."""
    luma = pictures.mean(1, keepdim=True)
    chroma = pictures - luma
    luma = luma + _each(0.2 * draws.normal(), 4)
    contrast = _each(2 ** (0.5 * draws.normal()), 4)
    luma = luma * _each(1 - 2 * draws.choice(2), 4)
    hue = _each(math.pi * draws.uniform(), 4)
    across = (chroma.roll(1, 1) - chroma.roll(-1, 1)) / math.sqrt(3)
    chroma = (chroma * hue.cos() + across * hue.sin()) * _each(2 ** draws.normal(), 4)
    return (luma + chroma) * contrast


def _each(values: Tensor, dimensions: int) -> Tensor:
    """N values, shaped to go with as many tensors."""
    return values.view(-1, *[1] * (dimensions - 1))


def _columns(values: Tensor) -> Tensor:
    """Values (2, N) as N columns, (N, 2, 1)."""
    return values.T[:, :, None]


def _diagonal(first: Tensor, second: Tensor | float) -> Tensor:
    """N matrices that scale either axis, (N, 2, 2)."""
    return torch.diag_embed(torch.cat([first, torch.ones_like(first) * second]).T)


def _rotation(half_turns: Tensor) -> Tensor:
    """N rotations, (N, 2, 2)."""
    cosine, sine = (math.pi * half_turns).cos(), (math.pi * half_turns).sin()
    return torch.stack([torch.cat([cosine, -sine]), torch.cat([sine, cosine])]).permute(2, 0, 1)
