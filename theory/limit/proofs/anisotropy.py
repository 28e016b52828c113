"""The derivations behind `theory.limit.anisotropy`: what α_∞ = 1 at every x asks of the law of w."""

from __future__ import annotations

from collections.abc import Callable
from math import pi, sqrt
from typing import TYPE_CHECKING

import lazy_loader
import numpy as np

from nfrlab.theory.families import FAMILIES
from nfrlab.theory.limit import anisotropy
from nfrlab.theory.numerics.balls import PRECISION
from nfrlab.theory.numerics.proof import Derivation, vanishes

if TYPE_CHECKING:
    import flint
    import sympy as sp
else:
    flint = lazy_loader.load("flint")
    sp = lazy_loader.load("sympy")


def _even_harmonics() -> bool:
    """Whether the cosine transform annuls no even harmonic: on the circle to degree 6, on the sphere to degree 20.

    `∫|cos φ| cos 2kφ = (−1)^{k+1} 4/(4k² − 1)`, and on the sphere of R³ `∫|t| P_{2k}(t) dt ≠ 0`.
    """
    t, phi = sp.symbols("t phi", real=True)
    quarter = phi, 0, sp.pi / 2
    circle = [
        4 * sp.integrate(sp.cos(phi) * sp.cos(2 * k * phi), quarter) == sp.Integer(-1) ** (k + 1) * 4 / (4 * k**2 - 1)
        for k in map(sp.Integer, (1, 2, 3))
    ]
    return all(circle) and all(sp.Poly(t * sp.legendre(2 * k, t), t).integrate().eval(1) != 0 for k in range(11))


def _compensated(integral: Callable[[sp.Expr, sp.Expr], sp.Expr], power: int) -> sp.Expr:
    """`E[ρ^power g(φ)]` for d = 2 from ∫ g over an arc: density `(6/5)/(2πρ)`, ρ = 3 for |φ| < π/4, else 1."""
    quarter, rest = (-sp.pi / 4, sp.pi / 4), (sp.pi / 4, 7 * sp.pi / 4)
    arcs = sp.Integer(3) ** (power - 1) * integral(*quarter) + integral(*rest)
    return sp.Rational(6, 5) / (2 * sp.pi) * arcs


def _over(value: sp.Expr) -> Callable[[sp.Expr, sp.Expr], sp.Expr]:
    """The integral of an expression in φ, as a function of its limits."""
    phi = sp.symbols("phi", real=True)
    return lambda low, high: sp.integrate(value, (phi, low, high))


def _is_a_law() -> bool:
    """Whether the density of the compensated law, d = 2, integrates to 1 and its mean is 0."""
    phi = sp.symbols("phi", real=True)
    cases = (sp.Integer(1), 0, 1), (sp.cos(phi), 1, 0), (sp.sin(phi), 1, 0)
    return all(vanishes(_compensated(_over(value), power) - whole) for value, power, whole in cases)


def _is_constant() -> bool:
    """Whether `E|w·x|` of the compensated law, d = 2, is twice what `compensated_mean` says, at eight angles.

    `∫_0^z |cos| = 2n + (−1)^n sin z`, n = ⌊z/π + ½⌋.
    """

    def primitive(z: sp.Expr) -> sp.Expr:
        n = sp.floor(z / sp.pi + sp.Rational(1, 2))
        return 2 * n + (-1) ** n * sp.sin(z)

    def mean(a: sp.Expr) -> sp.Expr:
        return sp.sqrt(2) * _compensated(lambda low, high: primitive(high - a) - primitive(low - a), 1)

    claimed = 2 * float(np.linalg.norm(anisotropy.compensated_mean(np.array([0.6, -0.8])).value))
    return all(abs(float(mean(k * sp.pi / 7)) - claimed) < 1e-13 for k in range(8))


