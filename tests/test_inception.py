"""The Inception judge against torch-fidelity's own driver, with weights of the real form."""

import json
import math
from hashlib import sha256

import pytest
import torch
import torch_fidelity
from torch.utils.data import Dataset as TorchDataset
from torch_fidelity.feature_extractor_inceptionv3 import (
    URL_INCEPTION_V3,
    FeatureExtractorInceptionV3,
)
from web_server import serving

from bench.data.dataset import Dataset
from bench.errors import UsageError
from bench.scores import inception
from bench.scores.features import LEAST
from bench.scores.inception import InceptionJudge


class Noise(Dataset):
    """Pictures of noise, darker ones to train on."""

    name, shape = "noise", (3, 8, 8)

    def _draw(self, n: int, high: int, seed: int) -> torch.Tensor:
        draws = torch.Generator().manual_seed(seed)
        return torch.randint(0, high, (n, *self.shape), generator=draws, dtype=torch.uint8)

    def training(self) -> torch.Tensor:
        return self._draw(12, 200, 0)

    def evaluation(self) -> torch.Tensor:
        return self._draw(8, 256, 1)


class Pictures(TorchDataset):
    def __init__(self, pictures):
        self.pictures = pictures

    def __len__(self):
        return len(self.pictures)

    def __getitem__(self, index):
        return self.pictures[index]


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """A file as torch-fidelity downloads it, but of initial weights."""
    network = FeatureExtractorInceptionV3.__new__(FeatureExtractorInceptionV3)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        with pytest.raises(FileNotFoundError):  # by then its layers are there
            network.__init__("inception-v3-compat", ["2048"], "/nosuch")
    path = tmp_path_factory.mktemp("weights") / "inception.pth"
    torch.save(network.state_dict(), path)
    return path


@pytest.fixture(autouse=True)
def _caches(tmp_path, monkeypatch):
    monkeypatch.setenv("GANBENCH_CACHE", str(tmp_path / "caches"))


def judge_of(weights, data=None, **changes):
    options = {"samples": 8, "splits": 2, "compared": 8, "weights": str(weights)} | changes
    return InceptionJudge(data or Noise(), **options)


def test_scores_are_those_of_torch_fidelity_and_the_reference_is_kept(weights, tmp_path):
    judge = judge_of(weights)
    generated = Noise()._draw(8, 256, 2)
    scores = judge.score(generated)
    with torch.random.fork_rng():
        expected = torch_fidelity.calculate_metrics(
            input1=Pictures(generated),
            input2=Pictures(Noise().training()),
            cuda=False,
            isc=True,
            fid=True,
            isc_splits=2,
            batch_size=8,
            feature_extractor_weights_path=str(weights),
            cache=False,
            verbose=False,
            num_workers=0,
            save_cpu_ram=True,
        )
    assert scores["fid"] == pytest.approx(
        expected["frechet_inception_distance"], rel=1e-4, abs=1e-6
    )
    assert scores["is"] == pytest.approx(expected["inception_score_mean"], rel=1e-6)
    (kept,) = (tmp_path / "caches").glob("*.safetensors")
    before = kept.stat().st_mtime_ns
    (features, statistics), first = judge_of(weights)._reference, judge._reference
    assert torch.equal(features, first[0])
    assert (statistics["sigma"] == first[1]["sigma"]).all()
    assert kept.stat().st_mtime_ns == before
    assert not judge.collapsed(scores)


@pytest.mark.slow
def test_a_generator_of_one_picture_has_collapsed(weights):
    judge = judge_of(weights)
    one = judge.score(Noise()._draw(1, 256, 0).repeat(8, 1, 1, 1))
    assert one["diversity"] == pytest.approx(0, abs=1e-6)
    assert judge.collapsed(one)
    assert judge.collapsed({"diversity": float("nan")})


def test_the_protocol_names_all_that_scores_depend_on(weights):
    protocol = judge_of(weights, reference_samples=10).protocol()
    assert json.loads(json.dumps(protocol)) == protocol
    assert len(protocol["judge"]["sha256"]) == 64
    chosen = {key: protocol[key] for key in ("reference", "reference_samples", "is_splits")}
    assert chosen == {"reference": "training", "reference_samples": 10, "is_splits": 2}
    assert (protocol["samples"], protocol["floor_samples"], protocol["compared"]) == (8, 8, 8)


def test_the_defaults_are_the_papers():
    with pytest.raises(UsageError):
        InceptionJudge(Noise(), splits=2, weights="/nosuch")
    parameters = InceptionJudge.__init__.__defaults__
    assert parameters[:2] == (22_400, 10)


