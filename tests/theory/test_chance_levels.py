"""Chance levels, dominance of channels, counts of filters: closed forms by sampling, integration and balls."""

from __future__ import annotations

from itertools import permutations
from math import atan, pi, sqrt

import flint
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import spearmanr

from nfrlab.simulations.dense.montecarlo import hidden_maps
from nfrlab.simulations.dense.propagate import rule
from nfrlab.theory.rivals import chance, dominance, filters

SIX = 6  # standard errors


def two_maps(c: int, kind: str, trials: int = 100_000) -> tuple[np.ndarray, np.ndarray]:
    """Cosines and distances of unit maps of c entries, drawn at will; zero maps left out."""
    u, v = np.random.default_rng(c).standard_normal((2, trials, c))
    u, v = {"signed": lambda t: t, "absolute": np.abs, "rectified": lambda t: np.maximum(t, 0)}[kind](np.stack([u, v]))
    norms = np.linalg.norm(u, axis=1), np.linalg.norm(v, axis=1)
    kept = (norms[0] > 0) & (norms[1] > 0)
    u, v = u[kept] / norms[0][kept, None], v[kept] / norms[1][kept, None]
    return np.einsum("tc,tc->t", u, v), np.linalg.norm(u - v, axis=1)


@pytest.mark.parametrize("c", [2, 3, 10, 64])
def test_chance_by_sampling(c: int) -> None:
    """Catches a wrong chance level: means of |cos|, of distances, medians, and maps without signs."""
    cosines, distances = two_maps(c, "signed")
    error = SIX / sqrt(len(cosines))
    assert chance.chance_size(c) == pytest.approx(np.abs(cosines).mean(), abs=error * np.abs(cosines).std())
    assert chance.chance_distance(c) == pytest.approx(distances.mean(), abs=error * distances.std())
    assert np.median(distances) == pytest.approx(sqrt(2), abs=0.02)
    assert np.mean(np.abs(cosines) <= chance.chance_median(c)) == pytest.approx(0.5, abs=error)
    assert np.mean(np.abs(cosines) <= chance.chance_quantile(c, 0.9)) == pytest.approx(0.9, abs=error)
    for kind, law in (("absolute", chance.absolute_cosine), ("rectified", chance.rectified_cosine)):
        found, _ = two_maps(c, kind)
        assert law(c) == pytest.approx(found.mean(), abs=SIX * found.std() / sqrt(len(found)))


@pytest.mark.parametrize("c", [2, 3, 7, 50])
def test_chance_by_quadrature(c: int) -> None:
    """Catches a wrong moment: integrals over the angle, whose density is sin^{c−2}, to 1e-10."""
    whole = quad(lambda t: np.sin(t) ** (c - 2), 0, pi)[0]
    size = quad(lambda t: abs(np.cos(t)) * np.sin(t) ** (c - 2), 0, pi, points=[pi / 2])[0] / whole
    apart = quad(lambda t: 2 * np.sin(t / 2) * np.sin(t) ** (c - 2), 0, pi)[0] / whole
    assert chance.chance_size(c) == pytest.approx(size, abs=1e-10)
    assert chance.chance_distance(c) == pytest.approx(apart, abs=1e-10)
    within = quad(lambda t: np.sin(t) ** (c - 2), np.arccos(chance.chance_quantile(c, 0.3)), pi / 2)[0] / whole
    assert 2 * within == pytest.approx(0.3, abs=1e-9)


@pytest.mark.parametrize("c", [3, 512])
def test_chance_in_balls(c: int) -> None:
    """Catches rounding: E|cos| and E‖u − v‖ by Γ in ball arithmetic, to 1e-12."""
    half, root = flint.arb(c) / 2, flint.arb.pi().sqrt()
    size = half.gamma() / (root * (half + flint.arb(0.5)).gamma())
    apart = (flint.arb(2).log() * (c - 1) + 2 * half.lgamma() - (flint.arb(c) - flint.arb(0.5)).lgamma()).exp() / root
    assert chance.chance_size(c) == pytest.approx(float(size), rel=1e-12)
    assert chance.chance_distance(c) == pytest.approx(float(apart), rel=1e-12)


def test_chance_limits() -> None:
    """Catches a limit missed: √(2/πc), 0.6745/√c, √2, 2/π, 1/π; |cos| uniform at c = 3; one entry."""
    c = 10**6
    assert chance.chance_size(c) * sqrt(pi * c / 2) == pytest.approx(1, abs=1e-5)
    assert chance.chance_median(c) * sqrt(c) == pytest.approx(0.67449, abs=1e-4)
    assert chance.chance_distance(c) == pytest.approx(sqrt(2), abs=1e-5)
    assert chance.absolute_cosine(c) == pytest.approx(2 / pi, abs=1e-5)
    assert chance.rectified_cosine(c) == pytest.approx(1 / pi, abs=1e-5)
    assert chance.chance_quantile(3, 0.2) == pytest.approx(0.2, abs=1e-12)
    assert chance.absolute_cosine(1) == pytest.approx(1)
    assert chance.rectified_cosine(1) == pytest.approx(1)
    assert chance.rectified_cosine(1000) == pytest.approx(chance.rectified_cosine(1001), abs=2e-6)


@pytest.mark.parametrize("n", [3, 6])
def test_spearman_over_all_orders(n: int) -> None:
    """Catches a wrong standard deviation: the root mean square of Spearman's ρ over all orders."""
    rhos = [spearmanr(range(n), order).statistic for order in permutations(range(n))]
    assert np.sqrt(np.mean(np.square(rhos))) == pytest.approx(chance.spearman_sd(n), abs=1e-12)