PLACES = ((3.0, -1.0, 2.0), (0.0, 1.0, 0.25), (1.0, -1.0, 0.125), (-2.0, 1.0, 1.0), (1.0, 0.0, -4.0))


def quarter_mean(x: tuple[float, float, float], density: tuple[float, float] = (0.4, 1.2)) -> list[flint.arb]:
    """`½ ∇E|w·x|` for d = 3, x_3 ≠ 0, by certified quadrature; it is μ(x) where E w = 0.

    With φ the angle of (w_1, w_2), neurons have length 3√3 where |φ| < π/4 and √3 elsewhere, and there the two
    densities to the uniform direction. The mean of |u·x| over the directions u of one φ is
    `½(|x_3| + A atan(A/|x_3|))`, `A = x_1 cos φ + x_2 sin φ`: its gradient is integrated over φ, arc by arc.
    """
    flint.ctx.prec = PRECISION
    c = flint.acb(abs(x[2]))

    def arc(part: Callable[[flint.acb, flint.acb], flint.acb], low: flint.arb, high: flint.arb) -> flint.arb:
        def integrand(phi: flint.acb, _: bool) -> flint.acb:
            return part(phi, flint.acb(x[0]) * phi.cos() + flint.acb(x[1]) * phi.sin())

        return flint.acb.integral(integrand, flint.acb(low), flint.acb(high)).real

    def slope(A: flint.acb) -> flint.acb:
        return ((A / c).atan() + A * c / (A * A + c * c)) / 2

    parts: tuple[Callable[[flint.acb, flint.acb], flint.acb], ...] = (
        lambda phi, A: phi.cos() * slope(A),
        lambda phi, A: phi.sin() * slope(A),
        lambda _, A: (1 if x[2] > 0 else -1) * c * c / (A * A + c * c) / 2,
    )
    pi_4 = flint.arb.pi() / 4
    unit = flint.arb(3).sqrt() / (4 * flint.arb.pi())
    long, short = 3 * flint.arb(density[0]) * unit, flint.arb(density[1]) * unit
    return [long * arc(part, -pi_4, pi_4) + short * arc(part, pi_4, 7 * pi_4) for part in parts]


def quarter_alignment(x: tuple[float, float, float], density: tuple[float, float] = (0.4, 1.2)) -> flint.arb:
    """α_∞ at x of `quarter_mean`, enclosed."""
    mean = quarter_mean(x, density)
    inner = sum((m * t for m, t in zip(mean, x, strict=True)), flint.arb(0))
    return inner / (sum((m * m for m in mean), flint.arb(0)) * sum(t * t for t in x)).sqrt()


def _in_space() -> bool:
    """Whether `quarter_mean` is `compensated_mean` at five x around the quarter, d = 3."""
    return all(
        np.allclose([float(m.mid()) for m in quarter_mean(x)], anisotropy.compensated_mean(np.array(x)).value, 1e-13)
        for x in PLACES
    )


def _second_moments() -> bool:
    """Whether the second moments of the compensated law are those of `compensated_variances`, by integration.

    In every d ≥ 2: `d E(u_1² + u_2²) = 2`, `d E u_3² = 1`.
    """
    phi = sp.symbols("phi", real=True)
    found = [_compensated(_over(g), 2) for g in (2 * sp.cos(phi) ** 2, 2 * sp.sin(phi) ** 2, sp.Integer(1))]
    closed = anisotropy.compensated_variances(3)
    return all(abs(float(e) - c) < 1e-14 for e, c in zip(found, closed, strict=True))


