"""The derivations of bounds on the least α_∞ over all d and x: floors of U[−1, 1] and Laplace entries, and the bulk."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING

import lazy_loader

from nfrlab.theory.limit import bulk_alignment, worst_alignment
from nfrlab.theory.limit.proofs.boxes import triangle_mean_abs
from nfrlab.theory.numerics.balls import around
from nfrlab.theory.numerics.proof import (
    Derivation,
    Exact,
    argued,
    below_one,
    certain,
    computed,
    enclosed,
    false_with,
    symbolic,
    vanishes,
)

if TYPE_CHECKING:
    import flint
    import sympy as sp
else:
    flint = lazy_loader.load("flint")
    sp = lazy_loader.load("sympy")


def _no_negative_coefficient(expression: sp.Expr, x: tuple[sp.Symbol, ...]) -> bool:
    """Whether an expression in the sides x of a triangle with x_1 ≥ x_2 is ≥ 0: by its coefficients in p, r, v.

    `x_1 = p + r + v, x_2 = p + r, x_3 = 2r + v` with p, r, v ≥ 0; denominators are powers of the x_i.
    """
    p, r, v = sp.symbols("p r v", positive=True)
    numerator, denominator = sp.fraction(sp.together(expression))
    sign = denominator.subs(dict.fromkeys(x, 1))
    sides = dict(zip(x, (p + r + v, p + r, 2 * r + v), strict=True))
    return all(c * sign >= 0 for c in sp.Poly(sp.expand(numerator.subs(sides)), p, r, v).coeffs())


@false_with(most=(Fraction(4, 3), 2), floor=(1, Fraction(9, 10)), ordered=(Fraction(11, 10), 2))
def uniform_floor(most: Exact = Fraction(3, 2), floor: Exact = Fraction(24, 25), ordered: Exact = 1) -> Derivation:
    """U[−1, 1]: a lower bound of α_∞ in every dimension."""
    x, h = triangle_mean_abs()
    k1, k2 = (h.diff(t) / t for t in x[:2])  # twice μ_i/x_i
    t, a, y = sp.symbols("t a y", positive=True)
    far = (t**2 + a**2) / 12 + sp.Rational(1, 4)  # f at x_1 = 1
    ratio = (3 - t**2 - a**2) / 2
    of_one, of_t = (y / 4 + (t**2 + a**2) / (12 * y)).diff(y).subs(y, 1), far.diff(t) / t
    beside = (a / 4 + (y**2 + t**2) / (12 * a)).diff(y).subs(y, 1), (a / 4 + (1 + t**2) / (12 * a)).diff(t) / t
    near = {t: below_one(y)}  # any t < 1; and any a ≤ 1 − t
    within = below_one(a) * (1 - below_one(y))
    squared = sp.sympify(floor)
    return Derivation(
        "Entries U[−1, 1], independent; κ_i = μ_i/x_i; fix i, j and give them x_i = 1, x_j = t ≤ 1.",
        (
            argued(
                "Given the rest T = Σ_{k≠i,j} w_k x_k, μ_i and μ_j are means over T, symmetric and unimodal (Wintner)."
            ),
            argued("T is a mixture of U[−a, a] (Khinchine): d = 3, x = (1, t, a), is enough."),
            symbolic(
                "a ≤ 1 − t: f = ¼ + (t² + a²)/12 has κ_1/κ_2 = (3 − t² − a²)/2.",
                vanishes(of_one / of_t - ratio),
            ),
            symbolic("a ≥ 1 + t: f = a/4 + (1 + t²)/(12a) has κ_1 = κ_2.", vanishes(beside[0] - beside[1])),
            argued("Otherwise (1, t, a) are the sides of a triangle."),
            computed(
                "2√6/5 is the floor of theory.limit.worst_alignment.",
                abs(float(sp.sqrt(squared)) - worst_alignment.FLOOR["uniform"]) < 1e-15,
            ),
        ),
        (
            symbolic(
                "U[−1, 1]: for every d and x the ratios κ_i = μ_i/x_i differ by a factor 3/2 at most,",
                certain(most - ratio >= 0)
                and _no_negative_coefficient(most * k2 - k1, x)
                and ratio.subs({t: 0, a: 0}) == most,
            ),
            symbolic(
                "so α_∞(x) ≥ 2√6/5 = 0.9798.",  # Kantorovich's inequality with M/m = 3/2
                vanishes(4 * sp.Rational(3, 2) / (1 + sp.Rational(3, 2)) ** 2 - squared),
            ),
            symbolic(
                "And κ_i ≥ κ_j where |x_i| ≥ |x_j|.",
                certain(ratio.subs(a, within).subs(near) >= ordered) and _no_negative_coefficient(k1 - ordered * k2, x),
            ),
        ),
    )


@false_with(factor=(1, Fraction(1, 4)))
def laplace_floor(factor: Exact = Fraction(1, 2)) -> Derivation:
    """Laplace entries: a lower bound of α_∞ in every dimension."""
    t, v = sp.symbols("t v", positive=True)
    mixture = sp.integrate(sp.exp(-v * (1 + t**2)), (v, 0, sp.oo))  # E e^{−t²V}
    axis = sp.integrate(sp.sqrt(v) * sp.exp(-v), (v, 0, sp.oo)) / sp.sqrt(sp.pi)
    direct = sp.integrate(v * sp.exp(-v), (v, 0, sp.oo))  # E V = E|w|
    most = sp.sqrt(direct) / sp.sqrt(sp.pi)
    return Derivation(
        "w_i = √(2V_i) g_i with V_i of density e^{−v} and g_i normal, all independent; ‖x‖ = 1.",
        (
            symbolic("E e^{−t²V} = 1/(1 + t²), Laplace's characteristic function.", vanishes(mixture - 1 / (1 + t**2))),
            argued("Given V the sum w·x is normal: f(x) = ½ E|w·x| = E √(Σ V_i x_i²)/√π."),
            symbolic("A square root is concave: f is, in the x_i².", certain(sp.sqrt(v).diff(v, 2) < 0)),
            symbolic("So f is at least its value at e_1, E √V/√π = ½ E|w| = ½,", vanishes(axis - direct / 2)),
            symbolic("and at most √(E Σ V_i x_i²)/√π = 1/√π, as E V = 1 (Jensen).", vanishes(most**2 - 1 / sp.pi)),
            argued(
                "f is the support function of a convex body and μ(x) a point of it: ‖μ‖ ≤ max f, α_∞ ≥ min f/max f."
            ),
            computed(
                "½ √π is the floor of theory.limit.worst_alignment.",
                abs(float(sp.sqrt(sp.pi) / 2) - worst_alignment.FLOOR["laplace"]) < 1e-15,
            ),
        ),
        (
            symbolic(
                "Laplace entries: α_∞(x) ≥ √π/2 = 0.8862 for every d and x.",
                vanishes(axis / most - factor * sp.sqrt(sp.pi)),
            ),
        ),
    )


def _grows(f: sp.Expr, slope: sp.Expr, g: sp.Symbol) -> bool:
    """Whether f is 0 at g = 0 and has this derivative."""
    return vanishes(f.subs(g, 0)) and vanishes(f.diff(g) - slope)


def _holds_at_half(alignment: Callable[[flint.arb], flint.arb], first: sp.Expr, kappa: sp.Expr) -> bool:
    """Whether the theory's ball of α_∞ at s = ½ is around `(μ_1 + κ s)/√((μ_1² + κ² s)(1 + s))`, to 28 digits."""
    s = sp.symbols("s", positive=True)
    derived = (first + kappa * s) / sp.sqrt((first**2 + kappa**2 * s) * (1 + s))
    return bool(alignment(flint.arb("0.5")).overlaps(around(derived.subs(s, sp.Rational(1, 2)))))


