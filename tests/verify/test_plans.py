"""The sizes that examinations plan for themselves: enough for the power that they state, and not far more."""

from __future__ import annotations

from dataclasses import replace
from math import acos, pi, sqrt, tan

import numpy as np
import pytest
from scipy.stats import binom, norm

from nfrlab.simulations.dense.montecarlo import ones
from nfrlab.simulations.images import ImageSet
from nfrlab.theory.families import FAMILIES
from nfrlab.theory.limit.direction import gbp_limit
from nfrlab.verify.court.claim import Examination
from nfrlab.verify.court.evidence import Claimed, Finding
from nfrlab.verify.examine.limits.map_point import GBP, MapPoint, weights
from nfrlab.verify.examine.limits.mean_map import (
    PAIRS,
    SIGNED,
    MeanPoint,
    alignment_evidence,
    alignment_interval,
    planned_width,
    predicted_length,
)
from nfrlab.verify.examine.limits.wide_layers import DELTA, turn_evidence, wide_evidence
from nfrlab.verify.intervals import median_rank

NOTHING = ImageSet("none", ())
MISS = 1e-8


def exam() -> Examination:
    return Examination("plans", "trial", 0, "quick", NOTHING)


def enough(n: int, miss: float, wrong: float) -> bool:
    """Whether the median of n observations, each beyond the margin with probability `wrong`, is inside it at 99 %."""
    k = median_rank(n, miss)
    return k >= 1 and bool(binom.sf(k - 1, n, wrong) <= 0.005)


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("share", [1.0, 1e-3])
def test_wide_layers_plan_width_and_number_of_networks(share: float, times: int) -> None:
    """Catches a width other than 100 n₁ (at Gaussian weights n₁ = π² d) or its multiple, and fewer or needlessly many
    networks than give 99 % at that noise.
    """
    x = np.array([1.0, -2.0, 0.5, 1.0])
    (piece,) = wide_evidence(exam(), [MapPoint("a", GBP, weights("gaussian"), x, x)], share, times=times)
    assert piece.finding is Finding.SUPPORTS
    assert piece.details["N"] == pytest.approx(times * 100 * pi**2 * 4, rel=1e-3)
    wrong = 2 * norm.sf(tan(acos(1 - DELTA)) * 10)
    assert enough(piece.n, piece.miss, wrong)
    assert not enough(int(piece.n / 1.02) - 1, piece.miss, wrong)


def test_turns_plan_width_and_number_of_networks() -> None:
    """Catches a width at which GBP's angle scatters by another share of the margin than 0.8: by π/√N at d = 2."""
    (piece,) = turn_evidence(exam(), GBP, [weights("gaussian")])
    assert piece.finding is Finding.SUPPORTS
    assert pi / sqrt(piece.details["N"]) == pytest.approx(0.8 * 0.02, rel=1e-3)
    assert enough(piece.n, piece.miss, norm.sf(1))
    assert not enough(int(piece.n / 1.02) - 1, piece.miss, norm.sf(1))


@pytest.mark.parametrize("family", ["gaussian", "uniform", "axis", "tilted", "shifted"])
def test_pairs_of_the_planned_width_decide(family: str) -> None:
    """Catches a width at which the interval of α_∞ reaches beyond the resolution, and one that is needlessly large."""
    delta = 0.05
    truth = min(1.0, gbp_limit(FAMILIES[family], SIGNED).value)
    point = MapPoint("a", GBP, weights(family), SIGNED, SIGNED, ones)
    trial = MeanPoint(point, Claimed.exactly(truth, resolution=delta))
    N = planned_width(trial, MISS)
    assert N > 64
    drawn = [point.maps(N, 2 * PAIRS, np.random.default_rng(seed)) for seed in range(4)]
    ends = [alignment_interval(maps, SIGNED, trial.moments, N, MISS)[0] for maps in drawn]
    assert all(truth - delta <= low <= truth <= high <= truth + delta for low, high in ends)
    assert max(max(truth - low, high - truth) for low, high in ends) > 0.2 * delta
    (piece,) = alignment_evidence(exam(), trial, MISS)
    assert (piece.finding, piece.n, piece.details["N"]) == (Finding.SUPPORTS, 2 * PAIRS, N)
    finer = replace(trial, claimed=Claimed.exactly(truth, resolution=delta / 2))
    assert planned_width(finer, MISS) > 1.5 * N


def test_length_plans_its_own_width() -> None:
    """Catches a length whose interval is wider than its margin: the plan of the direction alone would be too narrow."""
    point = MapPoint("a", GBP, weights("gaussian"), SIGNED, SIGNED, ones)
    coarse = MeanPoint(point, Claimed.exactly(1.0, resolution=0.2))
    long = replace(coarse, length=predicted_length("gaussian", SIGNED, 0.02))
    assert planned_width(long, MISS) > 10 * planned_width(coarse, MISS)
    direction, length = alignment_evidence(exam(), long, MISS)
    assert (direction.finding, length.finding) == (Finding.SUPPORTS, Finding.SUPPORTS)
    assert direction.miss + length.miss == pytest.approx(MISS)
