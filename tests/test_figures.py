"""Figures of runs: that each shows what it says, of every kind of data and any method."""

import json

import numpy as np
import pandas as pd
import pytest
import torch
from matplotlib import image
from toy_runs import ignore, plan_of

from bench.cli import main
from bench.config.choice import Choice
from bench.config.plan import make_plan
from bench.errors import UsageError
from bench.figures.choose import FIGURES, drawer
from bench.figures.epsilon import epsilon_of
from bench.figures.gradients import shades
from bench.figures.interpolation import arcs
from bench.figures.numbers import numbers
from bench.figures.probe import fgsm, input_gradient, output, pgd, ranking
from bench.figures.robustness import LEVELS, attacked
from bench.figures.subject import Subject, open_all
from bench.runs.folder import CHECKPOINT
from bench.runs.records import metrics
from bench.training.execute import RECORD, execute
from methods.base import GAN

PICTURES = {"interpolation", "adversarial"}


def runs_on_digits(out, *settings):
    """A short run of each setting by vanilla, and by AS-GAN, which has an epsilon."""
    bindings = [
        "Experiment.steps = 4",
        "Experiment.evaluations = 2",
        "Experiment.log_every = 2",
        'Suite.methods = ["vanilla", "as_gan"]',
        f"Suite.settings = {list(settings)}",
        "Suite.remedies = {}",
    ]
    for run in make_plan("quick", gin_bindings=bindings, choice=Choice(seeds=1)).runs:
        execute(run, out, ignore)
    return open_all([out])


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    return runs_on_digits(tmp_path_factory.mktemp("digits"), "standard")


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    """Runs whose networks differ in their parts."""
    return runs_on_digits(tmp_path_factory.mktemp("settings"), "standard", "no_bn_both")


@pytest.fixture
def points(toy_suite, tmp_path):
    for method in ("vanilla", "as_gan"):
        execute(plan_of(toy_suite, method), tmp_path / "runs", ignore)
    return open_all([tmp_path / "runs"])


@pytest.fixture
def critics(toy_suite, tmp_path):
    """A WGAN, whose D has no confidence, beside the vanilla GAN, whose D has one."""
    for method in ("wgan", "vanilla"):
        execute(plan_of(toy_suite, method), tmp_path / "critics", ignore)
    return open_all([tmp_path / "critics" / "toy" / m for m in ("wgan", "vanilla")])


def linear(weight):
    """A GAN whose D is linear, so that everything about it is known."""
    layer = torch.nn.Linear(len(weight), 1, bias=False)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([weight]))
    gan = object.__new__(GAN)
    gan.discriminator = torch.nn.Sequential(torch.nn.Flatten(), layer, torch.nn.Flatten(0))
    return gan


def lines(panel):
    """Each line's x and y, in the order of drawing."""
    return [line.get_xydata() for line in panel.lines]


def with_record(subject, **changes):
    return Subject(subject.folder, subject.record | changes)


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_is_drawn_of_pictures(digits, name, tmp_path):
    folders = [str(subject.folder) for subject in digits]
    out = tmp_path / f"{name}.png"
    assert main(["figure", name, *folders, "--out", str(out)]) == 0
    picture = image.imread(out)[..., :3]
    assert picture.shape[0] > 300
    assert picture.std() > 0.02  # something is drawn


@pytest.mark.parametrize("name", FIGURES)
def test_figures_of_points_are_drawn_or_refused_in_words(points, name, tmp_path):
    if name in PICTURES:
        with pytest.raises(UsageError, match="shows pictures"):
            drawer(name)(points)
    else:
        out = tmp_path / "figure.png"
        drawer(name)(points).savefig(out)
        assert image.imread(out)[..., :3].std() > 0.02  # something is drawn


def test_networks_are_those_of_each_runs_own_setting(settings):
    assert all(subject.has_pictures for subject in settings)  # so that all configs were loaded
    for subject in settings:
        normalized = any("BatchNorm" in type(m).__name__ for m in subject.gan.generator.modules())
        assert normalized is (subject.record["setting"] == "standard")
    assert len(drawer("samples")(settings).axes) == 4


