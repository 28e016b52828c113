"""What the theories predict: one scale for all, and numbers that are computed."""

from __future__ import annotations

import inspect
from statistics import median

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfrlab.theory.rivals.predictions import THEORIES, Prediction, scale

KNOWN = {"entries": 300, "product": 0.4}


def test_a_word_means_one_range() -> None:
    """Catches two theories that are measured by two thresholds: the same word with another range."""
    ranges: dict[str, set[tuple[float, float]]] = {}
    for predictions in THEORIES.values():
        for predict in predictions.values():
            prediction = predict(KNOWN)
            ranges.setdefault(prediction.words, set()).add((prediction.low, prediction.high))
    assert all(len(found) == 1 for found in ranges.values()), ranges


@given(st.integers(2, 3000))
def test_noise_holds_of_noise(n: int) -> None:
    """Catches a chance level that noise itself exceeds, or one that says nothing."""
    rng = np.random.default_rng(n)
    v = rng.standard_normal((400, n))
    prediction = scale.noise({"entries": n})
    assert median(np.abs(v[:, 0]) / np.linalg.norm(v, axis=1)) <= prediction.high
    assert prediction.high <= 1.35 / np.sqrt(n) + 1e-3 or prediction.high == 1.0


@given(st.floats(-1, 1))
def test_what_alignment_explains_is_the_product(product: float) -> None:
    """Catches a prediction that does not follow what is known."""
    prediction = scale.explained_by_alignment({"product": product})
    assert (prediction.low + prediction.high) / 2 == pytest.approx(product, abs=1e-12)
    assert prediction.high - prediction.low == pytest.approx(0.1)


def test_opposite_words_exclude_each_other() -> None:
    """Catches words that say nothing, as one number could be both."""
    pairs = ((scale.HIGHER, scale.LOWER), (scale.CONVERGED, scale.APART), (scale.UNCHANGED, scale.CHANGED))
    for one, other in (*pairs, (scale.EQUAL, scale.LOWER), (scale.SIMILAR, scale.UNRELATED)):
        assert max(one.low, other.low) >= min(one.high, other.high), (one, other)


@pytest.mark.parametrize(("low", "high"), [(1, 0), (-3, 0), (0, 2.5), (float("nan"), 1)])
def test_an_impossible_range_is_refused(low: float, high: float) -> None:
    """Catches a prediction that no cosine could meet."""
    with pytest.raises(ValueError, match="needs −2 ≤ low ≤ high ≤ 2"):
        Prediction("x", low, high)


def test_noise_of_nothing_is_refused() -> None:
    """Catches a division by zero."""
    with pytest.raises(ValueError, match="at least one entry"):
        scale.noise({"entries": 0})


def test_no_theory_sees_a_measurement() -> None:
    """Catches a prediction that is made from a result: it is a function of what is known, and of nothing else."""
    for predictions in THEORIES.values():
        for predict in predictions.values():
            assert len(inspect.signature(predict).parameters) == 1
