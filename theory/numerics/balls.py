"""Enclosures in ball arithmetic (Arb, through python-flint) of constants and of the alignments of counterexamples."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    import flint
    import sympy as sp
else:
    flint = lazy_loader.load("flint")


PRECISION = 128  # bits


def ball(value: Fraction | int) -> flint.arb:
    """The smallest ball around a rational number."""
    exact = Fraction(value)
    return flint.arb(flint.fmpq(exact.numerator, exact.denominator))


def around(number: sp.Expr) -> flint.arb:
    """A ball of radius 1e-28 around a real number of size at most 1, from the 40 digits that SymPy evaluates."""
    flint.ctx.prec = PRECISION
    return flint.arb(str(number.evalf(40)), 1e-28)


def endpoints(x: flint.arb) -> tuple[float, float]:
    """(low, high): floats on either side of the ball, rounded outwards."""
    margin = 1e-15 * max(1.0, abs(float(x.mid())))  # float() rounds to nearest, either end may lie inside
    return float(x.lower()) - margin, float(x.upper()) + margin


def pi() -> flint.arb:
    """π."""
    flint.ctx.prec = PRECISION
    return flint.arb.pi()


def acos(numerator: int, denominator: int) -> flint.arb:
    """`arccos(numerator / denominator)`."""
    flint.ctx.prec = PRECISION
    return ball(Fraction(numerator, denominator)).acos()


def cosine(u: Sequence[Fraction | int], v: Sequence[Fraction | int]) -> flint.arb:
    """`⟨u, v⟩ / (‖u‖‖v‖)` of two rational vectors of R^d. Raises `ZeroDivisionError` where one of them is zero."""
    flint.ctx.prec = PRECISION
    inner = sum(Fraction(a) * b for a, b in zip(u, v, strict=True))
    squares = [sum(Fraction(a) ** 2 for a in w) for w in (u, v)]
    if 0 in squares:
        raise ZeroDivisionError("a zero vector has no alignment")
    return ball(inner) / (ball(squares[0]) * ball(squares[1])).sqrt()


def half_space_constant(family: str, d: int) -> flint.arb:
    """`c = ½ E‖w‖ E|u_1|` of `μ(x) = c x̂` for a rotation-invariant family in R^d, in closed form.

    gaussian: `1/√(2π)`. sphere, ring, haar, tilted: `√d Γ(d/2) / (2√π Γ((d+1)/2))`. student (ν = 3):
    `√(3/2) Γ(1)/Γ(3/2) / √(2π)`. Raises `KeyError` for another family.
    """
    flint.ctx.prec = PRECISION
    half = flint.arb(1) / 2
    gaussian = 1 / (2 * flint.arb.pi()).sqrt()
    if family == "gaussian":
        return gaussian
    if family == "student":
        return gaussian * (flint.arb(3) / 2).sqrt() / (flint.arb(3) / 2).gamma()
    if family in {"sphere", "ring", "haar", "tilted"}:
        return (
            half
            * flint.arb(d).sqrt()
            * (flint.arb(d) / 2).gamma()
            / (flint.arb.pi().sqrt() * ((flint.arb(d) + 1) / 2).gamma())
        )
    raise KeyError(family)


def zplus_limit_alignment(x: Sequence[int], bottom: bool) -> flint.arb:
    """`α_∞` of the z⁺ filter with a scalar γ, isotropic weights and a non-zero integer x.

    The limit direction is `1 + x̂`, and `x ⊙ (1 + x̂)` with the bottom process.
    """
    flint.ctx.prec = PRECISION
    norm = flint.arb(sum(t * t for t in x)).sqrt()
    direction = [(1 + t / norm) * (t if bottom else 1) for t in x]
    inner = sum((u * t for u, t in zip(direction, x, strict=True)), flint.arb(0))
    return inner / (norm * sum((u * u for u in direction), flint.arb(0)).sqrt())


def kappa(rule: str, family: str, d: int, q: float = 0.9) -> flint.arb:
    """κ of `tan² → κ (d − 1)/N` in closed form, as `theory.finite_width.rate.kappa` computes it by quadrature.

    The rules are activation, constant, positive (s = |N(0, 1)| on all active neurons), gbp and, at Gaussian weights,
    rectgrad with its quantile level q. Raises `KeyError` where there is no closed form: RectGrad at other weights,
    Activation at Student weights.
    """
    flint.ctx.prec = PRECISION
    if (rule, family) == ("rectgrad", "gaussian"):
        return rectgrad_kappa(1 - ball(Fraction(str(q))))
    gaussian = {
        "activation": flint.arb(2),
        "constant": flint.arb.pi(),
        "positive": flint.arb.pi() ** 2 / 2,
        "gbp": flint.arb.pi() ** 2,
    }[rule]
    if family == "gaussian":
        return gaussian
    if family == "student":
        return gaussian * {rule: flint.arb.pi() / 2 for rule in ("constant", "positive", "gbp")}[rule]
    second, fourth = {"sphere": (flint.arb(1), flint.arb(1)), "ring": (ring_moment(2), ring_moment(4))}[family]
    if rule == "activation":
        return gaussian * flint.arb(d) / (d + 2) * fourth / second**2
    coordinate = (flint.arb(d) / 2).gamma() / (flint.arb.pi().sqrt() * ((flint.arb(d) + 1) / 2).gamma())  # E|u_1|
    return gaussian * 2 / (flint.arb.pi() * d * coordinate**2) * second


def ring_moment(p: int) -> flint.arb:
    """`E ρ^p`, ρ uniform in [4/5, 6/5]."""
    low, high = ball(Fraction(4, 5)), ball(Fraction(6, 5))
    return (high ** (p + 1) - low ** (p + 1)) / ((p + 1) * (high - low))


def rectgrad_kappa(p: flint.arb) -> flint.arb:
    """`κ = 2π (V K₀(V) + 2πp)/(V K₁(V))²` where `∫_V^∞ K₀ = 2πp`, for the share `10⁻⁶ < p < 0.24` that passes.

    Raises `ArithmeticError` for another p.
    """
    low, high, level = flint.arb(0.01), flint.arb(16), 2 * flint.arb.pi() * p
    if not (bessel_tail(low) > level > bessel_tail(high)):
        raise ArithmeticError("the share that passes is not between 10⁻⁶ and 0.24")
    for _ in range(45):  # the tail falls in V; 45 halvings leave 5e-13 of it
        middle = flint.arb(((low + high) / 2).mid())
        tail = bessel_tail(middle)
        # a tail that overlaps the level moves neither end, so the root stays enclosed
        low, high = (middle if tail > level else low), (middle if tail < level else high)
    V = low.union(high)
    return 2 * flint.arb.pi() * (V * V.bessel_k(0) + 2 * flint.arb.pi() * p) / (V * V.bessel_k(1)) ** 2


def bessel_tail(V: flint.arb) -> flint.arb:
    """`∫_V^∞ K₀`: an integral up to V + 30; the rest is below K₀(V + 30), as K₀ < K₁ = −K₀′."""
    ends = [flint.acb(V + step) for step in (0, 1, 8, 30)]
    inside = sum((flint.acb.integral(lambda t, _: t.bessel_k(0), a, b).real for a, b in pairwise(ends)), flint.arb(0))
    return inside + flint.arb(0).union((V + 30).bessel_k(0))
