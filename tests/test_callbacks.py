"""Callbacks: what they are told is the record, and nothing that they do reaches it."""

import csv
import random
import re
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from test_matrix import Ledger
from toy_runs import engine_of, ignore, plan_of

from bench.callbacks import choose
from bench.callbacks.base import Callback
from bench.callbacks.csv import Csv
from bench.callbacks.guard import MODES
from bench.cli import main
from bench.config.plan import make_plan
from bench.engines.choose import Where
from bench.engines.drive import drive
from bench.engines.worker import work
from bench.errors import UsageError
from bench.runs import records
from bench.runs.folder import CONFIG, LOG
from bench.runs.records import RECORD
from bench.training.execute import execute
from methods.base import Method

GUIDE = Path(__file__).parents[1] / "docs" / "watching.md"

TIMES = ("seconds", "images_per_second", "peak_memory_bytes", "started", "finished")
SHEETS = ("losses", "scores", "diagnostics")


def timeless(value):
    """A record without what the clock and the process decide."""
    if isinstance(value, dict):
        return {key: timeless(item) for key, item in value.items() if key not in TIMES}
    return [timeless(item) for item in value] if isinstance(value, list) else value


class Told(Callback):
    """Writes down what it is told."""

    def __init__(self):
        self.news = []

    def started(self, start):
        self.news.append(("started", start))

    def logged(self, losses):
        self.news.append(("logged", losses))

    def evaluated(self, scores, diagnostics, samples):
        self.news.append(("evaluated", scores, diagnostics, samples))

    def finished(self, record):
        self.news.append(("finished", record))

    def of(self, word):
        return [news[1:] for news in self.news if news[0] == word]


class Hostile(Callback):
    """Does all the harm that is in reach: to shared state, and to what it is given."""

    def started(self, start):
        self._harm(start.losses, start.scores, start.run, start.protocol)

    def logged(self, losses):
        self._harm(losses)

    def evaluated(self, scores, diagnostics, samples):
        samples.zero_()
        self._harm(scores, diagnostics)

    def finished(self, record):
        self._harm(record["scores"], record)

    def _harm(self, *given):
        torch.manual_seed(3)
        torch.rand(5)
        random.seed(3)
        np.random.seed(3)
        torch.set_grad_enabled(False)
        torch.set_default_dtype(torch.float64)
        torch.use_deterministic_algorithms(True)
        torch.set_num_threads(2)
        for one in given:
            one.clear()


class Raising(Hostile):
    """Raises wherever it is told to, once the harm is done; says how often it is told."""

    def __init__(self, event, error):
        self.event, self.error, self.calls = event, error, 0

    def __getattribute__(self, name):
        if name == object.__getattribute__(self, "event"):
            self.calls += 1
            self._harm()
            raise self.error
        return object.__getattribute__(self, name)


@pytest.fixture
def _drawing(monkeypatch):
    """Training that draws from every stream that all code shares."""
    plain = Method.d_loss

    def d_loss(self, gan, real, fake):
        noise = torch.rand(()) + random.random() + np.random.random()
        return plain(self, gan, real, fake) * noise

    monkeypatch.setattr(Method, "d_loss", d_loss)


def executed(run, out, *callbacks):
    random.seed(0)
    np.random.seed(0)
    return execute(run, out, ignore, callbacks)


@pytest.mark.parametrize(
    "callback",
    [
        Hostile(),
        Raising("started", RuntimeError("no")),
        Raising("logged", RuntimeError("no")),
        Raising("evaluated", SystemExit(3)),
        Raising("finished", RuntimeError("no")),
    ],
    ids=["hostile", "started", "logged", "evaluated", "finished"],
)
@pytest.mark.usefixtures("_drawing")
def test_a_run_is_the_same_whatever_its_callbacks_do(toy_suite, tmp_path, callback, caplog):
    run = plan_of(toy_suite)
    alone = executed(run, tmp_path / "alone")
    modes = [read() for read, _ in MODES]
    watched = executed(run, tmp_path / "watched", callback)
    assert timeless(watched) == timeless(alone)
    assert [read() for read, _ in MODES] == modes
    assert records.read(run.folder(tmp_path / "watched") / RECORD) == watched
    if isinstance(callback, Raising):
        assert callback.calls == 1
        assert caplog.text.count("goes on without Raising: Traceback") == 1
    else:
        assert "goes on without" not in caplog.text


