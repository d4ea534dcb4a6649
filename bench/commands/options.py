"""Options that several commands have alike: what chooses a suite's runs, and where these are."""

import argparse
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from bench.callbacks.choose import available
from bench.config.catalogue import Catalogue
from bench.config.choice import Choice
from bench.config.plan import Plan, make_plan
from bench.engines.choose import ENGINES, Where
from bench.errors import UsageError
from bench.waiting import waiting

OUT = Path("runs")


def add_suite(
    parser: argparse.ArgumentParser,
    usual: str | None = None,
    methods: str = "methods, or groups of them such as all, in place of the suite's",
) -> None:
    """Adds the suite, what overrides its bindings, and what chooses of its rows.

    Args:
        parser: of the command.
        usual: the suite where none is named; without one it must be.
        methods: what the command does with those that are named.
    """
    parser.add_argument(
        "suite",
        metavar="SUITE",
        nargs="?" if usual else None,
        default=usual,
        help="a name (see ganbench list) or a gin file" + (f"; default: {usual}" if usual else ""),
    )
    group = parser.add_argument_group("what of the suite, and what otherwise")
    group.add_argument("--gin_file", action="append", default=[], help="gin file that overrides")
    group.add_argument(
        "--gin_bindings",
        action="append",
        default=[],
        metavar="B",
        help="binding that overrides, such as 'Adam.lr = 1e-3'",
    )
    group.add_argument("--scale", help="a name (ganbench list): trial shrinks a suite to try it")
    said = {"--methods": methods, "--settings": "settings, in place of the suite's"}
    for option, text in said.items():
        group.add_argument(
            option, action=Once, type=partial(_names, option), metavar="A,B", help=text
        )


def add_budget(parser: argparse.ArgumentParser) -> None:
    """Adds how often and for how long each row of a suite is trained."""
    group = parser.add_argument_group("seeds and steps")
    group.add_argument(
        "--seeds",
        action=Once,
        type=_seeds,
        metavar="N",
        help="how many seeds, or with a comma the seeds themselves: 5 is 0,1,2,3,4, and 5, is 5",
    )
    group.add_argument(
        "--steps",
        action=Once,
        type=_steps,
        metavar="N",
        help="generator steps of each run; they make a leaderboard of its own",
    )


class Once(argparse.Action):
    """An option that must not be given twice, lest the second hide the first."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        """Stores the value.

        Raises:
            UsageError: there is one already.
        """
        if getattr(namespace, self.dest) is not None:
            raise UsageError(f"{self.option_strings[0]} is given twice; give it once")
        setattr(namespace, self.dest, values)


def _names(option: str, text: str) -> list[str]:
    names = _words(text)
    if not names:
        raise UsageError(f"{option} {text!r}: it must be names with commas between them")
    return names


def _seeds(text: str) -> int | list[int]:
    words = _words(text)
    try:
        return int(text) if words == [text.strip()] else [*map(int, words)]
    except ValueError as error:
        raise UsageError(
            f"--seeds {text!r}: it must be how many seeds, such as 5, or the seeds themselves, "
            "such as 0,1,5"
        ) from error


def _steps(text: str) -> int:
    with suppress(ValueError):
        if (steps := int(text)) >= 1:
            return steps
    raise UsageError(f"--steps {text!r}: it must be a whole number from 1 on, such as 1000")


def _words(text: str) -> list[str]:
    """What stands between commas and blanks."""
    return text.replace(",", " ").split()


def words_of(options: argparse.Namespace) -> list[str]:
    """The arguments of ``add_suite`` and ``add_budget`` that ask for the same again."""
    words = [options.suite]
    for option in ("gin_file", "gin_bindings"):
        words += [word for value in getattr(options, option) for word in (f"--{option}", value)]
    for option in ("scale", "methods", "settings", "seeds", "steps"):
        value = getattr(options, option)
        if isinstance(value, list):
            value = "".join(f"{one}," for one in value)  # with one comma, a seed is no number
        if value is not None:
            words += [f"--{option}", str(value)]
    return words


def add_out(parser: argparse.ArgumentParser) -> None:
    """Adds where runs are written."""
    parser.add_argument(
        "--out",
        type=Path,
        default=OUT,
        metavar="DIR",
        help="folder that runs are written to (default: %(default)s)",
    )


def add_runs(parser: argparse.ArgumentParser, *names: str, use: str = "read from") -> None:
    """Adds where runs are ``use``, under ``--runs`` and other names."""
    parser.add_argument(
        "--runs",
        *names,
        dest="runs",
        type=Path,
        default=OUT,
        metavar="DIR",
        help=f"folder that runs are {use} (default: %(default)s)",
    )


def add_opening(parser: argparse.ArgumentParser) -> None:
    """Adds what is needed to open runs of which the record does not say all."""
    parser.add_argument(
        "--suite",
        metavar="FILE",
        help="the runs' suite, where it is not one of ganbench's: it has their data, and imports "
        "what their networks are made of",
    )


def add_pages(parser: argparse.ArgumentParser, *names: str) -> None:
    """Adds where pages are written, under ``--leaderboards`` and other names."""
    parser.add_argument(
        *names,
        "--leaderboards",
        dest="leaderboards",
        type=Path,
        metavar="DIR",
        help="folder that pages are written to (default: pages in the runs folder)",
    )


def add_kept(parser: argparse.ArgumentParser) -> None:
    """Adds where the leaderboards are that are kept."""
    parser.add_argument(
        "--leaderboards",
        type=Path,
        default=Path("leaderboards"),
        metavar="DIR",
        help="folder of the leaderboards that are added to (default: %(default)s)",
    )


def files_of(options: argparse.Namespace, catalogue: Catalogue) -> list[str]:
    """The gin files that override, the scale's first."""
    scale = [str(catalogue.find("scales", options.scale, "--scale"))] if options.scale else []
    return [*scale, *options.gin_file]


