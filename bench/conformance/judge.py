"""What every judge must do: scores that are the same each time, and better for better samples."""

import json
import math
import re
from dataclasses import replace
from itertools import chain

import torch
from torch import Tensor

from bench.config.facts import first_line
from bench.config.run import Run
from bench.conformance import toys, training
from bench.conformance.requirements import Check, require, require_same
from bench.data.dataset import Dataset
from bench.errors import UsageError
from bench.scores.judge import Judge, Metric
from bench.streams import stream

DATA = (
    toys.Toy("digits"),
    toys.Toy("ring"),
    toys.Toy("stacked_digits"),
    toys.Toy("photographs", bindings=("Photographs.pieces = 400",)),
)
"""From what has labels, and so a classifier of its own, to plain pictures in colour."""

Scores = dict[str, float]


def subject(name: str, tell: toys.Tell) -> Run:
    """The run that a judge is tried in: on the first of ``DATA`` that it does not refuse.

    Raises:
        UsageError: it refuses all, or its gin file is wrong.
    """
    found: dict[toys.Toy, Run] = {}

    def refusal(toy: toys.Toy) -> str | None:
        try:
            found[toy] = toy.run()
            _judge(found[toy])
        except (UsageError, ValueError) as refused:
            return first_line(refused)
        return None

    choices = [replace(toy, include=(f"judges/{name}.gin",)) for toy in DATA]
    return found[toys.first_accepted(name, choices, refusal, tell)]


def says_what_it_measures(run: Run) -> None:
    """Metrics have names and labels of their own, and one of them is the headline."""
    judge = _judge(run)
    names = [metric.name for metric in judge.metrics]
    require(bool(names) and all(names), "it has no metric, or one without a name")
    for texts in (names, [metric.label for metric in judge.metrics]):
        require(len(set(texts)) == len(texts), f"two metrics are called alike: {texts}")
    require(all(metric.label for metric in judge.metrics), "a metric has no label")
    require(
        judge.headline in names,
        f"the headline is {judge.headline!r}, and the metrics are {', '.join(names)}",
    )
    require(judge.samples >= 1, f"a score takes {judge.samples} samples")


def scores_real_samples(run: Run) -> None:
    """Real samples have a finite score in each metric, of a value that it can have."""
    judge, scores = _judge(run), _real_scores(run)
    for metric in judge.metrics:
        require(metric.name in scores, f"real samples have no score {metric.name!r}")
        value = scores[metric.name]
        form = type(value).__name__
        require(isinstance(value, float | int), f"{metric.name} is a {form}: make it a float")
        require(math.isfinite(value), f"{metric.name} of real samples is {value}")
        _require_in_span(metric, value, "real samples")
    for kind, others in _worse(run).items():
        for metric in judge.metrics:
            require(metric.name in others, f"{kind} has no score {metric.name!r}: make it nan")
            if not math.isnan(others[metric.name]):
                _require_in_span(metric, others[metric.name], kind)


def tells_better_from_worse(run: Run) -> None:
    """Real data's headline is better than noise's, and not worse than one sample's repeated.

    In every other metric it is better than one of these two: else ``better`` is the wrong way.
    """
    judge, real, worse = _judge(run), _real_scores(run), _worse(run)
    for metric in judge.metrics:
        beaten = [
            kind for kind, others in worse.items() if _better(metric, real, others, ties=False)
        ]
        told = f"{metric.name} is {real[metric.name]:.4g} for real data, " + " and ".join(
            f"{others[metric.name]:.4g} for {kind}" for kind, others in worse.items()
        )
        require(bool(beaten), f"{told}: it is not {metric.better} for what is better")
        if metric.name == judge.headline:
            ranked = all(
                _better(metric, real, others, ties=kind == REPEATED)
                for kind, others in worse.items()
            )
            require(ranked, f"{told}: a headline must rank real data first")


def has_floors_of_real_samples(run: Run) -> None:
    """The floors are the scores of ``real()``, which are samples of the data set's own."""
    parts = toys.experiment(run)
    judge, data = parts.judge(parts.data), parts.data
    real = judge.real()
    require(len(real) > 0, "there is no real sample to have a floor")
    strangers = {_bytes(sample) for sample in real}
    for sample in chain(data.evaluation(), data.training()):
        if not strangers:
            break
        strangers.discard(_bytes(sample))
    require(not strangers, "real() has samples that are not of the data set")
    with torch.no_grad():
        require_same(judge.floors(), judge.measure(real), "the floors are not the scores of real()")


def is_deterministic(run: Run) -> None:
    """The same samples have the same scores, from any judge of the same config, at any time."""
    samples = _real(run)
    kept = samples.clone()
    found = []
    for seed in (0, 1):
        with toys.global_streams(seed):
            judge = _judge(run)
            found += [judge.score(samples), judge.score(samples)]
    require_same(kept, samples, "it writes to the samples that it is given")
    for scores in found[1:]:
        require_same(found[0], scores, "the same samples score otherwise the next time")


