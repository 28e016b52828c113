"""What z⁺ aligns with: its limits in one layer, the rate at which maps meet in stacks, against brute force."""

from __future__ import annotations

from itertools import pairwise
from math import pi, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

from nfrlab.simulations.dense import rule
from nfrlab.simulations.dense.montecarlo import hidden_maps, rectified
from nfrlab.simulations.dense.reduced.stacks import angles, square_tangent
from nfrlab.theory.families import FAMILIES
from nfrlab.theory.limit.all_ones import (
    FORMS,
    alignments,
    bend,
    direction,
    half_moment,
    log_rate,
    planar_limit,
    ripple,
    ripple_loss,
    tangent_to_ones,
)
from nfrlab.theory.limit.direction import zplus_filter_direction
from nfrlab.theory.numerics.vectors import cosine

signed = st.lists(st.floats(-3, 3).filter(lambda t: abs(t) > 1e-3), min_size=2, max_size=30).map(np.array)


@pytest.mark.parametrize("p", range(6))
def test_half_moments(p: int) -> None:
    """Catches a wrong moment of the half-normal."""
    assert half_moment(p) == pytest.approx(quad(lambda z: z**p * norm.pdf(z), 0, 12)[0], abs=1e-9)


@given(signed)
def test_filter_direction_is_the_exact_one_for_isotropic_weights(x: np.ndarray) -> None:
    """Catches a ripple other than Theorem 1's half-space mean: 1 + x̂ for Gaussian weights."""
    exact = zplus_filter_direction(FAMILIES["gaussian"], x)
    assert cosine(direction("zplus-filter", FAMILIES["gaussian"], x), exact) == pytest.approx(1, abs=1e-12)


@given(signed)
def test_rule_follows_the_signs(x: np.ndarray) -> None:
    """Catches a limit that depends on more than |x| and the signs."""
    family = FAMILIES["gaussian"]
    at, mirrored = direction("zplus-gradient", family, x), direction("zplus-gradient", family, np.abs(x))
    assert np.allclose(at, np.sign(x) * mirrored)


@settings(max_examples=30)
@given(st.floats(0.05, 20), st.floats(0.05, 20))
def test_planar_limit_by_integration(a: float, b: float) -> None:
    """Catches a wrong exact limit at d = 2: the integral of w⁺γ over the angle of w, and x only at equal entries."""

    def entry(angle: float, i: int) -> float:
        w = np.array([np.cos(angle), np.sin(angle)])
        total = max(w[0], 0) * a + max(w[1], 0) * b
        return max(w[i], 0) * max(w[0] * a + w[1] * b, 0) / total if total > 0 else 0.0

    corners = sorted([-pi / 2, 0, pi / 2, -np.arctan2(a, b), pi - np.arctan2(a, b)])
    exact = [sum(quad(entry, low, high, args=(i,))[0] for low, high in pairwise(corners)) for i in (0, 1)]
    assert planar_limit((a, b)) == pytest.approx(exact, abs=1e-7)
    assert (planar_limit((a, b))[0] > planar_limit((a, b))[1]) == (a > b) or abs(a - b) < 1e-9


@pytest.mark.parametrize("family", ["gaussian", "uniform", "laplace"])
@pytest.mark.parametrize("form", FORMS)
def test_limit_direction_against_sampling(form: str, family: str) -> None:
    """Catches a wrong ripple or κ: mean maps of wide layers at a signed x of d = 120; the ripple within 10 %."""
    rng = np.random.default_rng(1)
    x = rng.uniform(0.2, 1, 120) * np.where(rng.random(120) < 0.3, -1, 1)
    R = hidden_maps(rule(form), family, x, 2000, 80, rng, rectified, bottom=False).mean(axis=0)
    predicted = direction(form, FAMILIES[family], x)
    unit = x / np.linalg.norm(x)
    sign = np.ones(120) if form == "zplus-filter" else np.sign(x)

    assert slope(R * sign, unit * sign) == pytest.approx(slope(predicted * sign, unit * sign), rel=0.1)
    assert cosine(R, predicted) > 0.999


def slope(values: np.ndarray, over: np.ndarray) -> float:
    """The slope of the line fitted to the values, in units of their mean."""
    return float(np.cov(values, over)[0, 1] / over.var(ddof=1) / values.mean())


@pytest.mark.parametrize(("family", "third"), [("gaussian", 2.0), ("uniform", 1.5), ("laplace", 3.0)])
def test_ripple_is_steeper_than_at_zero(family: str, third: float) -> None:
    """Catches the slope at x̂ = 0 taken for that of the whole ripple, 3 to 9 % less: r_0 as the mean of w⁺ S⁺/Z, drawn
    without the house, within 2.5 %.
    """
    rng, x = np.random.default_rng(6), np.random.default_rng(3).uniform(0.1, 1, 100)
    draw = {"gaussian": rng.standard_normal, "uniform": lambda s: rng.uniform(-1, 1, s), "laplace": rng.laplace}[family]
    found = np.zeros(100)
    for _ in range(60):
        w = draw(size=(12_000, 100)) if family == "laplace" else draw((12_000, 100))
        up = np.maximum(w, 0)
        found += up.T @ (np.maximum(w @ x, 0) / (up @ x))
    unit, law = x / np.linalg.norm(x), FAMILIES[family]
    ratio = slope(found, unit) / slope(direction("zplus-gradient", law, x), unit)
    assert ratio == pytest.approx(1, abs=0.025)
    C = ripple("zplus-gradient", law, 100) * (1 - ripple_loss(law, 100) / float(unit.sum()))
    assert slope(found, unit) > 1.03 * slope(1 + C * unit, unit)
    assert bend(law) == pytest.approx((third - 1) / 2)


