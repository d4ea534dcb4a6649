"""A run is what was run: what changes its key, what does not, and what its names say."""

import dataclasses
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from bench.config import trees
from bench.config.catalogue import Catalogue
from bench.config.choice import Choice
from bench.config.plan import make_plan
from bench.errors import UsageError
from bench.identity import DEFAULT, apart, changed
from bench.runs import records
from bench.scores.classifier import ClassifierJudge
from bench.scores.judge import Metric
from bench.training.preflight import preflight

COMMITTED = Path(__file__).parents[1] / "leaderboards"

SUITE = """
Suite.dataset = "ring"
Suite.architecture = "mlp"
Suite.methods = ["vanilla", "as_gan"]
Suite.settings = ["standard", "no_bn_g"]
Suite.seeds = 1

Experiment.steps = 6
Experiment.evaluations = 2
Experiment.batch_size = 16
Experiment.latent_dim = 4
g_width = 8
d_width = 8
ASGAN.epsilon = 0.1
"""


@pytest.fixture
def suite(tmp_path):
    """Writes the suite, with lines added to its end, and plans it."""

    def plan(*lines, text=SUITE, **options):
        path = tmp_path / "toy.gin"
        path.write_text("\n".join([text, *lines, ""]))
        return make_plan(str(path), **options)

    return plan


def keys(plan):
    return {(run.method, run.setting, run.seed): run.key for run in plan.runs}


# --- what is the same run


def test_parameters_that_two_have_otherwise_are_told_with_both_values():
    before, after = {"a": "1", "b": "2", "d": "4"}, {"b": "3", "c": "4", "d": "4"}
    assert apart(before, after) == {"a": ("1", DEFAULT), "b": ("2", "3"), "c": (DEFAULT, "4")}
    assert changed(before, after) == {"a": DEFAULT, "b": "3", "c": "4"}
    assert apart(before, before) == {}


@pytest.mark.parametrize(
    "lines",
    [
        ["import json"],
        ["Experiment.log_every = 50"],  # its default
        ["MLPGenerator.norm = %g_norm"],  # what the architecture says
        ["generator/Adam.lr = 2e-4", "discriminator/Adam.lr = 2e-4"],  # what they have from Adam
        ["torch.optim.Adam.betas = [0.5, 0.999]"],  # a list, and the whole path
        ["Adam.lr = 1.0", "Adam.lr = 2e-4"],  # the last one counts
        ['Experiment.device = "cpu"', "Experiment.resident_gigabytes = 1.0"],
        ["Experiment.checkpoint_seconds = 60.0"],
        ["width = 8", "d_width = %width"],
        ["ASGAN.epsilon = 0.1", "ASGAN.unit = 'model'"],
    ],
)
def test_what_changes_nothing_makes_no_other_run(suite, lines):
    assert keys(suite(*lines)) == keys(suite())


def test_neither_names_files_nor_the_order_of_bindings_tell_runs_apart(suite, tmp_path):
    plain = keys(suite())
    head, body = SUITE.strip().split("\n\n")
    shuffled = "\n".join([*reversed(body.splitlines()), *reversed(head.splitlines())])
    assert keys(suite(text=shuffled)) == plain
    (tmp_path / "elsewhere").mkdir()
    moved = tmp_path / "elsewhere" / "renamed.gin"
    moved.write_text(SUITE)
    assert keys(make_plan(str(moved))) == plain
    split = tmp_path / "half.gin"
    split.write_text(body)
    moved.write_text(f"include '{split}'\n{head}")
    assert keys(make_plan(str(moved))) == plain
    bound = make_plan(str(moved), gin_bindings=["ASGAN.epsilon = 0.1", "Experiment.steps = 6"])
    assert keys(bound) == plain
    assert bound.runs[0].overrides == ()  # they change nothing, and so make no page of their own


@pytest.mark.parametrize(
    ("line", "changed"),
    [
        ("Experiment.steps = 7", {"vanilla", "as_gan"}),
        ("Experiment.batch_size = 8", {"vanilla", "as_gan"}),
        ("Adam.lr = 1e-3", {"vanilla", "as_gan"}),
        ("discriminator/Adam.betas = (0.0, 0.9)", {"vanilla", "as_gan"}),
        ("d_width = 9", {"vanilla", "as_gan"}),
        ("Ring.points = 1000", {"vanilla", "as_gan"}),
        ("ModeJudge.samples = 1000", {"vanilla", "as_gan"}),
        ('Experiment.batch_norm = "batch"', {"vanilla", "as_gan"}),
        ("ASGAN.epsilon = 0.2", {"as_gan"}),
        ('Suite.remedies = {"as_gan": ["adam_beta2_0.9"]}', {"as_gan"}),
    ],
)
def test_what_decides_a_result_makes_another_run(suite, line, changed):
    before, after = keys(suite()), keys(suite(line))
    assert {cell[0] for cell in before if before[cell] != after[cell]} == changed
    assert {cell for cell in before if before[cell] == after[cell]} == {
        cell for cell in before if cell[0] not in changed
    }


