"""Training longer: what goes on from a shorter run is the run from the beginning, to the bit."""

import json
import shutil
from dataclasses import replace
from itertools import product

import pytest
from test_callbacks import SHEETS, Told, killed_at, sheets_of, timeless
from test_matrix import same
from toy_runs import ignore, plan_of

from bench.callbacks.csv import Csv
from bench.cli import main
from bench.config.bound import Bound
from bench.reproduction.repetition import compare
from bench.results.entry import entry_of
from bench.runs import checkpoint, records
from bench.runs.folder import CHECKPOINT, CONFIG, LOG
from bench.runs.records import RECORD
from bench.submission.review import review
from bench.training.execute import execute
from bench.training.experiment import experiment_of
from bench.training.longer import budget, unfit

LONGER = ("Experiment.steps = 12", "Experiment.evaluations = 4")
"""The toy suite's run twice as long, with its interval of 3 steps between two scores."""


def state_of(run, out):
    """A run's last state, but for times and where it came from."""
    state = checkpoint.load(run.folder(out) / CHECKPOINT, f"{run.key} {run.seed}")
    history = state["history"]
    history.pop("seconds")
    history.pop("continued_from", None)
    for row in history["scores"]:
        row.pop("seconds")
    return state


def origin(record):
    """The step and the run from which a record says that its run went on; None if it did not."""
    told = record["provenance"].get("continued_from")
    return told and (told["step"], told["id"], told["key"])


def content(record):
    """A record but for times and for what it went on from."""
    kept = dict(record["provenance"])
    kept.pop("continued_from", None)
    return timeless(record | {"provenance": kept})


def assert_same_as_from_scratch(run, out, tmp_path):
    scratch = tmp_path / "scratch"
    record = records.read(run.folder(out) / RECORD)
    assert content(record) == content(execute(run, scratch, ignore))
    assert same(state_of(run, out), state_of(run, scratch))


@pytest.mark.parametrize(
    ("method", "bindings"),
    [
        ("vanilla", ()),
        ("lecam", ("LeCam.lecam_start = 2",)),  # its averages are a state of its own
        ("wgan_gp", ()),  # draws from the method's stream
        ("spectral_norm", ()),  # its singular vectors are buffers
    ],
)
def test_going_on_is_the_longer_run_from_the_beginning(toy_suite, tmp_path, method, bindings):
    out = tmp_path / "runs"
    short, long = (plan_of(toy_suite, method, *bindings, *more) for more in ((), LONGER))
    first = execute(short, out, ignore)
    before = {path: path.read_bytes() for path in short.folder(out).iterdir()}
    told = []
    record = execute(long, out, told.append)
    assert told[0].step == 6
    assert {news.word for news in told} == {f"going on from step 6 of {short.id}"}
    assert origin(record) == (6, short.id, short.key)
    assert record["provenance"]["continued_from"]["provenance"] == first["provenance"]
    assert_same_as_from_scratch(long, out, tmp_path)
    assert {path: path.read_bytes() for path in short.folder(out).iterdir()} == before


def test_scores_that_the_longer_run_has_not_are_dropped(toy_suite, tmp_path):
    """With as many evaluations at twice the distance, and losses read at each of the former."""
    often = "Experiment.log_every = 3"
    short = plan_of(toy_suite, "vanilla", often)
    long = plan_of(toy_suite, "vanilla", often, "Experiment.steps = 12")
    execute(short, tmp_path / "runs", ignore)
    record = execute(long, tmp_path / "runs", ignore)
    assert origin(record)[0] == 6
    assert [row["step"] for row in record["scores"]] == [6, 12]
    assert [row["step"] for row in record["losses"]] == [3, 6, 9, 12]
    assert_same_as_from_scratch(long, tmp_path / "runs", tmp_path)


