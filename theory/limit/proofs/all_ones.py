"""The derivations behind `theory.limit.all_ones`: z⁺ in one wide layer, and two z⁺ maps on their way down a stack."""

from __future__ import annotations

from typing import TYPE_CHECKING

import lazy_loader
import numpy as np

from nfrlab.theory.families import FAMILIES
from nfrlab.theory.limit import all_ones
from nfrlab.theory.numerics.proof import Derivation, vanishes

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


def one_layer() -> Derivation:
    """One wide layer: the limit of r_0 for filter and rule, and the input at which it is constant."""
    rho, sigma, size = sp.symbols("rho sigma m", positive=True)
    theta = sp.acos(rho)
    kernel = (sp.sin(theta) + (sp.pi - theta) * rho) / (2 * sp.pi)
    slope = sp.diff(kernel, rho).subs(rho, 0) / kernel.subs(rho, 0)
    spread = sigma * sp.sqrt(2 / sp.pi) / size  # c
    rule = (sigma**2 / 4) / (size / 2 * sigma / sp.sqrt(2 * sp.pi))
    a, b = sp.symbols("a b", positive=True)
    closed = 1 + a - b / a * (1 - b)
    other = 1 + b - a / b * (1 - a)
    apart = sp.numer(sp.together(closed - other - (a - b) * (a + b - 1) / (a * b)))
    of_3_4 = [float(e.subs({a: sp.Rational(3, 5), b: sp.Rational(4, 5)})) for e in (closed, other)]
    C, V, t, ripple_of_x = sp.symbols("C V t xi", positive=True)
    entry = 1 - C * t + ripple_of_x * (C - 2 * C**2 / sp.pi * t - V * t)
    kappa = V / C + 2 * C / sp.pi - C
    first_order = sp.diff(entry.coeff(ripple_of_x) / entry.subs(ripple_of_x, 0), t).subs(t, 0)
    gaussian = float(kappa.subs({C: sp.pi / 2, V: sp.pi - 1}))
    return Derivation(
        "One wide layer, symmetric i.i.d. entries of s.d. σ, c = √(2/π) σ/E|w|: the filter's r_0 tends to 1 + c x̂, "
        "the rule's to sign(x) ⊙ (1 + C|x̂|), C = (π/2) c (1 − κt), t = ‖x‖/Σ|x_i|, both to first order in x̂_i = "
        "O(d^−½) and t. With bottom process they are x ⊙ (…) and |x| ⊙ (…). For x ≥ 0 the rule's is x exactly if all "
        "non-zero x_i are equal, and at d = 2 only then.",
        "Filter: E[w_i⁺ 1(w·x > 0)] = ½(½E|w_i| + μ_i(x)), μ_i → σx̂_i/√(2π) by the central limit theorem. Rule, x ≥ "
        "0: r_0i → E[w_i⁺ (w·x)⁺/Z], Z = w⁺·x, a sum of d non-negative terms, so Z = B(1 + ζ), B = ½E|w| Σx, ζ = "
        "O(t). Put S = w·x, μ = ½E|w|. Expanding, E[w_i⁺ S⁺] = μ σ‖x‖/√(2π) + σ²x_i/4, the second C₀x̂_i times the "
        "first, C₀ = (π/2) c. ζ takes from the first C₀t, as E[S⁺(w_k⁺ − μ)] = σ²x_k/4; from the second 2C₀²t x̂_i/π, "
        "as E[(w_k⁺ − μ) 1(S > 0)] = σx̂_k/2√(2π); and V t x̂_i for its own term w_i⁺x_i. On signed inputs the rule "
        "keeps w_ij x_i > 0: replacing w_i by w_i sign(x_i), which has the same law, gives sign(x) times the limit at "
        "|x|. If the non-zero x_i are equal, exchanging them changes nothing: r_0 is constant there and x ⊙ r_0 ∝ x. "
        "At d = 2 γ = (w·x)⁺/(w⁺·x) depends on the angle of w alone, and r_01 − r_02 = (x̂_1 − x̂_2)(x̂_1 + x̂_2 − "
        "1)/x̂_1x̂_2, which is 0 only if x_1 = x_2, as x̂_1 + x̂_2 > 1.",
        (
            ("E[u⁺v⁺] of two normals rises by the share π/2 per unit of correlation", vanishes(slope - sp.pi / 2)),
            ("the rule's coefficient is π/2 times the filter's c", vanishes(rule - sp.pi / 2 * spread)),
            ("the ripple loses the share κt to ζ", vanishes(first_order + C * kappa)),
            (
                "theory.limit.all_ones has this κ for Gaussian entries",
                abs(all_ones.ripple_loss(FAMILIES["gaussian"], 5) - gaussian) < 1e-12,
            ),
            ("Gaussian entries: c = 1", vanishes(spread.subs(size, sigma * sp.sqrt(2 / sp.pi)) - 1)),
            (
                "d = 2: r_01 ∝ 1 + x̂_1 − (x̂_2/x̂_1)(1 − x̂_2), by integration",
                vanishes((_planar_entry(a, b) - closed).subs(b, sp.sqrt(1 - a**2))),
            ),
            ("theory.limit.all_ones computes it", np.allclose(all_ones.planar_limit((3.0, 4.0)), of_3_4, atol=1e-14)),
            (
                "d = 2: r_01 − r_02 = (x̂_1 − x̂_2)(x̂_1 + x̂_2 − 1)/x̂_1x̂_2",
                sp.expand(sp.rem(sp.expand(apart), a**2 + b**2 - 1, b)) == 0,
            ),
        ),
    )


