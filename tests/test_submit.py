"""Records of others: honest ones are added, and each way of being false is refused by name."""

import base64
import copy
import io
import json
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy import stats

from bench.cli import main
from bench.config.plan import make_plan
from bench.data.digits import Digits
from bench.data.mixtures import Ring
from bench.labels import board_of, run_id
from bench.runs import records
from bench.scores.classifier import ClassifierJudge
from bench.scores.coverage import CHANCE, least_divergence
from bench.scores.modes import ModeJudge
from bench.submission.review import review
from bench.training.execute import execute

SUITES = {
    "toy_ring": """
Suite.dataset = "ring"
Suite.architecture = "mlp"
Suite.methods = ["vanilla", "as_gan"]
Experiment.batch_size = 16
Experiment.latent_dim = 4
ASGAN.epsilon = 0.1
""",
    "toy_digits": """
Suite.dataset = "digits"
Suite.architecture = "dcgan"
Suite.methods = ["vanilla"]
Experiment.batch_size = 8
Experiment.latent_dim = 4
""",
}
BUDGET = """
Suite.seeds = 2
Experiment.steps = 4
Experiment.evaluations = 2
Experiment.log_every = 2
Experiment.device = "cpu"
g_width = 8
d_width = 8
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Real records: two toys whose suites are not known here, and a run of a suite that is."""
    folder = tmp_path_factory.mktemp("made")
    found = {}

    def made_by(run):
        found[run.suite, run.seed] = execute(run, folder, lambda progress: None)

    for name, text in SUITES.items():
        path = folder / f"{name}.gin"
        path.write_text(f"# A toy.\n{text}{BUDGET}")
        for run in make_plan(str(path)).runs[:2]:
            made_by(run)
    made_by(make_plan("dirac", (), ['Suite.methods = ["vanilla"]']).runs[0])
    assert all(record["status"] != "failed" for record in found.values())
    return found


@pytest.fixture
def honest(made):
    """A copy of a real record, by suite and seed."""
    return lambda suite, seed=0: copy.deepcopy(made[suite, seed])


@pytest.fixture
def submit(tmp_path, capsys):
    """Submits records, and gives the exit code, what was printed, and what was refused."""

    def call(*given, name="record.json"):
        paths = []
        for index, record in enumerate(given):
            path = tmp_path / "given" / str(index) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(record if isinstance(record, str) else json.dumps(record))
            paths.append(str(path))
        code = main(["submit", *paths, "--leaderboards", str(tmp_path / "boards")])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.fixture
def standing(tmp_path):
    """Puts a record on its leaderboard, without the page."""
    return lambda record: records.write(
        tmp_path / "boards" / record["suite"] / "records" / f"{record['seed']}.json", record
    )


def test_honest_records_are_added_and_stand_on_a_page(honest, submit, tmp_path):
    given = [honest("toy_ring"), honest("toy_ring", 1), honest("toy_digits"), honest("dirac")]
    code, out, err = submit(*given)
    assert (code, err) == (0, "")
    assert "added: 4 records" in out
    for label in ("toy_ring", "toy_digits", "dirac"):
        assert (tmp_path / "boards" / label / "README.md").is_file()
        assert out.count(f"it begins the leaderboard {label}") == 1
        assert f"{tmp_path / 'boards' / label / 'README.md'}" in out
    assert "not verified that it ran what it says: suite: no suite named 'toy_ring'" in out
    key = lambda record: record["id"]  # noqa: E731
    assert records.read_all(tmp_path / "boards") == sorted(given, key=key)


def test_a_suite_known_here_is_verified_whole(honest, submit):
    code, out, _ = submit(honest("dirac"))
    assert code == 0
    assert "not verified" not in out


def test_a_folder_of_records_is_taken(honest, submit, tmp_path, capsys):
    records.write(tmp_path / "theirs" / "records" / "a.json", honest("toy_ring"))
    records.write(tmp_path / "theirs" / "runs" / "x" / "record.json", honest("dirac"))
    (tmp_path / "theirs" / "progress.json").write_text("{}")
    boards = ["--leaderboards", str(tmp_path / "boards")]
    assert main(["submit", str(tmp_path / "theirs"), *boards]) == 0
    assert "added: 2 records" in capsys.readouterr().out


