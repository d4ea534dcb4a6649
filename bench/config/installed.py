"""Methods of other packages, found by their entry points."""

import traceback
from collections.abc import Collection
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path

GROUP = "ganbench.methods"
"""The entry point group: a method's name = its module, with NAME.gin in the module's folder."""


class _Unusable(Exception):
    """What an entry point lacks."""


@dataclass
class Installed:
    """What other packages offer.

    Attributes:
        methods: the gin file of each method.
        ignored: for each name that is not offered after all, or not as another package has it,
            sentences that say whose it is and what is wrong.
    """

    methods: dict[str, Path] = field(default_factory=dict)
    ignored: dict[str, list[str]] = field(default_factory=dict)


def installed_methods(own: Collection[str]) -> Installed:
    """Looks for methods of other packages; nothing that is wrong with one hides another.

    Args:
        own: the names of ganbench's methods, which no package can take.
    """
    found = Installed()
    for point in sorted(entry_points(group=GROUP), key=_package):
        try:
            if point.name in own:
                raise _Unusable("but ganbench has one of that name; choose another")
            if point.name in found.methods:
                raise _Unusable(f"but {found.methods[point.name]} comes first; uninstall one")
            found.methods[point.name] = _gin_file(point)
        except _Unusable as reason:
            sentence = f"package {_package(point)} offers the method {point.name!r}, {reason}"
            found.ignored.setdefault(point.name, []).append(sentence)
    return found


def _package(point: EntryPoint) -> str:
    return "of unknown name" if point.dist is None else point.dist.name


def _gin_file(point: EntryPoint) -> Path:
    module = point.value.partition(":")[0].strip()
    try:
        spec = find_spec(module)
    except Exception as error:  # finding a submodule runs its package, which may do anything
        reason = traceback.format_exception_only(error)[-1].strip()
        raise _Unusable(f"but its module {module} cannot be found ({reason})") from error
    if spec is None or spec.origin is None:
        raise _Unusable(f"but its module {module} cannot be found")
    path = Path(spec.origin).with_name(f"{point.name}.gin")
    if not path.is_file():
        raise _Unusable(f"but has no {path.name} in {path.parent}, beside its module {module}")
    return path