def characterisation() -> Derivation:
    """α_∞ = 1 for every x: the necessary and sufficient condition."""
    return Derivation(
        "E‖w‖ < ∞, d ≥ 2: α_∞(x) = 1 for every x ≠ 0 iff E w = 0 and the measure B ↦ E[‖w‖; w/‖w‖ ∈ B or −w/‖w‖ ∈ B] "
        "on the sphere is uniform. Rotation invariance, symmetry, and equal second moments are all unnecessary.",
        "α_∞ = 1 everywhere says ∇f ∥ x with f = E relu(w·x): f is constant on the sphere, f = c‖x‖, and conversely. "
        "Its odd part is f(x) − f(−x) = ⟨E w, x⟩, so E w = 0; its even part says E|w·x| = 2c‖x‖. E|w·x| is the cosine "
        "transform of the symmetrised measure of directions weighted by ‖w‖; that transform multiplies a harmonic of "
        "degree n by a number (Funk and Hecke) which is not 0 for even n, so it is injective on even measures, and "
        "the uniform one gives ‖x‖. In particular μ(x) = ½ E w + ½ E[w sgn(w·x)], and at a single x it is enough that "
        "this is parallel to x. Example: density c/ρ(u) at length ρ(u)√d, any ρ: E[‖w‖ g(w/‖w‖)] = c√d ∫ g dσ for "
        "every g, so weighted directions are uniform. The compensated law: ρ = 3 where u_1 > |u_2|, a quarter of the "
        "sphere in every d ≥ 2 as the angle of (u_1, u_2) is uniform, so c = 1/(¾ + ¼·⅓) = 6/5.",
        (
            ("the cosine transform annuls no even harmonic: d = 2 to degree 6, d = 3 to degree 20", _even_harmonics()),
            ("compensated law, d = 2: it is one, and E w = 0", _is_a_law()),
            ("compensated law, d = 2: E|w·x| at eight angles is what theory.limit.anisotropy computes", _is_constant()),
            ("d = 3: so is μ(x) at five x, by certified quadrature of density times length", _in_space()),
            ("its second moments are not equal: (6/5)(3/2 ± 1/π), by integration", _second_moments()),
        ),
    )


def _slope_is_tangent() -> bool:
    """Whether the angle between ∇f and x has the tangent (log g)′, for `f = r g(φ)` in the plane with any g.

    `⟨∇f, x̂⟩ = g` and `‖∇f‖² = g² + g′²`, so the tangent is g′/g.
    """
    r, phi = sp.symbols("r phi", positive=True)
    g = sp.Function("g")(phi)
    f = r * g
    along, aside = f.diff(r), f.diff(phi) / r
    x = sp.Matrix([r * sp.cos(phi), r * sp.sin(phi)])
    gradient = x.jacobian([r, phi]).inv().T * sp.Matrix([f.diff(r), f.diff(phi)])
    return all(
        vanishes(sp.simplify(e))
        for e in (
            gradient.dot(x) / r - along,
            gradient.dot(gradient) - along**2 - aside**2,
            (aside / along) - sp.log(g).diff(phi),
        )
    )


def _no_longer_than_f() -> bool:
    """Whether `‖μ(x)‖ ≤ max f` at 24 directions of the plane, for five families."""
    angles = (np.arange(24) + 0.3) * pi / 12
    names = "axis", "powerlaw", "shifted", "uniform", "laplace"
    return all(
        np.linalg.norm(FAMILIES[name].half_space_mean(np.array([np.cos(t), np.sin(t)])).value)
        <= anisotropy.extremes(name, 2).high + 1e-12
        for name in names
        for t in angles
    )


