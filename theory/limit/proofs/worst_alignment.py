"""The derivations behind the worst alignments: formulas of μ(x) and the worst directions of every family."""

from __future__ import annotations

from typing import TYPE_CHECKING

import lazy_loader
import numpy as np

from nfrlab.theory.limit import chambers, worst_alignment
from nfrlab.theory.numerics.proof import Derivation, vanishes

if TYPE_CHECKING:
    import flint
    import sympy as sp
else:
    flint = lazy_loader.load("flint")
    sp = lazy_loader.load("sympy")


def kantorovich() -> Derivation:
    """Kantorovich's bound: `κ_i = μ_i/x_i ∈ [m, M]` bounds the cosine; for N(0, Σ) κ_i is λ_i, and it is attained."""
    k, m, M = sp.symbols("kappa m M", positive=True)
    x1, xd = sp.sqrt(m), sp.sqrt(M)  # λ_1 = M, λ_d = m
    square = (M * x1**2 + m * xd**2) ** 2 / ((M**2 * x1**2 + m**2 * xd**2) * (x1**2 + xd**2))
    return Derivation(
        "If m ≤ μ_i/x_i ≤ M wherever x_i ≠ 0, then cos(μ, x) ≥ 2√(mM)/(m + M). For w ~ N(0, Σ), μ ∝ Σx, so the least "
        "α_∞ is 2√(λ₁λ_d)/(λ₁ + λ_d), at x_1² : x_d² = λ_d : λ_1.",
        "E[w 1(w·x > 0)] = Σ^{½} E[g 1(g·Σ^{½}x > 0)] ∝ Σx. (κ_i − m)(κ_i − M) ≤ 0, so with q = ⟨μ, x⟩ = Σ κ_i x_i² "
        "we have ‖μ‖² ≤ (m + M) q − mM‖x‖², hence (m + M) q ≥ ‖μ‖² + mM‖x‖² ≥ 2√(mM) ‖μ‖‖x‖.",
        (
            ("κ² = (m + M)κ − mM + (κ − m)(κ − M)", vanishes(k**2 - (m + M) * k + m * M - (k - m) * (k - M))),
            ("equality at x_1² : x_d² = λ_d : λ_1", vanishes(square - 4 * m * M / (m + M) ** 2)),
        ),
    )


def signs() -> Derivation:
    """`axis` and `uniform01`: μ is a vector of signs, or of ones."""
    e, n = sp.symbols("epsilon n", positive=True)
    near = (1 + (n - 1) * e) / sp.sqrt(n * (1 + (n - 1) * e**2))
    p, q = sp.symbols("p q", positive=True)
    strip = sp.integrate(sp.integrate(1, (q, 0, e * p)), (p, 0, 1))  # w_2 < ε w_1, ε ≤ 1
    first = sp.integrate(sp.integrate(p, (q, 0, e * p)), (p, 0, 1))
    second = sp.integrate(sp.integrate(q, (q, 0, e * p)), (p, 0, 1))
    square = (e * first - second) ** 2 / ((first**2 + second**2) * (1 + e**2))
    at = [
        abs(float(sp.sqrt(square.subs(e, value))) - worst_alignment.uniform01_signed(float(value))) < 1e-14
        for value in (sp.Rational(1, 100), sp.Rational(1, 2), sp.Integer(1))
    ]
    return Derivation(
        "axis: α_∞ = ‖x‖₁/(√k ‖x‖₂), k the number of non-zero entries; ≥ 1/√d, approached at e_1 + ε 1 but not "
        "attained. uniform01: for x ≥ 0 every neuron is active, α_∞ = ‖x‖₁/(√d ‖x‖₂) ≥ 1/√d, attained at e_1; over "
        "signed x the infimum is 0, approached at (ε, −1).",
        "±√d e_i is active iff ±x_i > 0: μ = sign(x)/(2√d). ‖x‖₁ ≥ ‖x‖₂ with equality only on an axis, where k = 1 "
        "and the map is exact: the limit is discontinuous there. U[0, 1]: w·x > 0 almost surely for x ≥ 0, μ = ½ 1. "
        "At x = (ε, −1), 0 < ε ≤ 1, the active neurons have w_2 < ε w_1; α_∞ is positive since ⟨μ, x⟩ = E relu(w·x) > "
        "0.",
        (
            ("(1 + (d−1)ε)/√(d(1 + (d−1)ε²)) → 1/√d", vanishes(sp.limit(near, e, 0) - 1 / sp.sqrt(n))),
            ("U[0, 1] at (ε, −1): P(active) = ε/2", vanishes(strip - e / 2)),
            ("α_∞ = (ε/2)/√((1 + ε²/4)(1 + ε²)), by integration, as theory.limit.worst_alignment computes it", all(at)),
            ("which tends to 0", sp.limit(sp.sqrt(square), e, 0) == 0),
        ),
    )


