"""Runs that train in a moment, made from the suite of the fixture ``toy_suite``."""

import argparse

from bench.commands.options import add_where, where_of
from bench.config.plan import make_plan
from bench.engines.choose import make

SPACE = """
Search.methods = ["as_gan"]
Search.controls = ["vanilla", "as_gan_none"]
Search.grid = {"ASGAN.epsilon": [0.5, 2.0]}
Search.relative = ["ASGAN.epsilon"]
Search.sampler = "grid"
Search.seeds = 1
"""
"""A search space for two trials of one run each."""


def plan_of(suite, method="vanilla", *bindings):
    """The suite's first run of one method."""
    return make_plan(str(suite), gin_bindings=[f'Suite.methods = ["{method}"]', *bindings]).runs[0]


def ignore(_):
    """Hears progress, and does nothing."""


def alone(suite, method, *lines):
    """Turns a suite into one of a single method, with more lines."""
    own = [line for line in suite.read_text().splitlines() if "ASGAN" not in line]
    suite.write_text("\n".join([*own, f'Suite.methods = ["{method}"]', *lines, ""]))
    return suite


def engine_of(out, *words):
    """The engine that ``ganbench run`` with these options has."""
    out.mkdir(exist_ok=True)
    parser = argparse.ArgumentParser()
    add_where(parser)
    return make(where_of(parser.parse_args(words)), out)
