"""Puts the layers of a suite together for each of its cells."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bench.config.catalogue import Catalogue
from bench.config.compose import ROOT_CONFIGURABLE, Composition, Key, key_of
from bench.config.contents import contents
from bench.config.registry import attribute, minimal, not_content, resolve, returns
from bench.config.relatives import control_of, recipe_of
from bench.config.statements import Binding, Layer, Reference, read_file
from bench.config.suite import BoundSuite, is_description
from bench.config.trees import FOLDER
from bench.config.values import expanded, references
from bench.errors import UsageError
from bench.labels import Cell


@dataclass
class Composer:
    """The layers of a suite; each gin file is read once.

    Attributes:
        catalogue: finds them.
        base: what every run starts from.
        suite: what the suite's own file binds for its runs.
        override: what the command line binds for them.
        bound: the suite itself.
    """

    catalogue: Catalogue
    base: Layer
    suite: Layer
    override: Layer
    bound: BoundSuite
    files: dict[tuple[str, str], Layer] = field(default_factory=dict)

    def compose(self, cells: Iterable[Cell]) -> dict[Cell, Composition]:
        """The composition of each cell, once all their files are read and modules imported."""
        cells = list(cells)
        for cell in cells:  # a suite may bind what only one row's file imports
            self.chosen_for(cell)
        layers = {cell: self._layers(cell) for cell in cells}
        return {cell: Composition(layers[cell]) for cell in layers}

    def part(self, cell: Cell, method: bool, setting: bool) -> Composition:
        """The composition of a cell without its method and remedies, or without its setting."""
        return Composition(self._layers(cell, method, setting))

    def up_to(self, cell: Cell, layer: Layer) -> Composition:
        """The composition of a cell's layers from the first to one of them."""
        layers = self._layers(cell)
        return Composition(layers[: layers.index(layer) + 1])

    def architecture(self) -> Composition:
        """What the suite's networks are by their own file."""
        return self.alone("architectures", self.bound.suite.architecture, "architecture")

    def alone(self, kind: str, name: str, parameter: str) -> Composition:
        """What a gin file composes with nothing but the base."""
        return Composition([self.base, self._named(kind, name, parameter)])

    def chosen_for(self, cell: Cell) -> list[Layer]:
        """The layers that were chosen for this cell, so that each of their bindings must count."""
        method, setting = cell
        return [
            for_runs(self._method(method)),
            *self._remedies(method).values(),
            self._named("settings", setting, "settings"),
        ]

    def control_of(self, method: str) -> str | None:
        """The method whose control this one is."""
        named = control_of(self._method(method), self.catalogue)
        if named is not None:
            self._method(named)  # it belongs to the suite's files, be it a row or not
        return named

    def _recipe_of(self, method: str) -> str | None:
        """The method whose recipe this one is."""
        named = recipe_of(self._method(method), self.catalogue)
        if named is not None:
            self._method(named)
        return named

    def users_files(self) -> dict[str, bytes]:
        """The gin files of a user's own that were read for a suite, by their paths beside it."""
        found = {}
        for path in (path for layer in self.files.values() for path in layer.files):
            tree = self.catalogue.tree(path)
            if tree is not None and tree.users:
                found[f"{FOLDER}/{path.relative_to(tree.folder).as_posix()}"] = path.read_bytes()
        return found

    def remedies_in(self, composition: Composition, method: str) -> tuple[str, ...]:
        """The remedies of which at least one binding was not overridden."""
        return tuple(
            name
            for name, layer in self._remedies(method).items()
            if any(map(composition.keeps, layer.bindings))
        )

    def require_own_method(self, cell: Cell) -> None:
        """Sees to it that a row is the method whose name it has.

        What a method is made of, the references in its own gin file, no later layer may bind;
        its numbers, and what schedules they follow, may be bound anywhere.

        Raises:
            UsageError: names the binding that would put another in its place.
        """
        method, *chosen = self.chosen_for(cell)
        own = {key_of(binding): binding for binding in method.bindings}
        root = resolve(ROOT_CONFIGURABLE, ROOT_CONFIGURABLE)
        made_of = {k for k, one in own.items() if k[1] != root and any(_parts(one.value))}
        before = self._layers(cell, method=False, setting=False)[:3]
        later = [*chosen, self.override]
        (later if self._recipe_of(cell[0]) is None else before).append(self.suite)
        for layer in before + later:
            for binding in layer.bindings:
                key = key_of(binding)
                if key[1:] == (root, "method"):
                    raise UsageError(
                        f"{binding.where}: {binding.key} is bound by a method's own gin file "
                        f"alone, or the row called {cell[0]} would be another method; put this "
                        "into a gin file under methods and name it in Suite.methods"
                    )
                if key in made_of and layer in later:
                    raise UsageError(
                        f"{binding.where}: {binding.key} is what the method {cell[0]} is made "
                        f"of, by {own[key].where}; put another into a gin file of its own under "
                        "methods and name it in Suite.methods"
                    )

    def effective_overrides(self, cells: Sequence[Cell]) -> tuple[str, ...]:
        """The bindings from the command line that change what the suite says, each key once."""
        if not self.override.bindings:
            return ()
        macros = {one.selector: one for one in self.override.bindings if not one.parameter}
        last = {
            key_of(one): replace(one, value=expanded(one, macros)) for one in self.override.bindings
        }
        kept = {
            key: binding
            for key, binding in last.items()
            if not binding.parameter or binding.parameter not in not_content(key[1])
        }
        whole = {cell: contents(Composition(self._layers(cell))) for cell in cells}
        for key in list(kept):
            without = {other: binding for other, binding in kept.items() if other != key}
            if all(self._overridden(cell, without.values()) == whole[cell] for cell in cells):
                kept = without
        return tuple(sorted(f"{_short(key)} = {one.value!r}" for key, one in kept.items()))

    def _overridden(self, cell: Cell, bindings: Iterable[Binding]) -> dict[str, str]:
        layers = self._layers(cell)
        layers[-1] = Layer(tuple(bindings), self.override.imports)
        return contents(Composition(layers))

    def _layers(self, cell: Cell, method: bool = True, setting: bool = True) -> list[Layer]:
        own, *remedies, chosen = self.chosen_for(cell)
        suite = self.bound.suite
        below = [
            self.base,
            self._named("datasets", suite.dataset, "dataset"),
            self._named("architectures", suite.architecture, "architecture"),
        ]
        if not method:
            below.append(self.suite)
        elif self._recipe_of(cell[0]) is None:
            below += [own, self.suite]
        else:
            below += [_without(own, self.suite), own]
        return [
            *below,
            *(remedies if method else []),
            *([chosen] if setting else []),
            self.override,
        ]

    def _method(self, name: str) -> Layer:
        return self._named("methods", name, "methods")

    def _remedies(self, method: str) -> dict[str, Layer]:
        known = self.bound.remedies
        names = known.get(method, known.get(self._recipe_of(method) or method, []))
        return {name: self._named("settings", name, "remedies") for name in names}

    def _named(self, kind: str, name: str, parameter: str) -> Layer:
        if (kind, name) not in self.files:
            path = self.catalogue.find(kind, name, self.bound.where(parameter))
            self.files[kind, name] = read_file(path, self.catalogue)
        return self.files[kind, name]


