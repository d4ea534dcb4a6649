"""Reads gin files into bindings that remember where they stand."""

import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from gin import config_parser

from bench.config.catalogue import Catalogue
from bench.config.modules import bring, require_not_ours
from bench.errors import UsageError
from bench.texts import read_text, shown

LONGEST = 120
"""Characters of a line or of a value that a message quotes."""


@dataclass(frozen=True)
class Reference:
    """A value ``@scope/selector`` or ``@scope/selector()``; ``%name`` where it is a macro."""

    scopes: tuple[str, ...]
    selector: str
    evaluated: bool = False
    macro: bool = False

    def __repr__(self) -> str:
        """Gin's own notation."""
        if self.macro:
            return f"%{self.selector}"
        path = "/".join((*self.scopes, self.selector))
        return f"@{path}{'()' if self.evaluated else ''}"


@dataclass(frozen=True)
class Binding:
    """``scope/selector.parameter = value``; a macro's parameter is empty.

    ``where`` is the file and line, or the option, that binds it.
    """

    scope: str
    selector: str
    parameter: str
    value: Any
    where: str

    @property
    def key(self) -> str:
        """The left side, in gin's notation."""
        scoped = f"{self.scope}/{self.selector}" if self.scope else self.selector
        return f"{scoped}.{self.parameter}" if self.parameter else scoped


@dataclass(frozen=True)
class Layer:
    """The bindings of one gin file and of those it includes, and the modules they import.

    Attributes:
        bindings: in their order.
        imports: names of modules.
        files: the gin files that they are from.
    """

    bindings: tuple[Binding, ...]
    imports: tuple[str, ...]
    files: tuple[Path, ...] = ()

    @property
    def text(self) -> str:
        """All of it as one gin file, which includes no other."""
        modules = dict.fromkeys(self.imports)
        return "".join(f"import {module}\n" for module in modules) + "".join(
            f"{binding.key} = {binding.value!r}\n" for binding in self.bindings
        )


class _Delegate(config_parser.ParserDelegate):
    def configurable_reference(self, scoped_configurable_name: str, evaluate: bool) -> Reference:
        *scopes, selector = scoped_configurable_name.split("/")
        return Reference(tuple(scopes), selector, evaluated=evaluate)

    def macro(self, macro_name: str) -> Reference:
        return Reference((), macro_name, evaluated=True, macro=True)


def quoted(text: str) -> str:
    """As much of a text as a message has room for."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def read_file(path: Path, catalogue: Catalogue, including: tuple[Path, ...] = ()) -> Layer:
    """Reads a gin file, the files it includes, and imports the modules it imports.

    Args:
        path: of the file.
        catalogue: in whose trees included files are looked up, after the including file's folder.
        including: files that include this one.

    Raises:
        UsageError: with file and line, for anything gin cannot read or Python cannot import.
    """
    bindings: list[Binding] = []
    imports: list[str] = []
    files = [path]
    name = shown(path)
    for statement in _statements(read_text(path), lambda n: f"{name}:{n}"):
        where = f"{name}:{statement.location.line_num}"
        if isinstance(statement, config_parser.IncludeStatement):
            included = catalogue.included(statement.filename, path, where)
            if included in (*including, path):
                raise UsageError(f"{where}: {statement.filename!r} includes itself")
            nested = read_file(included, catalogue, (*including, path))
            bindings += nested.bindings
            imports += nested.imports
            files += nested.files
        elif isinstance(statement, config_parser.ImportStatement):
            bring(statement.module, catalogue.homes, where)
            if catalogue.is_users(path):
                require_not_ours(statement.module, catalogue.homes, where)
            imports.append(statement.module)
        elif isinstance(statement, config_parser.BindingStatement):
            bindings.append(_binding(statement, where))
    return Layer(tuple(bindings), tuple(imports), tuple(files))


def read_alone(path: Path) -> Layer:
    """The bindings of a gin file itself: nothing is included, and nothing imported.

    Raises:
        UsageError: with file and line, for anything gin cannot read.
    """
    name = shown(path)
    statements = _statements(read_text(path), lambda n: f"{name}:{n}")
    return Layer(
        tuple(
            _binding(statement, f"{name}:{statement.location.line_num}")
            for statement in statements
            if isinstance(statement, config_parser.BindingStatement)
        ),
        (),
    )


def read_option(text: str, option: str) -> Layer:
    """Reads bindings given on the command line.

    Raises:
        UsageError: if it is no binding, or more than that: a file's statement.
    """
    where = f"{option} {text!r}"
    bindings = []
    for statement in _statements(text, lambda line: where):
        if isinstance(statement, config_parser.ImportStatement | config_parser.IncludeStatement):
            kind = "import" if isinstance(statement, config_parser.ImportStatement) else "include"
            raise UsageError(
                f"{where}: an {kind} stands in a gin file alone: write it into one, and give that "
                "by --gin_file"
            )
        if isinstance(statement, config_parser.BindingStatement):
            bindings.append(_binding(statement, where))
    if not bindings:
        raise UsageError(f"{where}: it is not a binding such as Experiment.steps = 1000")
    return Layer(tuple(bindings), ())


def _statements(text: str, place: Callable[[int], str]) -> Iterator[Any]:
    """Gin's own parser on ``text``; ``place`` turns a line's number into words."""
    line = 1
    try:
        for statement in config_parser.ConfigParser(StringIO(text), _Delegate()):
            yield statement
            line = statement.location.line_num + 1
    except SyntaxError as error:
        where = place(error.lineno or 1)
        raise UsageError(f"{where}: gin cannot read this: {_reason(error)}") from error
    except tokenize.TokenError as error:
        message, (line, _) = error.args
        raise UsageError(f"{place(line)}: gin cannot read this: {message}") from error
    except (TypeError, RecursionError, UnicodeError) as error:  # a list as a key, or endless lists
        raise UsageError(
            f"{place(line)}: gin cannot read this, or what follows: {error}"
        ) from error


def _reason(error: SyntaxError) -> str:
    content = quoted((error.text or "").strip())
    message = error.msg.split("  Got ")[0].strip().splitlines()[0].rstrip(".")
    lowered = message[:1].lower() + message[1:]
    return f"{repr(content) + ' ' if content else ''}({lowered}; values are Python literals)"


def _binding(statement: config_parser.BindingStatement, where: str) -> Binding:
    scope, selector, parameter, value, _ = statement
    return Binding(scope, selector, parameter or "", value, where)
