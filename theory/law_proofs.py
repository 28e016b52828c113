"""The derivation behind `theory.law`: the reduction to T, its exact moments, and the constants κ."""

from __future__ import annotations

import sympy as sp

from theory.derivations import Derivation


def _chi_square_moment(k: sp.Expr, p: int) -> sp.Expr:
    """`E (χ²_k)^p = k (k + 2) … (k + 2p − 2)`."""
    return sp.prod(k + 2 * i for i in range(p))


def _coordinate_moment(k: sp.Expr, p: int) -> sp.Expr:
    """`E u_1^{2p}` for u uniform on the unit sphere of R^k: `(2p − 1)!! / (k (k + 2) … (k + 2p − 2))`."""
    return sp.factorial2(2 * p - 1) / _chi_square_moment(k, p)


def _mean_abs_coordinate(k: int) -> sp.Expr:
    """`E|u_1|` by integrating its density `∝ (1 − t²)^{(k−3)/2}`; 1 for k = 1."""
    if k == 1:
        return sp.Integer(1)
    angle = sp.symbols("phi", positive=True)  # t = sin φ
    weight = sp.cos(angle) ** (k - 2)
    whole = sp.integrate(weight, (angle, 0, sp.pi / 2))
    return sp.integrate(sp.sin(angle) * weight, (angle, 0, sp.pi / 2)) / whole


def alignment_law() -> Derivation:
    """The reduction `α = T / √(T² + χ²_{d−1})` and the exact moments of T."""
    k = sp.symbols("k", positive=True)
    closed = sp.gamma(k / 2) / (sp.sqrt(sp.pi) * sp.gamma((k + 1) / 2))
    spherical = [sp.simplify(closed.subs(k, n) - _mean_abs_coordinate(n)) == 0 for n in range(1, 7)]
    normal = [
        sp.simplify(_chi_square_moment(k, p) * _coordinate_moment(k, p) - sp.factorial2(2 * p - 1)) == 0
        for p in range(1, 7)
    ]
    half = sp.sqrt(2 / sp.pi)  # E|N(0, 1)|
    both = half**2 / k  # E|u_1 u_2| = (E|g|)² / E‖g‖², as g = ‖g‖ u with independent factors
    constant = sp.expand(1 + (k - 1) * half**2)
    gbp = sp.expand(1 + k * (k - 1) * half**2 * both)
    kappas = [(2, k, 2), (2, constant, sp.pi), (4, gbp, sp.pi**2)]  # N = 2K or 4K neurons; E T²; κ
    limits = [sp.limit(inverse * k / square, k, sp.oo) == kappa for inverse, square, kappa in kappas]
    return Derivation(
        "Gaussian weights: α = T / √(T² + χ²_{d−1}) with independent parts, T = Σ s_j z_j / ‖s‖ over the K neurons "
        "that pass; T ~ N(0, 1) for the gradient, T² ~ χ²_K for Activation, and E T, E T² in closed form for constant "
        "weights and GBP; tan² tends to κ (d − 1)/N with κ = 2, π, π².",
        "w_j = z_j x̂ + v_j with z_j ~ N(0, 1) and v_j ~ N(0, I) in the d − 1 dimensions beside x̂, independent. "
        "s depends on z and r alone, so given them Σ s_j v_j ~ ‖s‖ N(0, I): its length is ‖s‖ χ_{d−1} whatever s "
        "is, and dividing R by ‖s‖ leaves T along x̂. Active neurons have z_j > 0: |N(0, 1)|, K ~ Bin(N, ½), and "
        "with r_j > 0 as well Bin(N, ¼). Gradient: r = ‖r‖ u with u uniform on the sphere of R^K and independent "
        "of z, so T = ⟨u, z⟩ = ‖z‖ u_1 in law = N(0, 1). Activation: s = z, T = ‖z‖. Constant: T = Σ z_j / √K. "
        "GBP: T = Σ |u_j| z_j. Then E T² is the sum of K diagonal terms, together 1, and of K(K − 1) others. One "
        "Haar frame times √d: ‖R‖² = d ‖s‖², so Activation has α² = ‖z‖²/d: K coordinates of a uniform direction,"
        " Beta(K/2, (d − K)/2).",
        (
            ("E|u_1| = Γ(k/2) / (√π Γ((k+1)/2)) for k = 1, …, 6, by integration", all(spherical)),
            ("‖z‖ u_1 has the first six even moments of N(0, 1), for every k", all(normal)),
            ("E T² = 1 + (2/π)(k − 1) for constant weights", sp.simplify(constant - 1 - 2 * (k - 1) / sp.pi) == 0),
            ("E T² = 1 + (4/π²)(k − 1) for GBP", sp.simplify(gbp - 1 - 4 * (k - 1) / sp.pi**2) == 0),
            ("N/E T² → κ = 2, π, π²", all(limits)),
        ),
    )
