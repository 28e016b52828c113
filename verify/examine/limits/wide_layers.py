"""Monte Carlo examinations of wide random networks: how well their maps align, and to which side of x they turn.

Both speak of the width that is sampled, and ask nothing of the law of the maps: no moments, no limit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import acos, ceil

import numpy as np
import scipy

from nfrlab.simulations.dense import Rule, alignment
from nfrlab.simulations.dense.arrays import Array
from nfrlab.simulations.dense.montecarlo import Relevance, normal
from nfrlab.simulations.images import digit, normalise
from nfrlab.theory.families import FAMILIES
from nfrlab.theory.limit import direction
from nfrlab.verify import intervals
from nfrlab.verify.court.claim import Examination
from nfrlab.verify.court.evidence import Claimed, Evidence, Finding, Kind
from nfrlab.verify.examine.limits.map_point import MapPoint, Weights, weights
from nfrlab.verify.examine.stated_draws import dyadic
from nfrlab.verify.examine.statistics import median_evidence

DELTA = 0.02
"""How far from 1 a cosine may be and still count as aligned."""
ALIGNED, NOT_ALIGNED = Claimed.between(1.0 - DELTA, 1.0), Claimed.between(-1.0, 1.0 - DELTA)
WIDE = 100
"""Width of a layer that counts as wide, in units of n₁, the leading-order noise of GBP."""
PLANE, TURN, SCATTER = np.array([1.0, 1.0]), 0.02, 0.8
"""The input beside which maps may fall to either side, by how many radians their median may, and what share of that
GBP's maps scatter by.
"""
ISOTROPIC = ("gaussian", "sphere", "ring", "student")
WITH_MEAN = tuple(name for name, family in FAMILIES.items() if family.moments > 1 and family.independent_neurons)
ANISOTROPIC = tuple(name for name in WITH_MEAN if not FAMILIES[name].rotation_invariant)


def inputs(exam: Examination) -> dict[str, Array]:
    """The inputs at which limits are examined, by name: random and real, signed and not; fixed by the seed."""
    rng = exam.rng("inputs")
    side = exam.pick(2, 3)
    patch = exam.images.patch(side, rng)
    chosen = {
        "random signed x, d = 3": rng.standard_normal(3),
        "random non-negative x, d = 3": np.abs(rng.standard_normal(3)),
        f"image patch, d = {3 * side**2}": patch,
        f"normalised image patch, d = {3 * side**2}": normalise(patch),
        f"image frame scaled down, d = {3 * side**2}": exam.images.frame(side, rng),
    }
    pixels = digit(rng)
    pooled = pixels.reshape(4, 2, 4, 2).mean(axis=(1, 3)).ravel()
    chosen[exam.pick("digit scaled down, d = 16", "digit, d = 64")] = exam.pick(pooled, pixels)
    return {name: dyadic(x, 12) for name, x in chosen.items()}


def points(
    exam: Examination,
    rule: Rule,
    families: Iterable[str],
    target: Callable[[str, Array], Array] = lambda _, x: x,
    relevance: Relevance = normal,
    bottom: bool = True,
) -> list[MapPoint]:
    """Every family at every input.

    Parameters
    ----------
    exam
        Supplies images and random inputs.
    rule, relevance, bottom
        The backward rule, the hidden relevance, and whether the bottom process is applied.
    families
        Names of weight families.
    target
        The claimed limit direction from family and input, by default the input itself.
    """
    return [
        MapPoint(f"{family}, {name}", rule, weights(family), x, target(family, x), relevance, bottom)
        for family in families
        for name, x in inputs(exam).items()
    ]


def is_visible(point: MapPoint) -> bool:
    """Whether enough neurons of the family see the input.

    Not so for U[0, 1] at negative x, where `μ(x)` nearly vanishes and layers would have to be far too wide.
    """
    return direction.gbp_noise(point.weights.law, point.x) <= 30 * len(point.x)


def wide_evidence(
    exam: Examination, trial: Iterable[MapPoint], share: float = 1.0, claimed: Claimed = ALIGNED, times: int = 1
) -> list[Evidence]:
    """For each point the interval of the median α in a wide layer, held against what is claimed, by default ≥ 0.98.

    The layer is `times` · `WIDE` n₁ wide, n₁ the leading-order noise of GBP at this law and input, which then takes
    0.005 of its α. The median over networks has a distribution-free interval; their number is such that for a map that
    tends to its target it ends inside the margin with probability ≥ 0.99. All points together spend `share` of the
    budget.
    """
    trial = list(trial)
    miss = exam.budget.spend(len(trial), share)
    return [_wide(exam, point, miss, claimed, times) for point in trial]


def _wide(exam: Examination, point: MapPoint, miss: float, claimed: Claimed, times: int) -> Evidence:
    N = ceil(times * WIDE * direction.gbp_noise(point.weights.law, point.x))
    n = intervals.median_plan(miss, direction.wrong_side_probability(1 / WIDE, acos(1 - DELTA)))
    values = np.array([alignment(R, point.target) for R in point.maps(N, n, exam.rng(f"{point.name}, N = {N}"))])
    text = f"median α at N = {N:,}: {point.name}"
    if np.any(np.isnan(values)):
        return Evidence(
            kind=Kind.MONTE_CARLO,
            statement=f"{text}, where some maps are zero",
            finding=Finding.UNDECIDED,
            method="median",
            miss=miss,
            n=n,
        )
    return median_evidence(
        text,
        values,
        claimed,
        miss,
        power=0.99 if point.rule.name == "gbp" and claimed == ALIGNED else None,
        details={"N": N, "d": len(point.x), "median": float(np.median(values)), "law": point.weights.name},
    )


def turn_evidence(exam: Examination, rule: Rule, trial: Iterable[Weights], share: float = 1.0) -> list[Evidence]:
    """For each law the median of the signed angle from x = (1, 1) to the map r_0, held against 0 ± 0.02.

    Under rotation-invariant weights a map is as likely to lie on one side of x as on the other, whatever the width, so
    that the median is 0 exactly. Where one axis is 1.05 times as long the limit of GBP lies at 0.049. The width is such
    that GBP's angle scatters by 0.8 of the margin to leading order; the number of networks would do for all of it.
    """
    trial = list(trial)
    miss = exam.budget.spend(len(trial), share)
    n = intervals.median_plan(miss, float(scipy.stats.norm.sf(1)))
    found = []
    for drawn in trial:
        N = ceil(direction.gbp_noise(drawn.law, PLANE) / 2 / (SCATTER * TURN) ** 2)
        name = f"{rule.name}, {drawn.name}, x = (1, 1)"
        maps = MapPoint(name, rule, drawn, PLANE, PLANE, bottom=False).maps(N, n, exam.rng(name))
        turned = np.arctan2(maps[:, 1] - maps[:, 0], maps[:, 1] + maps[:, 0])
        found.append(
            median_evidence(
                f"the median angle between map and input is 0 ± {TURN}, N = {N:,}: {name}",
                turned,
                Claimed.exactly(0.0, TURN),
                miss,
                power=0.99 if rule.name == "gbp" else None,
                details={"N": N, "d": 2, "median": float(np.median(turned)), "law": drawn.name},
            )
        )
    return found