@pytest.mark.parametrize("family", ["sphere", "ring", "student"])
@pytest.mark.parametrize("form", FORMS)
def test_lengths_do_not_change_the_limit(form: str, family: str) -> None:
    """Catches a ripple that depends on the lengths of isotropic neurons, which enter a map as a common factor."""
    x = np.arange(1.0, 9.0)
    found = direction(form, FAMILIES[family], x)
    assert cosine(found, direction(form, FAMILIES["gaussian"], x)) == pytest.approx(1, abs=1e-14)


@pytest.mark.parametrize("form", FORMS)
def test_alignments_include_the_noise_of_finite_width(form: str) -> None:
    """Catches a wrong noise share: mean cosines at a narrow layer, N = 160, within 0.015."""
    rng = np.random.default_rng(2)
    x = rng.uniform(0, 1, 200)
    maps = hidden_maps(rule(form), "gaussian", x, 160, 150, rng, rectified, bottom=False)
    found = np.mean([(cosine(r, x), cosine(x * r, x)) for r in maps], axis=0)
    assert found == pytest.approx(alignments(form, FAMILIES["gaussian"], x, 160), abs=0.015)


def test_ripple_constants() -> None:
    """Catches a family's constant: 1 and π/2 for Gaussian entries, √(2/π) · (1/√3)/½ for U[−1, 1]."""
    assert ripple("zplus-filter", FAMILIES["gaussian"], 7) == pytest.approx(1)
    assert ripple("zplus-gradient", FAMILIES["gaussian"], 7) == pytest.approx(pi / 2)
    assert ripple("zplus-filter", FAMILIES["uniform"], 7) == pytest.approx(sqrt(2 / pi) * 2 / sqrt(3))
    assert ripple_loss(FAMILIES["gaussian"], 7) == pytest.approx(2 * (pi - 1) / pi + 1 - pi / 2)


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: ripple("zplus-filter", FAMILIES["shifted"], 3), "shifted"),
        (lambda: ripple("zplus-filter", FAMILIES["cauchy"], 3), "cauchy"),
        (lambda: planar_limit((1.0, 0.0)), "positive"),
    ],
)
def test_refusals(call, named: str) -> None:
    """Catches a direction where there is none."""
    with pytest.raises(ValueError, match=named):
        call()


@settings(max_examples=50)
@given(st.integers(2, 30), st.floats(1e-6, 1.5), st.integers(0, 2**32 - 1))
def test_square_tangent(n: int, angle: float, seed: int) -> None:
    """Catches cancellation at small angles: two vectors at a known angle, any lengths."""
    u, v = np.linalg.qr(np.random.default_rng(seed).standard_normal((n, 2)))[0].T
    turned = np.cos(angle) * u + np.sin(angle) * v
    assert square_tangent(3 * u, 0.1 * turned) == pytest.approx(np.tan(angle) ** 2, rel=1e-6)


@pytest.mark.parametrize("form", FORMS)
def test_rates_without_the_engine(form: str) -> None:
    """Catches a wrong rate, and an engine that agrees with it by accident: stacks by bare matrix products, n = 300,
    within 0.1 a layer, and nearer than the leading order.
    """
    n, trials, rng = 300, 40, np.random.default_rng(4)
    steps = []
    for _ in range(trials):
        acts, weights = [np.abs(rng.standard_normal(n))], []
        for _ in range(3):
            weights.append(rng.standard_normal((n, n)) / sqrt(n))
            acts.append(np.maximum(weights[-1].T @ acts[-1], 0))
        pair = np.abs(rng.standard_normal((n, 2)))
        tangents = []
        for a, W, out in zip(acts[-2::-1], weights[::-1], acts[:0:-1], strict=True):
            up = np.maximum(W, 0)
            gamma = (out > 0).astype(float) if form == "zplus-filter" else out / (up.T @ a)
            pair = up @ (gamma[:, None] * pair)
            tangents.append(square_tangent(*pair.T))
        steps.append(np.log(tangents[-1] / tangents[0]) / 2)
    predicted = log_rate(form, n, n)
    assert np.median(steps) == pytest.approx(predicted, abs=0.1)
    leading = np.log((pi - 1) * FORMS[form].spread / n)
    assert abs(np.median(steps) - predicted) < abs(np.median(steps) - leading)


def test_angles_of_the_gradient_do_not_shrink() -> None:
    """Catches a measure that shrinks by itself: signed weights leave two signed relevances about as far apart."""
    between, to_ones = angles(rule("grad"), (60, 80, 80), 100, np.random.default_rng(0), "normal")
    assert between.shape == (100, 3)
    assert np.median(between[:, -1]) > 1
    assert np.median(to_ones) > 1


@pytest.mark.parametrize("form", FORMS)
def test_maps_lie_near_the_ones(form: str) -> None:
    """Catches a wrong Perron direction: tan² to the all-ones vector within 25 % at n = 150."""
    x = np.random.default_rng(0).uniform(0.1, 1, 200)
    _, to_ones = angles(rule(form), (200, 150, 150), 60, np.random.default_rng(1), "absolute", x)
    assert np.median(to_ones) == pytest.approx(tangent_to_ones(form, 150, x), rel=0.25)
