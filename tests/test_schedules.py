"""Schedules: their values, that training follows them, and what cannot follow one."""

from dataclasses import replace

import pytest
import torch
from test_longer import LONGER, origin
from test_preflight import extended, refusal
from test_training import trainer_of
from torch.optim import SGD
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, MultiStepLR, SequentialLR
from toy_runs import alone, ignore, plan_of

from bench.config.contents import contents
from bench.config.plan import make_plan
from bench.runs import checkpoint, records
from bench.runs.records import RECORD
from bench.training.execute import execute
from bench.training.experiment import Experiment
from bench.training.finished import open_run
from bench.training.scheduled import Scheduled, Unschedulable
from bench.training.schedules import Schedule, cosine, half_life, linear, piecewise, warm_up
from methods.combine import combine
from methods.lecam import LeCam
from methods.r1 import R1
from methods.r2 import R2
from methods.wgan import WGAN

IMPORT = "import bench.training.schedules"

DECAY = (
    IMPORT,
    "discriminator/Adam.lr = @linear()",
    "linear.start = 0.1",
    "linear.end = 0.05",
    "linear.steps = 5",
)
"""D's rate on the toy suite: .1, .09, .08, .07, .06, .05."""


COSINE = ("cosine.start = 0.1", "cosine.end = 0.0")


def values(schedule: Schedule, steps: int) -> list[float]:
    return [schedule.curve(step, steps) for step in range(steps)]


def as_torch(make, steps: int) -> list[float]:
    """The learning rates of one of torch's schedulers, from 1 on."""
    optimizer = SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler = make(optimizer)
    found = []
    for _ in range(steps):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return found


@pytest.mark.parametrize(
    ("schedule", "same_in_torch"),
    [
        (linear(1.0, 0.2, steps=7), lambda o: LinearLR(o, 1.0, 0.2, total_iters=7)),
        (linear(1.0, 0.0), lambda o: LinearLR(o, 1.0, 0.0, total_iters=12)),
        (cosine(1.0, 0.1), lambda o: CosineAnnealingLR(o, T_max=12, eta_min=0.1)),
        (piecewise([1.0, 0.5, 0.25], [3, 8]), lambda o: MultiStepLR(o, [3, 8], gamma=0.5)),
        (warm_up(4, 1.0), lambda o: LinearLR(o, 0.25, 1.0, total_iters=3)),
        (
            linear(1.0, 0.0, delay=5),
            lambda o: SequentialLR(
                o, [LinearLR(o, 1.0, 1.0), LinearLR(o, 1.0, 0.0, total_iters=7)], [5]
            ),
        ),
    ],
)
@pytest.mark.filterwarnings("ignore:The epoch parameter:UserWarning")  # SequentialLR's own
def test_values_are_those_of_torchs_schedulers(schedule, same_in_torch):
    assert values(schedule, 12) == pytest.approx(as_torch(same_in_torch, 12), abs=1e-12)


def test_a_warm_up_multiplies_what_it_leads_to():
    decay = linear(1.0, 0.0, steps=10)
    expected = [full * min(1, (i + 1) / 4) for i, full in enumerate(values(decay, 12))]
    assert values(warm_up(4, decay), 12) == pytest.approx(expected)


def test_an_average_forgets_half_in_its_half_life_which_may_move():
    decays = values(half_life(linear(0.0, 8.0, steps=4)), 6)
    assert decays[0] == 0
    assert [decay**n for decay, n in zip(decays[1:], (2, 4, 6, 8, 8), strict=True)] == (
        pytest.approx([0.5] * 5)
    )
    assert half_life(1e-9).curve(0, 1) == 0
    assert (half_life(linear(0.0, 8.0)).spans, half_life(4.0).spans) == (True, False)
    with pytest.raises(ValueError, match="steps = -1"):
        half_life(-1)


def test_only_what_is_given_no_length_of_its_own_spans_the_training():
    assert not linear(1.0, 0.0, steps=3).spans
    assert not piecewise([1.0, 2.0], [3]).spans
    assert cosine(1.0, 0.0).spans
    assert warm_up(2, linear(1.0, 0.0)).spans
    assert not warm_up(2, 1.0).spans


