"""From a suite's name and the command line's bindings to the list of its runs."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.config.compose import ROOT_CONFIGURABLE, Composition
from bench.config.filenames import require_file_names
from bench.config.names import base, existing, find, find_suite
from bench.config.run import Run
from bench.config.statements import Binding, Layer, read_file, read_option
from bench.config.suite import BoundSuite, control_of, is_description, read_suite
from bench.errors import UsageError
from bench.texts import shown

Cell = tuple[str, str]
"""A method and a setting."""


@dataclass(frozen=True)
class Plan:
    """A suite's runs, and the composition behind each config for messages about it."""

    name: str
    runs: tuple[Run, ...]
    compositions: dict[str, Composition]  # by the digest of a run's config


def make_plan(
    suite: str,
    gin_files: Sequence[str] = (),
    gin_bindings: Sequence[str] = (),
    seeds: int | None = None,
    extra: Sequence[Layer] = (),
) -> Plan:
    """Composes and checks the config of every run of a suite.

    Layers, each overriding those before: base, dataset, architecture, method, suite, remedies,
    setting, ``gin_files``, ``gin_bindings``, ``extra``.

    Args:
        suite: a name under gin/suites, or the path of a gin file.
        gin_files: gin files that override.
        gin_bindings: bindings that override, such as "Experiment.steps = 1000".
        seeds: in place of the suite's number of seeds.
        extra: bindings that override, already read: those of a search's trial.

    Raises:
        UsageError: for the first name, binding or value that is wrong.
    """
    path = find_suite(suite)
    base_layer = read_file(base())
    published = read_file(path)
    override = _join(
        *(read_file(existing(Path(file), "--gin_file")) for file in gin_files),
        *(read_option(text, "--gin_bindings") for text in gin_bindings),
        *([] if seeds is None else [read_option(f"Suite.seeds = {seeds}", "--seeds")]),
        *extra,
    )
    original = read_suite(path, [_macros(override), published])
    chosen = read_suite(path, [published, override])
    bound = chosen.suite
    require_file_names(shown(path), path.stem, bound.methods, bound.settings, bound.seed_list)
    composer = _Composer(base_layer, _for_runs(published), _for_runs(override), chosen)

    # Choosing fewer methods or settings must not make the suite's own bindings errors, so the
    # cells of the suite as published count as users of its bindings too.
    own = composer.compose(cell for bound in (original, chosen) for cell in _cells(bound))
    compositions = {cell: own[cell] for cell in _cells(chosen)}
    described = original.description.macros | chosen.description.macros
    _require_effect(_for_runs(published), own.values(), described)
    _require_effect(_for_runs(override), compositions.values(), chosen.description.macros)
    overrides = [b for b in _for_runs(override).bindings if _in_effect(b, compositions.values())]
    for cell, composition in compositions.items():
        for parameter in composition.missing():
            raise UsageError(f"{shown(path)}: a suite must bind {ROOT_CONFIGURABLE}.{parameter}")
        for layer in composer.chosen_for(cell):
            _require_effect(layer, [composition])

    runs = [
        Run(
            suite=path.stem,
            dataset=chosen.suite.dataset,
            architecture=chosen.suite.architecture,
            method=method,
            setting=setting,
            seed=seed,
            remedies=composer.remedies_in(composition, method),
            overrides=tuple(f"{b.key} = {b.value!r}" for b in overrides),
            config=composition.text,
            control_of=composer.control_of(method),
        )
        for (method, setting), composition in compositions.items()
        for seed in chosen.suite.seed_list
    ]
    by_text = {composition.text: composition for composition in compositions.values()}
    return Plan(path.stem, tuple(runs), {run.digest: by_text[run.config] for run in runs})


@dataclass
class _Composer:
    """Puts the layers of a suite together for each of its cells; reads each gin file once."""

    base: Layer
    suite: Layer
    override: Layer
    bound: BoundSuite
    files: dict[tuple[str, str], Layer] = field(default_factory=dict)

    def compose(self, cells: Iterable[Cell]) -> dict[Cell, Composition]:
        """The composition of each cell, once all their files are read and modules imported."""
        layers = {cell: self._layers(cell) for cell in cells}
        return {cell: Composition(layers[cell]) for cell in layers}

    def chosen_for(self, cell: Cell) -> list[Layer]:
        """The layers that were chosen for this cell, so that each of their bindings must count."""
        method, setting = cell
        return [
            _for_runs(self._method(method)),
            *self._remedies(method).values(),
            self._named("settings", setting, "settings"),
        ]

    def control_of(self, method: str) -> str | None:
        """The method whose control this one is."""
        return control_of(self._method(method))

    def remedies_in(self, composition: Composition, method: str) -> tuple[str, ...]:
        """The remedies of which at least one binding was not overridden."""
        return tuple(
            name
            for name, layer in self._remedies(method).items()
            if any(map(composition.keeps, layer.bindings))
        )

    def _layers(self, cell: Cell) -> list[Layer]:
        method, *later = self.chosen_for(cell)
        suite = self.bound.suite
        return [
            self.base,
            self._named("datasets", suite.dataset, "dataset"),
            self._named("architectures", suite.architecture, "architecture"),
            method,
            self.suite,
            *later,
            self.override,
        ]

    def _method(self, name: str) -> Layer:
        return self._named("methods", name, "methods")

    def _remedies(self, method: str) -> dict[str, Layer]:
        names = self.bound.suite.remedies.get(method, [])
        return {name: self._named("settings", name, "remedies") for name in names}

    def _named(self, kind: str, name: str, parameter: str) -> Layer:
        if (kind, name) not in self.files:
            self.files[kind, name] = read_file(find(kind, name, self.bound.where(parameter)))
        return self.files[kind, name]


def _cells(bound: BoundSuite) -> list[Cell]:
    return [(method, setting) for method in bound.suite.methods for setting in bound.suite.settings]


def _join(*layers: Layer) -> Layer:
    return Layer(
        tuple(binding for layer in layers for binding in layer.bindings),
        tuple(module for layer in layers for module in layer.imports),
    )


def _macros(layer: Layer) -> Layer:
    """The layer's macros alone."""
    return Layer(tuple(b for b in layer.bindings if not b.parameter), ())


def _for_runs(layer: Layer) -> Layer:
    """The layer without what it only describes."""
    return Layer(tuple(b for b in layer.bindings if not is_description(b)), layer.imports)


def _require_effect(
    layer: Layer, compositions: Collection[Composition], described: Collection[str] = ()
) -> None:
    """Refuses a binding that takes effect in none of the compositions.

    Args:
        layer: of the binding.
        compositions: of the runs that it is for.
        described: macros of which the suite itself makes use.

    Raises:
        UsageError: a misspelt scope or macro, or nothing refers to what is bound.
    """
    for binding in layer.bindings:
        spoken_for = not binding.parameter and binding.selector in described
        if not spoken_for and not _in_effect(binding, compositions):
            next(iter(compositions)).refuse(binding)


def _in_effect(binding: Binding, compositions: Iterable[Composition]) -> bool:
    return any(composition.uses(binding) for composition in compositions)
