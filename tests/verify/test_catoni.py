"""Catoni's interval: it covers for laws that a normal approximation fails on, and is short all the same."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nfrlab.verify.intervals.catoni import catoni, catoni_reach, excess, influence

MISS, N = 0.1, 60


def rare(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """7 with probability 1/50, else −1/7: mean 0, variance 1."""
    return np.where(rng.random(shape) < 0.02, 7.0, -1 / 7)


def heavy(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Student, 2.5 degrees of freedom, variance 1; the third moment is infinite."""
    return rng.standard_t(2.5, shape) / sqrt(5)


def uniform(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """U[−√3, √3]."""
    return rng.uniform(-sqrt(3), sqrt(3), shape)


LAWS = {"rare": rare, "heavy": heavy, "normal": lambda rng, shape: rng.standard_normal(shape), "uniform": uniform}


@pytest.mark.parametrize("law", LAWS)
def test_covers(law: str) -> None:
    """Catches an interval that misses the mean 0 more often than it may, at either end."""
    deviations = LAWS[law](np.random.default_rng(0), (4000, N))
    missed = np.abs(excess(deviations, np.ones(4000), MISS)) >= 1
    assert missed.mean() <= MISS
    for row in deviations[:40]:
        low, high = catoni(row, 1.0, MISS)
        excluded = abs(float(excess(row, np.array(1.0), MISS))) >= 1
        assert (low <= 0 <= high) or excluded


@pytest.mark.parametrize("law", LAWS)
def test_is_short_and_planned(law: str) -> None:
    """Catches ends farther from the mean than planned more often than once in a hundred, and a plan of no use."""
    n, rng = 100, np.random.default_rng(1)
    reach = catoni_reach(n, 1e-3)
    ends = np.array([catoni(row, 1.0, 1e-3) for row in LAWS[law](rng, (300, n))])
    assert np.mean(np.abs(ends).max(axis=1) > reach) <= 0.03
    assert reach < 10 / sqrt(n)


def test_plan_by_hand() -> None:
    """Catches a plan that asks the impossible of few observations, or loses its square root."""
    assert catoni_reach(20, 1e-9) == np.inf
    assert catoni_reach(40_000, 1e-9) == pytest.approx(catoni_reach(10_000, 1e-9) / 2, rel=0.05)


@settings(max_examples=50, deadline=None)
@given(st.floats(-1e3, 1e3), st.floats(0.1, 10), st.integers(0, 10**6))
def test_moves_and_scales_with_the_sample(shift: float, factor: float, seed: int) -> None:
    """Catches an interval that depends on where 0 lies or on the unit."""
    sample = np.random.default_rng(seed).standard_normal(50)
    low, high = catoni(sample, 1.0, 0.01)
    moved = catoni(factor * sample + shift, factor, 0.01)
    assert moved == pytest.approx((factor * low + shift, factor * high + shift), abs=0.01 * factor)


def test_influence_is_odd_and_bounded_by_a_logarithm() -> None:
    """Catches a ψ above ln(1 + t + t²/2), on which the proof rests, or one that is not odd."""
    t = np.linspace(-5, 5, 1001)
    assert np.all(influence(t) <= np.log1p(t + t**2 / 2) + 1e-12)
    assert np.allclose(influence(-t), -influence(t))


def test_refuses_what_has_no_mean() -> None:
    """Catches silence on an empty sample, a NaN, a bound that bounds nothing."""
    for sample, sd in ((np.array([]), 1.0), (np.array([1.0, np.nan]), 1.0), (np.ones(50), 0.0)):
        with pytest.raises(ValueError, match=r"mean|observations"):
            catoni(sample, sd, 0.1)
    with pytest.raises(ValueError, match="between 0 and 1"):
        catoni(np.ones(50), 1.0, 0.0)
