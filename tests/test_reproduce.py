"""Running a record's run again: equal to the bit, within noise, different or unknown, and where."""

import dataclasses
import json
import subprocess

import numpy as np
import pytest
import torch
from records_factory import record
from scipy import stats

import bench
from bench.cli import main
from bench.config.catalogue import Catalogue
from bench.config.plan import make_plan
from bench.errors import UsageError
from bench.reproduction.repetition import LEVEL, compare
from bench.runs import provenance as origin
from bench.runs import records
from bench.runs.recorded import Differs, Unknown, plan_of
from bench.training.execute import execute

TOY = """# A toy.
Suite.dataset = "ring"
Suite.architecture = "mlp"
Suite.methods = ["vanilla", "wgan_gp"]
Suite.seeds = 5
Suite.remedies = {"wgan_gp": ["layer_norm_d"]}
Experiment.steps = 4
Experiment.evaluations = 2
Experiment.log_every = 2
Experiment.batch_size = 16
Experiment.latent_dim = 4
Experiment.device = "cpu"
g_width = 8
d_width = 8
"""


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    """A suite's file, and the records of its vanilla runs in a runs folder."""
    folder = tmp_path_factory.mktemp("toy")
    path = folder / "toy.gin"
    path.write_text(TOY)
    runs = [run for run in make_plan(str(path)).runs if run.method == "vanilla"]
    for run in runs:
        execute(run, folder / "runs", lambda progress: None)
    return path, [run.folder(folder / "runs") / "record.json" for run in runs]


@pytest.fixture
def reproduce(toy, tmp_path, capsys):
    """Reproduces the first record, changed as asked for; gives the exit code and the text.

    Records beside it get scores a hundredth apart: runs as short as these all have the same.
    """
    suite, (first, *_) = toy

    def call(change=lambda record: None, *options, beside=()):
        made = json.loads(first.read_text())
        change(made)
        path = tmp_path / "records" / "first.json"
        records.write(path, made)
        for index, other in enumerate(beside):
            one = records.read(other)
            one["scores"][-1]["overlap"] += index / 100
            records.write(path.with_name(f"{index}.json"), one)
        code = main(["reproduce", str(path), "--suite", str(suite), *options])
        captured = capsys.readouterr()
        return code, captured.out + captured.err

    return call


def test_a_run_is_reproduced_to_the_bit_and_leaves_nothing(reproduce, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, text = reproduce()
    assert code == 0, text
    assert "vanilla · standard · seed 0: equal" in text
    assert "all 2 rows of scores" in text
    assert "differences" not in text
    assert sorted(path.name for path in tmp_path.iterdir()) == ["records"]


def test_the_repetition_is_kept_where_asked_for_and_never_taken_for_a_new_one(reproduce, tmp_path):
    out = tmp_path / "again"
    code, _ = reproduce(lambda record: None, "--out", str(out))
    assert code == 0
    assert len(records.read_all(out)) == 1
    code, text = reproduce(lambda record: None, "--out", str(out))
    assert code == 2
    assert "has a result there already" in text


def test_a_false_score_is_found_where_it_stands_with_what_may_have_caused_it(reproduce, toy):
    def forge(record):
        record["scores"][1]["overlap"] = 9.0
        record["losses"][0]["d_loss"] += 1e-7
        record["provenance"]["torch"] = "1.0"

    code, text = reproduce(forge, beside=toy[1][1:])
    assert code == 1
    assert ": different" in text
    assert "scores, step 4: overlap is 9.0 there" in text
    assert "losses, step 2: d_loss" in text
    assert "torch: 1.0 there" in text


def nudge(record):
    record["scores"][1]["overlap"] *= 1 + 1e-9


def test_five_seeds_of_the_cell_tell_that_a_last_digit_is_noise(reproduce, toy):
    code, text = reproduce(nudge, beside=toy[1][1:])
    assert code == 0
    assert ": within noise" in text
    assert "by the 4 others that are there" in text


def test_three_seeds_of_the_cell_cannot_tell_that_a_last_digit_is_noise(reproduce, toy):
    code, text = reproduce(nudge, beside=toy[1][1:3])
    assert code == 0
    assert ": cannot tell" in text
    assert "takes 5 seeds to tell, and 3 are there" in text
    assert "within noise" not in text


def test_another_config_is_not_run(reproduce):
    def alter(record):
        record["conditions"]["Experiment.latent_dim"] = "5"
        record["key"] = records.identity(record).key

    code, text = reproduce(alter)
    assert code == 2
    assert "is another run here: Experiment.latent_dim: 5, here 4" in text
    assert bench.__version__ in text
    assert "starting" not in text


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["nosuch.json"], "nosuch.json cannot be read"),
        (["."], "cannot be read"),
        (["record.json"], "suite: no suite named 'toy'"),
        (["record.json", "--suite", "nosuch.gin"], "nosuch.gin"),
        (["record.json", "--suite", "other.gin"], "suite: the run is of 'toy', not of 'other'"),
        (["failed.json"], "status"),
        (["record.json", "--jobs", "0"], "--jobs 0"),
    ],
)
def test_bad_input_is_one_sentence(toy, tmp_path, monkeypatch, capsys, words, complaint):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "record.json").write_bytes(toy[1][0].read_bytes())
    (tmp_path / "other.gin").write_text(TOY)
    records.write(tmp_path / "failed.json", record(status="failed"))
    assert main(["reproduce", *words]) == 2
    captured = capsys.readouterr()
    assert complaint in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""


