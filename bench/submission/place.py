"""Whether a record may stand on the leaderboard that it is for."""

from collections.abc import Iterator

from bench.report.entry import entry_of
from bench.report.selection import AGAIN, choose
from bench.submission.candidate import Candidate

FAILED = "status: a run that failed has no result to add"
SEARCHED = "search: a run of a search chooses hyper-parameters, and leaderboards leave it out"


def conditions(candidate: Candidate) -> Iterator[str]:
    """It is what its row is, and what the others of its setting share."""
    mine = entry_of(candidate.record)
    others = candidate.board.records if candidate.board else candidate.first
    if not others:
        return
    wanted = {(other.method, other.setting): other.identity for other in others}
    board = choose(candidate.label, [*others, mine], wanted)
    for one in board.left_out:
        if one.entry is mine and one.why != (AGAIN,):
            yield (
                f"conditions: it is another run than those of {candidate.label}, and tables never "
                f"mix them: {'; '.join(one.why)}"
            )


def room(candidate: Candidate) -> Iterator[str]:
    """No other run stands in its place.

    A method's place on a page is one run a seed. A second run of the same config and seed is no
    new evidence, and choosing the better of two would be dishonest: the first one stays.
    """
    if candidate.board is None:
        return
    mine = entry_of(candidate.record)
    for other in candidate.board.records:
        if other.cell != mine.cell or other.status == "failed":
            continue
        if other.digest == mine.digest:
            yield f"id: {mine.id} is on the leaderboard already, the same to the byte"
        elif other.run == mine.run:
            yield (
                f"seed: {mine.id} is on the leaderboard already, and a second run of the same "
                "config and seed is no new evidence: choose a seed that is not there, or compare "
                "the two with ganbench reproduce"
            )
