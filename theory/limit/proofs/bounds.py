"""The derivations of bounds on the least α_∞ over all d and x: floors of U[−1, 1] and Laplace entries, and the bulk."""

from __future__ import annotations

from math import pi, sqrt
from typing import TYPE_CHECKING

import lazy_loader
import numpy as np

from nfrlab.theory.limit import bulk_alignment, worst_alignment
from nfrlab.theory.limit.proofs.worst_alignment import triangle_mean_abs
from nfrlab.theory.numerics.proof import Derivation, vanishes

if TYPE_CHECKING:
    import flint
    import sympy as sp
else:
    flint = lazy_loader.load("flint")
    sp = lazy_loader.load("sympy")


def uniform_floor() -> Derivation:
    """U[−1, 1]: a lower bound of α_∞ in every dimension."""
    x, h = triangle_mean_abs()
    k1, k2 = (h.diff(t) / t for t in x[:2])  # twice μ_i/x_i
    p, r, v = sp.symbols("p r v", positive=True)
    ravi = {x[0]: p + r + v, x[1]: p + r, x[2]: 2 * r + v}  # the triangles with x_1 ≥ x_2: x_2 + x_3 > x_1 is r > 0, …

    def signs_of(expression: sp.Expr) -> bool:
        """Whether the expression, times powers of the x_i, has no negative coefficient in p, r, v."""
        numerator = sp.numer(sp.together(expression))
        sign = sp.denom(sp.together(expression)).subs(dict.fromkeys(x, 1))
        return all(c * sign >= 0 for c in sp.Poly(sp.expand(numerator.subs(ravi)), p, r, v).coeffs())

    t, a = sp.symbols("t a", positive=True)
    ratio = (3 - t**2 - a**2) / 2  # x = (1, t, a), a ≤ 1 − t
    least = sp.expand(ratio.subs(a, 1 - t) - 1)
    return Derivation(
        "U[−1, 1]: for every d and x the ratios κ_i = μ_i/x_i differ by a factor 3/2 at most, so α_∞(x) ≥ 2√6/5 = "
        "0.9798. And κ_i ≥ κ_j where |x_i| ≥ |x_j|.",
        "Fix i, j. Given the rest T = Σ_{k≠i,j} w_k x_k, μ_i and μ_j are means over T, and T is symmetric and "
        "unimodal (Wintner), a mixture of U[−a, a] (Khinchine): κ_i and κ_j are the same mixture of their values with "
        "one coordinate a in place of the rest. So d = 3, x = (1, t, a), t ≤ 1 is enough. If a ≤ 1 − t, f = ¼ + (t² + "
        "a²)/12, κ_1/κ_2 = (3 − t² − a²)/2. If a ≥ 1 + t, f = a/4 + (1 + t²)/(12a), κ_1 = κ_2. Otherwise (1, t, a) "
        "are the sides of a triangle, written x_1 = p + r + v, x_2 = p + r, x_3 = 2r + v with p, r, v ≥ 0. Then "
        "Kantorovich's inequality with M/m = 3/2.",
        (
            ("a ≤ 1 − t: κ_1/κ_2 ≤ 3/2, its value at t = a = 0", ratio.subs({t: 0, a: 0}) == sp.Rational(3, 2)),
            ("and ≥ 1, as t(1 − t) ≥ 0", vanishes(least - t * (1 - t))),
            ("triangle: κ_1 − κ_2 has no negative coefficient in p, r, v", signs_of(k1 - k2)),
            ("triangle: 3κ_2 − 2κ_1 has none either", signs_of(3 * k2 - 2 * k1)),
            ("2√(3/2)/(1 + 3/2) = 2√6/5", abs(2 * sqrt(1.5) / 2.5 - worst_alignment.FLOOR["uniform"]) < 1e-15),
        ),
    )


def laplace_floor() -> Derivation:
    """Laplace entries: a lower bound of α_∞ in every dimension."""
    t, v = sp.symbols("t v", positive=True)
    mixture = sp.integrate(sp.exp(-v * (1 + t**2)), (v, 0, sp.oo))  # E e^{−t²V}
    axis = sp.integrate(sp.sqrt(v) * sp.exp(-v), (v, 0, sp.oo)) / sp.sqrt(sp.pi)
    direct = sp.integrate(v * sp.exp(-v), (v, 0, sp.oo)) / 2
    return Derivation(
        "Laplace entries: α_∞(x) ≥ √π/2 = 0.8862 for every d and x.",
        "w_i = √(2V_i) g_i with V_i of density e^{−v} and g_i normal. So for ‖x‖ = 1 f(x) = ½ E|w·x| = E √(Σ V_i "
        "x_i²)/√π, concave in the x_i²: at least its value at e_1, ½, and by Jensen at most √(Σ x_i²)/√π = 1/√π. f is "
        "the support function of a convex body and μ(x) a point of it, so ‖μ‖ ≤ max f and α_∞ = f(x)/‖μ‖ ≥ min f/max "
        "f.",
        (
            ("E e^{−t²V} = 1/(1 + t²), Laplace's characteristic function", vanishes(mixture - 1 / (1 + t**2))),
            ("E √V/√π = ½ E|w| = ½", vanishes(axis - sp.Rational(1, 2)) and direct == sp.Rational(1, 2)),
            (
                "½ √π is the floor of theory.limit.worst_alignment",
                abs(sqrt(pi) / 2 - worst_alignment.FLOOR["laplace"]) < 1e-15,
            ),
        ),
    )


