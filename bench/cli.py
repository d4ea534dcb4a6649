"""The command line: ``ganbench COMMAND``."""

import argparse
import importlib
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import bench
from bench.errors import Unwritable, UsageError, nearest
from bench.waiting import waiting

COMMANDS = {
    "list": "methods, architectures, datasets, settings and suites, with a line on each",
    "data": "decode a data set ahead of any run, or check what was decoded",
    "conform": "check that a method, architecture, data set or score does what its kind must",
    "new": "write the files of a method, architecture, data set or score of your own",
    "run": "train and score what a suite still lacks, and write its page below the runs",
    "publish": "add what was measured here to the leaderboards that are kept",
    "check": "say whether a suite's runs got worse than a baseline's, with the evidence",
    "search": "choose hyper-parameters, and say how much the choice matters",
    "report": "rebuild leaderboards from records",
    "figure": "draw what runs did: samples, curves, gradients, D's robustness",
    "sample": "write what a run's generator draws, as pictures or an array",
    "export": "write the weights of a run's generator, for anyone to open",
    "score": "score anyone's samples as those of a run are scored",
    "submit": "add records that others made, if nothing speaks against them",
    "reproduce": "run a record's run again, and say whether the same came of it",
    "speed": "measure each method's step against vanilla's, and the loop's own share",
    "judge": "train the frozen judge of a data set",
}
"""Each is a module of ``bench.commands``, imported only when it is called."""


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence, with exit code 2; options are written out."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        """Exits."""
        raise UsageError(f"{message}; see {self.prog} --help")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command.

    Returns:
        0: every run has a result. 1: some failed, or the answer is no. 2: bad usage.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return _dispatch(words)
    except UsageError as error:
        print(f"ganbench: {error}", file=sys.stderr)
        return 2
    except Unwritable as error:
        print(
            f"ganbench: {error}; what is done is kept, and the same command goes on from it",
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        print("ganbench: interrupted; the same command goes on from here", file=sys.stderr)
        return 130


def _dispatch(words: list[str]) -> int:
    top = Parser(prog="ganbench", description=bench.__doc__, add_help=True)
    top.add_argument("--version", action="version", version=f"ganbench {bench.__version__}")
    top.add_argument("command", metavar="COMMAND", help="; ".join(map(": ".join, COMMANDS.items())))
    known = top.parse_args(words[:1])
    if known.command not in COMMANDS:
        raise UsageError(
            f"there is no command {known.command!r}; {nearest(known.command, COMMANDS)}"
        )
    with waiting("loading PyTorch and what else the command needs"):
        command = importlib.import_module(f"bench.commands.{known.command}")
    parser = Parser(prog=f"ganbench {known.command}", description=COMMANDS[known.command])
    command.add_arguments(parser)
    return command.main(parser.parse_args(words[1:]))


if __name__ == "__main__":
    sys.exit(main())
