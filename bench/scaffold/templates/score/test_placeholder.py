"""placeholder: what every judge must do, and what this one alone measures."""

from pathlib import Path

import pytest
import torch

from ganbench import conformance
from placeholder import Dataset, Placeholder


@pytest.mark.parametrize("check", conformance("score"), ids=lambda check: check.__name__)
def test_it_conforms(check, monkeypatch):
    monkeypatch.chdir(Path(__file__).parent)  # which has the folder gin
    check("placeholder")


class Points(Dataset):
    name, shape, points = "points", (2,), torch.randn(500, 2)

    def training(self):
        return self.points

    def evaluation(self):
        return self.points


def test_a_shift_scores_as_its_mean_length_along_the_directions():
    judge = Placeholder(Points())
    shift = torch.tensor([3.0, 4.0])
    expected = (shift.double() @ judge.directions).abs().mean().item()
    assert judge.measure(Points.points + shift)["swd"] == pytest.approx(expected, rel=1e-6)
