"""Data sets hold what their names promise, and the loader's order is the seed's alone."""

from collections import Counter
from itertools import chain
from math import pi, sin
from pathlib import Path

import pytest
import torch

from bench.data.dataset import Dataset, decode, encode
from bench.data.digits import Digits, labelled_digits
from bench.data.loader import Loader
from bench.data.mixtures import Grid, Ring
from bench.data.stacked_digits import StackedDigits
from bench.errors import UsageError

DATASETS: list[Dataset] = [Ring(), Grid(), Digits(), StackedDigits()]


def hashes(samples: torch.Tensor) -> set[bytes]:
    return {sample.numpy().tobytes() for sample in samples}


@pytest.mark.parametrize("data", DATASETS, ids=lambda data: data.name)
def test_samples_have_the_promised_form_and_never_change(data: Dataset) -> None:
    dtype = torch.uint8 if len(data.shape) == 3 else torch.float32
    for samples in (data.training(), data.evaluation()):
        assert samples.dtype == dtype
        assert samples.shape[1:] == data.shape
    assert data.checksum() == type(data)().checksum()


def test_the_checksum_covers_both_splits() -> None:
    sums = {
        data.checksum()
        for data in (
            StackedDigits(100, 100),
            StackedDigits(200, 100),
            StackedDigits(100, 200),
        )
    }
    assert len(sums) == 3


def test_no_picture_is_in_two_splits_of_the_digits() -> None:
    splits = [labelled_digits(split)[0] for split in ("training", "evaluation", "judge")]
    assert [len(split) for split in splits] == [800, 500, 497]
    assert len(hashes(torch.cat(splits))) == 1797  # nor does any picture occur twice


def test_the_splits_hold_each_digit_equally_often() -> None:
    assert set(Counter(labelled_digits("training")[1].tolist()).values()) == {80}
    assert set(Counter(labelled_digits("evaluation")[1].tolist()).values()) == {50}


def test_a_prefix_of_a_split_holds_every_digit() -> None:
    assert len(set(labelled_digits("evaluation")[1][:100].tolist())) == 10


def test_digits_spread_their_levels_over_a_byte() -> None:
    levels = Digits().training().unique()
    assert len(levels) == 17
    assert (levels[0], levels[-1]) == (0, 255)


def test_a_colour_of_a_stacked_digit_is_a_digit_of_the_same_split() -> None:
    data = StackedDigits(500, 500)
    assert hashes(data.training().flatten(0, 1)) <= hashes(Digits().training().squeeze(1))
    assert hashes(data.evaluation().flatten(0, 1)) <= hashes(Digits().evaluation().squeeze(1))


def test_a_ring_has_as_many_distinct_modes_as_it_says() -> None:
    centres = Ring().centres
    assert len(centres.unique(dim=0)) == 8
    apart = torch.pdist(centres)
    assert apart.min() == pytest.approx(2 * sin(pi / 8))


def test_a_grid_is_centred_with_the_spacing_it_says() -> None:
    centres = Grid().centres
    assert len(centres.unique(dim=0)) == 25
    assert centres.mean(dim=0).tolist() == [0, 0]
    assert torch.pdist(centres).min() == 2


@pytest.mark.parametrize("data", [Ring(), Grid()], ids=lambda data: data.name)
def test_a_mixture_has_its_spread_and_even_weights(data: Ring | Grid) -> None:
    points = data.training()
    distance, nearest = torch.cdist(points, data.centres).min(dim=1)
    assert (distance**2).mean().sqrt() == pytest.approx(data.sigma * 2**0.5, rel=0.01)
    counts = torch.bincount(nearest)
    assert counts.min() > 0.9 * len(points) / len(data.centres)
    assert not hashes(points) & hashes(data.evaluation())


def test_encoding_undoes_decoding_exactly() -> None:
    levels = torch.arange(256, dtype=torch.uint8).view(4, 1, 8, 8)
    decoded = decode(levels)
    assert (decoded.min(), decoded.max()) == (-1, 1)
    assert torch.equal(encode(decoded), levels)


def test_encoding_rounds_clamps_and_blackens_what_is_not_a_number() -> None:
    pixels = torch.tensor([-9.0, 9.0, 0.001, torch.nan, torch.inf, -torch.inf]).view(1, 1, 2, 3)
    assert encode(pixels).flatten().tolist() == [0, 255, 128, 0, 255, 0]


def test_points_pass_through() -> None:
    points = torch.randn(5, 2, generator=torch.Generator().manual_seed(0))
    assert encode(decode(points)) is points


def numbered(n: int) -> torch.Tensor:
    """Points that tell which they are."""
    return torch.arange(n, dtype=torch.float32)[:, None].expand(n, 2)


def drawn(loader: Loader, batches: int) -> list[list[float]]:
    return [next(loader)[:, 0].tolist() for _ in range(batches)]


def test_an_epoch_covers_everything_once_but_for_a_partial_batch() -> None:
    loader = Loader(numbered(12), batch_size=4, seed=0)
    first, second = drawn(loader, 3), drawn(loader, 3)
    assert sorted(chain(*first)) == sorted(chain(*second)) == list(range(12))
    assert first != second

    dropping = Loader(numbered(14), batch_size=4, seed=0)
    assert dropping.batches_per_epoch == 3
    assert len(set(chain(*drawn(dropping, 3)))) == 12


def test_the_order_is_the_seeds_and_ignores_global_streams() -> None:
    expected = drawn(Loader(numbered(100), 8, seed=3), 30)
    torch.rand(7)
    assert drawn(Loader(numbered(100), 8, seed=3), 30) == expected
    assert drawn(Loader(numbered(100), 8, seed=4), 30) != expected


@pytest.mark.parametrize("position", [0, 5, 12, 13, 29])
def test_a_loader_resumes_at_any_position(position: int) -> None:
    expected = drawn(Loader(numbered(100), 8, seed=3), 40)
    loader = Loader(numbered(100), 8, seed=3)
    drawn(loader, 7)
    loader.position = position
    assert drawn(loader, 5) == expected[position : position + 5]
    assert loader.position == position + 5


def test_a_loader_decodes_pictures() -> None:
    batch = next(Loader(Digits().training(), 16, seed=0))
    assert batch.shape == (16, 1, 8, 8)
    assert batch.dtype == torch.float32
    assert (batch.min(), batch.max()) == (-1, 1)


@pytest.mark.parametrize("batch_size", [0, 11])
def test_a_batch_that_does_not_fit_the_data_is_refused(batch_size: int) -> None:
    with pytest.raises(UsageError, match="choose between 1 and its 10 samples"):
        Loader(numbered(10), batch_size, seed=0)


def test_each_data_set_has_a_gin_file_that_starts_with_its_description() -> None:
    folder = Path(__file__).parents[1] / "gin" / "datasets"
    for data in DATASETS:
        lines = (folder / f"{data.name}.gin").read_text().splitlines()
        assert lines[0].startswith("# ")
        assert any(f"@{type(data).__name__}()" in line for line in lines)
