"""``ganbench speed``: each method's cost against vanilla's, and what the loop itself adds."""

import argparse
import os
from itertools import pairwise

import torch
from rich.console import Console
from rich.table import Table

from bench.commands.options import add_suite, plan_of
from bench.config.choice import Choice
from bench.config.run import Run
from bench.errors import UsageError
from bench.speed.parallel import throughput
from bench.speed.records import measure
from bench.speed.steps import StepCost, step_costs
from bench.training.preflight import preflight
from bench.waiting import waiting
from bench.wording import plural

BASELINE = "vanilla"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the suite and the effort."""
    add_suite(parser, usual="quick")
    parser.add_argument("--steps", type=int, default=30, help="steps a method and round")
    parser.add_argument("--rounds", type=int, default=7, help="rounds, the methods in turn in each")
    parser.add_argument(
        "--records",
        type=int,
        nargs="+",
        metavar="N",
        help="instead: how reporting slows down as made-up records grow to N, such as 1000 10000",
    )


def main(options: argparse.Namespace) -> int:
    """Measures and prints ratios."""
    for option in ("steps", "rounds"):
        if getattr(options, option) < 1:
            raise UsageError(f"--{option} {getattr(options, option)}: at least 1 is needed")
    if options.records:
        return _records(options.records)
    plan = plan_of(options, Choice(options.methods, options.settings, seeds=1))
    preflight(plan)
    setting = plan.runs[0].setting
    runs = {run.method: run for run in plan.runs if run.setting == setting}
    console = Console()
    torch.set_num_threads(1)
    console.print(f"{plan.name}, {setting}: {options.rounds} rounds of {options.steps} steps each")
    with waiting(f"timing {plural(len(runs), 'method')}"):
        costs = step_costs(list(runs.values()), options.steps, options.rounds)
    console.print(_table(costs))
    first = next(iter(runs.values()))
    with waiting("timing runs side by side"):
        shared = _parallel(first, options.steps * options.rounds)
    console.print(shared, highlight=False)
    return 0


def _records(counts: list[int]) -> int:
    """Prints what reporting costs for each number of records, and by how much it grows."""
    if min(counts) < 1:
        raise UsageError(f"--records {min(counts)}: at least 1 is needed")
    console = Console()
    found = [measure(count, console.print) for count in sorted(counts)]
    jobs = {"decide what is left": "decide", "report": "first", "again": "again", "one run": "one"}
    table = Table(title="what records cost", caption="CPU seconds of the process; MB at its peak")
    for name in ("records", "boards", "kB each", "job", "seconds", "MB"):
        table.add_column(name, justify="left" if name == "job" else "right")
    for one in found:
        size = f"{one.count:,}", f"{one.boards:,}", f"{one.kilobytes:.1f}"
        for name, field in jobs.items():
            cost = getattr(one, field)
            table.add_row(*size, name, f"{cost.seconds:.1f}", f"{cost.megabytes:,.0f}")
            size = "", "", ""
    console.print(table)
    for few, many in pairwise(found):
        growth = ", ".join(
            f"{name} {getattr(many, field).seconds / getattr(few, field).seconds:.1f}x"
            for name, field in jobs.items()
        )
        console.print(f"{many.count / few.count:.0f}x the records take: {growth}", highlight=False)
    return 0


def _table(costs: list[StepCost]) -> Table:
    reference = next((cost for cost in costs if cost.method == BASELINE), costs[0])
    table = Table(caption="medians over the rounds; FLOPs of forward and backward passes")
    for name in ("method", "time", "FLOPs", "time / FLOPs", "outside the mathematics"):
        table.add_column(name, justify="left" if name == "method" else "right")
    for cost in costs:
        time, flops = cost.seconds / reference.seconds, cost.flops / reference.flops
        share = f"{cost.overhead:.1%}"
        table.add_row(cost.method, f"{time:.2f}x", f"{flops:.2f}x", f"{time / flops:.2f}x", share)
    table.title = f"cost of a generator step, relative to {reference.method}"
    return table


def _parallel(run: Run, steps: int) -> str:
    cores = len(os.sched_getaffinity(0))
    side_by_side = throughput(run, steps, processes=cores, threads=1)
    alone = throughput(run, steps, processes=1, threads=cores)
    return (
        f"{cores} runs of one thread against one run of {cores} threads: "
        f"{side_by_side / alone:.2f}x the steps a second ({run.method})"
    )