def test_an_interrupted_run_serves_too_and_the_longer_one_may_be_interrupted(toy_suite, tmp_path):
    often = "Experiment.checkpoint_seconds = 0.0"
    short, long = (plan_of(toy_suite, "vanilla", often, *more) for more in ((), LONGER))
    out = tmp_path / "runs"
    killed_at(6, short, out)
    killed_at(10, long, out)
    told = []
    record = execute(long, out, told.append)
    assert (told[0].step, told[0].word) == (9, "")  # it goes on from its own checkpoint
    assert origin(record) == (3, short.id, short.key)
    assert record["provenance"]["continued_from"]["provenance"] == {}
    assert_same_as_from_scratch(long, out, tmp_path)


@pytest.fixture
def of_length(toy_suite):
    """The toy suite's run with so many steps, scored at each third one."""

    def plan(steps):
        budget = (f"Experiment.steps = {steps}", f"Experiment.evaluations = {steps // 3}")
        return plan_of(toy_suite, "vanilla", "Experiment.checkpoint_seconds = 0.0", *budget)

    return plan


def test_runs_can_be_made_longer_again_and_the_furthest_is_gone_on_from(of_length, tmp_path):
    out = tmp_path / "runs"
    six, nine, twelve, fifteen = map(of_length, (6, 9, 12, 15))
    assert origin(execute(six, out, ignore)) is None
    assert origin(execute(twelve, out, ignore)) == (6, six.id, six.key)
    record = execute(fifteen, out, ignore)
    assert origin(record) == (12, twelve.id, twelve.key)
    before = record["provenance"]["continued_from"]["provenance"]["continued_from"]
    assert (before["step"], before["id"]) == (6, six.id)
    assert_same_as_from_scratch(fifteen, out, tmp_path)
    assert origin(execute(nine, out, ignore))[0] == 6  # from none of those that are longer


def test_the_furthest_need_not_be_that_of_the_longest(of_length, tmp_path):
    out = tmp_path / "runs"
    six, nine, twelve, fifteen = map(of_length, (6, 9, 12, 15))
    killed_at(4, nine, out)
    execute(six, out, ignore)
    killed_at(10, twelve, out)  # after its checkpoint of step 9
    record = execute(fifteen, out, ignore)
    assert origin(record) == (9, twelve.id, twelve.key)
    before = record["provenance"]["continued_from"]["provenance"]["continued_from"]
    assert (before["step"], before["id"]) == (6, six.id)
    assert_same_as_from_scratch(fifteen, out, tmp_path)


def test_a_suite_that_was_edited_is_as_good_as_a_binding(toy_suite, tmp_path):
    """The steps behind a macro, and as many evaluations as are the default."""
    text = (
        toy_suite.read_text()
        .replace("steps = 6", "steps = %total")
        .replace("_every = 2", "_every = 1")
    )
    text = text.replace("Experiment.evaluations = 2\n", "")
    runs = []
    for total in (10, 20):
        toy_suite.write_text(f"{text}\ntotal = {total}\n")
        runs.append(plan_of(toy_suite))
    short, long = runs
    assert (short.board, budget(short.config)) == (long.board, (10, 10))
    execute(short, tmp_path / "runs", ignore)
    assert origin(execute(long, tmp_path / "runs", ignore)) == (10, short.id, short.key)
    assert_same_as_from_scratch(long, tmp_path / "runs", tmp_path)


@pytest.mark.parametrize(
    "other",
    [
        "Adam.lr = 1e-3",
        "Experiment.log_every = 1",
        "Experiment.batch_size = 8",
        "Ring.radius = 3.0",
        "Suite.seeds = [1]",
    ],
)
def test_another_run_is_no_beginning(toy_suite, tmp_path, other):
    out = tmp_path / "runs"
    execute(plan_of(toy_suite, "vanilla", other), out, ignore)
    long = plan_of(toy_suite, "vanilla", *LONGER)
    told = []
    assert origin(execute(long, out, told.append)) is None
    assert (told[0].step, told[0].word) == (0, "")


