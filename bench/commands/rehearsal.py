"""``--dry-run``: what is left to do and how long it will take; nothing is trained or written."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from statistics import mean

from rich.console import Console
from rich.table import Table

from bench.config.plan import Plan
from bench.config.run import Run
from bench.engines.ahead import Work, work
from bench.engines.choose import Where, places
from bench.labels import Cell
from bench.search.ahead import ahead
from bench.search.study import trials_so_far
from bench.search.task import Task
from bench.speed.forecast import STEPS, Prices, schedule, side_by_side
from bench.waiting import say, waiting
from bench.wording import NOTHING, duration, plural

WORDS = ("method", "setting")
"""Columns that are no numbers."""

MOST = 40
"""Rows of a table; where there would be more, each method has one."""


def rehearse(plan: Plan, out: Path, where: Where) -> int:
    """Says what is left of a suite's runs; returns the exit code.

    Raises:
        UsageError: for what would stop the command itself.
    """
    console = Console(highlight=False, markup=False)
    slots = places(where)
    todo = work(plan.runs, out)
    say(console, f"{plan.name}: {_counts(len(plan.runs), todo)}; runs in {out}")
    prices = _prices({run.cell: run for run in plan.runs}, todo, slots)
    console.print(_table(plan.runs, todo, prices))
    _tell(console, [todo], prices, slots)
    return 0


def rehearse_search(
    tasks: Sequence[Task], place: str, folder: Path, out: Path, where: Where
) -> int:
    """Says what is left of a search; returns the exit code.

    Args:
        tasks: one a method.
        place: the storage of the studies.
        folder: of their locks.
        out: the runs folder.
        where: runs would execute.

    Raises:
        UsageError: for what would stop the command itself.
    """
    console = Console(highlight=False, markup=False)
    slots = places(where)
    known = [trials_so_far(task, place, folder) for task in tasks]
    left = ahead(tasks, known, out)
    of_trials = [*chain(*left.batches)]
    ended = [sum(trial.state.is_finished() for trial in trials) for trials in known]
    say(
        console,
        f"{tasks[0].suite}-{tasks[0].space.name}: "
        f"{plural(sum(task.limit for task in tasks), 'trial')}, {sum(ended)} ended before; "
        f"{plural(len(of_trials), 'run')} of trials left, and {len(left.last)} to compare "
        f"at the end; runs in {out}",
    )
    todo = [*of_trials, *left.last]
    prices = _prices(left.cells, todo, slots)
    table = _columns("method", "trials", "ended", "runs each", "a run takes")
    for task, over in zip(tasks, ended, strict=True):
        counts = (task.limit, over, task.size)
        mine = [one for one in todo if one.run.method == task.method]
        table.add_row(task.method, *(f"{count:,}" for count in counts), _each(mine, prices))
    console.print(table)
    _tell(console, [*left.batches, left.last], prices, slots)
    return 0


def _prices(cells: Mapping[Cell, Run], todo: Sequence[Work], slots: float) -> Prices:
    """What the work that is left costs, told from cells of its methods and settings."""
    methods = {one.run.method for one in todo}
    settings = {one.run.setting for one in todo}
    wanted = {
        (method, setting): run
        for (method, setting), run in cells.items()
        if method in methods and setting in settings
    }
    with waiting(f"timing steps and scores of {plural(len(methods), 'method')}"):
        return Prices(wanted, side_by_side(slots))


def _tell(console: Console, phases: Sequence[Sequence[Work]], prices: Prices, slots: float) -> None:
    """Prints how long work will take, each phase begun when the one before it has ended."""
    if not any(phases):
        say(console, "nothing is left to do")
        return
    for cell, reason in prices.untimed.items():
        say(console, f"{' under '.join(cell)} could not be timed: {reason}")
    if not prices.known:
        say(console, "how long it will take cannot be told")
        return
    seconds = [[prices.seconds(one) for one in phase] for phase in phases]
    least = sum(schedule(phase, slots) for phase in seconds)
    if slots == float("inf"):
        alone = duration(sum(map(sum, seconds)))
        say(console, f"about {alone} one run after the other, and {duration(least)} at the least")
    else:
        say(console, f"about {duration(least)} on {plural(int(slots), 'job')}")
    say(
        console,
        f"told from {STEPS} or more timed steps and a score of each method, on this machine as "
        "busy as it is now; nothing else was trained, and nothing was written",
    )


def _counts(runs: int, todo: Sequence[Work]) -> str:
    begun = sum(one.step > 0 for one in todo)
    some = f" ({begun} begun)" if begun else ""
    return f"{plural(runs, 'run')}, {runs - len(todo)} done before, {len(todo)} left{some}"


def _table(runs: Sequence[Run], todo: Sequence[Work], prices: Prices) -> Table:
    """A row a method and setting, or a method where these are too many."""
    cells = {run.cell for run in runs}
    rows: dict[Cell, list[Run]] = defaultdict(list)
    for run in runs:
        rows[run.method, run.setting if len(cells) <= MOST else "all"].append(run)
    table = _columns("method", "setting", "runs", "done", "begun", "left", "a run takes")
    for name, mine in rows.items():
        ids = {run.id for run in mine}
        left = [one for one in todo if one.run.id in ids]
        begun = sum(one.step > 0 for one in left)
        counts = (len(mine), len(mine) - len(left), begun, len(left))
        table.add_row(*name, *(f"{count:,}" for count in counts), _each(left, prices))
    return table


def _each(left: Sequence[Work], prices: Prices) -> str:
    """What a run takes from its beginning on, where one is left."""
    if not left or not prices.known:
        return NOTHING
    return duration(mean(prices.seconds(Work(one.run)) for one in left))


def _columns(*names: str) -> Table:
    table = Table()
    for name in names:
        table.add_column(name, justify="left" if name in WORDS else "right")
    return table