def test_a_schedule_equals_no_number():
    schedule = linear(0.5, 0.0)
    assert float(schedule) == 0.5
    assert schedule != 0.5
    assert schedule != linear(0.5, 0.0)


def test_combined_methods_keep_a_schedule_that_starts_from_their_default():
    schedule = linear(R1.gamma, 0.0)
    assert combine([R1(gamma=schedule), R2()]).gamma is schedule
    assert combine([R2(), R1(gamma=schedule)]).gamma is schedule


def rates_taken(trainer, optimizer):
    """The learning rate in each of an optimizer's steps, and it trains to its end."""
    seen = []
    optimizer.register_step_pre_hook(lambda o, *_: seen.append(o.param_groups[0]["lr"]))
    trainer.train(ignore, ignore)
    return seen


def test_each_step_is_taken_at_its_own_rate(toy_suite):
    extended(toy_suite, *DECAY)
    trainer = trainer_of(plan_of(toy_suite, "as_gan"))
    expected = [rate for i in range(6) for rate in [0.1 - 0.01 * i] * 2]  # two steps of D's
    assert rates_taken(trainer, trainer.gan.d_optimizer) == pytest.approx(expected)
    assert trainer.gan.g_optimizer.param_groups[0]["lr"] == 2e-4


def test_a_method_reads_its_number_of_the_step(toy_suite, monkeypatch):
    seen = []
    d_loss = R1.d_loss

    def noted(self, gan, real, fake):
        seen.append(self.gamma)
        return d_loss(self, gan, real, fake)

    monkeypatch.setattr(R1, "d_loss", noted)
    bindings = ("R1.gamma = @cosine()", "cosine.start = 2.0", "cosine.end = 1.0")
    trainer = trainer_of(plan_of(alone(toy_suite, "r1", IMPORT, *bindings), "r1"))
    trainer.train(ignore, ignore)
    assert seen == pytest.approx(values(cosine(2.0, 1.0), 6))


def test_counts_are_rounded(toy_suite):
    alone(
        toy_suite,
        "wgan",
        IMPORT,
        "WGAN.long_until = 0",
        "WGAN.d_steps = @linear()",
        "WGAN.long_d_steps = @linear()",
        "linear.start = 3",
        "linear.end = 1",
    )
    trainer = trainer_of(plan_of(toy_suite, "wgan"))
    assert isinstance(trainer.experiment.method.d_steps, int)
    steps = len(rates_taken(trainer, trainer.gan.d_optimizer))
    assert steps == sum(round(3 - 2 * i / 6) for i in range(6))


def test_a_resumed_run_follows_on_to_the_bit(toy_suite):
    extended(toy_suite, *DECAY, "Adam.betas = (0.0, @beta/cosine())")
    extended(toy_suite, "beta/cosine.start = 0.9", "beta/cosine.end = 0.99")
    run = plan_of(toy_suite)
    states = []
    whole = trainer_of(run)
    whole.train(ignore, lambda state: states.append(checkpoint.round_trip(state)))
    resumed = trainer_of(run)
    resumed.load_state_dict(states[0])
    rates = rates_taken(resumed, resumed.gan.d_optimizer)
    assert rates == pytest.approx([0.07, 0.06, 0.05])
    ends = [
        [*t.gan.generator.parameters(), *t.gan.discriminator.parameters()] for t in (whole, resumed)
    ]
    assert all(map(torch.equal, *ends))


@pytest.mark.parametrize("rate", [("Adam.lr = 0.2",), DECAY[1:]])
def test_a_factor_multiplies_both_rates_scheduled_or_not(toy_suite, rate):
    factor = ("Experiment.lr_factor = @f/linear()", "f/linear.start = 1.0", "f/linear.end = 0.4")
    factor += ("f/linear.steps = 6",)
    extended(toy_suite, IMPORT, *rate, *factor)
    trainer = trainer_of(plan_of(toy_suite))
    full = [0.2] * 6 if len(rate) == 1 else [0.1 - 0.01 * i for i in range(6)]
    expected = [one * (1 - i / 10) for i, one in enumerate(full)]
    assert rates_taken(trainer, trainer.gan.d_optimizer) == pytest.approx(expected)
    shown = trainer.history.losses[-1]
    assert shown["d_optimizer.lr"] == pytest.approx(expected[-1])
    assert shown["g_optimizer.lr"] != shown["d_optimizer.lr"] or len(rate) == 1


