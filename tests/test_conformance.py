"""Everything that is found, installed packages included, against the checks of its kind."""

import dataclasses
from functools import cache, partial
from math import nan

import numpy as np
import pytest
import torch
from pictures_factory import Generated
from torch import nn

from architectures.mlp import MLPDiscriminator, MLPGenerator
from bench.cli import main
from bench.config.catalogue import Catalogue
from bench.conformance import architecture, dataset, judge, method, toys, training
from bench.conformance.kinds import KINDS
from bench.conformance.requirements import NotConforming
from bench.data.dataset import Dataset
from bench.data.digits import Digits
from bench.errors import UsageError
from bench.scores.judge import Metric
from bench.scores.thumbnails import ThumbnailJudge
from ganbench import conform
from methods.base import GAN, Incompatible, Logs, Method, descend

SLOW = {"stacked_digits"}
"""Whose judge takes 26,000 samples a score."""

OF_FILES = {
    "celeba128",
    "celeba64",
    "cifar10",
    "cifar10_jpeg",
    "image_folder",
    "imagenet64",
    "inception",
    "lsun_bedroom64",
    "mnist",
    "stacked_mnist",
}
"""What needs files that are not here: of pictures, or of weights."""


def is_variant(path):
    """Whether a gin file is another's with other numbers: the same code, as far as checks go."""
    text = path.read_text()
    return "include " in text and "Experiment.method = " not in text


def everything():
    """Each check of each plug-in, but of those without their files."""
    for word, kind in KINDS.items():
        for name, path in Catalogue.of().available(kind.tree).items():
            slow = name in SLOW or (word == "method" and is_variant(path))
            for check in () if name in OF_FILES else kind.checks:
                marks = [pytest.mark.slow] if slow else []
                yield pytest.param(
                    word, name, check, id=f"{word}-{name}-{check.__name__}", marks=marks
                )


@cache
def subject(word, name):
    return KINDS[word].subject(name, lambda line: None)


@pytest.mark.parametrize(("word", "name", "check"), list(everything()))
def test_it_conforms(word, name, check):
    check(subject(word, name))


@pytest.mark.parametrize("name", sorted(OF_FILES - {"inception"}))
def test_a_data_set_without_its_files_is_refused_with_the_remedy(name, tmp_path, monkeypatch):
    monkeypatch.setenv("GANBENCH_DATA", str(tmp_path))
    with pytest.raises(UsageError, match=r"missing|ganbench judge train"):
        subject("dataset", name)


@pytest.fixture
def held_to(monkeypatch):
    """Puts a part into every toy run, and gives a run for the checks."""

    def put(**parts):
        of = toys.experiment
        monkeypatch.setattr(toys, "experiment", lambda run: dataclasses.replace(of(run), **parts))
        return toys.Toy("digits" if "judge" in parts else "ring").run()

    return put


# Methods ----------------------------------------------------------------------------------------


class LeakyGradient(Method):
    def g_step(self, gan: GAN, real: torch.Tensor) -> Logs:
        loss = self.g_loss(gan, real, gan.generator(gan.latents(len(real))))
        gan.g_optimizer.zero_grad()
        loss.backward()
        gan.g_optimizer.step()
        return {"g_loss": loss.detach()}


class MovesBoth(Method):
    def g_step(self, gan: GAN, real: torch.Tensor) -> Logs:
        logs = super().g_step(gan, real)
        descend(gan.d_optimizer, gan.discriminator(real).mean())
        return logs


