"""Scores of anyone's samples, in the protocol in which runs are scored."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from bench.config.facts import data_and_judge, described
from bench.data.dataset import Dataset
from bench.data.given import given
from bench.data.named import composed
from bench.errors import UsageError
from bench.missing import without_nan
from bench.scores.judge import Judge


def judged(
    dataset: str, bindings: Sequence[str] = (), judge: str | None = None
) -> tuple[Dataset, Judge]:
    """A data set and the judge of its samples.

    Args:
        dataset: as ``ganbench list datasets`` has it.
        bindings: that override, such as "ClassifierJudge.samples = 500".
        judge: as ``ganbench list judges`` has it; None for the data set's own.

    Raises:
        UsageError: for a name, binding or value that is wrong, or where data or judge are not here.
    """
    composition = composed(dataset, bindings, judge)
    if "judge" in composition.missing():
        raise UsageError(
            f"DATASET: {dataset} has no judge of its own; --judge NAME chooses one (see ganbench "
            "list judges)"
        )
    found: tuple[Dataset, Judge] = data_and_judge(composition, "DATASET")
    return found


def score(
    dataset: str,
    samples: Path | str | NDArray | Tensor,
    bindings: str | Sequence[str] = (),
    judge: str | None = None,
) -> dict[str, Any]:
    """Scores samples of any generator as those of a run are scored.

    Args:
        dataset: that the generator is to imitate, as ``ganbench list datasets`` has it.
        samples: a folder of pictures, or an array: see ``bench.data.given``. A score takes as many
            as the judge says; of more the first count, in a folder by a hash of their names.
        bindings: that override, such as "ClassifierJudge.samples = 500".
        judge: as ``ganbench list judges`` has it; None for the data set's own.

    Returns:
        In JSON's types: "dataset", "given" (how many samples there are), "protocol" as in a record
        (judge, samples, reference, metrics), and by metric "scores" and "floors", those of real
        data; None where a score is not defined.

    Raises:
        UsageError: a name or binding is wrong, data or judge are not here, samples have another
            form than the data, or are too few.
    """
    overriding = [bindings] if isinstance(bindings, str) else bindings
    data, scorer = judged(dataset, overriding, judge)
    found = given(samples, data)
    if len(found) < scorer.samples:
        raise UsageError(
            f"{found.where}: it holds {len(found)} samples, and a score takes {scorer.samples}; "
            f"add some, or bind {type(scorer).__name__}.samples = {len(found)}, which makes scores "
            "of another protocol"
        )
    taken = found.take(scorer.samples)
    scorer.to("cuda" if torch.cuda.is_available() else "cpu")
    return {
        "dataset": dataset,
        "given": len(found),
        "protocol": described(data, scorer),
        "scores": without_nan(scorer.score(taken)),
        "floors": without_nan(scorer.floors()),
    }
