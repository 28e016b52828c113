"""Finite-sample confidence intervals, written here to be the reference. Every one covers with probability ≥ 1 − α.

None rests on the central limit theorem: at the α of this laboratory (1e-9 a check) a normal approximation is worthless.
`low`, `high` bound the values of a single observation.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil, log, sqrt

import numpy as np
import numpy.typing as npt
from jaxtyping import Float
from scipy.stats import beta, binom

Floats = npt.NDArray[np.float64]
Interval = tuple[float, float]


def _checked(alpha: float) -> float:
    if not 0 < alpha < 1:
        raise ValueError(f"α must lie strictly between 0 and 1, got {alpha}")
    return alpha


def _bounded(sample: Floats, low: float, high: float) -> Floats:
    if len(sample) == 0:
        raise ValueError("an interval needs at least one observation")
    if not (np.all(sample >= low) and np.all(sample <= high)):
        raise ValueError(f"observations must lie in [{low}, {high}]")
    return sample


def hoeffding(sample: Float[Floats, " n"], alpha: float, low: float = 0, high: float = 1) -> Interval:
    """Mean of bounded observations: `x̄ ± (high − low) √(ln(2/α) / 2n)` (Hoeffding 1963)."""
    mean = float(_bounded(sample, low, high).mean())
    half = (high - low) * sqrt(log(2 / _checked(alpha)) / (2 * len(sample)))
    return max(low, mean - half), min(high, mean + half)


def empirical_bernstein(sample: Float[Floats, " n"], alpha: float, low: float = 0, high: float = 1) -> Interval:
    """Mean of bounded observations of small variance V: `x̄ ± √(2 V ln(4/α)/n) + 7 (high − low) ln(4/α) / (3(n − 1))`.

    Maurer & Pontil 2009, Theorem 4, with α/2 for each side. Raises `ValueError` for n < 2.
    """
    n = len(_bounded(sample, low, high))
    if n < 2:
        raise ValueError("the empirical Bernstein interval needs at least two observations")
    mean, logs = float(sample.mean()), log(4 / _checked(alpha))
    half = sqrt(2 * float(sample.var(ddof=1)) * logs / n) + 7 * (high - low) * logs / (3 * (n - 1))
    return max(low, mean - half), min(high, mean + half)


def clopper_pearson(successes: int, n: int, alpha: float) -> Interval:
    """Exact interval for a probability from `successes` out of `n` (Clopper & Pearson 1934). [0, 1] for n = 0."""
    _checked(alpha)
    if not 0 <= successes <= n:
        raise ValueError(f"successes must lie in 0 … {n}, got {successes}")
    low = float(beta.ppf(alpha / 2, successes, n - successes + 1)) if successes else 0.0
    high = float(beta.isf(alpha / 2, successes + 1, n - successes)) if successes < n else 1.0
    return low, high


def dkw_radius(n: int, alpha: float) -> float:
    """`sup_t |F_n(t) − F(t)| ≤ √(ln(2/α) / 2n)` with probability ≥ 1 − α (Dvoretzky–Kiefer–Wolfowitz, Massart 1990)."""
    if n < 1:
        raise ValueError("an interval needs at least one observation")
    return sqrt(log(2 / _checked(alpha)) / (2 * n))


def median_rank(n: int, alpha: float) -> int:
    """A k with `P(Bin(n, ½) < k) ≤ α/2`, the largest but for ties: the k-th smallest observation is a lower limit
    of the median.
    """
    return int(binom.ppf(_checked(alpha) / 2, n, 0.5))


def median(sample: Float[Floats, " n"], alpha: float) -> Interval:
    """Distribution-free interval for the median from order statistics k and n + 1 − k; (−inf, inf) while n is too
    small.
    """
    if np.any(np.isnan(sample)):
        raise ValueError("a sample with NaN has no median")
    k = median_rank(len(sample), alpha)
    if k < 1:
        return -np.inf, np.inf
    ordered = np.sort(sample)
    return float(ordered[k - 1]), float(ordered[-k])


def median_plan(alpha: float, p: float, power: float = 0.99) -> int:
    """An n, the least up to 2 %, for which the median's interval stays on the right side with probability ≥ `power`.

    `p < ½` is the probability that a single observation falls on the wrong side; computed before sampling.
    Raises `ValueError` for p ≥ ½: no n would do.
    """
    if not 0 <= p < 0.5:
        raise ValueError(f"needs 0 ≤ p < 1/2, got {p}")
    n = ceil(log(2 / _checked(alpha)) / log(2))
    while (k := median_rank(n, alpha)) < 1 or binom.sf(k - 1, n, p) > (1 - power) / 2:
        n += max(1, n // 50)
    return n


def bernstein_plan(alpha: float, sd: float, width: float, delta: float) -> int:
    """An n, the least up to 2 %, at which an empirical Bernstein interval ends within δ of the true mean with
    probability ≥ 0.99.

    For observations with standard deviation at most `sd`, spread over `width`; computed before sampling. By Bernstein's
    inequality the mean errs by at most `sd √(2t/n) + width t/(3n)`, t = ln 400, and by Maurer & Pontil's Theorem 10 the
    sample's standard deviation by `width √(2t/(n − 1))`, each with probability ≥ 0.995.
    """
    logs, t = log(4 / _checked(alpha)), log(400)

    def reach(n: int) -> float:
        half = (sd + width * sqrt(2 * t / (n - 1))) * sqrt(2 * logs / n) + 7 * width * logs / (3 * (n - 1))
        return half + sd * sqrt(2 * t / n) + width * t / (3 * n)

    n = 2
    while reach(n) > delta:
        n = ceil(n * 1.02) + 1
    return n


@dataclass
class BettingSequence:
    """Confidence sequence for a bounded mean by betting (Waudby-Smith & Ramdas 2023): valid at every n at once.

    Against every candidate mean m one gambler bets that the mean is higher, one that it is lower: their capitals
    multiply by `1 + λ (x − m)`, `λ ≤ 1/(2m)`, and `1 − λ (x − m)`, `λ ≤ 1/(2(1 − m))`, with λ fixed before x is seen
    (observations scaled to [0, 1]). A candidate against whom a gambler ever reaches 2/α is ruled out (Ville). Each
    factor is monotone in m, the cap included, so with a grid point all candidates beyond it are ruled out: the
    interval between the last grid points ruled out on either side covers, whatever the grid.
    """

    alpha: float
    low: float = 0.0
    high: float = 1.0
    cells: int = 2000
    n: int = 0
    _total: float = 0.5
    _squares: float = 0.25
    _beaten: npt.NDArray[np.bool_] = field(init=False)
    _capital: Floats = field(init=False)

    def __post_init__(self) -> None:
        _checked(self.alpha)
        self._grid = np.linspace(0, 1, self.cells + 1)
        self._beaten = np.zeros((2, self.cells + 1), dtype=bool)
        self._capital = np.zeros((2, self.cells + 1))

    def update(self, sample: Float[Floats, " n"]) -> Interval:
        """Add observations in their order and return the interval that holds now."""
        threshold, grid = log(2 / self.alpha), self._grid
        caps = 0.5 / np.maximum(grid, 1e-12), 0.5 / np.maximum(1 - grid, 1e-12)
        for x in (_bounded(sample, self.low, self.high) - self.low) / (self.high - self.low):
            mean = self._total / (self.n + 1)
            variance = self._squares / (self.n + 1)
            stake = sqrt(2 * threshold / (variance * (self.n + 1) * log(self.n + 2)))
            self._capital[0] += np.log1p(np.minimum(stake, caps[0]) * (x - grid))
            self._capital[1] += np.log1p(-np.minimum(stake, caps[1]) * (x - grid))
            self.n += 1
            self._total += x
            self._squares += (x - mean) ** 2
            self._beaten |= self._capital >= threshold
        return self.interval

    @property
    def interval(self) -> Interval:
        """What no gambler has ruled out, in the units of the observations; the bounds where nothing is ruled out."""
        too_low, too_high = np.flatnonzero(self._beaten[0]), np.flatnonzero(self._beaten[1])
        lower = self._grid[too_low[-1]] if len(too_low) else 0.0
        upper = self._grid[too_high[0]] if len(too_high) else 1.0
        width = self.high - self.low
        return self.low + width * float(min(lower, upper)), self.low + width * float(max(lower, upper))
