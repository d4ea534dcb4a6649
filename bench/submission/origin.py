"""Whether a record is of the run that it names, and of a time and software that can be."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from bench.config.contents import literal
from bench.identity import apart, scoring
from bench.labels import run_id
from bench.runs.records import finished_at
from bench.submission.candidate import Candidate
from bench.submission.yardstick import BUDGET
from bench.training.experiment import Experiment

CLOCKS = timedelta(hours=1)
"""How far the clocks of two machines may be apart."""

DEFAULTS = {"Experiment.batch_norm": literal(Experiment.batch_norm)}

REQUIRED = ("ganbench", "torch", "torch-fidelity", "device")


def identity(candidate: Candidate) -> Iterator[str]:
    """Its id is what its parts make, and with it the file that it will be kept in."""
    r = candidate.record
    expected = run_id(candidate.label, r["method"], r["setting"], r["seed"], r["key"])
    if r["id"] != expected:
        yield f"id: it is {r['id']!r}, and what it says of its run makes {expected!r}"


def times(candidate: Candidate) -> Iterator[str]:
    """It ended after it began, and before now."""
    finished = finished_at(candidate.record)
    if finished > candidate.now + CLOCKS:
        yield f"provenance.finished: {finished.isoformat()} is in the future"
    started = candidate.record["provenance"].get("started")
    try:
        began = datetime.fromisoformat(started) if started is not None else finished
    except (TypeError, ValueError):
        yield f"provenance.started: {started!r} is not a time in ISO 8601"
        return
    began = began if began.tzinfo else began.replace(tzinfo=UTC)
    if began > finished:
        yield f"provenance.started: {began.isoformat()} is after it finished"


def software(candidate: Candidate) -> Iterator[str]:
    """It says what it ran on."""
    provenance = candidate.record["provenance"]
    for key in REQUIRED:
        if not isinstance(provenance.get(key), str):
            yield f"provenance.{key}: it is missing, and a result may depend on it"


def protocol(candidate: Candidate) -> Iterator[str]:
    """Its conditions are its protocol's; known data and judges give that protocol here too."""
    conditions = candidate.record["conditions"]
    budget = {f"Experiment.{key}": literal(candidate.protocol.get(key)) for key in BUDGET}
    judged = scoring(candidate.protocol) | budget
    told = {key: text for key, text in (DEFAULTS | conditions).items() if key in judged}
    for key, (text, said) in apart(judged, told).items():
        yield f"protocol: its {key} is {text}, and that of conditions is {said}"
    if candidate.yardstick is None:
        return
    yield from candidate.yardstick.contradictions(candidate.protocol)
    for part in ("data", "judge"):
        said, here = (
            one[part]["name"] for one in (candidate.protocol, candidate.yardstick.protocol)
        )
        if said != here:
            yield f"protocol.{part}.name: it is {said!r}, and here it is {here!r}"