def shifted_normal() -> Derivation:
    """`N(m, I)`: f, its gradient, and why one angle is enough."""
    t = sp.symbols("t", real=True)
    phi = sp.exp(-(t**2) / 2) / sp.sqrt(2 * sp.pi)
    below = (1 + sp.erf(t / sp.sqrt(2))) / 2
    ramp = t * below + phi
    a, x1, x2 = sp.symbols("a x1 x2", positive=True)  # m = (a, 0)
    length = sp.sqrt(x1**2 + x2**2)
    f = length * (t * below + phi).subs(t, a * x1 / length)
    slope = [a * below.subs(t, a * x1 / length) + x1 / length * phi.subs(t, a * x1 / length)]
    slope.append(x2 / length * phi.subs(t, a * x1 / length))
    return Derivation(
        "w ~ N(m, I): f(x) = ‖x‖ (tΦ(t) + φ(t)), μ(x) = m Φ(t) + x̂ φ(t), t = m·x̂; α_∞ depends on the angle between "
        "x and m alone.",
        "w·x ~ N(m·x, ‖x‖²), and E relu(t + g) has derivative P(g > −t) = Φ(t) and vanishes at t = −∞. Rotations "
        "about m leave the law as it is, so α_∞(x) is a function of m·x̂ and ‖m‖.",
        (
            ("(tΦ + φ)′ = Φ", vanishes(ramp.diff(t) - below)),
            ("tΦ + φ → 0 at −∞", sp.limit(ramp, t, -sp.oo) == 0),
            ("∂f/∂x_1 = m_1 Φ + x̂_1 φ", vanishes(f.diff(x1) - slope[0])),
            ("∂f/∂x_2 = m_2 Φ + x̂_2 φ", vanishes(f.diff(x2) - slope[1])),
        ),
    )


def triangle_mean_abs() -> tuple[tuple[sp.Symbol, ...], sp.Expr]:
    """(x, E|w·x|) for U[−1, 1] in R³ where no coordinate exceeds the sum of the others."""
    x = sp.symbols("x1 x2 x3", positive=True)
    excess = x[1] + x[2] - x[0]
    return x, x[0] / 2 + (x[1] ** 2 + x[2] ** 2) / (6 * x[0]) - excess**4 / (48 * x[0] * x[1] * x[2])


