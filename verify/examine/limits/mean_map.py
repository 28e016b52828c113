"""Monte Carlo for the direction of the mean map: pairs of independent maps, unbiased at every width.

Where neurons are weighted independently, the map's mean `E R` has the direction of its limit at every N. For two
independent maps R, R′ and a unit target t, `Y(q) = ⟨R, t⟩⟨R′, t⟩ − q ⟨R, R′⟩` has mean `‖E R‖² (α_∞² − q)`, α_∞ =
cos ∠(E R, t). Its variance is bounded beforehand by the second moments of a neuron (`theory.limit.map_moments`), and
Catoni's interval of a mean needs nothing else of its law: nothing is estimated, and nothing taken to be normal. The q
for which a mean of 0 is not excluded are the interval of α_∞². `⟨R, t⟩` itself, likewise, gives the sign of α_∞ and the
map's length along t.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil, sqrt
from typing import Any

import numpy as np
from jaxtyping import Float

from nfrlab.simulations.dense.arrays import Array
from nfrlab.simulations.dense.montecarlo import ones
from nfrlab.theory.families import FAMILIES
from nfrlab.theory.limit.direction import LimitAlignment, gbp_limit, zplus_filter_direction
from nfrlab.theory.limit.map_moments import MapMoments, gradient_moments, pair_variance, zplus_moments
from nfrlab.theory.numerics.vectors import cosine
from nfrlab.verify.court.claim import Examination
from nfrlab.verify.court.evidence import Claimed, Evidence, Kind
from nfrlab.verify.examine.limits.map_point import GBP, MapPoint, weights
from nfrlab.verify.intervals.catoni import catoni, catoni_reach, excess
from nfrlab.verify.intervals.fixed import Interval

PAIRS = 192
"""Pairs of maps behind one interval; their width, not their number, is what is planned."""
METHOD = (
    "pairs of independent maps: interval of the median, and the mean within a standard deviation bounded beforehand"
)
CANDIDATES = np.cos(np.linspace(np.pi / 2, 0, 8001))
"""Candidates for |α_∞|, equally spaced in the angle; the interval is rounded outward to them."""
SIGNED = np.array([3.0, -1.0, 2.0])
"""An input that several claims examine."""
RULES = "gbp", "rectgrad-constant", "zplus-filter"
"""Rules under which every neuron is weighted by itself (RectGrad with a constant τ = 0)."""


@dataclass(frozen=True)
class MeanPoint:
    """A point, and what is claimed of the direction of its mean map.

    Attributes
    ----------
    point
        A rule whose neurons are weighted independently, `RULES`, with relevance 1, N(0, 1) or relu of N(0, 1), without
        bottom process.
    claimed
        What is claimed of α_∞, the cosine of the mean map with the target.
    length
        What is claimed of `E⟨R, t⟩/N`, the length of the mean map along the target; None where nothing is.
    """

    point: MapPoint
    claimed: Claimed
    length: Claimed | None = None

    def __post_init__(self) -> None:
        if self.point.rule.name not in RULES:
            raise ValueError(f"the mean map of '{self.point.rule.name}' is not its limit at every width")

    @property
    def passed(self) -> tuple[float, float]:
        """`E s` and `E s²` of the relevance that passes the filter: 1, or relu of N(0, 1)."""
        return (1.0, 1.0) if self.point.relevance is ones else (1 / sqrt(2 * np.pi), 0.5)

    @property
    def of_positive_weights(self) -> bool:
        """Whether a neuron passes on `w⁺` in place of w."""
        return self.point.rule.name == "zplus-filter"

    @property
    def mean(self) -> Float[Array, " d"]:
        """The theory's `E R/N`."""
        law, x = self.point.weights.law, self.point.x
        mean = zplus_filter_direction(law, x) if self.of_positive_weights else law.half_space_mean(x).value
        return np.asarray(self.passed[0] * mean)

    @property
    def moments(self) -> MapMoments:
        """What bounds the scatter of maps."""
        bounds = zplus_moments if self.of_positive_weights else gradient_moments
        return bounds(self.point.weights.law, self.point.x, *self.passed)


def predicted_point(family: str, x: Array, name: str, delta: float = 0.02) -> MeanPoint:
    """The point at which the theory's α_∞ of a family, ± δ, is held against samples, GBP with relevance 1.

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
    """
    limit = gbp_limit(FAMILIES[family], x)
    claimed = Claimed.between(float(limit.value - limit.error), float(limit.value + limit.error), resolution=delta)
    return MeanPoint(MapPoint(name, GBP, weights(family), x, x, ones), claimed)


def predicted_length(family: str, x: Array, margin: float, passed: float = 1.0) -> Claimed:
    """The length of a family's mean map along its direction, `E s ‖μ(x)‖`, ± a relative margin; `passed` is `E s`."""
    length = passed * float(np.linalg.norm(FAMILIES[family].half_space_mean(x).value))
    return Claimed.exactly(length, margin * length)


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


