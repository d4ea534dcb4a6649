"""Whether a record may stand on the leaderboard that it is for."""

from collections.abc import Iterator

from bench.report.entry import Entry, entry_of
from bench.submission.candidate import Candidate
from bench.submission.yardstick import differing

FAILED = "status: a run that failed has no result to add"
Place = tuple[str, str, int]
"""A method, a setting and a seed: where a run stands on its leaderboard."""

SEARCHED = "search: a run of a search chooses hyper-parameters, and leaderboards leave it out"


def protocol(candidate: Candidate) -> Iterator[str]:
    """A page has one protocol, all of it equal."""
    page, own = candidate.page, candidate.protocol
    if page is None or page == own:
        return
    both = {key: (there, here) for key, there, here in differing(own, page)}
    both |= {key: (there, here) for key, here, there in differing(page, own)}
    told = (f"{key} is {one!r}, and {other!r} there" for key, (one, other) in both.items())
    yield (
        f"protocol: it is not that of the leaderboard {candidate.label}, and tables never mix "
        f"protocols: {'; '.join(told)}"
    )


def room(candidate: Candidate) -> Iterator[str]:
    """No other run stands in its place, or one of another config that is older.

    A method's place on a page is one run a seed. A second run of the same config and seed is no
    new evidence, and choosing the better of two would be dishonest: the first one stays.
    """
    if candidate.board is None:
        return
    mine = entry_of(candidate.record)
    for other in candidate.board.records:
        if place_of(other) != place_of(mine) or other.status == "failed":
            continue
        if other.digest == mine.digest:
            yield f"id: {mine.id} is on the leaderboard already, the same to the byte"
        elif other.config_digest == mine.config_digest:
            yield (
                f"seed: {mine.id} is on the leaderboard already, and a second run of the same "
                "config and seed is no new evidence: choose a seed that is not there, or compare "
                "the two with ganbench reproduce"
            )
        elif other.finished >= mine.finished:
            yield f"provenance.finished: the leaderboard has a newer run in its place, {other.id}"


def place_of(one: Entry) -> Place:
    """Where a run stands."""
    return one.method, one.setting, one.seed
