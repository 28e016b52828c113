"""The derivation behind `theory.rivals.pairs`: two relevances through one layer, and what α_1 α_2 leaves out."""

from __future__ import annotations

from operator import ge, le
from typing import TYPE_CHECKING

import lazy_loader

from nfrlab.theory.numerics.proof import (
    Derivation,
    Exact,
    Relation,
    argued,
    certain,
    computed,
    false_with,
    symbolic,
    vanishes,
)
from nfrlab.theory.rivals import pairs as law

if TYPE_CHECKING:
    import sympy as sp
else:
    sp = lazy_loader.load("sympy")


def three_normals() -> tuple[sp.Expr, sp.Expr, tuple[sp.Symbol, ...]]:
    """(moment, orthant, correlations): E[x_1 x_2 1(x > 0)] and P(x > 0) as `pairs.orthant_moment` states them."""
    a, b, c = sp.symbols("r12 r13 r23", real=True)
    orthant = sp.Rational(1, 8) + (sp.asin(a) + sp.asin(b) + sp.asin(c)) / (4 * sp.pi)
    edges = sp.sqrt(1 - a**2) + c * sp.sqrt(1 - b**2) + b * sp.sqrt(1 - c**2)
    return a * orthant + edges / (4 * sp.pi), orthant, (a, b, c)


def kernel(theta: sp.Expr, phi: sp.Symbol) -> sp.Expr:
    """4π times the moment at `r_13 = r_23 = cos θ`, `r_12 = cos φ`, 0 ≤ θ, φ ≤ π."""
    moment, _, (a, b, c) = three_normals()
    angles = {sp.asin(a): sp.pi / 2 - phi, sp.asin(b): sp.pi / 2 - theta, sp.asin(c): sp.pi / 2 - theta}
    edges = {sp.sqrt(1 - a**2): sp.sin(phi), sp.sqrt(1 - b**2): sp.sin(theta), sp.sqrt(1 - c**2): sp.sin(theta)}
    cosines = {a: sp.cos(phi), b: sp.cos(theta), c: sp.cos(theta)}
    return sp.expand(4 * sp.pi * moment.subs(angles).subs(edges).subs(cosines))


