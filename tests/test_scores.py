"""Scores against known answers: closed forms, independent computations, real-data floors."""

import json
import math
from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
import scipy.linalg
import torch

from bench.data.digits import Digits, labelled_digits
from bench.data.mixtures import Grid, Mixture, Ring
from bench.data.stacked_digits import StackedDigits
from bench.errors import UsageError
from bench.scores.classifier import ClassifierJudge
from bench.scores.coverage import covered, divergence
from bench.scores.features import FeatureScores, Sizes
from bench.scores.frozen import FrozenClassifier
from bench.scores.judge import Judge, thousands
from bench.scores.modes import ModeJudge, overlap
from bench.scores.stacked import StackedJudge


@cache
def judge(name: str) -> Judge:
    made: dict[str, Judge] = {
        "ring": ModeJudge(Ring()),
        "grid": ModeJudge(Grid()),
        "digits": ClassifierJudge(Digits()),
        "stacked_digits": StackedJudge(StackedDigits()),
    }
    return made[name]


NAMES = ["ring", "grid", "digits", "stacked_digits"]


def normals(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


# Coverage ---------------------------------------------------------------------------------------


def test_divergence_of_known_distributions() -> None:
    uniform = torch.full((4,), 0.25)
    assert divergence(torch.tensor([5, 5, 5, 5]), uniform) == pytest.approx(0)
    assert divergence(torch.tensor([9, 0, 0, 0]), uniform) == pytest.approx(math.log(4))
    assert divergence(torch.tensor([3, 1, 0, 0]), uniform) == pytest.approx(
        0.75 * math.log(3) + 0.25 * math.log(1), rel=1e-6
    )
    assert math.isnan(divergence(torch.zeros(4), uniform))


def test_a_fair_mode_has_a_fifth_of_its_share() -> None:
    counts = torch.tensor([0, 1, 19, 20, 160])
    assert covered(counts) == 4
    assert covered(counts, torch.full((5,), 100.0)) == 2


def test_a_fair_share_below_one_sample_still_takes_one() -> None:
    assert covered(torch.tensor([0, 1]), torch.full((2,), 0.5)) == 1


# The exact judge of mixtures --------------------------------------------------------------------


def perfect(data: Mixture, n: int, seed: int = 0) -> torch.Tensor:
    stream = torch.Generator().manual_seed(seed)
    modes = torch.randint(len(data.centres), (n,), generator=stream)
    return data.centres[modes] + data.sigma * torch.randn(n, 2, generator=stream)


@pytest.mark.parametrize("data", [Ring(), Grid()], ids=lambda data: data.name)
def test_a_perfect_sampler_reaches_the_theoretical_floors(data: Mixture) -> None:
    exact = ModeJudge(data)
    runs = [exact.score(perfect(data, 2500, seed)) for seed in range(40)]
    mean = {name: np.mean([run[name] for run in runs]) for name in runs[0]}
    assert mean["modes"] == mean["modes_fair"] == exact.modes
    assert mean["hq"] == pytest.approx(1 - math.exp(-4.5), abs=0.0015)
    assert mean["kl"] == pytest.approx((exact.modes - 1) / 5000, rel=0.15)
    assert not any(exact.collapsed(run) for run in runs)


def test_overlap_is_one_minus_total_variation_by_hand() -> None:
    within = 1 - math.exp(-4.5)
    counts = torch.tensor([40, 10, 0, 30])
    shares = [0.4, 0.1, 0.0, 0.3, 0.2]  # the last: of 100 samples, 20 lie outside every mode
    perfect_shares = [within / 4] * 4 + [1 - within]
    distance = sum(abs(a - b) for a, b in zip(shares, perfect_shares, strict=True)) / 2
    assert overlap(counts, 100) == pytest.approx(1 - distance)
    assert overlap(torch.zeros(4), 100) == pytest.approx(1 - within)


def test_missed_modes_follow_the_formula() -> None:
    data = Grid()
    exact = ModeJudge(data, samples=50)
    missed = [25 - exact.score(perfect(data, 50, seed))["modes"] for seed in range(200)]
    expected = 25 * (1 - 0.9889 / 25) ** 50
    assert np.mean(missed) == pytest.approx(expected, rel=0.1)


def test_a_sampler_of_one_mode() -> None:
    ring = judge("ring")
    scores = ring.score(Ring().centres[:1].expand(2500, 2))
    assert scores["overlap"] == pytest.approx((1 - math.exp(-4.5)) / 8)
    del scores["overlap"]
    assert scores == {"modes": 1, "modes_fair": 1, "hq": 1, "kl": pytest.approx(math.log(8))}
    assert ring.collapsed(scores)


def test_linspace_makes_a_ring_of_seven() -> None:
    angles = torch.linspace(0, 2 * math.pi, 8)
    points = torch.stack([angles.cos(), angles.sin()], dim=1)
    seven = len(points.mul(1e4).round().unique(dim=0))
    assert seven == 7
    scores = judge("ring").score(points[torch.arange(2500) % 8])
    assert scores["modes"] == 1  # of those seven, only the first lies on a mode


def test_seven_modes_of_eight_are_seven() -> None:
    ring = judge("ring")
    scores = ring.score(Ring().centres[:7][torch.arange(2500) % 7])
    assert (scores["modes"], scores["modes_fair"]) == (7, 7)
    assert scores["kl"] == pytest.approx(math.log(8 / 7), abs=1e-4)
    assert not ring.collapsed(scores)


def test_a_stray_sample_covers_a_mode_but_not_fairly() -> None:
    points = Ring().centres[:1].repeat(2500, 1)
    points[0] = Ring().centres[1]
    scores = judge("ring").score(points)
    assert (scores["modes"], scores["modes_fair"]) == (2, 1)


def test_three_sigma_bound_high_quality() -> None:
    sigma = Ring().sigma
    points = Ring().centres[:1].repeat(2500, 1)
    points[:1000, 1] += 2.99 * sigma
    points[1000:, 1] += 3.01 * sigma
    assert judge("ring").score(points)["hq"] == 0.4


# Features ---------------------------------------------------------------------------------------


def test_fid_agrees_with_a_matrix_square_root() -> None:
    x, y = normals(300, 8).double(), 1.3 * normals(200, 8, seed=1).double() + 0.2
    a, b = np.cov(x.numpy(), rowvar=False), np.cov(y.numpy(), rowvar=False)
    gap = (x.mean(0) - y.mean(0)).numpy()
    expected = gap @ gap + np.trace(a + b - 2 * scipy.linalg.sqrtm(a @ b).real)
    assert FeatureScores(y)(x, normals(300, 10))["fid"] == pytest.approx(expected, rel=1e-6)


def test_fid_of_identical_gaussians_has_the_floor_of_its_dimension() -> None:
    d, n = 16, 2000
    runs = [
        FeatureScores(normals(n, d, seed=2 * k))(normals(n, d, seed=2 * k + 1), normals(n, 2))
        for k in range(5)
    ]
    expected = 2 * d / n + d * (d + 1) / (2 * n)
    assert np.mean([run["fid"] for run in runs]) == pytest.approx(expected, rel=0.15)


def test_kid_agrees_with_its_definition() -> None:
    n, d = Sizes().kid_subset_size, 6  # one possible subset, so that every draw is the whole
    x, y = normals(n, d).double().numpy(), 1 + normals(n, d, seed=1).double().numpy()
    xx, yy, xy = (((a @ b.T) / d + 1) ** 3 for a, b in ((x, x), (y, y), (x, y)))
    off = n * (n - 1)
    expected = (xx.sum() - np.trace(xx) + yy.sum() - np.trace(yy)) / off - 2 * xy.mean()
    scores = FeatureScores(torch.from_numpy(y))(torch.from_numpy(x), normals(n, 10))
    assert scores["kid"] == pytest.approx(expected, rel=1e-9)


def test_precision_and_recall_agree_with_their_definition() -> None:
    x, y = normals(60, 4).double(), 1.5 * normals(60, 4, seed=1).double()

    def share_inside(points: np.ndarray, centres: np.ndarray) -> float:
        radii = np.sort(np.linalg.norm(centres[:, None] - centres[None], axis=2), axis=1)[:, 3]
        return float(
            (np.linalg.norm(points[:, None] - centres[None], axis=2) <= radii).any(1).mean()
        )

    scores = FeatureScores(y)(x, normals(60, 10))
    assert scores["precision"] == pytest.approx(share_inside(x.numpy(), y.numpy()))
    assert scores["recall"] == pytest.approx(share_inside(y.numpy(), x.numpy()))


def test_one_good_sample_is_precise_and_recalls_nothing() -> None:
    real = normals(500, 4)
    scores = FeatureScores(real)(real[:1].repeat(500, 1), normals(500, 10))
    assert (scores["precision"], scores["recall"]) == (1, pytest.approx(0, abs=0.01))


def test_widely_spread_samples_recall_more_than_they_are_precise() -> None:
    scores = FeatureScores(normals(500, 4))(4 * normals(500, 4, seed=1), normals(500, 10))
    assert scores["recall"] > 0.9
    assert scores["precision"] < 0.5


def test_inception_score_counts_certain_classes() -> None:
    certain = 100 * torch.eye(10)[torch.arange(500) % 10]
    score = FeatureScores(normals(500, 4))
    assert score(normals(500, 4), certain)["is"] == pytest.approx(10)
    assert score(normals(500, 4), certain[:1].expand(500, 10))["is"] == pytest.approx(1)


# Digits -----------------------------------------------------------------------------------------


def resampled(pictures: torch.Tensor, n: int) -> torch.Tensor:
    stream = torch.Generator().manual_seed(0)
    return pictures[torch.randint(len(pictures), (n,), generator=stream)]


def test_real_digits_score_far_better_than_noise() -> None:
    noise = torch.randint(0, 256, (2000, 1, 8, 8), generator=torch.Generator().manual_seed(0))
    floors, scores = judge("digits").floors(), judge("digits").score(noise.byte())
    for metric in judge("digits").metrics:
        sign = 1 if metric.better == "higher" else -1
        assert sign * floors[metric.name] >= sign * scores[metric.name]
    assert floors["fid"] < 2 < 50 < scores["fid"]
    assert floors["precision"] > 0.85
    assert floors["recall"] > 0.85


def test_a_lost_class_shows_in_every_score_that_should_see_it() -> None:
    pictures, labels = labelled_digits("training")
    floors = judge("digits").floors()
    scores = judge("digits").score(resampled(pictures[labels != 9], 2000))
    assert scores["fid"] > 2 * floors["fid"]
    assert scores["modes_fair"] == 9
    assert scores["kl"] == pytest.approx(math.log(10 / 9), abs=0.03)
    assert not judge("digits").collapsed(scores)


def test_four_digits_are_a_collapse() -> None:
    pictures, labels = labelled_digits("training")
    scores = judge("digits").score(resampled(pictures[labels < 4], 2000))
    assert scores["modes_fair"] == 4
    assert judge("digits").collapsed(scores)


# Stacked digits ---------------------------------------------------------------------------------


def test_real_triples_reach_the_floors_of_a_thousand_modes() -> None:
    floors = judge("stacked_digits").floors()
    assert floors["modes"] == floors["modes_fair"] == 1000
    assert floors["kl"] == pytest.approx(999 / 52_000, rel=0.1)


def test_few_real_triples_miss_as_many_modes_as_the_formula_says() -> None:
    scores = StackedJudge(StackedDigits(), samples=2500).floors()
    assert 1000 - scores["modes"] == pytest.approx(1000 * 0.999**2500, rel=0.25)


def test_a_coloured_picture_is_one_mode() -> None:
    one = StackedDigits(1, 1).training()
    scores = judge("stacked_digits").score(one.expand(26_000, 3, 8, 8))
    assert scores == {"modes": 1, "modes_fair": 1, "kl": pytest.approx(math.log(1000))}
    assert judge("stacked_digits").collapsed(scores)


def test_a_swap_of_colours_is_another_mode() -> None:
    stacked = StackedJudge(StackedDigits(), samples=2)
    pictures, labels = labelled_digits("training")
    zero, one = (pictures[labels == digit][0] for digit in (0, 1))
    assert (
        stacked.score(torch.stack([torch.cat([zero, one, one]), torch.cat([one, one, zero])]))[
            "modes"
        ]
        == 2
    )


def test_errors_of_the_classifier_inflate_the_plain_count_alone() -> None:
    pictures, labels = labelled_digits("evaluation")
    by_digit = torch.stack([pictures[labels == digit].squeeze(1) for digit in range(10)])
    stream = torch.Generator().manual_seed(0)
    made = torch.randperm(1000, generator=stream)[:500]
    codes = made[torch.randint(500, (26_000,), generator=stream)]
    digits = torch.stack([codes // 100, codes // 10 % 10, codes % 10], dim=1)
    triples = by_digit[digits, torch.randint(50, (26_000, 3), generator=stream)]

    scores = judge("stacked_digits").score(triples)
    assert scores["modes"] > 560
    assert scores["modes_fair"] == pytest.approx(500, abs=15)


# What holds for every judge ---------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_the_protocol_is_json_and_names_what_scores_depend_on(name: str) -> None:
    protocol = judge(name).protocol()
    assert json.loads(json.dumps(protocol)) == protocol
    assert len(protocol["judge"]["sha256"]) == 64
    assert protocol["samples"] == judge(name).samples
    assert protocol["reference_samples"] >= 0
    assert protocol["headline"] in protocol["metrics"]
    size = thousands(judge(name).samples)
    assert all(size in metric["label"] for metric in protocol["metrics"].values())


@pytest.mark.parametrize("name", NAMES)
def test_scores_are_the_metrics_and_the_same_each_time(name: str) -> None:
    samples = resampled(judge(name).real(), judge(name).samples)
    streams = torch.get_rng_state(), np.random.get_state()[1].tolist()
    scores = judge(name).score(samples)
    assert judge(name).score(samples) == scores
    assert (
        set(scores) == {metric.name for metric in judge(name).metrics} == set(judge(name).floors())
    )
    assert all(type(score) is float for score in scores.values())
    assert torch.equal(torch.get_rng_state(), streams[0])
    assert np.random.get_state()[1].tolist() == streams[1]


@pytest.mark.parametrize("name", NAMES)
def test_another_number_of_samples_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"takes {judge(name).samples} samples, not 3"):
        judge(name).score(judge(name).real()[:3])


def test_points_that_are_not_numbers_belong_to_no_mode() -> None:
    nothing = judge("ring").score(torch.full((2500, 2), torch.nan))
    assert (nothing["modes"], nothing["modes_fair"], nothing["hq"]) == (0, 0, 0)
    assert math.isnan(nothing["kl"])
    assert judge("ring").collapsed(nothing)

    half = Ring().centres[torch.arange(2500) % 8]
    half[:1250] = torch.inf
    scores = judge("ring").score(half)
    assert (scores["modes"], scores["hq"]) == (8, 0.5)
    assert scores["kl"] == pytest.approx(0, abs=1e-4)


def test_identical_pictures_do_not_raise() -> None:
    scores = judge("digits").score(torch.zeros(2000, 1, 8, 8, dtype=torch.uint8))
    assert scores["is"] == pytest.approx(1)
    assert scores["recall"] == 0
    assert judge("digits").collapsed(scores)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: ModeJudge(Ring(), samples=0), "choose between 1 and"),
        (lambda: ModeJudge(Ring(), samples=20_000), "choose between 1 and"),
        (lambda: ClassifierJudge(Digits(), samples=4), "choose 5 or more"),
        (lambda: StackedJudge(StackedDigits(), samples=0), "choose 1 or more"),
    ],
)
def test_a_number_of_samples_that_cannot_be_scored_is_refused(
    build: Callable[[], Judge], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        build()


def test_a_score_of_few_digits_is_defined() -> None:
    scores = ClassifierJudge(Digits(), samples=5).score(Digits().training()[:5])
    assert all(math.isfinite(score) for score in scores.values())


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_scores_on_a_gpu_are_those_on_the_cpu() -> None:
    samples = resampled(Digits().training(), 2000)
    expected = judge("digits").score(samples)
    scores = ClassifierJudge(Digits()).to("cuda").score(samples.cuda())
    assert scores == pytest.approx(expected, rel=0.01, abs=0.01)


@pytest.mark.parametrize(("n", "short"), [(500, "500"), (2000, "2k"), (2500, "2.5k")])
def test_numbers_of_samples_are_written_short(n: int, short: str) -> None:
    assert thousands(n) == short


def test_a_classifier_gives_features_and_logits_without_a_graph() -> None:
    classifier = FrozenClassifier("digits-cnn")
    features, logits = classifier(Digits().evaluation()[:3])
    assert features.shape == (3, 32)
    assert logits.shape == (3, 10)
    assert not logits.requires_grad
