"""``ganbench new``: the files of a plug-in of one's own, which work as they are."""

import argparse
import shlex
from pathlib import Path

from bench.config.catalogue import Catalogue
from bench.config.trees import PLUGINS
from bench.errors import UsageError, nearest
from bench.scaffold.write import write
from bench.texts import shown

TRIED = {
    "method": "--methods vanilla,{name}",
    "architecture": "--gin_bindings 'Suite.architecture = \"{name}\"'",
    "dataset": "--gin_bindings 'Suite.dataset = \"{name}\"'",
    "score": "--gin_file gin/judges/{name}.gin",
}
"""How a suite of ganbench's own is run with a plug-in of each kind."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the kind, the name and the folder."""
    parser.add_argument("kind", metavar="|".join(PLUGINS), help="what to begin")
    parser.add_argument(
        "name", metavar="NAME", help="what suites call it, and its module: small letters and _"
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path(),
        metavar="DIR",
        help="folder that they are written to (default: here)",
    )


def main(options: argparse.Namespace) -> int:
    """Writes the files, and says what to do next."""
    if options.kind not in PLUGINS:
        raise UsageError(f"there is no new {options.kind!r}; {nearest(options.kind, PLUGINS)}")
    catalogue = Catalogue.of(str(options.out / "suite.gin"))  # as a suite there would see it
    files = write(options.kind, options.name, options.out, catalogue)
    place = "" if options.out.resolve() == Path.cwd() else f" in {options.out}"
    print(f"written: {', '.join(shown(path.resolve()) for path in files)}; next{place}:")
    for step in steps(options.kind, options.name):
        print(f"  {step}")
    return 0


def steps(kind: str, name: str) -> list[str]:
    """The commands with which to go on, in the folder of the files."""
    return [
        f"ganbench conform {name}",
        f"pytest {shlex.quote(f'test_{name}.py')}",
        f"ganbench run quick {TRIED[kind].format(name=name)}",
    ]