def between() -> Derivation:
    """The two curves between which every worst α_∞ lies."""
    axis = anisotropy.extremes("axis", 12)
    return Derivation(
        "With A = max f/min f over unit x: α_∞(x) ≥ 1/A wherever f(x) > 0, and inf α_∞ ≤ 1/√(1 + (ln A/D)²), D = π, "
        "or π/2 if E w = 0. `axis` attains the first.",
        "f is the support function of the convex body {E[w g(w)] : 0 ≤ g ≤ 1}, and μ(x) a point of it: ‖μ(x)‖ = "
        "⟨μ(x), μ̂⟩ ≤ f(μ̂) ≤ max f. Hence α_∞(x) = f(x̂)/‖μ(x)‖ ≥ min f/max f. On the sphere |∇ log f| = ‖μ⊥‖/⟨μ, "
        "x̂⟩ = tan ∠(μ, x); along a shortest arc from the least f to the largest, of length at most D, log f gains ln "
        "A, so its slope is ln A/D somewhere (f is Lipschitz, so differentiable almost everywhere; an arc of kinks is "
        "moved aside, at an arbitrarily small loss). If E w = 0, f is even, and one of ±x is within π/2.",
        (
            ("in the plane of x and μ, f = r g(φ): tan of the angle between ∇f and x is (log g)′", _slope_is_tangent()),
            ("d = 2: ‖μ‖ ≤ max f at 24 directions for five families", _no_longer_than_f()),
            ("axis: 1/A = 1/√d, the infimum of its α_∞", abs(anisotropy.floor(axis.ratio) - 1 / sqrt(12)) < 1e-14),
            ("1/√(1 + tan²) at tan = ln A/D", abs(anisotropy.ceiling(float(np.exp(pi / 2))) - 1 / sqrt(2)) < 1e-15),
        ),
    )


def infinite_mean() -> Derivation:
    """Rotation-invariant laws without a mean: where α still tends to 1, and where it has a random limit."""
    t, b, n, nu = sp.symbols("t b n nu", positive=True)
    first, second = (sp.integrate(t**k * t**-2, (t, 1, b)) for k in (1, 2))  # ν = 1, P(‖w‖ > t) = 1/t for t ≥ 1
    scale = n * sp.log(n)
    weak = [sp.limit(e, n, sp.oo) for e in (n / scale, n * second.subs(b, scale) / scale**2)]
    ratio = sp.limit(n * first.subs(b, scale) / scale, n, sp.oo)
    small = sp.integrate(nu * t ** (-nu), t)  # of E[‖w‖; ‖w‖ ≤ t], density ν t^{−ν−1}, ν ≠ 1
    rest = small.subs(nu, sp.Rational(1, 2)).subs(t, b * n**2) - small.subs(nu, sp.Rational(1, 2)).subs(t, 1)
    left = sp.limit(n ** (1 - 2) * rest, n, sp.oo)
    return Derivation(
        "w rotation invariant with P(‖w‖ > t) ~ t^{−ν}, d ≥ 2: α → 1 almost surely for ν > 1 (variance infinite for ν "
        "≤ 2), in probability for ν = 1; for ν < 1 α converges in law, to a random limit that is < 1.",
        "ν > 1: E‖w‖ < ∞, the law of large numbers and μ ∝ x. ν = 1: E[w 1(w·x > 0); ‖w‖ ≤ b] ∝ log b · x̂ by "
        "rotation invariance; with b = N log N the weak law for triangular arrays holds and R/(N log N) tends to a "
        "multiple of x̂. ν < 1: N^{−1/ν} R tends in law to Σ_j Γ_j^{−1/ν} s_j u_j (LePage), Γ_j the arrivals of a "
        "Poisson process, u_j uniform on the half-sphere w·x > 0; what neurons below ε N^{1/ν} add vanishes with ε. "
        "Given all the rest the part of u_1 beside x has no atom for d ≥ 2, so the sum is almost surely not along x.",
        (
            ("ν = 1: N P(‖w‖ > b) → 0 and N E[‖w‖²; ‖w‖ ≤ b]/b² → 0 at b = N log N", weak == [0, 0]),
            ("ν = 1: N E[‖w‖; ‖w‖ ≤ b]/b → 1", ratio == 1),
            (
                "ν = ½: N^{1−1/ν} E[‖w‖; ‖w‖ ≤ ε N^{1/ν}] → √ε, which vanishes with ε",
                vanishes(left - sp.sqrt(b)) and sp.limit(left, b, 0) == 0,
            ),
        ),
    )
