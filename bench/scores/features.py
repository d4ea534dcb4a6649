"""FID, KID, IS, precision and recall in the features of any judge, computed by torch-fidelity.

torch-fidelity's metric functions are called directly: its driver adds workers, a cache whose key
misses the weights, and draws from the global stream.
"""

from torch import Tensor
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
from torch_fidelity.metric_isc import isc_features_to_metric
from torch_fidelity.metric_kid import kid_features_to_metric
from torch_fidelity.metric_prc import prc_features_to_metric

from bench.scores.judge import Metric

KID_SUBSETS = 4
KID_SIZE = 500
IS_SPLITS = 1
NEIGHBOURS = 3
LEAST = NEIGHBOURS + 2
"""Samples below which a metric is undefined."""


class FeatureScores:
    """Compares features of generated samples with those of real ones.

    Everything is in float64, where FID's covariances and the neighbours' distances are exact
    enough. Precision and recall take equally many samples of both sides, since the balls around
    the samples shrink with their number.

    Sources: Heusel et al. 2017 (FID, arXiv:1706.08500), Binkowski et al. 2018 (KID,
    arXiv:1801.01401), Salimans et al. 2016 (IS, arXiv:1606.03498), Kynkäänniemi et al. 2019
    (precision and recall, arXiv:1904.06991).
    """

    def __init__(self, real: Tensor):
        """Takes the reference: real features (M, d)."""
        self._real = real.double()
        self._statistics = fid_features_to_statistics(self._real)

    def __call__(self, features: Tensor, logits: Tensor) -> dict[str, float]:
        """Scores generated features (N, d) and logits (N, classes), N at least ``LEAST``."""
        generated = features.double()
        n = min(len(generated), len(self._real))
        fid = fid_statistics_to_metric(
            fid_features_to_statistics(generated), self._statistics, verbose=False
        )
        kid = kid_features_to_metric(
            generated,
            self._real,
            kid_subsets=KID_SUBSETS,
            kid_subset_size=min(n, KID_SIZE),
            verbose=False,
        )
        inception = isc_features_to_metric(logits, splits=IS_SPLITS)
        neighbours = prc_features_to_metric(
            generated[:n], self._real[:n], prc_neighborhood=NEIGHBOURS, verbose=False
        )
        return {
            "fid": fid["frechet_inception_distance"],
            "kid": kid["kernel_inception_distance_mean"],
            "is": inception["inception_score_mean"],
            "precision": neighbours["precision"],
            "recall": neighbours["recall"],
        }


def feature_metrics(judge: str) -> tuple[Metric, ...]:
    """The metrics that ``FeatureScores`` computes.

    Args:
        judge: what a label says in brackets: the judge and the number of samples.
    """
    return (
        Metric("fid", f"FID ({judge})", "lower"),
        Metric("kid", f"KID ({judge})", "lower"),
        Metric("is", f"IS ({judge})", "higher"),
        Metric("precision", f"precision ({judge})", "higher"),
        Metric("recall", f"recall ({judge})", "higher"),
    )


def feature_settings() -> dict[str, int]:
    """What the metrics depend on apart from the samples."""
    return {
        "kid_subsets": KID_SUBSETS,
        "kid_subset_size": KID_SIZE,
        "is_splits": IS_SPLITS,
        "neighbours": NEIGHBOURS,
    }
