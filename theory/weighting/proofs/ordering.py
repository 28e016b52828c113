"""The derivations behind the order of weightings on Gaussian weights: how often it fails, and that means keep it."""

from __future__ import annotations

from fractions import Fraction
from operator import ge, gt, lt
from typing import TYPE_CHECKING

import lazy_loader
import numpy as np

from nfrlab.theory.numerics.proof import (
    Derivation,
    Exact,
    Relation,
    agrees,
    argued,
    below_one,
    certain,
    computed,
    false_with,
    symbolic,
    vanishes,
)
from nfrlab.theory.numerics.sums import power_sum, summed
from nfrlab.theory.weighting import angles, ordering

if TYPE_CHECKING:
    import sympy as sp
else:
    sp = lazy_loader.load("sympy")


def _student_tails() -> bool:
    """Whether the theory computes `P(t_{d−1} > ½ √(d − 1) τ)` for d = 2, 3, 4 and τ = ½, 2.

    `t = √(d − 1) tan θ` has the density ∝ cos^{d − 2} θ.
    """
    t = sp.symbols("t", positive=True)
    found = []
    for d in (2, 3, 4):
        weight = sp.cos(t) ** (d - 2)
        for value in (sp.Rational(1, 2), sp.Integer(2)):
            inside = sp.integrate(weight, (t, 0, sp.atan(value / 2))) / sp.integrate(weight, (t, 0, sp.pi / 2)) / 2
            found.append(agrees(float(ordering.reversal(np.array([float(value)]), d)[0]), sp.Rational(1, 2) - inside))
    return all(found)


@false_with(half=(1, Fraction(1, 4)), square=(1, 4), rate=(1, Fraction(1, 4)))
def reversal(half: Exact = Fraction(1, 2), square: Exact = 2, rate: Exact = Fraction(1, 2)) -> Derivation:
    """How often another weighting beats Activation on Gaussian weights."""
    rho, m, tan, d, x, y = sp.symbols("rho m tau d x y", positive=True)
    root = sp.sqrt((1 - rho**2) * (1 + 3 * rho**2))
    plus, minus = (1 - rho**2 + root) / 2, (1 - rho**2 - root) / 2
    form = sp.diag(-(rho**2), 1) * sp.Matrix([[1, rho], [rho, 1]])
    share = sp.Rational(1, 2) * (1 - (1 - rho**2) / root)
    base = 4 * rho**2 / (1 + 3 * rho**2)
    slope = 2 * 4 ** (m - 1) / sp.beta(m, sp.Rational(1, 2)) * sp.beta(m, m)  # ½ I_{4q(1−q)}(m, ½) over I_q(m, m)
    k = sp.symbols("k", positive=True)
    squares = {"constant": (1 + 2 / sp.pi * (k - 1)) / k, "positive": (1 + 4 / sp.pi**2 * (k - 1)) / k}
    stated = {"constant": sp.sqrt(square / sp.pi), "positive": square / sp.pi}
    limits = {name: sp.limit(value, k, sp.oo) for name, value in squares.items()}
    t = sp.symbols("t", real=True)
    threshold = sp.solve(sp.Eq(-2 * t / sp.sqrt(d - 1), tan), t)[0]  # −2 aᵀGe/eᵀGe = tan φ at t_{d−1} = t
    high = below_one(x)  # any z and any u in 0 < u < z < 1
    low = high * below_one(y)
    return Derivation(
        "Gaussian weights; A and s given, at the angle φ < π/2, a = A/‖A‖, e the direction of s beside A.",
        (
            argued("WᵀW = A Aᵀ/‖x‖² + VᵀV with V Gaussian in the d − 1 dimensions beside x̂, independent of A."),
            argued("By the Gram matrix s wins iff −2 aᵀGe/eᵀGe > tan φ; A Aᵀ has no part along e: G may be VᵀV."),
            argued("V a and V e are independent: aᵀVᵀVe/‖Ve‖² = g/‖Ve‖ with g ~ N(0, 1), that is t_{d−1}/√(d − 1)."),
            symbolic(
                "A second route: s wins iff ‖g_s‖² < ρ²‖g_A‖², ρ = cos φ, a form with eigenvalues λ±: their sum and "
                "product are its trace and determinant.",
                vanishes(plus + minus - form.trace()) and vanishes(plus * minus - form.det()),
            ),
            argued("That is P(λ₊X < |λ₋|Y), X, Y ~ χ²_{d−1}: I_q(m, m), m = (d − 1)/2, q = |λ₋|/(λ₊ + |λ₋|)."),
            symbolic("q = ½(1 − √((1 − ρ²)/(1 + 3ρ²))).", vanishes(-minus / (plus - minus) - share)),
            symbolic(
                "4q(1 − q) = 4ρ²/(1 + 3ρ²) = 4/(4 + tan²φ) = z.",
                vanishes(4 * share * (1 - share) - base)
                and vanishes(base.subs(rho, 1 / sp.sqrt(1 + tan**2)) - 4 / (4 + tan**2)),
            ),
            symbolic(
                "I_q(m, m) and ½ I_{4q(1−q)}(m, ½), 0 at q = 0, have one derivative.",
                sp.powsimp(sp.gammasimp(slope.rewrite(sp.gamma)), force=True) == 1,
            ),
            symbolic(
                "1 ≤ (1 − u)^{−½} ≤ (1 − z)^{−½} for 0 < u < z < 1: z^m/(m B) ≤ I_z(m, ½) ≤ z^m/(m B √(1 − z)).",
                certain(low > 0) and certain(high - low > 0) and certain(1 - high > 0),  # so 1 > 1 − u > 1 − z > 0
            ),
            argued("B = B(m, ½) lies between 1/m and √(4π/m)."),
            computed("The theory computes the tail of t_{d−1} for d = 2, 3, 4.", _student_tails()),
            computed(
                "cos²φ → 2/π and 4/π² are the limits of theory.weighting.angles.",
                all(agrees(angles.LIMIT[name] ** 2, limits[name]) for name in limits),
            ),
        ),
        (
            symbolic(
                "Gaussian weights, given A and s at an angle φ < π/2: P(α(s) > α(A)) = P(t_{d−1} > ½ √(d − 1) tan φ).",
                vanishes(-threshold - half * sp.sqrt(d - 1) * tan),  # t_{d−1} is symmetric
            ),
            symbolic(
                "With N → ∞ it tends to its value at cos φ = √(2/π) for constant and 2/π for positive weights,",
                all(vanishes(stated[name] ** 2 - limits[name]) for name in limits),
            ),
            symbolic(
                "which falls with d like e^{−λd}, λ = ½ ln(1 + ¼ tan²φ).",
                vanishes(4 / (4 + tan**2) - (1 + tan**2 / 4) ** (-2 * rate)),  # z^m = e^{−λ(d − 1)}
            ),
        ),
    )


