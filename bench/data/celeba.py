"""CelebA: faces, aligned and cropped."""

from dataclasses import dataclass

import gin
from torchvision import datasets

from bench.data.building import Source
from bench.data.cached import CachedPictures
from bench.data.files import require
from bench.data.pictures import Numbered

PAGE = "mmlab.ie.cuhk.edu.hk/projects/CelebA.html"
PICTURES = "img_align_celeba"


@gin.register
@dataclass(frozen=True, kw_only=True)
class CelebA(CachedPictures):
    """The 162,770 faces of the training partition; the 19,962 of the test one are held out.

    Of the aligned 178 x 218 pixels the central square of 178 is kept: the crop of DCGAN's code
    and of those that follow it, which scales the shorter side and crops the middle. Others cut
    out 108, 140 or 160: their scores are of other pictures.

    Sources: Liu et al. 2015 (arXiv:1411.7766); the crop, pytorch/examples, dcgan/main.py.
    """

    name: str = "celeba64"
    size: int = 64
    crop: int | None = 178

    def source(self) -> Source:
        """Reads root/celeba: the lists beside the folder img_align_celeba."""
        official = datasets.CelebA
        folder = self.folder / official.base_folder
        lists = [(folder / file, md5) for _, md5, file in official.file_list]
        remedy = (
            f"get img_align_celeba.zip and the lists (.txt) from {PAGE} and unpack them into "
            f"{folder}, {self.elsewhere}"
        )
        files = [(path, md5) for path, md5 in lists if path.suffix == ".txt"]
        require(self.name, [*files, (folder / PICTURES, None)], remedy)

        def split(partition: str) -> Numbered:
            faces = official(self.folder, partition, target_type=[])
            return Numbered(faces, lambda i: str(folder / PICTURES / faces.filename[i]))

        partition = f"{official.base_folder}/list_eval_partition.txt"
        return Source(
            {"training": split("train"), "evaluation": split("test")},
            [partition, f"{official.base_folder}/{PICTURES}"],
        )
