"""The derivations behind the worst alignments: formulas of μ(x), worst directions, and the floor of every d."""

from __future__ import annotations

from math import pi, sqrt

import numpy as np
import sympy as sp
from flint import arb

from nfrlab.theory.filtering.proofs import Derivation, vanishes
from nfrlab.theory.limit import worst_alignment


def kantorovich() -> Derivation:
    """`κ_i = μ_i/x_i ∈ [m, M]` bounds the cosine; for N(0, Σ) κ_i is λ_i, and the bound is met."""
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


def shifted() -> Derivation:
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


def _triangle() -> tuple[tuple[sp.Symbol, ...], sp.Expr]:
    """(x, E|w·x|) for U[−1, 1] in R³ where no coordinate exceeds the sum of the others."""
    x = sp.symbols("x1 x2 x3", positive=True)
    excess = x[1] + x[2] - x[0]
    return x, x[0] / 2 + (x[1] ** 2 + x[2] ** 2) / (6 * x[0]) - excess**4 / (48 * x[0] * x[1] * x[2])


def uniform_law() -> Derivation:
    """`U[−1, 1]`: f where a coordinate dominates and where none does; its least α_∞ for d = 2; Laplace for d = 2."""
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
    x, h = _triangle()
    at = {x[0]: 1, x[1]: sp.Rational(4, 5), x[2]: sp.Rational(3, 5)}
    gradient = [h.diff(t).subs(at) for t in x]
    exact = sum(g * v for g, v in zip(gradient, at.values(), strict=True)) / sp.sqrt(
        sum(g**2 for g in gradient) * sum(v**2 for v in at.values())
    )
    computed = float(worst_alignment.triangle_alignment(arb(3) / 5, arb(2) / 3).mid())
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


def uniform_floor() -> Derivation:
    """`U[−1, 1]`: a lower bound of α_∞ in every dimension."""
    x, h = _triangle()
    k1, k2 = (h.diff(t) / t for t in x[:2])  # twice μ_i/x_i
    p, r, v = sp.symbols("p r v", positive=True)
    ravi = {x[0]: p + r + v, x[1]: p + r, x[2]: 2 * r + v}  # the triangles with x_1 ≥ x_2: x_2 + x_3 > x_1 is r > 0, …

    def signs_of(expression: sp.Expr) -> bool:
        """Whether the expression, times powers of the x_i, has no negative coefficient in p, r, v."""
        numerator = sp.numer(sp.together(expression))
        sign = sp.denom(sp.together(expression)).subs(dict.fromkeys(x, 1))
        return all(c * sign >= 0 for c in sp.Poly(sp.expand(numerator.subs(ravi)), p, r, v).coeffs())

    t, a = sp.symbols("t a", positive=True)
    ratio = (3 - t**2 - a**2) / 2  # x = (1, t, a), a ≤ 1 − t
    least = sp.expand(ratio.subs(a, 1 - t) - 1)
    return Derivation(
        "U[−1, 1]: for every d and x the ratios κ_i = μ_i/x_i differ by a factor 3/2 at most, so α_∞(x) ≥ 2√6/5 = "
        "0.9798. And κ_i ≥ κ_j where |x_i| ≥ |x_j|.",
        "Fix i, j. Given the rest T = Σ_{k≠i,j} w_k x_k, μ_i and μ_j are means over T, and T is symmetric and "
        "unimodal (Wintner), a mixture of U[−a, a] (Khinchine): κ_i and κ_j are the same mixture of their values with "
        "one coordinate a in place of the rest. So d = 3, x = (1, t, a), t ≤ 1 is enough. If a ≤ 1 − t, f = ¼ + (t² + "
        "a²)/12, κ_1/κ_2 = (3 − t² − a²)/2. If a ≥ 1 + t, f = a/4 + (1 + t²)/(12a), κ_1 = κ_2. Otherwise (1, t, a) "
        "are the sides of a triangle, written x_1 = p + r + v, x_2 = p + r, x_3 = 2r + v with p, r, v ≥ 0. Then "
        "Kantorovich's inequality with M/m = 3/2.",
        (
            ("a ≤ 1 − t: κ_1/κ_2 ≤ 3/2, its value at t = a = 0", ratio.subs({t: 0, a: 0}) == sp.Rational(3, 2)),
            ("and ≥ 1, as t(1 − t) ≥ 0", vanishes(least - t * (1 - t))),
            ("triangle: κ_1 − κ_2 has no negative coefficient in p, r, v", signs_of(k1 - k2)),
            ("triangle: 3κ_2 − 2κ_1 has none either", signs_of(3 * k2 - 2 * k1)),
            ("2√(3/2)/(1 + 3/2) = 2√6/5", abs(2 * sqrt(1.5) / 2.5 - worst_alignment.FLOOR["uniform"]) < 1e-15),
        ),
    )


