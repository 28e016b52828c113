"""Roots of many functions at once, against functions whose roots are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfrlab.theory.numerics.roots import roots

KINDS = (  # (f, its root) at a level a
    (lambda x, a: np.expm1(x) - a, np.log1p),
    (lambda x, a: np.arctan(40 * (x - a / 9)), lambda a: a / 9),
    (lambda x, a: (x - a / 5) ** 9, lambda a: a / 5),
    (lambda x, a: np.where(x < a / 7, -1.0, 2.0), lambda a: a / 7),
    (lambda x, a: np.cbrt(x - a / 3), lambda a: a / 3),
)


@given(st.lists(st.tuples(st.integers(0, len(KINDS) - 1), st.floats(-0.9, 9)), min_size=1, max_size=7))
def test_every_root_is_found(cases: list[tuple[int, float]]) -> None:
    """Catches an entry that stops its neighbours, a lost bracket, and an interpolation without its safeguard."""
    chosen = [(*KINDS[kind], level) for kind, level in cases]

    def f(x: np.ndarray) -> np.ndarray:
        return np.array([one(at, level) for at, (one, _, level) in zip(x, chosen, strict=True)])

    found = roots(f, np.full(len(cases), -20.0), np.full(len(cases), 20.0))
    for at, (one, root, level) in zip(found, chosen, strict=True):
        # a function that is flat at its root leaves the root undetermined: there its value has to be rounding
        assert at == pytest.approx(root(level), abs=1e-12) or abs(one(at, level)) < 1e-15


def test_a_root_at_an_end_is_found_and_none_is_refused() -> None:
    """Catches a lost end of the bracket, and an answer where there is no root."""
    ends = np.array([0.0, 0.0]), np.array([1.0, 1.0])
    assert list(roots(lambda x: x - np.array([0, 1]), *ends)) == [0, 1]
    with pytest.raises(ValueError, match="same sign at both ends"):
        roots(lambda x: x + np.array([-0.5, 1]), *ends)
