"""Experiments: described, checked, trained, and brought to a page."""

from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console

from bench.callbacks.base import Callback
from bench.callbacks.choose import make, require
from bench.config.choice import Choice
from bench.config.plan import Plan, make_plan
from bench.config.run import Run
from bench.engines.choose import Where
from bench.engines.worker import settle
from bench.report.below import pages_of
from bench.report.suite import Conclusion, conclude
from bench.runs.records import Record
from bench.training.preflight import preflight
from bench.waiting import silent
from bench.writable import require_no_file, require_writable
from ganbench.terms import in_python
from ganbench.terms import require as require_type

A_PLAN = "a plan, such as ganbench.plan('quick')"


@in_python
def plan(
    suite: str | Path,
    *,
    methods: str | Sequence[str] | None = None,
    settings: str | Sequence[str] | None = None,
    seeds: int | Sequence[int] | None = None,
    steps: int | None = None,
    bindings: str | Sequence[str] = (),
    files: str | Path | Sequence[str | Path] = (),
) -> Plan:
    """Composes the runs of a suite, and checks every name, type and place in their configs.

    Args:
        suite: a name (see ``ganbench list suites``), or the path of a gin file.
        methods: in place of the suite's: names of methods, or of groups of them such as "all".
        settings: in place of the suite's.
        seeds: how many, counted from 0, or the seeds themselves.
        steps: generator steps of each run.
        bindings: that override, such as "Adam.lr = 1e-3".
        files: gin files that override.

    Returns:
        The plan: ``plan.runs`` are its runs, each with its ``method``, ``setting``, ``seed`` and
        whole ``config``.

    Raises:
        UsageError: for what is wrong, with its place and what would be right.
    """
    choice = Choice(
        None if methods is None else _each(methods),
        None if settings is None else _each(settings),
        seeds,
        steps,
    )
    return make_plan(str(suite), [*map(str, _each(files))], _each(bindings), choice)


@in_python
def check(plan: Plan) -> None:
    """Builds what each config of a plan describes, and gives each kind of network a batch.

    Raises:
        UsageError: for a value that a part refuses, a method that cannot work with a setting,
            data that are not here, or a network that cannot be trained.
    """
    require_type(plan, Plan, "plan", A_PLAN)
    preflight(plan)


@in_python
def train(
    run: Run, out: str | Path = "runs", *, callbacks: str | Callback | Sequence[Callback | str] = ()
) -> Record:
    """Trains and scores one run in this process, and leaves what ``ganbench run`` would.

    A run that has a result is not done again, and one that was interrupted goes on from its
    checkpoint. On the CPU it takes one thread, so that its result has the same bits.

    Args:
        run: one of a plan's.
        out: the runs folder.
        callbacks: that listen: objects of a subclass of ``Callback``, or names such as "csv". They
            change nothing of the result.

    Returns:
        The record. Its ``status`` is "failed" where the run raised; ``reason`` says why, and the
        log has the traceback.

    Raises:
        UsageError: for what is no run or no callback, a folder that cannot be written, or another
            process at this run.
    """
    require_type(run, Run, "run", "a run of a plan, such as ganbench.plan(...).runs[0]")
    listening = _each(callbacks)
    named = [one for one in listening if isinstance(one, str)]
    require(named)
    given = [one for one in listening if not isinstance(one, str)]
    for one in given:
        require_type(
            one, Callback, "a callback", "an object of a subclass of ganbench.Callback, or a name"
        )
    require_writable("--out", Path(out))
    require_no_file("--out", run.folder(out))
    return settle(run, Path(out), [*given, *make(named)])


@in_python
def run(
    plan: Plan,
    out: str | Path = "runs",
    *,
    jobs: int | None = None,
    where: Where | None = None,
    pages: str | Path | None = None,
    quiet: bool = False,
) -> Conclusion:
    """Does what ``ganbench run`` does: checks, trains what has no result yet, writes the page.

    Each run has a process of its own, which does not run the caller's script again.

    Args:
        plan: of the suite.
        out: the runs folder.
        jobs: runs at a time; one a processor or GPU, unless said otherwise.
        where: runs execute, and how much trouble one may make; on this machine by default.
        pages: the folder of pages; that below the runs, unless another is named.
        quiet: prints nothing.

    Returns:
        The runs that failed, what stands on the page, and the page.

    Raises:
        UsageError: before any work, for what is wrong.
    """
    require_type(plan, Plan, "plan", A_PLAN)
    place = where or Where()
    place = place if jobs is None else replace(place, jobs=jobs)
    out, chosen = Path(out), Path(pages) if pages else None
    console = Console(quiet=quiet, force_jupyter=False)
    with silent() if quiet else nullcontext():
        return conclude(plan, out, place, pages_of(out, chosen), console)


def _each(given: Any) -> list[Any]:
    """What is given, where one alone is a list of one."""
    return [*given] if isinstance(given, Iterable) and not isinstance(given, str) else [given]