def test_a_constant_factor_needs_no_schedule(toy_suite):
    extended(toy_suite, "Experiment.lr_factor = 0.5")
    trainer = trainer_of(plan_of(toy_suite))
    assert rates_taken(trainer, trainer.gan.g_optimizer) == pytest.approx([1e-4] * 6)


def test_a_record_shows_the_schedule_and_its_values(toy_suite, tmp_path):
    extended(toy_suite, *DECAY)
    run = plan_of(toy_suite)
    record = execute(run, tmp_path / "runs", ignore)
    shown = [row["d_optimizer.lr"] for row in record["losses"]]
    assert shown == pytest.approx([0.09, 0.08, 0.07, 0.05])  # at steps 2, 3, 4, 6
    said = dict(run.known.conditions)
    assert said["d_optimizer/Adam.lr"] == "@linear()"
    assert said["d_optimizer/lr/linear.end"] == "0.05"
    opened = open_run(run.folder(tmp_path / "runs"))
    assert isinstance(opened.gan.d_optimizer.param_groups[0]["lr"], float)


def test_a_plain_number_leaves_nothing_in_the_record(toy_suite, tmp_path):
    record = execute(plan_of(toy_suite), tmp_path / "runs", ignore)
    assert not any("." in name for row in record["losses"] for name in row)


@pytest.mark.parametrize(
    ("method", "lines", "place", "complaint"),
    [
        (
            "vanilla",
            ("MLPGenerator.depth = @linear()", "linear.start = 1", "linear.end = 2"),
            0,
            "MLPGenerator.depth is read once, before training, and cannot follow a schedule",
        ),
        (
            "vanilla",
            ("Experiment.probe_epsilon = @linear()", "linear.start = 1", "linear.end = 2"),
            0,
            "Experiment.probe_epsilon is read once",
        ),
        (
            "spectral_norm",
            ("SpectralNorm.power_iterations = @linear()", "linear.start = 1", "linear.end = 2"),
            0,
            "power_iterations follows a schedule, and is read once",
        ),
        (
            "vanilla",
            ("discriminator/Adam.lr = @linear()", "linear.start = 0.1", "linear.end = -0.1"),
            0,
            "lr follows a schedule, which comes to -",
        ),
        (
            "l1_penalty",
            ("L1Penalty.l1_epsilon = @linear()", "linear.start = 0.1", "linear.end = -0.1"),
            0,
            "l1_epsilon follows a schedule, which comes to -",
        ),
        (
            "vanilla",
            ("Experiment.max_norm = @linear()", "linear.start = 0.1", "linear.end = -0.1"),
            0,
            "max_norm follows a schedule, which comes to 0.0 at step 4",
        ),
        (
            "vanilla",
            ("Experiment.lr_factor = @linear()", "linear.start = 1.0", "linear.end = -1.0"),
            0,
            "lr_factor follows a schedule, which comes to -",
        ),
        (
            "vanilla",
            ("Adam.lr = @linear()", "linear.start = 0.1", "linear.end = 0.0", "linear.steps = 0"),
            3,
            "steps = 0: a change takes at least 1",
        ),
        (
            "vanilla",
            ("Adam.lr = @piecewise()", "piecewise.values = [1.0, 0.1]", "piecewise.at = [2, 4]"),
            1,
            "values = [1.0, 0.1]: for 2 jumps it must be 3",
        ),
        (
            "vanilla",
            ("Adam.lr = @linear()", "linear.start = @cosine()", "linear.end = 0.0", *COSINE),
            1,
            "start = a schedule: of schedules, warm_up.then and half_life.steps alone can follow",
        ),
        (
            "vanilla",
            (
                "Adam.lr = @piecewise()",
                "piecewise.values = [@cosine()]",
                "piecewise.at = []",
                *COSINE,
            ),
            1,
            "values = a schedule: ",
        ),
        ("vanilla", ("Adam.lr = @linear()", "linear.start = 0.1"), 0, "bind linear.end"),
        ("vanilla", ("Adam.lr = @linear", "linear.start = 0.1"), 0, "@linear is not float"),
        (
            "vanilla",
            ("Adam.amsgrad = @linear()", "linear.start = 0", "linear.end = 1"),
            0,
            "Adam.amsgrad is read once",
        ),
        (
            "vanilla",
            (  # between the steps that are tried in any case
                "Adam.lr = @piecewise()",
                "piecewise.values = [0.1, -1.0, 0.1]",
                "piecewise.at = [7, 9]",
                "Experiment.steps = 60",
            ),
            0,
            "lr follows a schedule, which comes to -1.0 at step 8",
        ),
        (
            "vanilla",
            (
                "Experiment.d_optimizer = @Remembers",
                "Remembers.remembered = @linear()",
                "linear.start = 0",
                "linear.end = 1",
                "import odd_optimizers",
            ),
            1,
            "remembered follows a schedule, and is read once, when the optimizer is made",
        ),
    ],
)
def test_what_cannot_follow_is_refused_with_its_place(toy_suite, method, lines, place, complaint):
    alone(toy_suite, method)
    first = extended(toy_suite, IMPORT, *lines) + 1
    message = refusal(toy_suite)
    assert message.startswith(f"{toy_suite}:{first + place}: ")
    assert complaint in message