def for_runs(layer: Layer) -> Layer:
    """The layer without what it only describes."""
    return Layer(tuple(b for b in layer.bindings if not is_description(b)), layer.imports)


def _parts(value: Any) -> Iterator[Reference]:
    """The references in a value but those to numbers, which schedules are."""
    for reference in references(value):
        if reference.macro or not returns(resolve(reference.selector, reference.selector), float):
            yield reference


def _without(recipe: Layer, suite: Layer) -> Layer:
    """A suite's layer without what a recipe has of its own.

    That is all of what its file binds anything of, such as an optimizer, and what moves
    optimizers from outside: a factor of learning rates, a bound on gradients.
    """
    root = resolve(ROOT_CONFIGURABLE, ROOT_CONFIGURABLE)
    own = {key_of(binding)[1] for binding in recipe.bindings if binding.parameter} - {root}

    def counts(binding: Binding) -> bool:
        _, selector, parameter = key_of(binding)
        moves = selector == root and parameter in attribute(root, "SCHEDULED")
        return not parameter or not (moves or selector in own)

    return replace(suite, bindings=tuple(filter(counts, suite.bindings)))


def _short(key: Key) -> str:
    """The left side of a binding with as much of its selector as tells it from others."""
    scope, selector, parameter = key
    name = minimal(selector) if parameter else selector
    scoped = f"{scope}/{name}" if scope else name
    return f"{scoped}.{parameter}" if parameter else scoped
