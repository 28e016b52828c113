"""Monte Carlo examinations: where the maps of wide random networks point, and how often they align."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import acos

import numpy as np

from nfrlab.simulations.dense import Rule, alignment, rule
from nfrlab.simulations.dense.arrays import Array
from nfrlab.simulations.dense.montecarlo import Relevance, hidden_maps, noise_share, normal
from nfrlab.simulations.images import digit, normalise
from nfrlab.theory.families import FAMILIES
from nfrlab.theory.limit import direction
from nfrlab.verify import intervals
from nfrlab.verify.court.claim import Examination
from nfrlab.verify.court.evidence import Claimed, Evidence, Finding, Kind
from nfrlab.verify.examine.stated_draws import dyadic
from nfrlab.verify.examine.statistics import proportion_evidence

GBP: Rule = rule("gbp")
DELTA = 0.02
"""How far from 1 a cosine may be and still count as aligned."""

ALIGNED, NOT_ALIGNED = Claimed.exactly(1.0, resolution=DELTA), Claimed.between(-1.0, 1.0 - DELTA)
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


@dataclass(frozen=True)
class LimitPoint:
    """One point of a limit examination.

    Attributes
    ----------
    name
        What is printed, and what the random numbers are derived from.
    rule, family, x
        The backward rule, the family of the weights, and the input.
    target
        The direction that maps are said to approach.
    relevance, bottom
        The hidden relevance, and whether the rule's bottom process is applied.
    error
        How far the cosine with `target` may be off because the target is computed numerically.
    """

    name: str
    rule: Rule
    family: str
    x: Array
    target: Array
    relevance: Relevance = normal
    bottom: bool = True
    error: float = 0.0


def points(
    exam: Examination,
    rule: Rule,
    families: Iterable[str],
    target: Callable[[str, Array], Array] = lambda _, x: x,
    relevance: Relevance = normal,
    bottom: bool = True,
) -> list[LimitPoint]:
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
        LimitPoint(f"{family}, {name}", rule, family, x, target(family, x), relevance, bottom)
        for family in families
        for name, x in inputs(exam).items()
    ]


def is_visible(point: LimitPoint) -> bool:
    """Whether enough neurons of the family see the input.

    Not so for U[0, 1] at negative x, where `μ(x)` nearly vanishes and layers would have to be far too wide.
    """
    return direction.gbp_noise(FAMILIES[point.family], point.x) <= 30 * len(point.x)


def limit_evidence(
    exam: Examination, trial: Iterable[LimitPoint], share: float = 1.0, claimed: Claimed = ALIGNED
) -> list[Evidence]:
    """For each point the interval of `lim cos(R, target)`, held against what is claimed, by default 1 ± 0.02.

    The median over networks has a distribution-free interval; it is widened by the angle that finite width can account
    for. Width and number of networks are fixed beforehand from the leading-order noise of GBP at this family and input:
    finite width may cost a third of the tolerated angle, its estimate may be 25 % off, and at the truth 1 the interval
    still ends inside the margin with probability ≥ 0.99. All points together spend `share` of the budget.
    """
    trial = list(trial)
    miss = exam.budget.spend(len(trial), share)
    return [_limit(exam, point, miss, claimed) for point in trial]


def _limit(exam: Examination, point: LimitPoint, miss: float, claimed: Claimed) -> Evidence:
    tolerated = acos(1 - DELTA)
    noise = direction.gbp_noise(FAMILIES[point.family], point.x)
    N = direction.neurons_for_tilt(noise, tolerated / 3)
    n = intervals.median_plan(miss, direction.wrong_side_probability(noise / N, tolerated * (1 - 1.25 / 3)))
    maps = hidden_maps(point.rule, point.family, point.x, N, n, exam.rng(point.name), point.relevance, point.bottom)
    values = np.array([alignment(R, point.target) for R in maps])
    if np.any(np.isnan(values)):
        return Evidence(
            kind=Kind.MONTE_CARLO,
            statement=f"{point.name}: some maps are zero",
            finding=Finding.UNDECIDED,
            method="median",
            miss=miss,
            n=n,
        )
    tilt = direction.finite_width_tilt(noise_share(maps))
    low, high = direction.widen(*intervals.median(values, miss), tilt)
    return Evidence.from_interval(
        Kind.MONTE_CARLO,
        point.name,
        (low - point.error, high + point.error),
        claimed,
        "distribution-free interval of the median, widened by the finite-width angle",
        miss=miss,
        n=n,
        bias=tilt,
        numerical_error=point.error,
        power=0.99 if point.rule.name == "gbp" and claimed == ALIGNED else None,
        details={"N": N, "d": len(point.x), "median": float(np.median(values)), "family": point.family},
    )


def axis_weights_evidence(exam: Examination) -> list[Evidence]:
    """GBP on neurons along single axes, claimed to tend to x: isotropic in their second moments, not in direction."""
    return limit_evidence(exam, points(exam, GBP, ("axis",)))


def aligned_rate_evidence(
    exam: Examination, trial: Iterable[LimitPoint], factor: int, n: int, share: float = 1.0
) -> list[Evidence]:
    """For each point how often `cos(R, target) ≥ 1 − δ` in wide layers, held against ≥ 0.95 with resolution 0.35.

    At the width planned for GBP a map that tends to its target has that cosine all but surely; the resolution is what
    n = 60 networks allow.

    Parameters
    ----------
    exam, trial
        The examination, and its points.
    factor
        The width in units of the one planned for GBP.
    n
        The number of networks.
    share
        The share of the budget that all points may spend together.
    """
    trial = list(trial)
    miss = exam.budget.spend(len(trial), share)
    found = []
    for point in trial:
        noise = direction.gbp_noise(FAMILIES[point.family], point.x)
        N = factor * direction.neurons_for_tilt(noise, acos(1 - DELTA) / 3)
        rng = exam.rng(f"rate {factor} {point.name}")
        maps = hidden_maps(point.rule, point.family, point.x, N, n, rng, point.relevance, point.bottom)
        values = np.array([alignment(R, point.target) for R in maps])
        found.append(
            proportion_evidence(
                f"P(α ≥ {1 - DELTA}) ≥ 0.95 at N = {N}: {point.name}",
                int(np.sum(values >= 1 - DELTA)),
                n,
                Claimed.between(0.95, 1.0, resolution=0.35),
                miss,
                details={"N": N, "median": float(np.median(values))},
            )
        )
    return found
