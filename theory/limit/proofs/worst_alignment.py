"""The derivations behind the worst alignments: formulas of μ(x) and the worst directions of every family."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import TYPE_CHECKING

import lazy_loader
import numpy as np

from nfrlab.theory.limit import chambers, worst_alignment
from nfrlab.theory.numerics.proof import (
    Derivation,
    Exact,
    argued,
    below_one,
    certain,
    computed,
    enumerated,
    false_with,
    symbolic,
    vanishes,
)

if TYPE_CHECKING:
    import sympy as sp
else:
    sp = lazy_loader.load("sympy")


@false_with(two=(4, 1))
def kantorovich(two: Exact = 2) -> Derivation:
    """Kantorovich's bound: `κ_i = μ_i/x_i ∈ [m, M]` bounds the cosine; for N(0, Σ) κ_i is λ_i, and it is attained."""
    k, m, M, x, p, q = sp.symbols("kappa m M x p q", positive=True)
    x1, xd = sp.sqrt(m), sp.sqrt(M)  # λ_1 = M, λ_d = m
    inside = {k: m + p, M: m + p + q}  # any m ≤ κ ≤ M
    mu = sp.symbols("mu", positive=True)  # ‖μ‖ at ‖x‖ = 1
    least = two * sp.sqrt(m * M) / (m + M)
    square = (M * x1**2 + m * xd**2) ** 2 / ((M**2 * x1**2 + m**2 * xd**2) * (x1**2 + xd**2))
    return Derivation(
        "q = ⟨μ, x⟩ = Σ κ_i x_i², ‖μ‖² = Σ κ_i² x_i².",
        (
            symbolic(
                "Entry by entry κ²x² ≤ (m + M)κx² − mMx² for m ≤ κ ≤ M.",
                vanishes((k**2 - (m + M) * k + m * M - (k - m) * (k - M)) * x**2)
                and certain(((k - m) * (M - k)).subs(inside, simultaneous=True) > 0),
            ),
            argued("Summed over the entries: (m + M) q ≥ ‖μ‖² + mM‖x‖²."),
            argued(
                "N(0, Σ): E[w 1(w·x > 0)] = Σ^{½} E[g 1(g·y > 0)] at y = Σ^{½}x, and the mean of g is along y, so that "
                "of w is along Σx."
            ),
        ),
        (
            symbolic(
                "If m ≤ μ_i/x_i ≤ M wherever x_i ≠ 0, then cos(μ, x) ≥ 2√(mM)/(m + M).",
                # ‖μ‖² + mM − two √(mM) ‖μ‖ is a square
                vanishes(mu**2 + m * M - least * (m + M) * mu - (mu - sp.sqrt(m * M)) ** 2),
            ),
            symbolic(
                "For w ~ N(0, Σ), μ ∝ Σx, so the least α_∞ is 2√(λ₁λ_d)/(λ₁ + λ_d), at x_1² : x_d² = λ_d : λ_1.",
                vanishes(square - least**2),
            ),
        ),
    )


