"""Streamed batches are the resident ones, wherever a run stands."""

import copy

import pytest
import torch
from pictures_factory import Generated

from bench.config.plan import make_plan
from bench.conformance.toys import POINTS, Toy
from bench.data.loader import Loader
from bench.data.streaming import StreamingLoader, make_loader
from bench.errors import UsageError
from bench.speed.trainer import measured_trainer
from bench.training.preflight import preflight

CPU = torch.device("cpu")


@pytest.fixture
def pictures(tmp_path):
    return Generated(cache=str(tmp_path), pictures=100).training()


def test_streamed_batches_are_the_resident_ones(pictures) -> None:
    resident, streamed = Loader(pictures, 8, seed=3), StreamingLoader(pictures, 8, 3, CPU)
    assert streamed.batches_per_epoch == resident.batches_per_epoch == 12
    for _ in range(40):
        assert torch.equal(next(streamed), next(resident))
        assert streamed.position == resident.position


def test_a_stream_can_be_set_to_any_position(pictures) -> None:
    resident, streamed = Loader(pictures, 8, seed=3), StreamingLoader(pictures, 8, 3, CPU)
    expected = [next(resident) for _ in range(50)]
    for position in (0, 30, 2, 3, 5, 5, 31, 13, 0, 24, 22):
        streamed.position = position
        for i in range(position, position + 3):
            assert torch.equal(next(streamed), expected[i])


def test_what_fits_is_resident(pictures) -> None:
    assert type(make_loader(pictures, 8, 3, CPU, pictures.nbytes)) is Loader
    streamed = make_loader(pictures, 8, 3, CPU, pictures.nbytes - 1)
    assert type(streamed) is StreamingLoader
    with pytest.raises(UsageError, match="batch_size = 101"):
        make_loader(pictures, 101, 3, CPU, 0)


def test_an_error_of_the_thread_reaches_the_run(pictures) -> None:
    streamed = StreamingLoader(pictures, 8, 3, CPU)
    streamed.indices = lambda position: torch.tensor([100])
    with pytest.raises(IndexError):
        next(streamed)


@pytest.fixture
def runs(tmp_path):
    suite = tmp_path / "streamed.gin"
    suite.write_text(POINTS.suite())
    return [
        make_plan(str(suite), gin_bindings=[f"Experiment.resident_gigabytes = {size}"]).runs[0]
        for size in (4.0, 0.0)
    ]


def test_a_run_is_bit_for_bit_the_same_streamed_and_resumed(runs) -> None:
    resident, streamed, resumed = (measured_trainer(run, device="cpu") for run in (*runs, runs[1]))
    assert type(streamed.batches) is StreamingLoader
    for trainer in (resident, streamed):
        trainer.advance(20, lambda progress: None)
    resumed.load_state_dict(copy.deepcopy(streamed.state_dict()))
    for trainer in (resident, streamed, resumed):
        trainer.advance(25, lambda progress: None)
    weights = [trainer.gan.generator.state_dict() for trainer in (resident, streamed, resumed)]
    for name in weights[0]:
        assert torch.equal(weights[0][name], weights[1][name])
        assert torch.equal(weights[1][name], weights[2][name])


def test_missing_data_is_found_before_any_run(tmp_path) -> None:
    suite = tmp_path / "mine.gin"
    suite.write_text(
        "# Mine.\n"
        + Toy("image_folder").suite()
        + "import bench.scores.classifier\nExperiment.judge = @ClassifierJudge\n"
        + f'ImageFolder.root = "{tmp_path}/nowhere"\n'
    )
    plan = make_plan(str(suite))
    with pytest.raises(UsageError, match="nowhere is missing: put pictures into"):
        preflight(plan)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_gets_the_same_batches(pictures) -> None:
    gpu = torch.device("cuda")
    resident, streamed = Loader(pictures.to(gpu), 8, seed=3), StreamingLoader(pictures, 8, 3, gpu)
    expected = [next(Loader(pictures, 8, seed=3)) for _ in range(1)]
    batches = [next(streamed) for _ in range(40)]
    for batch in batches:
        assert torch.equal(batch, next(resident))
    assert torch.equal(batches[0].cpu(), expected[0])
