"""Trained classifiers that are shipped frozen, and known by the hash of their weights."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import torch
from safetensors.torch import load, save
from torch import Tensor

from bench.data.dataset import Dataset, decode
from bench.errors import UsageError, nearest
from bench.files import write_whole
from bench.scores.network import NETWORKS, Classifier
from bench.texts import read_text

FOLDER = Path(__file__).parents[1] / "judges"
BATCH = 512
"""Pictures a pass: what a layer makes of as many still fits a processor's cache."""


class _Architecture(msgspec.Struct):
    channels: int
    size: int
    width: int
    features: int
    classes: int


class _Data(msgspec.Struct):
    name: str


class _Description(msgspec.Struct):
    """What a judge is read by, of all that its description says."""

    name: str
    sha256: str
    network: str
    architecture: _Architecture
    data: _Data


class FrozenClassifier:
    """A classifier of pictures, whose weights were verified.

    Attributes:
        name: what tables call it.
        sha256: of the file of its weights.
        trained_on: the data set whose pictures it learned from.
        classes: how many it tells apart.
        channels: colours of its pictures.
        size: of its pictures, in pixels a side.
    """

    def __init__(self, weights: str):
        """Reads the description, NAME.json, and the weights beside it, NAME.safetensors.

        Args:
            weights: the name of a shipped judge, or the path of a description.

        Raises:
            UsageError: there is no such judge, or its weights are not those described.
        """
        trained = weights.endswith(".json")
        path = Path(weights) if trained else FOLDER / f"{weights}.json"
        if not path.is_file() and trained:
            raise UsageError(
                f"there is no judge at {path}: ganbench judge train DATASET writes one to "
                "judges/DATASET-cnn.json"
            )
        if not path.is_file():
            shipped = (file.stem for file in FOLDER.glob("*.json"))
            raise UsageError(f"there is no judge {weights!r}: {nearest(weights, shipped)}")
        description = _described(path)
        content = _content(path.with_suffix(".safetensors"))
        self.name = description.name
        self.sha256 = sha256(content).hexdigest()
        if self.sha256 != description.sha256:
            raise UsageError(
                f"the weights of the judge {self.name!r} have sha256 {self.sha256[:12]}..., and "
                f"{path} describes {description.sha256[:12]}...: restore both files"
            )
        architecture = description.architecture
        # Built without memory, so that no initial weights are drawn from the global stream.
        with torch.device("meta"):
            self._network = NETWORKS[description.network](**msgspec.structs.asdict(architecture))
        self._network.load_state_dict(load(content), assign=True)
        self._network.eval().requires_grad_(False)
        self.trained_on = description.data.name
        self.classes = architecture.classes
        self.channels = architecture.channels
        self.size = architecture.size
        self._device = torch.device("cpu")

    def __call__(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the features (N, d) and logits (N, classes), on the CPU.

        Args:
            pictures: uint8 (N, channels, size, size), on any device.
        """
        batches = [self._network(decode(b.to(self._device))) for b in pictures.split(BATCH)]
        features, logits = zip(*batches, strict=True)
        return torch.cat(features).cpu(), torch.cat(logits).cpu()

    def check(self, data: Dataset, pictures: int = 1) -> None:
        """Refuses data that it cannot classify.

        Args:
            data: to be scored.
            pictures: how many of its own pictures are stacked in the channels of one of the data's.

        Raises:
            UsageError: the data has another shape.
        """
        expected = (pictures * self.channels, self.size, self.size)
        if data.shape != expected:
            raise UsageError(
                f"the judge {self.name!r} scores samples of shape {expected} here, and "
                f"{data.name!r} has {data.shape}: choose the judge of its own gin file"
            )

    def to(self, device: torch.device | str) -> None:
        """Moves the weights to ``device``."""
        self._device = torch.device(device)
        self._network.to(self._device)


def _described(path: Path) -> _Description:
    """What a description says.

    Raises:
        UsageError: it is none.
    """
    try:
        described = msgspec.json.decode(read_text(path), type=_Description)
        if described.network not in NETWORKS:
            hint = nearest(described.network, NETWORKS)
            raise ValueError(f"there is no network {described.network!r}; {hint}")
    except ValueError as error:
        raise UsageError(
            f"{path} describes no judge ({error}): ganbench judge train DATASET writes another"
        ) from error
    return described


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"the judge's weights {path} cannot be read ({error.strerror}): put them beside their "
            "description"
        ) from error


def freeze(
    network: Classifier, architecture: dict[str, int], description: dict[str, Any], folder: Path
) -> Path:
    """Writes the weights and their description.

    Args:
        network: the trained classifier.
        architecture: the arguments it was built with.
        description: what else to record; "name" is the stem of both files.
        folder: where to write, made where it is missing.

    Returns:
        The description's path, which ``FrozenClassifier`` reads.
    """
    content = save(network.state_dict())
    path = folder / f"{description['name']}.json"
    document = {
        **description,
        "architecture": architecture,
        "sha256": sha256(content).hexdigest(),
    }
    write_whole(path.with_suffix(".safetensors"), content)
    write_whole(path, (json.dumps(document, indent=2) + "\n").encode())
    return path
