"""Writes the files of a new plug-in: templates, with its name in place of theirs."""

import re
import sys
from importlib.util import find_spec
from keyword import iskeyword
from pathlib import Path

from bench.config.catalogue import Catalogue
from bench.config.filenames import require_length
from bench.config.groups import Group
from bench.config.registry import is_registered
from bench.config.relatives import Control, Recipe
from bench.config.statements import read_file
from bench.config.suite import Suite
from bench.config.trees import FOLDER, KINDS, PLUGINS, base
from bench.errors import UsageError
from bench.search.space import Search
from bench.texts import read_text, shown
from bench.writable import require_no_file, require_writable

TEMPLATES = Path(__file__).parent / "templates"
PLACEHOLDER = "placeholder"
"""What a template has for the name of a plug-in; with a capital for that of its class."""

DESCRIBED = frozenset(one.__name__ for one in (Control, Group, Recipe, Search, Suite))
"""What gin files bind that no run is made of."""


def write(kind: str, name: str, folder: Path, catalogue: Catalogue) -> list[Path]:
    """Writes NAME.py, its gin file in the tree of a folder, and test_NAME.py.

    Args:
        kind: one of ``PLUGINS``.
        name: of the plug-in, its module and, in another case, its class.
        folder: in which they are written; it need not be there.
        catalogue: of the names that are taken.

    Returns:
        The files, none of which was there.

    Raises:
        UsageError: the name cannot be used, a file is there already, or none can be written.
    """
    require_name(name, catalogue)
    files = {
        folder / f"{name}.py": f"{PLACEHOLDER}.py",
        folder / FOLDER / PLUGINS[kind] / f"{name}.gin": f"{PLACEHOLDER}.gin",
        folder / f"test_{name}.py": f"test_{PLACEHOLDER}.py",
    }
    for path in (*files, folder / name):  # a package of that name would hide the module
        if path.exists():
            raise UsageError(f"{shown(path)} is there already: choose another name, or --out")
    for path in files:
        require_no_file("--out", path.parent)
        require_writable("--out", path.parent)
    require_importable(name)
    for path, template in files.items():
        text = read_text(TEMPLATES / kind / template)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(renamed(text, name))
    return list(files)


def renamed(text: str, name: str) -> str:
    """A template's text for a plug-in of this name."""
    text = text.replace(PLACEHOLDER, name)
    return text.replace(PLACEHOLDER.capitalize(), class_name(name))


def class_name(name: str) -> str:
    """``my_method`` as a class is called, ``MyMethod``."""
    return "".join(word[:1].upper() + word[1:] for word in name.split("_"))


def require_name(name: str, catalogue: Catalogue) -> None:
    """Checks that a plug-in can be called so, whatever its kind.

    Raises:
        UsageError: says what is wrong, and what would be right.
    """
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name) or iskeyword(name):
        raise UsageError(
            f"NAME: {name!r} is not the name of a Python module: use small letters, digits and "
            "single underscores, begin with a letter, and use no keyword, such as my_plugin"
        )
    require_length("NAME", f"test_{name}.py", {"name": name})
    for tree in PLUGINS.values():
        path = dict(catalogue.files(tree)).get(name)
        if path is not None:
            raise UsageError(
                f"NAME: {name!r} is the {KINDS[tree]} of {shown(path)}: choose another name"
            )
    read_file(base(), catalogue)  # registers what every run is made of
    if class_name(name) in DESCRIBED or is_registered(class_name(name)):
        raise UsageError(
            f"NAME: the class of {name!r} would be {class_name(name)}, and gin files mean another "
            "by that: choose another name"
        )


def require_importable(name: str) -> None:
    """Checks that a module of this name hides no other, and is hidden by none.

    Raises:
        UsageError: there is a module of that name.
    """
    if name in sys.stdlib_module_names or find_spec(name) is not None:
        raise UsageError(
            f"NAME: there is a Python module {name!r} already, and an import of one would find "
            "the other: choose another name"
        )