@pytest.mark.parametrize(("K", "m"), [(1.0, 1), (3.0, 1), (3.0, 4), (2.0, 9), (0.5, 2)])
def test_dominance_by_sampling(K: float, m: int) -> None:
    """Catches a wrong law of dominance: a channel against the sum of m, 400,000 draws; and as an integral."""
    rng = np.random.default_rng(1)
    wins = np.abs(K * rng.standard_normal(400_000)) > np.abs(rng.standard_normal((m, 400_000)).sum(axis=0))
    found = dominance.dominance(K, m)
    assert found == pytest.approx(wins.mean(), abs=SIX * 0.5 / sqrt(400_000))
    exact = quad(lambda t: 2 / pi / (1 + t * t), 0, K / sqrt(m))[0]
    assert found == pytest.approx(exact, abs=1e-12)
    ball = 2 * (flint.arb(K) / flint.arb(m).sqrt()).atan() / flint.arb.pi()
    assert found == pytest.approx(float(ball), abs=1e-15)


@given(st.floats(0.01, 100), st.floats(0.01, 0.99))
def test_outnumbered_inverts_dominance(K: float, share: float) -> None:
    """Catches an inverse that is none; K² channels balance one of K times their activation."""
    assert dominance.dominance(K, dominance.outnumbered(K, share)) == pytest.approx(share, abs=1e-9)
    assert dominance.outnumbered(K) == pytest.approx(K * K)
    assert dominance.dominance(K) == pytest.approx(2 / pi * atan(K))


@pytest.mark.parametrize("spread", [False, True])
def test_scale_is_kept_whatever_the_channels(spread: bool) -> None:
    """Catches a scale law that depends on the direction of a: one channel alone or twenty equal ones, n = 12."""
    rng, n = np.random.default_rng(2), 12
    a = np.full(20, 3 / sqrt(20)) if spread else np.eye(20)[0] * 3.0
    sizes = np.linalg.norm(rng.standard_normal((20_000, n, 20)) @ a, axis=1) * 0.5 / sqrt(n)
    mean, sd = dominance.kept_scale(0.5, 3.0, n)
    assert mean == pytest.approx(sizes.mean(), abs=SIX * sizes.std() / sqrt(20_000))
    assert sd == pytest.approx(sizes.std(), rel=SIX / sqrt(40_000))


def test_filters_of_a_small_patch() -> None:
    """Catches a reading exchanged for the other, a width that is not the least, and Nie's count at 3×3×3."""
    for reading in filters.READINGS:
        N = filters.required_filters(0.1, 27, reading)
        assert filters.recovery_error(27, N, reading) <= 0.1 < filters.recovery_error(27, N - 1, reading)
        assert filters.leading_filters(0.1, 27, reading) == pytest.approx(N, rel=0.2)
    assert 20_000 < filters.required_filters(0.1, 27) < 30_000
    assert 1_000 < filters.required_filters(0.1, 27, "gap") < 1_300
    halved = filters.required_filters(0.05, 27) / filters.required_filters(0.1, 27)
    assert halved == pytest.approx(4, rel=0.01)


def test_errors_of_maps() -> None:
    """Catches an error that no map has: GBP maps of a 3×3×3 patch at 1,000 filters, drawn by the simulator."""
    rng, x = np.random.default_rng(3), np.random.default_rng(4).standard_normal(27)
    maps = hidden_maps(rule("gbp"), "gaussian", x, 1000, 400, rng, lambda N, rng: rng.standard_normal(N), bottom=False)
    unit = maps / np.linalg.norm(maps, axis=1, keepdims=True)
    squares = np.square(unit - x / np.linalg.norm(x)).sum(axis=1)
    error = SIX * squares.std() / sqrt(len(squares))
    assert filters.recovery_error(27, 1000) ** 2 == pytest.approx(squares.mean(), abs=error)
    assert filters.recovery_error(27, 1000, "gap") == pytest.approx(squares.mean() / 2, abs=error)


def test_one_patch_orders_the_layers() -> None:
    """Catches N8 explained by one patch: 70,000 dense neurons at 64×64×3 recover more than 64 filters do."""
    dense, small, large = (filters.patch_alignment(d, N) for d, N in ((12_288, 70_000), (27, 64), (147, 64)))
    assert dense > small > large
    assert (dense, small, large) == pytest.approx((0.605, 0.451, 0.208), abs=0.002)


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: chance.chance_size(0), "at least 1"),
        (lambda: chance.chance_median(1), "at least 2"),
        (lambda: chance.chance_quantile(4, 1.5), "share"),
        (lambda: chance.spearman_sd(1), "at least 2"),
        (lambda: dominance.dominance(-1.0), "ratio"),
        (lambda: dominance.dominance(1.0, 0), "number"),
        (lambda: dominance.outnumbered(1.0, 1.0), "chance"),
        (lambda: dominance.kept_scale(1.0, 1.0, 0), "neurons"),
        (lambda: dominance.kept_scale(-1.0, 1.0, 3), "sizes"),
        (lambda: filters.required_filters(0.1, 27, "ssim"), "ssim"),
        (lambda: filters.required_filters(1.0, 27, "gap"), "strictly"),
        (lambda: filters.required_filters(-0.1, 27), "strictly"),
        (lambda: filters.patch_alignment(0, 5), "d ≥ 1"),
    ],
)
def test_chance_refusals(call, named: str) -> None:
    """Catches a number where there is none."""
    with pytest.raises(ValueError, match=named):
        call()