def test_the_draws_would_notice(toy_suite, tmp_path, monkeypatch):
    """What the test above compares depends on each of the streams."""
    run = plan_of(toy_suite)
    plain = Method.d_loss
    losses = set()
    for scale in (lambda: 1.0, lambda: torch.rand(()), random.random, np.random.random):
        monkeypatch.setattr(Method, "d_loss", lambda *given, by=scale: plain(*given) * by())
        losses.add(executed(run, tmp_path / str(len(losses)))["losses"][-1]["d_loss"])
    assert len(losses) == 4


def test_a_callback_is_told_what_the_record_says_and_in_the_order_of_the_run(toy_suite, tmp_path):
    run, told = plan_of(toy_suite, "as_gan"), Told()
    record = execute(run, tmp_path, ignore, [told])
    words = [news[0] for news in told.news]
    middle = ["logged", "logged", "evaluated", "logged", "logged", "evaluated"]  # 2, 3; 4, 6
    assert words == ["started", *middle, "finished"]
    ((start,),) = told.of("started")
    assert (start.folder, start.step, start.steps) == (run.folder(tmp_path), 0, 6)
    assert start.run.items() <= record.items()
    assert start.protocol == record["protocol"]
    assert (start.losses, start.scores, start.diagnostics) == ([], [], [])
    assert [row for (row,) in told.of("logged")] == record["losses"]
    assert [row for row, _, _ in told.of("evaluated")] == record["scores"]
    assert [row for _, row, _ in told.of("evaluated")] == record["diagnostics"]
    last = told.of("evaluated")[-1][2]
    kept = record["samples"]["values"]
    assert last.shape == (64, 2)
    assert last.double().numpy().round(4).tolist() == kept[:64]
    assert told.of("finished") == [(record,)]


def test_two_callbacks_are_each_given_their_own(toy_suite, tmp_path):
    run, told = plan_of(toy_suite), Told()
    record = execute(run, tmp_path, ignore, [Hostile(), told, Hostile()])
    assert [row for (row,) in told.of("logged")] == record["losses"]
    assert all(samples.any() for _, _, samples in told.of("evaluated"))


def test_a_failed_run_is_told_and_a_run_that_never_began_is_not(toy_suite, tmp_path, monkeypatch):
    run, told = plan_of(toy_suite), Told()

    def explode(*_):
        raise RuntimeError("the loss went for a walk")

    monkeypatch.setattr(Method, "d_loss", explode)
    execute(run, tmp_path, ignore, [told])
    assert [news[0] for news in told.news] == ["started", "finished"]
    assert told.of("finished")[0][0]["status"] == "failed"
    monkeypatch.setattr(Method, "check", explode)
    execute(run, tmp_path, ignore, [unborn := Told()])
    assert unborn.news == []


def sheets_of(folder):
    """The rows of each CSV file, as the record has them."""
    found = {}
    for name in SHEETS:
        with (folder / f"{name}.csv").open(newline="") as file:
            found[name] = [
                {key: float(text) if text else None for key, text in row.items()}
                for row in csv.DictReader(file)
            ]
    return found


def killed_at(step, run, out, *callbacks):
    """Trains until a reading of the losses at a step, and stops short as if it were killed."""

    class Killed(BaseException):
        pass

    def listen(progress):
        if progress.step == step:
            raise Killed

    with pytest.raises(Killed):
        execute(run, out, listen, callbacks)


OFTEN = ("Experiment.log_every = 1", "Experiment.checkpoint_seconds = 0.0")


@pytest.mark.parametrize("method", ["vanilla", "as_gan"])
def test_csv_files_hold_the_rows_of_the_record(toy_suite, tmp_path, method):
    run = plan_of(toy_suite, method)
    record = execute(run, tmp_path, ignore, [Csv()])
    assert sheets_of(run.folder(tmp_path)) == {name: record[name] for name in SHEETS}
    assert any(row["d_loss_autocorrelation"] is None for row in record["losses"])


