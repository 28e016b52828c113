"""The derivation behind `theory.limit.spread`: α_∞ → 1 as x spreads, for symmetric entries of finite variance."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import lazy_loader
import numpy as np

from nfrlab.theory.limit import spread
from nfrlab.theory.numerics.branch_and_bound import minimum
from nfrlab.theory.numerics.proof import (
    Derivation,
    Exact,
    Link,
    argued,
    below_one,
    certain,
    computed,
    enclosed,
    false_with,
    symbolic,
    vanishes,
)

if TYPE_CHECKING:
    import sympy as sp
else:
    sp = lazy_loader.load("sympy")


def _starts_flat(f: sp.Expr, z: sp.Symbol, order: int, last: sp.Expr) -> bool:
    """Whether f and its derivatives below `order` vanish at 0, and the one of that order is `last`."""
    return all(f.diff(z, k).subs(z, 0) == 0 for k in range(order)) and vanishes(f.diff(z, order) - last)


def elementary_inequalities() -> tuple[Link, ...]:
    """The inequalities for cos z and sin z/z, z ≥ 0, on which the bounds of φ and q rest."""
    z = sp.symbols("z", nonnegative=True)
    cosine, sine = sp.cos(z) - 1 + z**2 / 2, z - sp.sin(z)
    sinc = minimum(lambda t: t.sin() / t, [(2.0, 12.0)], 1e-3).low
    line = minimum(lambda t: t / 3 - 1 + t.sin() / t, [(2.0, 4.0)], 1e-3).low
    return (
        symbolic(
            "cos z − 1 + z²/2 ≤ z³/6: third derivative sin z − 1 ≤ 0.",
            _starts_flat(cosine - z**3 / 6, z, 3, sp.sin(z) - 1),
        ),
        symbolic(
            "cos z − 1 + z²/2 ≤ z⁴/24: fourth derivative cos z − 1 ≤ 0.",
            _starts_flat(cosine - z**4 / 24, z, 4, sp.cos(z) - 1),
        ),
        symbolic(
            "z − sin z ≤ z³/6: third derivative cos z − 1 ≤ 0.", _starts_flat(sine - z**3 / 6, z, 3, sp.cos(z) - 1)
        ),
        enclosed(
            "1 − sin z/z ≤ 5/4: for z ≤ 2 it is ≤ z²/6 ≤ 2/3, on [2, 12] in ball arithmetic, beyond by 1/z.",
            sinc >= -0.25,
        ),
        enclosed(
            "1 − sin z/z ≤ z/3: for z ≤ 2 as z²/6 ≤ z/3, on [2, 4] in ball arithmetic, beyond as 5/4 < 4/3.", line >= 0
        ),
    )


def fourier_integrals() -> tuple[Link, ...]:
    """The Fourier integrals behind E|S|, the smoothed sign and its rest."""
    t, s, y = sp.symbols("t s y", positive=True)
    c = sp.symbols("c", positive=True)  # δ²/2q
    gauss = sp.sqrt(c / sp.pi) * sp.integrate(sp.exp(-c * t**2) * sp.cos(t * s), (t, -sp.oo, sp.oo))
    tail = 2 / sp.sqrt(sp.pi) * sp.integrate(sp.exp(-(t**2)), (t, 0, sp.oo))
    half = sp.integrate(sp.sin(t) / t, (t, 0, sp.oo))
    parts = sp.diff(-(1 - sp.cos(t)) / t, t) + sp.sin(t) / t - (1 - sp.cos(t)) / t**2
    ratio = -sp.cos(y * s).diff(y) / y - s**2 * sp.sin(y * s) / (y * s)  # at w = s: φ is the mean of cos(yw)
    return (
        symbolic(
            "(δ/√(2πq)) ∫ e^{−δ²t²/2q} cos(ts) dt = e^{−qs²/2δ²}, written with c = δ²/2q.",
            vanishes(gauss - sp.exp(-(s**2) / (4 * c))),
        ),
        symbolic("erfc z = (2/√π) ∫ e^{−(z+t)²} dt ≤ e^{−z²} (2/√π) ∫ e^{−t²} dt = e^{−z²}.", tail == 1),
        symbolic("∫ sin(t)/t = π/2, hence sgn y = (2/π) ∫ sin(ty)/t.", vanishes(half - sp.pi / 2)),
        symbolic("∫ (1 − cos t)/t² = ∫ sin(t)/t, by parts: E|S| = (2/π) ∫ (1 − φ_S)/t².", vanishes(parts)),
        symbolic("−φ′(y)/y = E[w² sin(yw)/(yw)], for every w.", vanishes(ratio)),
    )


def fourth_power_identity() -> bool:
    """Whether `E (Σ u_i w_i)⁴ = 3 (Σ u_i²)² + (E w⁴ − 3) Σ u_i⁴` for two entries, E w² = 1."""
    u = sp.symbols("u1:3", real=True)
    w = sp.symbols("w1:3", real=True)
    k = sp.symbols("k", positive=True)
    moments = {0: 1, 2: 1, 4: k}
    power = sp.Poly(sp.expand(sum(a * b for a, b in zip(u, w, strict=True)) ** 4), *w)
    mean = sum(c * sp.prod([moments.get(e, 0) for e in exponents]) for exponents, c in power.terms())
    return vanishes(mean - 3 * sum(a**2 for a in u) ** 2 - (k - 3) * sum(a**4 for a in u))


def tends_to_one() -> bool:
    """Whether the computed bound rises along 10⁴, …, 10²⁰ equal entries of a law without third moment, to 1 − 1e-8."""
    bounds = [spread.equal_entries(10**k, spread.pareto(2.5)) for k in range(4, 21, 2)]
    return bool(np.all(np.diff(bounds) > 0) and bounds[-1] > 1 - 1e-8)


@false_with(factor=(Fraction(1, 2), 0), limit=(Fraction(1, 2),), floor=(2,))
def spread_bound(factor: Exact = 1, limit: Exact = 1, floor: Exact = 1) -> Derivation:
    """The lower bound of α_∞, and its limit 1."""
    along, beside, slack, delta, s, c = sp.symbols("E T r delta s c", positive=True)
    true = along**2 / (along**2 + beside**2)  # α²: f = ½E, and the part beside x is ½T at most, T + r = A + B
    stated = 1 / (1 + (factor * (beside + slack) / along) ** 2)
    smooth = 2 * sp.integrate(sp.exp(-c * s**2 / 2), (s, 0, sp.oo)) / sp.sqrt(2 * sp.pi)  # E e^{−S²/δ²}, c = 1 + 2/δ²
    rough = sp.sqrt(smooth.subs(c, 1 + 2 / delta**2))  # B, p = q = 2, at φ_S = e^{−t²/2}
    length = sp.symbols("l", positive=True)
    shorter = below_one(length)  # any ‖2μ‖ < 1
    return Derivation(
        "S = w·x, U = w·u, u ⊥ x unit; φ the characteristic function of w, h(s) = erf(s/δ√2).",
        (
            argued("By symmetry μ = ½ E[w sgn S], ⟨μ, x⟩ = ½ E|S|; beside x it has length ½ max_u E[U sgn S]."),
            argued("sgn S = h(S) + (sgn S − h(S))."),
            argued("Second term: |sgn s − h(s)| ≤ erfc(|s|/δ√2) ≤ e^{−s²/2δ²} (0 at s = 0), and Hölder: B."),
            argued(
                "First term: E[w_i sin(tS)] = −φ′(x_i t) Π_{k≠i} φ(x_k t), so E[w_i h(S)] = (1/π) ∫ −φ′(x_i t)/t "
                "Π_{k≠i} φ(x_k t) e^{−δ²t²/2} dt = x_i (c + e_i), where −φ′(y)/y = φ(y) + q(y), and c = (1/π) ∫ φ_S "
                "e^{−δ²t²/2} is the same for all i."
            ),
            argued("u ⊥ x makes Σ u_i x_i c = 0, and Cauchy–Schwarz leaves A."),
            argued(
                "q(y) = E[1 − cos yw] − E[w² (1 − sin(yw)/(yw))], the difference of two non-negative numbers, the "
                "first at most y²/2. For |y| ≤ √2, φ ≥ 1 − y²/2 ≥ 0, so the bound of φ is one of |φ|; elsewhere |φ| ≤ "
                "1."
            ),
            *elementary_inequalities(),
            *fourier_integrals(),
            symbolic(
                "E (Σ u_i w_i)⁴ = 3 (Σ u_i²)² + (E w⁴ − 3) Σ u_i⁴: a product of four entries has a mean only where "
                "they are equal in pairs, so two entries settle every number of them.",
                fourth_power_identity(),
            ),
            argued(
                "Limit: ℓ(x_i t) ≤ ℓ(t max|x|) → 0 for every t, so |φ_S(t)| → e^{−t²/2} at most, and dominated by "
                "e^{−δ²t²/4} A → 0, E|S| → √(2/π)."
            ),
            argued("Bessel: the w_i are orthonormal, so ‖2μ‖² = Σ (E[w_i sgn S])² ≤ E sgn² S ≤ 1."),
            computed(
                "For 10⁴, …, 10²⁰ equal entries and P(|w| > t) ∝ t^{−5/2}, E|w|³ = ∞, the bound rises, to 1 − 1e-8.",
                tends_to_one(),
            ),
        ),
        (
            symbolic(
                "w with i.i.d. symmetric entries of variance 1, ‖x‖ = 1: α_∞(x) ≥ 1/√(1 + ((A + B)/E|S|)²) with A, B, "
                "E|S| of theory.limit.spread, for every δ > 0;",
                certain(true - stated > 0),
            ),
            symbolic(
                "the bound tends to 1 as max|x_i| → 0, whatever the law: B → at most (δ²/(δ² + 2))^{¼}, then δ → 0;",
                vanishes(rough**4 - delta**2 / (delta**2 + 2))
                and sp.limit(1 / sp.sqrt(1 + (rough / sp.sqrt(2 / sp.pi)) ** 2), delta, 0) == limit,
            ),
            symbolic(
                "and α_∞(x) ≥ E|S| for every x.",
                certain(along / 2 / (shorter / 2) - floor * along > 0),  # f/‖μ‖
            ),
        ),
    )