class Forgetful(Method):
    """Keeps a running average that its checkpoint lacks."""

    average: float | torch.Tensor = 0.0

    def d_loss(self, gan: GAN, real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
        self.average = 0.5 * self.average + 0.5 * gan.discriminator(real).mean().detach()
        return super().d_loss(gan, real, fake) + self.average * gan.discriminator(fake).mean()


class Unseeded(Method):
    draws = torch.Generator().manual_seed(0)

    def d_loss(self, gan: GAN, real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
        return super().d_loss(gan, real, fake) * torch.rand((), generator=self.draws)


class DrawsFromNumPy(Method):
    def d_loss(self, gan: GAN, real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
        return super().d_loss(gan, real, fake) * float(np.random.rand())


class Silent(Method):
    def d_step(self, gan: GAN, real: torch.Tensor) -> Logs:
        super().d_step(gan, real)
        return {}


class LogsFloats(Method):
    def g_step(self, gan: GAN, real: torch.Tensor) -> Logs:
        return {name: float(value) for name, value in super().g_step(gan, real).items()}


class LogsItsGraph(Method):
    def d_step(self, gan: GAN, real: torch.Tensor) -> Logs:
        return super().d_step(gan, real) | {"real": gan.discriminator(real).mean()}


class LogsBatches(Method):
    def d_step(self, gan: GAN, real: torch.Tensor) -> Logs:
        return super().d_step(gan, real) | {"real": gan.discriminator(real).detach()}


class Lazy(Method):
    def d_step(self, gan: GAN, real: torch.Tensor) -> Logs:
        return {"d_loss": torch.zeros(())}


class ReadsWeights(Method):
    def adapt(self, generator: torch.nn.Module, discriminator: torch.nn.Module) -> None:
        self.start = float(next(discriminator.parameters()).sum())


class PointsOnly(Method):
    def d_loss(self, gan: GAN, real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
        alpha = torch.rand(len(real), 1, generator=gan.noise)
        return super().d_loss(gan, torch.lerp(fake, real, alpha), fake)


@pytest.mark.parametrize(
    ("fault", "check"),
    [
        (ReadsWeights, method.builds_without_memory),
        (PointsOnly, method.steps_on_other_data),
        (LeakyGradient, method.leaves_the_other_player_alone),
        (MovesBoth, method.leaves_the_other_player_alone),
        (Forgetful, training.resumes),
        (Unseeded, training.is_deterministic),
        (DrawsFromNumPy, training.is_deterministic),
        (Silent, training.trains),
        (Lazy, method.counts_its_cost),
    ],
)
def test_a_fault_of_a_method_is_caught(fault, check, held_to):
    run = held_to(method=fault())
    with pytest.raises((NotConforming, RuntimeError)):
        check(run)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Silent, r"a step logs \['g_loss'\], not both losses"),
        (LogsFloats, "g_loss is logged as a float"),
        (LogsItsGraph, "real is logged with its graph: detach it"),
        (LogsBatches, r"real is logged in the shape \(12,\)"),
    ],
)
def test_what_a_step_logs_is_said_as_it_is(fault, said, held_to):
    with pytest.raises(NotConforming, match=said):
        method.logs_its_losses(held_to(method=fault()))


class Quits(Method):
    def d_loss(self, gan: GAN, real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
        raise SystemExit(0)


def test_who_leaves_python_does_not_conform(held_to):
    held_to(method=Quits())
    assert conform("vanilla")["trains"].startswith("SystemExit: 0 (")


class PicturesOnly(Method):
    """Flips pictures, and says that it needs them."""

    def check(self, gan: GAN) -> None:
        super().check(gan)
        if len(gan.shape) != 3:
            raise Incompatible(f"it flips pictures, and samples are {gan.shape}: choose digits")

    def d_loss(self, gan: GAN, real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
        return super().d_loss(gan, real.flip(3), fake)


class ForNobody(Method):
    def check(self, gan: GAN) -> None:
        raise Incompatible(f"batches of {gan.batch_size} are too few: bind Experiment.batch_size")


def test_a_method_for_pictures_is_tried_on_pictures(held_to):
    held_to(method=PicturesOnly())
    told = []
    run = method.subject("vanilla", told.append)
    assert run.dataset == "digits"
    assert "samples are (2,): choose digits" in told[0]
    assert told[1].startswith("tried on digits with dcgan")
    training.trains(run)
    method.steps_on_other_data(run)


def test_what_a_method_needs_and_nothing_here_has_is_said(held_to):
    held_to(method=ForNobody())
    with pytest.raises(UsageError, match=r"batches of 12 are too few: bind Experiment\.batch_size"):
        method.subject("vanilla", lambda line: None)


# Architectures ----------------------------------------------------------------------------------


class Odd(MLPDiscriminator):
    """An MLP, wrong in one way."""

    def __init__(self, shape, fault=""):
        if fault == "refuses in a riddle" and len(shape) == 3:
            raise ValueError("no")
        if fault == "breaks" and len(shape) == 3:
            raise KeyError("channels")
        super().__init__(shape, width=8)
        self.fault, self.calls, self.average = fault, 0, torch.zeros(())
        if fault == "idle weight":
            self.idle = nn.Parameter(torch.zeros(3))
        if fault == "starts anew":
            self.layers[1].weight.data += float(np.random.rand())

    def forward(self, samples):
        self.calls += 1
        logits = super().forward(samples)
        return {
            "pairs": lambda: logits[:, None],
            "place": lambda: logits + torch.arange(len(logits)),
            "keeps": lambda: logits + self.calls,
            "detached": lambda: super(Odd, self).forward(samples.detach()),
            "fixed size": lambda: logits + torch.zeros(12),
            "not finite": lambda: logits / 0 if len(logits) == 2 else logits,
        }.get(self.fault, lambda: logits)()


class Mixed(MLPGenerator):
    """An MLP whose samples depend on each other."""

    def forward(self, latents):
        return super().forward(latents - latents.mean(0))


@pytest.mark.parametrize(
    ("fault", "check"),
    [
        ("refuses in a riddle", architecture.knows_its_shapes),
        ("breaks", architecture.knows_its_shapes),
        ("pairs", architecture.maps_batches_of_any_size),
        ("fixed size", architecture.maps_batches_of_any_size),
        ("not finite", architecture.maps_batches_of_any_size),
        ("starts anew", architecture.has_the_same_weights_from_the_same_seed),
        ("idle weight", architecture.lets_gradients_through),
        ("detached", architecture.lets_gradients_through),
        ("place", architecture.cares_for_no_samples_place),
        ("keeps", architecture.leaves_no_trace_of_a_ghost),
        ("keeps", architecture.is_restored_from_its_state_dict),
        ("keeps", training.resumes),
    ],
)
def test_a_fault_of_an_architecture_is_caught(fault, check, held_to):
    architecture.CHECKS[0](held_to(discriminator=partial(Odd, fault="")))
    check(held_to(discriminator=Odd))
    run = held_to(discriminator=partial(Odd, fault=fault))
    with pytest.raises((NotConforming, RuntimeError)):
        check(run)


def test_a_generator_whose_samples_depend_on_each_other_is_caught(held_to):
    run = held_to(generator=partial(Mixed, width=8))
    with pytest.raises(NotConforming, match="depends on the others"):
        architecture.samples_one_by_one_as_in_a_batch(run)


def test_a_fault_says_with_which_norm_it_shows():
    run = toys.Toy("ring").run()
    assert [*architecture._norms(run)] == ["batch", "layer", "none"]
    with pytest.raises(NotConforming) as caught:
        architecture._for_each_norm(refuse_layer_norm)(run)
    assert caught.value.__notes__ == ["with the norm 'layer'"]


def refuse_layer_norm(run):
    if "'layer'" in run.config:
        raise NotConforming("no")


# Data sets --------------------------------------------------------------------------------------


class Points(Dataset):
    """Points of a plane, wrong in one way."""

    name, shape = "points", (2,)

    def __init__(self, fault=""):
        self.fault, self.accesses = fault, 0

    def _draw(self, split):
        self.accesses += 1
        rng = np.random.default_rng(split)
        points = torch.from_numpy(rng.standard_normal((100, 2), dtype=np.float32))
        return {
            "in float64": points.double(),
            "of another shape": points[:, :1],
            "empty": points[:0],
            "other each time": points + self.accesses,
            "other each build": points + float(np.random.rand()),
            "not finite": points * float("nan"),
        }.get(self.fault, points)

    def training(self):
        return self._draw(0)

    def evaluation(self):
        return self._draw(0 if self.fault == "not apart" else 1)

    def checksum(self):
        return "0" * 64 if self.fault == "constant checksum" else super().checksum()

    def described(self):
        extra = {"where": torch.zeros(1)} if self.fault == "more than JSON" else {}
        return super().described() | extra


class Mislabelled(Digits):
    def labelled(self, split):
        pictures, labels = super().labelled(split)
        return pictures, labels + (split == "evaluation")


@pytest.mark.parametrize(
    ("fault", "check"),
    [
        ("in float64", dataset.has_samples_of_its_shape),
        ("of another shape", dataset.has_samples_of_its_shape),
        ("empty", dataset.has_samples_of_its_shape),
        ("not finite", dataset.has_samples_of_its_shape),
        ("not apart", dataset.keeps_its_splits_apart),
        ("other each time", dataset.is_the_same_each_time),
        ("other each build", dataset.is_the_same_each_time),
        ("constant checksum", dataset.has_the_checksum_of_its_content),
        ("more than JSON", dataset.describes_itself_in_json),
    ],
)
def test_a_fault_of_a_data_set_is_caught(fault, check, held_to):
    check(held_to(data=Points()))
    run = held_to(data=Points(fault))
    with pytest.raises((NotConforming, TypeError)):
        check(run)


def test_labels_out_of_range_are_caught(held_to):
    run = held_to(data=Mislabelled())
    with pytest.raises(NotConforming, match="classes that no training picture has"):
        dataset.has_its_labels_in_range(run)


def test_a_data_set_of_files_conforms(held_to, tmp_path):
    parts = {"data": Generated(cache=str(tmp_path), pictures=60), "judge": partial(ThumbnailJudge)}
    run = held_to(**parts)
    for check in dataset.CHECKS:
        check(run)


def test_a_data_set_that_binds_no_judge_is_told_so(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "gin" / "datasets" / "bare.gin"
    path.parent.mkdir(parents=True)
    path.write_text("import bench.data.mixtures\nExperiment.data = @Ring()\n")
    assert main(["conform", "bare"]) == 2
    assert "gin/datasets/bare.gin: it binds no Experiment.judge" in capsys.readouterr().err


# Judges -----------------------------------------------------------------------------------------


class Odder(ThumbnailJudge):
    """Thumbnails, wrong in one way."""

    def __init__(self, data, fault=""):
        super().__init__(data)
        self.fault, self.scored, self._given = fault, 0, data
        if fault == "no headline":
            self.headline = "fidelity"
        if fault == "wrong way":
            self.metrics = tuple(
                Metric(m.name, m.label, "lower" if m.better == "higher" else "higher")
                for m in self.metrics
            )
        if fault == "wrong way aside":
            self.metrics += (Metric("flat", "flat", "higher"),)

    def measure(self, samples):
        self.scored += 1
        if self.fault == "writes":
            samples += 1
        scores = super().measure(samples) | {"flat": 1.0}
        changes = {
            "nan": {"fid": nan},
            "out of span": {"precision": 100 * scores["precision"]},
            "a tensor": {"fid": torch.tensor(scores["fid"])},
            "lacks a score": {},
            "drifts": {"fid": scores["fid"] + self.scored},
            "draws": {"fid": scores["fid"] + float(torch.rand(()))},
        }
        if self.fault == "lacks a score":
            del scores["fid"]
        return scores | changes.get(self.fault, {})

    def score(self, samples):
        return self.measure(samples) if self.fault == "any number" else super().score(samples)

    def real(self):
        return 255 - super().real() if self.fault == "other floors" else super().real()

    def collapsed(self, scores):
        never = self.fault == "sees no collapse"
        always = self.fault == "sees collapse"
        return always or (not never and super().collapsed(scores))

    def protocol(self):
        said = super().protocol()
        if self.fault == "no hash":
            said["judge"]["sha256"] = "v1"
        if self.fault == "counts":
            said["scored"] = self.scored
        return said


@pytest.mark.parametrize(
    ("fault", "check"),
    [
        ("no headline", judge.says_what_it_measures),
        ("nan", judge.scores_real_samples),
        ("a tensor", judge.scores_real_samples),
        ("out of span", judge.scores_real_samples),
        ("lacks a score", judge.scores_real_samples),
        ("wrong way", judge.tells_better_from_worse),
        ("wrong way aside", judge.tells_better_from_worse),
        ("other floors", judge.has_floors_of_real_samples),
        ("drifts", judge.is_deterministic),
        ("draws", judge.is_deterministic),
        ("writes", judge.is_deterministic),
        ("any number", judge.takes_as_many_samples_as_it_says),
        ("sees no collapse", judge.tells_a_collapse),
        ("sees collapse", judge.tells_a_collapse),
        ("no hash", judge.says_what_scores_depend_on),
        ("counts", judge.says_what_scores_depend_on),
    ],
)
def test_a_fault_of_a_judge_is_caught(fault, check, held_to):
    check(held_to(judge=Odder))
    run = held_to(judge=partial(Odder, fault=fault))
    with pytest.raises(NotConforming):
        check(run)


def test_a_score_that_is_undefined_each_time_is_the_same_each_time(held_to):
    run = held_to(judge=partial(Odder, fault="nan"))
    judge.has_floors_of_real_samples(run)
    judge.is_deterministic(run)


def test_a_judge_is_tried_on_data_that_it_accepts():
    told = []
    assert judge.subject("thumbnails", told.append).dataset == "digits"
    assert told == ["tried on digits with mlp"]


# The command ------------------------------------------------------------------------------------


def test_conform_takes_several_names_of_several_kinds(capsys):
    assert main(["conform", "mlp", "gaussian_location"]) == 0
    lines = capsys.readouterr().out.splitlines()
    checks = len(KINDS["architecture"].checks) + len(KINDS["dataset"].checks)
    assert sum(line.endswith(": ok") for line in lines) == checks
    assert sum(line.startswith("tried on ") for line in lines) == 2


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["dirac"], "of the kinds architecture and dataset: say --kind architecture or --kind"),
        (["mpl"], "did you mean 'mlp'?"),
        (["mlp", "--kind", "method"], "no method named 'mlp'"),
        (["mlp", "--kind", "suite"], "invalid choice: 'suite'"),
        (["inception"], "inception refuses all that conform can try it on"),
    ],
)
def test_bad_usage_of_conform_costs_no_work(words, complaint, capsys):
    assert main(["conform", *words]) == 2
    printed = capsys.readouterr()
    assert complaint in printed.err
    assert printed.out == ""


UNFINISHED = """import gin
from bench.data.dataset import Dataset

@gin.register
class Unfinished(Dataset):
    name, shape = "unfinished", (2,)

    def training(self):
        return self.nosuch

    evaluation = training
"""


def test_what_breaks_before_any_check_is_a_fault_with_its_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "unfinished_data.py").write_text(UNFINISHED)
    path = tmp_path / "gin" / "datasets" / "unfinished.gin"
    path.parent.mkdir(parents=True)
    bindings = "import unfinished_data\nExperiment.data = @Unfinished()\n"
    path.write_text(f'include "judges/thumbnails.gin"\n{bindings}')
    assert main(["conform", "unfinished"]) == 1
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("can be tried: AttributeError: 'Unfinished' object has no attribute")
    assert last.endswith("unfinished_data.py:9)")


def test_an_architecture_that_breaks_on_all_is_tried_where_it_first_breaks(held_to):
    held_to(discriminator=partial(Odd, fault="pairs"))
    told = []
    run = architecture.subject("mlp", told.append)
    assert run.dataset == "ring"
    assert told[0].startswith("refuses ring with mlp: NotConforming: D, given a batch of 6,")
