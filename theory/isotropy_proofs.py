"""The proofs behind `theory.anisotropy`: what α_∞ = 1 at every x asks of the law of w."""

from __future__ import annotations

from collections.abc import Callable
from math import pi, sqrt

import numpy as np
import sympy as sp

from theory import anisotropy
from theory.derivations import Derivation


def _zero(expression: sp.Expr) -> bool:
    return bool(sp.simplify(sp.expand(expression)) == 0)


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


QUARTER, REST = (-sp.pi / 4, sp.pi / 4), (sp.pi / 4, 7 * sp.pi / 4)


def _compensated(integral: Callable[[sp.Expr, sp.Expr], sp.Expr], power: int) -> sp.Expr:
    """`E[ρ^power g(φ)]` for d = 2 from ∫ g over an arc: density `(6/5)/(2πρ)`, ρ = 3 for |φ| < π/4, else 1."""
    arcs = sp.Integer(3) ** (power - 1) * integral(*QUARTER) + integral(*REST)
    return sp.Rational(6, 5) / (2 * sp.pi) * arcs


def _over(value: sp.Expr) -> Callable[[sp.Expr, sp.Expr], sp.Expr]:
    """The integral of an expression in φ."""
    phi = sp.symbols("phi", real=True)
    return lambda low, high: sp.integrate(value, (phi, low, high))


def _is_a_law() -> bool:
    """The compensated law, d = 2: its density integrates to 1, its mean is 0."""
    phi = sp.symbols("phi", real=True)
    cases = (sp.Integer(1), 0, 1), (sp.cos(phi), 1, 0), (sp.sin(phi), 1, 0)
    return all(_zero(_compensated(_over(value), power) - whole) for value, power, whole in cases)


def _is_constant() -> bool:
    """`E|w·x|` of the compensated law, d = 2, at eight angles, is twice what `compensated_mean` says.

    `∫_0^z |cos| = 2n + (−1)^n sin z`, n = ⌊z/π + ½⌋.
    """

    def primitive(z: sp.Expr) -> sp.Expr:
        n = sp.floor(z / sp.pi + sp.Rational(1, 2))
        return 2 * n + (-1) ** n * sp.sin(z)

    def mean(a: sp.Expr) -> sp.Expr:
        return sp.sqrt(2) * _compensated(lambda low, high: primitive(high - a) - primitive(low - a), 1)

    claimed = 2 * float(np.linalg.norm(anisotropy.compensated_mean(np.array([0.6, -0.8])).value))
    return all(abs(float(mean(k * sp.pi / 7)) - claimed) < 1e-13 for k in range(8))


def _second_moments() -> bool:
    """The compensated law's second moments for d = 2, by integration."""
    phi = sp.symbols("phi", real=True)
    found = [2 * _compensated(_over(g**2), 2) for g in (sp.cos(phi), sp.sin(phi))]
    closed = anisotropy.compensated_variances(2)
    return all(abs(float(e) - c) < 1e-14 for e, c in zip(found, closed, strict=True))


def characterisation() -> Derivation:
    """α_∞ = 1 for every x: necessary and sufficient."""
    return Derivation(
        "E‖w‖ < ∞, d ≥ 2: α_∞(x) = 1 for every x ≠ 0 iff E w = 0 and the measure B ↦ E[‖w‖; w/‖w‖ ∈ B or −w/‖w‖ ∈ "
        "B] on the sphere is uniform. Rotation invariance, symmetry, and equal second moments are all unnecessary.",
        "α_∞ = 1 everywhere says ∇f ∥ x with f = E relu(w·x): f is constant on the sphere, f = c‖x‖, and "
        "conversely. Its odd part is f(x) − f(−x) = ⟨E w, x⟩, so E w = 0; its even part says E|w·x| = 2c‖x‖. "
        "E|w·x| is the cosine transform of the symmetrised measure of directions weighted by ‖w‖; that transform "
        "multiplies a harmonic of degree n by a number (Funk and Hecke) which is not 0 for even n, so it is "
        "injective on even measures, and the uniform one gives ‖x‖. In particular μ(x) = ½ E w + ½ E[w sgn(w·x)], "
        "and at a single x it is enough that this is parallel to x. Example: density ∝ 1/ρ(u) at length ρ(u), any "
        "ρ.",
        (
            ("the cosine transform annuls no even harmonic: d = 2 to degree 6, d = 3 to degree 20", _even_harmonics()),
            ("compensated law, d = 2: it is one, and E w = 0", _is_a_law()),
            ("compensated law, d = 2: E|w·x| at eight angles is what theory.anisotropy computes", _is_constant()),
            ("its second moments are not equal: (6/5)(3/2 ± 1/π), by integration", _second_moments()),
        ),
    )


