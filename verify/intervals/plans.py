"""Sample sizes, computed before sampling: at these n an interval decides with probability ≥ 0.99 if the claim holds.

`miss` is the error probability of the interval, strictly between 0 and 1; `delta` how far from the truth it may end.
Every function raises `ValueError` for arguments that no observations could have: a probability outside [0, 1], a
negative standard deviation, a δ that is not positive and finite, bounds that are reversed.
"""

from __future__ import annotations

from math import ceil, isfinite, log, sqrt

import scipy

from nfrlab.verify.intervals.betting import CAP
from nfrlab.verify.intervals.fixed import check_bounds, check_count, check_miss, clopper_pearson, median_rank


def check_delta(delta: float) -> float:
    """Return how far from the truth an interval may end. Raises `ValueError` unless it is positive and finite."""
    if not (isfinite(delta) and delta > 0):
        raise ValueError(f"δ must be positive and finite, got {delta}")
    return delta


def check_sd(sd: float) -> float:
    """Return a standard deviation unchanged. Raises `ValueError` unless it is finite and not negative."""
    if not (isfinite(sd) and sd >= 0):
        raise ValueError(f"a standard deviation must be finite and not negative, got {sd}")
    return sd


def median_plan(miss: float, p: float, power: float = 0.99) -> int:
    """An n, the least up to 2 %, for which the median's interval stays on the right side with probability ≥ `power`.

    `p < ½` is the probability that a single observation falls on the wrong side; for p ≥ ½ no n would do.
    """
    if not (0 <= p < 0.5 and 0 < power < 1):
        raise ValueError(f"needs 0 ≤ p < 1/2 and 0 < power < 1, got {p} and {power}")
    n = ceil(log(2 / check_miss(miss)) / log(2))  # below this even all observations together give no interval
    while (k := median_rank(n, miss)) < 1 or scipy.stats.binom.sf(k - 1, n, p) > (1 - power) / 2:
        n += max(1, n // 50)
    return n


def bernstein_plan(miss: float, sd: float, width: float, delta: float) -> int:
    """An n, the least up to 2 %, at which `empirical_bernstein` ends within δ of the mean with probability ≥ 0.99.

    By Bernstein's inequality the sample mean errs by at most `sd √(2t/n) + width t/(3n)`, and by Maurer & Pontil's
    Theorem 10 the sample's standard deviation by `width √(2t/(n − 1))`, `t = ln 400`, each with probability ≥ 0.995.

    Parameters
    ----------
    miss
        The error probability of the interval.
    sd
        An upper bound of the observations' standard deviation.
    width
        The length `high − low` of the range of a single observation.
    delta
        How far from the mean the interval may end.
    """
    check_sd(sd)
    check_bounds(0.0, width)
    check_delta(delta)
    logs, t = log(4 / check_miss(miss)), log(400)  # 2 e^−t = 0.005

    def reach(n: int) -> float:
        half = (sd + width * sqrt(2 * t / (n - 1))) * sqrt(2 * logs / n) + 7 * width * logs / (3 * (n - 1))
        return half + sd * sqrt(2 * t / n) + width * t / (3 * n)

    n = 2
    while reach(n) > delta:
        n = ceil(n * 1.02) + 1
    return n


def bets_plan(miss: float, mean: float, sd: float, delta: float, low: float = 0.0, high: float = 1.0) -> int:
    """An n at which `bets` ends within δ of the mean with probability ≥ 0.99.

    δ pays for the stakes, `max(σ√(2ℓ/n), 2ℓ m/(CAP n))` with `ℓ = ln(2/miss)`, and for the error of the sample mean,
    `σ√(2 ln 400/n)`; m and σ are the mean and standard deviation scaled to [0, 1], m the larger of m and 1 − m.

    Parameters
    ----------
    miss
        The error probability of the interval.
    mean, sd
        The mean and the standard deviation of the observations.
    delta
        How far from the mean the interval may end.
    low, high
        Bounds of a single observation.
    """
    check_sd(sd)
    check_bounds(low, high)
    check_delta(delta)
    if not low <= mean <= high:
        raise ValueError(f"a mean of observations in [{low}, {high}] lies there too, got {mean}")
    width = (high - low) or 1.0
    mean, sd, delta = (mean - low) / width, sd / width, delta / width
    logs, sampling = log(2 / check_miss(miss)), sd * sqrt(2 * log(400))  # both ends: 2 e^−t = 0.005 at t = ln 400
    free = (sd * sqrt(2 * logs) + sampling) / delta
    capped = 2 * logs * max(mean, 1 - mean) / CAP
    root = (sampling + sqrt(sampling**2 + 4 * capped * delta)) / (2 * delta)  # capped/n + sampling/√n = δ
    return ceil(max(free, root) ** 2)


def rate_plan(miss: float, p: float, delta: float) -> int:
    """An n, the least up to 2 %, at which `clopper_pearson` ends within δ of the true p with probability ≥ 0.99.

    It does at both the 0.5 % and the 99.5 % quantile of the count, hence between them.
    """
    if not 0 <= p <= 1:
        raise ValueError(f"needs 0 ≤ p ≤ 1, got {p}")
    check_delta(delta)
    n = 10

    def inside(hits: float) -> bool:
        low, high = clopper_pearson(int(hits), n, miss)
        return p - delta <= low and high <= p + delta

    # an interval that ends at 0 or 1 does so within δ only if p does
    while not all(inside(scipy.stats.binom.ppf(q, n, p)) for q in (0.005, 0.995)):
        n = ceil(n * 1.02) + 1
    return n


def distribution_plan(miss: float, delta: float, points: int) -> int:
    """The n at which the interval of `sup |F_n − F|` ends within δ with probability ≥ 0.99, if the law F is right.

    The empirical distribution strays by at most `√(ln 200/2n)`; n has room for that, for `dkw_radius` and for the
    1/`points` that is lost where F is evaluated at so many of the observations. δ must exceed 1/`points`.
    """
    if not check_delta(delta) > 1 / check_count("points", points, 1):
        raise ValueError(f"needs δ > 1/points, got {delta} and {points}")
    return ceil(((sqrt(log(2 / check_miss(miss))) + sqrt(log(200))) / (delta - 1 / points)) ** 2 / 2)


def order_plan(miss: float, delta: float) -> int:
    """The n of two samples at which the interval of `sup (F − G)⁺` ends within δ with probability ≥ 0.99 if F ≤ G.

    Each empirical distribution strays to one side by at most `√(ln 200/2n)`; n has room for both, and for both radii,
    which each take half of `miss`.
    """
    return ceil(2 * ((sqrt(log(4 / check_miss(miss))) + sqrt(log(200))) / check_delta(delta)) ** 2)
