"""MNIST's judge, trained by one command, scores MNIST and counts the modes of stacked MNIST."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from pictures_factory import write_mnist
from sklearn.datasets import load_digits

from bench.cli import main
from bench.config.plan import make_plan
from bench.data.mnist import MNIST, StackedMNIST
from bench.errors import UsageError
from bench.scores import training
from bench.scores.classifier import ClassifierJudge
from bench.scores.stacked import StackedJudge

HELD_OUT = 400


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """Scikit-learn's digits, enlarged, in MNIST's files, and the judge trained on them."""
    home = tmp_path_factory.mktemp("home")
    found = load_digits()
    large = np.kron(found.images * 255 / 16, np.ones((3, 3))).astype(np.uint8)
    framed = np.pad(large, ((0, 0), (2, 2), (2, 2)))
    write_mnist(
        home,
        {
            "train": (framed[HELD_OUT:], found.target[HELD_OUT:]),
            "t10k": (framed[:HELD_OUT], found.target[:HELD_OUT]),
        },
    )
    quick = replace(training.MANY_PIXELS, width=8, features=16, epochs=4, batch=64)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "MANY_PIXELS", quick)
        patch.setenv("GANBENCH_DATA", str(home))
        assert main(["judge", "train", "mnist", "--out", str(home / "judges")]) == 0
    return home


@pytest.fixture(autouse=True)
def there(home, monkeypatch):
    monkeypatch.setenv("GANBENCH_DATA", str(home))
    monkeypatch.chdir(home)


def test_the_judge_stands_where_mnists_gin_file_looks_for_it(home) -> None:
    (home / "mine.gin").write_text(
        'Suite.dataset = "mnist"\nSuite.architecture = "dcgan"\nSuite.methods = ["vanilla"]\n'
        "Experiment.steps = 1\nExperiment.evaluations = 1\ng_width = 2\nd_width = 2\n"
        f'MNIST.root = "{home}"\n'  # workers may be older than this test's environment
    )
    command = ["run", "mine.gin", "--out", "runs", "--leaderboards", "boards"]
    assert main(command) == 0
    assert "mnist-cnn, 2k" in (home / "boards" / "mine" / "README.md").read_text()


def test_it_counts_the_modes_of_real_triples_and_of_one_digit_alone() -> None:
    data = StackedMNIST(triples=1, evaluation_triples=1000)
    judge = StackedJudge(data, samples=1000, weights="judges/mnist-cnn.json")
    real = judge.floors()
    assert real["modes"] > 550  # 1,000 uniform triples cover 632 of 1000
    assert real["kl"] < 0.7  # about 999 / 2,000 for a perfect sampler
    one = data.evaluation()[:1].expand(1000, -1, -1, -1)
    assert judge.score(one)["modes"] == 1
    assert judge.collapsed(judge.score(one))


def test_it_scores_digits_better_than_noise() -> None:
    judge = ClassifierJudge(MNIST(), samples=300, weights="judges/mnist-cnn.json")
    digits = MNIST().training()[:300]
    noise = torch.randint(256, digits.shape, dtype=torch.uint8)
    assert judge.score(digits)["fid"] < judge.score(noise)["fid"] / 5


def test_without_it_one_sentence_says_how_to_train_it(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="ganbench judge train DATASET writes one"):
        StackedJudge(StackedMNIST(triples=1, evaluation_triples=1), weights="judges/mnist-cnn.json")
    for dataset in ("mnist", "stacked_mnist"):
        path = tmp_path / f"{dataset}.gin"
        path.write_text(
            f'Suite.dataset = "{dataset}"\nSuite.architecture = "dcgan"\n'
            'Suite.methods = ["vanilla"]\nExperiment.steps = 1\n'
        )
        assert len(make_plan(str(path)).runs) == 3
