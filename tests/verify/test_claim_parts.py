"""Pieces that single claims bring along: what they filter, what they bound, and the widths that they try."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfrlab.simulations.dense import layer
from nfrlab.simulations.images import ImageSet
from nfrlab.theory.limit import worst_alignment
from nfrlab.verify.claims.theorem_1.limit import random_directions
from nfrlab.verify.claims.theorem_1.thm_1_every import DROP_WORST, all_but_worst
from nfrlab.verify.claims.theorem_1.thm_1_zplus import SMALL_INPUTS, small_input_evidence
from nfrlab.verify.claims.theorem_2.gram_sharp import crude_ratio
from nfrlab.verify.court.claim import Examination
from nfrlab.verify.examine.exact.gram_cases import SIGMAS
from nfrlab.verify.examine.exact.statement import to_fractions
from nfrlab.verify.examine.stacks.gaussian import FULL


@pytest.mark.parametrize(
    ("contributions", "kept"),
    [
        ([-1, -3, 2], [True, False, True]),
        ([-1, -1, -2], [True, True, False]),
        ([0, 2, 5], [True, True, True]),
        ([0, 0], [True, True]),
        ([-4], [False]),
    ],
)
def test_the_worst_neuron_is_dropped_and_no_other(contributions: list[int], kept: list[bool]) -> None:
    """Catches a filter that drops every negative neuron, the best one, or one where none is negative."""
    assert all_but_worst(np.array(contributions, dtype=float)).tolist() == kept


@given(st.integers(0, 2**32 - 1))
def test_the_filter_of_one_neuron_is_one_in_both_forms(seed: int) -> None:
    """Catches a rule that is simulated and a matrix that is searched which drop different neurons."""
    rng = np.random.default_rng(seed)
    x, W, r = (rng.integers(-4, 5, size).astype(float) for size in (3, (3, 5), 5))
    F = DROP_WORST.matrix({name: to_fractions(v.astype(int)) for name, v in {"x": x, "W": W, "r": r}.items()})
    hidden = layer(x, W)
    np.testing.assert_array_equal((F @ to_fractions(r.astype(int))).astype(float), DROP_WORST.rule.step(hidden, r))
    dropped = [j for j in range(5) if hidden.mask[j] and W[:, j].any() and not F[:, j].any()]
    assert len(dropped) <= 1
    assert all(hidden.act[j] * r[j] == min(hidden.act * r) < 0 for j in dropped)


@pytest.mark.parametrize("sigma", SIGMAS)
def test_the_crude_ratio_is_just_above_the_crude_bound(sigma: Fraction) -> None:
    """Catches a control whose bound is broken by more than its rounding, or rounded below what is claimed."""
    root = (1 + float(sigma - 1 / sigma) ** 2) ** 0.5  # 1/cos φ
    assert 0.9e-4 < float(crude_ratio(sigma)) - root < 1.1e-4


def test_width_profiles_are_what_they_are_called() -> None:
    """Catches a profile that no longer grows, shrinks, stays or is as deep as its name says."""
    for name, widths in FULL.items():
        if "constant" in name:
            assert len(set(widths[1:])) == 1, name
            assert ("large input" in name) == (widths[0] > widths[1]), name
        if "small input" in name:
            assert widths[0] < min(widths[1:]) == max(widths[1:]), name
        if "depth" in name:
            assert len(widths) == int(name.partition("depth ")[2].partition(",")[0]), name
    growing, shrinking = FULL["growing upwards"][1:], FULL["shrinking upwards"][1:]
    assert all(wider == 2 * narrow for narrow, wider in pairwise(growing))
    assert all(wider == 2 * narrow for wider, narrow in pairwise(shrinking))
    assert FULL["steep"][2] == 4 * FULL["steep"][1]
    assert min(FULL["bottleneck"][1:]) == FULL["bottleneck"][2]


def test_a_certified_limit_is_as_sure_as_its_interval_is_short() -> None:
    """Catches a numerical error that is not the width of the enclosure, and a refutation without its numbers."""
    for piece in small_input_evidence(SMALL_INPUTS):
        assert piece.interval is not None
        low, high = piece.interval
        assert piece.numerical_error == high - low < 1e-12
        assert piece.counterexample is not None
        assert set(piece.counterexample) == {"x", "alpha"}


def test_random_directions_are_more_and_more_uneven(images: ImageSet) -> None:
    """Catches a search for the worst direction that stays among Gaussian ones, or leaves out signs where they count."""
    exam = Examination("test", "trial", 0, "quick", images)
    drawn = np.array(random_directions(exam, worst_alignment.worst("powerlaw", 6), 400))
    assert drawn.shape == (400, 6)
    spread = np.log(np.abs(drawn)).std(axis=1)
    assert np.median(spread[-100:]) > 1.5 * np.median(spread[:100]) > 1
    assert np.median(spread[-100:]) < 3
    assert 0.4 < np.mean(drawn > 0) < 0.6
