"""What there is to choose from: the names in all trees of gin files that a command sees."""

import filecmp
import os
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

from bench.config.trees import BASE, FOLDER, KINDS, Tree, installed, own
from bench.errors import UsageError, nearest
from bench.texts import read_text, shown


@dataclass(frozen=True)
class Catalogue:
    """The gin files of some trees by kind and name.

    A file that lies in two trees with the same content, such as ganbench's own in a checkout
    beside the one installed, is one.

    Attributes:
        trees: each folder once.
        faults: a sentence on each folder, or installed package, whose gin files are not offered.
        homes: the folders in which a user's own Python modules are.
    """

    trees: tuple[Tree, ...]
    faults: tuple[str, ...] = ()
    homes: tuple[str, ...] = ()

    @classmethod
    def of(cls, suite: str | None = None) -> Self:
        """All that a command sees: ganbench's tree, installed packages', and the user's own.

        A user's trees are the folder ``gin`` beside the suite's file, or around it, and that in
        the working directory. Python modules are found beside either, and beside the suite.

        Args:
            suite: a name, or the path of a gin file, which need not exist.
        """
        packages, faults = installed()
        here = Path.cwd()
        homes = [_home(here / suite)] if suite is not None and is_path(suite) else []
        homes += [here] if here not in homes and (here / FOLDER).is_dir() else []
        theirs, foreign = _users(homes)
        once: dict[Path, Tree] = {}
        for tree in (own(), *packages, *theirs):
            once.setdefault(tree.folder, tree)
        return cls(tuple(once.values()), (*faults, *foreign), tuple(map(str, homes)))

    @cached_property
    def _files(self) -> dict[str, dict[str, list[Path]]]:
        """By kind and name, the files that differ."""
        found: dict[str, dict[str, list[Path]]] = {kind: defaultdict(list) for kind in KINDS}
        for tree in self.trees:
            for kind in KINDS:
                for path in sorted((tree.folder / kind).glob("*.gin")):
                    _add(found[kind][path.stem], path)
        return {kind: dict(sorted(names.items())) for kind, names in found.items()}

    def available(self, kind: str) -> dict[str, Path]:
        """Every name of one of ``KINDS`` that stands for one gin file, sorted by name."""
        return {name: one for name, (one, *more) in self._files[kind].items() if not more}

    def clashes(self, kind: str) -> list[str]:
        """A sentence on each name that several gin files have."""
        return [
            _clash(f"{KINDS[kind]}s", name, paths)
            for name, paths in self._files[kind].items()
            if len(paths) > 1
        ]

    def files(self, kind: str) -> list[tuple[str, Path]]:
        """Every gin file with its name, sorted by name; several may have the same."""
        return [(name, path) for name, paths in self._files[kind].items() for path in paths]

    def find(self, kind: str, name: str, where: str) -> Path:
        """The gin file of ``name``.

        Args:
            kind: one of ``KINDS``.
            name: without a folder, and without the ending.
            where: the file and line, or the option, that asked for it.

        Raises:
            UsageError: there is none, and it gives the nearest name; or there are several.
        """
        paths = self._files[kind].get(name, [])
        if len(paths) > 1:
            raise UsageError(f"{where}: {_clash(f'{KINDS[kind]}s', name, paths)}")
        if not paths:
            none = f"no {KINDS[kind]} named {name!r}; {nearest(name, self._files[kind])}"
            raise UsageError(f"{where}: {'; '.join([none, *self.faults])}")
        return paths[0]

    def named(self, kind: str, word: str, where: str) -> Path:
        """The gin file that a command's word names, or is the path of.

        Raises:
            UsageError: there is none.
        """
        return existing(Path(word), where) if is_path(word) else self.find(kind, word, where)

    def suite(self, suite: str) -> Path:
        """The gin file of a suite, given by name or as a path.

        Raises:
            UsageError: if there is none.
        """
        return self.named("suites", suite, "SUITE")

    def included(self, name: str, including: Path, where: str) -> Path:
        """The gin file that another includes: beside it, or in a tree, such as methods/as_gan.gin.

        Raises:
            UsageError: there is none, or several trees have one.
        """
        for folders in ([including.parent], [tree.folder for tree in self.trees]):
            found: list[Path] = []
            for folder in folders:
                with suppress(OSError):  # of a name that no file can have
                    if (folder / name).is_file():
                        _add(found, (folder / name).resolve())
            if len(found) > 1:
                raise UsageError(f"{where}: {_clash('files', name, found)}")
            if found:
                return found[0]
        raise UsageError(
            f"{where}: there is no file {name!r} to include beside {including.name} or in "
            f"{', '.join(str(tree.folder) for tree in self.trees)}"
        )

    def tree(self, path: Path) -> Tree | None:
        """The tree that a gin file is in, if any."""
        return next((tree for tree in self.trees if tree.holds(path)), None)

    def is_users(self, path: Path) -> bool:
        """Whether a gin file is a user's own, be it in a tree or not."""
        tree = self.tree(path)
        return tree is None or tree.users


def is_path(word: str) -> bool:
    """Whether a command's word is a gin file's path, and not a name."""
    return word.endswith(".gin") or "/" in word


def existing(path: Path, where: str) -> Path:
    """The absolute path of a gin file that the user named.

    Raises:
        UsageError: if there is no such file.
    """
    try:
        path.stat()
    except (OSError, ValueError) as error:  # the latter of a path that no file can have
        raise UsageError(f"{where}: there is no file {str(path)!r}") from error
    if path.is_dir():
        raise UsageError(f"{where}: {str(path)!r} is a folder: name a gin file in it")
    return path.resolve()


def description(path: Path) -> str:
    """The first comment line of a gin file."""
    for line in read_text(path).splitlines():
        if line.startswith("#"):
            return line.lstrip("# ").strip()
    return ""


def _users(homes: Iterable[Path]) -> tuple[list[Tree], list[str]]:
    """The trees in some folders, and a sentence on each that is another ganbench's."""
    trees, faults = [], []
    for folder in (home / FOLDER for home in homes):
        if not os.path.isdir(folder):  # which no name makes raise
            continue
        tree = Tree(folder.resolve(), f"{shown(folder)}/", users=True)
        if (folder / BASE).exists() and tree.folder != own().folder:
            faults.append(
                f"{tree.origin} is not read: it is of another ganbench than the one that runs, "
                f"which has {own().folder}"
            )
        else:
            trees.append(tree)
    return trees, faults


def _home(suite: Path) -> Path:
    """The folder that a suite's own tree is in, and its own modules."""
    folder = Path(os.path.normpath(suite)).parent
    inside = (folder.parent.name, folder.name) == (FOLDER, "suites")
    return folder.parents[1] if inside else folder


def _add(paths: list[Path], path: Path) -> None:
    """Adds a file whose content is not there yet."""
    if not any(filecmp.cmp(path, other, shallow=False) for other in paths):
        paths.append(path)


def _clash(kind: str, name: str, paths: Iterable[Path]) -> str:
    places = " and ".join(shown(path) for path in paths)
    return f"several {kind} are named {name!r}: {places}; rename one, or take it away"