def drop(*keys):
    def change(record):
        *above, last = keys
        for key in above:
            record = record[key]
        del record[last]

    return change


def put(value, *keys):
    def change(record):
        *above, last = keys
        for key in above:
            record = record[key]
        record[last] = value(record[last]) if callable(value) else value

    return change


def both(*changes):
    def change(record):
        for one in changes:
            one(record)

    return change


def renamed(key, name):
    """Another name, with the id that belongs to it."""

    def change(record):
        record[key] = name
        identify(record)

    return change


def identify(record):
    """Gives a record the key and the id that what it says of its run makes."""
    record["key"] = records.identity(record).key
    board = board_of(record["suite"], record["overrides"], search=False)
    place = record["method"], record["setting"], record["seed"]
    record["id"] = run_id(board, *place, record["key"])


def decided(change):
    """A record of another run, which its key and id own up to."""
    return both(change, identify)


def png(width, height, mode="L"):
    file = io.BytesIO()
    Image.new(mode, (width, height)).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def bomb():
    """A PNG of a few bytes that claims 60,000 x 60,000 pixels."""

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0))
    data = chunk(b"IDAT", zlib.compress(bytes(1000)))
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + header + data + chunk(b"IEND", b"")).decode()


def animation():
    file = io.BytesIO()
    frames = [Image.new("L", (73, 73), shade) for shade in (0, 255)]
    frames[0].save(file, "PNG", save_all=True, append_images=frames[1:])
    return base64.b64encode(file.getvalue()).decode()


def gif():
    file = io.BytesIO()
    Image.new("L", (73, 73)).save(file, "GIF")
    return base64.b64encode(file.getvalue()).decode()