def laplace_floor() -> Derivation:
    """Laplace entries: a lower bound of α_∞ in every dimension."""
    t, v = sp.symbols("t v", positive=True)
    mixture = sp.integrate(sp.exp(-v * (1 + t**2)), (v, 0, sp.oo))  # E e^{−t²V}
    axis = sp.integrate(sp.sqrt(v) * sp.exp(-v), (v, 0, sp.oo)) / sp.sqrt(sp.pi)
    direct = sp.integrate(v * sp.exp(-v), (v, 0, sp.oo)) / 2
    return Derivation(
        "Laplace entries: α_∞(x) ≥ √π/2 = 0.8862 for every d and x.",
        "w_i = √(2V_i) g_i with V_i of density e^{−v} and g_i normal. So for ‖x‖ = 1 f(x) = ½ E|w·x| = E √(Σ V_i "
        "x_i²)/√π, concave in the x_i²: at least its value at e_1, ½, and by Jensen at most √(Σ x_i²)/√π = 1/√π. α_∞ "
        "= f(x)/‖μ‖ ≥ min f/max f (isotropy_proofs.between).",
        (
            ("E e^{−t²V} = 1/(1 + t²), Laplace's characteristic function", vanishes(mixture - 1 / (1 + t**2))),
            ("E √V/√π = ½ E|w| = ½", vanishes(axis - sp.Rational(1, 2)) and direct == sp.Rational(1, 2)),
            (
                "½ √π is the floor of theory.limit.worst_alignment",
                abs(sqrt(pi) / 2 - worst_alignment.FLOOR["laplace"]) < 1e-15,
            ),
        ),
    )


def _grows(f: sp.Expr, slope: sp.Expr, g: sp.Symbol) -> bool:
    """Whether f is 0 at g = 0 and has this derivative."""
    return vanishes(f.subs(g, 0)) and vanishes(f.diff(g) - slope)