def stacks() -> Derivation:
    """Stacks: the rate at which two z⁺ maps become one."""
    Z = sp.symbols("z", positive=True)
    mean, square = _half(1), _half(2)
    m = sp.symbols("m", real=True)
    shifted = sp.exp(-((Z - m) ** 2) / 2) / sp.sqrt(2 * sp.pi)
    first, second = (sp.integrate(sp.diff(Z**p * shifted, m).subs(m, 0), (Z, 0, sp.oo)) for p in (1, 2))
    variance = square - mean**2
    forms = all_ones.FORMS.values()
    moments = [abs(all_ones.half_moment(p) - float(_half(p))) < 1e-14 for p in range(4)]
    return Derivation(
        "Two relevances that enter a random stack under z⁺ meet: tan² of the angle between their maps shrinks by the "
        "factor (π − 1)S a layer, S = Σγ²/(Σγ)² → 2/n for the filter, π/n for the rule, up to a share O(n^−½); each "
        "map lies at tan² ≈ (π − 1)S + O(1/n) from the all-ones vector.",
        "Let u, u′ be s = γ ⊙ ρ scaled to Σ = 1 and δ = u − u′. Given z_l, w_ij = Â_i ẑ_j + noise of variance 1 − "
        "Â_i², Â_i = O(n^−½): w⁺ has mean E w⁺ + ½Â_i ẑ_j and is independent over i, so W⁺u = E w⁺ 1 + O(n^−½) "
        "entries, and W⁺δ, as Σδ = 0, is noise of variance Var(w⁺)‖δ‖² an entry. tan² = Var(w⁺)‖δ‖²/(E w⁺)². On the "
        "next layer u ∝ γ ⊙ (1 + ε), u′ ∝ γ ⊙ (1 + ε′) with ε − ε′ independent of γ to leading order and of variance "
        "tan²: ‖δ‖² = S tan². Filter: γ = 1 on n/2 neurons. Rule: γ = a_j/Σz⁺ ∝ ẑ_j, as Σ_k a_k w_kj⁺ has relative "
        "s.d. O(n^−½). Non-negative relevances have such a u from the start; signed ones may have Σs near 0 in the "
        "first layer, whose map is O(1) from 1 but no longer signed at random: from the next on the rate is the same.",
        (
            ("Var(w⁺) = (π − 1)(E w⁺)²", vanishes(variance / mean**2 - (sp.pi - 1))),
            ("d E w⁺/dm = ½ for w ~ N(m, 1)", vanishes(first - sp.Rational(1, 2))),
            (
                "d ln Var(w⁺)/dm = 2√(2π)/(2π − 2)",
                vanishes((second - 2 * mean * first) / variance - 2 * sp.sqrt(2 * sp.pi) / (2 * sp.pi - 2)),
            ),
            ("nS = E ẑ^{2p}/(E ẑ^p)² = 2 and π", [_half(2 * p) / _half(p) ** 2 for p in (0, 1)] == [2, sp.pi]),
            (
                "theory.limit.all_ones computes these moments and constants",
                all(moments) and all(abs(f.spread - float(_half(2 * f.p) / _half(f.p) ** 2)) < 1e-14 for f in forms),
            ),
        ),
    )