def test_gradients_of_pictures_and_of_points_are_not_drawn_together(digits, points):
    with pytest.raises(UsageError, match="pictures or of points"):
        drawer("gradients")([*digits, *points])


def test_samples_are_those_that_were_scored(points):
    subject = points[0]
    kept = np.array(subject.record["samples"]["values"])
    assert np.allclose(subject.samples(len(kept)).numpy(), kept, atol=1e-4)


def test_a_restored_discriminator_is_the_one_that_was_trained(points):
    (as_gan,) = [subject for subject in points if subject.record["method"] == "as_gan"]
    assert float(as_gan.curve("diagnostics", "step")[-1]) == 6
    real = as_gan.real(4)
    assert torch.isfinite(output(as_gan.gan, real)).all()
    assert not torch.equal(output(points[-1].gan, real), output(points[0].gan, real))


def test_attacks_on_a_linear_discriminator_are_closed_forms():
    weight = [3.0, -4.0]
    gan = linear(weight)
    x = torch.tensor([[0.2, 0.1], [-1.0, 0.5]])
    assert torch.equal(input_gradient(gan, x), torch.tensor([weight, weight]))
    p = output(gan, x).sigmoid()[:, None]
    expected = p * (1 - p) * torch.tensor([weight])
    assert torch.allclose(input_gradient(gan, x, torch.sigmoid), expected)
    expected = x + 0.05 * torch.tensor([-1.0, 1.0])
    assert torch.allclose(fgsm(gan, x, 0.05), expected)
    assert torch.allclose(pgd(gan, x, 0.05, torch.Generator().manual_seed(0)), expected)
    moved = output(gan, fgsm(gan, x, 0.05))
    assert torch.allclose(moved, x @ torch.tensor(weight) - 0.05 * 7)


def test_attacked_pictures_stay_pictures_and_points_may_leave_the_square():
    gan = linear([1.0, -1.0, 1.0])
    x = torch.tensor([-0.98, 0.99, 0.5])
    assert torch.allclose(fgsm(gan, x[None], 0.1), torch.tensor([[-1.08, 1.09, 0.4]]))
    picture = x.reshape(1, 3, 1, 1)
    expected = torch.tensor([-1.0, 1.0, 0.4]).reshape(picture.shape)
    noise = torch.Generator().manual_seed(0)
    assert torch.allclose(fgsm(gan, picture, 0.1), expected)
    assert torch.allclose(pgd(gan, picture, 0.1, noise), expected)


def test_pgd_finds_what_a_masked_gradient_hides_from_fgsm():
    class Masked(torch.nn.Module):
        """Flat around 0, and falling beyond .03."""

        def forward(self, x):
            return 4 - 100 * torch.relu(x[:, 0].abs() - 0.03)

    gan = linear([1.0])
    gan.discriminator = Masked()
    x = torch.zeros(5, 1)
    assert torch.equal(fgsm(gan, x, 0.1), x)
    moved = pgd(gan, x, 0.1, torch.Generator().manual_seed(0))
    assert (output(gan, moved) < -2).float().mean() > 0.7  # all but starts where it is flat
    assert moved.abs().max() <= 0.1 + 1e-6


def test_pgd_is_never_weaker_than_fgsm_where_samples_are_judged_alone():
    class Rough(torch.nn.Module):
        """Many local minima."""

        def forward(self, x):
            return torch.sin(40 * x).sum(1)

    gan = linear([1.0])
    gan.discriminator = Rough()
    x = torch.rand(500, 2, generator=torch.Generator().manual_seed(1))
    stepped = pgd(gan, x, 0.2, torch.Generator().manual_seed(0))
    gained = output(gan, fgsm(gan, x, 0.2)) - output(gan, stepped)
    assert gained.min() >= -1e-5
    assert gained.mean() > 0.3


def test_d_is_probed_in_batches_of_the_size_it_was_trained_on():
    class Centred(torch.nn.Module):
        """Normalizes as BatchNorm does: by the mean of what it sees together."""

        def forward(self, x):
            return ((x - x.mean(0)) ** 2)[:, 0]

    gan = linear([1.0])
    gan.discriminator, gan.batch_size = Centred(), 2
    x = torch.tensor([[0.0], [2.0], [10.0], [14.0]])
    assert output(gan, x).tolist() == [1, 1, 4, 4]
    assert input_gradient(gan, x).flatten().tolist() == [-2, 2, -4, 4]


