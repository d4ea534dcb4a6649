"""A bound config: the caller's gin is as it was, and what was built needs nothing of gin."""

import inspect
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import gin
import pytest
import torch
from gin import config as gin_config

from bench.config.bound import Bound, unlocked
from bench.config.plan import make_plan
from bench.training.experiment import experiment_of
from bench.training.trainer import Trainer

GIN_STATE = (
    "_CONFIG",
    "_CONSTANTS",
    "_FINALIZE_HOOKS",
    "_IMPORTS",
    "_OPERATIVE_CONFIG",
    "_SINGLETONS",
)


@gin.register(module="bound")
@dataclass
class Leaf:
    size: int = 1


@gin.register(module="bound")
def grown(size=0):
    return size


@gin.register(module="bound")
@dataclass
class Tree:
    leaf: type[Leaf]
    grow: object
    first: Leaf


TREE = """
bound.Tree.leaf = @bound.Leaf
bound.Tree.grow = @deep/bound.grown
bound.Tree.first = @bound.Leaf()
bound.Leaf.size = {size}
deep/bound.grown.size = %far
far = {size}0
"""


def tree_of(bound):
    with bound.entered():
        return gin.get_configurable(Tree)()


@pytest.fixture
def callers_gin():
    """A caller's own config in gin: bindings, a constant of our macro's name, a hook, a lock."""
    gin.parse_config("import colorsys\nbound.Leaf.size = 7\ndeep/bound.Leaf.size = 8\n")
    hooks = list(gin_config._FINALIZE_HOOKS)
    gin.constant("far", -1)
    gin_config.register_finalize_hook(lambda config: {"bound.grown.size": 70})
    gin.finalize()
    gin.get_configurable(Leaf)()
    yield
    gin.clear_config(clear_constants=True)
    gin_config._FINALIZE_HOOKS[:] = hooks


def seen():
    """All that gin holds for its caller, by value, and the objects that hold it."""
    state = {name: getattr(gin_config, name) for name in GIN_STATE}
    return (
        {name: (id(held), repr(held)) for name, held in state.items()},
        gin.config_is_locked(),
        gin.config_str(),
        gin.operative_config_str(),
    )


def test_a_caller_finds_his_gin_as_it_was(callers_gin):
    before = seen()
    with gin.config_scope("deep"):
        tree = tree_of(Bound(TREE.format(size=2)))
        assert gin.current_scope() == ["deep"]
    assert (tree.first.size, tree.leaf().size, tree.grow()) == (2, 2, 20)
    assert seen() == before
    assert gin.get_configurable(Leaf)().size == 7


def test_a_config_that_cannot_be_read_or_built_leaves_gin_as_it_was(callers_gin):
    before = seen()
    with pytest.raises(SyntaxError):
        Bound("bound.Leaf.size = ")
    with pytest.raises(ValueError, match="nosuch"):
        Bound("bound.Leaf.nosuch = 1")
    with pytest.raises(ImportError):
        Bound("import no_such_module\n")
    with pytest.raises(TypeError):
        tree_of(Bound(""))
    assert seen() == before


def test_what_was_built_keeps_its_own_config(callers_gin):
    first, second = (tree_of(Bound(TREE.format(size=size))) for size in (2, 3))
    sizes = [tree.leaf().size for tree in (first, second, first)]
    grown = [tree.grow() for tree in (second, first, second)]
    assert (sizes, grown) == ([2, 3, 2], [30, 20, 30])
    assert first.leaf(size=9).size == 9
    assert inspect.isclass(first.leaf)
    assert type(first.leaf()) is Leaf


def test_one_can_be_entered_within_another():
    outer, inner = Bound("bound.Leaf.size = 2"), Bound("bound.Leaf.size = 3")
    with outer.entered():
        with inner.entered(), outer.entered():
            assert gin.get_configurable(Leaf)().size == 2
        assert gin.get_configurable(Leaf)().size == 2
        with inner.entered():
            assert gin.get_configurable(Leaf)().size == 3
    assert gin.get_configurable(Leaf)().size == 1


def test_a_part_can_wait_for_threads_of_its_own():
    bound = Bound(TREE.format(size=2))
    leaf = tree_of(bound).leaf
    with bound.entered(), ThreadPoolExecutor(2) as pool:
        assert [made.size for made in pool.map(lambda _: leaf(), range(4))] == [2] * 4


def test_threads_with_a_config_each_do_not_see_the_others():
    trees = [tree_of(Bound(TREE.format(size=size))) for size in range(4)]
    with ThreadPoolExecutor(4) as pool:
        sizes = list(pool.map(lambda tree: [tree.leaf().size for _ in range(200)], trees))
    assert sizes == [[size] * 200 for size in range(4)]


def test_a_scope_reaches_what_is_called_within_it():
    bound = Bound("bound.Tree.leaf = @bound.Leaf\nbound.Tree.grow = None\ndeep/bound.Leaf.size = 4")
    with bound.entered(), gin.config_scope("deep"):
        assert gin.get_configurable(Tree)(first=None).leaf().size == 4


def test_the_operative_config_is_what_this_config_was_used_for():
    bound, other = Bound(TREE.format(size=2)), Bound(TREE.format(size=3))
    tree = tree_of(bound)
    tree_of(other)
    assert "Leaf.size = 2" in bound.operative()
    assert "grown.size" not in bound.operative()
    tree.grow()
    assert "grown.size = %far" in bound.operative()
    assert "grown.size" not in other.operative()


def test_modules_can_register_while_the_callers_config_is_locked(callers_gin):
    with unlocked():
        gin.external_configurable(grown, name="late", module="bound")
    assert gin.config_is_locked()
    with pytest.raises(RuntimeError, match="locked"):
        gin.external_configurable(grown, name="later", module="bound")


def trainer_of(run) -> Trainer:
    experiment = experiment_of(Bound(run.config))
    return Trainer(experiment, run.seed, experiment.judge(experiment.data))


def weights(trainer):
    return [p.detach().clone() for p in trainer.gan.generator.parameters()]


def test_two_trainers_in_turn_end_as_each_would_alone(toy_suite):
    other = [
        'Suite.methods = ["wgan_gp"]',
        "generator/Adam.lr = 0.01",
        "g_width = 6",
        "MLPGenerator.depth = 1",
    ]
    runs = [
        make_plan(str(toy_suite)).runs[1],
        make_plan(str(toy_suite), gin_bindings=other).runs[0],
    ]
    alone = []
    for run in runs:
        trainer = trainer_of(run)
        trainer.advance(6, lambda progress: None)
        alone.append(weights(trainer))
    together = [trainer_of(run) for run in runs]
    for step in range(1, 7):
        for trainer in together:
            trainer.advance(step, lambda progress: None)
    for trainer, expected in zip(together, alone, strict=True):
        for one, one_alone in zip(weights(trainer), expected, strict=True):
            assert torch.equal(one, one_alone)
