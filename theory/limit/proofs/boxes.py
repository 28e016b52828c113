"""The derivation behind the worst directions of U[−1, 1] and of Laplace entries, whose f is the same one, turned."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import lazy_loader

from nfrlab.theory.limit import worst_alignment
from nfrlab.theory.numerics.balls import around
from nfrlab.theory.numerics.proof import (
    Derivation,
    Exact,
    argued,
    certain,
    computed,
    enclosed,
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


def triangle_mean_abs() -> tuple[tuple[sp.Symbol, ...], sp.Expr]:
    """(x, E|w·x|) for U[−1, 1] in R³ where no coordinate exceeds the sum of the others."""
    x = sp.symbols("x1 x2 x3", positive=True)
    excess = x[1] + x[2] - x[0]
    return x, x[0] / 2 + (x[1] ** 2 + x[2] ** 2) / (6 * x[0]) - excess**4 / (48 * x[0] * x[1] * x[2])


def _is_triangle_alignment() -> bool:
    """Whether the theory's α_∞ of U[−1, 1] at (1, 4/5, 3/5) is that of the gradient of `triangle_mean_abs`."""
    x, h = triangle_mean_abs()
    at = {x[0]: 1, x[1]: sp.Rational(4, 5), x[2]: sp.Rational(3, 5)}
    gradient = [h.diff(t).subs(at) for t in x]
    exact = sum(g * v for g, v in zip(gradient, at.values(), strict=True)) / sp.sqrt(
        sum(g**2 for g in gradient) * sum(v**2 for v in at.values())
    )
    found = float(worst_alignment.triangle_alignment(flint.arb(3) / 5, flint.arb(2) / 3).mid())
    return abs(found - float(exact)) < 1e-14


@false_with(three=(2, 4), root=(-4, -6), turned=(1, Fraction(1, 2)))
def uniform_law(three: Exact = 3, root: Exact = -5, turned: Exact = Fraction(3, 4)) -> Derivation:
    """U[−1, 1]: f with and without a dominant coordinate, its least α_∞ for d = 2; Laplace entries for d = 2."""
    w, T, s, e, p, q, y = sp.symbols("w T s e p q y", positive=True)
    inner = (sp.integrate(w + T, (w, -T, 1)) + sp.integrate(-w - T, (w, -1, -T))) / 2  # E|w_1 + T|, |T| ≤ 1
    outside = sp.integrate(sp.integrate((e - p - q) ** 2, (q, 0, e - p)), (p, 0, e))
    f = y / 4 + s / (12 * y)  # at x_1 = y, Σ_{i≥2} x_i² = s: μ_1 = ∂f/∂y, and 2 ∂f/∂s x_i
    size = f.diff(y) ** 2 + (2 * f.diff(s)) ** 2 * s
    derived = (f**2 / (size * (y**2 + s))).subs(y, 1)
    square = (three + s) ** 2 / ((9 - 2 * s + s**2) * (1 + s))
    least = 2 * sp.sqrt(7) + root
    a, b, u = sp.symbols("a b u", positive=True)
    split = (a**2 / (1 + a**2 * u) - b**2 / (1 + b**2 * u)) / (a**2 - b**2) - 1 / ((1 + a**2 * u) * (1 + b**2 * u))
    laplace, boxes = (a**2 + a * b + b**2) / (a + b), a + b + (a - b) ** 2 / (3 * (a + b))
    value = worst_alignment.dominated_minimum()
    same = value.overlaps(around(sp.sqrt(derived.subs(s, least))))
    return Derivation(
        "U[−1, 1], x_1 ≥ Σ_{i≥2}|x_i|, T = Σ_{i≥2} w_i x_i; Laplace entries with d = 2, a = x_1, b = x_2.",
        (
            symbolic("Given T, |T| ≤ 1 = x_1, E|w_1 + T| = (1 + T²)/2.", vanishes(inner - (1 + T**2) / 2)),
            symbolic(
                "E T² = s/3, so f = x_1/4 + s/12x_1 with s = Σ_{i≥2} x_i².",
                vanishes((1 + s / 3) / 4 - f.subs(y, 1)) and sp.integrate(w**2, (w, 0, 1)) == sp.Rational(1, 3),
            ),
            symbolic(
                "d = 3 without a dominant coordinate: (|T| − 1)₊²/2 is subtracted, a corner with ∫∫ (e − p − q)² = "
                "e⁴/12.",
                vanishes(outside - e**4 / 12),
            ),
            computed("triangle_alignment is cos(∇h, x) at (1, 4/5, 3/5).", _is_triangle_alignment()),
            symbolic("Laplace: w·x is a signed mixture of scales a and b, by partial fractions.", vanishes(split)),
            argued("Its weights a²/(a² − b²) and −b²/(a² − b²) give E|w·x| = (a³ − b³)/(a² − b²)."),
        ),
        (
            symbolic(
                "U[−1, 1]: for x_1 ≥ Σ_{i≥2}|x_i| α_∞² = (3 + s)²/((9 − 2s + s²)(1 + s)), s = Σ_{i≥2} x_i²/x_1², in "
                "every d;",
                vanishes(derived - square),
            ),
            symbolic(
                "its minimum, at s = 2√7 − 5, is the infimum for d = 2:",
                # the one stationary point in (0, 1), below the value 1 at both ends
                sp.solveset(sp.numer(sp.together(derived.diff(s))), s, sp.Interval.open(0, 1)) == {least}
                and certain(derived.subs(s, least) < 1)
                and derived.subs(s, 0) == derived.subs(s, 1) == 1,
            ),
            enclosed(
                "0.993315.", same and bool(value > flint.arb("0.9933145")) and bool(value < flint.arb("0.9933155"))
            ),
            symbolic(
                "Laplace entries have the same one, turned by 45°: (a³ − b³)/(a² − b²) = ¾ (u + v²/3u), u = a + b, v = "
                "a − b.",
                vanishes((a**3 - b**3) / (a**2 - b**2) - laplace) and vanishes(laplace - turned * boxes),
            ),
        ),
    )
