"""Checkpoints: whatever happens to one, the run goes on from a sound one to the same result."""

import resource
import signal

import pytest
import torch
from toy_runs import ignore, plan_of

from bench.runs import checkpoint
from bench.runs.folder import CHECKPOINT
from bench.training.execute import execute

HARMS = {
    "truncated": lambda path: path.write_bytes(path.read_bytes()[:-100]),
    "bit flipped": lambda path: path.write_bytes(flipped(path.read_bytes(), 20_000)),
    "header flipped": lambda path: path.write_bytes(flipped(path.read_bytes(), 3)),
    "empty": lambda path: path.write_bytes(b""),
    "of another run": lambda path: belonging_to("someone else", path),
}


def belonging_to(owner, path):
    """Puts a sound checkpoint of another run there."""
    beside = path.with_name("other.pt")
    checkpoint.save(beside, {"step": 1}, owner)
    beside.replace(path)


def flipped(content, byte):
    return content[:byte] + bytes([content[byte] ^ 1]) + content[byte + 1 :]


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
    assert "no checkpoint of this run" in caplog.text
    assert "going on from checkpoint.previous.pt, step 2" in caplog.text
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
    path = tmp_path / "c.pt"
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
    assert [file.name for file in tmp_path.iterdir()] == ["c.pt"]


def test_a_checkpoint_never_runs_code(tmp_path):
    class Trap:
        def __reduce__(self):
            return (print, ("executed",))

    path = tmp_path / "c.pt"
    checkpoint.save(path, {"trap": Trap()}, "me")
    with pytest.raises(checkpoint.Damaged, match="more than data"):
        checkpoint.load(path, "me")


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