def test_csv_files_of_a_run_that_goes_on_hold_each_row_once(toy_suite, tmp_path):
    run = plan_of(toy_suite, "vanilla", *OFTEN)
    folder = run.folder(tmp_path)
    killed_at(6, run, tmp_path, Csv())
    assert [row["step"] for row in sheets_of(folder)["losses"]] == [1, 2, 3, 4, 5]
    record = execute(run, tmp_path, lambda news: None, [told := Told(), Csv()])
    ((start,),) = told.of("started")
    assert start.step == 3
    assert sheets_of(folder) == {name: record[name] for name in SHEETS}


def test_csv_files_begun_late_hold_all_of_the_run(toy_suite, tmp_path):
    run = plan_of(toy_suite, "vanilla", *OFTEN)
    killed_at(6, run, tmp_path)
    record = execute(run, tmp_path, ignore, [Csv()])
    assert sheets_of(run.folder(tmp_path)) == {name: record[name] for name in SHEETS}


def test_a_csv_file_grows_by_columns_too(tmp_path):
    sheet = Csv()
    start = Told()  # any object with these will do
    start.folder, start.losses, start.scores, start.diagnostics = tmp_path, [], [], []
    sheet.started(start)
    sheet.logged({"step": 1, "d_loss": 0.5})
    sheet.logged({"step": 2, "d_loss": None, "gap": 1e-300})
    sheet.logged({"step": 3, "gap": 0.1 + 0.2})
    assert sheets_of(tmp_path)["losses"] == [
        {"step": 1, "d_loss": 0.5, "gap": None},
        {"step": 2, "d_loss": None, "gap": 1e-300},
        {"step": 3, "d_loss": None, "gap": 0.1 + 0.2},
    ]


def accumulated(folder):
    """What TensorBoard itself reads from a run's event files."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    accumulator = EventAccumulator(str(folder / "tensorboard"), {"scalars": 0, "images": 0})
    return accumulator.Reload()


def scalars_of(folder):
    """Each scalar's (step, value), in TensorBoard's precision."""
    found = accumulated(folder)
    return {
        name: [(event.step, np.float32(event.value)) for event in found.Scalars(name)]
        for name in found.Tags()["scalars"]
    }


def expected_scalars(record):
    expected = {}
    for kind in SHEETS:
        for row in record[kind]:
            for name, value in row.items():
                if name != "step" and value is not None:
                    at = (row["step"], np.float32(value))
                    expected.setdefault(f"{kind}/{name}", []).append(at)
    return expected


def tensorboard():
    pytest.importorskip("tensorboard")
    return choose.make(["tensorboard"])


def test_event_files_hold_the_rows_of_the_record(toy_suite, tmp_path):
    run = plan_of(toy_suite, "as_gan")
    record = execute(run, tmp_path, ignore, tensorboard())
    assert scalars_of(run.folder(tmp_path)) == expected_scalars(record)


@pytest.mark.parametrize("early", [True, False], ids=["from the beginning", "begun late"])
def test_event_files_of_a_run_that_goes_on_hold_each_row_once(toy_suite, tmp_path, early):
    run = plan_of(toy_suite, "vanilla", *OFTEN)
    folder = run.folder(tmp_path)
    killed_at(6, run, tmp_path, *(tensorboard() if early else []))
    if early:
        steps = [step for step, _ in scalars_of(folder)["losses/d_loss"]]
        assert steps == [1, 2, 3, 4, 5]  # the checkpoint is of step 3
    record = execute(run, tmp_path, ignore, tensorboard())
    assert scalars_of(folder) == expected_scalars(record)


def test_event_files_hold_pictures_where_samples_are_pictures(tmp_path):
    bindings = ["Experiment.steps = 1", "Experiment.evaluations = 1", 'Suite.methods = ["vanilla"]']
    run = make_plan("quick", gin_bindings=bindings).runs[0]
    execute(run, tmp_path, ignore, tensorboard())
    found = accumulated(run.folder(tmp_path))
    (image,) = found.Images("samples")
    assert (image.step, image.width, image.height) == (1, 8 * 9 + 1, 8 * 9 + 1)


@pytest.fixture
def _without_tensorboard(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    monkeypatch.delitem(sys.modules, "bench.callbacks.tensorboard", raising=False)


@pytest.mark.parametrize(
    ("names", "complaint"),
    [
        ("csw", "--callbacks csw: there is no such one; did you mean 'csv'?"),
        ("csv,tensorbord", "--callbacks tensorbord: there is no such one; did you mean"),
        ("tensorboard", "needs TensorBoard: pip install 'ganbench[tensorboard]'"),
    ],
)
@pytest.mark.usefixtures("_without_tensorboard")
def test_what_cannot_be_had_is_one_sentence_before_any_work(
    toy_suite, tmp_path, capsys, names, complaint
):
    out = tmp_path / "runs"
    assert main(["run", str(toy_suite), "--out", str(out), "--callbacks", names]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert complaint in line
    assert not out.exists()


SCRIBE = """
from bench.callbacks.base import Callback
from bench.callbacks.csv import Csv as Ours

