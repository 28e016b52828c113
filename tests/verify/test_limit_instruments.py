"""The instruments that learn where maps point: what they see, what they refuse, and what they know nothing of."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nfrlab.simulations.dense import rule
from nfrlab.simulations.dense.arrays import Array
from nfrlab.simulations.dense.montecarlo import ones
from nfrlab.simulations.images import ImageSet
from nfrlab.theory.limit.map_moments import MapMoments
from nfrlab.verify.claims.theorem_1 import thm_1_every
from nfrlab.verify.court.claim import Examination
from nfrlab.verify.court.evidence import Claimed, Finding
from nfrlab.verify.examine.limits import wide_layers
from nfrlab.verify.examine.limits.map_point import GBP, MapPoint, stretched, weights
from nfrlab.verify.examine.limits.mean_map import PAIRS, MeanPoint, alignment_evidence, alignment_interval, beyond

NOISE = 0.3


@pytest.fixture
def exam(images: ImageSet) -> Examination:
    """An examination in profile quick."""
    return Examination("test", "trial", 0, "quick", images)


def noisy_maps(mean: Array, seed: int) -> Array:
    """Maps of one neuron each around a mean in R⁶."""
    return np.asarray(mean + NOISE * np.random.default_rng(seed).standard_normal((2 * PAIRS, len(mean))))


@settings(max_examples=20, deadline=None)
@given(st.floats(0.05, 3.1), st.integers(0, 10**6))
def test_alignment_interval_covers(angle: float, seed: int) -> None:
    """Catches an interval that misses the α_∞ of maps with known mean and noise, loses its sign, or covers all."""
    mean = np.zeros(6)
    mean[:2] = np.cos(angle), np.sin(angle)
    bounds = MapMoments(NOISE**2, 6 * NOISE**2, 1.0)
    (low, high), (short, long) = alignment_interval(noisy_maps(mean, seed), 3 * np.eye(6)[0], bounds, 1, 1e-6)
    assert low <= np.cos(angle) <= high
    assert short <= np.cos(angle) <= long
    assert long - short < 0.6
    assert high - low < (0.5 if abs(np.cos(angle)) > 0.4 else 1.2)


def test_alignment_interval_knows_nothing_of_maps_without_a_mean() -> None:
    """Catches a direction that is read off noise: where maps have mean 0, every cosine is possible."""
    bounds = MapMoments(NOISE**2, 6 * NOISE**2, 1.0)
    found, _ = alignment_interval(noisy_maps(np.zeros(6), 0), np.eye(6)[0], bounds, 1, 1e-6)
    assert found[0] < -0.9
    assert found[1] > 0.9


@pytest.mark.parametrize("factor", [1.0, 1.05])
def test_a_stretched_axis_is_seen(exam: Examination, factor: float) -> None:
    """Catches instruments that do not tell isotropic weights from those with one axis a twentieth longer."""
    drawn = stretched(weights("gaussian"), factor) if factor > 1 else weights("gaussian")
    expected = Finding.REFUTES if factor > 1 else Finding.SUPPORTS
    (turned,) = wide_layers.turn_evidence(exam, GBP, [drawn], 0.5)
    plane = wide_layers.PLANE
    point = MeanPoint(MapPoint("pairs", GBP, drawn, plane, plane, ones), Claimed.exactly(1.0, 5e-4))
    (paired,) = alignment_evidence(exam, point, exam.budget.spend(1, 0.5))
    assert (turned.finding, paired.finding) == (expected, expected)


@pytest.mark.parametrize("name", ["gaussian", "shifted", "axis"])
def test_stretched_law_is_what_is_drawn(name: str) -> None:
    """Catches a half-space mean or moments of a stretched law that its sampler does not have."""
    drawn, x = stretched(weights(name), 1.5), np.array([1.0, 2.0, -0.5])
    w = drawn.sampler(3, 400_000, np.random.default_rng(0))
    assert np.allclose((w * (x @ w > 0)).mean(axis=1), drawn.law.half_space_mean(x).value, atol=0.015)
    assert np.mean((w**2).sum(axis=0)) <= 1.01 * drawn.law.second_moment(3)
    assert np.allclose(np.abs(w).mean(axis=1), drawn.law.mean_abs(3), atol=0.015)


def test_pairs_refuse_a_rule_whose_neurons_share_a_threshold() -> None:
    """Catches RectGrad with a quantile: its mean map is not its limit at every width."""
    point = MapPoint("", rule("rectgrad", q=0.9), weights("gaussian"), np.ones(2), np.ones(2))
    with pytest.raises(ValueError, match="not its limit"):
        MeanPoint(point, Claimed.exactly(1.0, 0.1))


def test_beyond_ignores_ends_that_no_cosine_exceeds() -> None:
    """Catches a width planned for the distance to 1 or 0, the ends of every cosine."""
    assert beyond(0.9, Claimed.between(0.0, 0.98)) == pytest.approx(0.08)
    assert beyond(0.99, Claimed.between(0.96, 1.0)) == pytest.approx(0.03)
    assert beyond(0.05, Claimed.between(0.0, 0.5)) == pytest.approx(0.45)
    assert beyond(-0.99, Claimed.between(-1.0, -0.96)) == pytest.approx(0.03)
    assert beyond(0.3, Claimed.between(0.0, 1.0)) == 1.0


def test_both_numbers_of_a_mean_map_are_of_the_same_draws(exam: Examination) -> None:
    """Catches a length without the width it was seen at, and errors of the two that are more than what was spent."""
    plane, drawn = wide_layers.PLANE, weights("gaussian")
    point = MapPoint("pairs", GBP, drawn, plane, plane, ones)
    length = Claimed.exactly(float(np.linalg.norm(drawn.law.half_space_mean(plane).value)), 0.01)
    found = alignment_evidence(exam, MeanPoint(point, Claimed.exactly(1.0, 5e-4), length), 1e-6)
    assert [piece.finding for piece in found] == [Finding.SUPPORTS] * 2
    assert sum(piece.miss for piece in found) == pytest.approx(1e-6)
    aligned, long = (piece.details for piece in found)
    assert aligned == long
    assert (long["d"], long["law"]) == (len(plane), "gaussian")
    assert long["N"] >= 64


def test_wide_layers_are_undecided_where_maps_vanish(exam: Examination) -> None:
    """Catches a median over the maps that are left: U[0, 1] at negative x has none."""
    x = -np.ones(2)
    point = MapPoint("blind", GBP, weights("gaussian"), x, x)
    unseen = MapPoint("blind", GBP, point.weights, x, np.zeros(2))
    aligned, vanished = wide_layers.wide_evidence(exam, [point, unseen])
    assert (aligned.finding, vanished.finding) == (Finding.SUPPORTS, Finding.UNDECIDED)


def test_every_nfr_needs_gbp_to_align_beside_it(exam: Examination, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches a refutation in layers that are not wide: GBP, which has to align there, exchanged for the gradient."""
    monkeypatch.setattr(thm_1_every, "rule", partial(lambda _, **parameters: rule("grad")))
    found = thm_1_every.nfr_aligns_evidence(exam, thm_1_every.DROP_WORST)
    assert {piece.finding for piece in found} == {Finding.UNDECIDED}