def test_what_depends_on_the_number_of_steps_is_no_beginning(toy_suite, tmp_path):
    """A warm-up of half the run, say."""
    runs = []
    for total in (6, 12):
        bindings = ("Experiment.steps = %total", "ASGAN.warmup_steps = %total")
        more = f"Experiment.evaluations = {total // 3}"
        runs.append(plan_of(toy_suite, "as_gan", *bindings, more, f"total = {total}"))
    records_of = [execute(run, tmp_path, ignore) for run in runs]
    assert [origin(record) for record in records_of] == [None, None]


@pytest.mark.parametrize(
    ("bindings", "reason"),
    [
        (
            ("Experiment.steps = 8",),  # 4 and 8
            "it was not scored at step 4, and this run is to be",
        ),
        (
            ("Experiment.steps = 12",),  # 6 and 12: at 3 the losses were read between 2 and 4
            "its losses were read at other steps, at 3 for one "
            "(with Experiment.evaluations = 4 it would fit)",
        ),
    ],
)
def test_what_does_not_fit_begins_anew_and_says_why(toy_suite, tmp_path, bindings, reason, caplog):
    out = tmp_path / "runs"
    short, long = plan_of(toy_suite), plan_of(toy_suite, "vanilla", *bindings)
    execute(short, out, ignore)
    told = []
    with caplog.at_level("INFO"):
        record = execute(long, out, told.append)
    assert origin(record) is None
    assert told[0].step == 0
    assert told[0].word == f"from the beginning, for of no use is {short.id}: {reason}"
    assert f"of no use is {short.id}: {reason}" in caplog.text
    assert "starting from the beginning" in caplog.text


@pytest.mark.parametrize("left", [3, None])
def test_what_is_harmed_is_left_alone_and_what_was_before_it_serves(toy_suite, tmp_path, left):
    often = "Experiment.checkpoint_seconds = 0.0"
    short, long = (plan_of(toy_suite, "vanilla", often, *more) for more in ((), LONGER))
    out = tmp_path / "runs"
    execute(short, out, ignore)
    last = short.folder(out) / CHECKPOINT
    last.write_bytes(last.read_bytes()[:-100])
    if left is None:
        checkpoint.previous(last).unlink()
    names = sorted(path.name for path in short.folder(out).iterdir())
    found = origin(execute(long, out, ignore))
    assert found == (left and (left, short.id, short.key))
    assert_same_as_from_scratch(long, out, tmp_path)
    assert sorted(path.name for path in short.folder(out).iterdir()) == names


def test_a_run_that_left_no_checkpoint_is_not_spoken_of(toy_suite, tmp_path):
    short, long = plan_of(toy_suite), plan_of(toy_suite, "vanilla", *LONGER)
    killed_at(2, short, tmp_path)
    told = []
    assert origin(execute(long, tmp_path, told.append)) is None
    assert told[0].word == ""


def test_names_are_hints_and_the_checkpoint_says_whose_it_is(toy_suite, tmp_path):
    """Another run's state in the folder of the shorter one."""
    short, long = plan_of(toy_suite), plan_of(toy_suite, "vanilla", *LONGER)
    stranger = plan_of(toy_suite, "vanilla", "Adam.lr = 1e-3")
    out = tmp_path / "runs"
    execute(stranger, out, ignore)
    shutil.copytree(stranger.folder(out), short.folder(out))
    (short.folder(out) / CONFIG).write_text(short.config)
    told = []
    assert origin(execute(long, out, told.append)) is None
    assert told[0].word.startswith(f"from the beginning, for of no use is {short.id}: ")