def test_ranking_is_the_share_of_pairs_in_the_right_order():
    real, fake = torch.tensor([1.0, 3.0]), torch.tensor([0.0, 1.0, 2.0])
    assert ranking(real, fake) == pytest.approx((1 + 0.5 + 0 + 3) / 6)
    assert ranking(real + 100, fake) == 1
    assert ranking(real - 100, fake) == 0


def test_an_attack_of_size_0_changes_nothing(points):
    subject = points[0]
    own = output(subject.gan, subject.real(256))
    for attack in ("FGSM", "PGD"):
        assert torch.allclose(attacked(subject, attack, 0.0), own)


def test_robustness_of_a_linear_discriminator_is_its_closed_form(points):
    (subject,) = [subject for subject in points if subject.record["method"] == "vanilla"]
    subject.gan.discriminator = linear([200.0, -100.0]).discriminator
    logits = subject.real(256) @ torch.tensor([200.0, -100.0])
    logits = logits[:, None] - torch.tensor(LEVELS) / 255 * 300
    accuracy, confidence, order = drawer("robustness")([subject]).axes
    fake = output(subject.gan, subject.samples(256))
    for panel, expected in (
        (accuracy, (logits > 0).float().mean(0)),
        (confidence, logits.sigmoid().mean(0)),
        (order, torch.tensor([ranking(column, fake) for column in logits.T])),
    ):
        for line in lines(panel):  # one step finds the worst that there is
            assert np.allclose(line, np.stack([LEVELS, expected], 1), atol=1e-3)


def test_a_critic_has_a_ranking_and_no_confidence(critics):
    assert [subject.has_confidence for subject in critics] == [False, True]
    accuracy, confidence, order = drawer("robustness")(critics).axes
    assert [len(lines(panel)) for panel in (accuracy, confidence, order)] == [2, 2, 4]
    above, beside = drawer("confidence")(critics).axes[:2]
    assert "no confidence" in above.texts[0].get_text()
    assert not lines(above)
    assert len(lines(beside)) == 3
    plain, sigmoid = drawer("gradient_histogram")(critics).axes[:2]
    assert (len(lines(plain)), len(lines(sigmoid))) == (2, 1)
    assert sigmoid.lines[0].get_color() == plain.lines[1].get_color()


@pytest.mark.parametrize(
    "method", ["wgan_gp", "hinge", "lsgan", "r3gan", "r1", "lecam", "unrolled"]
)
def test_d_has_a_confidence_where_it_learns_by_cross_entropy(toy_suite, tmp_path, method):
    run = plan_of(toy_suite, method)
    expected = method in {"r1", "lecam", "unrolled"}
    assert Subject(tmp_path, run.description()).has_confidence is expected


def test_arcs_lead_from_end_to_end_at_equal_angles():
    first, second = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]])
    angles = torch.linspace(0, torch.pi / 2, 5)
    expected = torch.stack([angles.cos(), angles.sin()], 1)
    assert torch.allclose(arcs(first, second, 5), expected, atol=1e-6)


def test_gradients_are_clipped_averaged_over_channels_and_scaled_each_on_its_own():
    plain = torch.tensor([[2.0, -2.0], [0.0, 4.0]]).reshape(1, 2, 1, 2)
    expected = [2 * 1 / 3 - 1, 1.0]  # channels' means are 1 and 3
    assert shades(plain).flatten().tolist() == pytest.approx(expected)
    assert torch.allclose(shades(torch.cat([plain, -7 * plain])), shades(plain))
    spike = torch.zeros(1, 1, 10, 10)
    spike[0, 0, 0, :2] = torch.tensor([100.0, 50.0])
    reach = spike.mean() + 3 * spike.std()
    assert reach < 50  # so that both are clipped to the same
    assert shades(spike)[0, 0, 0, :3].tolist() == pytest.approx([1, 1, -1])


