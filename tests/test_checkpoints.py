"""Checkpoints: what they hold, what is refused, and that a run goes on whatever befalls one."""

import json
import resource
import signal

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from safetensors.torch import save as pack_tensors
from toy_runs import ignore, plan_of

from bench.runs import checkpoint
from bench.runs.folder import CHECKPOINT
from bench.training.execute import execute

HARMS = {
    "truncated": lambda path: path.write_bytes(path.read_bytes()[:-100]),
    "bit flipped": lambda path: path.write_bytes(flipped(path.read_bytes(), -2_000)),
    "length flipped": lambda path: path.write_bytes(flipped(path.read_bytes(), 3)),
    "metadata flipped": lambda path: path.write_bytes(flipped(path.read_bytes(), 2_000)),
    "empty": lambda path: path.write_bytes(b""),
    "of torch.save": lambda path: torch.save({"step": 1}, path),
    "of another run": lambda path: belonging_to("someone else", path),
}


def belonging_to(owner, path):
    """Puts a sound checkpoint of another run there."""
    beside = path.with_name("other.safetensors")
    checkpoint.save(beside, {"step": 1}, owner)
    beside.replace(path)


def flipped(content, byte):
    harmed = bytearray(content)
    harmed[byte] ^= 1
    return bytes(harmed)


def require_same(first, second):
    """Equal to the bit, and of the same types, through all containers."""
    assert type(first) is type(second)
    if isinstance(first, torch.Tensor):
        assert (first.dtype, first.shape) == (second.dtype, second.shape)
        assert torch.equal(first.view(-1).view(torch.uint8), second.view(-1).view(torch.uint8))
    elif isinstance(first, dict):
        assert list(first) == list(second)
        for key, other in zip(first, second, strict=True):
            require_same(key, other)
            require_same(first[key], second[key])
    elif isinstance(first, list | tuple):
        assert len(first) == len(second)
        for one, other in zip(first, second, strict=True):
            require_same(one, other)
    else:
        assert repr(first) == repr(second)  # nan is not itself, and -0.0 is 0.0


DTYPES = (torch.float64, torch.bfloat16, torch.float16, torch.int64, torch.uint8, torch.bool)
ODD_FLOATS = (0.1, 1e-300, -0.0, float("nan"), float("inf"), -float("inf"))
VALUES = {
    "numbers": [0, -1, 2**80, 3.0, True, False, None, *ODD_FLOATS],
    "texts": ["", "a/b", '"quoted"', "\n", "ü", "$tensor"],
    "containers": {"tuple": (0.5, (1,), []), "list": [[]], "dict": {}, "none": None},
    "integers as keys": {0: "zero", 1: {"step": 2}, "0": "text"},
    "keys that look like our own": {"$tensor": "x", "$tuple": [1], "plain": {"$dict": 1}},
    "dtypes": {str(dtype): torch.tensor([0, 1, 3]).to(dtype) for dtype in DTYPES},
    "odd floats": torch.tensor(ODD_FLOATS),
    "no dimension": torch.tensor(3.5),
    "no element": [torch.empty(0), torch.empty(2, 0, 3, dtype=torch.uint8)],
    "names that collide": {"a": {"b": torch.ones(1)}, "a/b": torch.ones(2), 0: torch.ones(3)},
    "indices that collide": {0: torch.ones(1), "0": torch.ones(2)},
}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_a_state_comes_back_bit_for_bit_and_type_for_type(value):
    require_same(checkpoint.round_trip({"value": value}), {"value": value})


def test_tensors_that_lie_otherwise_in_memory_come_back_as_they_are():
    square = torch.arange(9.0).reshape(3, 3)
    weight = torch.nn.Parameter(torch.ones(2))
    state = {"tied": [weight, weight], "turned": square.T, "row": square[1], "whole": square}
    back = checkpoint.round_trip(state)
    assert torch.equal(back["turned"], square.T)
    assert torch.equal(back["row"], square[1])
    assert torch.equal(back["whole"], square)
    assert [one.tolist() for one in back["tied"]] == [[1, 1], [1, 1]]


