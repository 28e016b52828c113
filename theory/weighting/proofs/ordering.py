"""The derivations behind the order of weightings on Gaussian weights: how often it fails, and that means keep it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import lazy_loader
import numpy as np

from nfrlab.theory.numerics.proof import Derivation, agrees, vanishes
from nfrlab.theory.weighting import angles, ordering

if TYPE_CHECKING:
    import sympy as sp
else:
    sp = lazy_loader.load("sympy")


def reversal() -> Derivation:
    """How often another weighting beats Activation on Gaussian weights."""
    rho, m, tan, t = sp.symbols("rho m tau t", positive=True)
    root = sp.sqrt((1 - rho**2) * (1 + 3 * rho**2))
    plus, minus = (1 - rho**2 + root) / 2, (1 - rho**2 - root) / 2
    form = sp.diag(-(rho**2), 1) * sp.Matrix([[1, rho], [rho, 1]])
    share = sp.Rational(1, 2) * (1 - (1 - rho**2) / root)
    base = 4 * rho**2 / (1 + 3 * rho**2)
    slope = 2 * 4 ** (m - 1) / sp.beta(m, sp.Rational(1, 2)) * sp.beta(m, m)  # ½ I_{4q(1−q)}(m, ½) over I_q(m, m)
    tails = []
    for dof in (1, 2, 3):  # t = √dof tan θ has the density ∝ cos^{dof − 1} θ
        weight = sp.cos(t) ** (dof - 1)
        for value in (sp.Rational(1, 2), sp.Integer(2)):
            inside = sp.integrate(weight, (t, 0, sp.atan(value / 2))) / sp.integrate(weight, (t, 0, sp.pi / 2)) / 2
            computed = ordering.reversal(np.array([float(value)]), dof + 1)[0]
            tails.append(agrees(float(computed), sp.Rational(1, 2) - inside))
    k = sp.symbols("k", positive=True)
    squares = {"constant": (1 + 2 / sp.pi * (k - 1)) / k, "positive": (1 + 4 / sp.pi**2 * (k - 1)) / k}
    limits = [agrees(angles.LIMIT[name] ** 2, sp.limit(square, k, sp.oo)) for name, square in squares.items()]
    return Derivation(
        "Gaussian weights, given A and s at an angle φ < π/2: P(α(s) > α(A)) = P(t_{d−1} > ½ √(d − 1) tan φ). With N "
        "→ ∞ it tends to its value at cos φ = √(2/π) for constant and 2/π for positive weights, which falls with d "
        "like e^{−λd}, λ = ½ ln(1 + ¼ tan²φ).",
        "WᵀW = A Aᵀ/‖x‖² + VᵀV with V Gaussian in the d − 1 dimensions beside x̂, independent of A. By the Gram "
        "matrix s wins iff −2 aᵀGe/eᵀGe > tan φ; A Aᵀ has no part along e, so G may be replaced by VᵀV. V a and V e "
        "are independent, hence aᵀVᵀVe/‖Ve‖² = g/‖Ve‖ with g ~ N(0, 1): t_{d−1}/√(d − 1). The second route: s wins "
        "iff ‖g_s‖² < ρ²‖g_A‖², ρ = cos φ their correlation; the form has eigenvalues λ± in each of the d − 1 "
        "coordinates, so this is P(λ₊X < |λ₋|Y), X, Y ~ χ²_{d−1}, a Beta probability I_q(m, m), m = (d − 1)/2, q = "
        "|λ₋|/(λ₊ + |λ₋|). Both are ½ I_z(m, ½), z = 4/(4 + tan²φ), and z^m/(m B) ≤ I_z(m, ½) ≤ z^m/(m B √(1 − z)), B "
        "= B(m, ½) between 1/m and √(4π/m).",
        (
            (
                "λ₊ + λ₋ and λ₊λ₋ are trace and determinant",
                vanishes(plus + minus - form.trace()) and vanishes(plus * minus - form.det()),
            ),
            ("q = |λ₋|/(λ₊ + |λ₋|) = ½(1 − √((1 − ρ²)/(1 + 3ρ²)))", vanishes(-minus / (plus - minus) - share)),
            ("4q(1 − q) = 4ρ²/(1 + 3ρ²)", vanishes(4 * share * (1 - share) - base)),
            ("= 4/(4 + tan²φ)", vanishes(base.subs(rho, 1 / sp.sqrt(1 + tan**2)) - 4 / (4 + tan**2))),
            (
                "I_q(m, m) and ½ I_{4q(1−q)}(m, ½), 0 at q = 0, have one derivative",
                sp.powsimp(sp.gammasimp(slope.rewrite(sp.gamma)), force=True) == 1,
            ),
            ("the theory computes the tail of t_{d−1} for d = 2, 3, 4", all(tails)),
            ("cos²φ → 2/π and 4/π², the limits of theory.weighting.angles", all(limits)),
        ),
    )


def mean_order() -> Derivation:
    """The order of the means: gradient < positive < constant < Activation."""
    T, c, chi = sp.symbols("T c chi", positive=True)
    alpha = T * c / sp.sqrt(T**2 * c**2 + chi**2)
    under = T**2 * c**2 + chi**2
    first = sp.diff(alpha, c) - T * chi**2 / under ** sp.Rational(3, 2)
    second = sp.diff(alpha, c, 2) + 3 * T**3 * c * chi**2 / under ** sp.Rational(5, 2)
    v = sp.symbols("v1:4", real=True)
    spread = 3 * sum(e**2 for e in v) - sum(v) ** 2 - (v[0] - v[1]) ** 2 - (v[0] - v[2]) ** 2 - (v[1] - v[2]) ** 2
    return Derivation(
        "Gaussian layers and Haar frames, every N ≥ 2 and d ≥ 2, given R ≠ 0: Activation is stochastically larger "
        "than any other weighting; constant weights have the larger mean α than any random s ≥ 0 that is exchangeable "
        "and independent of A; and a mean > 0 = that of the plain gradient.",
        "Given A and s, α = T C/√(T²C² + χ²), T = ‖A‖, C = cos(s, A), χ² ~ χ²_{d−1} independent of both: it rises "
        "with C and C ≤ 1, with equality only where s ∥ A. It is concave in C > 0, so by Jensen E[α | A, χ] ≤ α(E[C | "
        "A]), and E[C | A] = ⟨E s/‖s‖, A⟩/‖A‖ with E s/‖s‖ = β (1, …, 1), β ≤ 1/√K by Cauchy–Schwarz: at most the C "
        "of constant weights. For a frame α = ρ C is linear in C. The gradient's α is symmetric about 0.",
        (
            ("dα/dC = T χ²/(T²C² + χ²)^{3/2} > 0", vanishes(first)),
            ("d²α/dC² = −3 T³ C χ²/(T²C² + χ²)^{5/2} < 0", vanishes(second)),
            ("K‖v‖² − (Σ v_j)² = Σ_{i<j} (v_i − v_j)² for K = 3", vanishes(spread)),
        ),
    )
