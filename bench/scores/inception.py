"""The judge of natural pictures: the 2015 Inception network that published FIDs and ISs use."""

from __future__ import annotations

import json
from functools import cached_property, partial
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, Literal, Self

import gin
import torch
from filelock import FileLock
from safetensors.torch import load_file, save
from torch import Tensor
from torch_fidelity.feature_extractor_inceptionv3 import (
    URL_INCEPTION_V3,
    FeatureExtractorInceptionV3,
)
from torch_fidelity.metric_fid import fid_features_to_statistics

from bench.data.cached import cache_folder
from bench.data.dataset import Dataset
from bench.download import DownloadFailed, download
from bench.errors import UsageError
from bench.files import write_whole
from bench.scores.features import LEAST, FeatureScores, Sizes, Statistics, feature_metrics
from bench.scores.judge import Judge, Metric, Span, require_samples, thousands
from bench.waiting import alone, waiting
from bench.writable import require_writable

FEATURES, LOGITS = "2048", "logits_unbiased"
SHA256 = "6726825d"
"""How the hash of the file of weights begins, as its name says."""
CLASSES = 1008
BATCH = 64
"""Pictures a pass: each becomes 299 x 299 on the way."""


@gin.register
class InceptionJudge(Judge):
    """FID, IS and their kin in Inception's features, by torch-fidelity.

    The defaults are AS-GAN's protocol (arXiv:1912.09670, Appendix G): 22,400 samples, IS over 10
    parts. Decided here, where it is silent: the reference of FID is the training split, of which
    at most ``reference_samples`` pictures count. (Its author's code appears to take as many real
    pictures as samples: 22,400.) The floors are the scores of the evaluation split against it. A
    generator has collapsed when its features vary less than half as much as the reference's do.

    What is computed on real pictures is kept in the folder of caches, under a name that is a hash
    of all it depends on.
    """

    headline = "fid"
    NOT_CONTENT = ("weights", "download")

    def __init__(
        self,
        data: Dataset,
        samples: int = 22_400,
        splits: int = 10,
        weights: str = "",
        reference: Literal["training", "evaluation"] = "training",
        reference_samples: int = 50_000,
        compared: int = 10_000,
        download: bool = False,
    ):
        """Looks for the weights; loads them when the first score is asked for.

        Args:
            data: the data set that the generator learns.
            samples: how many pictures a score takes.
            splits: parts that IS averages over.
            weights: the path of torch-fidelity's file of weights; empty for where torch keeps what
                it downloads.
            reference: the split that FID and KID compare with.
            reference_samples: pictures of it, at most.
            compared: samples of each side for KID, precision and recall, at most.
            download: fetch the weights, if they are missing, from where torch-fidelity does.

        Raises:
            UsageError: the weights are missing, cannot be fetched, or hold more than numbers.
            ValueError: a picture cannot be given to Inception, or there are too few samples.
        """
        if splits < 1:
            raise ValueError(f"splits = {splits}: IS is over 1 part or more")
        if samples < splits:
            raise ValueError(f"samples = {samples}: IS over {splits} parts takes {splits} or more")
        counts = {"samples": samples, "reference_samples": reference_samples, "compared": compared}
        for name, count in counts.items():
            if count < LEAST:
                raise ValueError(f"{name} = {count} is too few: choose {LEAST} or more")
        if len(data.shape) != 3:
            raise ValueError(f"data = {data.name!r}: Inception looks at pictures only")
        found = {"training": len(data.training()), "evaluation": len(data.evaluation())}
        floors = "evaluation" if reference == "training" else "training"
        require_samples(data, LEAST, **found)
        require_samples(data, splits, **{floors: found[floors]})
        require_writable("GANBENCH_CACHE", cache_folder())
        self._data = data
        self._weights = _found(weights, download)
        self._split = reference
        self._limit = reference_samples
        self._compared = compared
        self._device = torch.device("cpu")
        self._sizes = Sizes(100, min(1000, samples), splits, compared)
        self.samples = samples
        label = f"Inception, {thousands(samples)}"
        self.metrics = (
            *feature_metrics(label, CLASSES),
            Metric("diversity", f"feature variance / real ({label})", "higher", Span(low=0)),
        )

    def measure(self, samples: Tensor) -> dict[str, float]:
        """Scores pictures, uint8 (N, C, size, size); grey ones are taken as equal colours."""
        features, logits = self._look(samples)
        spread = features.double().var(dim=0).sum()
        return {
            **self._scores(features, logits),
            "diversity": float(spread / self._reference[1]["sigma"].trace()),
        }

    def real(self) -> Tensor:
        """The split that the reference is not."""
        other = self._data.evaluation if self._split == "training" else self._data.training
        return other()[: self.samples]

    @property
    def collapse(self) -> str:
        """What ``collapsed`` finds."""
        return "its features vary less than half as much as the reference's"

    def collapsed(self, scores: dict[str, float]) -> bool:
        """Whether features vary less than half as much as the reference's."""
        return not scores["diversity"] >= 0.5

    def identity(self) -> dict[str, str]:
        """The network's name and the sha256 of its weights."""
        return {"name": "inception-v3-compat", "sha256": self._sha256}

    def settings(self) -> dict[str, Any]:
        """The reference and torch-fidelity's settings."""
        return {
            "reference": self._split,
            "reference_samples": len(self._references()),
            **self._sizes.protocol(),
        }

    def to(self, device: torch.device | str) -> Self:
        """Chooses where Inception runs."""
        self._device = torch.device(device)
        return self

    @cached_property
    def _network(self) -> FeatureExtractorInceptionV3:
        network = FeatureExtractorInceptionV3(
            "inception-v3-compat", [FEATURES, LOGITS], str(self._weights)
        )
        return network.to(self._device)

    @cached_property
    def _sha256(self) -> str:
        return sha256(self._weights.read_bytes()).hexdigest()

    @cached_property
    def _scores(self) -> FeatureScores:
        features, statistics = self._reference
        return FeatureScores(features, self._sizes, statistics)

    @cached_property
    def _reference(self) -> tuple[Tensor, Statistics]:
        """The first real features, and FID's statistics of all of them, computed once for all."""
        depends_on = {
            "weights": self._sha256,
            "data": self._data.checksum(),
            "split": self._split,
            "pictures": len(self._references()),
            "kept": self._compared,
            "torch-fidelity": version("torch-fidelity"),
        }
        digest = sha256(json.dumps(depends_on, sort_keys=True).encode()).hexdigest()
        path = cache_folder() / f"inception-{self._data.name}-{digest[:16]}.safetensors"
        path.parent.mkdir(parents=True, exist_ok=True)
        with alone(FileLock(f"{path}.lock"), "another process that looks at the same pictures"):
            if not path.exists():
                with waiting("Inception looks at the real pictures, once for all runs"):
                    self._compute_reference(path)
        kept = load_file(path)
        return kept["features"], {name: kept[name].numpy() for name in ("mu", "sigma")}

    def _compute_reference(self, path: Path) -> None:
        features = self._look(self._references())[0]
        statistics = fid_features_to_statistics(features.double())
        kept = {name: torch.from_numpy(statistics[name]) for name in ("mu", "sigma")}
        write_whole(path, save({"features": features[: self._compared].clone(), **kept}))

    def _references(self) -> Tensor:
        split = self._data.training if self._split == "training" else self._data.evaluation
        return split()[: self._limit]

    def _look(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Features (N, 2048) and logits (N, 1008) of uint8 pictures, on the CPU."""
        found = [
            self._network(batch.to(self._device).expand(-1, 3, -1, -1))
            for batch in pictures.split(BATCH)
        ]
        features, logits = zip(*found, strict=True)
        return torch.cat(features).cpu(), torch.cat(logits).cpu()


def _found(weights: str, fetch: bool) -> Path:
    """The file of weights, which holds numbers and nothing else.

    Raises:
        UsageError: it is missing, or it is something else.
    """
    name = URL_INCEPTION_V3.rsplit("/", 1)[1]
    path = Path(weights).expanduser() if weights else Path(torch.hub.get_dir(), "checkpoints", name)
    by_hand = (
        f"download {URL_INCEPTION_V3} to there, or bind InceptionJudge.weights to another file"
    )
    if fetch:
        try:
            download(partial(_fetch, path), path.with_name(f"{path.name}.lock"))
        except DownloadFailed as error:
            raise UsageError(
                f"the weights of Inception could not be fetched to {path} ({error}): {by_hand}"
            ) from error
    if not path.is_file():
        raise UsageError(
            f"the weights of Inception are not at {path}: bind InceptionJudge.download = True, "
            f"{by_hand}"
        )
    try:
        torch.load(path, weights_only=True, mmap=True)  # torch-fidelity reads any pickle
    except (UnpicklingError, RuntimeError) as error:
        raise UsageError(
            f"{path} is not torch-fidelity's file of Inception's weights: delete it, and {by_hand}"
        ) from error
    return path


def _fetch(path: Path) -> None:
    if not path.is_file():
        torch.hub.download_url_to_file(URL_INCEPTION_V3, str(path), SHA256)
