"""Runs that train in a moment, made from the suite of the fixture ``toy_suite``."""

import argparse
from pathlib import Path

from bench.config.plan import make_plan
from bench.engines import choose


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
    parser.add_argument("--out", type=Path)
    choose.add_arguments(parser)
    return choose.make(parser.parse_args(["--out", str(out), *words]))
