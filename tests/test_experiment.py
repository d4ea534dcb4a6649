"""What a setting adds to every row: methods on top of its own, parts of a batch, a bound."""

import pytest
import torch
from test_preflight import extended, refusal
from test_training import trainer_of
from torch.nn.utils import parametrize
from toy_runs import alone, ignore, plan_of

from bench.config.plan import make_plan
from bench.training.execute import execute
from bench.training.finished import open_run
from methods.spectral_norm import SpectralNorm

ALSO = ("import methods.spectral_norm", "Experiment.also = [@SpectralNorm()]")


def normalized(network):
    return sum(map(parametrize.is_parametrized, network.modules()))


def test_a_method_of_a_setting_is_stacked_on_every_rows_own(toy_suite):
    (toy_suite.parent / "gin" / "settings").mkdir(parents=True)
    (toy_suite.parent / "gin" / "settings" / "normed.gin").write_text("\n".join(ALSO))
    extended(toy_suite, 'Suite.settings = ["standard", "normed"]')
    runs = {run.cell: run for run in make_plan(str(toy_suite)).runs}
    for method in ("vanilla", "as_gan"):
        bare, stacked = (trainer_of(runs[method, one]) for one in ("standard", "normed"))
        assert not normalized(bare.gan.discriminator)
        assert normalized(stacked.gan.discriminator) == 3
        own = type(bare.experiment.method)
        assert isinstance(stacked.experiment.method, SpectralNorm)
        assert isinstance(stacked.experiment.method, own)
        identity = runs[method, "normed"].known
        assert dict(identity.setting)["Experiment.also"] == "[@SpectralNorm()]"
        assert identity.own == runs[method, "standard"].known.own  # the row's method is the same


def test_what_a_row_is_by_itself_is_not_stacked_on_it_again(toy_suite):
    alone(toy_suite, "sn_gan", *ALSO)
    by_setting = trainer_of(plan_of(toy_suite, "sn_gan"))
    assert type(by_setting.experiment.method).__name__ == "SpectralNorm+Hinge"
    assert normalized(by_setting.gan.discriminator) == 3


def test_a_run_with_a_stacked_method_is_opened_and_resumed(toy_suite, tmp_path):
    extended(toy_suite, *ALSO)
    run = plan_of(toy_suite)
    record = execute(run, tmp_path / "runs", ignore)
    opened = open_run(run.folder(tmp_path / "runs"))
    assert record["status"] != "failed", record["reason"]
    assert normalized(opened.discriminator) == 3


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        (
            ("Experiment.accumulation = 3",),
            "accumulation = 3, batch_size = 16: a batch must have equal parts",
        ),
        (("Experiment.accumulation = 0",), "accumulation = 0: it must be at least 1"),
        (("Experiment.max_norm = 0.0",), "max_norm = 0.0: it must be above 0"),
        (
            ("import methods.consensus", "Experiment.also = [@Consensus(), @Consensus()]"),
            "each method may be named once",
        ),
        (("import methods.ema", "Experiment.also = [@EMA]"), "@EMA is not methods.base.Method"),
        (("import methods.ema", "Experiment.also = @EMA()"), "it is a list of methods"),
        (("Experiment.also = [@Ring()]",), "it is a list of methods"),
        (
            ("import odd_optimizers", "Experiment.g_optimizer = @NoOptimizer"),
            "g_optimizer = NoOptimizer: it must give a torch.optim.Optimizer",
        ),
        (
            (
                "import odd_optimizers",
                "Experiment.d_optimizer = @Rateless",
                "Experiment.lr_factor = 0.5",
            ),
            "lr_factor = 0.5: d_optimizer, Rateless, has no lr",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(toy_suite, lines, complaint):
    extended(toy_suite, *lines)
    message = refusal(toy_suite)
    assert "toy.gin:" in message or "under standard" in message
    assert complaint in message


def test_unrolled_refuses_a_bound_that_its_imagined_steps_would_not_have(toy_suite):
    alone(toy_suite, "unrolled", "Experiment.max_norm = 1.0")
    assert "max_norm = 1.0 in the discriminator's optimizer" in refusal(toy_suite)


@pytest.mark.parametrize(
    "name", ["Adadelta", "Adagrad", "Adamax", "AdamW", "ASGD", "NAdam", "RAdam", "RMSprop", "Rprop"]
)
def test_torchs_optimizers_go_by_name(toy_suite, name):
    alone(toy_suite, "vanilla", f"Experiment.d_optimizer = @discriminator/{name}")
    trainer = trainer_of(plan_of(toy_suite))
    assert isinstance(trainer.gan.d_optimizer, getattr(torch.optim, name))
    before = [p.detach().clone() for p in trainer.gan.discriminator.parameters()]
    trainer.advance(2, ignore)
    assert not all(map(torch.equal, before, trainer.gan.discriminator.parameters()))


def test_an_optimizer_for_matrices_alone_refuses_biases(toy_suite):
    alone(toy_suite, "vanilla", "Experiment.d_optimizer = @discriminator/Muon")
    assert "Muon only supports 2D parameters" in refusal(toy_suite)


def test_an_optimizer_that_asks_for_the_loss_again_is_not_offered(toy_suite):
    alone(toy_suite, "vanilla", "Experiment.d_optimizer = @discriminator/LBFGS")
    assert "nothing named LBFGS can be bound" in refusal(toy_suite)
