"""Sampled numbers against what is claimed of them: proportions, medians, means, whole distributions.

Each function `…_evidence` or `predicted_…` returns one `Evidence`: the finite-sample interval of a number, held against
a claimed value or range. Their parameters in common:

statement
    What the evidence is evidence of; it is printed.
claimed
    The value or the range that the number is claimed to have.
miss
    The error probability of the interval, taken from the examination's budget.
recorded
    Further attributes of `Evidence` by name: `power`, `details`, ….
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy
from jaxtyping import Float

from nfrlab.simulations.dense.arrays import Array
from nfrlab.theory.finite_width.mixture import AlignmentLaw
from nfrlab.theory.weighting.frames import FrameLaw
from nfrlab.verify import intervals
from nfrlab.verify.court.evidence import Claimed, Evidence, Finding, Kind, decide

POINTS = 800
"""Number of observations at which a distribution is compared with its law."""


def proportion_evidence(statement: str, hits: int, n: int, claimed: Claimed, miss: float, **recorded: Any) -> Evidence:
    """A probability, from `hits` among n, by the interval of Clopper and Pearson."""
    interval = intervals.clopper_pearson(hits, n, miss)
    return Evidence.from_interval(
        Kind.MONTE_CARLO, statement, interval, claimed, "Clopper–Pearson", miss=miss, n=n, **recorded
    )


def predicted_proportion(
    statement: str, hits: int, n: int, predicted: float, delta: float, miss: float, error: float = 0.0
) -> Evidence:
    """A probability against its prediction, ± δ, with power 0.99 planned beforehand.

    Where the prediction may itself be off by `error`, the interval is wider by that much on either side: the claim is
    refuted only from further away, and supported no sooner.
    """
    low, high = intervals.clopper_pearson(hits, n, miss)
    return Evidence.from_interval(
        Kind.MONTE_CARLO,
        f"{statement} = {predicted:.4g} ± {delta}",
        (low - error, high + error),
        Claimed.exactly(predicted, delta),
        "Clopper–Pearson",
        miss=miss,
        n=n,
        numerical_error=error,
        power=0.99,
        details={"share": hits / n},
    )


def median_evidence(
    statement: str, values: Float[Array, " n"], claimed: Claimed, miss: float, **recorded: Any
) -> Evidence:
    """A median, by the distribution-free interval between two order statistics."""
    method = "distribution-free interval of the median"
    interval = intervals.median(values, miss)
    return Evidence.from_interval(
        Kind.MONTE_CARLO, statement, interval, claimed, method, miss=miss, n=len(values), **recorded
    )


def mean_evidence(
    statement: str,
    values: Float[Array, " n"],
    claimed: Claimed,
    miss: float,
    low: float = 0.0,
    high: float = 1.0,
    **recorded: Any,
) -> Evidence:
    """A mean of values in [low, high], by the empirical Bernstein interval."""
    interval = intervals.empirical_bernstein(values, miss, low, high)
    return Evidence.from_interval(
        Kind.MONTE_CARLO, statement, interval, claimed, "empirical Bernstein", miss=miss, n=len(values), **recorded
    )


def predicted_mean(statement: str, values: Float[Array, " n"], predicted: float, delta: float, miss: float) -> Evidence:
    """A mean of values in [0, 1] against its prediction, ± δ, with power 0.99 planned beforehand."""
    return mean_evidence(
        f"{statement} = {predicted:.5f} ± {delta}",
        values,
        Claimed.exactly(predicted, delta),
        miss,
        power=0.99,
        details={"mean": float(np.mean(values))},
    )


def bets_evidence(
    statement: str,
    values: Float[Array, " n"],
    claimed: Claimed,
    miss: float,
    low: float,
    high: float = 1.0,
    **recorded: Any,
) -> Evidence:
    """A mean of values in [low, high], by `intervals.bets`: stakes tuned for their number."""
    method = "bets of a fixed number, planned from a pilot"
    interval = intervals.bets(values, miss, low, high)
    return Evidence.from_interval(
        Kind.MONTE_CARLO, statement, interval, claimed, method, miss=miss, n=len(values), **recorded
    )


def sequential_evidence(
    statement: str,
    draw: Callable[[int], Array],
    bounds: intervals.Interval,
    claimed: Claimed,
    miss: float,
    sd: float,
) -> Evidence:
    """A mean by a betting confidence sequence, block by block until it decides: valid at every stopping time.

    It stops undecided at the n at which an empirical Bernstein interval would end within δ, the resolution of the
    claim, of the mean: a true claim is supported by then, and one that is off by 2δ refuted, with power 0.99. Raises
    `ValueError` for a claim without a resolution, for which no n would do.

    Parameters
    ----------
    draw
        The observations of the block of a given number, 0, 1, 2, ….
    bounds
        Every observation lies within these.
    sd
        The standard deviation of an observation for which the largest n is planned.
    """
    planned = intervals.bernstein_plan(miss, sd, bounds[1] - bounds[0], claimed.resolution or 0.0)
    sequence = intervals.BettingSequence(miss, *bounds)
    finding, total, block = Finding.UNDECIDED, 0.0, 0
    while finding is Finding.UNDECIDED and sequence.n < planned:
        observations = draw(block)
        total, block = total + float(observations.sum()), block + 1
        finding = decide(sequence.update(observations), claimed)
    return Evidence(
        kind=Kind.MONTE_CARLO,
        statement=statement,
        finding=finding,
        method="betting confidence sequence, stopped when decided",
        miss=miss,
        n=sequence.n,
        interval=sequence.interval,
        claimed=claimed,
        power=0.99,
        details={"mean": total / sequence.n, "planned n": planned, "planned sd": sd},
    )


def distribution_evidence(
    statement: str,
    values: Float[Array, " n"],
    law: AlignmentLaw | FrameLaw,
    claimed: Claimed,
    miss: float,
    points: int = POINTS,
) -> Evidence:
    """The distance `sup |G − F|` of the law G behind the values from the predicted law F.

    By the radius of Dvoretzky, Kiefer and Wolfowitz; F is evaluated at `points` of the values. n is taken to have been
    planned for power 0.99.
    """
    (least, most), radius = kolmogorov_distance(values, law, points), intervals.dkw_radius(len(values), miss)
    return Evidence.from_interval(
        Kind.MONTE_CARLO,
        statement,
        (max(0.0, least - radius), min(1.0, most + radius)),
        claimed,
        "Dvoretzky–Kiefer–Wolfowitz",
        miss=miss,
        n=len(values),
        power=0.99,
        details={"distance, at least": least, "at most": most},
    )


def beta_law_evidence(statement: str, squares: Array, d: int, delta: float, miss: float) -> Evidence:
    """The Kolmogorov distance of the law of α² from Beta(½, (d−1)/2), by DKW, from a sample in rising order, ± δ."""
    n = len(squares)
    cdf = scipy.stats.beta.cdf(squares, 0.5, (d - 1) / 2)
    distance = float(max(np.max(np.arange(1, n + 1) / n - cdf), np.max(cdf - np.arange(n) / n)))
    radius = intervals.dkw_radius(n, miss)
    return Evidence.from_interval(
        Kind.MONTE_CARLO,
        f"{statement} is Beta(½, (d−1)/2)",
        (max(0.0, distance - radius), min(1.0, distance + radius)),
        Claimed.exactly(0.0, resolution=delta),
        "DKW",
        miss=miss,
        n=n,
    )


def order_evidence(
    statement: str,
    larger: Float[Array, " n"],
    smaller: Float[Array, " m"],
    delta: float,
    miss: float,
    **recorded: Any,
) -> Evidence:
    """One law stochastically at least another: `sup (F − G)⁺ = 0` within δ, F and G of `larger` and of `smaller`.

    By the radii of Dvoretzky, Kiefer and Wolfowitz of both samples, which may depend on one another.
    """
    at = np.sort(np.concatenate([larger, smaller]))
    F, G = (np.searchsorted(np.sort(values), at, "right") / len(values) for values in (larger, smaller))
    excess = max(0.0, float(np.max(F - G)))
    radius = sum(intervals.dkw_radius(len(values), miss / 2) for values in (larger, smaller))
    return Evidence.from_interval(
        Kind.MONTE_CARLO,
        statement,
        (max(0.0, excess - radius), min(1.0, excess + radius)),
        Claimed.exactly(0.0, delta),
        "Dvoretzky–Kiefer–Wolfowitz, twice",
        miss=miss,
        n=len(larger),
        details={"excess": excess},
        **recorded,
    )


def kolmogorov_distance(
    values: Float[Array, " n"], law: AlignmentLaw | FrameLaw, points: int = POINTS
) -> intervals.Interval:
    """A lower and an upper bound of `sup |F_n − F|`, F the law, from F at `points` of the values.

    F and F_n rise, so between two points they differ by no more than the one at one end from the other at the other.
    """
    ordered = np.sort(values)
    at = np.unique(ordered[np.linspace(0, len(ordered) - 1, points).astype(int)])
    predicted = np.array([law.cdf(float(a)) for a in at])
    below, upto = (np.searchsorted(ordered, at, side) / len(ordered) for side in ("left", "right"))  # F_n jumps there
    least = np.abs(upto - predicted).max()
    left, right = np.append(0.0, predicted), np.append(predicted, 1.0)  # F at both ends of every gap between points
    most = max(least, np.max(np.append(below, 1.0) - left), np.max(right - np.append(0.0, upto)))
    return float(least), float(most)
