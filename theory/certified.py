"""Ball-arithmetic enclosures (Arb, through python-flint) of the constants and of the counterexamples' alignments."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from flint import arb, ctx, fmpq

PRECISION = 128


def ball(value: Fraction | int) -> arb:
    """A rational number as a ball."""
    exact = Fraction(value)
    return arb(fmpq(exact.numerator, exact.denominator))


def endpoints(x: arb) -> tuple[float, float]:
    """A ball as an outward-rounded pair of floats."""
    margin = 1e-15 * max(1.0, abs(float(x.mid())))
    return float(x.lower()) - margin, float(x.upper()) + margin


def pi() -> arb:
    """π."""
    ctx.prec = PRECISION
    return arb.pi()


def acos(numerator: int, denominator: int) -> arb:
    """`arccos(numerator / denominator)`."""
    ctx.prec = PRECISION
    return ball(Fraction(numerator, denominator)).acos()


def cosine(u: Sequence[Fraction | int], v: Sequence[Fraction | int]) -> arb:
    """`⟨u, v⟩ / (‖u‖‖v‖)` of two rational vectors. Raises `ZeroDivisionError` where one of them is zero."""
    ctx.prec = PRECISION
    inner = sum(Fraction(a) * b for a, b in zip(u, v, strict=True))
    squares = [sum(Fraction(a) ** 2 for a in w) for w in (u, v)]
    if 0 in squares:
        raise ZeroDivisionError("a zero vector has no alignment")
    return ball(inner) / (ball(squares[0]) * ball(squares[1])).sqrt()


def half_space_constant(family: str, d: int) -> arb:
    """`c = ½ E‖w‖ E|u_1|` of `μ(x) = c x̂` for the rotation-invariant families, in closed form.

    gaussian `1/√(2π)`; sphere, ring, haar, tilted `√d Γ(d/2) / (2√π Γ((d+1)/2))`; student (ν = 3)
    `√(3/2) Γ(1)/Γ(3/2) / √(2π)`. Raises `KeyError` for another family.
    """
    ctx.prec = PRECISION
    half = arb(1) / 2
    gaussian = 1 / (2 * arb.pi()).sqrt()
    if family == "gaussian":
        return gaussian
    if family == "student":
        return gaussian * (arb(3) / 2).sqrt() / (arb(3) / 2).gamma()
    if family in {"sphere", "ring", "haar", "tilted"}:
        return half * arb(d).sqrt() * (arb(d) / 2).gamma() / (arb.pi().sqrt() * ((arb(d) + 1) / 2).gamma())
    raise KeyError(family)


def zplus_limit_alignment(x: Sequence[int], bottom: bool) -> arb:
    """`α_∞` of the scalar-γ z⁺ filter with isotropic weights at an integer x: the direction is `1 + x̂`, or `x ⊙
    (1 + x̂)`.
    """
    ctx.prec = PRECISION
    norm = arb(sum(t * t for t in x)).sqrt()
    direction = [(1 + t / norm) * (t if bottom else 1) for t in x]
    inner = sum((u * t for u, t in zip(direction, x, strict=True)), arb(0))
    return inner / (norm * sum((u * u for u in direction), arb(0)).sqrt())