def test_an_optimizer_goes_on_from_what_comes_back():
    weights = [torch.nn.Parameter(torch.ones(3)) for _ in range(2)]
    first, second = (torch.optim.Adam([w], lr=0.1, betas=(0.5, 0.9)) for w in weights)
    for step in range(3):
        weights[0].grad = torch.full((3,), float(step))
        first.step()
    second.load_state_dict(checkpoint.round_trip({"optimizer": first.state_dict()})["optimizer"])
    require_same(second.state_dict(), first.state_dict())
    assert second.state_dict()["param_groups"][0]["betas"] == (0.5, 0.9)


@pytest.mark.parametrize(
    ("value", "named"),
    [(object(), "object"), (b"bytes", "bytes"), ({1, 2}, "set"), (1j, "complex")],
)
def test_what_no_checkpoint_can_hold_is_refused_as_it_is_written(value, named):
    with pytest.raises(TypeError, match=f"method/odd/0 is a {named}"):
        checkpoint.pack({"method": {"odd": [value]}}, "me")
    with pytest.raises(TypeError, match=r"holds no torch\.complex128"):
        checkpoint.pack({"odd": torch.zeros(1, dtype=torch.complex128)}, "me")


def test_every_byte_counts():
    state = {"weights": torch.arange(4.0), "history": [1.5, "x", None], "step": torch.tensor(2)}
    content = b"".join(checkpoint.pack(state, "me"))
    for byte in range(len(content)):
        with pytest.raises(checkpoint.Damaged):
            checkpoint.unpack(flipped(content, byte), "me")
        with pytest.raises(checkpoint.Damaged):
            checkpoint.unpack(content[:byte], "me")
    with pytest.raises(checkpoint.Damaged, match="altered"):
        checkpoint.unpack(content + b"x", "me")
    with pytest.raises(checkpoint.Damaged, match="of another run"):
        checkpoint.unpack(content, "you")


def forged(state, schema=checkpoint.SCHEMA):
    """A file with this state's text, and the hash that it should have."""
    metadata = {"schema": schema, "owner": "me", "sha256": "0" * 64, "state": state}
    content = pack_tensors({"x": torch.ones(1)}, metadata)
    start = 8 + int.from_bytes(content[:8], "little")
    digest = checkpoint._digest(content[:start], content[start:])
    return content.replace(b"0" * 64, digest.encode())


def test_who_knows_the_hash_gets_no_further_than_data():
    assert checkpoint.unpack(forged('{"a": {"$tensor": "x"}}'), "me") == {"a": torch.ones(1)}
    for text in ('{"$tensor": "y"}', "[]", "{", "[" * 100_000, '{"$float": "x"}', '{"$dict": 1}'):
        with pytest.raises(checkpoint.Damaged, match="other than a run's state"):
            checkpoint.unpack(forged(text), "me")
    with pytest.raises(checkpoint.Damaged, match="laid out as '2'"):
        checkpoint.unpack(forged("{}", schema="2"), "me")


def test_safetensors_opens_a_checkpoint_and_finds_the_documented_names(toy_suite, tmp_path):
    run = plan_of(toy_suite)
    record = execute(run, tmp_path, ignore)
    path = run.folder(tmp_path) / CHECKPOINT
    tensors = load_file(path)
    assert tensors["generator/layers.0.weight"].shape == (8, 4)
    assert tensors["discriminator/layers.1.weight"].shape == (8, 2)
    assert float(tensors["d_optimizer/state/3/step"]) == 6
    assert tensors["d_optimizer/state/3/exp_avg"].shape == (8,)
    assert {"latents", "noise", "global"} <= tensors.keys()
    with safe_open(path, "pt") as file:
        metadata = file.metadata()
    assert metadata["schema"] == checkpoint.SCHEMA
    assert metadata["owner"] == f"{run.key} {run.seed}"
    state = json.loads(metadata["state"])
    assert state["history"]["scores"] == record["scores"]
    assert state["batches"] == 6
    assert state["d_optimizer"]["param_groups"][0]["betas"] == {"$tuple": [0.5, 0.999]}