@false_with(turn=(1, 3), plain=(2, -1), slope=(1, 3), bend=(le,), least=(1, 3), more=(0, 2))
def pair_step(
    turn: Exact = 2, plain: Exact = 1, slope: Exact = 2, bend: Relation = ge, least: Exact = 2, more: Exact = 1
) -> Derivation:
    """Two relevances of one network and image: what is common to their rests, and why α_1 α_2 is not all."""
    moment, orthant, (a, b, c) = three_normals()
    theta, phi, k = sp.symbols("theta phi k", positive=True)
    rho = sp.cos(phi)
    partial = (a - b * c) / (sp.sqrt(1 - b**2) * sp.sqrt(1 - c**2))
    given = sp.sqrt(1 - c**2) * (1 + partial) / (4 * sp.pi)  # E[x_2⁺ 1(x_1 > 0)] on x_3 = 0
    top = kernel(theta, phi)
    whole = 2 * (sp.pi - theta + sp.sin(theta) * sp.cos(theta))  # 4π E[y² 1(y, ẑ > 0)]
    stated = rho * (turn * (sp.pi - theta) - phi) + sp.sin(phi) + 2 * sp.sin(theta) * sp.cos(theta)
    first = sp.diff(top, phi) / sp.diff(rho, phi)  # by ρ
    second = sp.simplify(sp.diff(first, phi) / sp.diff(rho, phi))
    contraction = slope * (sp.pi - theta) * sp.sin(theta) ** 2 / whole
    share = k**2 / (2 * (k**2 + 1))
    q, shared = 1 / sp.pi**2, 1 / sp.pi
    shares = [
        abs(law.gbp_pair(float(sp.cot(t)), float((sp.cos(f) - sp.cos(t) ** 2) / sp.sin(t) ** 2)) - float(value)) < 1e-12
        for t, f in ((sp.Rational(6, 5), sp.Rational(11, 10)), (sp.Rational(3, 4), sp.Rational(1, 2)))
        for value in [(top / whole).subs({theta: t, phi: f})]
    ]
    return Derivation(
        "A Gaussian layer, z_l given; s_1, s_2 what a rule hands down of two relevances v_1, v_2 that are independent.",
        (
            argued(
                "W_l s_p = σ(Â⟨ẑ, s_p⟩ + (I − ÂÂᵀ)G s_p), as for one relevance; G is Gaussian and independent of z_l "
                "and of all above, so G s_1 and G s_2 are normal together, entry by entry, with covariances ⟨s_p, s_q⟩."
            ),
            argued(
                "In wide layers ‖r_p‖ and c concentrate: on ẑ > 0 s_p = F(kẑ + g_p), and y_p = (kẑ + g_p)/√(k² + 1) "
                "have the correlations cos θ = k/√(k² + 1) with ẑ and ρ = (k² + c)/(k² + 1) with one another."
            ),
            argued("A moment of normals has the derivative E ∂²F/∂x_i∂x_j by a correlation r_ij (Price, Plackett)."),
            symbolic(
                "∂/∂r_12 of the moment E[x_1 x_2 1(x > 0)] is the orthant P.", vanishes(sp.diff(moment, a) - orthant)
            ),
            symbolic(
                "∂/∂r_13 is the density of x_3 at 0 times E[x_2⁺ 1(x_1 > 0)] there, by the partial correlation.",
                vanishes(sp.diff(moment, b) - given),
            ),
            symbolic("At r = 0 it is (E x⁺)²/2 = 1/4π.", vanishes(moment.subs({a: 0, b: 0, c: 0}) - 1 / (4 * sp.pi))),
            symbolic("At ρ = 1 it is E[y² 1(y, ẑ > 0)].", vanishes(top.subs(phi, 0) - whole)),
            argued(
                "q ≤ c′/2: given ẑ and what g_1, g_2 share, s_1 and s_2 are independent and alike, so E s_1 s_2 ≥ E_ẑ "
                "(E[s | ẑ])² ≥ (E ẑ⁺s)²/E(ẑ⁺)², by Jensen and Cauchy–Schwarz, with E(ẑ⁺)² = ½."
            ),
            computed("theory.rivals.pairs computes this c′.", all(shares)),
        ),
        (
            argued(
                "Two relevances that a Gaussian layer hands down are T_p Â + (I − ÂÂᵀ)g_p with rests of correlation c "
                "= cos(s_1, s_2) exactly, so cos(r_1, r_2) = α_1α_2 + √(1 − α_1²)√(1 − α_2²) cos(rests);"
            ),
            symbolic(
                "in wide layers GBP takes c to (ρ(2(π − θ) − φ) + sin φ + 2 sin θ cos θ)/2(π − θ + sin θ cos θ), cot θ "
                "= k, cos φ = ρ = (k² + c)/(k² + 1),",
                vanishes(sp.expand(top - stated)),
            ),
            symbolic(
                "Deconvnet, where k = 0 and no ẑ is asked for, to (sin φ + (π − φ) cos φ)/π, cos φ = c;",
                vanishes(
                    2 * kernel(sp.pi / 2, phi) / (2 * sp.pi) - (sp.sin(phi) + (sp.pi - plain * phi) * rho) / sp.pi
                ),
            ),
            symbolic(
                "GBP's c′ is convex in c, of slope λ = (π − θ) sin² θ/(π − θ + sin θ cos θ) at c = 1, so 1 − c′ ≤ λ(1 "
                "− c);",
                vanishes(sp.limit(first, phi, 0) * sp.sin(theta) ** 2 / whole - contraction)
                and vanishes(second * sp.sin(phi) - 1)
                and certain(bend(1 / sp.symbols("s", positive=True), 0)),
            ),
            symbolic(
                "for every rule c′ ≥ 2q, with equality for the gradient at c = 0: α_1α_2 is all that is common only "
                "where it is 0;",
                vanishes(k**2 / (k**2 + 1) - least * share),
            ),
            symbolic(
                "GBP's first step at equal widths leaves cos = (π + 1)/(π² + 1), α_1α_2 = 1/(π² + 1).",
                vanishes((q + shared) / (q + 1) - (sp.pi + more) / (sp.pi**2 + 1))
                and vanishes(q / (q + 1) * (1 + 1 / q) - 1),
            ),
        ),
    )
