"""Sample sizes, computed before sampling: at these n an interval decides with probability ≥ 0.99 if the claim holds."""

from __future__ import annotations

from math import ceil, log, sqrt

import scipy

from nfrlab.verify.intervals.betting import CAP
from nfrlab.verify.intervals.fixed import checked, clopper_pearson, median_rank


def median_plan(miss: float, p: float, power: float = 0.99) -> int:
    """An n, the least up to 2 %, for which the median's interval stays on the right side with probability ≥ `power`.

    `p < ½` is the probability that a single observation falls on the wrong side; computed before sampling.
    Raises `ValueError` for p ≥ ½: no n would do.
    """
    if not 0 <= p < 0.5:
        raise ValueError(f"needs 0 ≤ p < 1/2, got {p}")
    n = ceil(log(2 / checked(miss)) / log(2))
    while (k := median_rank(n, miss)) < 1 or scipy.stats.binom.sf(k - 1, n, p) > (1 - power) / 2:
        n += max(1, n // 50)
    return n


def bernstein_plan(miss: float, sd: float, width: float, delta: float) -> int:
    """An n, the least up to 2 %, at which an empirical Bernstein interval ends within δ of the true mean with
    probability ≥ 0.99.

    For observations with standard deviation at most `sd`, spread over `width`; computed before sampling. By Bernstein's
    inequality the mean errs by at most `sd √(2t/n) + width t/(3n)`, t = ln 400, and by Maurer & Pontil's Theorem 10 the
    sample's standard deviation by `width √(2t/(n − 1))`, each with probability ≥ 0.995.
    """
    logs, t = log(4 / checked(miss)), log(400)

    def reach(n: int) -> float:
        half = (sd + width * sqrt(2 * t / (n - 1))) * sqrt(2 * logs / n) + 7 * width * logs / (3 * (n - 1))
        return half + sd * sqrt(2 * t / n) + width * t / (3 * n)

    n = 2
    while reach(n) > delta:
        n = ceil(n * 1.02) + 1
    return n


def bets_plan(miss: float, mean: float, sd: float, delta: float, low: float = 0.0, high: float = 1.0) -> int:
    """An n at which `bets` ends within δ of the true mean with probability ≥ 0.99, for observations of this mean and
    standard deviation: δ pays for the stakes, `max(σ√(2ℓ/n), 2ℓ m/(CAP n))` with `ℓ = ln(2/α)`, and for the sample
    mean's own error, `σ√(2 ln 400/n)`.
    """
    mean, sd, delta = (mean - low) / (high - low), sd / (high - low), delta / (high - low)
    logs, own = log(2 / miss), sd * sqrt(2 * log(400))
    free = (sd * sqrt(2 * logs) + own) / delta
    capped = 2 * logs * max(mean, 1 - mean) / CAP
    root = (own + sqrt(own**2 + 4 * capped * delta)) / (2 * delta)  # capped/n + own/√n = δ
    return ceil(max(free, root) ** 2)


def rate_plan(miss: float, p: float, delta: float) -> int:
    """An n, the least up to 2 %, at which Clopper and Pearson's interval ends within δ of p with probability ≥ 0.99, if
    p is true: it does at both the 0.5 % and the 99.5 % quantile of the count, hence between them.
    """
    n = 10

    def inside(hits: float) -> bool:
        low, high = clopper_pearson(int(hits), n, miss)
        return p - delta <= low and high <= p + delta

    # an interval that ends at 0 or 1 does so within δ only if p does
    while not all(inside(scipy.stats.binom.ppf(q, n, p)) for q in (0.005, 0.995)):
        n = ceil(n * 1.02) + 1
    return n


def distribution_plan(miss: float, delta: float, points: int) -> int:
    """The n at which, if the law is right, the interval of the distance ends within δ with probability ≥ 0.99: the
    empirical distribution strays by at most `√(ln 200/2n)`; n has room for that, for DKW's radius and for the grid.
    """
    return ceil(((sqrt(log(2 / miss)) + sqrt(log(200))) / (delta - 1 / points)) ** 2 / 2)