def test_a_row_of_real_pictures_stands_above_the_gradients_of_all_runs(digits):
    titles = [panel.get_title(loc="left") for panel in drawer("gradients")(digits).axes]
    assert titles == ["real samples of digits", *(subject.label for subject in digits)]


def test_epsilon_is_one_line_whatever_the_methods_are_called(toy_suite, tmp_path):
    epsilons = {"as_gan": 0.1, "as_gan_none": 0.0, "as_gan_gaussian": 0.1}
    for method in ("vanilla", *epsilons):
        execute(plan_of(toy_suite, method), tmp_path / "runs", ignore)
    subjects = [with_record(one, status="completed") for one in open_all([tmp_path / "runs"])]
    for subject in subjects:
        expected = epsilons.get(subject.record["method"], np.nan)
        assert epsilon_of(subject) == pytest.approx(expected, nan_ok=True)
    panel = drawer("epsilon")(subjects).axes[0]
    drawn = {line.get_label(): line.get_xydata() for line in panel.lines}
    assert {"vanilla", "as_gan", "as_gan_gaussian"} <= set(drawn)
    assert drawn["as_gan"][:, 0].tolist() == pytest.approx([0, 25.5])
    beyond = panel.get_xticklabels()[-1]
    assert beyond.get_text() == "vanilla"
    assert beyond.get_position()[0] > 25.5


def with_curve(subject, scores, status="completed"):
    """The run, as if it had had these scores."""
    headline = subject.record["protocol"]["headline"]
    rows = [{headline: score, "step": step} for step, score in enumerate(scores, 1)]
    return with_record(subject, scores=rows, status=status)


def test_epsilon_has_the_best_of_all_runs_and_the_mean_of_their_last_tenth(points):
    (vanilla, as_gan) = sorted(points, key=lambda one: one.record["method"], reverse=True)
    better = metrics(as_gan.record["protocol"])[as_gan.record["protocol"]["headline"]]["better"]
    sign = 1 if better == "lower" else -1
    flat = [sign * 9.0] * 18
    runs = [
        with_curve(as_gan, [sign * 2.0, *flat, sign * 6.0]),
        with_curve(as_gan, [sign * 3.0, *flat, sign * 4.0]),
        with_curve(as_gan, [sign * 1.0, *flat, sign * 90.0], "collapsed"),
        with_curve(vanilla, [sign * 5.0, *flat, sign * 7.0]),
    ]
    for panel, (with_epsilon, without) in zip(
        drawer("epsilon")(runs).axes, ((1.0, 5.0), ((7.5 + 6.5 + 49.5) / 3, 8.0)), strict=True
    ):
        drawn = {line.get_label(): line.get_ydata() for line in panel.lines}
        assert drawn["as_gan"] == pytest.approx([sign * with_epsilon])
        assert set(drawn["vanilla"]) == {sign * without}
        crosses = [line for line in panel.lines if line.get_marker() == "x"]
        assert len(crosses) == 1


def test_collapsed_runs_are_crosses_in_the_epsilon_figure_and_diverged_ones_are_not_there(points):
    as_gan = next(one for one in points if one.record["method"] == "as_gan")

    def marks(run, status):
        runs = [with_record(run, status=status), with_record(as_gan, status="completed")]
        panel = drawer("epsilon")(runs).axes[0]
        return sorted(line.get_marker() for line in panel.lines if line.get_marker() in "ox")

    for run in points:
        assert marks(run, "completed") == ["o", "o"]
        assert marks(run, "collapsed") == ["o", "x"]
        assert marks(run, "diverged") == ["o"]
    with pytest.raises(UsageError, match="did not diverge"):
        drawer("epsilon")([with_record(run, status="diverged") for run in points])


def test_histograms_of_a_linear_discriminators_gradient_stand_at_its_weights(points):
    (subject,) = [subject for subject in points if subject.record["method"] == "vanilla"]
    subject.gan.discriminator = linear([3.0, -1.0]).discriminator
    plain, sigmoid, norm, _ = drawer("gradient_histogram")([subject]).axes
    ((x, density),) = [line.T for line in lines(plain)]
    assert x[~np.isnan(density)] == pytest.approx([-1, 3], abs=0.1)
    assert np.nansum(density) * (x[1] - x[0]) == pytest.approx(1, rel=1e-4)
    assert np.abs(lines(sigmoid)[0][:, 0]).max() < 0.75  # a quarter of 3
    assert lines(norm)[0][:, 1].tolist() == subject.curve("diagnostics", "gradient_l1").tolist()