def test_a_record_gives_its_run_back_with_overrides_and_remedies(toy):
    suite = str(toy[0])
    plan = make_plan(suite, (), ["Experiment.steps = 3", "Adam.lr = 0.001"])
    for run in plan.runs:
        described = record() | run.description()
        assert plan_of(described, Catalogue.of(suite), suite).runs == (run,)


@pytest.mark.parametrize(
    ("change", "error", "complaint"),
    [
        ({"suite": "quik"}, Unknown, "suite: no suite named 'quik'; did you mean 'quick'"),
        ({"method": "wgan_dib"}, Unknown, "did you mean 'wgan_div'"),
        ({"remedies": ["../x"]}, Unknown, "remedies"),
        ({"remedies": ["layer_norm_d"]}, Differs, "remedies"),
        ({"overrides": ["Adam.lr = 0.5"]}, Differs, "Adam.lr: 0.002, here 0.5"),
        ({"overrides": ["Adam.lr =  0.002"]}, Differs, "overrides"),
        ({"overrides": ["Adam.learning_rate = 0.5"]}, Differs, "cannot be composed here"),
        ({"seed": 4}, Differs, "id"),
    ],
)
def test_a_record_that_is_not_of_its_run_is_refused(change, error, complaint):
    run = make_plan("quick", (), ['Suite.methods = ["vanilla"]']).runs[0]
    with pytest.raises(error, match=complaint):
        plan_of(record() | run.description() | change, Catalogue.of())


def test_overrides_can_neither_import_nor_include(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "of_a_stranger.py").write_text("raise SystemExit('it ran')")
    (tmp_path / "more.gin").write_text("import of_a_stranger\n")
    run = make_plan("quick", (), ['Suite.methods = ["vanilla"]']).runs[0]
    for text in ("import of_a_stranger", f"include '{tmp_path / 'more.gin'}'"):
        for override in (text, f"{text}\nAdam.lr = 0.002"):
            with pytest.raises(UsageError):
                plan_of(record() | run.description() | {"overrides": [override]}, Catalogue.of())


def test_records_that_are_the_same_but_for_time_are_equal():
    first, again = record(finished="2026-01-01T00:00:00+00:00"), record()
    for row in again["scores"]:
        row["seconds"] *= 3
    found = compare(first, again, [])
    assert (found.answer, found.places, found.causes) == ("equal", [], [])


@pytest.mark.parametrize("here", [10.0001, 10.5, 90.0])
@pytest.mark.parametrize("others", range(4))
def test_with_too_few_seeds_it_is_said_that_nothing_can_be_told(here, others):
    found = compare(record(last=10.0), record(last=here), [10.0 + n for n in range(others)])
    assert found.answer == "cannot tell"
    (reason,) = found.reasons
    assert f"is 10 there and {here:.6g} here, {here - 10:.3g} apart" in reason
    there = f"{others + 1} are there" if others else "1 is there"
    assert f"takes 5 seeds to tell, and {there}" in reason


def test_whatever_is_told_of_noise_has_five_seeds_behind_it():
    seeds = [10.0, 11.0, 9.0, 10.5]
    known = {last: compare(record(last=9.5), record(last=last), seeds) for last in (10.0, 40.0)}
    assert [one.answer for one in known.values()] == ["within noise", "different"]
    for one in known.values():
        assert "by the 4 others that are there" in one.reasons[0]


def test_two_seeds_are_called_different_as_rarely_as_is_said():
    """By simulation: a record, its cell's other seeds, and a repetition that is another seed."""
    rng, n, trials = np.random.default_rng(0), 5, 3000
    base = record()
    draws = 10 + rng.standard_normal((trials, n + 1))
    wrong = 0
    for *seeds, again in draws.tolist():
        first, second = (base | {"scores": [{"fid": last}]} for last in (seeds[0], again))
        wrong += compare(first, second, seeds[1:]).answer == "different"
    low, high = stats.binom.ppf([0.001, 0.999], trials, LEVEL)
    assert low <= wrong <= high


