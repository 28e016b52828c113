"""Pieces that single claims bring along: what they filter."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfrlab.simulations.dense import layer
from nfrlab.verify.claims.theorem_1.thm_1_every import DROP_WORST, all_but_worst
from nfrlab.verify.examine.exact.statement import to_fractions


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