RING = {
    "other schema": (put(1, "schema"), "schema"),
    "surplus key": (put(1, "surprise"), "surprise"),
    "seed as text": (put("0", "seed"), "seed"),
    "negative seed": (put(-1, "seed"), "seed"),
    "no protocol": (put(None, "protocol"), "protocol"),
    "suite climbs out": (renamed("suite", "../../evil"), "suite"),
    "suite hides": (renamed("suite", ".git"), "suite"),
    "suite is absolute": (renamed("suite", "/tmp/evil.gin"), "suite"),
    "method is markup": (renamed("method", "<script>alert(1)</script>"), "method"),
    "method turns text around": (renamed("method", "van\u202eilla"), "method"),
    "setting is a path": (renamed("setting", "a/b"), "setting"),
    "setting is endless": (renamed("setting", "a" * 65), "setting"),
    "remedy is a path": (put(["../x"], "remedies"), "remedies"),
    "reason breaks the line": (put("collapsed\nagain", "reason"), "reason"),
    "reason is endless": (put("a" * 1000, "reason"), "reason"),
    "override is endless": (put(["a" * 1000], "overrides"), "overrides"),
    "label is endless": (put("x" * 500, "protocol", "metrics", "kl", "label"), "protocol.metrics"),
    "nested without end": (put([[[[[[[[[[[1]]]]]]]]]]], "provenance", "deep"), "provenance.deep"),
    "key of another run": (put("0" * 64, "key"), "key"),
    "conditions of another run": (put("99", "conditions", "Experiment.latent_dim"), "key"),
    "id of another run": (put("toy_ring/vanilla/standard/seed-9-000000000000", "id"), "id"),
    "conditions that are not the protocol's": (
        decided(put("5", "conditions", "Experiment.steps")),
        "protocol: its Experiment.steps is 4, and that of conditions is 5",
    ),
    "a metric called otherwise": (
        put("FID (Inception, 50k)", "protocol", "metrics", "kl", "label"),
        "protocol.metrics.kl",
    ),
    "a metric turned around": (
        put("higher", "protocol", "metrics", "kl", "better"),
        "protocol.metrics.kl",
    ),
    "id climbs out": (put("../../../etc/passwd", "id"), "id"),
    "failed": (put("failed", "status"), "status"),
    "of a search": (put(True, "search"), "search"),
    "finished in the future": (
        put("2999-01-01T00:00:00+00:00", "provenance", "finished"),
        "provenance.finished",
    ),
    "started after it finished": (
        put("2998-01-01T00:00:00+00:00", "provenance", "started"),
        "provenance.started",
    ),
    "started at no time": (put("noon", "provenance", "started"), "provenance.started"),
    "torch not named": (drop("provenance", "torch"), "provenance.torch"),
    "no steps in the protocol": (drop("protocol", "steps"), "protocol.steps"),
    "no samples in the protocol": (put(0, "protocol", "samples"), "protocol.samples"),
    "ended before the end": (put(3, "step"), "step"),
    "ended after the end": (put(5, "step"), "step"),
    "steps fall": (put(lambda rows: rows[::-1], "scores"), "scores"),
    "a step twice": (put(2, "scores", 1, "step"), "scores"),
    "half a step": (put(2.5, "scores", 0, "step"), "scores"),
    "step zero": (put(0, "scores", 0, "step"), "scores"),
    "uneven evaluations": (put(3, "scores", 0, "step"), "scores"),
    "last evaluation left out": (put(lambda rows: rows[:1], "scores"), "scores"),
    "no evaluations": (put([], "scores"), "scores"),
    "diagnostics elsewhere": (put(1, "diagnostics", 0, "step"), "diagnostics"),
    "losses beyond the end": (put(9, "losses", 1, "step"), "losses"),
    "losses without step": (drop("losses", 0, "step"), "losses"),
    "no losses": (put([], "losses"), "losses"),
    "fewer passes than GANs need": (put(4.0, "scores", 1, "d_gradients"), "scores.d_gradients"),
    "passes fall": (put(1.0, "cost", "d_gradients"), "d_gradients"),
    "more passes after the end": (put(1e6, "cost", "d_gradients"), "cost.d_gradients"),
    "no passes": (drop("scores", 0, "d_gradients"), "d_gradients"),
    "negative seconds": (put(-1.0, "scores", 0, "seconds"), "seconds"),
    "seconds fall": (put(1e3, "scores", 0, "seconds"), "seconds"),
    "no time": (
        both(
            put(0.0, "cost", "seconds"),
            put(0.0, "scores", 0, "seconds"),
            put(0.0, "scores", 1, "seconds"),
        ),
        "cost.seconds",
    ),
    "impossible speed": (put(1e12, "cost", "images_per_second"), "cost.images_per_second"),
    "other steps in the cost": (put(3, "cost", "g_steps"), "cost.g_steps"),
    "negative memory": (put(-1, "cost", "peak_memory_bytes"), "cost.peak_memory_bytes"),
    "share above 1": (put(1.01, "scores", 1, "overlap"), "scores.overlap"),
    "share below 0": (put(-0.1, "scores", 1, "hq"), "scores.hq"),
    "half a mode": (put(3.5, "scores", 1, "modes"), "scores.modes"),
    "more modes than there are": (put(9.0, "scores", 1, "modes"), "scores.modes"),
    "negative KL": (put(-0.1, "scores", 1, "kl"), "scores.kl"),
    "KL of zero": (put(0.0, "scores", 0, "kl"), "scores.kl"),
    "KL far below its floor": (put(3e-5, "scores", 1, "kl"), "scores.kl"),
    "KL above that of one mode": (put(2.2, "scores", 1, "kl"), "scores.kl"),
    "metric missing": (drop("scores", 1, "kl"), "scores.kl"),
    "metric of its own": (put(1.0, "scores", 1, "beauty"), "scores.beauty"),
    "floors lowered": (put(1e-9, "floors", "kl"), "floors.kl"),
    "floor missing": (drop("floors", "kl"), "floors.kl"),
    "completed though collapsed": (
        both(put("completed", "status"), put(None, "reason"), put(3.0, "scores", 1, "modes")),
        "status",
    ),
    "collapsed though not": (
        both(put("collapsed", "status"), put("few", "reason"), put(8.0, "scores", 1, "modes")),
        "status",
    ),
    "completed for a reason": (both(put("completed", "status"), put("so", "reason")), "reason"),
    "collapsed without a reason": (
        both(put("collapsed", "status"), put(None, "reason")),
        "reason",
    ),
    "diverged with samples": (both(put("diverged", "status"), put("inf", "reason")), "samples"),
    "samples missing": (put(None, "samples"), "samples"),
    "samples of pictures": (put({"kind": "images", "png": png(73, 73)}, "samples"), "samples"),
    "no points": (put([], "samples", "values"), "samples.values"),
    "points in space": (put([[1.0, 2.0, 3.0]], "samples", "values"), "samples"),
    "too many points": (put([[0.0, 0.0]] * 10_001, "samples", "values"), "samples.values"),
    "a point far outside": (put([1e4, 0.0], "samples", "values", 7), "samples.values"),
}
DIGITS = {
    "FID below 0": (put(-1.0, "scores", 1, "fid"), "scores.fid"),
    "FID below the floor": (put(0.4, "scores", 0, "fid"), "scores.fid"),
    "IS above the classes": (put(10.5, "scores", 1, "is"), "scores.is"),
    "precision above 1": (put(2.0, "scores", 1, "precision"), "scores.precision"),
    "KL below its floor": (put(1e-5, "scores", 1, "kl"), "scores.kl"),
    "not base64": (put("%%%", "samples", "png"), "samples.png"),
    "not a picture": (put(base64.b64encode(b"GAN").decode(), "samples", "png"), "samples.png"),
    "not a PNG": (put(gif(), "samples", "png"), "samples.png"),
    "a PNG cut short": (
        put(lambda text: text[: len(text) // 8 * 4], "samples", "png"),
        "samples.png",
    ),
    "a bomb": (put(bomb(), "samples", "png"), "samples.png"),
    "an animation": (put(animation(), "samples", "png"), "samples.png"),
    "a grid of another size": (put(png(72, 73), "samples", "png"), "samples.png"),
    "colours": (put(png(73, 73, "RGB"), "samples", "png"), "samples.png"),
    "points": (put({"kind": "points", "values": [[0.0, 0.0]]}, "samples"), "samples"),
}
DIRAC = {
    "another config": (
        decided(put("0.3", "conditions", "d_optimizer/SGD.lr")),
        "conditions: dirac, vanilla, standard is another run here: d_optimizer/SGD.lr: 0.3",
    ),
    "another method's config": (
        renamed("method", "wgan"),
        "conditions: dirac, wgan, standard is another run here: Experiment.method: @Vanilla()",
    ),
    "another architecture": (put("mlp", "architecture"), "architecture"),
    "another data set": (put("ring", "dataset"), "dataset"),
    "remedies that are not the suite's": (put(["layer_norm_d"], "remedies"), "remedies"),
    "an override without effect": (put(["Nothing.at_all = 1"], "overrides"), "overrides"),
    "an override that is no binding": (put(["import os"], "overrides"), "overrides"),
    "an override of two": (
        put(["SGD.lr = 0.2\nSGD.lr = 0.2"], "overrides"),
        "overrides",
    ),
    "overrides left out of the conditions": (
        decided(put(["SGD.lr = 0.1"], "overrides")),
        "conditions: dirac, vanilla, standard is another run here",
    ),
    "another budget": (
        both(put(lambda rows: rows[:50], "scores"), put(lambda rows: rows[:50], "diagnostics")),
        "scores",
    ),
    "another batch size": (put(4, "protocol", "batch_size"), "protocol: its Experiment.batch_size"),
    "more samples": (put(99, "protocol", "samples"), "conditions"),
    "another judge": (put("0" * 64, "protocol", "judge", "sha256"), "conditions"),
    "other data": (put("0" * 64, "protocol", "data", "checksum"), "conditions"),
}
VALID = "is not a valid record"
TRAPS = [
    pytest.param(suite, change, key, id=f"{suite}: {name}")
    for suite, traps in {"toy_ring": RING, "toy_digits": DIGITS, "dirac": DIRAC}.items()
    for name, (change, key) in traps.items()
]


@pytest.mark.parametrize(("suite", "change", "key"), TRAPS)
def test_what_cannot_be_is_refused_by_file_and_key(honest, submit, tmp_path, suite, change, key):
    record = honest(suite)
    change(record)
    code, out, err = submit(record)
    assert code == 2
    assert out == ""
    *refusals, last = err.splitlines()
    assert last == "ganbench: nothing was added"
    assert all("record.json" in line and line.startswith("refused: ") for line in refusals)
    told = [line.split("record.json", 1)[1] for line in refusals]
    assert any(line.startswith(f": {key}") or (VALID in line and key in line) for line in told), err
    assert err.replace("\n", "").isprintable()
    assert not (tmp_path / "boards").exists()


@pytest.mark.parametrize(
    "number", ["NaN", "Infinity", "1e999", "1" + "0" * 400], ids=["nan", "inf", "1e999", "huge"]
)
def test_numbers_that_are_not_finite_are_refused(honest, submit, number):
    record = honest("toy_ring")
    record["losses"][0]["d_loss"] = "HERE"
    code, _, err = submit(json.dumps(record).replace('"HERE"', number))
    assert code == 2
    assert "nothing was added" in err


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", "null", "[" * 200_000, '{"a":' * 200_000],
    ids=["empty", "list", "open", "null", "deep list", "deep object"],
)
def test_what_is_no_record_is_refused(submit, text):
    code, _, err = submit(text)
    assert code == 2
    assert "record.json" in err


def test_a_file_too_large_is_not_even_parsed(honest, submit):
    record = honest("toy_ring")
    record["provenance"]["padding"] = "x" * (17 << 20)
    code, _, err = submit(record)
    assert code == 2
    assert "larger than a record may be" in err


@pytest.mark.parametrize("named", ["nosuch.json", "empty", "/dev/null"])
def test_files_that_are_not_there_are_named(tmp_path, capsys, monkeypatch, named):
    monkeypatch.chdir(tmp_path)
    Path("empty").mkdir()
    assert main(["submit", named]) == 2
    assert named in capsys.readouterr().err


def test_all_or_nothing_and_every_refusal_is_told(honest, submit, tmp_path):
    bad = [honest("toy_ring", 1), honest("toy_digits")]
    bad[0]["scores"][0]["kl"] = -1.0
    bad[1]["scores"][0]["fid"] = -1.0
    code, _, err = submit(honest("toy_ring"), *bad)
    assert code == 2
    assert "scores.kl" in err
    assert "scores.fid" in err
    assert not (tmp_path / "boards").exists()


def elsewhere(record, steps="5"):
    """The same run under another latent dimension, as it would say of itself."""
    record["conditions"]["Experiment.latent_dim"] = steps
    identify(record)
    return record


def test_other_conditions_are_refused_with_the_parameters_that_differ(honest, submit, standing):
    standing(honest("toy_ring"))
    code, _, err = submit(elsewhere(honest("toy_ring", 1)))
    assert code == 2
    assert "conditions: it is another run than those of toy_ring" in err
    assert "Experiment.latent_dim: 5, here 4" in err


def test_records_that_begin_a_leaderboard_must_agree_on_its_conditions(honest, submit):
    code, _, err = submit(honest("toy_ring"), elsewhere(honest("toy_ring", 1)))
    assert code == 2
    assert "Experiment.latent_dim: 5, here 4" in err


def test_a_method_of_a_known_name_that_is_bound_otherwise_is_refused(honest, submit, standing):
    standing(honest("toy_ring"))
    other = honest("toy_ring", 1)
    other["method_bindings"]["method/Vanilla.d_steps"] = "2"
    identify(other)
    assert "method/Vanilla.d_steps: 2, here default" in submit(other)[2]


def test_a_metric_that_is_new_here_or_there_refuses_no_record(honest, submit, standing):
    standing(honest("toy_ring"))
    fewer = honest("toy_ring", 1)
    for rows in (fewer["protocol"]["metrics"], fewer["floors"], *fewer["scores"]):
        del rows["modes_fair"]
    assert submit(fewer)[0] == 0


def test_a_place_is_taken_once(honest, submit, standing):
    standing(honest("toy_ring"))
    again = honest("toy_ring")
    assert "the same to the byte" in submit(again)[2]
    again["scores"][1]["hq"] += 1e-3
    assert "no new evidence" in submit(again)[2]
    twice = honest("toy_ring", 1)
    assert "of the same method, setting and seed" in submit(twice, twice)[2]


def test_names_not_known_here_are_accepted_and_said_to_be_unverified(honest, tmp_path):
    record = honest("dirac")
    record["method"] = "of_theirs"
    identify(record)
    found = reviewed(record, tmp_path)
    assert found.accepted == [record]
    said = "not verified that it ran what it says: method: no method named 'of_theirs'"
    assert any(said in note for note in found.notes)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            both(
                put("0" * 64, "protocol", "data", "checksum"),
                put("0" * 64, "conditions", "data.checksum"),
                identify,
            ),
            "protocol: data.checksum is 000",
        ),
        (put("of_theirs", "dataset"), "no data set 'of_theirs' is known here"),
        (put("image_folder", "dataset"), ""),  # neither its folder nor its judge's weights
    ],
    ids=["another checksum", "another name", "not on this machine"],
)
def test_data_not_known_here_are_accepted_and_said_to_be_unverified(
    honest, tmp_path, change, reason
):
    record = honest("toy_ring")
    change(record)
    found = reviewed(record, tmp_path)
    assert found.accepted == [record]
    said = [note for note in found.notes if "not verified that its scores can be true" in note]
    assert len(said) == 1
    assert reason in said[0]
    assert "\n" not in said[0]


