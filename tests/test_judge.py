"""The shipped classifier is the one its description names, and can be made again."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from bench.cli import main
from bench.data.digits import Digits, labelled_digits
from bench.data.mixtures import Ring
from bench.errors import UsageError
from bench.scores.classifier import ClassifierJudge
from bench.scores.frozen import FOLDER, FrozenClassifier
from bench.scores.stacked import StackedJudge
from bench.scores.training import FEW_PIXELS, digest, fit

DESCRIPTION = json.loads((FOLDER / "digits-cnn.json").read_text())


def accuracy(classifier: FrozenClassifier, split: str) -> float:
    pictures, labels = labelled_digits(split)
    return (classifier(pictures)[1].argmax(dim=1) == labels).float().mean().item()


def test_the_shipped_judge_is_as_described() -> None:
    weights = FOLDER / "digits-cnn.safetensors"
    assert weights.stat().st_size < 150_000
    classifier = FrozenClassifier("digits-cnn")
    assert classifier.sha256 == DESCRIPTION["sha256"]
    assert accuracy(classifier, "evaluation") == pytest.approx(DESCRIPTION["accuracy"], abs=1e-4)
    assert DESCRIPTION["accuracy"] >= 0.97
    assert accuracy(classifier, "training") >= 0.97


def test_the_judge_was_trained_on_the_split_that_is_its_own() -> None:
    pictures, labels = labelled_digits("judge")
    assert digest(pictures, labels) == DESCRIPTION["data"]["sha256"]


def test_training_again_gives_the_shipped_judge(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["judge", "train", "digits", "--out", str(tmp_path)]) == 0
    assert "right on pictures it never saw" in capsys.readouterr().out

    again = FrozenClassifier(str(tmp_path / "digits-cnn.json"))
    shipped = FrozenClassifier("digits-cnn")
    assert accuracy(again, "evaluation") == pytest.approx(DESCRIPTION["accuracy"], abs=0.01)
    pictures = labelled_digits("evaluation")[0]
    same = again(pictures)[1].argmax(dim=1) == shipped(pictures)[1].argmax(dim=1)
    assert same.float().mean() > 0.97  # to the bit on one machine, nearly so on another


def test_training_is_deterministic_and_leaves_the_global_stream_alone() -> None:
    pictures, labels = labelled_digits("judge")
    before = torch.get_rng_state()
    recipe = replace(FEW_PIXELS, epochs=2)
    first, second = (
        fit(recipe, DESCRIPTION["architecture"], pictures, labels, mirrors=False).state_dict()
        for _ in range(2)
    )
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_changed_weights_are_refused_by_name(tmp_path: Path) -> None:
    for suffix in (".json", ".safetensors"):
        shutil.copy(FOLDER / f"digits-cnn{suffix}", tmp_path)
    weights = tmp_path / "digits-cnn.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    with pytest.raises(UsageError, match="the judge 'digits-cnn' have sha256"):
        FrozenClassifier(str(tmp_path / "digits-cnn.json"))


def test_an_unknown_judge_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 'digits-cnn'"):
        FrozenClassifier("digit-cnn")


@pytest.mark.parametrize("judge", [ClassifierJudge, StackedJudge])
def test_data_of_another_shape_is_refused(judge: type[ClassifierJudge | StackedJudge]) -> None:
    with pytest.raises(UsageError, match=r"'ring' has \(2,\)"):
        judge(Ring())


def test_loading_draws_nothing_and_holds_float32() -> None:
    before = torch.get_rng_state()
    ClassifierJudge(Digits())
    assert torch.equal(torch.get_rng_state(), before)
    weights = load_file(FOLDER / "digits-cnn.safetensors")
    assert {tensor.dtype for tensor in weights.values()} == {torch.float32}


def test_features_do_not_depend_on_the_batch_they_come_in() -> None:
    classifier = FrozenClassifier("digits-cnn")
    pictures = labelled_digits("training")[0]
    together = classifier(pictures)[0]
    apart = torch.cat([classifier(part)[0] for part in pictures.split(7)])
    torch.testing.assert_close(together, apart, rtol=1e-4, atol=1e-4)
