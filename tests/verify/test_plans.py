"""The sizes that examinations plan for themselves: enough for the power that they state, and not far more."""

from __future__ import annotations

from dataclasses import replace
from math import acos, asin, pi, sin, sqrt, tan

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import binom, chi, chi2, norm

from nfrlab.simulations.dense.weights import FAMILIES as SAMPLERS
from nfrlab.simulations.images import ImageSet
from nfrlab.theory.families import FAMILIES
from nfrlab.theory.limit.direction import gbp_limit
from nfrlab.verify.court.claim import Examination
from nfrlab.verify.court.evidence import Claimed, Finding
from nfrlab.verify.examine.limit_alignment import (
    PAIRS,
    SIGNED,
    AlignmentPoint,
    alignment_evidence,
    alignment_interval,
    half_width,
    independent_maps,
    planned_width,
)
from nfrlab.verify.examine.limit_direction import DELTA, GBP, LimitPoint, aligned_rate_evidence, limit_evidence
from nfrlab.verify.intervals import median_rank

NOTHING = ImageSet("none", ())
MISS = 1e-8


def exam() -> Examination:
    return Examination("plans", "trial", 0, "quick", NOTHING)


@pytest.mark.parametrize("share", [1.0, 1e-3])
def test_limits_plan_width_and_number_of_networks(share: float) -> None:
    """Catches a width that costs another angle than a third of the one tolerated, and fewer or needlessly many networks
    than give 99 % where the width costs a quarter more than estimated. At Gaussian weights n₁ = π² d.
    """
    d = 4
    point = LimitPoint("gaussian", GBP, "gaussian", np.array([1.0, -2.0, 0.5, 1.0]), np.array([1.0, -2.0, 0.5, 1.0]))
    (piece,) = limit_evidence(exam(), [point], share)
    N, tolerated = piece.details["N"], acos(1 - DELTA)
    assert piece.finding is Finding.SUPPORTS
    assert asin(sqrt(2 * pi**2 * d / N)) == pytest.approx(tolerated / 3, rel=1e-3)
    left = tolerated - 1.25 * tolerated / 3
    wrong = 2 * norm.sf(tan(left) / sqrt(pi**2 * d / N))

    def enough(n: int) -> bool:
        k = median_rank(n, piece.miss)
        return k >= 1 and binom.sf(k - 1, n, wrong) <= 0.005

    assert enough(piece.n)
    assert not enough(int(piece.n / 1.02) - 1)


def test_rates_are_taken_at_the_width_of_gbp() -> None:
    """Catches a rate at another width than the factor says, or of another number of networks."""
    x = np.array([1.0, -2.0, 0.5])
    for factor in (1, 3):
        (piece,) = aligned_rate_evidence(exam(), [LimitPoint("gaussian", GBP, "gaussian", x, x)], factor, 60)
        assert piece.details["N"] == pytest.approx(factor * 2 * pi**2 * 3 / sin(acos(1 - DELTA) / 3) ** 2, rel=1e-3)
        assert piece.n == 60
        assert piece.finding is Finding.SUPPORTS


def test_half_width_of_pairs_is_reached_in_one_of_a_hundred() -> None:
    """Catches a half-width that the interval passes more often than stated, and another one than is planned: the order
    statistic and the standard deviation each exceeded at a quarter of the remaining probability, one from the binomial
    number of observations beyond it, the other from the χ law.
    """
    Y = np.sort(np.random.default_rng(0).standard_normal((60_000, PAIRS)), axis=1)
    k = median_rank(PAIRS, MISS / 2)
    allowance = sqrt((PAIRS - 1) / chi2.ppf(MISS / 2, PAIRS - 1)) * Y.std(axis=1, ddof=1)
    reach = np.maximum(Y[:, -k] + allowance, allowance - Y[:, k - 1])
    for power in (0.9, 0.99):
        planned, tail = half_width(MISS, power), (1 - power) / 4
        assert np.mean(reach > planned) <= 1 - power
        outer = brentq(lambda h: binom.sf(k - 1, PAIRS, norm.sf(h)) - tail, 0, 5)  # noqa: B023
        large = chi.isf(tail, PAIRS - 1) / sqrt(chi2.ppf(MISS / 2, PAIRS - 1))
        assert planned == pytest.approx(outer + large, rel=1e-6)


@pytest.mark.parametrize("family", ["gaussian", "uniform", "axis", "tilted", "shifted"])
def test_pairs_of_the_planned_width_decide(family: str) -> None:
    """Catches a width at which the interval of α_∞ reaches beyond the resolution, and one that is needlessly large."""
    delta, x = 0.1, SIGNED
    truth = min(1.0, gbp_limit(FAMILIES[family], x).value)
    point = AlignmentPoint("a", FAMILIES[family], SAMPLERS[family], x, Claimed.exactly(truth, resolution=delta))
    N = planned_width(point, MISS)
    assert N > 64
    ends = [
        alignment_interval(independent_maps(point, N, np.random.default_rng(seed)), x, MISS)[:2] for seed in range(4)
    ]
    assert all(truth - delta <= low <= truth <= high <= truth + delta for low, high in ends)
    widest = max(max(truth - low, high - truth) for low, high in ends)
    assert widest > 0.55 * delta
    piece = alignment_evidence(exam(), point, MISS)
    assert (piece.finding, piece.n, piece.details["N"]) == (Finding.SUPPORTS, 2 * PAIRS, N)
    finer = replace(point, claimed=Claimed.exactly(truth, resolution=delta / 2))
    assert planned_width(finer, MISS) > 1.5 * N
