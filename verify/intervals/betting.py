"""The mean of bounded observations by betting (Waudby-Smith & Ramdas 2023): valid at every n, or tuned for one n."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import log, sqrt

import numpy as np
import numpy.typing as npt
from jaxtyping import Float

from nfrlab.verify.intervals.fixed import Floats, Interval, check_bounds, check_count, check_miss, check_sample

CAP = 0.9
"""Share of the stake at which a gambler could lose everything: no bet is larger."""


@dataclass
class BettingSequence:
    """Confidence sequence of a bounded mean by betting (Waudby-Smith & Ramdas 2023): valid at every n at once.

    Against every candidate mean m one gambler bets that the mean is higher, one that it is lower: their capitals
    multiply by `1 + λ (x − m)`, `λ ≤ 1/(2m)`, and `1 − λ (x − m)`, `λ ≤ 1/(2(1 − m))`, with λ fixed before x is seen
    (observations scaled to [0, 1]). A candidate against whom a gambler ever reaches 2/miss is ruled out (Ville). Each
    factor is monotone in m, the cap included, so with a grid point all candidates beyond it are ruled out: the
    interval between the last grid points ruled out on either side covers, whatever the grid.

    Attributes
    ----------
    miss
        The probability that the interval ever misses the mean, at any n. Raises `ValueError` unless inside (0, 1), as
        it does for bounds or cells that are none.
    low, high
        Bounds of a single observation, finite; where they are equal they are the interval.
    cells
        Candidate means are `cells + 1` equally spaced points of [low, high].
    n
        Observations seen so far.
    """

    miss: float
    low: float = 0.0
    high: float = 1.0
    cells: int = 2000
    n: int = 0
    _total: float = 0.5
    _squares: float = 0.25
    _beaten: npt.NDArray[np.bool_] = field(init=False)
    _capital: Floats = field(init=False)

    def __post_init__(self) -> None:
        check_miss(self.miss)
        check_bounds(self.low, self.high)
        check_count("cells", self.cells, 1)
        self._grid = np.linspace(0, 1, self.cells + 1)
        self._beaten = np.zeros((2, self.cells + 1), dtype=bool)
        self._capital = np.zeros((2, self.cells + 1))

    def update(self, sample: Float[Floats, " n"]) -> Interval:
        """Add observations in their order and return the interval that holds now.

        Raises `ValueError` for no observation, or for one outside the bounds.
        """
        threshold, grid = log(2 / self.miss), self._grid
        caps = 0.5 / np.maximum(grid, 1e-12), 0.5 / np.maximum(1 - grid, 1e-12)  # at the ends any stake is safe
        for x in scaled(sample, self.low, self.high):
            # the stake may use what was seen before x alone: a prior observation ½ of variance ¼ starts it off
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


def scaled(sample: Float[Floats, " n"], low: float, high: float) -> Float[Floats, " n"]:
    """Observations in [low, high] moved to [0, 1]; 0 where the bounds are equal.

    Raises `ValueError` for no observation, for one outside the bounds, and for bounds that are none.
    """
    return (check_sample(sample, low, high) - low) / ((high - low) or 1.0)


def bets(values: Float[Floats, " n"], miss: float, low: float, high: float) -> Interval:
    """Interval of the mean of bounded observations by betting, valid at one n, with stakes chosen for it.

    A candidate mean m is ruled out when a gambler's capital `Π (1 ± λ_t (x_t − m))` ever reaches 2/miss, where `λ_t =
    √(2 ln(2/miss) / n V_{t−1})`, at most `CAP` of what may be staked, and V is the variance seen before. Capitals are
    monotone in m, so both ends are found by bisection, rounded outward to 1 % of their distance from the sample mean
    (Waudby-Smith & Ramdas 2023). Raises `ValueError` for no observation, and for one outside [low, high].
    """
    x, threshold = scaled(values, low, high), log(2 / check_miss(miss))
    count = np.arange(1.0, len(x) + 1)
    mean = (0.5 + np.cumsum(x)) / (count + 1)  # with a prior observation ½ of variance ¼, as in `BettingSequence`
    variance = (0.25 + np.cumsum((x - mean) ** 2)) / (count + 1)
    stake = np.sqrt(2 * threshold / (len(x) * np.concatenate([[0.25], variance[:-1]])))

    def ruled_out(m: float, sign: int) -> bool:
        most = CAP / max(m if sign > 0 else 1 - m, 1e-12)
        return bool(np.cumsum(np.log1p(sign * np.minimum(stake, most) * (x - m))).max() >= threshold)

    def end(sign: int) -> float:
        # double the distance from the sample mean until a candidate is ruled out, then bisect; `outside` always is
        centre, inside, distance = float(x.mean()), 0.0, sqrt(2 * threshold * variance[-1] / len(x))
        limit = centre if sign > 0 else 1 - centre
        while distance < limit and not ruled_out(centre - sign * distance, sign):
            inside, distance = distance, 2 * distance
        outside = min(distance, limit)
        while outside - inside > 0.01 * outside:
            middle = (inside + outside) / 2
            inside, outside = (inside, middle) if ruled_out(centre - sign * middle, sign) else (middle, outside)
        return centre - sign * outside

    return low + (high - low) * max(0.0, end(1)), low + (high - low) * min(1.0, end(-1))
