"""How far a whole search is: the trials of every study, and the runs compared at its end."""

from collections import Counter
from collections.abc import Sequence

from bench.config.run import Run
from bench.engines.whole import Rest
from bench.search.contenders import expected
from bench.search.study import Held, SharedStudy
from bench.wording import plural


class Outlook:
    """Tells the runs at hand from all runs of a search.

    Args:
        studies: one a method.
    """

    def __init__(self, studies: Sequence[SharedStudy]) -> None:
        self._studies = studies
        self._compared = expected([study.task for study in studies])
        self._trials = sum(study.task.limit for study in studies)
        self._of_trials = sum(study.task.limit * study.task.size for study in studies)

    def around(self, study: SharedStudy, held: Sequence[Held]) -> Rest:
        """What the runs of trials are part of, for which as yet nothing has been told."""
        after = Counter(self._compared)
        for one in self._studies:
            at_hand = len(held) if one is study else 0
            waiting = max(0, one.task.limit - one.ended - at_hand)
            after[one.task.method] += waiting * one.task.size
        title = f"{self._ended} of {plural(self._trials, 'trial')}"
        return Rest(title, self._of_trials + self._compared.total(), after)

    def last(self, runs: Sequence[Run]) -> Rest:
        """The same for the runs at the end that are compared."""
        title = f"{plural(self._trials, 'trial')}, to compare"
        return Rest(title, self._of_trials + len(runs))

    @property
    def _ended(self) -> int:
        return sum(min(study.ended, study.task.limit) for study in self._studies)
