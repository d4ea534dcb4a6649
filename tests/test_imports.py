"""Imports run one way: ganbench to bench, bench to methods.base and architectures."""

import ast
import subprocess
import sys
from importlib.util import resolve_name
from pathlib import Path

import gin
import pytest

REPOSITORY = Path(__file__).parents[1]
OURS = ("architectures", "bench", "ganbench", "methods")


def modules(source: str, package: str) -> set[str]:
    """The dotted names a file imports; of ``from a import b`` both a and a.b."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = resolve_name("." * node.level + (node.module or ""), package)
            found |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(
            ("import_module", "__import__")
        ):
            found |= {arg.value for arg in node.args if isinstance(arg, ast.Constant)}
    return found


def imports_of(folder: str) -> set[tuple[str, str]]:
    """Every file, with each module of ours that it imports."""
    found = set()
    for path in (REPOSITORY / folder).rglob("*.py"):
        relative = path.relative_to(REPOSITORY)
        if "templates" in relative.parts:  # they are text here, and modules in a user's folder
            continue
        package = ".".join(relative.parent.parts)
        for name in modules(path.read_text(encoding="utf-8"), package):
            if name.split(".")[0] in OURS:
                found.add((str(relative), name))
    assert found
    return found


def room(place: str) -> str:
    """The part of bench that a file, or a module's name, is in."""
    return place.replace("/", ".").removesuffix(".py").split(".")[1]


def inside(name: str, package: str) -> bool:
    return f"{name}.".startswith(f"{package}.")


FLOORS = (
    (
        "errors",
        "missing",
        "texts",
        "wording",
        "writable",
        "files",
        "streams",
        "threads",
        "download",
        "waiting",
    ),
    ("identity",),
    ("labels",),
    ("statistics",),
    ("config",),
    ("runs",),
    ("data",),
    ("scores",),
    ("theory",),
    ("callbacks",),
    ("training",),
    ("engines",),
    ("results",),
    ("search",),
    ("report",),
    ("figures",),
    ("gate",),
    ("reproduction",),
    ("submission",),
    ("speed",),
    ("conformance",),
    ("scaffold",),
    ("commands",),
    ("cli",),
)
"""The rooms of bench from the ground up; those of one floor may know each other."""

LEVEL = {room: level for level, rooms in enumerate(FLOORS) for room in rooms}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import bench.data as d", {"bench.data"}),
        ("from methods import wgan_gp", {"methods", "methods.wgan_gp"}),
        ("def f():\n  from . import x", {"package", "package.x"}),
        ("from .x import y", {"package.x", "package.x.y"}),
        ("importlib.import_module('bench.cli')", {"bench.cli"}),
    ],
)
def test_every_form_of_import_is_seen(source: str, found: set[str]) -> None:
    assert modules(source, "package") == found


@pytest.mark.parametrize("folder", ["methods", "architectures"])
def test_methods_and_architectures_import_nothing_of_ours_but_themselves(folder: str) -> None:
    strangers = [(file, name) for file, name in imports_of(folder) if not inside(name, folder)]
    assert strangers == []


def test_the_machinery_knows_no_method_by_name() -> None:
    interface = ("methods.base", "methods.combine")
    strangers = [
        (file, name)
        for file, name in imports_of("bench")
        if inside(name, "methods") and name != "methods"
        if not any(inside(name, module) for module in interface)
    ]
    assert strangers == []


def test_the_machinery_knows_of_the_api_only_what_pins_its_names() -> None:
    found = {name for _, name in imports_of("bench") if inside(name, "ganbench")}
    assert {name for name in found if not inside(name, "ganbench.pinned")} == set()


def test_what_pins_the_names_needs_none_of_them() -> None:
    found = {name for file, name in imports_of("ganbench") if file == "ganbench/pinned.py"}
    assert found == set()


def test_no_import_runs_up() -> None:
    upward = [
        (file, name)
        for file, name in imports_of("bench")
        if inside(name, "bench") and name.count(".") and LEVEL[room(name)] > LEVEL[room(file)]
    ]
    assert upward == []


def test_every_room_has_a_floor() -> None:
    rooms = {path.stem for path in (REPOSITORY / "bench").glob("*.py")} - {"__init__"}
    rooms |= {path.parent.name for path in (REPOSITORY / "bench").glob("*/__init__.py")}
    assert LEVEL.keys() == rooms


def test_only_commands_know_of_a_command_line() -> None:
    readers = {
        path.relative_to(REPOSITORY / "bench").parts[0]
        for path in (REPOSITORY / "bench").rglob("*.py")
        if "argparse" in modules(path.read_text(encoding="utf-8"), "bench")
    }
    assert readers == {"cli.py", "commands"}


def test_gin_files_hold_no_python() -> None:
    files = [path for path in (REPOSITORY / "gin").rglob("*") if path.is_file()]
    assert files
    assert {path.suffix for path in files} == {".gin"}


def test_our_folder_named_gin_does_not_hide_the_package() -> None:
    assert callable(gin.parse_config)
    program = "import gin; print(gin.__file__); gin.parse_config"
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    file = Path(run.stdout.strip())
    assert file == Path(gin.__file__)
    assert REPOSITORY / "gin" not in file.parents
