"""From a record back to the run it is of, composed anew from the gin files that are here."""

import dataclasses
import json
from functools import cache
from pathlib import Path

from bench.config.catalogue import Catalogue
from bench.config.plan import Plan, make_plan
from bench.config.run import Run
from bench.errors import UsageError
from bench.identity import canonical
from bench.runs.provenance import software
from bench.runs.records import Record, identity

NAMES = {
    "suites": "suite",
    "methods": "method",
    "settings": "setting",
}
"""The key of a record that holds a name of each kind."""

CONTENT = ("conditions", "setting_bindings", "method_bindings", "key", "id")
"""What a record says of its run by content, and what is made of it."""


class Unknown(UsageError):
    """The record names something that is not known here, so that nothing can be composed."""


class Differs(UsageError):
    """What is composed here is not what the record ran."""


def plan_of(
    record: Record, catalogue: Catalogue, suite: str | None = None, here: bool = True
) -> Plan:
    """The plan of the record's cell alone, at its seed.

    Nothing of the record is read as a path or as a config, but for its overrides: those are
    parsed as bindings, from which gin can neither include nor import.

    Args:
        record: it need not be trusted.
        catalogue: what is known here.
        suite: the path of the suite's gin file, where it is not one of those known here.
        here: whether data and judge are those of this machine; else they are taken to be what the
            record's protocol says.

    Raises:
        Unknown: names the key, and the nearest name that is known.
        Differs: the gin files here compose another run.
    """
    for kind, key in NAMES.items():
        if kind != "suites" or suite is None:
            _require_known(catalogue, kind, key, str(record[key]))  # type: ignore[literal-required]
    for remedy in record["remedies"]:
        _require_known(catalogue, "settings", "remedies", remedy)
    if suite is not None and catalogue.suite(suite).stem != record["suite"]:
        raise Differs(f"suite: the run is of {record['suite']!r}, not of {Path(suite).stem!r}")
    chosen = suite or record["suite"]
    scored = None if here else canonical(record["protocol"])
    cell = record["method"], record["setting"]
    written = catalogue.suite(chosen).read_bytes()  # it may change while a process lives
    plan = _composed(catalogue, chosen, *cell, tuple(record["overrides"]), scored, written)
    search = record.get("search", False)
    run = dataclasses.replace(plan.runs[0], seed=record["seed"], search=search)
    _require_same(run, record)
    return dataclasses.replace(plan, runs=(run,))


def _require_known(catalogue: Catalogue, kind: str, key: str, name: str) -> None:
    try:
        catalogue.find(kind, name, key)
    except UsageError as error:
        raise Unknown(str(error)) from error


@cache
def _composed(
    catalogue: Catalogue,
    suite: str,
    method: str,
    setting: str,
    overrides: tuple[str, ...],
    scored: str | None,
    written: bytes,
) -> Plan:
    alone = (f"Suite.methods = {[method]!r}", f"Suite.settings = {[setting]!r}", "Suite.seeds = 1")
    protocol = None if scored is None else json.loads(scored)
    try:
        return make_plan(suite, (), (*overrides, *alone), scored=protocol, catalogue=catalogue)
    except UsageError as error:
        raise Differs(f"overrides: this run cannot be composed here: {error}") from error


def _require_same(run: Run, record: Record) -> None:
    """Compares all that a record says of its run.

    Raises:
        Differs: names the first key that differs, or the parameters.
    """
    described = run.description()
    for key in sorted(described.keys() & record.keys() - set(CONTENT)):
        there, here = record[key], described[key]  # type: ignore[literal-required]
        if there != here:
            raise Differs(f"{key}: it is {there!r}, and the same run here has {here!r}")
    differences = run.known.differences(identity(record))
    if differences:
        raise Differs(
            f"conditions: {run.suite}, {run.method}, {run.setting} is another run here: "
            f"{'; '.join(differences)}; {_versions(record)}"
        )
    if identity(record).setting != run.known.setting:
        here = dict(run.known.setting)
        raise Differs(f"setting_bindings: the setting {run.setting} decides {here} here")
    if record["id"] != run.id:
        raise Differs(f"id: it is {record['id']!r}, and the same run here has {run.id!r}")


def _versions(record: Record) -> str:
    """Which ganbench ran, and which one this is."""
    here, there = software(), record["provenance"]
    version, commit = there.get("ganbench"), there.get("commit")
    return (
        f"it ran with ganbench {version} at commit {commit or 'unknown'}, "
        f"and here is {here['ganbench']} at {here['commit'] or 'unknown'}"
    )
