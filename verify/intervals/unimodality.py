"""Has a law one peak? Hartigan's dip with a certificate, and three intervals of which the middle one is thinner.

A law is unimodal where its distribution function is convex up to a mode and concave behind it. Both statements hold at
any n and for any law: no smoothness is assumed, no table is looked up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf, log

import numpy as np
from jaxtyping import Float, Int

from nfrlab.simulations.dense.arrays import Array
from nfrlab.verify.intervals.fixed import Floats, Interval, check_miss, check_sample, clopper_pearson, dkw_radius

DIGITS = 16
"""Binary digits of a dip that is certified."""
LEAST = 0.05
"""Of the density of the higher peak: a peak that is lower counts as none."""
BIN = 0.1
"""Width of the intervals that are chosen from."""


def dip(sample: Float[Floats, " n"], digits: int = 40) -> float:
    """`D(F_n) = min over unimodal U of sup |F_n − U|` (Hartigan & Hartigan 1985), by bisection to 2^−digits.

    Raises `ValueError` for an empty sample, or one with NaN or infinite values.
    """
    x, counts = np.unique(check_sample(sample, -np.finfo(float).max, np.finfo(float).max), return_counts=True)
    upto = np.cumsum(counts) / len(sample)
    before = upto - counts / len(sample)
    low, high = 0.0, 0.5
    for _ in range(digits):
        middle = (low + high) / 2
        if is_near_unimodal(x, before, upto, middle):
            high = middle
        else:
            low = middle
    return high


def is_near_unimodal(x: Float[Floats, " m"], before: Float[Floats, " m"], upto: Float[Floats, " m"], d: float) -> bool:
    """Whether a unimodal law stays within d of the steps at x, from `before` to `upto`.

    Left of a mode `x_j`, where it may jump, it is convex. What lies right of it is that turned by half a turn. Both
    sides have to be possible, and the left one may end no higher than the right one begins.
    """
    left = Side.of(x, before + d, upto - d)
    right = Side.of(-x[::-1], 1 - upto[::-1] + d, 1 - before[::-1] - d)
    last = len(x) - 1
    return any(left.least(j) + right.least(last - j) <= 1 for j in range(last - right.reach, left.reach + 1))


@dataclass(frozen=True)
class Side:
    """Convex functions between `lower` and an upper bound at points x.

    `reach` is the last j for which there is one at `x_0 … x_j`, the last lower bound aside; `slopes[k]`: how steep all
    are behind `x_k`, at least.
    """

    x: Float[Floats, " m"]
    lower: Float[Floats, " m"]
    slopes: Float[Floats, " k"]
    reach: int

    @classmethod
    def of(cls, x: Float[Floats, " m"], upper: Float[Floats, " m"], lower: Float[Floats, " m"]) -> Side:
        """From the greatest convex minorant of the upper bounds: it may not fall below a lower one."""
        hull: list[int] = []
        slopes = np.zeros(len(x))
        for j in range(len(x)):
            if hull:
                slopes[j] = max(0.0, float(np.max((lower[j] - upper[hull]) / (x[j] - x[hull]))))
            while len(hull) > 1 and is_above(x, upper, hull[-2], hull[-1], j):
                hull.pop()
            if hull:
                i = hull[-1]
                chord = upper[i] + (upper[j] - upper[i]) / (x[j] - x[i]) * (x[i:j] - x[i])
                if np.any(chord < lower[i:j]):
                    return cls(x, lower, slopes, j - 1)
            hull.append(j)
        return cls(x, lower, slopes, len(x) - 1)

    def least(self, j: int) -> float:
        """The least value at `x_j` of such a function at `x_0 … x_j`; 0 where nothing lies before."""
        ends = self.lower[:j] + self.slopes[:j] * (self.x[j] - self.x[:j])
        return float(np.max(ends, initial=0.0))


def is_above(x: Float[Floats, " m"], y: Float[Floats, " m"], i: int, j: int, k: int) -> bool:
    """Whether the point j lies on or above the chord from i to k."""
    return bool((y[j] - y[i]) * (x[k] - x[i]) >= (y[k] - y[i]) * (x[j] - x[i]))


def certified_dip(sample: Float[Floats, " n"], miss: float) -> float:
    """A lower limit of the dip of the law that a sample comes from, below it with probability ≥ 1 − miss; 0 at least.

    The dip is 1-Lipschitz in sup norm: `D(F) ≥ D(F_n) − √(ln(2/miss)/2n)`.
    """
    return max(0.0, dip(sample, DIGITS) - 2.0**-DIGITS - dkw_radius(len(sample), miss))


@dataclass(frozen=True)
class Three:
    """Three intervals [low, high), in order and disjoint."""

    left: Interval
    middle: Interval
    right: Interval


def chosen(sample: Float[Floats, " n"], cut: float = 0.0, width: float = BIN) -> Three:
    """The fullest interval below the cut, the fullest above it, and the emptiest between them, from a grid at the cut.

    To be judged on other data: `valley`. Where the two fullest are neighbours, the middle one is the emptier half of
    what they leave free on either side of the cut, [cut − width/2, cut + width/2). Raises `ValueError` for an empty
    sample, or one that is not finite.
    """
    check_sample(sample, -np.finfo(float).max, np.finfo(float).max)
    cells: Int[Array, " n"] = np.floor((np.clip(sample, cut - 1e3, cut + 1e3) - cut) / width).astype(int)
    values, counts = np.unique(cells, return_counts=True)
    full = dict(zip(values.tolist(), counts.tolist(), strict=True))

    def fullest(side: Callable[[int], bool], otherwise: int) -> int:
        return max((cell for cell in full if side(cell)), key=lambda cell: full[cell], default=otherwise)

    # next to the cut half a cell stays free on either side, so that there is a middle
    left, right = fullest(lambda cell: cell < -1, -2), fullest(lambda cell: cell > 0, 1)
    between = min(range(left + 1, right), key=lambda cell: (full.get(cell, 0), abs(cell + 0.5)))

    def interval(cell: int) -> Interval:
        return cut + cell * width, cut + (cell + 1) * width

    return Three(interval(left), interval(between), interval(right))


def valley(sample: Float[Floats, " n"], three: Three, miss: float) -> Interval:
    """Interval of `ln(lower / max(middle, higher · LEAST))`, mean densities in the two outer intervals and in the
    middle one: above 0 the law is not unimodal, whatever it is, and the lower peak is no crumb.

    Densities are shares by widths, each share with a Clopper–Pearson interval of a third of `miss`.
    """
    check_miss(miss)

    def density(interval: Interval) -> Interval:
        low, high = interval
        share = clopper_pearson(int(np.sum((sample >= low) & (sample < high))), len(sample), miss / 3)
        return share[0] / (high - low), share[1] / (high - low)

    left, middle, right = density(three.left), density(three.middle), density(three.right)
    lower = min(left[0], right[0]), min(left[1], right[1])
    beside = tuple(max(middle[end], LEAST * max(left[end], right[end])) for end in (0, 1))
    return (log(lower[0] / beside[1]) if lower[0] else -inf), (log(lower[1] / beside[0]) if beside[0] else inf)
