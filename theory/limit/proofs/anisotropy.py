"""The derivations behind `theory.limit.anisotropy`: what α_∞ = 1 at every x asks of the law of w.

The number by which the cosine transform multiplies a harmonic is checked in every degree and dimension; that harmonics
span, and so that the transform is injective, is by argument, and would be for a proof assistant.
"""

from __future__ import annotations

from collections.abc import Callable
from math import pi, sqrt
from operator import ge, gt
from typing import TYPE_CHECKING

import lazy_loader
import numpy as np

from nfrlab.theory.families import FAMILIES
from nfrlab.theory.limit import anisotropy
from nfrlab.theory.numerics.balls import PRECISION
from nfrlab.theory.numerics.proof import (
    Derivation,
    Exact,
    Relation,
    argued,
    below_one,
    certain,
    computed,
    false_with,
    symbolic,
    vanishes,
)

if TYPE_CHECKING:
    import flint
    import sympy as sp
else:
    flint = lazy_loader.load("flint")
    sp = lazy_loader.load("sympy")


def _multiplier(degree: Exact) -> bool:
    """Whether `(n − degree)(n + d − 1) ∫_0^1 t P w dt = −P(0)`, `w = (1 − t²)^{(d−3)/2}`, in every d, at every n.

    P is the zonal harmonic of degree n: `(1 − t²)P″ = (d − 1)tP′ − n(n + d − 2)P`. The integrand is the derivative of
    `−(1 − t²)^{(d−1)/2}(tP′ − P)`, which is P(0) at t = 0 and 0 at t = 1.
    """
    t, d, n = sp.symbols("t d n", positive=True)
    P = sp.Function("P")
    value, slope = P(t), P(t).diff(t)
    equation = ((d - 1) * t * slope - n * (n + d - 2) * value) / (1 - t**2)
    edge = -((1 - t**2) ** ((d - 1) / 2)) * (t * slope - value)
    moved = edge.diff(t).subs(P(t).diff(t, 2), equation) / (1 - t**2) ** ((d - 3) / 2)
    return vanishes(moved - (n - degree) * (n + d - 1) * t * value)


def _over_circle(g: Callable[[sp.Symbol], sp.Expr], power: int, weight: Exact = 1) -> sp.Expr:
    """`E[ρ^power g(φ)]` for d = 2 and the density `c/(2πρ^weight)`, ρ = 3 for |φ| < π/4, else 1."""
    phi = sp.symbols("phi", real=True)
    arcs = (-sp.pi / 4, sp.pi / 4), (sp.pi / 4, 7 * sp.pi / 4)
    c = 1 / (sp.Rational(3, 4) + sp.Rational(1, 4) * sp.Integer(3) ** -weight)
    radii = sp.Integer(3) ** (power - weight), sp.Integer(1)
    return c / (2 * sp.pi) * sum(r * sp.integrate(g(phi), (phi, *arc)) for r, arc in zip(radii, arcs, strict=True))


def _is_compensated(weight: Exact) -> bool:
    """Whether the law is one, d = 2, with E w = 0, and `E[ρ; φ]` has one density on both arcs: E|w·x| is constant."""
    law = (lambda phi: sp.Integer(1), 0, 1), (sp.cos, 1, 0), (sp.sin, 1, 0)
    even = sp.Integer(3) ** (1 - weight) == 1  # ρ · 1/ρ^weight on the quarter, and on the rest
    return bool(even) and all(vanishes(_over_circle(g, power, weight) - whole) for g, power, whole in law)


def _second_moments() -> list[sp.Expr]:
    """2E w_1², 2E w_2² of the compensated law, d = 2, and its mean square length, by integration.

    In every d ≥ 2: `d E(u_1² + u_2²) = 2`, `d E u_3² = 1`.
    """
    of: tuple[Callable[[sp.Symbol], sp.Expr], ...] = (
        lambda phi: 2 * sp.cos(phi) ** 2,
        lambda phi: 2 * sp.sin(phi) ** 2,
        lambda phi: sp.Integer(1),
    )
    return [_over_circle(g, 2) for g in of]


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


