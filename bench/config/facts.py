"""What a run trains on and is scored by, looked up: the data's checksum, the judge's weights."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import gin

from bench.config.bound import Bound
from bench.config.compose import ROOT_CONFIGURABLE, Composition
from bench.errors import UsageError
from bench.waiting import waiting

_CULPRIT = re.compile(r"In call to configurable '(\w+)'")
_NAMED = re.compile(r"(?:^|, )(\w+) = ")


def described(data: Any, judge: Any) -> dict[str, Any]:
    """The part of a protocol that data and judge decide."""
    return {"data": data.described(), **judge.protocol()}


def look(composition: Composition, cell: str) -> dict[str, Any]:
    """Builds the data set and the judge of a config, and says what scores depend on.

    Args:
        composition: of the config.
        cell: whose it is, for messages.

    Raises:
        UsageError: where they cannot be had, with the place that bound the culprit.
    """
    with _building(composition, cell):
        return described(*_parts())


def data_and_judge(composition: Composition, cell: str) -> tuple[Any, Any]:
    """Builds the data set and the judge of a config.

    Raises:
        UsageError: see ``look``.
    """
    with _building(composition, cell):
        return _parts()


@contextmanager
def _building(composition: Composition, cell: str) -> Iterator[None]:
    try:
        with (
            waiting("reading the data, and what judges samples of them"),
            Bound(composition.text).entered(),
        ):
            yield
    except (UsageError, ValueError, TypeError) as error:
        raise placed(error, composition, cell) from error


def _parts() -> tuple[Any, Any]:
    """The data set and the judge of the config that gin has."""
    data = copy.deepcopy(gin.query_parameter(f"{ROOT_CONFIGURABLE}.data"))
    return data, copy.deepcopy(gin.query_parameter(f"{ROOT_CONFIGURABLE}.judge"))(data)


def placed(error: Exception, composition: Composition, cell: str) -> UsageError:
    """What a part complains of, with the places that bound the parameters it names.

    Args:
        error: with a message such as "steps = 0: ...", or "steps = 1, evaluations = 2: ...".
        composition: of the config that was built.
        cell: whose it is, for where nothing is named.
    """
    first = first_line(error)
    culprits = _CULPRIT.findall(str(error))
    culprit = culprits[0] if culprits else ROOT_CONFIGURABLE
    named = _NAMED.findall(first.partition(":")[0]) or re.findall(r"^\w+", first)
    places = dict.fromkeys(filter(None, (composition.where(culprit, one) for one in named)))
    return UsageError(f"{', '.join(places) or cell}: {first}")


def first_line(error: BaseException) -> str:
    """What an error says first."""
    return str(error).splitlines()[0] if str(error) else "it says no more"