def takes_as_many_samples_as_it_says(run: Run) -> None:
    """A score of more or fewer samples is refused, since it depends on their number."""
    judge, samples = _judge(run), _real(run)
    for other in (samples[1:], torch.cat([samples, samples[:1]])):
        try:
            judge.score(other)
        except ValueError:
            continue
        require(False, f"it scores {len(other)} samples, and says that it takes {judge.samples}")


def tells_a_collapse(run: Run) -> None:
    """Real data have not collapsed, and one sample repeated has, for a judge that knows of it.

    Scores that are undefined are an answer too.
    """
    judge = _judge(run)
    require(not judge.collapsed(_real_scores(run)), f"of real data it says: {judge.collapse}")
    repeated = judge.collapsed(_worse(run)[REPEATED])
    if judge.collapse:
        require(repeated, f"one sample repeated is no collapse to it, which is: {judge.collapse}")
    undefined = judge.collapsed({metric.name: math.nan for metric in judge.metrics})
    require(isinstance(undefined, bool), f"collapsed() gives {undefined!r}, and no bool")


def says_what_scores_depend_on(run: Run) -> None:
    """The protocol is JSON, the same before and after scoring, and tells the judge by a hash."""
    judge = _judge(run)
    protocol = judge.protocol()
    require(json.loads(json.dumps(protocol)) == protocol, "its protocol is more than JSON")
    says = protocol.get("judge", {})
    require(bool(says.get("name")), "its protocol does not name it")
    require(
        re.fullmatch("[0-9a-f]{64}", str(says.get("sha256"))) is not None,
        f"its sha256 is {says.get('sha256')!r}: it has the 64 digits of what the scores depend on",
    )
    algorithm = says.get("algorithm")
    require(type(algorithm) is int, f"its algorithm is {algorithm!r}: it is a whole number")
    require(
        protocol.get("samples") == judge.samples
        and protocol.get("floor_samples") == len(judge.real()),
        "its protocol has another number of samples than it takes",
    )
    require("reference_samples" in protocol, "its settings() lack reference_samples")
    judge.score(_real(run))
    require_same(protocol, judge.protocol(), "scoring changes its protocol")
    require_same(protocol, _judge(run).protocol(), "the protocol of another build differs")


CHECKS: tuple[Check, ...] = (
    says_what_it_measures,
    scores_real_samples,
    tells_better_from_worse,
    has_floors_of_real_samples,
    is_deterministic,
    takes_as_many_samples_as_it_says,
    tells_a_collapse,
    says_what_scores_depend_on,
    training.trains,
)
"""Every check, in the order of what breaks first."""

ROUNDING = 1e-6
NOISE, REPEATED = "noise", "one sample repeated"


def _judge(run: Run) -> Judge:
    parts = toys.experiment(run)
    return parts.judge(parts.data)


def _real(run: Run) -> Tensor:
    """As many real samples as a score takes, the same over again where there are fewer."""
    parts = toys.experiment(run)
    judge = parts.judge(parts.data)
    real = judge.real()
    return real[torch.arange(judge.samples) % len(real)]


def _real_scores(run: Run) -> Scores:
    return _judge(run).floors()


def _worse(run: Run) -> dict[str, Scores]:
    """The scores of noise, and of a single real sample as often as a score takes."""
    parts = toys.experiment(run)
    judge = parts.judge(parts.data)
    first = judge.real()[:1]
    return {
        NOISE: judge.score(_noise(parts.data, judge.samples)),
        REPEATED: judge.score(first[torch.zeros(judge.samples, dtype=torch.long)]),
    }


def _noise(data: Dataset, n: int) -> Tensor:
    """Encoded samples that have nothing of the data: random pixels, or points about elsewhere."""
    draws = stream(0, "conformance noise")
    real = data.evaluation()
    if real.dtype == torch.uint8:
        return torch.randint(0, 256, (n, *data.shape), generator=draws, dtype=torch.uint8)
    spread = 1 + 3 * real.std(0, correction=0)
    return real.mean(0) + spread * (1 + torch.randn(n, *data.shape, generator=draws))


def _better(metric: Metric, one: Scores, other: Scores, ties: bool) -> bool:
    """Whether one score is better, or with ``ties`` as good; an undefined one is worst."""
    first, second = one[metric.name], other[metric.name]
    if math.isnan(second) or (ties and first == second):
        return True
    return first < second if metric.better == "lower" else first > second


def _require_in_span(metric: Metric, value: float, of: str) -> None:
    span = metric.span
    low, high = (span.low - ROUNDING, span.high + ROUNDING)
    inside = low <= value <= high and (not span.whole or value == int(value))
    wanted = f"{'whole numbers ' if span.whole else ''}from {span.low} to {span.high}"
    require(inside, f"{metric.name} of {of} is {value}, and its span is {wanted}")


def _bytes(sample: Tensor) -> bytes:
    return sample.contiguous().numpy().tobytes()
