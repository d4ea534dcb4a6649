"""placeholder: what every data set must do, and what this one alone holds."""

from pathlib import Path

import pytest

from ganbench import conformance
from placeholder import Placeholder


@pytest.mark.parametrize("check", conformance("dataset"), ids=lambda check: check.__name__)
def test_it_conforms(check, monkeypatch):
    monkeypatch.chdir(Path(__file__).parent)  # which has the folder gin
    check("placeholder")


def test_a_picture_is_a_disc_of_one_level_on_black():
    for picture in Placeholder().training():
        disc = picture[picture > 0]
        assert len(disc.unique()) == 1
        assert len(disc) in (13, 29, 49)  # points of a grid within 2, 3 and 4 of one of them
