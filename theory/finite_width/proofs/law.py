"""The derivation behind `theory.finite_width.law`: the reduction to T, its exact moments, the limit of tan²."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import lazy_loader

from nfrlab.theory.finite_width import law
from nfrlab.theory.numerics.beta import beta_moment, is_share
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


def mean_abs_coordinate(k: sp.Expr) -> sp.Expr:
    """`E|u_1| = Γ(k/2)/(√π Γ((k+1)/2))` of a uniform direction in R^k."""
    return sp.gamma(k / 2) / (sp.sqrt(sp.pi) * sp.gamma((k + 1) / 2))


def _is_normal() -> bool:
    """Whether `‖z‖ u_1 ~ N(0, 1)` by its even moments of every order p, in every dimension k.

    `E‖z‖^{2p} · E u_1^{2p}` with `‖z‖² ~ χ²_k`, `u_1² ~ Beta(½, (k−1)/2)` has to be `E g^{2p} = 2^p Γ(p + ½)/√π`.
    """
    k, p = sp.symbols("k p", positive=True)
    half = sp.Rational(1, 2)
    length = 2**p * sp.gamma(k / 2 + p) / sp.gamma(k / 2)
    normal = 2**p * sp.gamma(p + half) / sp.sqrt(sp.pi)
    moment = beta_moment(half, (k - 1) / 2, p)
    return bool(sp.simplify(sp.gammasimp(length * moment / normal)) == 1) and is_share(
        half, (k - 1) / 2, sp.Integer(1), k - 1
    )


def _squares_of_two() -> tuple[sp.Expr, sp.Expr]:
    """E T² of two neurons by integration: constant weights, and GBP.

    GBP's weights are (cos φ, sin φ), φ uniform on [0, π/2].
    """
    y, z = sp.symbols("y z", positive=True)
    angle = sp.symbols("phi", positive=True)
    density = 2 / sp.pi * sp.exp(-(y**2 + z**2) / 2)

    def mean(value: sp.Expr) -> sp.Expr:
        return sp.integrate(sp.integrate(sp.expand(value) * density, (y, 0, sp.oo)), (z, 0, sp.oo))

    gbp = mean((sp.cos(angle) * y + sp.sin(angle) * z) ** 2)
    return mean((y + z) ** 2 / 2), sp.integrate(sp.expand(gbp), (angle, 0, sp.pi / 2)) * 2 / sp.pi


def _matches(moments: tuple[float, float], mean: sp.Expr, square: sp.Expr) -> bool:
    """Whether `theory.finite_width.law` computes the derived moments, to rounding."""
    return all(abs(value / float(exact) - 1) < 1e-13 for value, exact in zip(moments, (mean, square), strict=True))


@false_with(freedom=(0, 2), activation=(2, Fraction(1, 2)), constant=(1, 4), gbp=(2, 8), kappa=(1, 4))
def alignment_law(
    freedom: Exact = 1, activation: Exact = 1, constant: Exact = 2, gbp: Exact = 4, kappa: Exact = 2
) -> Derivation:
    """The reduction `α = T / √(T² + χ²_{d−1})`, the exact moments of T, and the constants κ."""
    k = sp.symbols("k", positive=True)
    half = sp.sqrt(2 / sp.pi)  # E|N(0, 1)|
    both = half**2 / k  # E|u_1 u_2| = (E|g|)² / E‖g‖², as g = ‖g‖ u with independent factors
    of_constant, of_gbp = 1 + (k - 1) * half**2, 1 + k * (k - 1) * half**2 * both
    two = [
        sp.simplify(e.subs(k, 2) - found) == 0
        for e, found in zip((of_constant, of_gbp), _squares_of_two(), strict=True)
    ]
    same = [
        _matches(law.constant_moments(n), half * sp.sqrt(n), of_constant.subs(k, n))
        and _matches(law.gbp_moments(n), half * n * mean_abs_coordinate(sp.Integer(n)), of_gbp.subs(k, n))
        for n in (1, 2, 5, 6)
    ]
    squares = (("activation", 2, k), ("constant", 2, of_constant), ("gbp", 4, of_gbp))  # N = 2K or 4K neurons
    limits = {rule: sp.limit(inverse * k / square, k, sp.oo) for rule, inverse, square in squares}
    d, K = sp.symbols("d K", positive=True)
    return Derivation(
        "Gaussian weights, N independent neurons, w_j = z_j x̂ + v_j, z_j ~ N(0, 1), v_j ~ N(0, I) beside x̂.",
        (
            argued("s depends on z and r alone: given them Σ s_j v_j ~ ‖s‖ N(0, I) in the d − 1 dimensions beside x̂."),
            argued("Dividing R by ‖s‖ leaves T along x̂ and χ_{d−1} beside it, whatever s is."),
            argued("Active neurons have z_j > 0: |N(0, 1)|, K ~ Bin(N, ½), and with r_j > 0 as well Bin(N, ¼)."),
            argued("Gradient: r = ‖r‖u, u uniform and independent of z: T = ⟨u, z⟩ = ‖z‖u_1. Activation: T = ‖z‖."),
            symbolic("‖z‖ u_1 has all moments of N(0, 1), in every dimension.", _is_normal()),
            symbolic(
                "E|g| = E‖g‖ E|u_1| of N(0, I_k): E|u_1| = Γ(k/2)/(√π Γ((k+1)/2)) in every k.",
                vanishes(
                    sp.gammasimp(mean_abs_coordinate(k) * sp.sqrt(2) * sp.gamma((k + 1) / 2) / sp.gamma(k / 2)) - half
                ),
            ),
            argued(
                "Constant: T = Σ z_j/√K. GBP: T = Σ |u_j| z_j. E T² is K diagonal terms, together 1, and K(K − 1) "
                "others."
            ),
            symbolic("E T² = 1 + (2/π)(K − 1) and 1 + (4/π²)(K − 1) at K = 2, by integration.", all(two)),
            computed("theory.finite_width.law computes these moments at K = 1, 2, 5, 6.", all(same)),
            computed(
                "N/E T² → κ are the constants of theory.finite_width.law.",
                all(abs(float(limits[rule]) - law.KAPPA[rule]) < 1e-13 for rule in limits),
            ),
        ),
        (
            symbolic(
                "Gaussian weights: α = T / √(T² + χ²_{d−1}) with independent parts, T = Σ s_j z_j / ‖s‖ over the K "
                "neurons that pass; T ~ N(0, 1) for the gradient, T² ~ χ²_K for Activation, so α² ~ Beta(½, (d−1)/2) "
                "and Beta(K/2, (d−1)/2),",
                is_share(sp.Rational(1, 2), (d - freedom) / 2, sp.Integer(1), d - 1)
                and is_share(activation * K / 2, (d - freedom) / 2, K, d - 1),
            ),
            symbolic(
                "and E T, E T² in closed form for constant weights and GBP: 1 + (2/π)(K − 1) and 1 + (4/π²)(K − 1);",
                vanishes(of_constant - (1 + constant / sp.pi * (k - 1)))
                and vanishes(of_gbp - (1 + gbp / sp.pi**2 * (k - 1))),
            ),
            symbolic(
                "tan² tends to κ (d − 1)/N with κ = 2, π, π².",
                limits == {"activation": kappa, "constant": sp.pi, "gbp": sp.pi**2},
            ),
        ),
    )