def test_conditions_are_shared_and_the_rest_is_the_methods_own(suite):
    plan = suite('Suite.remedies = {"as_gan": ["adam_beta2_0.9"]}')
    cells = {(run.method, run.setting): run.known for run in plan.runs}
    for setting in ("standard", "no_bn_g"):
        vanilla, as_gan = cells["vanilla", setting], cells["as_gan", setting]
        assert vanilla.conditions == as_gan.conditions
        assert vanilla.method == (("Experiment.method", "@Vanilla()"),)
        assert dict(as_gan.method) == {
            "Experiment.method": "@ASGAN()",
            "method/ASGAN.epsilon": "0.1",
            "g_optimizer/Adam.betas": "[0.5, 0.9]",
            "d_optimizer/Adam.betas": "[0.5, 0.9]",
        }
    norm = "generator/MLPGenerator.norm"
    assert dict(cells["vanilla", "no_bn_g"].setting) == {norm: DEFAULT}
    standard, bare = (dict(cells["vanilla", s].conditions) for s in ("standard", "no_bn_g"))
    assert standard.pop(norm) == '"batch"'
    assert bare == standard  # an MLP's default is none, and so is not said


def test_cells_of_one_suite_agree_and_those_of_an_edited_one_do_not(suite):
    before = {(run.method, run.setting): run.known for run in suite().runs}
    after = {(run.method, run.setting): run.known for run in suite("d_width = 9").runs}
    standard, bare = ("vanilla", "standard"), ("vanilla", "no_bn_g")
    assert before[standard].agrees(before[bare])
    assert before[bare].agrees(before[standard])
    assert not before[standard].agrees(after[bare])
    assert before["as_gan", "standard"].same_method(before["as_gan", "no_bn_g"])
    other = {(run.method, run.setting): run.known for run in suite("ASGAN.epsilon = 0.2").runs}
    assert not before["as_gan", "standard"].same_method(other["as_gan", "no_bn_g"])
    assert before[standard].differences(after[standard]) == [
        "discriminator/MLPDiscriminator.width: 9, here 8"
    ]


# --- what a change of the code leaves alone


def committed(name):
    """A committed record of quick, by the beginning of its file's name."""
    return records.read(next((COMMITTED / "quick" / "records").glob(f"quick.{name}.*")))


def key_now(record):
    cell = [f'Suite.methods = ["{record["method"]}"]', f'Suite.settings = ["{record["setting"]}"]']
    (run,) = make_plan(record["suite"], gin_bindings=cell, choice=Choice(seeds=1)).runs
    return run.key


@pytest.mark.parametrize("cell", ["as_gan.no_bn_d", "wgan_gp.standard", "spectral_norm.standard"])
def test_a_committed_record_is_of_the_suite_at_hand(cell):
    record = committed(cell)
    assert key_now(record) == record["key"]


MOVED = """
import gin
register = gin.register

def elsewhere(target, name=None):
    if isinstance(target, str):
        return lambda named: elsewhere(named, target)
    return register(name or target.__name__, module=f"elsewhere.{target.__module__}")(target)

gin.register = elsewhere
from bench.config.choice import Choice
from bench.config.plan import make_plan
for run in make_plan("quick", choice=Choice(seeds=1)).runs:
    assert "elsewhere.architectures.dcgan" in run.config
    print(run.method, run.setting, run.key)
"""


def test_a_moved_class_orphans_no_record():
    """Every class of ours is registered as if its module had moved to another package."""
    done = subprocess.run([sys.executable, "-c", MOVED], capture_output=True, text=True, check=True)
    moved = {
        (method, setting): key for method, setting, key in map(str.split, done.stdout.splitlines())
    }
    found = records.read_all(COMMITTED / "quick")
    assert moved == {(record["method"], record["setting"]): record["key"] for record in found}


def test_a_renamed_label_and_a_new_metric_orphan_no_record(monkeypatch):
    record, before = committed("as_gan.no_bn_d"), ClassifierJudge.__init__

    def made(self, *arguments, **options):
        before(self, *arguments, **options)
        fid, *others = self.metrics
        renamed = dataclasses.replace(fid, label="Fréchet distance")
        self.metrics = (renamed, *others, Metric("beauty", "beauty", "higher"))

    made.__wrapped__ = before
    monkeypatch.setattr(ClassifierJudge, "__init__", made)
    assert key_now(record) == record["key"]


