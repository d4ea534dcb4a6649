"""Whether a record may stand on the leaderboard that it is for."""

from collections.abc import Iterator

from bench.config.known import known_method
from bench.results.board import AGAIN, choose
from bench.results.entry import entry_of
from bench.submission.candidate import Candidate

FAILED = "status: a run that failed has no result to add"
SEARCHED = "search: a run of a search chooses hyper-parameters, and leaderboards leave it out"


def conditions(candidate: Candidate) -> Iterator[str]:
    """It is what its row is, and what the others of its setting share."""
    mine = entry_of(candidate.record)
    others = candidate.board.records if candidate.board else candidate.first
    if not others:
        return
    wanted = {other.cell: other.identity for other in others}
    board = choose(candidate.label, [*others, mine], wanted)
    for one in board.left_out:
        if one.entry is mine and one.why != (AGAIN,):
            yield (
                f"conditions: it is another run than those of {candidate.label}, and tables never "
                f"mix them: {'; '.join(one.why)}"
            )


def names(candidate: Candidate) -> Iterator[str]:
    """What is the same there has the same names here, and a known method is what it is here."""
    mine = entry_of(candidate.record)
    others = candidate.board.records if candidate.board else candidate.first
    for name in ("dataset", "architecture"):
        for other in (o for o in others if o.identity.shared == mine.identity.shared):
            there, here = getattr(mine, name), getattr(other, name)
            if there != here:
                yield f"{name}: it is {there!r}, and under the same conditions there it is {here!r}"
                break
    for name in ("method", "setting", "control_of", "remedies"):
        for other in (o for o in others if o.identity.key == mine.identity.key):
            there, here = getattr(mine, name), getattr(other, name)
            if there != here:
                yield f"{name}: it is {there!r}, and of the same runs there it is {here!r}"
                break
    known = known_method(candidate.catalogue, mine.method)
    said = candidate.record["method_bindings"].get("Experiment.method")
    if known is not None and said != known:
        yield f"method: {mine.method} is {known} here, and the record ran {said}"


def room(candidate: Candidate) -> Iterator[str]:
    """No other run stands in its place.

    A method's place on a page is one run a seed. A second run of the same config and seed is no
    new evidence, and choosing the better of two would be dishonest: the first one stays.
    """
    if candidate.board is None:
        return
    mine = entry_of(candidate.record)
    for other in candidate.board.records:
        if other.place != mine.place or other.status == "failed":
            continue
        if other.digest == mine.digest:
            yield f"id: {mine.id} is on the leaderboard already, the same to the byte"
        elif other.run == mine.run:
            yield (
                f"seed: {mine.id} is on the leaderboard already, and a second run of the same "
                "config and seed is no new evidence: choose a seed that is not there, or compare "
                "the two with ganbench reproduce"
            )
