"""What stands for any number of a range does so."""

from __future__ import annotations

import sympy as sp

from nfrlab.theory.numerics.proof import below_one


def test_below_one_is_any_number_between_0_and_1() -> None:
    """Catches a stand-in that leaves out part of (0, 1): what is certain of it would not be so of all numbers there."""
    x = sp.symbols("x", positive=True)
    assert sp.limit(below_one(x), x, 0, "+") == 0
    assert sp.limit(below_one(x), x, sp.oo) == 1
    assert sp.simplify(below_one(x).diff(x)).is_positive
