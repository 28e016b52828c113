"""Intervals at the edges of their domain, and their coverage by enumeration of every outcome of small samples."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from math import inf, isinf, nan, prod

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from nfrlab.verify.intervals import (
    BettingSequence,
    Interval,
    bernstein_plan,
    bets,
    bets_plan,
    clopper_pearson,
    distribution_plan,
    dkw_radius,
    empirical_bernstein,
    hoeffding,
    median,
    median_plan,
    median_rank,
    order_plan,
    rate_plan,
)

Floats = npt.NDArray[np.float64]
OfMean = Callable[[Floats, float, float, float], Interval]
"""An interval of a mean, from sample, error probability and bounds."""

steady = settings(derandomize=True, deadline=None, max_examples=30)


def at_all_times(sample: Floats, miss: float, low: float, high: float) -> Interval:
    """The confidence sequence, one observation at a time."""
    sequence = BettingSequence(miss, low, high, cells=50)
    for start in range(max(1, len(sample))):
        sequence.update(sample[start : start + 1])
    return sequence.interval


MEANS: dict[str, OfMean] = {
    "Hoeffding": hoeffding,
    "Bernstein": empirical_bernstein,
    "bets": bets,
    "sequence": at_all_times,
}
of_mean = pytest.mark.parametrize("interval_of", MEANS.values(), ids=MEANS)


# --- Refusals ---------------------------------------------------------------------------------------------------------


@of_mean
@pytest.mark.parametrize(
    "bounds", [(1.0, 0.0), (0.0, inf), (-inf, 1.0), (-inf, inf), (nan, 1.0), (0.0, nan), (inf, inf)], ids=str
)
def test_bounds_that_are_none_are_refused(interval_of: OfMean, bounds: Interval) -> None:
    """Catches reversed, infinite and NaN bounds, for which no theorem speaks, that yield an interval or NaN."""
    with pytest.raises(ValueError, match="bounds of an observation must be finite, low ≤ high"):
        interval_of(np.array([0.5, 0.5]), 0.05, *bounds)


@of_mean
@pytest.mark.parametrize("sample", [[], [[0.2, 0.4]], [0.2, nan], [0.2, inf], [0.2, 1.5], [-0.1, 0.2]], ids=str)
def test_samples_that_are_none_are_refused(interval_of: OfMean, sample: list[float]) -> None:
    """Catches an interval of nothing (`bets([])`), of a table, of NaN, and of what lies outside its bounds."""
    with pytest.raises(ValueError, match="observation"):
        interval_of(np.array(sample), 0.05, 0.0, 1.0)


@of_mean
@pytest.mark.parametrize("miss", [0.0, 1.0, -0.1, nan, inf])
def test_an_error_probability_that_is_none_is_refused(interval_of: OfMean, miss: float) -> None:
    """Catches an α for which an interval says nothing or everything."""
    with pytest.raises(ValueError, match="α must lie strictly between 0 and 1"):
        interval_of(np.array([0.2, 0.4]), miss, 0.0, 1.0)


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: clopper_pearson(1.5, 3, 0.05), "successes must be an integer, got 1.5"),
        (lambda: clopper_pearson(1.0, 3, 0.05), "successes must be an integer, got 1.0"),
        (lambda: clopper_pearson(nan, 3, 0.05), "successes must be an integer"),
        (lambda: clopper_pearson(1, 2.5, 0.05), "trials must be an integer, got 2.5"),
        (lambda: clopper_pearson(1, inf, 0.05), "trials must be an integer"),
        (lambda: clopper_pearson(-1, 3, 0.05), "successes must be an integer ≥ 0, got -1"),
        (lambda: clopper_pearson(4, 3, 0.05), "successes must lie in 0 … 3, got 4"),
        (lambda: dkw_radius(0, 0.05), "observations must be an integer ≥ 1"),
        (lambda: dkw_radius(2.5, 0.05), "observations must be an integer"),
        (lambda: median_rank(-1, 0.05), "observations must be an integer ≥ 0"),
        (lambda: median_rank(2.5, 0.05), "observations must be an integer"),
        (lambda: median(np.array([0.1, nan]), 0.05), "NaN has no median"),
        (lambda: median(np.zeros((3, 3)), 0.05), "a median needs one row"),
        (lambda: BettingSequence(0.05, cells=0), "cells must be an integer ≥ 1"),
        (lambda: BettingSequence(0.05, cells=2.5), "cells must be an integer"),
        (lambda: median_plan(0.05, 0.2, power=1.0), "0 < power < 1"),
        (lambda: median_plan(0.05, 0.2, power=nan), "0 < power < 1"),
        (lambda: bernstein_plan(0.05, -0.1, 1.0, 0.1), "a standard deviation must be finite and not negative"),
        (lambda: bernstein_plan(0.05, nan, 1.0, 0.1), "a standard deviation must be finite"),
        (lambda: bernstein_plan(0.05, 0.1, -1.0, 0.1), "bounds of an observation"),
        (lambda: bernstein_plan(0.05, 0.1, inf, 0.1), "bounds of an observation"),
        (lambda: bernstein_plan(0.05, 0.1, 1.0, 0.0), "δ must be positive and finite"),
        (lambda: bernstein_plan(0.05, 0.1, 1.0, inf), "δ must be positive and finite"),
        (lambda: bets_plan(0.05, 0.5, 0.1, 0.0), "δ must be positive and finite"),
        (lambda: bets_plan(0.05, 0.5, 0.1, nan), "δ must be positive and finite"),
        (lambda: bets_plan(0.05, 0.5, -0.1, 0.1), "a standard deviation"),
        (lambda: bets_plan(0.05, 1.5, 0.1, 0.1), "a mean of observations in"),
        (lambda: bets_plan(0.05, nan, 0.1, 0.1), "a mean of observations in"),
        (lambda: bets_plan(0.05, 0.5, 0.1, 0.1, 1.0, 0.0), "bounds of an observation"),
        (lambda: bets_plan(1.5, 0.5, 0.1, 0.1), "α must lie"),
        (lambda: rate_plan(0.05, 1.5, 0.1), "needs 0 ≤ p ≤ 1"),
        (lambda: rate_plan(0.05, nan, 0.1), "needs 0 ≤ p ≤ 1"),
        (lambda: rate_plan(0.05, 0.5, 0.0), "δ must be positive"),
        (lambda: rate_plan(0.0, 0.5, 0.1), "α must lie"),
        (lambda: distribution_plan(0.05, 0.01, 100), "needs δ > 1/points"),
        (lambda: distribution_plan(0.05, inf, 100), "δ must be positive and finite"),
        (lambda: distribution_plan(0.05, 0.1, 0), "points must be an integer ≥ 1"),
        (lambda: distribution_plan(nan, 0.1, 100), "α must lie"),
        (lambda: order_plan(0.05, 0.0), "δ must be positive"),
        (lambda: order_plan(2.0, 0.1), "α must lie"),
    ],
)
def test_arguments_that_are_none_are_refused(call: Callable[[], object], named: str) -> None:
    """Catches half a success, an endless plan, and a root of a negative number: one sentence instead."""
    with pytest.raises(ValueError, match=named):
        call()


# --- Right answers at the edges ---------------------------------------------------------------------------------------

ends = st.floats(-1e6, 1e6)


@of_mean
@steady
@given(value=ends, n=st.integers(2, 30), miss=st.floats(1e-9, 0.9))
def test_equal_bounds_leave_one_value(interval_of: OfMean, value: float, n: int, miss: float) -> None:
    """Catches a division by the width of the bounds, and ends reversed by the rounding of a mean."""
    assert interval_of(np.full(n, value), miss, value, value) == (value, value)


@of_mean
@steady
@given(value=st.floats(0.0, 1.0), n=st.integers(2, 60), miss=st.floats(1e-9, 0.9))
def test_equal_observations_lie_in_their_interval(interval_of: OfMean, value: float, n: int, miss: float) -> None:
    """Catches a sample variance of 0 taken for certainty, and rounding that leaves the only value outside."""
    low, high = interval_of(np.full(n, value), miss, 0.0, 1.0)
    assert 0.0 <= low <= value <= high <= 1.0
    assert low < high


@pytest.mark.parametrize("count", [np.int64(3), np.int32(3), True])
def test_counts_of_any_integer_type_are_taken(count: int) -> None:
    """Catches a check that knows Python's integers alone: counts come from NumPy, too."""
    assert clopper_pearson(count, 5, 0.05) == clopper_pearson(int(count), np.int64(5), 0.05)