@false_with(odd=(2, -1), degree=(2, 0), weight=(0, 2))
def characterisation(odd: Exact = 1, degree: Exact = 1, weight: Exact = 1) -> Derivation:
    """α_∞ = 1 for every x: the necessary and sufficient condition."""
    p = sp.symbols("p", positive=True)
    relu = sp.Max
    parts = all(
        vanishes(relu(z, 0) - relu(-z, 0) - odd * z) and vanishes(relu(z, 0) + relu(-z, 0) - sp.Abs(z))
        for z in (p, -p, sp.Integer(0))
    )
    moments = _second_moments()
    closed = anisotropy.compensated_variances(3)
    return Derivation(
        "f(x) = E relu(w·x), μ = ∇f; the cosine transform of a measure on the sphere is x ↦ ∫ |u·x|.",
        (
            argued("α_∞ = 1 everywhere says ∇f ∥ x: f is constant on the sphere, f = c‖x‖, and conversely."),
            argued("The transform multiplies a harmonic of degree n by a number λ_n (Funk and Hecke)."),
            argued("P(0) ≠ 0 at even n: P is even, so P′(0) = 0, and P(0) = 0 would make it vanish (Picard)."),
            argued("So λ_n ≠ 0 at every even n: it is injective on even measures, and the uniform one gives ‖x‖."),
            argued("μ(x) = ½ E w + ½ E[w sgn(w·x)]: at a single x it is enough that this is parallel to x."),
            symbolic(
                "Equal second moments: the compensated law has (6/5)(3/2 ± 1/π, 3/2), by integration.",
                all(
                    vanishes(found - sp.Rational(6, 5) * (sp.Rational(3, 2) + part / sp.pi))
                    for found, part in zip(moments, (1, -1, 0), strict=True)
                ),
            ),
            computed(
                "theory.limit.anisotropy computes them.",
                all(abs(float(e) - c) < 1e-14 for e, c in zip(moments, closed, strict=True)),
            ),
            computed("d = 3: so is μ(x) at five x, by certified quadrature of density times length.", _in_space()),
        ),
        (
            symbolic(
                "E‖w‖ < ∞, d ≥ 2: α_∞(x) = 1 for every x ≠ 0 iff E w = 0 and the measure B ↦ E[‖w‖; w/‖w‖ ∈ B or "
                "−w/‖w‖ ∈ B] on the sphere is uniform: f(x) − f(−x) = ⟨E w, x⟩, f(x) + f(−x) = E|w·x|, and λ_n ∝ "
                "P(0)/((n − 1)(n + d − 1)).",
                parts and _multiplier(degree),
            ),
            symbolic(
                "Rotation invariance, symmetry, and equal second moments are all unnecessary: density (6/5)/ρ at "
                "length ρ√d, ρ = 3 where u_1 > |u_2|, else 1.",
                _is_compensated(weight) and not vanishes(moments[0] - moments[1]),
            ),
        ),
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


@false_with(order=(gt,), factor=(2,), distance=(2,), dimension=(0, 2))
def between(order: Relation = ge, factor: Exact = 1, distance: Exact = 1, dimension: Exact = 1) -> Derivation:
    """The two curves between which every worst α_∞ lies."""
    r, phi = sp.symbols("r phi", positive=True)
    g = sp.Function("g", positive=True)(phi)
    f = r * g
    radial, around = f.diff(r), f.diff(phi) / r
    least, above, slack, gain, D = sp.symbols("m delta epsilon L D", nonnegative=True)
    most = least + above + slack + sp.symbols("eta", nonnegative=True)  # max f ≥ ‖μ‖ = max f − ε, f(x̂) = min f + δ
    share, z = sp.symbols("s z", nonnegative=True)
    part = below_one(share)  # 0 ≤ g(w) < 1
    d = sp.symbols("d", integer=True, positive=True)
    axis_least, axis_most = 1 / (2 * sp.sqrt(d)), sp.sqrt(d) / (2 * sp.sqrt(d))  # ‖x̂‖₁/2√d at e_1 and on the diagonal
    axis = anisotropy.extremes("axis", 12)
    return Derivation(
        "f(x) = E relu(w·x), μ = ∇f, A = max f/min f over unit x; D the distance on the sphere of where they are.",
        (
            symbolic(
                "g z ≤ relu(z) for 0 ≤ g ≤ 1: ‖μ(x)‖ = ⟨μ(x), μ̂⟩ ≤ f(μ̂) ≤ max f.",
                certain(z - part * z >= 0) and certain(0 - part * -z >= 0),
            ),
            symbolic(
                "In the plane of x and μ, f = r g(φ): tan of the angle between ∇f and x is (log g)′.",
                vanishes(around / radial - sp.log(g).diff(phi)),
            ),
            argued(
                "Along a shortest arc from the least f to the largest log f gains ln A (f is Lipschitz, so "
                "differentiable almost everywhere; an arc of kinks is moved aside, at an arbitrarily small loss)."
            ),
            argued("If E w = 0, f is even, and one of ±x is within π/2; else D ≤ π."),
            computed("d = 2: ‖μ‖ ≤ max f at 24 directions for five families.", _no_longer_than_f()),
            computed(
                "axis: 1/A = 1/√d in theory.limit.anisotropy.", abs(anisotropy.floor(axis.ratio) - 12**-0.5) < 1e-14
            ),
            computed(
                "1/√(1 + tan²) at tan = ln A/D there.",
                abs(anisotropy.ceiling(float(np.exp(pi / 2))) - 1 / sqrt(2)) < 1e-15,
            ),
        ),
        (
            symbolic(
                "With A = max f/min f over unit x: α_∞(x) ≥ 1/A wherever f(x) > 0,",
                # f/‖μ‖ ≥ factor · min f/max f, cleared of denominators
                certain(order(sp.expand((least + above) * most - factor * least * (most - slack)), 0)),
            ),
            symbolic(
                "and inf α_∞ ≤ 1/√(1 + (ln A/D)²), D = π, or π/2 if E w = 0.",
                # a slope below distance · ln A/D all along an arc of length D would gain less than ln A
                certain(distance * gain / D * D - gain <= 0),
            ),
            symbolic(
                "`axis` attains the first.", vanishes(axis_least / axis_most - 1 / d ** (sp.sympify(dimension) / 2))
            ),
        ),
    )