@false_with(share=(Fraction(1, 2), 1), scale=(1, 4))
def bulk(share: Exact = Fraction(1, 3), scale: Exact = 2) -> Derivation:
    """U[−1, 1] and Laplace entries at x = (1, √(s/n), …, √(s/n)), n → ∞: an upper bound of the infimum over all d."""
    g, w, s, c, a = sp.symbols("g w s c a", positive=True)
    normal = sp.exp(-(g**2) / (2 * c**2)) / (c * sp.sqrt(2 * sp.pi))
    given = (sp.integrate(w, (w, -g, 1)) - sp.integrate(w, (w, -1, -g))) / 2  # E[w_1 sgn(w_1 + g)], 0 ≤ g ≤ 1
    inside = sp.erf(g / (c * sp.sqrt(2)))
    cut = (1 - c**2) * inside + 2 * c**2 * g * normal  # E[1 − G²; |G| < g]
    folded = (sp.integrate((g + w) * sp.exp(-w), (w, 0, sp.oo)) + sp.integrate((g - w) * sp.exp(-w), (w, 0, g))) / 2
    folded += sp.integrate((w - g) * sp.exp(-w), (w, g, sp.oo)) / 2  # E|w_1 + g|, Laplace
    mean_abs = 2 * sp.integrate(g * normal, (g, 0, sp.oo))
    above = sp.exp(s) * sp.erfc(sp.sqrt(s) + g / (2 * sp.sqrt(s)))  # E[e^{−|G|}; |G| > g] for σ² = 2s
    second = sp.integrate(w**2, (w, 0, 1)), sp.integrate(w**2 * sp.exp(-w), (w, 0, sp.oo))  # E w²
    at = {g: 1, c: sp.sqrt(s / 3)}
    along = ((inside - cut) + 2 * c**2 * normal).subs(
        at
    ) / 2  # ½ E[G sgn(w_1 + G)]: ½ (E[G²; |G| < 1] + E[|G|; |G| > 1])
    uniform = cut.subs(at) / 4, share * inside.subs(at) / 2  # μ_1, κ = E w² p(0)
    p = above.subs(g, 0) / 2
    damped = sp.exp(a**2 * s) * sp.erfc(a * sp.sqrt(s))  # E e^{−a|G|}, σ² = 2s
    spread = mean_abs.subs(c, sp.sqrt(2 * s))
    beside = (spread + damped.diff(a).subs(a, 1)) / 2  # ½ E[G sgn(w_1 + G)]: ½ (E|G| − E|G|e^{−|G|})
    laplace = spread / 2 + p - scale * p * s, scale * p
    return Derivation(
        "x = (1, √(s/n), …, √(s/n)), n → ∞; G_n the bulk's share of w·x, G ~ N(0, s E w²) independent of w_1.",
        (
            argued(
                "G_n → G in law (central limit theorem); μ_1 = ½ E[w_1 sgn(w_1 + G_n)] and f = ½ E|w_1 + G_n| follow."
            ),
            argued("The entries of μ in the bulk are equal, so ⟨μ, x⟩ = f makes them κ x_i with κ s = f − μ_1."),
            symbolic(
                "g times the density of G is −σ² times its derivative.", vanishes(normal.diff(g) * c**2 + g * normal)
            ),
            argued("By parts κ s = ½ E[G sgn(w_1 + G)] = s E w² p(0), p the density of w_1 + G: κ = E w² p(0)."),
            argued("p(0) = ½ P(|G| < 1) for U[−1, 1] and ½ E e^{−|G|} for Laplace."),
            symbolic("E w² = 1/3 for U[−1, 1], 2 for Laplace.", second == (sp.Rational(1, 3), 2)),
            symbolic("U[−1, 1]: E[w_1 sgn(w_1 + g)] = ½ (1 − g²).", vanishes(given - (1 - g**2) / 2)),
            symbolic("E[1 − G²; |G| < g] by its derivative, 0 at g = 0.", _grows(cut, 2 * (1 - g**2) * normal, g)),
            symbolic("P(|G| < g) = erf(g/σ√2), likewise.", _grows(inside, 2 * normal, g)),
            symbolic("Laplace: E|w_1 + g| = |g| + e^{−|g|}.", vanishes(folded - g - sp.exp(-g))),
            symbolic("½ E|G| = √(s/π), σ² = 2s.", vanishes(mean_abs.subs(c, sp.sqrt(2 * s)) / 2 - sp.sqrt(s / sp.pi))),
            symbolic(
                "E[e^{−|G|}; |G| > g] = e^s erfc(√s + g/2√s), by its derivative, 0 at g = ∞.",
                vanishes(above.diff(g) + 2 * sp.exp(-g) * normal.subs(c, sp.sqrt(2 * s)))
                and sp.limit(above, g, sp.oo) == 0,
            ),
            enclosed(
                "theory.limit.bulk_alignment computes both: at s = ½, to 28 digits.",
                _holds_at_half(bulk_alignment.uniform_bulk, *uniform)
                and _holds_at_half(bulk_alignment.laplace_bulk, *laplace),
            ),
        ),
        (
            symbolic(
                "At x = (1, √(s/n), …, √(s/n)), n → ∞, α_∞ tends to (μ_1 + κ s)/√((μ_1² + κ² s)(1 + s)): for U[−1, 1] "
                "with μ_1 = ¼ E(1 − G²)₊ and κ = P(|G| < 1)/6, G ~ N(0, s/3),",
                vanishes(along - uniform[1] * s),
            ),
            symbolic(
                "for Laplace entries with κ = 2p and μ_1 = √(s/π) + p − κ s, p = ½ e^s erfc √s.",
                vanishes(beside - laplace[1] * s),
            ),
            argued(
                "These are uniform_bulk(s) and laplace_bulk(s): inf α_∞ over all d and x is at most their least values."
            ),
        ),
    )