def test_a_median_may_be_infinite() -> None:
    """Catches infinite observations that are refused, or that leave the order."""
    sample = np.array([-inf, *np.linspace(0, 1, 20), inf])
    low, high = median(sample, 0.05)
    assert 0 < low < 0.5 < high < 1
    assert median(np.full(30, inf), 0.05) == (inf, inf)


@pytest.mark.parametrize(
    ("n", "most"),
    [
        (bernstein_plan(0.05, 0.0, 0.0, 0.1), 2),
        (bets_plan(0.05, 0.3, 0.0, 0.1, 0.3, 0.3), 200),
        (rate_plan(0.05, 0.0, 1.0), 10),
        (rate_plan(0.05, 1.0, 1.0), 10),
    ],
)
def test_plans_where_nothing_varies(n: int, most: int) -> None:
    """Catches an endless loop, a division by zero or a plan of nothing where one observation says all."""
    assert 1 <= n <= most


# --- Coverage by enumeration ------------------------------------------------------------------------------------------


@st.composite
def laws(draw: st.DrawFn, longest: int, atoms: int = 3) -> tuple[Floats, Floats, Interval, int]:
    """Values, their probabilities, bounds, and a number of observations: a law of which every sample can be listed."""
    low, width = draw(st.floats(-5, 5)), draw(st.floats(0.1, 10))
    places = draw(st.lists(st.integers(0, 64), min_size=2, max_size=atoms, unique=True))
    weights = np.array(draw(st.lists(st.integers(1, 30), min_size=len(places), max_size=len(places))), dtype=float)
    values = np.clip(low + width * np.array(places) / 64, low, low + width)
    return values, weights / weights.sum(), (low, low + width), draw(st.integers(2, longest))


