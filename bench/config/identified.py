"""The identity of a suite's cells: their configs taken apart by who decides what."""

from collections.abc import Mapping
from typing import Any

from bench.config.compose import Composition
from bench.config.composer import Composer
from bench.config.contents import Contents, contents, within
from bench.config.facts import look
from bench.errors import UsageError
from bench.identity import SHARED, Identity, changed, scoring
from bench.labels import Cell

PARTS = ("data", "judge")


class Identified:
    """Tells the cells of a suite by content.

    Args:
        composer: puts the cells' configs together.
        scored: a protocol, to be taken for that of all runs; None to look up what data and judge
            are.
    """

    def __init__(self, composer: Composer, scored: Mapping[str, Any] | None) -> None:
        self._composer = composer
        self._scored = scored
        self._conditions: dict[tuple[str, bool], Composition] = {}
        self._looked_up: dict[str, dict[str, str]] = {}

    def identity(self, cell: Cell) -> Identity | str:
        """What a cell is; a sentence on what is missing where its data or its judge are not here.

        Raises:
            UsageError: the method changes what all rows of a setting must share.
        """
        whole, bare = (self._composer.part(cell, method=True, setting=one) for one in (True, False))
        shared, plain = self._shared(cell, True), self._shared(cell, False)
        self._require_shared(cell, whole, shared)
        try:
            conditions, before = self._of(shared, shared), self._of(plain, plain)
            all_of_it, without = self._of(whole, shared), self._of(bare, plain)
        except UsageError as missing:
            return str(missing)
        decided = changed(before, conditions) | changed(without, all_of_it)
        return Identity.of(conditions, decided, changed(conditions, all_of_it))

    def _shared(self, cell: Cell, setting: bool) -> Composition:
        """The config of a cell without its method: the same for all methods."""
        place = (cell[1] if setting else "", setting)
        if place not in self._conditions:
            self._conditions[place] = self._composer.part(cell, method=False, setting=setting)
        return self._conditions[place]

    def _of(self, composition: Composition, scored: Composition) -> Contents:
        """What a config says, its data by what they are in place of what makes them."""
        found = contents(composition)
        data = within(found, "data")
        said = {key: text for key, text in found.items() if key not in data}
        return said | self._scoring(scored)

    def _scoring(self, composition: Composition) -> dict[str, str]:
        if self._scored is not None:
            return scoring(self._scored)
        parts = composition.below(*PARTS)
        if parts not in self._looked_up:
            self._looked_up[parts] = scoring(look(composition, "Experiment.data"))
        return self._looked_up[parts]

    def _require_shared(self, cell: Cell, whole: Composition, shared: Composition) -> None:
        own = changed(contents(shared), contents(whole))
        names = [name for name in PARTS if whole.below(name) != shared.below(name)]
        names += [key.removeprefix("Experiment.") for key in SHARED if key in own]
        for name in names:
            where = whole.where("Experiment", name) or cell[0]
            raise UsageError(
                f"{where}: the method {cell[0]} changes {name}, which all rows of a setting share, "
                "or their scores would not compare; bind it in the suite or in a setting"
            )