def test_a_run_that_diverged_is_a_result(honest, tmp_path):
    """As the loop leaves it: scores up to there, no samples, the last interval not counted."""
    record = honest("toy_ring")
    for key in ("scores", "diagnostics", "losses"):
        del record[key][1:]
    record |= {"status": "diverged", "reason": "d_loss is nan at step 3", "step": 3}
    record |= {"samples": None, "cost": record["cost"] | {"g_steps": 3}}
    record["cost"] |= {key: record["scores"][0][key] for key in ("d_gradients", "seconds")}
    record["cost"]["images_per_second"] = 3 * 16 / record["cost"]["seconds"]
    assert reviewed(record, tmp_path).refused == []


def reviewed(record, tmp_path):
    records.write(tmp_path / "record.json", record)
    return review([tmp_path / "record.json"], tmp_path / "boards")


def test_names_of_a_record_are_never_paths(honest, submit, tmp_path):
    """A suite's name that is a gin file's path would have it read, and its imports run."""
    evil = tmp_path / "evil.gin"
    evil.write_text("import antigravity\n")
    record = honest("dirac")
    record["suite"] = str(evil)
    identify(record)
    code, _, err = submit(record)
    assert code == 2
    assert "suite" in err


def test_the_least_divergence_is_below_all_but_the_rarest_of_perfect_samples():
    modes, n, draws = 8, 2500, 500_000
    counts = np.random.default_rng(0).multinomial(n, [1 / modes] * modes, size=draws)
    q = counts / n
    below = (q * np.log(q * modes)).sum(1) < least_divergence(modes, n)
    low, high = stats.binom.interval(0.999, draws, CHANCE)
    assert low <= below.sum() <= high