class Scribe(Callback):
    def finished(self, record):
        (self.folder / "scribe.txt").write_text(record["status"])
    def started(self, start):
        self.folder = start.folder

def fail():
    raise RuntimeError("no pen")
"""

BROKEN = """
raise OSError("no paper")
"""


@pytest.fixture
def packages(tmp_path, monkeypatch):
    """A folder with an installed package that offers callbacks, and one that cannot be imported."""
    folder = tmp_path / "site"
    for name, text, *entries in (
        (
            "scribes",
            SCRIBE,
            "scribe = scribes:Scribe\npenless = scribes:fail\ncsv = scribes:Scribe",
        ),
        ("broken_scribes", BROKEN, "broken = broken_scribes:Scribe"),
    ):
        info = folder / f"{name}-1.0.dist-info"
        info.mkdir(parents=True)
        (folder / f"{name}.py").write_text(text)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text("\n".join([f"[{choose.GROUP}]", *entries, ""]))
    monkeypatch.syspath_prepend(folder)
    return folder


@pytest.mark.usefixtures("packages")
def test_callbacks_of_other_packages_are_known_and_ours_keep_their_names():
    assert {"scribe", "penless", "broken", "csv", "tensorboard"} <= choose.available().keys()
    (made,) = choose.make(["csv"])
    assert type(made) is Csv
    with pytest.raises(UsageError, match="broken_scribes:Scribe cannot be imported: OSError: no p"):
        Where(callbacks=("csv", "broken"))


@pytest.mark.usefixtures("packages")
def test_a_worker_goes_on_without_a_callback_that_it_cannot_have(toy_suite, tmp_path):
    run = plan_of(toy_suite)
    folder = run.folder(tmp_path)
    work(run, tmp_path, ["penless", "scribe", "broken"])
    record = records.read(folder / RECORD)
    assert (folder / "scribe.txt").read_text() == record["status"]
    for name, reason in (("penless", "RuntimeError: no pen"), ("broken", "OSError: no paper")):
        assert (folder / LOG).read_text().count(f"goes on without the callback {name}") == 1
        assert reason in (folder / LOG).read_text()


def test_callbacks_reach_the_workers_and_change_neither_config_nor_record(toy_suite, tmp_path):
    runs, out = make_plan(str(toy_suite)).runs, tmp_path / "runs"
    drive(engine_of(out, "--jobs", "2", "--callbacks", "csv,csv"), runs, out, Ledger())
    for run in runs:
        alone = execute(run, tmp_path / "alone", ignore)
        folder = run.folder(out)
        watched = records.read(folder / RECORD)
        assert timeless(watched) == timeless(alone)
        assert sheets_of(folder) == {name: watched[name] for name in SHEETS}
        assert (folder / CONFIG).read_text() == run.config


def test_the_callback_of_the_guide_does_what_it_says(toy_suite, tmp_path):
    (block,) = re.findall(r"^```python\n(.*?)^```$", GUIDE.read_text(), re.MULTILINE | re.DOTALL)
    defined = {}
    exec(block, defined)
    run = plan_of(toy_suite)
    record = execute(run, tmp_path, ignore, [defined["Best"]()])
    headline = record["protocol"]["headline"]
    best = max(row[headline] for row in record["scores"])
    assert record["protocol"]["metrics"][headline]["better"] == "higher"
    assert (run.folder(tmp_path) / "best.txt").read_text() == f"{best}\n"