def killed_after_two_checkpoints(run, out):
    """Trains until two checkpoints are written, then stops short as if it were killed."""

    class Killed(BaseException):
        pass

    def listen(progress):
        if len(progress.scores) == 3:
            raise Killed

    with pytest.raises(Killed):
        execute(run, out, listen)


@pytest.mark.parametrize("harm", HARMS.values(), ids=HARMS)
def test_a_harmed_checkpoint_is_set_aside_and_the_one_before_is_used(
    toy_suite, tmp_path, harm, caplog
):
    bindings = ("Experiment.checkpoint_seconds = 0.0", "Experiment.evaluations = 3")
    run = plan_of(toy_suite, "as_gan", *bindings)
    clean = execute(run, tmp_path / "clean", ignore)
    killed_after_two_checkpoints(run, tmp_path / "hurt")
    folder = run.folder(tmp_path / "hurt")
    harm(folder / CHECKPOINT)
    with caplog.at_level("INFO"):
        hurt = execute(run, tmp_path / "hurt", ignore)
    assert (folder / "checkpoint.damaged").exists()
    assert "checkpoint.safetensors is set aside as checkpoint.damaged: " in caplog.text
    assert "going on from checkpoint.previous.safetensors, step 2" in caplog.text
    without_time = [{**row, "seconds": 0} for row in hurt["scores"]]
    assert without_time == [{**row, "seconds": 0} for row in clean["scores"]]


def test_a_checkpoint_that_does_not_fit_the_code_is_set_aside(toy_suite, tmp_path, caplog):
    run = plan_of(toy_suite)
    clean = execute(run, tmp_path, ignore)
    path, owner = run.folder(tmp_path) / CHECKPOINT, f"{run.key} {run.seed}"
    state = checkpoint.load(path, owner)
    del state["latents"]
    checkpoint.save(path, state, owner)
    checkpoint.previous(path).unlink()
    again = execute(run, tmp_path, ignore)
    assert "'latents'" in caplog.text
    assert [row["hq"] for row in again["scores"]] == [row["hq"] for row in clean["scores"]]


def test_a_checkpoint_that_cannot_be_written_leaves_the_one_before(tmp_path):
    path = tmp_path / "c.safetensors"
    checkpoint.save(path, {"a": 1}, "me")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        with pytest.raises(OSError, match="too large"):
            checkpoint.save(path, {"a": torch.zeros(100_000)}, "me")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert checkpoint.load(path, "me") == {"a": 1}
    assert [file.name for file in tmp_path.iterdir()] == ["c.safetensors"]


def test_a_checkpoint_never_runs_code(tmp_path, capsys):
    class Trap:
        def __reduce__(self):
            return (print, ("executed",))

    with pytest.raises(TypeError, match="trap is a Trap"):
        checkpoint.pack({"trap": Trap()}, "me")
    path = tmp_path / "c.safetensors"
    torch.save({"trap": Trap()}, path)
    with pytest.raises(checkpoint.Damaged, match="no checkpoint"):
        checkpoint.load(path, "me")
    assert capsys.readouterr().out == ""


def test_checkpoints_are_written_at_their_interval_and_at_the_end(toy_suite, tmp_path, monkeypatch):
    written = []
    monkeypatch.setattr(
        checkpoint, "save", lambda path, state, owner: written.append(state["batches"])
    )
    for seconds, expected in ((0.0, [3, 6]), (1000.0, [6])):
        written.clear()
        run = plan_of(toy_suite, "vanilla", f"Experiment.checkpoint_seconds = {seconds}")
        execute(run, tmp_path / str(seconds), ignore)
        assert written == expected
