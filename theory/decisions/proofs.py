"""The derivation behind `theory.decisions.sufficiency`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import lazy_loader

from nfrlab.theory.decisions.sufficiency import of_multiple, of_small_output
from nfrlab.theory.numerics.proof import Derivation, Exact, argued, computed, false_with, symbolic, vanishes

if TYPE_CHECKING:
    import sympy as sp
else:
    sp = lazy_loader.load("sympy")


@false_with(scale=(2, -1), doubled=(1, 3), power=(2,))
def sufficiency_by_definition(scale: Exact = 1, doubled: Exact = 2, power: Exact = 1) -> Derivation:
    """S of a map that is the input, of features that vanish or double, and of a small output."""
    a, f = sp.symbols("a f", positive=True)
    b, x, least, size = sp.symbols("b x m s", real=True)
    R, low, high = a * x + b, a * least + b, a * (least + size) + b  # the maximum of x is m + s
    rescaled = (R - low) * size / (high - low) + least
    part = sp.symbols("p", positive=True)

    def S(c: sp.Expr) -> sp.Expr:
        return 1 - sp.Abs(c * part - part) / part

    v, A, fed = sp.Matrix([1, f - 1]), sp.Matrix([1, 1]), sp.Matrix([1, 0])
    scalar = 1 - (v.dot(fed) - v.dot(A)) / v.dot(A)  # f ≤ 1: what is fed decides for more
    return Derivation(
        "R = a x + b, a > 0; x with the minimum m and the maximum m + s, s > 0.",
        (
            argued("x → a x + b rises: min R = a m + b and max R = a (m + s) + b."),
            argued("Equal inputs have equal features, class and products: ‖v* ⊙ A* − v ⊙ A‖₁ = 0, S = 1 − 0."),
            symbolic("v ⊙ A = p and A* = c A: S = 1 − |c p − p|/p.", vanishes(S(sp.Integer(1)) - 1)),
            computed("This is theory's S.", of_multiple(0.5) == float(S(sp.Rational(1, 2)).subs(part, 1))),
        ),
        (
            symbolic("R̃ = x, and S = 1 in every reading;", vanishes(rescaled - scale * x)),
            symbolic(
                "S = 0 where the features vanish, and where they double;",
                vanishes(S(sp.Integer(0))) and vanishes(S(sp.Integer(doubled))),
            ),
            symbolic(
                "scalar products, v = (1, f − 1), A = (1, 1), A* = (1, 0): S = 2 − 1/f, which has no lower bound.",
                vanishes(scalar - (2 - 1 / f**power))
                and sp.limit(scalar, f, 0, "+") == -sp.oo
                and of_small_output(0.25) == float(scalar.subs(f, sp.Rational(1, 4))),
            ),
        ),
    )
