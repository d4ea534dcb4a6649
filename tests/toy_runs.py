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


def extended(suite, *lines):
    """Adds lines to a suite, which override those before; imports go on top, as gin wants it."""
    own = [line for line in lines if not line.startswith("import ")]
    imports = [line for line in lines if line.startswith("import ")]
    suite.write_text("\n".join([*imports, suite.read_text(), *own, ""]))
    return suite


def engine_of(out, *words):
    """The engine that ``ganbench run`` with these options has."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path)
    choose.add_arguments(parser)
    return choose.make(parser.parse_args(["--out", str(out), *words]))
