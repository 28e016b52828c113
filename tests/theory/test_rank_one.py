"""Products of non-negative matrices: Hilbert's metric, Birkhoff's coefficient and the rate, against brute force."""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations, product
from math import acos, atan, cosh, inf, log, pi, tanh

import flint
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from nfrlab.theory.numerics.vectors import cosine
from nfrlab.theory.rivals import rank_one

entries = st.floats(0.01, 100)
matrices = st.tuples(st.integers(1, 4), st.integers(2, 4)).flatmap(lambda shape: arrays(float, shape, elements=entries))
fractions = st.fractions(Fraction(1, 20), 20, max_denominator=20)
squares = st.lists(fractions, min_size=9, max_size=9).map(lambda values: np.array(values, dtype=object).reshape(3, 3))


@settings(max_examples=60)
@given(squares)
def test_cross_ratio_by_all_indices(A: np.ndarray) -> None:
    """Catches a minor left out: the least of all (a_ik a_jl)/(a_jk a_il), in exact rationals."""
    exact = min(
        A[i, k] * A[j, m] / (A[j, k] * A[i, m])
        for i, j in permutations(range(3), 2)
        for k, m in permutations(range(3), 2)
    )
    assert rank_one.least_cross_ratio(A) == exact
    assert rank_one.least_cross_ratio(A.T) == exact
    assert rank_one.projective_diameter(A) == pytest.approx(-log(exact), abs=1e-12)
    assert rank_one.birkhoff_coefficient(A) == pytest.approx(tanh(-log(exact) / 4), abs=1e-12)


def test_coefficient_in_balls() -> None:
    """Catches rounding: τ of [[1, 1/10], [3/10, 1]] in ball arithmetic, to 1e-15."""
    A = np.array([[Fraction(1), Fraction(1, 10)], [Fraction(3, 10), Fraction(1)]])
    root = (flint.arb(3) / 100).sqrt()
    assert rank_one.birkhoff_coefficient(A) == pytest.approx(float((1 - root) / (1 + root)), abs=1e-15)


@settings(max_examples=60)
@given(matrices, st.integers(0, 2**32 - 1))
def test_contraction_is_the_largest(A: np.ndarray, seed: int) -> None:
    """Catches a τ that some pair of directions exceeds, and one that none comes near: short segments at the best
    place between two columns.
    """
    rng = np.random.default_rng(seed)
    tau = rank_one.birkhoff_coefficient(A)
    u, v = np.exp(3 * rng.standard_normal((2, A.shape[1])))
    before, after = rank_one.hilbert_distance(u, v), rank_one.hilbert_distance(A @ u, A @ v)
    assert after <= tau * before + 1e-9
    steepest = 0.0
    for k, other in permutations(range(A.shape[1]), 2):
        for i, j in permutations(range(len(A)), 2):
            at = np.full(A.shape[1], 1e-12)
            at[k], at[other] = 1.0, np.sqrt(A[i, k] * A[j, k] / (A[i, other] * A[j, other]))
            beside = at * np.where(np.arange(len(at)) == k, 1.001, 1.0)
            slope = rank_one.hilbert_distance(A @ at, A @ beside) / log(1.001)
            steepest = max(steepest, slope)
    assert steepest == pytest.approx(tau, abs=1e-3)


@settings(max_examples=60)
@given(st.lists(arrays(float, (3, 3), elements=st.floats(0.1, 10)), min_size=1, max_size=5), st.integers(0, 2**32 - 1))
def test_maps_meet_at_the_rate(factors: list[np.ndarray], seed: int) -> None:
    """Catches a bound that a chain breaks: angles of all columns and of maps of random v ≥ 0, and the limit's place."""
    P = np.linalg.multi_dot([np.eye(3), *factors]) if len(factors) > 1 else factors[0]
    x = rank_one.contraction(factors)
    v = np.abs(np.random.default_rng(seed).standard_normal((3, 4)))
    maps = np.hstack([P, P @ v])
    for i, j in permutations(range(maps.shape[1]), 2):
        assert cosine(maps[:, i], maps[:, j]) >= rank_one.least_cosine(x) - 1e-12
    assert acos(rank_one.least_cosine(x)) == pytest.approx(2 * atan(x), abs=1e-7)
    later = P @ np.linalg.matrix_power(np.ones((3, 3)) + np.eye(3), 30) @ np.ones(3)
    assert rank_one.hilbert_distance(P[:, 0], later) <= 4 * np.arctanh(min(x, 1 - 1e-15)) + 1e-9


