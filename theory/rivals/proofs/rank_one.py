"""The derivations behind `theory.rivals.rank_one`: the smallest counterexamples to Sixt's theorem, and its repair."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from itertools import product
from math import isqrt
from operator import ge, gt, le
from typing import TYPE_CHECKING

import lazy_loader
import numpy as np
from jaxtyping import Shaped

from nfrlab.theory.numerics.proof import (
    Derivation,
    Exact,
    Relation,
    agrees,
    argued,
    certain,
    computed,
    enumerated,
    false_with,
    symbolic,
    vanishes,
)
from nfrlab.theory.numerics.vectors import Array
from nfrlab.theory.rivals import rank_one as law

if TYPE_CHECKING:
    import sympy as sp
else:
    sp = lazy_loader.load("sympy")


@false_with(large=(1, Fraction(2, 3)), small=(1, 2))
def rank_one_as_printed(large: Exact = 2, small: Exact = Fraction(1, 2)) -> Derivation:
    """Sixt's Theorem 1 as printed: two 1×1 products that do not tend to a matrix of rank 1."""
    k = sp.symbols("k", positive=True, integer=True)
    grown, shrunk = (sp.limit(sp.Rational(a.numerator, a.denominator) ** k, k, sp.oo) for a in (large, small))
    return Derivation(
        "A_l = (a) for every l: non-negative, no zero column, of one size, convergent; no column of the limit is zero, "
        "and one column is not orthogonal to another.",
        (argued("The premises hold at every a > 0, and P_k = (a^k)."),),
        (
            symbolic("At a = 2 the product tends to no matrix,", grown == sp.oo),
            symbolic("at a = ½ to the zero matrix, of rank 0.", shrunk == 0),
        ),
    )


def planar_slope() -> tuple[sp.Expr, sp.Expr, tuple[sp.Symbol, ...]]:
    """(slope, s, roots): `d ln f/d ln s` of `f(s) = (a² s + b²)/(c² s + d²)`, what a 2×2 matrix makes of a ratio s."""
    a, b, c, d, s = sp.symbols("a b c d s", positive=True)
    f = (a**2 * s + b**2) / (c**2 * s + d**2)
    return sp.simplify(s * sp.diff(f, s) / f), s, (a, b, c, d)


