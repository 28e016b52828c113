"""The derivation behind `theory.finite_width.law`: the reduction to T, its exact moments, the limit of tan²."""

from __future__ import annotations

from typing import TYPE_CHECKING

import lazy_loader

from nfrlab.theory.finite_width import law
from nfrlab.theory.numerics.proof import Derivation

if TYPE_CHECKING:
    import sympy as sp
else:
    sp = lazy_loader.load("sympy")


def _chi_square_moment(p: int) -> tuple[sp.Symbol, sp.Expr]:
    """k and `E (χ²_k)^p`, from the density."""
    k, t = sp.symbols("k t", positive=True)
    density = t ** (k / 2 - 1) * sp.exp(-t / 2) / (2 ** (k / 2) * sp.gamma(k / 2))
    return k, sp.integrate(t**p * density, (t, 0, sp.oo))


def _coordinate_moment(k: int, p: int) -> sp.Expr:
    """`E u_1^{2p}` for u uniform on the unit sphere of R^k, k ≥ 2, from the density."""
    angle = sp.symbols("phi", positive=True)  # u_1 = sin φ
    weight = sp.cos(angle) ** (k - 2)
    return sp.integrate(sp.sin(angle) ** (2 * p) * weight, (angle, 0, sp.pi / 2)) / sp.integrate(
        weight, (angle, 0, sp.pi / 2)
    )


def _mean_abs_coordinate(k: int) -> sp.Expr:
    """`E|u_1|` for u uniform on the unit sphere of R^k; 1 for k = 1.

    By integrating the density of u_1, `∝ (1 − t²)^{(k−3)/2}`.
    """
    if k == 1:
        return sp.Integer(1)
    angle = sp.symbols("phi", positive=True)  # t = sin φ
    weight = sp.cos(angle) ** (k - 2)
    whole = sp.integrate(weight, (angle, 0, sp.pi / 2))
    return sp.integrate(sp.sin(angle) * weight, (angle, 0, sp.pi / 2)) / whole


def _normal_moments() -> bool:
    """Whether `‖z‖ u_1` has the 2nd, 4th and 6th moment of N(0, 1) for 2, …, 5 dimensions."""
    for p in (1, 2, 3):
        k, moment = _chi_square_moment(p)
        for n in (2, 3, 4, 5):
            if sp.simplify(moment.subs(k, n) * _coordinate_moment(n, p) - sp.factorial2(2 * p - 1)) != 0:
                return False
    return True


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


def alignment_law() -> Derivation:
    """The reduction `α = T / √(T² + χ²_{d−1})`, the exact moments of T, and the constants κ."""
    k = sp.symbols("k", positive=True)
    closed = sp.gamma(k / 2) / (sp.sqrt(sp.pi) * sp.gamma((k + 1) / 2))
    spherical = [sp.simplify(closed.subs(k, n) - _mean_abs_coordinate(n)) == 0 for n in range(1, 7)]
    half = sp.sqrt(2 / sp.pi)  # E|N(0, 1)|
    both = half**2 / k  # E|u_1 u_2| = (E|g|)² / E‖g‖², as g = ‖g‖ u with independent factors
    constant, gbp = 1 + (k - 1) * half**2, 1 + k * (k - 1) * half**2 * both
    two = [sp.simplify(e.subs(k, 2) - t) == 0 for e, t in zip((constant, gbp), _squares_of_two(), strict=True)]
    computed = [
        _matches(law.constant_moments(n), half * sp.sqrt(n), constant.subs(k, n))
        and _matches(law.gbp_moments(n), half * n * _mean_abs_coordinate(n), gbp.subs(k, n))
        for n in (1, 2, 5, 6)
    ]
    squares = (("activation", 2, k), ("constant", 2, constant), ("gbp", 4, gbp))  # N = 2K or 4K neurons
    limits = [
        abs(float(sp.limit(inverse * k / square, k, sp.oo)) - law.KAPPA[rule]) < 1e-13
        for rule, inverse, square in squares
    ]
    return Derivation(
        "Gaussian weights: α = T / √(T² + χ²_{d−1}) with independent parts, T = Σ s_j z_j / ‖s‖ over the K neurons "
        "that pass; T ~ N(0, 1) for the gradient, T² ~ χ²_K for Activation, and E T, E T² in closed form for constant "
        "weights and GBP; tan² tends to κ (d − 1)/N with κ = 2, π, π².",
        "w_j = z_j x̂ + v_j with z_j ~ N(0, 1) and v_j ~ N(0, I) in the d − 1 dimensions beside x̂, independent. s "
        "depends on z and r alone, so given them Σ s_j v_j ~ ‖s‖ N(0, I): its length is ‖s‖ χ_{d−1} whatever s is, "
        "and dividing R by ‖s‖ leaves T along x̂. Active neurons have z_j > 0: |N(0, 1)|, K ~ Bin(N, ½), and with r_j "
        "> 0 as well Bin(N, ¼). Gradient: r = ‖r‖ u with u uniform on the sphere of R^K and independent of z, so T = "
        "⟨u, z⟩ = ‖z‖ u_1 in law = N(0, 1). Activation: s = z, T = ‖z‖. Constant: T = Σ z_j / √K. GBP: T = Σ |u_j| "
        "z_j. Then E T² is the sum of K diagonal terms, together 1, and of K(K − 1) others. One Haar frame times √d: "
        "‖R‖² = d ‖s‖², so Activation has α² = ‖z‖²/d: K coordinates of a uniform direction, Beta(K/2, (d − K)/2).",
        (
            ("E|u_1| = Γ(k/2) / (√π Γ((k+1)/2)) for k = 1, …, 6, by integration", all(spherical)),
            (
                "‖z‖ u_1 has the 2nd, 4th and 6th moment of N(0, 1) in 2, …, 5 dimensions, by integration",
                _normal_moments(),
            ),
            ("E T² = 1 + (2/π)(K − 1) and 1 + (4/π²)(K − 1) at K = 2, by integration", all(two)),
            ("theory.finite_width.law computes these moments at K = 1, 2, 5, 6", all(computed)),
            ("N/E T² → κ, the constants of theory.finite_width.law", all(limits)),
        ),
    )
