"""Pieces of examinations, each alone: what they compare, and what they bound."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfrlab.simulations.dense.arrays import Array
from nfrlab.theory.finite_width.law import alignment_law
from nfrlab.verify import intervals
from nfrlab.verify.court.evidence import Finding
from nfrlab.verify.examine.exact.gram_cases import aim_at_bound, conditioned_layer, has_condition, tie
from nfrlab.verify.examine.exact.integer_layers import from_rotation, orthogonal_layer
from nfrlab.verify.examine.exact.statement import to_fractions
from nfrlab.verify.examine.exact.weightings import gradient_map, inequality
from nfrlab.verify.examine.exact.zplus_filter import are_parallel
from nfrlab.verify.examine.finite_width import planned_size
from nfrlab.verify.examine.limits.compensated_law import compensated_law_evidence
from nfrlab.verify.examine.statistics import POINTS, kolmogorov_distance


@pytest.mark.parametrize(
    ("u", "v", "parallel"),
    [
        ([2, -4, 0], [1, -2, 0], True),
        ([0, 0], [3, 1], True),
        ([0, 0], [0, 0], True),
        ([3, 1], [0, 0], False),
        ([1, 0], [0, 1], False),
        ([1, 2, 3], [1, 2, 4], False),
    ],
)
def test_parallel_is_a_multiple_of_the_second(u: list[int], v: list[int], parallel: bool) -> None:
    """Catches a map that counts as a multiple of no map at all, and one that does not as no multiple, 0 times."""
    assert are_parallel(to_fractions(u), to_fractions(v)) is parallel


def test_equal_alignments_are_tied() -> None:
    """Catches a search for strict violations that takes a tie for an untied case."""
    statement = inequality("a tie", gradient_map, orthogonal_layer(), from_rotation)
    case = {"x": to_fractions([1, 2]), "W": to_fractions([[1, 0], [0, 1]])}
    assert statement.tied(case | {"r": to_fractions([2, 4])})
    assert not statement.tied(case | {"r": to_fractions([2, 3])})


def test_the_search_for_ties_returns_the_nearest_to_the_bound() -> None:
    """Catches a search that leaves out the cases it is for, and a share that is not that of its case."""
    case, share = aim_at_bound(conditioned_layer()[0], 60, np.random.default_rng(0))
    assert case is not None
    assert has_condition(case)
    assert share == tie(case)[1]
    assert 0 < share <= 1


def exact_distance(values: Array, mean: float) -> float:
    """`sup |F_n − F|` of values against the exponential law with this mean, at every jump of F_n from both sides."""
    F = 1 - np.exp(-np.sort(values) / mean)
    n = len(values)
    return float(max(np.max(np.arange(1, n + 1) / n - F), np.max(F - np.arange(n) / n)))


class Exponential:
    """The exponential law with this mean."""

    def __init__(self, mean: float) -> None:
        self.mean = mean

    def cdf(self, a: float) -> float:
        """P(X ≤ a)."""
        return float(-np.expm1(-a / self.mean))


@given(st.integers(0, 10**6), st.sampled_from([0.5, 0.9, 1.0, 2.0]), st.sampled_from([5, 40]))
def test_the_distance_of_two_laws_lies_within_its_bounds(seed: int, mean: float, points: int) -> None:
    """Catches bounds that miss the distance, from either side, and ones that say nothing."""
    values = np.random.default_rng(seed).exponential(1.0, 40)
    least, most = kolmogorov_distance(values, Exponential(mean), points)  # type: ignore[arg-type]
    exact = exact_distance(values, mean)
    assert least <= exact + 1e-12
    assert most >= exact - 1e-12
    if points == len(values):
        assert least >= exact - 1 / 40 - 1e-12
        assert most <= exact + 1 / 40 + 1e-12


def test_samples_are_planned_for_the_margin_that_is_left() -> None:
    """Catches a sample too small for a law that is off by a share of its margin."""
    assert planned_size(1e-9, 0.02, 0.0) == intervals.distribution_plan(1e-9, 0.02, POINTS)
    assert planned_size(1e-9, 0.04, 0.5) == intervals.distribution_plan(1e-9, 0.02, POINTS)


def test_the_compensated_law_refutes() -> None:
    """Catches a counterexample that is lost, or one whose proof does not hold."""
    found = compensated_law_evidence()
    assert found.finding is Finding.REFUTES
    assert bool(found.details["proof holds"])
    assert found.counterexample is not None
    assert (found.interval or (0.0, 0.0))[0] > 1 - 1e-9


def test_laws_are_compared_as_they_are_computed() -> None:
    """Catches a distance that is zero, or one, whatever the law."""
    law = alignment_law("grad", "gaussian", 5, 20)
    values = np.array([law.quantile(float(p)) for p in (np.arange(50) + 0.5) / 50])
    least, most = kolmogorov_distance(values, law)
    assert 0.0 <= least <= 1 / 50
    assert least <= most <= 3 / 50
