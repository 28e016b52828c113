"""The derivations behind `theory.limit.all_ones`: z⁺ in one wide layer, and two z⁺ maps on their way down a stack."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import lazy_loader
import numpy as np

from nfrlab.theory.families import FAMILIES
from nfrlab.theory.limit import all_ones
from nfrlab.theory.numerics.proof import (
    Derivation,
    Exact,
    argued,
    computed,
    false_with,
    symbolic,
    vanishes,
)

if TYPE_CHECKING:
    import sympy as sp
else:
    sp = lazy_loader.load("sympy")


def _half(p: int) -> sp.Expr:
    """`E ẑ^p 1(ẑ > 0)`, by integration."""
    Z = sp.symbols("z", positive=True)
    DENSITY = sp.exp(-(Z**2) / 2) / sp.sqrt(2 * sp.pi)
    return sp.integrate(Z**p * DENSITY, (Z, 0, sp.oo))


def _planar_entry(a: sp.Expr, b: sp.Expr) -> sp.Expr:
    """`∫ w_1⁺ γ dφ` over the neurons w = (cos φ, sin φ) with w_1 > 0 and w·x̂ > 0, x̂ = (a, b).

    γ is 1 in the first quadrant, and `1 − (b/a) tan ψ` at the angle ψ below the axis.
    """
    psi, t = sp.symbols("psi t", positive=True)
    first = sp.integrate(sp.cos(psi), (psi, 0, sp.pi / 2))
    below = sp.integrate(sp.cos(psi) - t * sp.sin(psi), (psi, 0, sp.atan(1 / t)))
    return first + sp.simplify(below.subs(t, b / a))


def _ripple_of_the_rule() -> tuple[sp.Expr, sp.Expr]:
    """(loss, κ): the share of the ripple of x̂ that is lost per t, from its terms, and `κ = V/C + 2C/π − C`.

    An entry of the limit is `1 − C t + ξ (C − 2C² t/π − V t)` at x̂_i = ξ, up to a factor.
    """
    C, V, t, xi = sp.symbols("C V t xi", positive=True)
    entry = 1 - C * t + xi * (C - 2 * C**2 / sp.pi * t - V * t)
    first_order = sp.diff(entry.coeff(xi) / entry.subs(xi, 0), t).subs(t, 0)
    return sp.simplify(first_order / C), V / C + 2 * C / sp.pi - C


def _bend() -> sp.Expr:
    """D: the coefficient of ξ² in `E[ω⁺ (ωξ + √(1 − ξ²) n)⁺]` over its value at ξ = 0, n ~ N(0, 1).

    As a function of m = E|ω| and k = E|ω|³ of a symmetric ω of variance 1.
    """
    omega, m, k = sp.symbols("omega m k", positive=True)
    xi = sp.symbols("xi", real=True)
    size = sp.sqrt(1 - xi**2)
    level = omega * xi / size
    density, below = sp.exp(-(level**2) / 2) / sp.sqrt(2 * sp.pi), (1 + sp.erf(level / sp.sqrt(2))) / 2
    positive = sp.series(omega * xi * below + size * density, xi, 0, 3).removeO()  # E (ωξ + size n)⁺
    moments = {omega**3: k / 2, omega**2: sp.Rational(1, 2), omega: m / 2}  # E ω⁺^p

    def averaged(value: sp.Expr) -> sp.Expr:
        return sum(sp.expand(value).coeff(omega, p) * moments[omega**p] for p in (1, 2, 3))

    return sp.simplify(averaged(omega * positive.coeff(xi, 2)) / averaged(omega * positive.coeff(xi, 0)))


@false_with(plain=(2, -1), gain=(1, Fraction(1, 4)), loss=(-1, 2), curve=(1, Fraction(1, 4)), apart=(-1, 2))
def one_layer(
    plain: Exact = 1,
    gain: Exact = Fraction(1, 2),
    loss: Exact = 1,
    curve: Exact = Fraction(1, 2),
    apart: Exact = 1,
) -> Derivation:
    """One wide layer: the limit of r_0 for filter and rule, and the input at which it is constant."""
    rho, sigma, size, xi = sp.symbols("rho sigma m xi", positive=True)  # σ, E|w|, x̂_i
    theta = sp.acos(rho)
    kernel = (sp.sin(theta) + (sp.pi - theta) * rho) / (2 * sp.pi)  # E[u⁺v⁺] at the correlation ρ
    slope = sp.diff(kernel, rho).subs(rho, 0) / kernel.subs(rho, 0)
    spread = sigma * sp.sqrt(2 / sp.pi) / size  # c
    filtered = (size / 2 + sigma * xi / sp.sqrt(2 * sp.pi)) / 2  # ½(½E|w| + μ_i)
    rule = (sigma**2 / 4) / (size / 2 * sigma / sp.sqrt(2 * sp.pi))
    a, b = sp.symbols("a b", positive=True)
    closed, other = 1 + a - b / a * (1 - b), 1 + b - a / b * (1 - a)
    difference = sp.numer(sp.together(closed - other - (a - b) * (a + b - apart) / (a * b)))
    of_3_4 = [float(e.subs({a: sp.Rational(3, 5), b: sp.Rational(4, 5)})) for e in (closed, other)]
    lost, kappa = _ripple_of_the_rule()
    m, k = sp.symbols("m k", positive=True)
    normal = kernel.subs(rho, xi).series(xi, 0, 3).removeO()
    C, V = sp.symbols("C V", positive=True)
    gaussian = float(kappa.subs({C: sp.pi / 2, V: sp.pi - 1}))
    return Derivation(
        "One wide layer, symmetric i.i.d. entries of s.d. σ; x̂_i = O(d^−½), t = ‖x‖/Σ|x_i|; S = w·x, μ = ½E|w|.",
        (
            argued("Filter: E[w_i⁺ 1(w·x > 0)] = ½(½E|w_i| + μ_i(x)), μ_i → σx̂_i/√(2π) by the central limit theorem."),
            argued(
                "Rule, x ≥ 0: r_0i → E[w_i⁺ S⁺/Z], Z = w⁺·x, a sum of d non-negative terms: Z = B(1 + ζ), B = μ Σx, ζ "
                "= O(t). Expanding, E[w_i⁺ S⁺] = μ σ‖x‖/√(2π) + σ²x_i/4 to first order."
            ),
            argued(
                "To second order: given w_i = σω, S/σ‖x‖ is ωξ + √(1 − ξ²) n, ξ = x̂_i, n normal up to O(1/d) that is "
                "the same for all i. So are the terms in t²."
            ),
            symbolic(
                "The kernel of two normals, 1 + (π/2)ξ + ½ξ², has the D of E|ω|³ = 2E|ω|.",
                vanishes(normal.coeff(xi, 2) / normal.coeff(xi, 0) - _bend().subs(k, 2 * m)),
            ),
            symbolic(
                "E[u⁺v⁺] of two normals rises by the share π/2 per unit of correlation.", vanishes(slope - sp.pi / 2)
            ),
            argued(
                "ζ takes C₀t, C₀ = (π/2)c, from the first term, as E[S⁺(w_k⁺ − μ)] = σ²x_k/4; from the second 2C₀²t "
                "x̂_i/π, as E[(w_k⁺ − μ) 1(S > 0)] = σx̂_k/2√(2π); and V t x̂_i for its own term w_i⁺x_i."
            ),
            argued(
                "On signed inputs the rule keeps w_ij x_i > 0: replacing w_i by w_i sign(x_i), which has the same law, "
                "gives sign(x) times the limit at |x|."
            ),
            argued(
                "If the non-zero x_i are equal, exchanging them changes nothing: r_0 is constant there, x ⊙ r_0 ∝ x."
            ),
            symbolic(
                "d = 2, γ by the angle of w alone: r_01 ∝ 1 + x̂_1 − (x̂_2/x̂_1)(1 − x̂_2), by integration.",
                vanishes((_planar_entry(a, b) - closed).subs(b, sp.sqrt(1 - a**2))),
            ),
            symbolic("Gaussian entries: c = 1.", vanishes(spread.subs(size, sigma * sp.sqrt(2 / sp.pi)) - 1)),
            computed(
                "theory.limit.all_ones has this κ for Gaussian entries.",
                abs(all_ones.ripple_loss(FAMILIES["gaussian"], 5) - gaussian) < 1e-12,
            ),
            computed(
                "theory.limit.all_ones computes the limit at d = 2.",
                np.allclose(all_ones.planar_limit((3.0, 4.0)), of_3_4, atol=1e-14),
            ),
        ),
        (
            symbolic(
                "One wide layer, symmetric i.i.d. entries of s.d. σ, c = √(2/π) σ/E|w|: the filter's r_0 tends to 1 + "
                "c x̂,",
                vanishes(filtered / (size / 4) - (1 + plain * spread * xi)),
            ),
            symbolic(
                "the rule's to sign(x) ⊙ (1 + C|x̂| + Dx̂²), C = (π/2) c (1 − κt), t = ‖x‖/Σ|x_i|,",
                vanishes(rule - gain * sp.pi * spread) and vanishes(lost + loss * kappa),
            ),
            symbolic(
                "D = ½(E|w|³/(σ²E|w|) − 1), ½ for Gaussian entries, both to second order in x̂_i = O(d^−½) and t.",
                vanishes(_bend() - curve * (k / m - 1)),
            ),
            argued("With bottom process they are x ⊙ (…) and |x| ⊙ (…)."),
            symbolic(
                "For x ≥ 0 the rule's is x exactly if all non-zero x_i are equal, and at d = 2 only then: r_01 − r_02 "
                "= (x̂_1 − x̂_2)(x̂_1 + x̂_2 − 1)/x̂_1x̂_2, and x̂_1 + x̂_2 > 1.",
                sp.expand(sp.rem(sp.expand(difference), a**2 + b**2 - 1, b)) == 0
                and vanishes((a + b) ** 2 - (a**2 + b**2) - 2 * a * b),
            ),
        ),
    )


@false_with(variance=(2, Fraction(1, 2)), plain=(1, 4), gated=(2, Fraction(1, 2)))
def stacks(variance: Exact = 1, plain: Exact = 2, gated: Exact = 1) -> Derivation:
    """Stacks: the rate at which two z⁺ maps become one."""
    Z, m = sp.symbols("z", positive=True), sp.symbols("m", real=True)
    mean, square = _half(1), _half(2)
    shifted = sp.exp(-((Z - m) ** 2) / 2) / sp.sqrt(2 * sp.pi)
    first, second = (sp.integrate(sp.diff(Z**p * shifted, m).subs(m, 0), (Z, 0, sp.oo)) for p in (1, 2))
    spread = square - mean**2
    delta, S, n = sp.symbols("delta S n", positive=True)
    tangent = n * spread * delta / (n * mean**2)  # n entries of variance Var(w⁺)‖δ‖² against n of size (E w⁺)²
    shares = [_half(2 * p) / _half(p) ** 2 for p in (0, 1)]
    return Derivation(
        "A random Gaussian stack under z⁺, s = γ ⊙ ρ; u, u′ two relevances scaled to Σ = 1, δ = u − u′.",
        (
            argued(
                "Given z_l, w_ij = Â_i ẑ_j + noise of variance 1 − Â_i², Â_i = O(n^−½): w⁺ has mean E w⁺ + ½Â_i ẑ_j "
                "and is independent over i, so W⁺u = E w⁺ 1 + O(n^−½) entries."
            ),
            symbolic("d E w⁺/dm = ½ for w ~ N(m, 1).", vanishes(first - sp.Rational(1, 2))),
            symbolic(
                "d ln Var(w⁺)/dm = 2√(2π)/(2π − 2).",
                vanishes((second - 2 * mean * first) / spread - 2 * sp.sqrt(2 * sp.pi) / (2 * sp.pi - 2)),
            ),
            argued("Σδ = 0, so W⁺δ is noise of variance Var(w⁺)‖δ‖² an entry: tan² = Var(w⁺)‖δ‖²/(E w⁺)²."),
            argued(
                "On the next layer u ∝ γ ⊙ (1 + ε), u′ ∝ γ ⊙ (1 + ε′) with ε − ε′ independent of γ to leading order "
                "and of variance tan²: ‖δ‖² = S tan². Filter: γ = 1 on n/2 neurons. Rule: γ = a_j/Σz⁺ ∝ ẑ_j, as Σ_k "
                "a_k w_kj⁺ has relative s.d. O(n^−½)."
            ),
            argued(
                "Non-negative relevances have such a u from the start; signed ones may have Σs near 0 in the first "
                "layer, whose map is O(1) from 1 but no longer signed at random: from the next on the rate is the same."
            ),
            computed(
                "theory.limit.all_ones computes these moments and constants.",
                all(abs(all_ones.half_moment(p) - float(_half(p))) < 1e-14 for p in range(4))
                and all(abs(form.spread - float(shares[form.p])) < 1e-14 for form in all_ones.FORMS.values()),
            ),
        ),
        (
            symbolic(
                "Two relevances that enter a random stack under z⁺ meet: tan² of the angle between their maps shrinks "
                "by the factor (π − 1)S a layer,",
                vanishes(tangent.subs(delta, S) - (sp.pi - variance) * S),  # ‖δ‖² = S for tan² = 1 above
            ),
            symbolic(
                "S = Σγ²/(Σγ)² → 2/n for the filter, π/n for the rule, up to a share O(n^−½);",
                vanishes(shares[0] - plain) and vanishes(shares[1] - gated * sp.pi),
            ),
            symbolic(
                "each map lies at tan² ≈ (π − 1)S + O(1/n) from the all-ones vector.",
                vanishes(spread / mean**2 - (sp.pi - variance)),  # ‖u‖² = S
            ),
        ),
    )