@false_with(rises=(lt,), concave=(gt, ge), share=(Fraction(1, 2),), sign=(-1,))
def mean_order(rises: Relation = gt, concave: Relation = lt, share: Exact = 1, sign: Exact = 1) -> Derivation:
    """The order of the means: gradient < positive < constant < Activation."""
    T, c, chi, a = sp.symbols("T c chi a", positive=True)
    v, w = sp.symbols("v_i v_j", real=True)
    alpha = T * c / sp.sqrt(T**2 * c**2 + chi**2)
    under = T**2 * c**2 + chi**2
    first = T * chi**2 / under ** sp.Rational(3, 2)
    second = -3 * T**3 * c * chi**2 / under ** sp.Rational(5, 2)
    squares = summed((v - w) ** 2, (v,), (w,)) / 2
    return Derivation(
        "Given A and s, α = T C/√(T²C² + χ²), T = ‖A‖, C = cos(s, A), χ² ~ χ²_{d−1} independent of both.",
        (
            symbolic("dα/dC = T χ²/(T²C² + χ²)^{3/2}.", vanishes(alpha.diff(c) - first)),
            symbolic("d²α/dC² = −3 T³ C χ²/(T²C² + χ²)^{5/2}.", vanishes(alpha.diff(c, 2) - second)),
            argued("By Jensen E[α | A, χ] ≤ α(E[C | A]), E[C | A] = ⟨E s/‖s‖, A⟩/‖A‖."),
            argued("s is exchangeable: E s/‖s‖ = β (1, …, 1). For a frame α = ρ C is linear in C."),
        ),
        (
            symbolic(
                "Gaussian layers and Haar frames, every N ≥ 2 and d ≥ 2, given R ≠ 0: Activation is stochastically "
                "larger than any other weighting;",
                certain(rises(first, 0)),  # α rises with C ≤ 1
            ),
            symbolic(
                "constant weights have the larger mean α than any random s ≥ 0 that is exchangeable and independent of "
                "A;",
                # K‖v‖² − (Σ v)² ≥ 0 for any number of entries: β ≤ 1/√K, the C of constant weights
                certain(concave(second, 0))
                and vanishes(squares - (share * power_sum(0) * power_sum(2) - power_sum(1) ** 2)),
            ),
            symbolic("and a mean > 0 = that of the plain gradient.", certain(sign * a * c / (T * chi) > 0)),
        ),
    )
