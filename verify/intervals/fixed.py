"""Finite-sample confidence intervals, written here to be the reference. Every one covers with probability ≥ 1 − miss.

None rests on the central limit theorem: at the error probabilities of this laboratory (1e-9 a check) a normal
approximation is worthless. Everywhere here `low` and `high` bound a single observation, and `miss`, strictly between 0
and 1, is the probability that the interval misses the truth; it is not called α because α is the alignment. Every
function raises `ValueError` for a `miss`, a sample or a count out of range, and for bounds that are reversed or not
finite. Equal bounds leave one value, which is then the interval.
"""

from __future__ import annotations

from math import isfinite, log, sqrt
from operator import index

import numpy as np
import numpy.typing as npt
import scipy
from jaxtyping import Float

Floats = npt.NDArray[np.float64]
Interval = tuple[float, float]


def check_miss(miss: float) -> float:
    """Return an error probability unchanged. Raises `ValueError` unless it lies strictly between 0 and 1."""
    if not 0 < miss < 1:
        raise ValueError(f"α must lie strictly between 0 and 1, got {miss}")
    return miss


def check_bounds(low: float, high: float) -> Interval:
    """Return the bounds of an observation unchanged. Raises `ValueError` unless they are finite and low ≤ high."""
    if not (isfinite(low) and isfinite(high) and low <= high):
        raise ValueError(f"bounds of an observation must be finite, low ≤ high, got [{low}, {high}]")
    return low, high


def check_count(name: str, count: int, least: int = 0) -> int:
    """Return a count as an `int`. Raises `ValueError` for one that is not of an integer type, or below `least`."""
    try:
        whole = index(count)
    except TypeError as error:
        raise ValueError(f"{name} must be an integer, got {count}") from error
    if whole < least:
        raise ValueError(f"{name} must be an integer ≥ {least}, got {count}")
    return whole


def check_sample(sample: Floats, low: float, high: float) -> Floats:
    """Return a sample unchanged.

    Raises `ValueError` for an empty one, for observations outside [low, high], and for bounds that are none.
    """
    check_bounds(low, high)
    if np.ndim(sample) != 1 or len(sample) == 0:
        raise ValueError(f"an interval needs one row of at least one observation, got shape {np.shape(sample)}")
    if not (np.all(sample >= low) and np.all(sample <= high)):
        raise ValueError(f"observations must lie in [{low}, {high}]")
    return sample


def around(mean: float, half: float, low: float, high: float) -> Interval:
    """`mean ± half` inside [low, high], where a mean that rounding has put outside is brought back."""
    centre = min(max(mean, low), high)
    return max(low, centre - half), min(high, centre + half)


def hoeffding(sample: Float[Floats, " n"], miss: float, low: float = 0, high: float = 1) -> Interval:
    """Interval of the mean of bounded observations: `x̄ ± (high − low) √(ln(2/miss) / 2n)` (Hoeffding 1963)."""
    mean = float(check_sample(sample, low, high).mean())
    half = (high - low) * sqrt(log(2 / check_miss(miss)) / (2 * len(sample)))
    return around(mean, half, low, high)


def empirical_bernstein(sample: Float[Floats, " n"], miss: float, low: float = 0, high: float = 1) -> Interval:
    """Interval of the mean of bounded observations, short where their sample variance V is small.

    `x̄ ± (√(2 V ℓ/n) + 7 (high − low) ℓ / (3(n − 1)))`, `ℓ = ln(4/miss)`: Maurer & Pontil 2009, Theorem 4, with miss/2
    for each side. Raises `ValueError` for n < 2.
    """
    n = len(check_sample(sample, low, high))
    if n < 2:
        raise ValueError("the empirical Bernstein interval needs at least two observations")
    mean, logs = float(sample.mean()), log(4 / check_miss(miss))
    half = sqrt(2 * float(sample.var(ddof=1)) * logs / n) + 7 * (high - low) * logs / (3 * (n - 1))
    return around(mean, half, low, high)


def clopper_pearson(successes: int, n: int, miss: float) -> Interval:
    """Exact interval of a probability from `successes` out of `n` (Clopper & Pearson 1934); [0, 1] for n = 0."""
    check_miss(miss)
    successes, n = check_count("successes", successes), check_count("trials", n)
    if successes > n:
        raise ValueError(f"successes must lie in 0 … {n}, got {successes}")
    low = float(scipy.stats.beta.ppf(miss / 2, successes, n - successes + 1)) if successes else 0.0
    high = float(scipy.stats.beta.isf(miss / 2, successes + 1, n - successes)) if successes < n else 1.0
    return low, high


def dkw_radius(n: int, miss: float) -> float:
    """The radius `√(ln(2/miss) / 2n)` that `sup_t |F_n(t) − F(t)|` stays within, whatever the law F.

    Dvoretzky, Kiefer & Wolfowitz 1956 with Massart's constant (1990). Raises `ValueError` for n < 1.
    """
    return sqrt(log(2 / check_miss(miss)) / (2 * check_count("observations", n, 1)))


def median_rank(n: int, miss: float) -> int:
    """A k with `P(Bin(n, ½) < k) ≤ miss/2`, the largest but for ties; 0 while n is too small for any.

    The k-th smallest observation is a lower limit of the median, the k-th largest an upper one.
    """
    return int(scipy.stats.binom.ppf(check_miss(miss) / 2, check_count("observations", n), 0.5))


def median(sample: Float[Floats, " n"], miss: float) -> Interval:
    """Distribution-free interval of the median, from the order statistics k and n + 1 − k of `median_rank`.

    (−inf, inf) while n is too small, none included. Observations may be infinite. Raises `ValueError` for NaN.
    """
    if np.ndim(sample) != 1:
        raise ValueError(f"a median needs one row of observations, got shape {np.shape(sample)}")
    if np.any(np.isnan(sample)):
        raise ValueError("a sample with NaN has no median")
    k = median_rank(len(sample), miss)
    if k < 1:
        return -np.inf, np.inf
    ordered = np.sort(sample)
    return float(ordered[k - 1]), float(ordered[-k])
