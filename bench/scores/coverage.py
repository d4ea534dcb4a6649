"""Counting the modes a generator covers, and how unevenly it covers them."""

import torch
from scipy.stats import chi2
from torch import Tensor

FAIR = 0.2
"""The part of its fair share that a mode must receive to count as covered for certain.

A classifier that errs puts a few samples into modes the generator never makes. With 500 of 1000
stacked digits made, 26,000 samples and a per-digit accuracy of 98%, a count of modes with any
sample says 720; with this share it says 500.
"""


CHANCE = 1e-4
"""How rarely a perfect sampler's divergence is below ``least_divergence``."""


def least_divergence(modes: int, n: int) -> float:
    """The KL(q || p) of ``modes`` frequencies that ``n`` samples all but always exceed.

    For independent samples with the true weights p, 2 n KL is the likelihood ratio statistic, of
    which the limit is chi-squared with modes - 1 degrees of freedom (Wilks 1938); samples of
    other weights have more. Sampling can be as even as this with a chance of ``CHANCE``. A single
    mode has nothing to diverge from.
    """
    if modes == 1:
        return 0.0
    return float(chi2.ppf(CHANCE, modes - 1)) / (2 * n)


def covered(counts: Tensor, expected: Tensor | None = None) -> float:
    """The number of modes with a sample or, given ``expected``, with ``FAIR`` of their share.

    Args:
        counts: samples in each mode, (K,).
        expected: the samples a perfect generator would put in each mode, (K,).
    """
    least = torch.ones_like(counts) if expected is None else (FAIR * expected).clamp(min=1)
    return float((counts >= least).sum())


def divergence(counts: Tensor, weights: Tensor) -> float:
    """KL(q || p) in nats, of the modes' frequencies q from the true weights p.

    Args:
        counts: samples in each mode, (K,).
        weights: the true probability of each mode, (K,).

    Returns:
        nan where there is no sample at all, inf where a mode of weight 0 has one.
    """
    q = counts.double() / counts.sum()
    return float((torch.special.xlogy(q, q) - torch.special.xlogy(q, weights)).sum())
