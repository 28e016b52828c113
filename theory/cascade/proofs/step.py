"""The derivation behind the recursion of α: the exact step of a Gaussian stack, and the shares of the rules."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import lazy_loader

from nfrlab.theory.cascade import recursion as law
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

COVERAGE = (
    "Gaussian weights in the layers at and below the ReLU in question; what lies above it may be any network, trained "
    "ones included, that is independent of these weights given z_l (not one trained on their features)."
)


def zero_on_circle(expression: sp.Expr) -> bool:
    """Whether an expression vanishes for all θ: as a polynomial in sin θ and cos θ, modulo sin² + cos² = 1."""
    THETA = sp.symbols("theta", positive=True)
    s, c = sp.symbols("s c")
    found = expression.subs(sp.tan(THETA), s / c).subs({sp.sin(THETA): s, sp.cos(THETA): c})
    numerator = sp.expand(sp.numer(sp.together(found)))
    return bool(sp.expand(sp.rem(numerator, s**2 + c**2 - 1, c)) == 0)


def _sector(value: sp.Expr, angle: sp.Symbol) -> sp.Expr:
    """`E[ρ² value(φ)]` over the sector in which two normals at the angle θ are both positive."""
    THETA = sp.symbols("theta", positive=True)
    return sp.integrate(sp.expand_trig(value), (angle, THETA - sp.pi / 2, sp.pi / 2)) / sp.pi


def half_line(value: sp.Expr) -> sp.Expr:
    """`E[value(ẑ) 1(ẑ > 0)]`, by integration."""
    Z = sp.symbols("z", positive=True)
    return sp.integrate(value * sp.exp(-(Z**2) / 2) / sp.sqrt(2 * sp.pi), (Z, 0, sp.oo))


def gbp_share() -> sp.Expr:
    """GBP's q as a function of θ = arccot k."""
    THETA = sp.symbols("theta", positive=True)
    phi = sp.pi - THETA
    along = sp.sin(THETA) + phi * sp.cos(THETA)
    return along**2 / (2 * sp.pi * (phi + sp.sin(THETA) * sp.cos(THETA)))


def gradient_share() -> sp.Expr:
    """The gradient's q as a function of k."""
    K = sp.symbols("k", positive=True)
    return K**2 / (2 * (K**2 + 1))


@false_with(gradient=(1, 4), gbp=(1, 4), activation=(1, Fraction(1, 4)))
def recursion(gradient: Exact = 2, gbp: Exact = 2, activation: Exact = Fraction(1, 2)) -> Derivation:
    """The exact step of a Gaussian stack and its limit in wide layers."""
    K, THETA, Z, N_LAYER, SQUARE = sp.symbols("k theta z n T2", positive=True)
    angle = sp.symbols("phi", real=True)
    along = _sector(sp.cos(angle) * sp.cos(angle - THETA), angle)
    square = _sector(sp.cos(angle - THETA) ** 2, angle)
    phi, s, c = sp.pi - THETA, sp.sin(THETA), sp.cos(THETA)
    found = half_line(K * Z**2) ** 2 / half_line(K**2 * Z**2 + 1)
    stated = K**2 / (gradient * (K**2 + 1))
    below = 1 / (N_LAYER * gradient_share().subs(K, sp.sqrt(2 * SQUARE / N_LAYER)))
    shares = [
        abs(law.gbp_step(float(k)) - float(gbp_share().subs(THETA, sp.acot(k)))) < 1e-12
        and abs(law.gradient_step(float(k)) - float(gradient_share().subs(K, k))) < 1e-12
        for k in (sp.Rational(1, 7), 1, 5)
    ]
    return Derivation(
        COVERAGE,
        (
            argued(
                "Split every column of W_l into its part along Â = A_{l−1}/‖A_{l−1}‖, which is σẑ_l, and the rest, "
                "which is Gaussian beside Â and independent of ẑ_l, hence of everything above, which sees W_l through "
                "z_l alone: W_l s_l = σ(Â⟨ẑ_l, s_l⟩ + (I − ÂÂᵀ)G s_l) and G s_l ~ ‖s_l‖ g."
            ),
            argued(
                "The next ẑ_{l−1} has i.i.d. N(0, 1) entries whatever lies below, and Â = relu(ẑ)/‖relu(ẑ)‖, "
                "‖relu(ẑ)‖²/n → ½, ⟨Â, g⟩ = O(1): entries of r/‖s‖ are kẑ⁺ + g up to O(n^−½)."
            ),
            argued("By the law of large numbers ⟨ẑ, s⟩²/(n‖s‖²) → (E ẑ⁺s)²/E s². At the output k = 0."),
            argued("At the input ‖(I − x̂x̂ᵀ)g‖² ~ χ²_{d−1}."),
            argued("Gradient: s = kẑ + g on ẑ > 0. Activation: s = ẑ on ẑ > 0."),
            argued(
                "GBP: with u = ẑ and v = (kẑ + g)/√(1 + k²) at the angle θ, cos θ = k/√(1 + k²), the moments are E "
                "u⁺v⁺ and E v² 1(u, v > 0), an integral over ρ³e^{−ρ²/2} (which is 2) times one over the sector."
            ),
            symbolic(
                "E u⁺v⁺ = (sin θ + (π − θ) cos θ)/2π, by integration.",
                zero_on_circle(along - (s + phi * c) / (2 * sp.pi)),
            ),
            symbolic(
                "E v² 1(u, v > 0) = (π − θ + sin θ cos θ)/2π.", zero_on_circle(square - (phi + s * c) / (2 * sp.pi))
            ),
            symbolic("Gradient: 1/T² gains 2/n.", vanishes(below - 1 / SQUARE - 2 / N_LAYER)),
            computed("theory.cascade.recursion computes these shares.", all(shares)),
        ),
        (
            argued(
                "Given z_l and everything above layer l, r_{l−1} = σ‖s_l‖ (T_l Â + (I − ÂÂᵀ) g) exactly, T_l = ⟨ẑ_l, "
                "s_l⟩/‖s_l‖;"
            ),
            symbolic(
                "as the widths grow in fixed proportion T_{l−1}²/n_{l−1} → q(k), k² = 2T_l²/n_{l−1}, with q in closed "
                "form for gradient, k²/2(k² + 1),",
                vanishes(found - stated),
            ),
            symbolic(
                "GBP, (sin θ + (π − θ) cos θ)²/2π(π − θ + sin θ cos θ) at cot θ = k,",
                zero_on_circle(along**2 / square - (s + phi * c) ** 2 / (gbp * sp.pi * (phi + s * c))),
            ),
            symbolic("and Activation, ½;", vanishes(half_line(Z**2) ** 2 / half_line(Z**2) - activation)),
            argued("and α = T_1/√(T_1² + χ²_{d−1})."),
        ),
    )