def test_other_weights_or_another_algorithm_of_the_judge_make_another_run(monkeypatch):
    record = committed("as_gan.no_bn_d")
    monkeypatch.setattr(ClassifierJudge, "algorithm", 2)
    assert key_now(record) != record["key"]


def test_versions_of_libraries_are_no_part_of_a_run(monkeypatch):
    record = committed("as_gan.no_bn_d")
    assert not any("torch" in key for key in record["conditions"])
    assert record["provenance"]["torch"]


# --- data by what they are


@pytest.fixture
def pictures(tmp_path, monkeypatch):
    """A suite on a folder of pictures, and the folder."""
    monkeypatch.setenv("GANBENCH_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "pictures"
    folder.mkdir()
    for shade in range(40):
        Image.new("RGB", (8, 8), (6 * shade, 40, 200)).save(folder / f"{shade:02}.png")
    path = tmp_path / "own.gin"
    path.write_text(
        """include "judges/thumbnails.gin"
Suite.dataset = "image_folder"
Suite.architecture = "dcgan"
Suite.methods = ["vanilla"]
Suite.seeds = 1
ImageFolder.root = "pictures"
ImageFolder.size = 8
ImageFolder.held_out = 0.5
ThumbnailJudge.samples = 20
Experiment.judge = @ThumbnailJudge
Experiment.steps = 2
Experiment.evaluations = 1
Experiment.batch_size = 4
Experiment.latent_dim = 2
g_width = 8
d_width = 8
"""
    )
    monkeypatch.chdir(tmp_path)
    return path, folder


def test_pictures_that_change_make_another_run(pictures):
    path, folder = pictures
    before = make_plan(str(path)).runs[0].key
    assert make_plan(str(path)).runs[0].key == before
    Image.new("RGB", (8, 8), "green").save(folder / "green.png")
    assert make_plan(str(path)).runs[0].key != before


def test_a_folder_that_was_moved_is_the_same_data(pictures, tmp_path, monkeypatch):
    path, folder = pictures
    before = make_plan(str(path)).runs[0].key
    other = tmp_path / "other"
    other.mkdir()
    folder.rename(other / "pictures")
    monkeypatch.chdir(other)
    assert make_plan(str(path)).runs[0].key == before


def test_a_relative_folder_is_what_lies_there(pictures, tmp_path, monkeypatch):
    path, _ = pictures
    before = make_plan(str(path)).runs[0].key
    other = tmp_path / "other"
    (other / "pictures").mkdir(parents=True)
    for shade in range(40):
        Image.new("RGB", (8, 8), (0, 6 * shade, 0)).save(other / "pictures" / f"{shade:02}.png")
    monkeypatch.chdir(other)
    assert make_plan(str(path)).runs[0].key != before


def test_runs_without_their_data_are_planned_and_say_what_is_missing():
    run = make_plan("table1_celeba").runs[0]
    with pytest.raises(UsageError, match=r"weights of Inception|celeba"):
        run.key  # noqa: B018


# --- names tell the truth


ANOTHER = "import methods.hinge\nExperiment.method = @Hinge()\n"


@pytest.fixture
def own_gin(tmp_path, monkeypatch):
    """Puts gin files beside ganbench's own: a function of kind, name and text."""
    folder = tmp_path / "gin"
    shutil.copytree(trees.ROOT, folder)
    monkeypatch.setattr(trees, "ROOT", folder)

    def write(kind, name, text):
        (folder / kind / f"{name}.gin").write_text(text)

    return write


def refused(plan, *arguments, **options):
    with pytest.raises(UsageError) as caught:
        plan(*arguments, **options)
    return str(caught.value)


def test_another_method_under_a_rows_name_is_refused(suite, own_gin):
    own_gin("settings", "mine", ANOTHER)
    own_gin("datasets", "mine", f'include "datasets/ring.gin"\n{ANOTHER}')
    in_setting = SUITE.replace('"standard", "no_bn_g"', '"mine"')
    found = [
        refused(suite, ANOTHER),
        refused(suite, "import methods.hinge", gin_bindings=[ANOTHER.splitlines()[1]]),
        refused(suite, text=in_setting),
        refused(suite, text=SUITE.replace('"ring"', '"mine"')),
        refused(suite, 'Suite.remedies = {"vanilla": ["mine"]}'),
    ]
    for message in found:
        assert "the row called vanilla would be another method" in message
        assert "put this into a gin file under methods" in message
    assert "toy.gin:17" in found[0]
    assert found[1].startswith("--gin_bindings")
    assert "mine.gin:2" in found[2]


def test_what_a_combined_method_is_made_of_cannot_be_exchanged(suite):
    text = SUITE.replace('"as_gan"', '"sn_gan"').replace("ASGAN.epsilon = 0.1\n", "")
    with pytest.raises(UsageError, match=r"combine.methods is what the method sn_gan is made of"):
        suite("combine.methods = [@SpectralNorm(), @Vanilla()]", text=text)
    suite("Hinge.d_steps = 1", text=text)  # its numbers may be bound


def test_a_method_may_not_change_what_all_rows_share(suite, offer):
    for line, part in (
        ('Experiment.batch_norm = "batch"', "batch_norm"),
        ("Ring.sigma = 0.1", "data"),
        ("ModeJudge.samples = 100", "judge"),
    ):
        name = offer(f"longer_{part}", f'include "methods/vanilla.gin"\n{line}')
        text = SUITE.replace('"as_gan"', f'"{name}"').replace("ASGAN.epsilon = 0.1\n", "")
        with pytest.raises(UsageError, match=f"changes {part}, which all rows of a setting share"):
            suite(text=text)


NOISE = """
import gin, torch
from dataclasses import dataclass
from bench.data.mixtures import Ring

@gin.register
@dataclass(frozen=True)
class Noise(Ring):
    name = "noise"
    def training(self):
        return super().training() * 2
"""


def test_a_run_is_called_after_the_data_and_the_networks_in_use(suite, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "noise_of_mine.py").write_text(NOISE)
    text = SUITE.replace('"ring"', '"digits"').replace('"mlp"', '"dcgan"')
    lines = [
        "import noise_of_mine",
        "import bench.scores.modes",
        "import architectures.mlp",
        "Experiment.data = @Noise()",
        "Experiment.judge = @ModeJudge",
        "Experiment.generator = @MLPGenerator",
        "Experiment.discriminator = @MLPDiscriminator",
    ]
    widths = "g_width = 8\nd_width = 8\n"
    settings = 'Suite.settings = ["standard", "no_bn_g"]\n'
    text = text.replace(widths, "").replace(settings, "")
    run = suite(*lines, "MLPGenerator.width = 8", text=text).runs[0]
    assert run.dataset == "noise"
    assert run.architecture == "MLPGenerator-MLPDiscriminator"
    sys.modules.pop("noise_of_mine")


@pytest.mark.parametrize(
    ("suite_name", "bindings", "dataset"),
    [
        ("ring", [], "ring"),
        ("ring", ["Ring.sigma = 0.1"], "ring-modified"),
        ("table1_celeba", ["CelebA.crop = 100"], "celeba64-modified"),
        ("table1_celeba", ['CelebA.root = "/data"'], "celeba64"),
        ("table1_celeba", ['CelebA.name = "faces"', "CelebA.crop = 100"], "faces"),
        ("table1_cifar10", ["import bench.data.digits"], "cifar10"),
    ],
)
def test_a_known_data_set_is_what_its_gin_file_says(tmp_path, suite_name, bindings, dataset):
    override = tmp_path / "override.gin"
    override.write_text("\n".join(bindings))
    assert make_plan(suite_name, [str(override)]).runs[0].dataset == dataset


def test_every_data_set_of_ours_has_the_name_of_its_file():
    for suite in ("grid", "quick", "stacked_digits", "dirac", "table1_lsun", "imagenet64"):
        text = Catalogue.of().suite(suite).read_text()
        dataset = json.loads(text.partition("Suite.dataset = ")[2].splitlines()[0])
        assert {run.dataset for run in make_plan(suite).runs} == {dataset}


def test_a_plan_of_a_known_suite_passes_preflight_as_before():
    preflight(
        make_plan("ring", gin_bindings=['Suite.methods = ["vanilla"]'], choice=Choice(seeds=1))
    )


@pytest.mark.parametrize("override", ["ASGAN.epsilon = 0.123", "g_norm = 'none'"])
def test_a_cell_alone_has_the_overrides_and_the_board_of_the_whole_suite(override: str) -> None:
    whole = make_plan("quick", gin_bindings=[override])
    for run in {(run.method, run.setting): run for run in whole.runs}.values():
        cell = [f"Suite.methods = {[run.method]!r}", f"Suite.settings = {[run.setting]!r}"]
        alone = make_plan("quick", gin_bindings=[override, *cell])
        assert alone.board == whole.board
        assert alone.runs[0].overrides == run.overrides
        assert alone.runs[0].identity == run.identity
