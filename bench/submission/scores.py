"""Whether scores could be true: of their kind, no better than real data, and as the status says."""

import math
from collections.abc import Iterator

from bench.missing import Numbers, with_nan
from bench.results.entry import unpacked
from bench.runs.records import metrics
from bench.scores.judge import Metric
from bench.submission.candidate import Candidate

AXES = ("step", "d_gradients", "seconds")
ROUNDING = 1e-6
"""How far a score that was computed in float32 may lie outside its span."""

MACHINES = 1e-3
"""How far apart, as a share, two machines may compute the score of the same real samples."""


def names(candidate: Candidate) -> Iterator[str]:
    """Every row has the protocol's metrics, and nothing that is no score."""
    metrics = candidate.protocol["metrics"].keys()
    floors = (candidate.record.get("floors") or {}).keys()
    for missing in sorted(metrics - floors):
        yield f"floors.{missing}: the score of real data is missing"
    for row in candidate.record["scores"]:
        for missing in sorted(metrics - row.keys()):
            yield f"scores.{missing}: it is missing at step {row['step']}"
        for surplus in sorted(row.keys() - metrics - floors - set(AXES)):
            yield f"scores.{surplus}: at step {row['step']}, it is none of the protocol's metrics"


def labels(candidate: Candidate) -> Iterator[str]:
    """A metric is called what it is called here, or by other records, and is better the same way.

    Which metrics there are may differ: one may have been added since, or be gone.
    """
    if candidate.yardstick is None:
        return
    ways = {one.name: one.better for one in candidate.yardstick.judge.metrics}
    known = {one.name: {one.label} for one in candidate.yardstick.judge.metrics}
    for entry in candidate.board.records if candidate.board else []:
        for name, metric in metrics(unpacked(entry.protocol) or {"metrics": {}}).items():
            known.setdefault(name, set()).add(metric["label"])
    for name, metric in metrics(candidate.protocol).items():
        if name in known and metric["label"] not in known[name]:
            called = " or ".join(sorted(known[name]))
            yield f"protocol.metrics.{name}: it is called {metric['label']!r}, and here {called}"
        if metric["better"] != ways.get(name, metric["better"]):
            yield f"protocol.metrics.{name}: {metric['better']} is better, and here {ways[name]}"


def floors(candidate: Candidate) -> Iterator[str]:
    """Real data scores here what the record says that it scored there."""
    if candidate.yardstick is None:
        return
    there = candidate.record.get("floors") or {}
    for name, here in candidate.yardstick.floors.items():
        value = there.get(name)
        if value is not None and not math.isclose(value, here, rel_tol=MACHINES, abs_tol=ROUNDING):
            yield f"floors.{name}: it is {value:.6g}, and real data score {here:.6g} here"


def values(candidate: Candidate) -> Iterator[str]:
    """Each score lies in its metric's span, and not below what chance makes of the floor."""
    known = candidate.yardstick
    for metric in known.judge.metrics if known is not None else ():
        for row in candidate.record["scores"]:
            value = row.get(metric.name)
            if value is not None:
                yield from _value(candidate, metric, value, f"at step {row['step']}")


def status(candidate: Candidate) -> Iterator[str]:
    """A run that is called completed has not collapsed, and one called collapsed has."""
    known, rows = candidate.yardstick, candidate.record["scores"]
    if known is None or not rows or not candidate.finished:
        return
    last: Numbers = rows[-1]
    judge, said = known.judge, candidate.record["status"]
    if judge.collapsed(with_nan(last)) != (said == "collapsed"):
        covered = f"{judge.coverage} is {last.get(judge.coverage)} of {judge.modes}"
        yield f"status: it is {said!r}, and the last {covered}"


def _value(candidate: Candidate, metric: Metric, value: float, where: str) -> Iterator[str]:
    span, key = metric.span, f"scores.{metric.name}"
    if span.whole and value != int(value):
        yield f"{key}: {value:g} {where} is not an integer, and it counts something"
    elif value > span.high + ROUNDING:
        yield f"{key}: {value:g} {where} is above {span.high:g}, the most that it can be"
    elif value < span.low - min(ROUNDING, abs(span.low) / 2):
        yield f"{key}: {value:g} {where} is below {span.low:.3g}, the least that samples can reach"
    least = _least(candidate, metric)
    if least is not None and span.low <= value < least:
        floor = candidate.yardstick.floors[metric.name] if candidate.yardstick else math.nan
        yield (
            f"{key}: {value:g} {where} is below {least:.3g}, the least that chance makes of real "
            f"data's own {floor:.3g}"
        )


def _least(candidate: Candidate, metric: Metric) -> float | None:
    """What a distance is not below, by chance: its floor, for as many samples, less the noise.

    A distance between N samples and M references is about proportional to 1/N + 1/M where both
    are of one distribution.
    """
    if metric.noise is None or candidate.yardstick is None:
        return None
    protocol = candidate.yardstick.protocol
    references = protocol["reference_samples"]
    behind = 1 / references if references else 0.0
    of_score, of_floor = (1 / protocol[key] + behind for key in ("samples", "floor_samples"))
    floor = candidate.yardstick.floors[metric.name]
    return (1 - metric.noise) * floor * of_score / of_floor
