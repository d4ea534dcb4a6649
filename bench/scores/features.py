"""FID, KID, IS, precision and recall in the features of any judge, computed by torch-fidelity.

torch-fidelity's metric functions are called directly: its driver adds workers, a cache whose key
misses the weights, and draws from the global stream.
"""

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
from torch_fidelity.metric_isc import isc_features_to_metric
from torch_fidelity.metric_kid import kid_features_to_metric
from torch_fidelity.metric_prc import prc_features_to_metric

from bench.scores.judge import SHARE, Metric, Span

Statistics = dict[str, NDArray[np.float64]]
NEIGHBOURS = 3
LEAST = NEIGHBOURS + 2
"""Samples below which a metric is undefined."""
FID_NOISE = 0.25
"""How far below real data's own FID chance may bring a sample's, as a share of it.

In the features of digits-cnn, FID of 2,000 real pictures drawn anew has a standard deviation of
12% to 17% of its mean; with more features and more pictures it is less.
"""


@dataclass(frozen=True)
class Sizes:
    """How much the metrics take, apart from the number of samples.

    Attributes:
        kid_subsets, kid_subset_size: subsets that KID averages over, and samples of each.
        is_splits: parts that IS averages over.
        compared: samples of each side for precision and recall, at most; None for all.
    """

    kid_subsets: int = 4
    kid_subset_size: int = 500
    is_splits: int = 1
    compared: int | None = None

    def protocol(self) -> dict[str, int]:
        """What scores depend on, in JSON's types."""
        chosen = {name: value for name, value in asdict(self).items() if value is not None}
        return {**chosen, "neighbours": NEIGHBOURS}


class FeatureScores:
    """Compares features of generated samples with those of real ones.

    Everything is in float64, where FID's covariances and the neighbours' distances are exact
    enough. Precision and recall take equally many samples of both sides, since the balls around
    the samples shrink with their number.

    Sources: Heusel et al. 2017 (FID, arXiv:1706.08500), Binkowski et al. 2018 (KID,
    arXiv:1801.01401), Salimans et al. 2016 (IS, arXiv:1606.03498), Kynkäänniemi et al. 2019
    (precision and recall, arXiv:1904.06991).
    """

    def __init__(
        self, real: Tensor, sizes: Sizes | None = None, statistics: Statistics | None = None
    ):
        """Takes the reference.

        Args:
            real: features (M, d) of real samples.
            sizes: how much the metrics take.
            statistics: "mu" (d,) and "sigma" (d, d) for FID; by default those of ``real``.
        """
        self._real = real.double()
        self._sizes = sizes or Sizes()
        self._statistics = statistics or fid_features_to_statistics(self._real)

    def __call__(self, features: Tensor, logits: Tensor | None = None) -> dict[str, float]:
        """Scores generated features (N, d), N at least ``LEAST``; with logits (N, classes), IS."""
        generated = features.double()
        sizes = self._sizes
        n = min(len(generated), len(self._real))
        compared = min(n, sizes.compared or n)
        fid = fid_statistics_to_metric(
            fid_features_to_statistics(generated), self._statistics, verbose=False
        )
        kid = kid_features_to_metric(
            generated,
            self._real,
            kid_subsets=sizes.kid_subsets,
            kid_subset_size=min(n, sizes.kid_subset_size),
            verbose=False,
        )
        neighbours = prc_features_to_metric(
            generated[:compared],
            self._real[:compared],
            prc_neighborhood=NEIGHBOURS,
            verbose=False,
        )
        scores = {}
        if logits is not None:
            inception = isc_features_to_metric(logits, splits=sizes.is_splits)
            scores["is"] = inception["inception_score_mean"]
        return {
            **scores,
            "fid": fid["frechet_inception_distance"],
            "kid": kid["kernel_inception_distance_mean"],
            "precision": neighbours["precision"],
            "recall": neighbours["recall"],
        }


def feature_metrics(judge: str, classes: int | None = None) -> tuple[Metric, ...]:
    """The metrics that ``FeatureScores`` computes.

    Args:
        judge: what a label says in brackets: the judge and the number of samples.
        classes: how many logits the judge gives; IS is between 1 and as many. None for a judge
            without logits, which has no IS.
    """
    scores = () if classes is None else (Metric("is", f"IS ({judge})", "higher", Span(1, classes)),)
    return (
        Metric("fid", f"FID ({judge})", "lower", Span(low=0), FID_NOISE),
        Metric("kid", f"KID ({judge})", "lower"),
        *scores,
        Metric("precision", f"precision ({judge})", "higher", SHARE),
        Metric("recall", f"recall ({judge})", "higher", SHARE),
    )