def every_sample(values: Floats, weights: Floats, n: int) -> Iterator[tuple[Floats, float]]:
    """Every sequence of n observations with its probability."""
    for places in product(range(len(values)), repeat=n):
        yield values[list(places)], prod(weights[place] for place in places)


@of_mean
@steady
@given(law=laws(longest=6), miss=st.sampled_from([0.1, 0.3, 0.5, 0.8]))
def test_the_mean_is_covered(interval_of: OfMean, law: tuple[Floats, Floats, Interval, int], miss: float) -> None:
    """Catches any loss of coverage: over all outcomes, the probability that the interval misses the mean is ≤ α."""
    values, weights, bounds, n = law
    assume(len(values) ** n <= 243)
    truth, missed = float(values @ weights), 0.0
    slack = 1e-9 * (bounds[1] - bounds[0])
    for sample, probability in every_sample(values, weights, n):
        low, high = interval_of(sample, miss, *bounds)
        assert bounds[0] <= low <= high <= bounds[1]
        missed += probability * (not low - slack <= truth <= high + slack)
    assert missed <= miss + 1e-12


@pytest.mark.parametrize(("p", "n"), [(0.1, 10), (0.5, 11), (0.97, 12)])
@pytest.mark.parametrize("miss", [0.3, 0.6])
def test_bets_cover_where_they_can_miss(p: float, n: int, miss: float) -> None:
    """Catches stakes that look ahead, at lengths where intervals do miss: all 2ⁿ sequences of coin tosses."""
    coin, weights = np.array([0.0, 1.0]), np.array([1 - p, p])
    found = [(bets(sample, miss, 0.0, 1.0), mass) for sample, mass in every_sample(coin, weights, n)]
    assert sum(mass for (low, high), mass in found if not low <= p <= high) <= miss
    assert min(high - low for (low, high), _ in found) < 0.9


@steady
@given(law=laws(longest=7), miss=st.sampled_from([0.05, 0.2, 0.5]))
def test_the_median_is_covered(law: tuple[Floats, Floats, Interval, int], miss: float) -> None:
    """Catches ranks that are off by one, atoms included: the law's least median is covered with probability ≥ 1 − α."""
    values, weights, _, n = law
    assume(len(values) ** n <= 729)
    order = np.argsort(values)
    cumulated = np.cumsum(weights[order])
    truth = float(values[order][np.searchsorted(cumulated, 0.5 - 1e-12)])
    missed = 0.0
    for sample, probability in every_sample(values, weights, n):
        low, high = median(sample, miss)
        assert low <= high
        assert isinf(low) == isinf(high)
        missed += probability * (not low <= truth <= high)
    assert missed <= miss + 1e-12