def planned_width(trial: MeanPoint, miss: float) -> int:
    """The N at which the interval of α_∞ reaches no further than δ, that of the length no further than its margin.

    Each with probability ≥ 0.99 if the claim holds. Where it is a range without a margin, half way from the theory's
    α_∞ to its end takes the place of δ, or 0.01 if that is nearer. At least 64 and 2d.
    """
    mean, moments, claimed = trial.mean, trial.moments, trial.claimed
    if claimed.resolution:
        limit, delta = (claimed.low + claimed.high) / 2, claimed.resolution
    else:
        limit = abs(cosine(mean, trial.point.target))
        delta = max(0.01, beyond(limit, claimed) / 2)
    ends = np.clip([limit - delta, limit, limit + delta], 0, 1)
    sd = max(2 * limit * delta - delta**2, delta**2) / catoni_reach(PAIRS, miss / 2) * float(mean @ mean)  # of Y/N²
    square = moments.largest * moments.total
    linear = 2 * float(np.max(ends**2 * (1 - ends**2))) * moments.length**2 * moments.largest
    least = (linear + sqrt(linear**2 + 4 * sd**2 * square)) / (2 * sd**2)  # linear/N + square/N² = sd²
    if trial.length is not None:
        along = (trial.length.resolution or 0.0) / catoni_reach(2 * PAIRS, miss / 2)
        least = max(least, moments.largest / along**2)
    return max(64, 2 * len(mean), ceil(least))


def beyond(value: float, claimed: Claimed) -> float:
    """How far a value is from the nearer end of what is claimed, other than 0, 1 or −1, which no cosine exceeds."""
    return min((abs(value - end) for end in claimed.range if abs(end) not in (0.0, 1.0)), default=1.0)


def alignment_interval(
    maps: Float[Array, "maps d"], target: Float[Array, " d"], moments: MapMoments, N: int, miss: float
) -> tuple[Interval, Interval]:
    """The intervals of α_∞ and of `E⟨R, t⟩/N`, t = target/‖target‖, from an even number of maps through N neurons.

    Both hold at once with probability ≥ 1 − miss. That of α_∞ is [−1, 1] where all candidates are excluded.
    """
    unit = target / np.linalg.norm(target)
    lengths = maps @ unit / N
    along = catoni(lengths, sqrt(moments.largest / N), miss / 2)
    products, inner = lengths[::2] * lengths[1::2], (maps[::2] * maps[1::2]).sum(axis=1) / N**2
    Y = products - CANDIDATES[:, None] ** 2 * inner  # one row for every candidate
    sd = np.sqrt(pair_variance(moments, N, CANDIDATES**2)) / N**2
    kept = np.flatnonzero(np.abs(excess(Y, sd, miss / 2)) < 1)
    if len(kept) == 0:
        return (-1.0, 1.0), along
    low, high = float(CANDIDATES[max(0, kept[0] - 1)]), float(CANDIDATES[min(len(CANDIDATES) - 1, kept[-1] + 1)])
    if along[0] > 0:
        return (low, high), along
    return ((-high, -low) if along[1] < 0 else (-high, high)), along


def alignment_evidence(exam: Examination, trial: MeanPoint, miss: float) -> list[Evidence]:
    """The sampled interval of α_∞ at one point, held against what is claimed there; of the length too, where it is."""
    N, point, claimed = planned_width(trial, miss), trial.point, trial.claimed
    maps = point.maps(N, 2 * PAIRS, exam.rng(point.name))
    found, along = alignment_interval(maps, point.target, trial.moments, N, miss)
    details = {"N": N, "d": len(point.x), "law": point.weights.name}
    aligned = Evidence.from_interval(
        Kind.MONTE_CARLO,
        f"α_∞ {in_words(claimed)}: {point.name}",
        found,
        claimed,
        METHOD,
        miss=miss,
        n=2 * PAIRS,
        power=0.99 if claimed.resolution else None,
        details=details,
    )
    if trial.length is None:
        return [aligned]
    long = Evidence.from_interval(
        Kind.MONTE_CARLO,
        f"E⟨R, t⟩/N = {trial.length.low:.5f} ± {trial.length.resolution:.2g}: {point.name}",
        along,
        trial.length,
        METHOD,
        miss=miss / 2,
        n=2 * PAIRS,
        power=0.99,
        details=details,
    )
    return [replace(aligned, miss=miss / 2), long]


def in_words(claimed: Claimed) -> str:
    """What is claimed of α_∞: `= 0.84133 ± 0.02` or `≤ 0.98`."""
    if claimed.high - claimed.low < 1e-6:
        return f"= {claimed.low:.5f} ± {claimed.resolution:g}"
    return f"≤ {claimed.high:g}" if claimed.high < 1 else f"≥ {claimed.low:g}"