def test_a_real_change_is_found_where_seeds_are_close():
    seeds = [10.0, 10.1, 9.9, 10.05]
    assert compare(record(last=10.0), record(last=12.0), seeds).answer == "different"


@pytest.mark.parametrize("forged", [1.0, 100.0, 1e6])
def test_a_false_score_does_not_widen_the_noise_that_it_is_held_against(forged):
    seeds = [10.0, 10.1, 9.9, 10.05]
    assert compare(record(last=forged), record(last=10.0), seeds).answer == "different"


@pytest.mark.parametrize(
    ("first", "again", "answer", "complaint"),
    [
        ({}, {"status": "diverged", "end": 300}, "different", "it completed there, and diverged"),
        (
            {"status": "diverged", "end": 300},
            {"status": "diverged", "end": 360, "last": 10.01},
            "cannot tell",
            "apart",
        ),
        (
            {"status": "diverged", "end": 50, "scores": []},
            {"status": "diverged", "end": 40, "scores": []},
            "cannot tell",
            "it diverged both there and here, without a last score",
        ),
        ({}, {"status": "collapsed"}, "different", "it completed there, and collapsed here"),
        ({}, {"status": "failed", "end": 0}, "different", "failed here"),
        ({}, {"scores": []}, "different", "None here"),
    ],
)
def test_ends_that_are_not_scores_are_compared_too(first, again, answer, complaint):
    found = compare(record(**first), record(**again), [])
    assert found.answer == answer
    assert complaint in found.reasons[0]


def test_another_judge_makes_scores_incomparable_and_other_versions_do_not():
    first, other_torch = record(), record()
    judge = first["protocol"]["judge"] | {"sha256": "ee"}
    other_judge = record(protocol=first["protocol"] | {"judge": judge})
    assert compare(first, other_judge, []).answer == "different"
    assert "judge.sha256: cd34, here ee" in compare(first, other_judge, []).reasons[0]
    other_torch["provenance"] = first["provenance"] | {"torch": "9"}
    found = compare(first, other_torch, [])
    assert found.answer == "equal"
    assert found.causes == ["torch: 2.11.0 there, 9 here"]


def test_the_first_difference_of_each_part_is_named():
    first, again = record(), record()
    again["scores"][3]["fid"] += 1.0
    again["scores"][3]["recall"] += 1.0
    again["scores"][5]["fid"] += 1.0
    again["losses"].pop()
    again["samples"] = None
    places = compare(first, again, []).places
    assert places[0].startswith("scores, step 240: fid is ")
    assert places[0].endswith("and 1 more in this row")
    assert places[1:] == ["losses: 10 rows there, 9 here", "samples: they are not the same"]


def test_a_record_says_what_its_bits_depend_on_and_not_whose_machine_it_was():
    found = origin.provenance(torch.device("cpu"))
    for key in ("ganbench", "python", "torch", "torchvision", "torch-fidelity", "numpy"):
        assert found[key][0].isdigit()
    assert found["torch"] == torch.__version__.split("+")[0]
    assert found["cpu_capability"] == torch.backends.cpu.get_cpu_capability()
    assert {"commit", "device", "cpu", "cpu_model", "threads"} <= found.keys()
    host = subprocess.run(["uname", "-n"], capture_output=True, text=True, check=True)
    assert host.stdout.strip() not in json.dumps(found)


@pytest.mark.parametrize(
    ("text", "model"),
    [
        (
            "processor\t: 0\nmodel name\t: Fast CPU @ 3: GHz\nmodel name\t: Other\n",
            "Fast CPU @ 3: GHz",
        ),
        ("processor\t: 0\nBogoMIPS\t: 50\n", None),
        (None, None),
    ],
)
def test_the_model_of_the_processor_is_read_where_the_system_has_it(
    tmp_path, monkeypatch, text, model
):
    path = tmp_path / "cpuinfo"
    if text is not None:
        path.write_text(text)
    monkeypatch.setattr(origin, "CPUINFO", path)
    assert origin.cpu_model.__wrapped__() == model


def test_a_real_record_holds_the_provenance_that_a_page_shows(toy):
    found = records.read(toy[1][0])
    assert {"ganbench", "commit", "torch", "torch-fidelity", "device"} <= found["provenance"].keys()
    assert len(found["key"]) == 64
    assert len(found["protocol"]["judge"]["sha256"]) == 64
    assert len(found["protocol"]["data"]["checksum"]) == 64
    assert dataclasses.asdict(make_plan(str(toy[0])).runs[0])["seed"] == found["seed"]