@steady
@given(law=laws(longest=7), miss=st.sampled_from([0.05, 0.2, 0.5, 0.9]))
def test_the_distribution_is_covered(law: tuple[Floats, Floats, Interval, int], miss: float) -> None:
    """Catches Massart's constant on one side only: `sup |F_n − F|` exceeds the radius with probability ≤ α."""
    values, weights, _, n = law
    assume(len(values) ** n <= 729)
    true = np.array([weights[values <= at].sum() for at in values])
    missed = 0.0
    for sample, probability in every_sample(values, weights, n):
        found = np.array([np.mean(sample <= at) for at in values])
        missed += probability * (float(np.abs(found - true).max()) > dkw_radius(n, miss) + 1e-12)
    assert missed <= miss + 1e-12


@steady
@given(p=st.floats(0, 1), n=st.integers(1, 60), miss=st.floats(1e-6, 0.9))
def test_a_probability_is_covered(p: float, n: int, miss: float) -> None:
    """Catches an α that is not halved, at any p: the binomial law summed over the counts whose interval misses."""
    mass = binom.pmf(np.arange(n + 1), n, p)
    found = [clopper_pearson(k, n, miss) for k in range(n + 1)]
    assert sum(m for m, (low, high) in zip(mass, found, strict=True) if not low <= p <= high) <= miss + 1e-12


# --- Power of the plans -----------------------------------------------------------------------------------------------


@steady
@given(p=st.floats(0, 1), delta=st.floats(0.05, 0.4), miss=st.sampled_from([0.05, 1e-3, 1e-9]))
def test_a_planned_rate_has_its_power(p: float, delta: float, miss: float) -> None:
    """Catches a plan that is too small somewhere: P(interval inside p ± δ), summed over the binomial law."""
    n = rate_plan(miss, p, delta)
    power = 0.0
    for count, mass in enumerate(binom.pmf(np.arange(n + 1), n, p)):
        low, high = clopper_pearson(count, n, miss)
        power += float(mass) * (p - delta <= low and high <= p + delta)
    assert power >= 0.99 - 1e-9


@pytest.mark.parametrize(
    ("draw", "mean", "sd"),
    [
        (lambda rng, n: (rng.random(n) < 0.02).astype(float), 0.02, 0.14),
        (lambda rng, n: (rng.random(n) < 0.5).astype(float), 0.5, 0.5),
        (lambda rng, n: rng.beta(8, 1, n), 8 / 9, (8 / 810) ** 0.5),
        (lambda rng, n: np.full(n, 0.95), 0.95, 0.0),
    ],
)
@pytest.mark.parametrize("miss", [0.05, 1e-9])
def test_planned_bets_have_their_power(
    draw: Callable[[np.random.Generator, int], Floats], mean: float, sd: float, miss: float
) -> None:
    """Catches a plan for other stakes than those in use: among 300 samples an interval may leave the mean by more than
    δ with probability 0.01, at the tiny α of the court and for laws near their bounds, too.
    """
    rng, delta, trials = np.random.default_rng(8), 0.08, 300
    n = bets_plan(miss, mean, sd, delta)
    found = [bets(draw(rng, n), miss, 0.0, 1.0) for _ in range(trials)]
    short = sum(not (mean - delta <= low and high <= mean + delta) for low, high in found)
    assert binom.sf(short - 1, trials, 0.01) >= 1e-6


def test_a_planned_order_has_its_power() -> None:
    """Catches a plan that forgets one of two samples: equal laws, both intervals of F − G's excess inside δ."""
    miss, delta, trials, rng = 0.05, 0.25, 400, np.random.default_rng(9)
    n, short = order_plan(miss, delta), 0
    for _ in range(trials):
        one, other = np.sort(rng.random(n)), np.sort(rng.random(n))
        at = np.concatenate([one, other])
        excess = np.max(np.searchsorted(one, at, "right") - np.searchsorted(other, at, "right")) / n
        short += max(0.0, excess) + 2 * dkw_radius(n, miss / 2) > delta
    assert binom.sf(short - 1, trials, 0.01) >= 1e-6