def fault(_step, _steps):
    raise KeyError("no such step")


@pytest.mark.parametrize(
    ("later", "complaint"),
    [
        (lambda *_: float("nan"), "no number at step 2: nan"),
        (lambda *_: None, "no number at step 2: TypeError: "),
        (fault, "no number at step 2: KeyError: 'no such step'"),
    ],
)
def test_a_schedule_of_a_users_that_gives_no_number_is_refused(toy_suite, later, complaint):
    usual = trainer_of(plan_of(toy_suite)).experiment
    schedule = Schedule(lambda step, steps: later(step, steps) if step else 1.0, spans=False)
    for name in Experiment.SCHEDULED:
        with pytest.raises(Unschedulable, match=f"{name} follows a schedule, which gives") as found:
            Scheduled(replace(usual, **{name: schedule}))
        assert complaint in str(found.value)


def test_the_beginning_of_a_spanning_schedule_is_no_beginning_of_a_longer_one(toy_suite, tmp_path):
    spanning = (IMPORT, "Adam.lr = @linear()", "linear.start = 1e-3", "linear.end = 0.0")
    extended(toy_suite, *spanning)
    out = tmp_path / "runs"
    for bindings, went_on in (((), False), (("linear.steps = 4",), True)):
        execute(plan_of(toy_suite, "vanilla", *bindings), out, ignore)
        longer = plan_of(toy_suite, "vanilla", *bindings, *LONGER)
        execute(longer, out, ignore)
        record = records.read(longer.folder(out) / RECORD)
        assert (origin(record) is not None) == went_on


def test_scopes_tell_schedules_of_a_kind_apart(toy_suite):
    alone(
        toy_suite,
        "lecam",
        IMPORT,
        "LeCam.lecam_weight = @weight/linear()",
        "LeCam.lecam_decay = @decay/linear()",
        "weight/linear.start = 1.0",
        "weight/linear.end = 0.0",
        "decay/linear.start = 0.5",
        "decay/linear.end = 0.9",
    )
    (run,) = make_plan(str(toy_suite)).runs
    scheduled = trainer_of(run).scheduled
    assert scheduled.values(3) == pytest.approx({"lecam_weight": 0.5, "lecam_decay": 0.7})
    composition = make_plan(str(toy_suite)).compositions[run.digest]
    assert contents(composition)["method/lecam_decay/linear.start"] == "0.5"


def test_without_schedules_nothing_is_set(toy_suite):
    trainer = trainer_of(plan_of(toy_suite))
    assert trainer.scheduled.followers == []
    assert Scheduled(trainer.experiment).values(0) == {}
    assert LeCam().lecam_weight == 0.3
    assert WGAN().d_steps == 5
