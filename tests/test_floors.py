"""How many pictures a score needs: with as many it is computed, with one less it is refused."""

import math

import pytest
import torch
from pictures_factory import folder_of

from bench.cli import main
from bench.data.dataset import Dataset
from bench.data.dirac import Dirac, GaussianLocation
from bench.data.mixtures import Grid, Ring
from bench.data.stacked_digits import StackedDigits
from bench.runs import records
from bench.scores.classifier import ClassifierJudge
from bench.scores.features import LEAST, FeatureScores, Sizes
from bench.scores.location import LocationJudge
from bench.scores.modes import ModeJudge
from bench.scores.stacked import StackedJudge
from bench.scores.thumbnails import ThumbnailJudge


class Few(Dataset):
    """Noise, called after the data whose judge scores it."""

    name = "digits"
    shape = (1, 8, 8)

    def __init__(self, training, evaluation):
        self._training, self._evaluation = training, evaluation

    def _draw(self, n, seed):
        draws = torch.Generator().manual_seed(seed)
        return torch.randint(0, 256, (n, *self.shape), generator=draws, dtype=torch.uint8)

    def training(self):
        return self._draw(self._training, 0)

    def evaluation(self):
        return self._draw(self._evaluation, 1)


class Stacked(Few):
    name, shape = "stacked_digits", (3, 8, 8)


FEW = {
    "classifier": lambda training, held_out: ClassifierJudge(Few(training, held_out), LEAST),
    "thumbnails": lambda training, held_out: ThumbnailJudge(Few(training, held_out), LEAST),
}


def all_defined(judge):
    """Whether a score of real samples, and the floors, are numbers; KL may see a class too many."""
    scores = judge.score(judge.real()[: judge.samples])
    floors = judge.floors()
    return all(
        math.isfinite(value)
        for row in (scores, floors)
        for name, value in row.items()
        if name != "kl"
    )


@pytest.mark.parametrize("judge", FEW)
def test_pictures_of_each_split_that_a_score_needs(judge):
    assert all_defined(FEW[judge](LEAST, LEAST))
    with pytest.raises(ValueError, match=f"to train on: {LEAST - 1}, and a score takes {LEAST}"):
        FEW[judge](LEAST - 1, LEAST)
    with pytest.raises(ValueError, match=f"held out .*: {LEAST - 1}, and a score takes {LEAST}"):
        FEW[judge](LEAST, LEAST - 1)


def test_the_other_judges_need_one():
    assert all_defined(StackedJudge(Stacked(0, 1), samples=1))
    with pytest.raises(ValueError, match="held out to score against: 0"):
        StackedJudge(Stacked(1, 0), samples=1)
    assert all_defined(LocationJudge(GaussianLocation(points=1), samples=1))
    with pytest.raises(ValueError, match="samples = 0"):
        LocationJudge(GaussianLocation(), samples=0)
    ring = Ring(modes=1, points=1, evaluation_points=1)
    assert all_defined(ModeJudge(ring, samples=1))
    assert ModeJudge(ring, samples=1).metrics[-1].span.low == 0


@pytest.mark.parametrize("make", [Ring, Grid, Dirac, GaussianLocation, StackedDigits])
def test_data_without_samples_are_refused(make):
    counts = {"modes", "side", "points", "evaluation_points", "dimensions", "triples"}
    counts |= {"evaluation_triples"}
    found = [name for name in make.__dataclass_fields__ if name in counts]
    assert found
    for name in found:
        with pytest.raises(ValueError, match=f"{name} = 0: it must be at least 1"):
            make(**{name: 0})


def test_pictures_that_are_all_the_same_are_no_reference():
    class Same(Few):
        def evaluation(self):
            return torch.zeros(9, *self.shape, dtype=torch.uint8)

    with pytest.raises(ValueError, match="all the same"):
        ThumbnailJudge(Same(9, 9))


def test_features_of_the_least_samples_have_scores():
    draws = torch.Generator().manual_seed(0)
    for generated, real in ((LEAST, 40), (40, LEAST), (LEAST, LEAST)):
        scores = FeatureScores(torch.randn(real, 8, generator=draws), Sizes(is_splits=LEAST))
        found = scores(
            torch.randn(generated, 8, generator=draws), torch.randn(generated, 4, generator=draws)
        )
        assert all(math.isfinite(value) for value in found.values())


def suite_of(tmp_path, n):
    """A suite on a folder of that many pictures, of which a tenth is held out."""
    path = tmp_path / "few.gin"
    path.write_text(
        f"""# Few pictures.
include "judges/thumbnails.gin"
Suite.dataset = "image_folder"
Suite.architecture = "mlp"
Suite.methods = ["vanilla"]
Suite.seeds = 1
ImageFolder.root = "{folder_of(tmp_path / "in", n)}"
ImageFolder.cache = "{tmp_path / "cache"}"
ImageFolder.size = 8
Experiment.steps = 2
Experiment.evaluations = 1
Experiment.batch_size = 4
Experiment.latent_dim = 4
Experiment.device = "cpu"
g_width = 8
d_width = 8
"""
    )
    return path


def run(suite, tmp_path, *options):
    where = ["--out", str(tmp_path / "runs"), "--leaderboards", str(tmp_path / "boards")]
    return main(["run", str(suite), *where, "--jobs", "1", *options])


def test_twelve_pictures_are_refused_with_the_number_that_is_needed(tmp_path, capsys):
    suite = suite_of(tmp_path, 12)
    assert run(suite, tmp_path) == 2
    lines = capsys.readouterr().err.splitlines()
    refusal = [line for line in lines if line.startswith("ganbench: ")]
    assert len(refusal) == 1
    assert "held out to score against: 1, and a score takes 5 or more" in refusal[0]
    assert not (tmp_path / "runs").exists()


def test_as_many_pictures_as_are_needed_are_trained_on_and_scored(tmp_path):
    assert run(suite_of(tmp_path, 50), tmp_path) == 0  # a tenth is five
    (record,) = records.read_all(tmp_path / "runs")
    assert all(value is not None for row in record["scores"] for value in row.values())


def test_a_batch_larger_than_the_pictures_is_refused(tmp_path, capsys):
    suite = suite_of(tmp_path, 50)
    assert run(suite, tmp_path, "--gin_bindings", "Experiment.batch_size = 46") == 2
    assert "choose between 1 and its 45 samples" in capsys.readouterr().err