def uniform_law() -> Derivation:
    """U[−1, 1]: f with and without a dominant coordinate, its least α_∞ for d = 2; Laplace entries for d = 2."""
    w, T, s, e, p, q = sp.symbols("w T s e p q", positive=True)
    inner = (sp.integrate(w + T, (w, -T, 1)) + sp.integrate(-w - T, (w, -1, -T))) / 2  # E|w_1 + T|, |T| ≤ 1
    outside = sp.integrate(sp.integrate((e - p - q) ** 2, (q, 0, e - p)), (p, 0, e))
    square = (3 + s) ** 2 / ((9 - 2 * s + s**2) * (1 + s))
    root = 2 * sp.sqrt(7) - 5
    a, b, u = sp.symbols("a b u", positive=True)
    split = vanishes(
        (a**2 / (1 + a**2 * u) - b**2 / (1 + b**2 * u)) / (a**2 - b**2) - 1 / ((1 + a**2 * u) * (1 + b**2 * u))
    )
    laplace, boxes = (a**2 + a * b + b**2) / (a + b), a + b + (a - b) ** 2 / (3 * (a + b))
    x, h = triangle_mean_abs()
    at = {x[0]: 1, x[1]: sp.Rational(4, 5), x[2]: sp.Rational(3, 5)}
    gradient = [h.diff(t).subs(at) for t in x]
    exact = sum(g * v for g, v in zip(gradient, at.values(), strict=True)) / sp.sqrt(
        sum(g**2 for g in gradient) * sum(v**2 for v in at.values())
    )
    computed = float(worst_alignment.triangle_alignment(flint.arb(3) / 5, flint.arb(2) / 3).mid())
    return Derivation(
        "U[−1, 1]: for x_1 ≥ Σ_{i≥2}|x_i| α_∞² = (3 + s)²/((9 − 2s + s²)(1 + s)), s = Σ_{i≥2} x_i²/x_1², in every d; "
        "its minimum, 0.993315, is at s = 2√7 − 5 and is the infimum for d = 2. Laplace entries have the same one, "
        "turned by 45°.",
        "Given T = Σ_{i≥2} w_i x_i with |T| ≤ 1 = x_1, E|w_1 + T| = (1 + T²)/2 and E T² = s/3; otherwise (|T| − "
        "1)₊²/2 is to be subtracted, and for d = 3 a corner of the rectangle of (w_2, w_3) gives e⁴/12 over its area. "
        "Laplace: by partial fractions w·x is a signed mixture of Laplace variables of scales a and b with weights "
        "a²/(a² − b²) and −b²/(a² − b²), E|w·x| = (a³ − b³)/(a² − b²).",
        (
            ("E|w_1 + T| = (1 + T²)/2", vanishes(inner - (1 + T**2) / 2)),
            ("∫∫ (e − p − q)² = e⁴/12", vanishes(outside - e**4 / 12)),
            ("α_∞² is stationary at s = 2√7 − 5", vanishes(square.diff(s).subs(s, root))),
            (
                "and at no other s in (0, 1)",
                sp.solveset(sp.numer(sp.together(square.diff(s))), s, sp.Interval.open(0, 1)) == {root},
            ),
            (
                "where it is below its value 1 at both ends",
                bool(square.subs(s, root) < 1) and square.subs(s, 0) == square.subs(s, 1) == 1,
            ),
            ("triangle_alignment is cos(∇h, x) at (1, 4/5, 3/5)", abs(computed - float(exact)) < 1e-14),
            ("Laplace: the partial fractions", split),
            (
                "(a³ − b³)/(a² − b²) = ¾ (u + v²/3u), u = a + b, v = a − b",
                vanishes(laplace - sp.Rational(3, 4) * boxes),
            ),
        ),
    )


def sparse_chambers() -> Derivation:
    """Sparse ±1 entries: μ is constant on chambers, so the worst directions are extreme rays."""
    q = sp.symbols("q", positive=True)  # rate of non-zero entries
    half = sp.Rational(1, 2)
    both, first = q / 2, (1 - q) * q / 2  # E[w_i 1(S > 0)]: w_1 decides; w_2 decides where w_1 = 0
    at = chambers.sparse_direction(np.array([5, 1]))
    rate = sp.nsimplify(chambers.SPARSE_RATE)
    computed = [abs(float(e.subs(q, rate)) - v) < 1e-15 for e, v in zip((both, first), at, strict=True)]
    value = 1 / sp.sqrt(sum((1 - q) ** (2 * k) for k in range(3)))
    enumerated = worst_alignment.sparse_worst(3)
    return Derivation(
        "w_i = ±1 with probability q/2 each, else 0: μ is constant on each chamber of the planes w·x = 0, w ∈ {−1, 0, "
        "1}^d; the infimum of α_∞ is approached at an extreme ray of a chamber; for d = 2, 3 at e_1 from x_1 ≫ x_2 ≫ "
        "x_3, where it is 1/√(1 + (1−q)² + … + (1−q)^{2(d−1)}). For every d and x α_∞ ≥ √(q/2).",
        "μ(x) = Σ_w p(w) w 1(w·x > 0) changes only where some w·x does. On a chamber cos(μ, ·) > 0 is a linear "
        "function over a norm, so {cos ≥ c} is a convex cone: the least over a cone is at an extreme ray. In the "
        "chamber x_1 ≫ x_2 ≫ … the first non-zero entry of w decides the sign. Floor: the entries are uncorrelated, "
        "of variance q, so Bessel's inequality gives ‖μ‖ ≤ √q/2, and with Khinchine's constant E|w·x| ≥ E √(Σ_{w_i≠0} "
        "x_i²)/√2 ≥ q‖x‖/√2.",
        (
            ("x = (5, 1): μ = (q/2, q(1 − q)/2), by summing over all neurons", all(computed)),
            (
                "d = 3: the least over all extreme rays is that value",
                abs(float(value.subs(q, rate)) - enumerated.low) < 1e-12,
            ),
            ("(q/√2)/√q = √(q/2)", vanishes(q * sp.sqrt(half) / sp.sqrt(q) - sp.sqrt(q / 2))),
        ),
    )


