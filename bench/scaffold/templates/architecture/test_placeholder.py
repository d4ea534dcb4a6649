"""placeholder: what every architecture must do, and what this one alone is."""

from pathlib import Path

import pytest

from ganbench import conformance
from placeholder import PlaceholderDiscriminator


@pytest.mark.parametrize("check", conformance("architecture"), ids=lambda check: check.__name__)
def test_it_conforms(check, monkeypatch):
    monkeypatch.chdir(Path(__file__).parent)  # which has the folder gin
    check("placeholder")


def test_the_discriminator_has_as_many_weights_as_counted_by_hand():
    network = PlaceholderDiscriminator((3, 32, 32), width=8)
    convolutions = (3 * 8 * 16 + 8) + (8 * 8 * 16 + 8)
    norm, linear = 2 * 8, 8 * 8 * 8 + 1
    found = sum(parameter.numel() for parameter in network.parameters())
    assert found == convolutions + norm + linear