def choice_of(options: argparse.Namespace) -> Choice:
    """What the options of ``add_suite`` and ``add_budget`` choose."""
    return Choice(options.methods, options.settings, options.seeds, options.steps)


def plan_of(options: argparse.Namespace, choice: Choice | None = None) -> Plan:
    """The plan that the options of ``add_suite`` and ``add_budget`` ask for.

    Args:
        options: of the command.
        choice: what they choose; by default what ``choice_of`` reads.
    """
    with waiting(f"composing the runs of {options.suite}"):
        catalogue = Catalogue.of(options.suite)
        return make_plan(
            options.suite,
            files_of(options, catalogue),
            options.gin_bindings,
            choice or choice_of(options),
            catalogue=catalogue,
        )


def add_where(parser: argparse.ArgumentParser) -> None:
    """Adds where runs execute, and how much trouble one may make."""
    usual = Where()
    group = parser.add_argument_group("where runs execute")
    group.add_argument("--engine", choices=ENGINES, default=usual.engine)
    group.add_argument("--jobs", type=int, help="runs at a time; default: one a processor or GPU")
    group.add_argument(
        "--runs_per_gpu",
        type=int,
        default=usual.runs_per_gpu,
        metavar="N",
        help="runs side by side on one GPU",
    )
    group.add_argument(
        "--retries",
        type=int,
        default=usual.retries,
        metavar="N",
        help="further attempts at a run that failed",
    )
    group.add_argument(
        "--time_limit",
        type=float,
        default=usual.time_limit,
        metavar="MINUTES",
        help="without news of a run, after which it is killed (default: %(default)g)",
    )
    group.add_argument("--address", help="of the Ray cluster; default: one on this machine")
    group.add_argument(
        "--slurm",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="parameter of SLURM jobs, such as partition=gpu or time=120",
    )
    group.add_argument(
        "--callbacks",
        default="",
        metavar="NAME,...",
        help=f"that listen to runs: {', '.join(available())} (default: none)",
    )


def add_dry_run(parser: argparse.ArgumentParser) -> None:
    """Adds the wish to be told, and to have nothing done."""
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="check everything, and say what is left to do and how long it will take, from a few "
        "timed steps of each method; nothing is trained or written",
    )


def where_of(options: argparse.Namespace) -> Where:
    """Where the options of ``add_where`` have runs execute.

    Raises:
        UsageError: names an option that no engine could follow.
    """
    return Where(
        engine=options.engine,
        jobs=options.jobs,
        runs_per_gpu=options.runs_per_gpu,
        retries=options.retries,
        time_limit=options.time_limit,
        address=options.address,
        slurm=tuple(options.slurm),
        callbacks=tuple(dict.fromkeys(_words(options.callbacks))),
    )
