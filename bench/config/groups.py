"""Groups of methods: each method's own gin file says which it is in, so that no list need."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import gin

from bench.config.catalogue import Catalogue
from bench.config.description import describe
from bench.config.relatives import Recipe
from bench.config.statements import read_alone
from bench.errors import UsageError, nearest
from bench.texts import shown

ALL = "all"
"""The group of every method that does not say that it is in none; recipes are not in it."""

LAST = 1000

log = logging.getLogger(__name__)


@gin.register
@dataclass(frozen=True)
class Group:
    """What a method's gin file says of the groups that it is in.

    A file that includes a method's is in none of that method's groups unless it says so itself.

    Attributes:
        names: of the groups; an empty list for none, not even that of all.
        place: where it stands in each: the lowest first, and those of one place by name.
    """

    names: Sequence[str]
    place: int = LAST


@dataclass(frozen=True)
class Methods:
    """The methods of a catalogue, by name and by group."""

    catalogue: Catalogue

    @cached_property
    def groups(self) -> Mapping[str, Sequence[str]]:
        """The members of each group, in the order in which a suite runs them."""
        members: dict[str, set[str]] = defaultdict(set)
        places: dict[str, int] = {}
        for name, path in self.catalogue.files("methods"):
            try:
                layer = read_alone(path)
                said = describe(Group.__name__, [layer]).values
                apart = said.get("names") == [] or describe(Recipe.__name__, [layer]).values
            except UsageError as error:
                _warn_once(f"{error}; it is in no group")
                continue
            for group in (*said.get("names", ()), *([] if apart else [ALL])):
                members[group].add(name)
            places[name] = said.get("place", LAST)
        return {
            group: sorted(names, key=lambda name: (places[name], name))
            for group, names in sorted(members.items())
        }

    def chosen(self, words: Iterable[str], where: str) -> list[str]:
        """The methods that some names, of methods or of groups, stand for, each once.

        Args:
            words: the names; the members of a group stand where its name does.
            where: the file and line, or the option, that has them.

        Raises:
            UsageError: a name is neither a method's nor a group's, or it is both.
        """
        files = dict(self.catalogue.files("methods"))
        found: dict[str, None] = {}
        for word in words:
            members = self.groups.get(word)
            if word in files and members is not None:
                raise UsageError(
                    f"{where}: {word!r} is a method, {shown(files[word])}, and a group, of "
                    f"{', '.join(members)}; rename one"
                )
            if word not in files and members is None:
                raise UsageError(
                    f"{where}: no method named {word!r}, and no group of methods; "
                    f"{nearest(word, [*files, *self.groups])}"
                )
            found |= dict.fromkeys(members if members is not None else [word])
        return list(found)


@cache
def _warn_once(sentence: str) -> None:
    log.warning(sentence)
