"""What every data set must do: the same samples each time, in the declared form, well divided."""

import json
from hashlib import sha256

import torch
from torch import Tensor

from bench.config.catalogue import Catalogue
from bench.config.run import Run
from bench.conformance import judge, toys
from bench.conformance.requirements import Check, require, require_same
from bench.data.dataset import Dataset, decode, encode
from bench.data.labelled import Labelled
from bench.errors import UsageError
from bench.texts import shown

LOOKED_AT = 10_000
"""Samples of a split that are compared one by one, at most."""

MOST_SHARED = 0.01
"""The share of evaluation samples that may be training samples too: pictures may repeat."""


def subject(name: str, tell: toys.Tell) -> Run:
    """The run that a data set is tried in, with networks that make samples of any shape.

    Raises:
        UsageError: its gin file is wrong, or binds no judge, or its files are not here.
    """
    if "judge" in toys.alone("datasets", name).missing():
        path = Catalogue.of().find("datasets", name, "NAME")
        raise UsageError(
            f"{shown(path)}: it binds no Experiment.judge, and scores are part of a data set: "
            'include "judges/thumbnails.gin", say, for pictures'
        )
    toy = toys.Toy(name, batch=4)
    run = toy.run()
    _data(run).training()
    tell(f"tried on {toy}")
    return run


def has_samples_of_its_shape(run: Run) -> None:
    """Both splits hold uint8 pictures (N, C, H, W), or finite float32 points (N, d)."""
    data = _data(run)
    shape = tuple(data.shape)
    require(bool(data.name), "it has no name")
    require(len(shape) in (1, 3) and min(shape) >= 1, f"its shape is {shape}: (C, H, W) or (d,)")
    for split, samples in _splits(data).items():
        require(len(samples) > 0, f"there is no {split} sample")
        found = tuple(samples.shape[1:])
        require(found == shape, f"its {split} samples have the shape {found}, and not {shape}")
        wanted = torch.uint8 if len(shape) == 3 else torch.float32
        require(
            samples.dtype == wanted, f"its {split} samples are {samples.dtype}, and not {wanted}"
        )
        require(samples.device.type == "cpu", f"its {split} samples are on {samples.device}")
        if wanted == torch.float32:
            require(bool(samples.isfinite().all()), f"a {split} sample is not finite")


def keeps_its_splits_apart(run: Run) -> None:
    """No sample to score against is one to train on, unless the data set is the distribution."""
    data = _data(run)
    if data.exact:
        return
    training_samples = {_digest(sample) for sample in data.training()[:LOOKED_AT]}
    evaluation = data.evaluation()[:LOOKED_AT]
    shared = sum(_digest(sample) in training_samples for sample in evaluation) / len(evaluation)
    require(
        shared <= MOST_SHARED,
        f"{shared:.0%} of its evaluation samples are training samples too: hold others out, or "
        "say exact = True of samples that are the distribution itself",
    )


def is_the_same_each_time(run: Run) -> None:
    """Another access, and another build, have the same samples, whatever the global streams."""
    data = _data(run)
    first = {split: samples[:LOOKED_AT].clone() for split, samples in _splits(data).items()}
    with toys.global_streams(1):
        for what, again in (("the next time", data), ("of another build", _data(run))):
            for split, samples in _splits(again).items():
                some = samples[:LOOKED_AT]
                require_same(first[split], some, f"its {split} samples {what} differ")
        require(data.checksum() == _data(run).checksum(), "another build has another checksum")


def has_the_checksum_of_its_content(run: Run) -> None:
    """The checksum is the sha256 of all samples' bytes, so that other content has another."""
    data = _data(run)
    found, expected = data.checksum(), Dataset.checksum(data)
    require(found == expected, f"checksum() is {found[:12]}..., and that of its samples {expected}")


def describes_itself_in_json(run: Run) -> None:
    """A record can hold what it says of itself, which is so."""
    data = _data(run)
    described = data.described()
    require(json.loads(json.dumps(described)) == described, "described() is more than JSON")
    expected = {
        "name": data.name,
        "checksum": data.checksum(),
        "shape": list(data.shape),
        "training_samples": len(data.training()),
    }
    for key, value in expected.items():
        require(described.get(key) == value, f"described() has {described.get(key)!r} as {key}")


def comes_back_from_decoding(run: Run) -> None:
    """Samples that a network is given, and gives back, are the samples."""
    for split, samples in _splits(_data(run)).items():
        some = samples[:LOOKED_AT]
        require_same(some, encode(decode(some)), f"its {split} samples are lost in decoding")


def has_its_labels_in_range(run: Run) -> None:
    """Where classes are known: one a picture, from 0 on, and a judge never learns from its exam."""
    data = _data(run)
    if not isinstance(data, Labelled):
        return
    require(data.judge_split != "evaluation", "its judge_split is what a judge scores against")
    classes = set(data.labelled("training")[1].tolist())
    require(classes == set(range(len(classes))), f"the classes are {sorted(classes)}, not 0 to K-1")
    for split in {"training", "evaluation", data.judge_split}:
        pictures, labels = data.labelled(split)
        require(labels.dtype == torch.int64, f"its {split} labels are {labels.dtype}, not int64")
        require(len(pictures) == len(labels), f"its {split} pictures and labels are not as many")
        strangers = set(labels.tolist()) - classes
        require(not strangers, f"its {split} split has classes that no training picture has")
    for split, samples in _splits(data).items():
        require_same(samples, data.labelled(split)[0], f"labelled({split!r}) has other pictures")


CHECKS: tuple[Check, ...] = (
    has_samples_of_its_shape,
    keeps_its_splits_apart,
    is_the_same_each_time,
    has_the_checksum_of_its_content,
    describes_itself_in_json,
    comes_back_from_decoding,
    has_its_labels_in_range,
    *judge.CHECKS,
)
"""Every check, those of its judge included, in the order of what breaks first."""


def _data(run: Run) -> Dataset:
    return toys.experiment(run).data


def _splits(data: Dataset) -> dict[str, Tensor]:
    return {"training": data.training(), "evaluation": data.evaluation()}


def _digest(sample: Tensor) -> bytes:
    return sha256(sample.contiguous().numpy().tobytes()).digest()
