"""The review of submitted records: all of them are added, or none."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path

from bench.config.catalogue import Catalogue
from bench.config.run import Run
from bench.errors import UsageError
from bench.results.board import Board, label_of, sort
from bench.results.entry import Entry, entry_of, read_entry
from bench.runs import records
from bench.runs.recorded import Unknown, plan_of
from bench.runs.records import Record
from bench.submission import form, origin, place, reading, samples, scores, training, yardstick
from bench.submission.candidate import Candidate, Check
from bench.submission.yardstick import Yardstick

OWN: tuple[Check, ...] = (
    origin.identity,
    origin.times,
    origin.software,
    origin.protocol,
    training.steps,
    training.end,
    training.passes,
    training.cost,
    scores.names,
    scores.labels,
    scores.floors,
    scores.values,
    scores.status,
    samples.samples,
)
"""What every record must pass, one's own too; each check gives what it refuses."""

CHECKS = (place.conditions, place.names, place.room, *OWN)
"""What a record of somebody else's must pass: it displaces nothing."""


@dataclass
class Review:
    """What came of it.

    Attributes:
        refused: a sentence each: the file, the key, and why.
        notes: what could not be verified here, and which leaderboards are new.
        accepted: the records that nothing speaks against; to be added if ``refused`` is empty.
    """

    refused: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    accepted: list[Record] = field(default_factory=list)


def review(
    named: Iterable[Path],
    leaderboards: Path,
    checks: Sequence[Check] = CHECKS,
    suite: str | None = None,
) -> Review:
    """Reads and judges records.

    Args:
        named: files of records, and folders that hold some.
        leaderboards: the folder of those that they are for.
        checks: what they must pass.
        suite: the user's own suite that they ran in, a gin file; None for one that is known here.

    Raises:
        UsageError: what was named is not there.
    """
    result = Review()
    now = datetime.now(UTC)
    catalogue = Catalogue.of(suite)
    boards = cache(partial(_board, leaderboards))
    begun: dict[str, list[Entry]] = defaultdict(list)  # leaderboards that begin here
    taken: dict[tuple[str, tuple[str, str, int]], Path] = {}
    for path in reading.files(named):
        try:
            record = reading.read(path)
        except UsageError as refusal:
            result.refused.append(str(refusal))
            continue
        try:
            _require_form(record, own=checks is OWN)
            known, unverified = _known(record, catalogue, suite)
        except UsageError as refusal:
            result.refused += [f"{path}: {line}" for line in str(refusal).splitlines()]
            continue
        mine = entry_of(record)
        label = label_of(mine)
        candidate = Candidate(
            path, record, known, label, boards(label), begun[label], now, catalogue
        )
        faults = [fault for check in checks for fault in check(candidate)]
        first = taken.setdefault((label, mine.place), path)
        if first != path and not mine.search:
            faults.append(f"seed: {first} is of the same method, setting and seed")
        result.refused += [f"{path}: {fault}" for fault in faults]
        result.notes += [f"{path}: {note}" for note in unverified]
        if faults:
            continue
        if boards(label) is None:
            if not begun[label] and checks is not OWN:
                result.notes.append(f"{path}: it begins the leaderboard {label}, which is new")
            begun[label].append(mine)
        result.accepted.append(record)
    return result


def _board(leaderboards: Path, label: str) -> Board | None:
    """A leaderboard as it stands; None where there is none."""
    entries = map(read_entry, records.find(leaderboards / label))
    return next((board for board in sort(entries) if board.label == label), None)


def _require_form(record: Record, own: bool) -> None:
    """Refuses a record that cannot be worked with; of a search it may be one's own alone.

    Raises:
        UsageError: a line on each fault.
    """
    if record["status"] == "failed":
        faults = [place.FAILED]
    elif record.get("search") and not own:
        faults = [place.SEARCHED]
    else:
        faults = list(form.faults(record))
    if faults:
        raise UsageError("\n".join(faults))


def _known(
    record: Record, catalogue: Catalogue, suite: str | None
) -> tuple[Yardstick | None, list[str]]:
    """What is known here of a record's run, and a sentence on each thing that is not.

    Raises:
        UsageError: it names what is known here, and contradicts it.
    """
    unverified = []
    run: Run | None = None
    try:
        run = plan_of(record, catalogue, suite, here=False).runs[0]
    except Unknown as unknown:
        unverified.append(f"not verified that it ran what it says: {unknown}")
    # The overrides are a stranger's: they are compared as text, and nothing is built of them.
    ours = None if record["overrides"] else run
    try:
        return yardstick.of_run(ours) if ours else yardstick.of_data(record, catalogue), unverified
    except UsageError as reason:
        line = str(reason).splitlines()[0]  # gin adds where it was called
        return None, [*unverified, f"not verified that its scores can be true: {line}"]
