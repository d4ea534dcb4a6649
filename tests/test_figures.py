"""Figures of runs: that each shows what it says, of every kind of data and any method."""

import json

import numpy as np
import pytest
import torch
from matplotlib import image
from toy_runs import ignore, plan_of

from bench.cli import main
from bench.config.plan import make_plan
from bench.errors import UsageError
from bench.figures.choose import FIGURES, drawer
from bench.figures.generated import samples_of
from bench.figures.gradients import scaled
from bench.figures.interpolation import arcs
from bench.figures.probe import confidence, fgsm, input_gradient, pgd
from bench.figures.robustness import belief
from bench.figures.subject import Subject, open_all
from bench.training.execute import CHECKPOINT, RECORD, execute
from methods.base import GAN

PICTURES = {"interpolation", "adversarial"}


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    """Two short runs on digits: vanilla, and AS-GAN, which has an epsilon."""
    out = tmp_path_factory.mktemp("digits")
    bindings = [
        "Experiment.steps = 4",
        "Experiment.evaluations = 2",
        "Experiment.log_every = 2",
        'Suite.methods = ["vanilla", "as_gan"]',
        'Suite.settings = ["standard"]',
        "Suite.remedies = {}",
    ]
    for run in make_plan("quick", gin_bindings=bindings, seeds=1).runs:
        execute(run, out, ignore)
    return open_all([out])


@pytest.fixture
def points(toy_suite, tmp_path):
    for method in ("vanilla", "as_gan"):
        execute(plan_of(toy_suite, method), tmp_path / "runs", ignore)
    return open_all([tmp_path / "runs"])


def linear(weight):
    """A GAN whose D is linear, so that everything about it is known."""
    layer = torch.nn.Linear(len(weight), 1, bias=False)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([weight]))
    gan = object.__new__(GAN)
    gan.discriminator = torch.nn.Sequential(layer, torch.nn.Flatten(0))
    return gan


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_is_drawn_of_pictures(digits, name, tmp_path):
    folders = [str(subject.folder) for subject in digits]
    out = tmp_path / f"{name}.png"
    assert main(["figure", name, *folders, "--out", str(out)]) == 0
    picture = image.imread(out)[..., :3]
    assert picture.shape[0] > 300
    assert picture.std() > 0.02  # something is drawn


@pytest.mark.parametrize("name", FIGURES)
def test_figures_of_points_are_drawn_or_refused_in_words(points, name):
    if name in PICTURES:
        with pytest.raises(UsageError, match="shows pictures"):
            drawer(name)(points)
    else:
        assert drawer(name)(points).axes


def test_samples_are_those_that_were_scored(points):
    subject = points[0]
    kept = np.array(subject.record["samples"]["values"])
    assert np.allclose(samples_of(subject, len(kept)).numpy(), kept, atol=1e-4)


def test_a_restored_discriminator_is_the_one_that_was_trained(points):
    (as_gan,) = [subject for subject in points if subject.record["method"] == "as_gan"]
    assert float(as_gan.course("diagnostics", "step")[-1]) == 6
    real = as_gan.real(4)
    assert torch.isfinite(confidence(as_gan.gan, real)).all()
    assert not torch.equal(confidence(points[-1].gan, real), confidence(points[0].gan, real))


def test_attacks_on_a_linear_discriminator_are_closed_forms():
    weight = [3.0, -4.0]
    gan = linear(weight)
    x = torch.tensor([[0.2, 0.1], [-1.0, 0.5]])
    assert torch.equal(input_gradient(gan, x), torch.tensor([weight, weight]))
    expected = x + 0.05 * torch.tensor([-1.0, 1.0])
    assert torch.allclose(fgsm(gan, x, 0.05), expected)
    assert torch.allclose(pgd(gan, x, 0.05, torch.Generator().manual_seed(0)), expected)
    moved = confidence(gan, fgsm(gan, x, 0.05))
    assert torch.allclose(moved, torch.sigmoid(x @ torch.tensor(weight) - 0.05 * 7))


def test_pgd_finds_what_a_masked_gradient_hides_from_fgsm():
    class Masked(torch.nn.Module):
        """Flat around 0, and falling beyond .03."""

        def forward(self, x):
            return 4 - 100 * torch.relu(x[:, 0].abs() - 0.03)

    gan = linear([1.0])
    gan.discriminator = Masked()
    x = torch.zeros(5, 1)
    assert torch.equal(fgsm(gan, x, 0.1), x)
    attacked = pgd(gan, x, 0.1, torch.Generator().manual_seed(0))
    assert confidence(gan, attacked).min() < 0.1
    assert attacked.abs().max() <= 0.1 + 1e-6


def test_belief_without_a_perturbation_is_ds_own(points):
    subject = points[0]
    own = confidence(subject.gan, subject.real(256))
    for attack in ("FGSM", "PGD"):
        assert torch.allclose(belief(subject, attack, 0.0), own)


def test_arcs_lead_from_end_to_end_at_equal_angles():
    first, second = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]])
    angles = torch.linspace(0, torch.pi / 2, 5)
    expected = torch.stack([angles.cos(), angles.sin()], 1)
    assert torch.allclose(arcs(first, second, 5), expected, atol=1e-6)


def test_scaled_gradients_fill_the_range_each_on_its_own():
    gradients = torch.tensor([1.0, -2.0, 0.0, 50.0]).reshape(2, 1, 1, 2)
    assert scaled(gradients).flatten().tolist() == [0.5, -1.0, 0.0, 1.0]


def test_what_a_figure_lacks_is_named(points, tmp_path, capsys):
    folder = points[0].folder
    assert main(["figure", "smaples", str(folder)]) == 2
    assert "did you mean 'samples'?" in capsys.readouterr().err
    assert main(["figure", "samples", str(tmp_path / "nosuch")]) == 2
    assert main(["figure", "samples", str(folder), "--out", str(tmp_path / "x.pgn")]) == 2
    assert "did you mean 'png'?" in capsys.readouterr().err
    (folder / CHECKPOINT).write_bytes(b"harmed")
    assert main(["figure", "samples", str(folder), "--out", str(tmp_path / "x.png")]) == 2
    assert "checkpoint.pt" in capsys.readouterr().err
    (folder / CHECKPOINT).unlink()
    assert main(["figure", "samples", str(folder), "--out", str(tmp_path / "x.png")]) == 2
    assert "checkpoint.pt is missing" in capsys.readouterr().err


def test_a_record_alone_is_enough_for_what_needs_no_network(points, tmp_path):
    file = tmp_path / "alone" / RECORD
    file.parent.mkdir()
    file.write_text(json.dumps(points[0].record))
    assert drawer("confidence")([Subject(file.parent, points[0].record)]).axes
    assert drawer("curves")(open_all([file])).axes