def test_missing_weights_are_asked_for_with_their_address(tmp_path):
    with pytest.raises(UsageError, match=r"weights of Inception are not at .*download https://"):
        judge_of(tmp_path / "nosuch.pth")


@pytest.fixture
def server(weights, monkeypatch):
    """Serves the weights; another answer can be set."""
    content = weights.read_bytes()
    with serving() as server:
        server.answer = b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n" % len(content) + content
        monkeypatch.setattr(inception, "URL_INCEPTION_V3", f"{server.url}w.pth")
        monkeypatch.setattr(inception, "SHA256", sha256(content).hexdigest()[:8])
        yield server


def test_missing_weights_are_fetched_once_where_that_is_asked_for(server, weights, tmp_path):
    there = tmp_path / "checkpoints" / "inception.pth"
    for _ in range(2):
        judge = judge_of(there, download=True)
    assert server.asked == ["/w.pth"]
    assert judge.identity() == judge_of(weights).identity()


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (lambda whole: whole[:5000], "invalid hash value"),
        (lambda whole: whole[:-1] + b"?", "invalid hash value"),
        (lambda whole: b"HTTP/1.0 404 Not Found\r\n\r\n", "404"),
        (lambda whole: b"nonsense", "nonsense"),
    ],
    ids=["cut off", "altered", "not there", "no answer"],
)
def test_weights_that_cannot_be_fetched_are_asked_for(server, tmp_path, answer, problem):
    there = tmp_path / "inception.pth"
    whole = server.answer
    server.answer = answer(whole)
    with pytest.raises(UsageError, match=rf"could not be fetched to .*{problem}.*download http:"):
        judge_of(there, download=True)
    assert not there.exists()
    server.answer = whole
    assert judge_of(there, download=True)


def test_a_folder_that_cannot_be_written_is_named_before_any_score(weights, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    nowhere = tmp_path / "file" / "in"
    with pytest.raises(UsageError, match=f"could not be fetched to {nowhere}"):
        judge_of(nowhere / "weights.pth", download=True)
    monkeypatch.setattr(torch.hub, "_hub_dir", str(nowhere))
    with pytest.raises(UsageError, match=f"could not be fetched to {nowhere}"):
        judge_of("", download=True)
    monkeypatch.setenv("GANBENCH_CACHE", str(nowhere))
    with pytest.raises(UsageError, match=f"GANBENCH_CACHE {nowhere}: cannot write there"):
        judge_of(weights)


@pytest.mark.parametrize(
    ("held_out", "splits", "problem"),
    [(LEAST, LEAST, None), (LEAST - 1, 1, LEAST), (LEAST, LEAST + 1, LEAST + 1)],
)
def test_the_pictures_of_each_split_that_a_score_needs(weights, held_out, splits, problem):
    data = Noise()
    data.evaluation = lambda: Noise().evaluation()[:held_out]
    options = {"samples": 8, "splits": splits, "compared": LEAST}
    if problem is None:
        assert all(map(math.isfinite, judge_of(weights, data, **options).floors().values()))
    else:
        with pytest.raises(ValueError, match=f": {held_out}, and a score takes {problem} or more"):
            judge_of(weights, data, **options)


def test_the_expected_hash_is_that_in_the_name():
    assert URL_INCEPTION_V3.endswith(f"-{inception.SHA256}.pth")


def test_a_file_that_is_no_weights_is_refused_before_it_could_run_anything(tmp_path):
    class Trap:
        def __reduce__(self):
            return (print, ("executed",))

    path = tmp_path / "trap.pth"
    for content in ({"trap": Trap()}, None):
        if content is None:
            path.write_bytes(b"not a file of torch")
        else:
            torch.save(content, path)
        with pytest.raises(UsageError, match=r"trap\.pth is not"):
            judge_of(path)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"samples": 1}, "samples = 1"),
        ({"samples": 4}, "samples = 4"),
        ({"splits": 0}, "splits = 0"),
        ({"compared": 4}, "compared = 4"),
        ({"reference_samples": 4}, "reference_samples = 4"),
        ({"shape": (2,)}, "pictures only"),
    ],
)
def test_what_inception_cannot_score_is_refused(weights, changes, complaint):
    data = Noise()
    data.shape = changes.pop("shape", data.shape)
    with pytest.raises(ValueError, match=complaint):
        judge_of(weights, data, **changes)
