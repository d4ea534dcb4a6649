"""placeholder: what every judge must do, and what this one alone measures."""

from pathlib import Path

import pytest
import torch

from bench.conformance.kinds import KINDS
from bench.data.mixtures import Ring
from placeholder import Placeholder

SCORE = KINDS["score"]


@pytest.mark.parametrize("check", SCORE.checks, ids=lambda check: check.__name__)
def test_it_conforms(check, monkeypatch):
    monkeypatch.chdir(Path(__file__).parent)  # where gin/judges/placeholder.gin is looked for
    check(SCORE.subject("placeholder", print))


def test_a_shift_scores_as_its_mean_length_along_the_directions():
    data = Ring(evaluation_points=500)
    judge = Placeholder(data)
    shift = torch.tensor([3.0, 4.0])
    expected = (shift.double() @ judge.directions).abs().mean().item()
    assert judge.measure(data.evaluation() + shift)["swd"] == pytest.approx(expected, rel=1e-6)