def test_a_method_keeps_nothing_of_a_state_that_could_not_be_loaded(toy_suite, tmp_path):
    """Of LeCam's, whose averages are loaded before it is seen that the rest does not fit."""
    run = plan_of(toy_suite, "lecam", "LeCam.lecam_start = 0")
    clean = execute(run, tmp_path, ignore)
    path, owner = run.folder(tmp_path) / CHECKPOINT, f"{run.key} {run.seed}"
    state = checkpoint.load(path, owner)
    del state["latents"]
    checkpoint.save(path, state, owner)
    checkpoint.previous(path).unlink()
    assert timeless(execute(run, tmp_path, ignore)) == timeless(clean)


def test_a_history_fits_where_scores_and_readings_are_those_of_the_longer_run(toy_suite):
    """Every pair of small budgets against what each would have at the other's end."""
    usual = experiment_of(Bound(plan_of(toy_suite).config))
    for steps, longer in ((6, 7), (6, 9), (6, 12), (8, 12), (5, 10)):
        for few, many, every in product((1, 2, 3), (1, 2, 3, 4), (1, 2, 3)):
            short = replace(usual, steps=steps, evaluations=few, log_every=every)
            long = replace(usual, steps=longer, evaluations=many, log_every=every)
            here, there = laid_out(short, steps), laid_out(long, steps)
            fits = here["losses"] == there["losses"] and all(
                row in here["scores"] for row in there["scores"]
            )
            assert (unfit(long, here) is None) == fits


def laid_out(experiment, until):
    """The history up to a step, by the loop itself."""
    steps = range(1, until + 1)
    scored = [step for step in steps if step in experiment.evaluation_steps]
    read = [step for step in steps if step % experiment.log_every == 0 or step in scored]
    return {
        "step": until,
        "scores": [{"step": step} for step in scored],
        "losses": [{"step": step} for step in read],
    }


def test_callbacks_hear_of_the_longer_run_as_a_whole(toy_suite, tmp_path):
    short, long = plan_of(toy_suite), plan_of(toy_suite, "vanilla", *LONGER)
    execute(short, tmp_path, ignore, [Csv()])
    record = execute(long, tmp_path, ignore, [Csv(), told := Told()])
    assert told.of("started")[0][0].step == 6
    assert sheets_of(long.folder(tmp_path)) == {name: record[name] for name in SHEETS}


def test_the_record_stands_beside_others(toy_suite, tmp_path):
    """It passes the review, is equal to that from scratch, and a page names all that it ran on."""
    short, long = plan_of(toy_suite), plan_of(toy_suite, "vanilla", *LONGER)
    first = execute(short, tmp_path / "runs", ignore)
    here = first["provenance"]["torch"]
    first["provenance"]["torch"] = "1.0"
    records.write(short.folder(tmp_path / "runs") / RECORD, first)
    record = execute(long, tmp_path / "runs", ignore)
    result = review([long.folder(tmp_path / "runs") / RECORD], tmp_path / "boards")
    assert (result.refused, result.accepted) == ([], [record])
    found = compare(execute(long, tmp_path / "scratch", ignore), record, [])
    assert found.answer == "equal"
    assert [cause for cause in found.causes if cause.startswith("continued_from: not recorded")]
    seen = json.loads(entry_of(record).origin)
    assert seen["torch"] == f"1.0, then {here}"
    assert seen["device"] == "cpu"


def test_a_command_says_what_it_goes_on_from(toy_suite, tmp_path, capsys):
    out = tmp_path / "runs"
    short, long = plan_of(toy_suite), plan_of(toy_suite, "vanilla", *LONGER)
    execute(short, out, ignore)
    bindings = ["Suite.methods = ['vanilla']", *LONGER]
    words = ["run", str(toy_suite), "--out", str(out), "--jobs", "1"]
    assert main([*words, *(part for one in bindings for part in ("--gin_bindings", one))]) == 0
    line = f"vanilla · standard · seed 0: going on from step 6 of {short.id}"
    assert line in capsys.readouterr().out.splitlines()
    assert line.partition(": ")[2] in (long.folder(out) / LOG).read_text()
    assert origin(records.read(long.folder(out) / RECORD)) == (6, short.id, short.key)