@false_with(root=(1, 4), power=(1, 4), relation=(le, gt), half=(1, 4))
def birkhoff_rate(root: Exact = 2, power: Exact = 2, relation: Relation = ge, half: Exact = 2) -> Derivation:
    """Sixt's Theorem 1, repaired: directions meet, at a rate that Birkhoff's coefficients give."""
    slope, s, (a, b, c, d) = planar_slope()
    peak = b * d / (a * c)
    phi, x, delta, m, r, e = sp.symbols("phi x delta m r e", positive=True)
    steepest = (a * d - b * c) / (a * d + b * c)
    tau = (1 - phi ** sp.Rational(1, root)) / (1 + phi ** sp.Rational(1, root))
    tanh = ((1 - sp.exp(-delta / 2)) / (1 + sp.exp(-delta / 2))).rewrite(sp.tanh)
    bound = (1 - x**power) / (1 + x**power)  # e = e^δ at δ = 4 artanh x
    sharp = sp.Rational(1, 5)
    cosine, attained = 2 * sharp / (1 + sharp**2), ((1 - sharp) / (1 + sharp)) ** 2
    return Derivation(
        "Positive matrices A_1, A_2, …; P_k = A_1 ⋯ A_k; maps P_k v of v ≥ 0, v ≠ 0.",
        (
            symbolic(
                "[[a², b²], [c², d²]] on a ratio s of two entries, f = (a²s + b²)/(c²s + d²): d ln f/d ln s peaks at s "
                "= bd/ac,",
                vanishes(sp.diff(slope, s).subs(s, peak)),
            ),
            symbolic("where it is (ad − bc)/(ad + bc).", vanishes(slope.subs(s, peak) - steepest)),
            argued(
                "Any two rows of a positive matrix act on the cone of two columns by such a map, and δ is the largest "
                "over them: A contracts δ by the largest of these slopes (Birkhoff 1957)."
            ),
            enumerated(
                "Images of two positive vectors are nearer by τ at 81 rational matrices of rational τ, compared "
                "exactly.",
                all_shrink(),
            ),
            argued(
                "Δ(P_k) is the diameter of the image of the cone v ≥ 0; τ(P_k) ≤ Π τ(A_l), as δ contracts factor by "
                "factor, and τ = tanh(Δ/4) turns it into Δ(P_k) ≤ 4 artanh x_k."
            ),
            argued(
                "The images P_k{v ≥ 0} are nested. Where their diameters tend to 0, as they do if Σ(1 − τ(A_l)) = ∞, "
                "they close on one direction c, and c lies in each."
            ),
            symbolic(
                "u_i/v_i in [m, r] puts (u_i − m v_i)(r v_i − u_i) ≥ 0; summed, and (m + r)² ≥ 4mr, cos ≥ 2√(mr)/(m + "
                "r).",
                vanishes((m + r) ** 2 - 4 * m * r - (m - r) ** 2),
            ),
            symbolic(
                "[[1, s], [s, 1]] has φ = s² and columns of the cosine 2s/(1 + s²): at s = 1/5 the bound is attained.",
                vanishes((1 - attained) / (1 + attained) - cosine),
            ),
            computed(
                "theory.rivals.rank_one computes τ and the bound.",
                agrees(law.birkhoff_coefficient(np.array([[1.0, 0.2], [0.2, 1.0]])), sp.Rational(2, 3))
                and agrees(law.least_cosine(2 / 3), cosine)
                and agrees(law.least_cosine_at(float(np.log(25.0))), cosine),
            ),
        ),
        (
            symbolic(
                "τ(A) = (1 − √φ)/(1 + √φ), φ the least of all (a_ik a_jl)/(a_jk a_il), = tanh(Δ/4), Δ = −ln φ;",
                vanishes(tau.subs(phi, (b * c / (a * d)) ** 2) - steepest) and vanishes(tanh - sp.tanh(delta / 4)),
            ),
            symbolic(
                "with x = Π τ(A_l) any two maps lie within δ ≤ 4 artanh x, at cos ≥ (1 − x²)/(1 + x²), an angle of at "
                "most 2 arctan x,",
                vanishes(2 * sp.sqrt(e) / (1 + e) - bound.subs(x, (sp.sqrt(e) - 1) / (sp.sqrt(e) + 1)))
                and vanishes(sp.expand_trig(sp.cos(half * sp.atan(x))) - (1 - x**2) / (1 + x**2))
                and certain(relation((m - r) ** 2, 0).subs(m, r + sp.symbols("q", nonnegative=True))),
            ),
            argued(
                "and where Σ(1 − τ(A_l)) = ∞ to one direction c, from whose neighbourhood later factors cannot lead."
            ),
        ),
    )


@cache
def all_shrink() -> bool:
    """Whether δ of the columns of A B is at most τ(A) times that of B's, for 2×2 matrices of a grid of Fractions.

    Where τ = p/q is rational and r, r′ are the exact ratios, that is `r′^q ≤ r^p`: A is taken with √φ rational.
    """
    grid = Fraction(1, 3), Fraction(1), Fraction(5, 2)
    found = []
    for a, b, t, other in product(grid, repeat=4):
        root = Fraction(2, 3) if a == b else min(a, b) / max(a, b)
        A = np.array([[a, b], [t * b, t * a / root**2 * min(b / a, a / b) ** 2]], dtype=object)
        B = np.array([[1, other], [1, 2 * other + 1]], dtype=object)
        found.append(shrinks(A, B))
    return all(found)


def shrinks(A: Shaped[Array, "2 2"], B: Shaped[Array, "2 2"]) -> bool:
    """Whether `r′^q ≤ r^p`, τ(A) = p/q; False where τ is not rational."""
    phi = Fraction(law.least_cross_ratio(A))
    roots = isqrt(phi.numerator), isqrt(phi.denominator)
    if (roots[0] ** 2, roots[1] ** 2) != (phi.numerator, phi.denominator):
        return False
    tau = (1 - Fraction(*roots)) / (1 + Fraction(*roots))
    C = A @ B
    before, after = law.hilbert_ratio(B[:, 0], B[:, 1]), law.hilbert_ratio(C[:, 0], C[:, 1])
    return bool(after**tau.denominator <= before**tau.numerator)