@pytest.mark.parametrize("judge", [ModeJudge(Ring()), ClassifierJudge(Digits())])
def test_real_data_pass_the_spans_of_their_own_judge(judge):
    floors = judge.floors()
    for metric in judge.metrics:
        assert metric.span.low <= floors[metric.name] <= metric.span.high


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (put("hinge", "method"), "method"),
        (put("vanilla2", "method"), "method"),
        (put("no_bn_d", "setting"), "setting"),
        (put("cifar10", "dataset"), "dataset"),
        (put("resnet", "architecture"), "architecture"),
        (put("as_gan", "control_of"), "control_of"),
        (put(["no_bn_d"], "remedies"), "remedies"),
    ],
)
def test_one_run_has_one_name_on_a_board(honest, submit, standing, change, key):
    standing(honest("toy_ring"))
    other = honest("toy_ring", 1)
    both(change, identify)(other)
    code, _, err = submit(other)
    assert code == 2
    assert f": {key}: it is " in err or f": {key}: hinge is @Hinge() here" in err


def test_a_setting_that_is_said_to_decide_more_than_it_does_is_refused(honest, submit):
    record = honest("dirac")
    record["setting_bindings"] = {"Experiment.steps": "3"}
    assert "setting_bindings: the setting standard decides {} here" in submit(record)[2]
    record = honest("dirac")
    record["protocol"]["data"]["name"] = "cifar10"
    assert "protocol.data.name: it is 'cifar10', and here it is 'dirac'" in submit(record)[2]
