"""What leaves ganbench, samples and generators, and what comes from elsewhere to be scored."""

import base64
import io
import json
import re
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file
from toy_runs import ignore, plan_of

from bench.cli import main
from bench.config.bound import Bound
from bench.config.choice import Choice
from bench.config.plan import make_plan
from bench.data.digits import Digits
from bench.errors import UsageError
from bench.missing import without_nan
from bench.runs.folder import CHECKPOINT
from bench.runs.records import RECORD
from bench.scores.scoring import judged, score
from bench.training.execute import execute
from bench.training.experiment import experiment_of
from bench.training.finished import open_run

DOCUMENT = Path(__file__).parents[1] / "docs" / "checkpoints.md"
SAMPLES = 520
FEW = f"ClassifierJudge.samples = {SAMPLES}"


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    """The folder of a short run on digits, and its record."""
    bindings = [FEW, "Suite.remedies = {}", "Experiment.steps = 6", "Experiment.evaluations = 1"]
    choice = Choice(methods=["vanilla"], settings=["standard"], seeds=1)
    run = make_plan("quick", gin_bindings=bindings, choice=choice).runs[0]
    out = tmp_path_factory.mktemp("digits")
    record = execute(run, out, ignore)
    return run.folder(out), record


@pytest.fixture
def points(toy_suite, tmp_path):
    run = plan_of(toy_suite)
    record = execute(run, tmp_path / "runs", ignore)
    return run.folder(tmp_path / "runs"), record


