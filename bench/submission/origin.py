"""Whether a record is of the run that it names, and of a time and software that can be."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from bench.records import finished_at
from bench.submission.candidate import Candidate

CLOCKS = timedelta(hours=1)
"""How far the clocks of two machines may be apart."""

REQUIRED = ("ganbench", "torch", "torch-fidelity", "device")


def identity(candidate: Candidate) -> Iterator[str]:
    """Its id is what its parts make, and with it the file that it will be kept in."""
    r = candidate.record
    cell = f"{r['suite']}/{r['method']}/{r['setting']}"
    expected = f"{cell}/seed-{r['seed']}-{r['config_digest'][:8]}"
    if r["id"] != expected:
        yield (
            f"id: it is {r['id']!r}, and its suite, method, setting, seed and digest make "
            f"{expected!r}"
        )


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
    """It says what it ran on, and its protocol says the same."""
    provenance = candidate.record["provenance"]
    for key in REQUIRED:
        if not isinstance(provenance.get(key), str):
            yield f"provenance.{key}: it is missing, and a result may depend on it"
    versions = candidate.protocol.get("versions")
    for key, version in versions.items() if isinstance(versions, dict) else ():
        if key in provenance and provenance[key] != version:
            yield (
                f"protocol.versions.{key}: it is {version!r}, and provenance has "
                f"{provenance[key]!r}"
            )


def protocol(candidate: Candidate) -> Iterator[str]:
    """Where its data and judge are known here, its protocol is what they give."""
    if candidate.yardstick is not None:
        yield from candidate.yardstick.contradictions(candidate.protocol)
