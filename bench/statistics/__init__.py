"""What a few runs allow one to claim: pure functions on arrays, no state, no files.

Scores of one method form an array of runs x settings: a row a seed, a column a setting. NaN is a
run that does not exist, and is left out. Where a function reads *badness*, less is better and a
run without a score is ``inf``, worse than any other. Where there are too few runs for an interval
its bounds are NaN.
"""

from bench.statistics.aggregates import iqm, performance_profile, probability_of_improvement
from bench.statistics.curves import best, curve_mean, tail_mean
from bench.statistics.intervals import (
    Statistic,
    mean_interval,
    proportion_interval,
    stratified_bootstrap_interval,
)
from bench.statistics.ranks import (
    friedman_test,
    mean_over_settings,
    mean_ranks,
    rank_intervals,
    setting_ranks,
)
from bench.statistics.significance import (
    Alternative,
    detectable_effect,
    holm,
    signed_rank_power,
    signed_rank_test,
    smallest_p,
    smallest_p_unpaired,
)
from bench.statistics.tuning import median_best

__all__ = [
    "Alternative",
    "Statistic",
    "best",
    "curve_mean",
    "detectable_effect",
    "friedman_test",
    "holm",
    "iqm",
    "mean_interval",
    "mean_over_settings",
    "mean_ranks",
    "median_best",
    "performance_profile",
    "probability_of_improvement",
    "proportion_interval",
    "rank_intervals",
    "setting_ranks",
    "signed_rank_power",
    "signed_rank_test",
    "smallest_p",
    "smallest_p_unpaired",
    "stratified_bootstrap_interval",
    "tail_mean",
]
