"""From a suite's name and the command line's bindings to the list of its runs."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.config.called import called
from bench.config.catalogue import Catalogue, existing
from bench.config.choice import AS_IT_IS, Choice
from bench.config.compose import ROOT_CONFIGURABLE, Composition
from bench.config.composer import Composer, for_runs
from bench.config.filenames import require_file_names
from bench.config.groups import Methods
from bench.config.identified import Identified
from bench.config.run import Run
from bench.config.statements import Binding, Layer, read_file, read_option
from bench.config.suite import BoundSuite, read_suite
from bench.config.trees import base, own
from bench.errors import UsageError
from bench.identity import Identity
from bench.labels import Cell
from bench.texts import shown


@dataclass(frozen=True)
class Plan:
    """A suite's runs, and the composition behind each config for messages about it.

    Attributes:
        name: of the suite.
        runs: all of them.
        compositions: by the digest of a run's config.
        suite_file: the suite as one gin file, where it is not one of ganbench's own.
        identify: what any cell would be in this suite; None where it cannot be.
        catalogue: in which its names were looked up.
        users_files: what of it is in gin files of the user's own, but the suite itself.
    """

    name: str
    runs: tuple[Run, ...]
    compositions: dict[str, Composition] = field(repr=False)
    suite_file: str | None = field(repr=False)
    identify: Callable[[Cell], Identity | None] = field(repr=False)
    catalogue: Catalogue = field(repr=False)
    users_files: Callable[[], Mapping[str, bytes]] = field(repr=False)

    def wanted(self, others: Iterable[Cell]) -> dict[Cell, Identity | None]:
        """What each of the suite's cells is, and others of its page; None where it has no such."""
        own = {run.cell: run.known for run in self.runs}
        return {cell: self.identify(cell) for cell in {*others} - own.keys()} | own

    @property
    def board(self) -> str:
        """The folder of its page, and of its runs under the runs folder."""
        return self.runs[0].board


def make_plan(
    suite: str,
    gin_files: Sequence[str] = (),
    gin_bindings: Sequence[str] = (),
    choice: Choice = AS_IT_IS,
    extra: Sequence[Layer] = (),
    scored: Mapping[str, Any] | None = None,
    catalogue: Catalogue | None = None,
) -> Plan:
    """Composes and checks the config of every run of a suite.

    Layers, each overriding those before: base, dataset, architecture, method, suite, recipe,
    remedies, setting, ``gin_files``, ``gin_bindings``, ``choice``, ``extra``. A row has a method or
    a recipe.

    Args:
        suite: a name (see ``ganbench list suites``), or the path of a gin file.
        gin_files: gin files that override.
        gin_bindings: bindings that override, such as "Experiment.steps = 1000".
        choice: of rows, seeds and steps, in place of the suite's.
        extra: bindings that override, already read: those of a search's trial.
        scored: a protocol, to be taken for that of the runs; without one it is looked up what
            their data and judge are, and runs whose data are not here have no identity.
        catalogue: in which names are looked up; None for all that this suite sees from here.

    Raises:
        UsageError: for the first name, binding or value that is wrong.
    """
    catalogue = catalogue or Catalogue.of(suite)
    path = catalogue.suite(suite)
    base_layer = read_file(base(), catalogue)
    published = read_file(path, catalogue)
    override = _join(
        *(read_file(existing(Path(file), "--gin_file"), catalogue) for file in gin_files),
        *(read_option(text, "--gin_bindings") for text in gin_bindings),
        choice.layer(),
        *extra,
    )
    known = Methods(catalogue)
    original = read_suite(path, [_macros(override), published], known)
    chosen = read_suite(path, [published, override], known)
    settings, seeds_chosen = chosen.suite.settings, chosen.suite.seed_list
    require_file_names(shown(path), path.stem, chosen.methods, settings, seeds_chosen)
    composer = Composer(catalogue, base_layer, for_runs(published), for_runs(override), chosen)
    alone = Composer(catalogue, base_layer, for_runs(published), Layer((), ()), original)

    # Choosing fewer methods or settings, or overriding what a macro was for, must not make the
    # suite's own bindings errors, so the suite as published counts as a user of them too.
    users = _alone(alone, original) if override.bindings else []
    both = composer.compose([*_cells(original), *_cells(chosen)])
    users += both.values()
    compositions = {cell: both[cell] for cell in _cells(chosen)}
    for cell in compositions:
        composer.require_own_method(cell)
    described = original.description.macros | chosen.description.macros
    _require_effect(for_runs(published), users, described)
    _require_effect(for_runs(override), both.values(), chosen.description.macros)
    for cell, composition in compositions.items():
        for parameter in composition.missing():
            raise UsageError(f"{shown(path)}: a suite must bind {ROOT_CONFIGURABLE}.{parameter}")
        method, *others = composer.chosen_for(cell)
        if not all(_in_effect(binding, [composition]) for binding in method.bindings):
            _require_effect(method, [composition, *_up_to(composer, cell, method)])
        for layer in others:
            _require_effect(layer, [composition])

    identified = Identified(composer, scored)
    identities = {cell: identified.identity(cell) for cell in compositions}
    _require_different_settings(chosen, identities)
    overrides = (
        *_parts_exchanged(original, chosen),
        *composer.effective_overrides([*both]),
    )
    names = {cell: called(composer, compositions[cell]) for cell in compositions}
    runs = [
        Run(
            suite=path.stem,
            dataset=names[method, setting].dataset,
            architecture=names[method, setting].architecture,
            method=method,
            setting=setting,
            seed=seed,
            remedies=composer.remedies_in(composition, method),
            overrides=overrides,
            config=composition.text,
            identity=identities[method, setting],
            control_of=composer.control_of(method),
            homes=catalogue.homes,
        )
        for (method, setting), composition in compositions.items()
        for seed in seeds_chosen
    ]
    by_text = {composition.text: composition for composition in compositions.values()}
    by_digest = {run.digest: by_text[run.config] for run in runs}
    text = None if own().holds(path) else published.text + _methods(original)

    def identify(cell: Cell) -> Identity | None:
        try:
            found = identified.identity(cell)
        except UsageError:
            return None
        return found if isinstance(found, Identity) else None

    return Plan(path.stem, tuple(runs), by_digest, text, identify, catalogue, composer.users_files)


