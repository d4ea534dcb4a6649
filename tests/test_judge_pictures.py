"""A judge of colour pictures: trained by one command, and it tells good samples from bad ones."""

import json
import math
import os
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from bench.cli import main
from bench.data.cached import CachedPictures
from bench.data.image_folder import ImageFolder
from bench.data.photographs import Photographs
from bench.errors import UsageError
from bench.scores import training
from bench.scores.classifier import ClassifierJudge
from bench.scores.features import FeatureScores
from bench.scores.frozen import FOLDER, FrozenClassifier
from bench.scores.judge import Judge
from bench.scores.network import ConvClassifier
from bench.scores.thumbnails import ThumbnailJudge

SHAPES = ("bars", "discs", "ramps")


def draw(shape: str, rng: np.random.Generator) -> Image.Image:
    """A 16 x 16 picture of a shape in a random colour, phase and size."""
    y, x = np.mgrid[:16, :16]
    phase, scale = rng.uniform(0, 6), rng.uniform(3, 6)
    form = {
        "bars": np.sin(2 * np.pi * x / scale + phase) > 0,
        "discs": np.hypot(x - 5 - phase, y - 5 - phase) < scale,
        "ramps": (x + y) / 30,
    }[shape]
    colour = rng.uniform(0.3, 1, size=3)
    return Image.fromarray((255 * form[..., None] * colour).astype(np.uint8))


@pytest.fixture(scope="module")
def shapes(tmp_path_factory) -> ImageFolder:
    """Three classes of 60 + 20 pictures, with a judge that ``ganbench judge train`` made."""
    home = tmp_path_factory.mktemp("home")
    rng = np.random.default_rng(0)
    for shape in SHAPES:
        for split, n in (("train", 60), ("test", 20)):
            folder = home / "shapes" / split / shape
            folder.mkdir(parents=True)
            for i in range(n):
                draw(shape, rng).save(folder / f"{i}.png")
    quick = replace(training.MANY_PIXELS, epochs=4, batch=30)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "MANY_PIXELS", quick)
        patch.setenv("GANBENCH_DATA", str(home))
        bindings = ['ImageFolder.name = "shapes"', "ImageFolder.size = 16"]
        bindings += ['ImageFolder.training_folder = "train"']
        bindings += ['ImageFolder.evaluation_folder = "test"']
        words = [word for binding in bindings for word in ("--gin_bindings", binding)]
        assert main(["judge", "train", "image_folder", *words, "--out", str(home)]) == 0
    return ImageFolder(
        name="shapes",
        size=16,
        root=str(home / "shapes"),
        training_folder="train",
        evaluation_folder="test",
    )


def weights_of(data: CachedPictures) -> Path:
    return data.folder.parent / f"{data.name}-cnn.json"


@pytest.fixture
def judge(shapes) -> ClassifierJudge:
    return ClassifierJudge(shapes, samples=60, weights=str(weights_of(shapes)))


def test_the_command_records_what_it_trained_on_and_how_well(shapes) -> None:
    described = json.loads(weights_of(shapes).read_text())
    pictures, labels = shapes.labelled("training")
    assert described["data"] == {
        "name": "shapes",
        "split": "training",
        "pictures": 180,
        "sha256": training.digest(pictures, labels),
    }
    classifier = FrozenClassifier(str(weights_of(shapes)))
    seen, truth = shapes.labelled("evaluation")
    right = (classifier(seen)[1].argmax(dim=1) == truth).float().mean().item()
    assert right == pytest.approx(described["accuracy"], abs=1e-4)
    assert right > 0.9
    assert (classifier.channels, classifier.size, classifier.classes) == (3, 16, 3)


def noisy(pictures: Tensor, level: float) -> Tensor:
    noise = torch.randn(pictures.shape, generator=torch.Generator().manual_seed(0))
    return (pictures + level * noise).round().clamp(0, 255).to(torch.uint8)


def rises_with_noise(judge: Judge, pictures: Tensor, levels: tuple[int, ...]) -> None:
    scores = [judge.score(noisy(pictures, level)) for level in levels]
    fids = [score["fid"] for score in scores]
    assert all(low < high for low, high in pairwise(fids)), fids


def test_noise_is_worse_the_more_there_is(judge, shapes) -> None:
    pictures = shapes.training()[torch.arange(60) * 3]
    rises_with_noise(judge, pictures, (0, 30, 60, 120))


def test_a_set_of_one_class_has_collapsed_and_real_pictures_have_not(judge, shapes) -> None:
    pictures, labels = shapes.labelled("training")
    one = judge.score(pictures[labels == 0][:60])
    assert judge.collapsed(one)
    assert one["modes_fair"] == 1
    real = judge.floors()
    assert not judge.collapsed(real)
    assert one["fid"] > 10 * real["fid"]


def test_a_judge_is_not_lent_to_another_data_set_in_silence(shapes) -> None:
    other, weights = replace(shapes, name="forms"), str(weights_of(shapes))
    with pytest.raises(UsageError, match="'shapes-cnn' learned from shapes, not forms: train one"):
        ClassifierJudge(other, weights=weights)
    lent = ClassifierJudge(other, weights=weights, trained_on="shapes")
    assert lent.identity()["name"] == "shapes-cnn"