def cauchy_limit() -> Derivation:
    """Cauchy entries: no mean, yet a limit in probability, but not almost surely."""
    w, c, n = sp.symbols("w c n", positive=True)
    density = 1 / (sp.pi * (1 + w**2))
    seen = 2 / sp.pi * sp.atan(c * w)  # P(|T| < x_i w), T Cauchy of scale x_i/c
    rate = sp.limit(w * (w * density * seen), w, sp.oo)
    tail = sp.limit(w * 2 * sp.integrate(density, (w, n, sp.oo)).subs(n, w), w, sp.oo)
    square = sp.limit(2 * sp.integrate(w**2 * density, (w, 0, n)) / n, n, sp.oo)
    many = sp.integrate(1 / (w * sp.log(w)), (w, 2, n))
    return Derivation(
        "Cauchy entries: E[w 1(w·x > 0)] does not exist, but R/(N log N) → (E s/π) sign(x) in probability, at rate "
        "1/log N: α → ‖x‖₁/(√k ‖x‖₂), the limit of `axis`. For d ≥ 2, almost surely at no x.",
        "A neuron with |w_i| large is active iff w_i x_i > 0, so large entries add up with one sign. Truncated at n, "
        "E[w_i 1(w·x > 0); |w_i| ≤ n] = sign(x_i) ∫_0^n w p(w) P(|T| < |x_i| w) dw with T = Σ_{k≠i} w_k x_k, of "
        "derivative 1/πn: it grows like log n/π; 0 if x_i = 0, by symmetry. With b = N log N: N P(|w| > b) → 0 and N "
        "E[w²; |w| ≤ b]/b² = O(N/b) → 0, so the weak law for triangular arrays holds. Almost surely not: for every i "
        "and C, Σ_N P(s_N |w_{N,i}| > C N log N) diverges. Such a neuron is active if w_i x_i > 0 (as good as "
        "surely), and with probability ½, whatever w_i, if x_i = 0; and it is independent of the sum before it, which "
        "is O(N log N) with probability near 1. By Kochen and Stone with the 0–1 law of Hewitt and Savage single "
        "neurons, each along e_i, outweigh all earlier ones again and again: α comes near |x_i|/‖x‖ again and again, "
        "for every i. One of these is not the limit: where k ≥ 2 the least |x_i| > 0, as |x_i| ≤ ‖x‖₁/k < ‖x‖₁/√k; "
        "where k = 1 any x_i = 0, which d ≥ 2 provides.",
        (
            ("n d/dn of the truncated mean → 1/π", vanishes(rate - 1 / sp.pi)),
            ("n P(|w| > n) → 2/π", vanishes(tail - 2 / sp.pi)),
            ("E[w²; |w| ≤ n]/n → 2/π", vanishes(square - 2 / sp.pi)),
            ("∫_2^n dw/(w log w) → ∞, hence Σ P(|w| > C N log N) = ∞", sp.limit(many, n, sp.oo) == sp.oo),
        ),
    )
