"""The exact law of the angle to A: against sampling, closed forms, moments known otherwise, and the matched law."""

from __future__ import annotations

from math import acos, pi, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import roots_legendre

from nfrlab.simulations.dense.reduced import pairs
from nfrlab.theory.weighting import angles, frames, ordering, orthant
from nfrlab.verify import intervals

GRID = orthant.GRID
weightings = st.sampled_from(angles.WEIGHTINGS)


def sampled(weighting: str, K: int, n: int = 200_000) -> np.ndarray:
    """C of n pairs (A, s), sorted."""
    A, r = np.abs(np.random.default_rng(K).standard_normal((2, n, K)))
    s = np.ones_like(r) if weighting == "constant" else r
    return np.sort((A * s).sum(axis=1) / np.linalg.norm(A, axis=1) / np.linalg.norm(s, axis=1))


@pytest.mark.parametrize("weighting", angles.WEIGHTINGS)
@pytest.mark.parametrize("K", [2, 3, 4, 9, 30])
def test_distribution_by_sampling(weighting: str, K: int) -> None:
    """Catches a recursion with a wrong density of ω or a wrong ω′: the matched law is 0.017 off at K = 4."""
    C = sampled(weighting, K)
    at = C[:: len(C) // 500]
    empirical = np.searchsorted(C, at, "right") / len(C)
    assert np.abs(orthant.cosine_cdf(weighting, K, at) - empirical).max() <= intervals.dkw_radius(len(C), 1e-6)


@pytest.mark.parametrize("weighting", angles.WEIGHTINGS)
@pytest.mark.parametrize("K", [2, 3, 5, 16, 64, 90])
def test_moments_are_the_closed_ones(weighting: str, K: int) -> None:
    """Catches errors that add up over the steps: `E C^p = ∫ p c^{p−1} P(C > c) dc` to 1e-5, E C, E C² and E C⁴."""
    above = orthant.angle_cdf(weighting, K)
    for power, exact in zip((1, 2, 4), angles.moments(weighting, K), strict=True):
        slope = power * np.cos(GRID) ** (power - 1) * np.sin(GRID)
        assert np.trapezoid(above * slope, GRID) == pytest.approx(exact, abs=1e-5)


def test_three_neurons_are_a_cap_of_the_octant() -> None:
    """Catches a wrong K = 3: up to the octant's edges P(φ ≤ a) is the area of a cap, `4(1 − cos a)`."""
    inside = acos(sqrt(2 / 3)) >= GRID
    cap = 4 * (1 - np.cos(GRID[inside]))
    assert orthant.angle_cdf("constant", 3)[inside] == pytest.approx(cap, abs=3e-5)


@given(weightings, st.integers(2, 40), st.floats(0.001, 0.999))
def test_quantile_inverts(weighting: str, K: int, share: float) -> None:
    """Catches a quantile of φ taken for one of C = cos φ."""
    C = orthant.cosine_quantile(weighting, K, np.array([share]))
    assert orthant.cosine_cdf(weighting, K, C) == pytest.approx(share, abs=1e-9)


@settings(max_examples=20)
@given(weightings, st.integers(2, 40))
def test_is_a_distribution(weighting: str, K: int) -> None:
    """Catches a distribution function that falls, or does not run from 0 to 1 on [0, arccos C_min]."""
    found = orthant.angle_cdf(weighting, K)
    assert (found[0], found[-1]) == (0, pytest.approx(1, abs=3e-5))
    assert np.all(np.diff(found) >= -3e-5)
    if weighting == "constant":
        assert found[acos(1 / sqrt(K)) + 0.01 <= GRID] == pytest.approx(1, abs=3e-5)


@pytest.mark.parametrize(("weighting", "K"), [("grad", 3), ("gbp", 3), ("constant", 1)])
def test_refuses(weighting: str, K: int) -> None:
    """Catches a law for a weighting that has none, and for a single neuron, whose angle is 0."""
    with pytest.raises(ValueError, match="two active neurons"):
        orthant.angle_cdf(weighting, K)


@pytest.mark.parametrize("weighting", angles.WEIGHTINGS)
@pytest.mark.parametrize("K", [angles.MOST + 1, 90])
def test_beyond_the_recursion_the_match_is_close(weighting: str, K: int) -> None:
    """Catches a matched law further off than said: 0.0012 in distribution, `REVERSAL_ERROR` in reversals."""
    above, middle = orthant.angle_cdf(weighting, K), (GRID[1:] + GRID[:-1]) / 2
    C, weight = angles.cosines(weighting, K)
    share = np.sin(pi / 4 * (roots_legendre(angles.NODES)[0] + 1)) ** 2  # that lies below each node
    assert np.abs(orthant.cosine_cdf(weighting, K, C) - share).max() <= 0.0012
    for d in (2, 30, 300, 3000):
        exact = float(np.diff(above) @ ordering.reversal(np.tan(middle), d))
        assert float(weight @ ordering.reversal(np.sqrt(1 / C**2 - 1), d)) == pytest.approx(
            exact, abs=ordering.REVERSAL_ERROR
        )


@pytest.mark.parametrize("weighting", ["constant", "positive", "gbp"])
@pytest.mark.parametrize(("d", "N"), [(3, 3), (5, 3), (9, 6)])
def test_whole_distribution_on_frames(weighting: str, d: int, N: int) -> None:
    """Catches a distribution of α that is exact in its moments only, and a wrong one where all of R^d is active: frames
    drawn whole.
    """
    alpha = pairs.alignments(("activation", weighting), d, N, 100_000, np.random.default_rng(d), "haar", whole=True)
    alpha = np.sort(alpha[~np.isnan(alpha[:, 1]), 1])
    law, at = frames.frame_law(weighting, d, N), alpha[:: len(alpha) // 300]
    predicted = np.array([law.cdf(float(a)) for a in at])
    empirical = np.searchsorted(alpha, at, "right") / len(alpha)
    assert law.exact
    assert np.abs(predicted - empirical).max() <= intervals.dkw_radius(len(alpha), 1e-6) + 5e-5


@pytest.mark.parametrize("weighting", ["constant", "positive", "gbp", "activation"])
def test_a_law_is_called_exact_where_it_is(weighting: str) -> None:
    """Catches a matched law of C that is sold as exact, beyond 64 active neurons, and an exact one that is not."""
    assert angles.MOST == 64
    assert frames.frame_law(weighting, 100, 64).exact
    assert frames.frame_law(weighting, 100, 65).exact == (weighting == "activation")
