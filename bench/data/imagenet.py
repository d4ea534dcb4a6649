"""ImageNet, unpacked into folders, one a class."""

from dataclasses import dataclass
from pathlib import Path

import gin

from bench.data.cached import data_folder
from bench.data.image_folder import ImageFolder


@gin.register
@dataclass(frozen=True, kw_only=True)
class ImageNet(ImageFolder):
    """The 1,281,167 training pictures of ILSVRC 2012; the 50,000 validation ones are held out.

    The central square of the shorter side, resized once from the original pictures. The
    downsampled ImageNet of Chrabaszcz et al. 2017 (arXiv:1707.08819) is another set.

    Source: Russakovsky et al. 2015 (arXiv:1409.0575).
    """

    name: str = "imagenet64"
    training_folder: str = "train"
    evaluation_folder: str = "val"

    def usual_root(self) -> Path:
        """The folder imagenet."""
        return data_folder() / "imagenet"

    def layout(self) -> str:
        """Where the archives are, and how they become folders."""
        return (
            "get ILSVRC2012_img_train.tar, ILSVRC2012_img_val.tar and "
            "ILSVRC2012_devkit_t12.tar.gz from image-net.org, unpack them with "
            f"torchvision.datasets.ImageNet into train and val below {self.folder}, "
            f"{self.elsewhere}"
        )