@false_with(floor=(2, Fraction(1, 2)), half=(1, Fraction(1, 4)), infimum=(1,))
def signs(floor: Exact = 1, half: Exact = Fraction(1, 2), infimum: Exact = 0) -> Derivation:
    """`axis` and `uniform01`: μ is a vector of signs, or of ones."""
    e, n, a, b = sp.symbols("epsilon n a b", positive=True)
    near = (1 + (n - 1) * e) / sp.sqrt(n * (1 + (n - 1) * e**2))
    p, q = sp.symbols("p q", positive=True)

    def over_strip(value: sp.Expr) -> sp.Expr:
        """The integral over the active neurons of (ε, −1): w_2 < ε w_1, ε ≤ 1."""
        return sp.integrate(sp.integrate(value, (q, 0, e * p)), (p, 0, 1))

    strip, first, second = over_strip(sp.Integer(1)), over_strip(p), over_strip(q)
    square = (e * first - second) ** 2 / ((first**2 + second**2) * (1 + e**2))
    stated = half * e / sp.sqrt((1 + e**2 / 4) * (1 + e**2))
    at = [
        abs(float(sp.sqrt(square.subs(e, value))) - worst_alignment.uniform01_signed(float(value))) < 1e-14
        for value in (sp.Rational(1, 100), sp.Rational(1, 2), sp.Integer(1))
    ]
    return Derivation(
        "axis: neurons ±√d e_i; uniform01: entries U[0, 1]; k non-zero entries of x.",
        (
            argued("±√d e_i is active iff ±x_i > 0: μ = sign(x)/(2√d). U[0, 1]: w·x > 0 for x ≥ 0, μ = ½ 1."),
            symbolic(
                "sign(x_i) x_i = |x_i|, and (|x_1| + |x_2|)² ≥ x_1² + x_2²: ‖x‖₁ ≥ ‖x‖₂, entry by entry.",
                all(vanishes(sp.sign(t) * t - sp.Abs(t)) for t in (a, -a)) and certain((a + b) ** 2 - a**2 - b**2 > 0),
            ),
            argued(
                "Equality holds only on an axis, where k = 1 and the map of `axis` is exact: α_∞ is discontinuous "
                "there."
            ),
            symbolic("U[0, 1] at (ε, −1), 0 < ε ≤ 1: P(active) = ε/2, by integration.", vanishes(strip - e / 2)),
            argued("There ⟨μ, x⟩ = E relu(w·x) > 0: 0 is not attained."),
            computed("theory.limit.worst_alignment computes α_∞ there.", all(at)),
        ),
        (
            symbolic(
                "axis: α_∞ = ‖x‖₁/(√k ‖x‖₂), k the number of non-zero entries; ≥ 1/√d, approached at e_1 + ε 1 but not "
                "attained.",
                vanishes(sp.limit(near, e, 0) - floor / sp.sqrt(n))
                and certain((near**2 - floor**2 / n).subs({n: 1 + a, e: below_one(b)}) > 0),  # d > 1, 0 < ε < 1
            ),
            argued("uniform01: for x ≥ 0 every neuron is active, α_∞ = ‖x‖₁/(√d ‖x‖₂) ≥ 1/√d, attained at e_1;"),
            symbolic(
                "over signed x the infimum is 0, approached at (ε, −1), where α_∞ = (ε/2)/√((1 + ε²/4)(1 + ε²)).",
                vanishes(square - stated**2) and sp.limit(sp.sqrt(square), e, 0) == infimum,
            ),
        ),
    )


@false_with(drift=(2, -1), spread=(2, -1))
def shifted_normal(drift: Exact = 1, spread: Exact = 1) -> Derivation:
    """`N(m, I)`: f, its gradient, and why one angle is enough."""
    t = sp.symbols("t", real=True)
    phi = sp.exp(-(t**2) / 2) / sp.sqrt(2 * sp.pi)
    below = (1 + sp.erf(t / sp.sqrt(2))) / 2
    ramp = t * below + phi
    x, m, rest, unit = sp.symbols("x_k m_k b xhat_k", real=True)
    beside, Phi, density = sp.symbols("c Phi phi", positive=True)
    length = sp.sqrt(x**2 + beside)
    along = (m * x + rest) / length  # m·x̂ as a function of x_k alone
    turning = (m - along * x / length) / length
    slope = unit * (t * Phi + density) + Phi * (m - t * unit)  # x̂_k (tΦ + φ) + ‖x‖ Φ ∂t/∂x_k
    return Derivation(
        "w ~ N(m, I), t = m·x̂, Φ and φ those of N(0, 1).",
        (
            argued("w·x ~ N(m·x, ‖x‖²): f(x) = ‖x‖ E relu(t + g), of derivative P(g > −t) = Φ(t), 0 at t = −∞."),
            symbolic(
                "(tΦ + φ)′ = Φ, and tΦ + φ → 0 at −∞.",
                vanishes(ramp.diff(t) - below) and sp.limit(ramp, t, -sp.oo) == 0,
            ),
            argued("As a function of x_k alone ‖x‖² is x_k² + c and m·x is m_k x_k + b, for any number of entries."),
            symbolic("∂t/∂x_k = (m_k − t x̂_k)/‖x‖.", vanishes(along.diff(x) - turning)),
            argued("Rotations about m leave the law as it is."),
        ),
        (
            symbolic(
                "w ~ N(m, I): f(x) = ‖x‖ (tΦ(t) + φ(t)), μ(x) = m Φ(t) + x̂ φ(t), t = m·x̂;",
                vanishes(slope - (drift * m * Phi + spread * unit * density)),
            ),
            argued("α_∞ depends on the angle between x and m alone."),
        ),
    )


