"""Monte Carlo for α_∞ itself: pairs of independent maps, whose inner products know nothing of finite-width bias.

With m = E R and two independent maps R, R′ of one width, `Y(q) = ⟨R, x̂⟩⟨R′, x̂⟩ − q ⟨R, R′⟩` has mean
`‖m‖² (α_∞² − q)`, exactly, at every N. The median of Y(q) over pairs has a distribution-free interval at miss/2, and
lies within one standard deviation σ of the mean, for every law. σ has the upper limit `s √((n − 1)/χ²_{n−1}(miss/2))`,
s the sample's: that one is exact for normal Y and assumed for the others. (For normal Y median and mean agree and
nothing need be added.) The q for which 0 is not excluded are the interval of α_∞².
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, sqrt
from typing import Any

import numpy as np
import scipy
from jaxtyping import Float

from nfrlab.simulations.dense import attribution, layer
from nfrlab.simulations.dense.arrays import Array
from nfrlab.simulations.dense.montecarlo import ones
from nfrlab.simulations.dense.weights import FAMILIES as SAMPLERS
from nfrlab.simulations.dense.weights import Sampler
from nfrlab.theory.families import FAMILIES
from nfrlab.theory.family import Family
from nfrlab.theory.limit.direction import LimitAlignment, gbp_limit
from nfrlab.verify import intervals
from nfrlab.verify.court.claim import Examination
from nfrlab.verify.court.evidence import Claimed, Evidence, Kind
from nfrlab.verify.examine.limit_direction import GBP

PAIRS = 96
"""Pairs of maps behind one interval; their width, not their number, is what is planned."""
METHOD = (
    "pairs of independent maps; distribution-free interval of the median, widened by an upper limit of the standard "
    "deviation, which takes the pairs' statistic to be normal"
)
GRID = np.linspace(0, 1, 8001)
"""Candidates for α_∞; the interval is rounded outward to them."""
SIGNED = np.array([3.0, -1.0, 2.0])
"""An input that several claims examine."""


@dataclass(frozen=True)
class AlignmentPoint:
    """One point: a law and its sampler, an input, and what is claimed of α_∞ there.

    Attributes
    ----------
    name
        What is printed, and what the random numbers are derived from.
    law
        The law for which the width is planned; a control may draw from another one.
    sampler
        Draws the weights.
    x
        The input.
    claimed
        What is claimed of α_∞(x). The interval is planned to reach no further than the resolution of the claim, or
        0.01 where that is 0.
    """

    name: str
    law: Family
    sampler: Sampler
    x: Array
    claimed: Claimed


def predicted_point(
    family: str, x: Array, name: str, delta: float = 0.02, sampled: str | None = None
) -> AlignmentPoint:
    """The point at which the theory's α_∞ of a family, ± δ, is held against samples.

    Parameters
    ----------
    family
        The family whose α_∞ is claimed, with the error of the theory added.
    x
        The input.
    name
        What is printed, and what the random numbers are derived from.
    delta
        The resolution δ of the claim.
    sampled
        The family that is sampled, by default the one that is claimed.
    """
    limit, drawn = gbp_limit(FAMILIES[family], x), sampled or family
    claimed = Claimed.between(float(limit.value - limit.error), float(limit.value + limit.error), resolution=delta)
    return AlignmentPoint(name, FAMILIES[drawn], SAMPLERS[drawn], x, claimed)


def enclosure_evidence(
    statement: str, limit: LimitAlignment, claimed: Claimed, method: str, details: dict[str, Any]
) -> Evidence:
    """A certified α_∞, `limit.value ± limit.error`, held against what is claimed of it."""
    return Evidence.from_interval(
        Kind.ENCLOSURE,
        statement,
        (float(limit.value - limit.error), min(1.0, float(limit.value + limit.error))),
        claimed,
        method,
        numerical_error=float(limit.error),
        details=details,
    )


def deviation_factor(n: int, miss: float) -> float:
    """`√((n − 1)/χ²_{n−1}(miss/2))`: times s it exceeds σ with probability 1 − miss/2, for n normal observations."""
    return sqrt((n - 1) / float(scipy.stats.chi2.ppf(miss / 2, n - 1)))


def half_width(miss: float, power: float = 0.99) -> float:
    """How many standard deviations of Y(q) the interval reaches, with probability ≥ `power`, Y taken to be normal.

    The outer order statistic, and the allowance from a standard deviation that came out large.
    """
    tail = (1 - power) / 4  # two ends, each of which the order statistic and the standard deviation may push out
    k = intervals.median_rank(PAIRS, miss / 2)
    outer = -float(scipy.stats.norm.ppf(scipy.stats.beta.ppf(tail, k, PAIRS + 1 - k)))
    return outer + deviation_factor(PAIRS, miss) * sqrt(float(scipy.stats.chi2.isf(tail, PAIRS - 1)) / (PAIRS - 1))


def planned_width(point: AlignmentPoint, miss: float) -> int:
    """The N at which `PAIRS` pairs give a half-width of at most δ: `var Y/‖m‖⁴ ≈ 2 α² sin² λ/(N‖μ‖²) + λ tr/(N‖μ‖²)²`.

    sin² is 1 − α². λ and the trace are those of `E[wwᵀ 1(w·x > 0)]`, half of `E wwᵀ` for symmetric laws, times the
    crowding where neurons are drawn together. At least 64 and 2d.
    """
    d, mean = len(point.x), point.law.half_space_mean(point.x).value
    share = (0.5 if point.law.symmetric else 1.0) * point.law.crowding(d) / float(mean @ mean)
    along, total = (share * value for value in point.law.covariance(d))
    limit = min(1.0, gbp_limit(point.law, point.x).value)
    sd = (point.claimed.resolution or 0.01) * limit * 2 / half_width(miss)  # δ of α is 2αδ of α²
    linear, square = 2 * limit**2 * (1 - limit**2) * along, along * total
    least = (linear + sqrt(linear**2 + 4 * sd**2 * square)) / (2 * sd**2)  # linear/N + square/N² = sd²
    return max(64, 2 * d, ceil(least))


def alignment_interval(maps: Float[Array, "maps d"], x: Float[Array, " d"], miss: float) -> tuple[float, float, float]:
    """(low, high, allowance): the interval of α_∞ from an even number of maps, at an input x.

    The allowance, already in the interval, is what the mean may lie off the median, in units of α_∞. (0, 1, 1) where
    the pairs are too few or exclude every candidate.
    """
    unit = x / np.linalg.norm(x)
    first, second = maps[::2], maps[1::2]
    along, inner = (first @ unit) * (second @ unit), (first * second).sum(axis=1)
    k = intervals.median_rank(len(along), miss / 2)
    if k < 1:
        return 0.0, 1.0, 1.0
    Y = np.sort(along - GRID[:, None] ** 2 * inner, axis=1)  # one row for every candidate α_∞, q = α_∞²
    allowance = deviation_factor(len(along), miss) * Y.std(axis=1, ddof=1)
    kept = np.flatnonzero((Y[:, k - 1] - allowance <= 0) & (Y[:, -k] + allowance >= 0))
    if len(kept) == 0:
        return 0.0, 1.0, 1.0
    low, high = GRID[max(0, kept[0] - 1)], GRID[min(len(GRID) - 1, kept[-1] + 1)]
    middle = max((low + high) / 2, 1e-9)
    return float(low), float(high), float(np.interp(middle, GRID, allowance) / (2 * middle * abs(inner.mean())))


def independent_maps(point: AlignmentPoint, N: int, rng: np.random.Generator) -> Float[Array, "maps d"]:
    """2 · `PAIRS` maps of GBP in a layer of N neurons, each through fresh weights, with every output weight 1."""
    layers = (layer(point.x, point.sampler(len(point.x), N, rng)) for _ in range(2 * PAIRS))
    return np.array([attribution((hidden,), GBP, ones(N, rng)) for hidden in layers])


def alignment_evidence(exam: Examination, point: AlignmentPoint, miss: float) -> Evidence:
    """The sampled interval of α_∞ at one point, held against what is claimed there."""
    N, claimed = planned_width(point, miss), point.claimed
    low, high, allowance = alignment_interval(independent_maps(point, N, exam.rng(point.name)), point.x, miss)
    text = (
        f"= {claimed.low:.5f} ± {claimed.resolution:g}" if claimed.high - claimed.low < 1e-6 else f"≤ {claimed.high:g}"
    )
    return Evidence.from_interval(
        Kind.MONTE_CARLO,
        f"α_∞ {text}: {point.name}",
        (low, high),
        claimed,
        METHOD,
        miss=miss,
        n=2 * PAIRS,
        bias=allowance,
        power=0.99 if claimed.resolution else None,
        details={"N": N, "d": len(point.x), "law": point.law.name},
    )