def _grows(f: sp.Expr, slope: sp.Expr, g: sp.Symbol) -> bool:
    """Whether f is 0 at g = 0 and has this derivative."""
    return vanishes(f.subs(g, 0)) and vanishes(f.diff(g) - slope)


def bulk() -> Derivation:
    """U[−1, 1] and Laplace entries at x = (1, √(s/n), …, √(s/n)), n → ∞: an upper bound of the infimum over all d."""
    g, w, s, c = sp.symbols("g w s c", positive=True)
    normal = sp.exp(-(g**2) / (2 * c**2)) / (c * sp.sqrt(2 * sp.pi))
    given = (sp.integrate(w, (w, -g, 1)) - sp.integrate(w, (w, -1, -g))) / 2  # E[w_1 sgn(w_1 + g)], 0 ≤ g ≤ 1
    inside = sp.erf(g / (c * sp.sqrt(2)))
    cut = (1 - c**2) * inside + 2 * c**2 * g * normal  # E[1 − G²; |G| < g]
    folded = (sp.integrate((g + w) * sp.exp(-w), (w, 0, sp.oo)) + sp.integrate((g - w) * sp.exp(-w), (w, 0, g))) / 2
    folded += sp.integrate((w - g) * sp.exp(-w), (w, g, sp.oo)) / 2  # E|w_1 + g|, Laplace
    mean_abs = 2 * sp.integrate(g * normal, (g, 0, sp.oo))
    wide = normal.subs(c, sp.sqrt(2 * s))
    above = sp.exp(s) * sp.erfc(sp.sqrt(s) + g / (2 * sp.sqrt(s)))  # E[e^{−|G|}; |G| > g]
    p = float(above.subs({g: 0, s: 0.5})) / 2
    at_half = [float(t) for t in (cut.subs({g: 1, c: 6**-0.5}), inside.subs({g: 1, c: 6**-0.5}))]
    pairs = (at_half[0] / 4, at_half[1] / 6), (sqrt(0.5 / pi) + p - 2 * p * 0.5, 2 * p)
    values = [(k + m / 2) / sqrt((k * k + m * m / 2) * 1.5) for k, m in pairs]
    computed = [float(f(flint.arb("0.5")).mid()) for f in (bulk_alignment.uniform_bulk, bulk_alignment.laplace_bulk)]
    by_parts = vanishes(normal.diff(g) * c**2 + g * normal)
    return Derivation(
        "At x = (1, √(s/n), …, √(s/n)), n → ∞, α_∞ tends to uniform_bulk(s) for U[−1, 1] and laplace_bulk(s) for "
        "Laplace entries: inf α_∞ over all d and x is at most their least values.",
        "By the central limit theorem the bulk's share G_n of w·x tends in law to G ~ N(0, s E w²), independent of "
        "w_1. μ_1 = ½ E[w_1 sgn(w_1 + G_n)] and f = ½ E|w_1 + G_n| converge to the same with G: w_1 and G_n have "
        "bounded second moments, and w_1 + G ≠ 0 almost surely. The entries of μ in the bulk are equal, so ⟨μ, x⟩ = f "
        "makes them κ x_i with κ s = f − μ_1; hence α_∞ = f/(√(μ_1² + κ² s) √(1 + s)) converges too. By parts, ½ E[G "
        "sgn(w_1 + G)] = s E w² p(0), p the density of w_1 + G: κ = E w² p(0), p(0) = ½ P(|G| < 1) for U[−1, 1] and ½ "
        "E e^{−|G|} for Laplace. μ_1 is ½ E of E[w_1 sgn(w_1 + g)] = ½ (1 − g²)₊ for U[−1, 1], and f − κ s for "
        "Laplace, where E|w_1 + g| = |g| + e^{−|g|}.",
        (
            ("U[−1, 1]: E[w_1 sgn(w_1 + g)] = ½ (1 − g²)", vanishes(given - (1 - g**2) / 2)),
            ("E[1 − G²; |G| < g] by its derivative, 0 at g = 0", _grows(cut, 2 * (1 - g**2) * normal, g)),
            ("P(|G| < g) = erf(g/σ√2), likewise", _grows(inside, 2 * normal, g)),
            ("Laplace: E|w_1 + g| = |g| + e^{−|g|}", vanishes(folded - g - sp.exp(-g))),
            ("½ E|G| = √(s/π), σ² = 2s", vanishes(mean_abs.subs(c, sp.sqrt(2 * s)) / 2 - sp.sqrt(s / sp.pi))),
            (
                "E[e^{−|G|}; |G| > g] = e^s erfc(√s + g/2√s), by its derivative, 0 at g = ∞",
                vanishes(above.diff(g) + 2 * sp.exp(-g) * wide) and sp.limit(above, g, sp.oo) == 0,
            ),
            (
                "theory.limit.worst_alignment computes the two values of s = ½",
                bool(np.allclose(values, computed, 0, 1e-14)),
            ),
            ("by parts: g times the density of G is −σ² times its derivative", by_parts),
        ),
    )