def _first_decides(q: sp.Expr, d: int) -> list[sp.Expr]:
    """μ in the chamber x_1 ≫ x_2 ≫ … by summing over all 3^d neurons: the first non-zero entry of w decides."""
    mean = [sp.Integer(0)] * d
    for w in product((-1, 0, 1), repeat=d):
        if next((entry for entry in w if entry), 0) > 0:
            weight = sp.prod([1 - q if entry == 0 else q / 2 for entry in w])
            mean = [m + weight * entry for m, entry in zip(mean, w, strict=True)]
    return [sp.expand(m) for m in mean]


@false_with(power=(1, 3), floor=(1, Fraction(1, 4)))
def sparse_chambers(power: Exact = 2, floor: Exact = Fraction(1, 2)) -> Derivation:
    """Sparse ±1 entries: μ is constant on chambers, so the worst directions are extreme rays."""
    q = sp.symbols("q", positive=True)  # rate of non-zero entries
    rate = sp.nsimplify(chambers.SPARSE_RATE)
    at = chambers.sparse_direction(np.array([5, 1]))
    near = [abs(float(e.subs(q, rate)) - v) < 1e-15 for e, v in zip(_first_decides(q, 2), at, strict=True)]

    def stated(d: int) -> sp.Expr:
        """The square of the infimum."""
        return 1 / sum((1 - q) ** (power * k) for k in range(d))

    def reached(d: int) -> sp.Expr:
        """cos²(μ, e_1) in the chamber x_1 ≫ x_2 ≫ …"""
        mean = _first_decides(q, d)
        return mean[0] ** 2 / sum(m**2 for m in mean)

    least = {d: worst_alignment.sparse_worst(d) for d in (2, 3)}
    return Derivation(
        "w_i = ±1 with probability q/2 each, else 0; μ(x) = Σ_w p(w) w 1(w·x > 0).",
        (
            argued("A summand changes only where its w·x does."),
            argued(
                "On a chamber cos(μ, ·) > 0 is a linear function over a norm, so {cos ≥ c} is a convex cone: the least "
                "over a cone is at an extreme ray."
            ),
            computed("x = (5, 1): theory.limit.chambers has μ = (q/2, q(1 − q)/2), by all neurons.", all(near)),
            computed(
                "d = 2, 3: the least over all extreme rays of all chambers is the stated value, at q = 1/10.",
                all(abs(float(sp.sqrt(reached(d).subs(q, rate))) - least[d].low) < 1e-12 for d in (2, 3)),
            ),
            argued("The entries are uncorrelated, of variance q: Bessel's inequality gives ‖μ‖ ≤ √q/2."),
            argued("Khinchine's constant: E|w·x| ≥ E √(Σ_{w_i≠0} x_i²)/√2 ≥ q‖x‖/√2."),
        ),
        (
            argued(
                "w_i = ±1 with probability q/2 each, else 0: μ is constant on each chamber of the planes w·x = 0, w ∈ "
                "{−1, 0, 1}^d; the infimum of α_∞ is approached at an extreme ray of a chamber;"
            ),
            enumerated(
                "for d = 2, 3 at e_1 from x_1 ≫ x_2 ≫ x_3, where it is 1/√(1 + (1−q)² + … + (1−q)^{2(d−1)}).",
                all(vanishes(reached(d) - stated(d)) for d in (2, 3)),
            ),
            symbolic(
                "For every d and x α_∞ ≥ √(q/2).",
                vanishes((q / sp.sqrt(2)) ** 2 / q - floor * q),
            ),
        ),
    )