def _alone(composer: Composer, bound: BoundSuite) -> list[Composition]:
    """The suite without what overrides it; none where it cannot be without, for a macro, say."""
    try:
        return [*composer.compose(_cells(bound)).values()]
    except UsageError:
        return []


def _up_to(composer: Composer, cell: Cell, layer: Layer) -> list[Composition]:
    """The cell without what overrides a method: its schedule, say, that a number stands in for.

    None where it cannot be without.
    """
    try:
        return [composer.up_to(cell, layer)]
    except UsageError:
        return []


def _methods(bound: BoundSuite) -> str:
    """The methods that groups stand for here, as a binding; elsewhere there may be others."""
    named = bound.suite.methods
    return "" if list(named) == bound.methods else f"Suite.methods = {bound.methods!r}\n"


def _require_different_settings(bound: BoundSuite, found: Mapping[Cell, Identity | str]) -> None:
    """Sees to it that no run counts twice, under the names of two settings.

    Raises:
        UsageError: names both, and the method.
    """
    first: dict[tuple[str, str], str] = {}
    for (method, setting), identity in found.items():
        if isinstance(identity, str):
            continue
        other = first.setdefault((method, identity.key), setting)
        if other != setting:
            raise UsageError(
                f"{bound.where('settings')}: the settings {other} and {setting} make the same run "
                f"of {method}, which would count as two; leave one out of Suite.settings, or take "
                "back the binding that makes them the same"
            )


def _parts_exchanged(original: BoundSuite, chosen: BoundSuite) -> list[str]:
    """What the command line binds of the suite that its runs are made of, as bindings."""
    return [
        f"Suite.{part} = {getattr(chosen.suite, part)!r}"
        for part in ("architecture", "dataset", "remedies")
        if getattr(chosen.suite, part) != getattr(original.suite, part)
    ]


def _cells(bound: BoundSuite) -> list[Cell]:
    return [(method, setting) for method in bound.methods for setting in bound.suite.settings]


def _join(*layers: Layer) -> Layer:
    return Layer(
        tuple(binding for layer in layers for binding in layer.bindings),
        tuple(module for layer in layers for module in layer.imports),
    )


def _macros(layer: Layer) -> Layer:
    """The layer's macros alone."""
    return Layer(tuple(b for b in layer.bindings if not b.parameter), ())


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