def test_pictures_of_another_size_are_refused(shapes) -> None:
    with pytest.raises(UsageError, match=r"scores samples of shape \(3, 16, 16\)"):
        ClassifierJudge(replace(shapes, size=32), weights=str(weights_of(shapes)))


def test_data_without_labels_have_no_judge_to_train(capsys) -> None:
    assert main(["judge", "train", "ring"]) == 2
    assert "ring has no labels" in capsys.readouterr().err


def test_convolutions_take_no_tiny_pictures() -> None:
    with pytest.raises(ValueError, match="16 pixels or more"):
        ConvClassifier(channels=3, size=8, width=4, features=8, classes=2)


def test_mirrors_and_shifts_keep_a_pictures_pixels() -> None:
    pictures = torch.randint(1, 256, (40, 3, 6, 6), dtype=torch.uint8)
    mirrored = training._mirrored(pictures, torch.Generator().manual_seed(0))
    same = (mirrored == pictures).flatten(1).all(dim=1)
    assert 5 < same.sum() < 35
    assert torch.equal(mirrored[~same], pictures[~same].flip(3))

    moved = training._moved(pictures, 2, torch.Generator().manual_seed(0))
    for before, after in zip(pictures, moved, strict=True):
        padded = torch.nn.functional.pad(before, (2,) * 4)
        windows = padded.unfold(1, 6, 1).unfold(2, 6, 1).permute(1, 2, 0, 3, 4).flatten(0, 1)
        assert any(torch.equal(window, after) for window in windows)


# Thumbnails -------------------------------------------------------------------------------------


def test_thumbnails_are_mean_colours_and_fid_is_of_them() -> None:
    data = Photographs(size=32, pieces=200)
    judge = ThumbnailJudge(data, samples=100)
    blocks = data.training().double().unflatten(3, (4, 8)).unflatten(2, (4, 8)).mean(dim=(3, 5))
    by_hand = (blocks / 127.5 - 1).flatten(1)[:100]
    blocks = data.evaluation().double().unflatten(3, (4, 8)).unflatten(2, (4, 8)).mean(dim=(3, 5))
    expected = FeatureScores((blocks / 127.5 - 1).flatten(1))(by_hand)
    scores = judge.floors()
    assert {name: scores[name] for name in expected} == pytest.approx(expected)
    assert set(scores) == {metric.name for metric in judge.metrics}
    rises_with_noise(judge, data.evaluation(), (0, 40, 80, 120))


def test_thumbnails_tell_a_single_picture_from_many() -> None:
    data = Photographs(size=64, pieces=200)
    judge = ThumbnailJudge(data, samples=100)
    assert not judge.collapsed(judge.floors())
    assert judge.collapsed(judge.score(data.training()[:1].expand(100, -1, -1, -1)))


def test_photographs_of_the_splits_share_no_column() -> None:
    splits = Photographs(size=96, pieces=40)  # as large as they are cut out: no pixel is changed
    columns = [
        {column.tobytes() for picture in split.numpy() for column in picture.transpose(2, 0, 1)}
        for split in (splits.training(), splits.evaluation())
    ]
    assert not columns[0] & columns[1]


# CIFAR-10's judge -------------------------------------------------------------------------------

HOMES = (Path(os.environ.get("GANBENCH_DATA", "data")), Path(__file__).parents[2] / "shared/data")
HOME = next((home for home in HOMES if (home / "cifar10_jpeg").is_dir()), None)
SHIPPED = "cifar10_jpeg-cnn"


def test_the_shipped_judge_of_cifar10_is_small_and_says_where_it_is_from() -> None:
    described = json.loads((FOLDER / f"{SHIPPED}.json").read_text())
    assert (FOLDER / f"{SHIPPED}.safetensors").stat().st_size < 1_500_000
    assert described["accuracy"] >= 0.75
    assert described["data"]["split"] == "training"
    assert described["architecture"]["features"] <= 64
    assert FrozenClassifier(SHIPPED).sha256 == described["sha256"]


@pytest.mark.slow
@pytest.mark.skipif(HOME is None, reason="the JPEG copy of CIFAR-10 is not here")
def test_the_shipped_judge_on_cifar10(monkeypatch) -> None:
    monkeypatch.setenv("GANBENCH_DATA", str(HOME))
    data = ImageFolder(
        name="cifar10_jpeg", size=32, training_folder="train", evaluation_folder="test"
    )
    judge = ClassifierJudge(data, weights=SHIPPED)
    described = json.loads((FOLDER / f"{SHIPPED}.json").read_text())
    pictures, labels = data.labelled("evaluation")
    logits = FrozenClassifier(SHIPPED)(pictures)[1]
    right = (logits.argmax(dim=1) == labels).float().mean().item()
    assert right == pytest.approx(described["accuracy"], abs=1e-3)

    floors = judge.floors()
    assert floors["modes_fair"] == 10
    rises_with_noise(judge, data.training()[:2000], (0, 10, 20, 40, 80))
    pictures, labels = data.labelled("training")
    alone = [judge.score(pictures[labels == label][:2000]) for label in range(10)]
    assert all(one["fid"] > 10 * floors["fid"] for one in alone)
    assert all(one["kl"] > math.log(2) for one in alone)
    # Of birds, cats, deer or dogs its errors alone make five classes and more.
    caught = [label for label, one in enumerate(alone) if judge.collapsed(one)]
    assert caught == [0, 1, 6, 7, 8, 9]
