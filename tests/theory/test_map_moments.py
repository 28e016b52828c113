"""Bounds on the scatter of maps, against maps that are drawn."""

from __future__ import annotations

import numpy as np
import pytest

from nfrlab.simulations.dense.montecarlo import normal, ones, rectified
from nfrlab.theory.families import FAMILIES
from nfrlab.theory.limit.map_moments import MapMoments, gradient_moments, pair_variance, zplus_moments
from nfrlab.verify.examine.limits.compensated_law import (
    COMPENSATED_WEIGHTS,
    UNCOMPENSATED_WEIGHTS,
    longer_in_the_quarter,
)
from nfrlab.verify.examine.limits.map_point import GBP, MapPoint, Weights, rule, stretched, weights

X = np.array([3.0, -1.0, 2.0, 1.0])
N, MAPS = 16, 1000
DRAWN = [
    *(weights(name) for name, family in FAMILIES.items() if family.moments > 2),
    stretched(weights("gaussian"), 1.5),
    COMPENSATED_WEIGHTS,
    UNCOMPENSATED_WEIGHTS,
    longer_in_the_quarter(1.5),
]
SLACK = 1.3
"""What 1000 maps may add to a second moment; of Student weights, which have no fourth moments, more."""


@pytest.mark.parametrize("drawn", DRAWN, ids=lambda drawn: drawn.name)
@pytest.mark.parametrize("relevance", [ones, normal], ids=["one", "normal"])
def test_gradient_moments_bound_what_is_drawn(drawn: Weights, relevance: object) -> None:
    """Catches a bound below the covariance or the mean of maps, and one so large that it plans nothing."""
    maps = MapPoint("", GBP, drawn, X, X, ones if relevance is ones else normal).maps(N, MAPS, np.random.default_rng(0))
    passed = (1.0, 1.0) if relevance is ones else ((2 * np.pi) ** -0.5, 0.5)
    found = gradient_moments(drawn.law, X, *passed)
    slack = 3 if drawn.law.heavy_tailed else SLACK
    check(maps, found, slack)
    assert found.total <= 12 * np.trace(np.cov(maps.T)) / N


@pytest.mark.parametrize("name", ["gaussian", "sphere", "uniform", "laplace", "sparse", "axis"])
def test_zplus_moments_bound_what_is_drawn(name: str) -> None:
    """Catches a bound of the z⁺ filter's maps that forgets negative weights or the relevance."""
    point = MapPoint("", rule("zplus-filter"), weights(name), X, X, rectified, bottom=False)
    bound = zplus_moments(FAMILIES[name], X, (2 * np.pi) ** -0.5, 0.5)
    check(point.maps(N, MAPS, np.random.default_rng(0)), bound, SLACK)
    with pytest.raises(ValueError, match="independent neurons"):
        zplus_moments(FAMILIES["shifted"], X)


def check(maps: np.ndarray, bound: MapMoments, slack: float) -> None:
    """Asserts that the covariance and the mean of maps keep to a bound."""
    covariance = np.cov(maps.T) / N
    assert np.linalg.eigvalsh(covariance)[-1] <= slack * bound.largest
    assert np.trace(covariance) <= slack * bound.total
    assert np.linalg.norm(maps.mean(axis=0)) / N <= slack * bound.length


@pytest.mark.parametrize("angle", [0.0, 0.4, 1.2])
def test_pair_variance_bounds_what_is_drawn(angle: float) -> None:
    """Catches a variance of Y(q) that leaves out the mean's part or the noise's: normal maps around a known mean."""
    rng, d, sd = np.random.default_rng(1), 3, 0.5
    mean = 2 * np.array([np.cos(angle), np.sin(angle), 0.0])
    first, second = (mean + sd * rng.standard_normal((100_000, d)) for _ in range(2))
    q = np.cos(angle) ** 2
    Y = first[:, 0] * second[:, 0] - q * (first * second).sum(axis=1)
    bound = float(pair_variance(MapMoments(sd**2, d * sd**2, 2.0), 1, q))
    assert np.var(Y) <= 1.02 * bound
    assert bound <= 3 * np.var(Y)