def between() -> Derivation:
    """The two curves that every worst α_∞ lies between."""
    phi, a = sp.symbols("phi a", positive=True)
    f = sp.exp(a * phi)  # equality: log f linear in the angle
    slope = sp.simplify(f.diff(phi) / f)
    axis = anisotropy.extremes("axis", 12)
    return Derivation(
        "With A = max f/min f over unit x: α_∞(x) ≥ 1/A wherever f(x) > 0, and inf α_∞ ≤ 1/√(1 + (ln A/D)²), D = π, or "
        "π/2 if E w = 0. `axis` attains the first.",
        "f is the support function of the convex body {E[w g(w)] : 0 ≤ g ≤ 1}, and μ(x) a point of it: ‖μ(x)‖ = "
        "⟨μ(x), μ̂⟩ ≤ f(μ̂) ≤ max f. Hence α_∞(x) = f(x̂)/‖μ(x)‖ ≥ min f/max f. On the sphere |∇ log f| = ‖μ⊥‖/⟨μ, x̂⟩ = "
        "tan ∠(μ, x); along a shortest arc from the least f to the largest, of length at most D, log f gains ln A, so "
        "its slope is ln A/D somewhere (f is Lipschitz, so differentiable almost everywhere; an arc of kinks is moved "
        "aside, at an arbitrarily small loss). If E w = 0, f is even, and one of ±x is within π/2.",
        (
            ("log f linear in the angle: tan is its slope", slope == a),
            ("axis: 1/A = 1/√d, the infimum of its α_∞", abs(anisotropy.floor(axis.ratio) - 1 / sqrt(12)) < 1e-14),
            ("1/√(1 + tan²) at tan = ln A/D", abs(anisotropy.ceiling(float(np.exp(pi / 2))) - 1 / sqrt(2)) < 1e-15),
        ),
    )


def infinite_mean() -> Derivation:
    """Rotation-invariant laws without a mean."""
    n, nu, k = sp.symbols("n nu k", positive=True)
    terms = sp.summation(1 / k**2, (k, 1, sp.oo))
    largest = sp.limit(1 - (1 - 1 / n) ** n, n, sp.oo)
    return Derivation(
        "w rotation invariant with P(‖w‖ > t) ~ t^{−ν}: α → 1 almost surely for ν > 1 (variance infinite for ν ≤ "
        "2), in probability for ν = 1; for ν < 1 α converges in law, to a random limit that is < 1.",
        "ν > 1: E‖w‖ < ∞, the law of large numbers and μ ∝ x. ν = 1: E[w 1(w·x > 0); ‖w‖ ≤ n] ∝ log n · x̂ by "
        "rotation invariance, and the weak law as for Cauchy entries. ν < 1: N^{−1/ν} R tends in law to Σ_j "
        "Γ_j^{−1/ν} s_j u_j (LePage), Γ_j the arrivals of a Poisson process, u_j uniform on the half-sphere w·x > "
        "0: a few largest neurons make the map, and they do not lie along x.",
        (
            ("Σ Γ_j^{−1/ν} converges for ν < 1 as Γ_j ~ j: at ν = ½, Σ j^{−2} = π²/6", _zero(terms - sp.pi**2 / 6)),
            ("P(the largest of N exceeds N^{1/ν}) → 1 − 1/e", _zero(largest - 1 + sp.exp(-1))),
            ("for every ν, as P(‖w‖ > N^{1/ν}) = 1/N", _zero((n ** (1 / nu)) ** (-nu) - 1 / n)),
        ),
    )