def bulk() -> Derivation:
    """U[−1, 1] and Laplace entries at x = (1, √(s/n), …, √(s/n)), n → ∞."""
    g, w, s, c = sp.symbols("g w s c", positive=True)
    normal = sp.exp(-(g**2) / (2 * c**2)) / (c * sp.sqrt(2 * sp.pi))
    given = (sp.integrate(w, (w, -g, 1)) - sp.integrate(w, (w, -1, -g))) / 2  # E[w_1 sgn(w_1 + g)], 0 ≤ g ≤ 1
    inside = sp.erf(g / (c * sp.sqrt(2)))
    cut = (1 - c**2) * inside + 2 * c**2 * g * normal  # E[1 − G²; |G| < g]
    folded = (sp.integrate((g + w) * sp.exp(-w), (w, 0, sp.oo)) + sp.integrate((g - w) * sp.exp(-w), (w, 0, g))) / 2
    folded += sp.integrate((w - g) * sp.exp(-w), (w, g, sp.oo)) / 2  # E|w_1 + g|, Laplace
    mean_abs = 2 * sp.integrate(g * normal, (g, 0, sp.oo))
    wide = normal.subs(c, sp.sqrt(2 * s))
    above = sp.exp(s) * sp.erfc(sp.sqrt(s) + g / (2 * sp.sqrt(s)))  # E[e^{−|G|}; |G| > g]
    p = float(above.subs({g: 0, s: 0.5})) / 2
    at_half = [float(t) for t in (cut.subs({g: 1, c: 6**-0.5}), inside.subs({g: 1, c: 6**-0.5}))]
    pairs = (at_half[0] / 4, at_half[1] / 6), (sqrt(0.5 / pi) + p - 2 * p * 0.5, 2 * p)
    values = [(k + m / 2) / sqrt((k * k + m * m / 2) * 1.5) for k, m in pairs]
    computed = [float(f(arb("0.5")).mid()) for f in (worst_alignment.uniform_bulk, worst_alignment.laplace_bulk)]
    by_parts = vanishes(normal.diff(g) * c**2 + g * normal)
    return Derivation(
        "At x = (1, √(s/n), …, √(s/n)), n → ∞, α_∞ tends to uniform_bulk(s) for U[−1, 1] and laplace_bulk(s) for "
        "Laplace entries: inf α_∞ over all d and x is at most their least values.",
        "By the central limit theorem the bulk's share G_n of w·x tends in law to G ~ N(0, s E w²), independent of "
        "w_1. μ_1 = ½ E[w_1 sgn(w_1 + G_n)] and f = ½ E|w_1 + G_n| converge to the same with G: w_1 and G_n have "
        "bounded second moments, and w_1 + G ≠ 0 almost surely. The entries of μ in the bulk are equal, so ⟨μ, x⟩ = f "
        "makes them κ x_i with κ s = f − μ_1; hence α_∞ = f/(√(μ_1² + κ² s) √(1 + s)) converges too. By parts, ½ E[G "
        "sgn(w_1 + G)] = s E w² p(0), p the density of w_1 + G: κ = E w² p(0), p(0) = ½ P(|G| < 1) for U[−1, 1] and ½ "
        "E e^{−|G|} for Laplace. μ_1 is ½ E of E[w_1 sgn(w_1 + g)] = ½ (1 − g²)₊ for U[−1, 1], and f − κ s for "
        "Laplace, where E|w_1 + g| = |g| + e^{−|g|}.",
        (
            ("U[−1, 1]: E[w_1 sgn(w_1 + g)] = ½ (1 − g²)", vanishes(given - (1 - g**2) / 2)),
            ("E[1 − G²; |G| < g] by its derivative, 0 at g = 0", _grows(cut, 2 * (1 - g**2) * normal, g)),
            ("P(|G| < g) = erf(g/σ√2), likewise", _grows(inside, 2 * normal, g)),
            ("Laplace: E|w_1 + g| = |g| + e^{−|g|}", vanishes(folded - g - sp.exp(-g))),
            ("½ E|G| = √(s/π), σ² = 2s", vanishes(mean_abs.subs(c, sp.sqrt(2 * s)) / 2 - sp.sqrt(s / sp.pi))),
            (
                "E[e^{−|G|}; |G| > g] = e^s erfc(√s + g/2√s), by its derivative, 0 at g = ∞",
                vanishes(above.diff(g) + 2 * sp.exp(-g) * wide) and sp.limit(above, g, sp.oo) == 0,
            ),
            (
                "theory.limit.worst_alignment computes the two values of s = ½",
                bool(np.allclose(values, computed, 0, 1e-14)),
            ),
            ("by parts: g times the density of G is −σ² times its derivative", by_parts),
        ),
    )


def sparse_chambers() -> Derivation:
    """Sparse ±1 entries: μ is constant on chambers, so the worst directions are extreme rays."""
    q = sp.symbols("q", positive=True)  # rate of non-zero entries
    half = sp.Rational(1, 2)
    both, first = q / 2, (1 - q) * q / 2  # E[w_i 1(S > 0)]: w_1 decides; w_2 decides where w_1 = 0
    at = worst_alignment.sparse_direction(np.array([5, 1]))
    rate = sp.nsimplify(worst_alignment.SPARSE_RATE)
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
    """Cauchy entries: no mean, yet a limit in probability; not almost surely."""
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