def test_samples_have_a_row_a_method_and_name_the_step_that_they_are_of(points):
    ended = with_record(points[0], status="diverged", step=5000)
    panels = drawer("samples")([ended, points[0], points[1]]).axes
    titles = [panel.get_title(loc="left") for panel in panels]
    assert "diverged, step 6" in titles[0]  # that of the checkpoint
    assert [panel.get_subplotspec().rowspan.start for panel in panels] == [0, 0, 1, 1]
    assert [panel.get_visible() for panel in panels] == [True, True, True, False]
    single = drawer("samples")(points).axes
    assert [panel.get_subplotspec().rowspan.start for panel in single] == [0, 0]


def test_a_figure_can_be_its_numbers(points, tmp_path, capsys):
    folders = [str(subject.folder) for subject in points]
    out = tmp_path / "losses.csv"
    assert main(["figure", "confidence", *folders, "--out", str(out)]) == 0
    table = pd.read_csv(out)
    for subject in points:
        for line, rows, name in (
            ("D(x)", "diagnostics", "d_real"),
            ("D's loss", "losses", "d_loss"),
        ):
            found = table[(table["panel"] == subject.label) & (table["line"] == line)]
            assert found["x"].tolist() == subject.curve(rows, "step").tolist()
            assert found["y"].tolist() == pytest.approx(
                subject.curve(rows, name).tolist(), rel=1e-5
            )
    assert main(["figure", "samples", *folders, "--out", str(out)]) == 2
    assert "has no numbers" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["ablation", "epsilon", "gradient_histogram", "robustness"])
def test_the_numbers_of_a_figure_name_every_run(points, name):
    table = numbers(drawer(name)(points))
    assert all(table["panel"].str.contains("standard"))
    named = set(table["line"])
    assert all(any(line.startswith(run.label) for line in named) for run in points)


def test_ablation_is_of_one_protocol_and_marks_failures(digits):
    runs = [with_record(digits[0], status="completed"), with_record(digits[1], status="collapsed")]
    scores = drawer("ablation")(runs).axes
    assert len(scores) == 2
    for panel in scores:
        assert [line.get_marker() for line in panel.lines] == [".", ".", "x"]
    other = with_record(digits[0], protocol=digits[0].record["protocol"] | {"batch_size": 7})
    with pytest.raises(UsageError, match="one protocol"):
        drawer("ablation")([other, digits[1]])


def test_what_a_figure_lacks_is_named(points, tmp_path, capsys):
    folder = points[0].folder
    assert main(["figure", "smaples", str(folder)]) == 2
    assert "did you mean 'samples'?" in capsys.readouterr().err
    assert main(["figure", "samples", str(tmp_path / "nosuch")]) == 2
    assert main(["figure", "samples", str(folder), "--out", str(tmp_path / "x.pgn")]) == 2
    assert "did you mean 'png'?" in capsys.readouterr().err
    (folder / CHECKPOINT).write_bytes(b"harmed")
    assert main(["figure", "samples", str(folder), "--out", str(tmp_path / "x.png")]) == 2
    assert CHECKPOINT in capsys.readouterr().err
    (folder / CHECKPOINT).unlink()
    assert main(["figure", "samples", str(folder), "--out", str(tmp_path / "x.png")]) == 2
    assert f"{CHECKPOINT} is missing" in capsys.readouterr().err


def test_a_record_alone_is_enough_for_what_needs_no_network(points, tmp_path):
    file = tmp_path / "alone" / RECORD
    file.parent.mkdir()
    file.write_text(json.dumps(points[0].record))
    assert drawer("confidence")([Subject(file.parent, points[0].record)]).axes
    assert drawer("curves")(open_all([file])).axes
    assert drawer("ablation")(open_all([file])).axes