@given(st.fractions(Fraction(1, 50), Fraction(49, 50)))
def test_bound_is_attained(t: Fraction) -> None:
    """Catches a bound with slack: the columns of [[1, t], [t, 1]] have the least cosine, 2t/(1 + t²)."""
    A = np.array([[1, t], [t, 1]], dtype=object)
    exact = float(2 * t / (1 + t * t))
    assert rank_one.least_cosine(rank_one.birkhoff_coefficient(A)) == pytest.approx(exact, abs=1e-12)
    assert rank_one.least_cosine_at(rank_one.projective_diameter(A)) == pytest.approx(exact, abs=1e-12)


@given(arrays(float, (2, 5), elements=entries))
def test_distance_bounds_the_cosine(pair: np.ndarray) -> None:
    """Catches a cosine below 1/cosh(δ/2), a distance that sees lengths, and one that is not symmetric."""
    u, v = pair
    distance = rank_one.hilbert_distance(u, v)
    assert cosine(u, v) >= 1 / cosh(distance / 2) - 1e-12
    assert rank_one.hilbert_distance(3 * u, 0.2 * v) == pytest.approx(distance, abs=1e-9)
    assert rank_one.hilbert_distance(v, u) == pytest.approx(distance, abs=1e-12)
    assert rank_one.hilbert_ratio(u, 7 * u) == pytest.approx(1)


def test_printed_theorem_fails_at_the_smallest_matrices() -> None:
    """Catches a product that tends to rank 1 where there is none: (2)^k past every bound, (½)^k to the zero matrix."""
    assert rank_one.scalar_power(2, 200)[0] > 10**60
    value, rank = rank_one.scalar_power(Fraction(1, 2), 200)
    assert 0 < value < Fraction(1, 10**60)
    assert rank == 1
    assert rank_one.scalar_power(0, 3) == (0, 0)
    assert rank_one.birkhoff_coefficient(np.array([[2.0]])) == 0.0  # the direction is settled at once


def test_zeros() -> None:
    """Catches a coefficient below 1 at a matrix with a zero, and a zero row or column that counts as one."""
    sparse = np.array([[1.0, 0.0], [1.0, 1.0]])
    assert rank_one.projective_diameter(sparse) == inf
    assert rank_one.birkhoff_coefficient(sparse) == 1.0
    padded = np.array([[1.0, 2.0, 0.0], [3.0, 4.0, 0.0], [0.0, 0.0, 0.0]])
    assert rank_one.least_cross_ratio(padded) == pytest.approx(rank_one.least_cross_ratio(padded[:2, :2]))
    assert rank_one.birkhoff_coefficient(sparse @ sparse.T) < 1  # the product of two is positive
    assert rank_one.least_cosine_at(inf) == 0.0


def test_layers_for_a_cosine() -> None:
    """Catches a count that is off by one."""
    for tau, cos in product((0.3, 0.9), (0.9, 0.99)):
        k = rank_one.layers_for(cos, tau)
        assert rank_one.least_cosine(tau**k) >= cos
        assert k == 1 or rank_one.least_cosine(tau ** (k - 1)) < cos
    assert rank_one.layers_for(0.5, 0.0) == 1


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: rank_one.hilbert_distance(np.ones(2), np.array([1.0, 0.0])), "positive"),
        (lambda: rank_one.least_cross_ratio(np.zeros((2, 2))), "not zero"),
        (lambda: rank_one.least_cross_ratio(np.array([[1.0, -1.0]])), "non-negative"),
        (lambda: rank_one.least_cosine(1.5), "Birkhoff"),
        (lambda: rank_one.least_cosine_at(-1.0), "distance"),
        (lambda: rank_one.layers_for(1.0, 0.5), "between 0 and 1"),
        (lambda: rank_one.layers_for(0.5, 1.0), "below 1"),
    ],
)
def test_rank_one_refusals(call, named: str) -> None:
    """Catches a direction where there is none."""
    with pytest.raises(ValueError, match=named):
        call()


def test_a_right_angle() -> None:
    """Catches an angle beyond a right one: at x = 1 nothing is known of two non-negative maps."""
    assert acos(rank_one.least_cosine(1.0)) == pytest.approx(pi / 2)