@pytest.fixture
def ask(capsys, tmp_path, monkeypatch):
    """Gives a command in an empty folder, and returns its exit code and what it says."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    def call(*words):
        code = main([str(word) for word in words])
        said = capsys.readouterr()
        return code, said.out + said.err

    return call


def last(record, names):
    return {name: record["scores"][-1][name] for name in names}


# --- samples


def test_pictures_in_a_folder_have_the_scores_of_the_run(digits, ask):
    folder, record = digits
    assert ask("sample", folder, "--n", SAMPLES, "--out", "all")[0] == 0
    code, said = ask("score", "digits", "all", "--gin_bindings", FEW, "--json", "scores.json")
    assert code == 0
    found = json.loads(Path("scores.json").read_text())
    assert found["scores"] == last(record, found["scores"])
    assert found["floors"] == record["floors"]
    assert found["protocol"].items() <= record["protocol"].items()
    assert f"{SAMPLES} of {SAMPLES}" in said
    assert "FID (digits-cnn, 520) ↓" in said
    assert record["protocol"]["judge"]["sha256"][:12] in said


def test_the_first_pictures_are_those_of_the_record_also_as_one(digits, ask):
    folder, record = digits
    Path("samples").mkdir()  # empty is as good as missing
    assert ask("sample", folder)[0] == 0
    names = sorted(path.name for path in Path("samples").iterdir())
    assert names == [f"{i:02}.png" for i in range(64)]
    grid = Image.open(io.BytesIO(base64.b64decode(record["samples"]["png"])))
    second = grid.crop((1 + 9, 1, 1 + 9 + 8, 1 + 8))
    assert Image.open("samples/01.png").tobytes() == second.tobytes()
    assert ask("sample", folder, "--out", "grid.png")[0] == 0
    assert Image.open("grid.png").tobytes() == grid.tobytes()


def test_an_array_holds_the_same_and_another_seed_gives_others(digits, ask):
    folder, _ = digits
    ask("sample", folder, "--n", 5, "--out", "five.npy")
    expected = open_run(folder).sample(5).numpy()
    assert np.array_equal(np.load("five.npy"), expected)
    ask("sample", folder, "--n", 5, "--out", "again.npy", "--seed", 0)
    assert np.array_equal(np.load("again.npy"), expected)
    ask("sample", folder, "--n", 5, "--out", "others.npy", "--seed", 1)
    assert not np.array_equal(np.load("others.npy"), expected)


def test_points_are_an_array_with_the_scores_of_the_run_or_a_scatter_plot(points, ask):
    folder, record = points
    assert ask("sample", folder, "--n", 2500)[0] == 0
    assert np.load("samples.npy").dtype == np.float32
    found = score("ring", Path("samples.npy"))
    assert found["scores"] == last(record, found["scores"])
    assert ask("sample", folder, "--out", "plot.png")[0] == 0
    assert np.asarray(Image.open("plot.png").convert("L")).std() > 5  # something is drawn
    code, said = ask("sample", folder, "--out", "folder")
    assert code == 2
    assert "samples of 'ring', of shape (2,), cannot be a folder of pictures; valid: " in said


def test_what_cannot_be_written_is_refused_before_any_work(digits, ask):
    folder, _ = digits
    for words, complaint in (
        (["--n", 0], "--n 0: it must be at least 1"),
        (["--out", "x.pgn"], "did you mean '.png'?"),
        (["--out", "full"], "there is something in the folder"),
    ):
        Path("full").mkdir(exist_ok=True)
        Path("full", "kept.txt").touch()
        code, said = ask("sample", folder, *words)
        assert code == 2
        assert complaint in said
        assert said.count("\n") == 1
    assert ask("sample", "nowhere")[0] == ask("export", "nowhere")[0] == 2
    assert (
        "--out x.pt: weights are written as .safetensors"
        in ask("export", folder, "--out", "x.pt")[1]
    )
    assert [path.name for path in Path().iterdir()] == ["full"]


def test_a_gpus_latents_are_told_from_these(digits, ask, tmp_path):
    folder, record = digits
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / CHECKPOINT).write_bytes((folder / CHECKPOINT).read_bytes())
    provenance = record["provenance"] | {"device": "NVIDIA H100"}
    (copy / RECORD).write_text(json.dumps(record | {"provenance": provenance}))
    assert not open_run(copy).draws_its_own
    said = ask("sample", copy)[1]
    assert ("trained on NVIDIA H100" in said) is not torch.cuda.is_available()
    assert "trained on" not in ask("sample", copy, "--seed", 1, "--out", "others")[1]


# --- a generator alone


def metadata_of(path):
    with safe_open(path, "pt") as file:
        return file.metadata()


def class_of(about):
    module, _, name = about["generator"].rpartition(".")
    return getattr(import_module(module), name)


def test_an_exported_generator_is_rebuilt_from_its_file_and_draws_the_same(digits, points, ask):
    for folder, record in (digits, points):
        assert ask("export", folder, "--out", "g.safetensors") == (0, "generator: g.safetensors\n")
        about = metadata_of("g.safetensors")
        first = json.loads(about["shape"]), int(about["latent_dim"])
        generator = class_of(about)(*first, **json.loads(about["arguments"]))
        generator.load_state_dict(load_file("g.safetensors"))
        generator.train(about["batch_norm"] == "batch")
        run = open_run(folder)
        with torch.no_grad():
            assert torch.equal(generator(run.latents(64)), run.generate(run.latents(64)))
        for key in ("suite", "dataset", "architecture", "method", "setting", "key", "id", "status"):
            assert about[key] == record[key]
        assert (about["seed"], about["step"]) == ("0", "6")


def test_the_gin_text_of_an_exported_generator_builds_it_too(digits, ask):
    ask("export", digits[0])
    about = metadata_of("generator.safetensors")
    imports = "import architectures.dcgan\nimport bench.training.experiment\n"
    others = ("data", "judge", "discriminator", "method", "g_optimizer", "d_optimizer")
    numbers = dict.fromkeys(("steps", "batch_size", "latent_dim", "evaluations"), 1)
    experiment = experiment_of(Bound(imports + about["gin"]), **dict.fromkeys(others), **numbers)
    network = experiment.generator(json.loads(about["shape"]), int(about["latent_dim"]))
    network.load_state_dict(load_file("generator.safetensors"))


def test_every_block_of_the_document_runs_as_it_stands(digits, ask):
    """Of the run that it names; the blocks share their names, as in a notebook."""
    folder, _ = digits
    ask("export", folder)
    ask("sample", folder, "--n", SAMPLES, "--out", "pictures")
    text = DOCUMENT.read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert len(blocks) >= 4
    names: dict[str, object] = {}
    for block in blocks:
        exec(re.sub(r"runs/quick/[^\"]*?seed-0-\w+", str(folder), block), names)
    assert names["tensors"]["generator/layers.0.weight"].equal(names["weight"])
    assert names["pictures"].shape == (64, 1, 8, 8)
    assert isinstance(names["generator"], class_of(names["about"]))


# --- scores of anyone's samples


def written(folder, pictures, mode=lambda image: image, ending="png"):
    """Pictures (n, C, H, W) as files called by their numbers."""
    folder.mkdir(parents=True, exist_ok=True)
    for i, picture in enumerate(pictures):
        image = Image.fromarray(np.asarray(picture).transpose(1, 2, 0).squeeze())
        mode(image).save(folder / f"{i:04}.{ending}")
    return folder


def test_real_pictures_score_like_real_data_in_whatever_form_they_come(tmp_path):
    real = Digits().training()[:SAMPLES]
    expected = without_nan(judged("digits", [FEW])[1].floors())
    rgb = written(tmp_path / "rgb", real, lambda image: image.convert("RGB"))
    np.save(tmp_path / "last.npy", real.permute(0, 2, 3, 1).numpy())
    np.savez(tmp_path / "grey.npz", only=real[:, 0].numpy())
    forms = (real, real.numpy(), tmp_path / "last.npy", str(tmp_path / "grey.npz"), rgb)
    for samples in forms:
        found = score("digits", samples, [FEW])
        assert found["scores"] == found["floors"] == expected
    assert expected["fid"] < 3


def test_of_more_pictures_a_fair_sample_counts_and_of_an_array_the_first(tmp_path):
    real = Digits().training()
    folder = written(tmp_path / "all", real)
    for name in ("0000", "0799"):  # hidden ones are none, and below a folder is in it
        (folder / "below").mkdir(exist_ok=True)
        (folder / f"{name}.png").rename(folder / "below" / f"{name}.png")
    (folder / ".hidden.png").write_bytes(b"")
    found = score("digits", folder, [FEW])
    assert (found["given"], found["protocol"]["samples"]) == (len(real), SAMPLES)
    assert found["scores"]["modes"] == 10
    assert found == score("digits", folder, [FEW])
    first = score("digits", real, [FEW])
    assert first["scores"] == first["floors"] != found["scores"]


BAD = {
    "no folder": (lambda path: None, "this is no folder, and no file of an array"),
    "none": (lambda path: path.mkdir(), "there is no picture in it (.jpg"),
    "too few": (lambda path: written(path, PICTURES[:7]), "holds 7 samples, and a score takes 520"),
    "other size": (lambda path: written(path, WIDE), "9 x 8 pixels, and pictures of 'digits'"),
    "no picture": (lambda path: no_picture(path), "0100.png cannot be used: it is in no format"),
}
PICTURES = np.random.default_rng(0).integers(0, 256, (SAMPLES, 1, 8, 8), dtype=np.uint8)
WIDE = np.zeros((SAMPLES, 1, 8, 9), np.uint8)


def no_picture(path):
    (written(path, PICTURES) / "0100.png").write_bytes(b"not at all")


@pytest.mark.parametrize(("make", "complaint"), BAD.values(), ids=BAD)
def test_pictures_that_cannot_be_scored_are_refused_in_a_sentence(make, complaint, ask, tmp_path):
    make(tmp_path / "theirs")
    code, said = ask("score", "digits", tmp_path / "theirs", "--gin_bindings", FEW)
    assert code == 2
    assert complaint in said
    assert said.splitlines()[-1].startswith("ganbench: ")


class Trap:
    def __reduce__(self):
        return (print, ("executed",))


ARRAYS = {
    "floats": ({"a": PICTURES / 255}, "float64 (520, 1, 8, 8), and samples of 'digits' are uint8"),
    "other size": ({"a": WIDE}, "it holds uint8 (520, 1, 8, 9)"),
    "one picture": ({"a": PICTURES[0, 0]}, "it holds uint8 (8, 8)"),
    "two arrays": ({"a": PICTURES, "b": PICTURES}, "it holds 2 arrays (a, b), and must hold one"),
    "none": ({}, "it holds none, and must hold one"),
    "objects": ({"a": np.array([Trap()])}, "cannot be read as an array"),
}


@pytest.mark.parametrize(("arrays", "complaint"), ARRAYS.values(), ids=ARRAYS)
def test_arrays_that_cannot_be_scored_are_refused_and_never_run(
    arrays, complaint, tmp_path, capsys
):
    path = tmp_path / "theirs.npz"
    np.savez(path, **arrays)
    with pytest.raises(UsageError, match=re.escape(complaint)):
        score("digits", path, [FEW])
    assert "executed" not in capsys.readouterr().out


def test_what_is_no_array_is_refused(tmp_path):
    for name, content in (("a.npy", b"x"), ("b.npz", b"PK\x03\x04"), ("c.npz", b"")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UsageError, match="cannot be read as an array"):
            score("digits", tmp_path / name, [FEW])
    with pytest.raises(UsageError, match="no pictures, but have the shape"):
        score("ring", tmp_path)


def test_any_judge_can_be_named(tmp_path):
    found = score("digits", PICTURES, ["ThumbnailJudge.samples = 50"], "thumbnails")
    assert found["protocol"]["judge"]["name"] == "thumbnails"
    assert set(found["scores"]) == {"fid", "kid", "precision", "recall", "diversity"}


def test_names_and_bindings_are_checked_as_in_a_suite(ask):
    own = Path("gin", "datasets")
    own.mkdir(parents=True)
    (own / "unjudged.gin").write_text("import bench.data.digits\nExperiment.data = @Digits()\n")
    for words, complaint in (
        (["digit", "."], "did you mean 'digits'?"),
        (["digits", ".", "--gin_bindings", "ClassifierJudge.sampels = 9"], "'samples'"),
        (["digits", ".", "--gin_bindings", "ModeJudge.samples = 9"], "ModeJudge"),
        (["digits", ".", "--gin_bindings", "ClassifierJudge.samples = 2"], "choose 5 or more"),
        (["digits", ".", "--judge", "thumbnail"], "did you mean 'thumbnails'?"),
        (["unjudged", "."], "unjudged has no judge of its own; --judge NAME"),
    ):
        code, said = ask("score", *words)
        assert code == 2
        assert complaint in said
