"""Enclosures in ball arithmetic (Arb, through python-flint) of constants and of the alignments of counterexamples."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from flint import acb, arb, ctx, fmpq

PRECISION = 128  # bits


def ball(value: Fraction | int) -> arb:
    """The smallest ball around a rational number."""
    exact = Fraction(value)
    return arb(fmpq(exact.numerator, exact.denominator))


def endpoints(x: arb) -> tuple[float, float]:
    """(low, high): floats on either side of the ball, rounded outwards."""
    margin = 1e-15 * max(1.0, abs(float(x.mid())))  # float() rounds to nearest, either end may lie inside
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
    """`⟨u, v⟩ / (‖u‖‖v‖)` of two rational vectors of R^d. Raises `ZeroDivisionError` where one of them is zero."""
    ctx.prec = PRECISION
    inner = sum(Fraction(a) * b for a, b in zip(u, v, strict=True))
    squares = [sum(Fraction(a) ** 2 for a in w) for w in (u, v)]
    if 0 in squares:
        raise ZeroDivisionError("a zero vector has no alignment")
    return ball(inner) / (ball(squares[0]) * ball(squares[1])).sqrt()


def half_space_constant(family: str, d: int) -> arb:
    """`c = ½ E‖w‖ E|u_1|` of `μ(x) = c x̂` for a rotation-invariant family in R^d, in closed form.

    gaussian: `1/√(2π)`. sphere, ring, haar, tilted: `√d Γ(d/2) / (2√π Γ((d+1)/2))`. student (ν = 3):
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
    """`α_∞` of the z⁺ filter with a scalar γ, isotropic weights and a non-zero integer x.

    The limit direction is `1 + x̂`, and `x ⊙ (1 + x̂)` with the bottom process.
    """
    ctx.prec = PRECISION
    norm = arb(sum(t * t for t in x)).sqrt()
    direction = [(1 + t / norm) * (t if bottom else 1) for t in x]
    inner = sum((u * t for u, t in zip(direction, x, strict=True)), arb(0))
    return inner / (norm * sum((u * u for u in direction), arb(0)).sqrt())


def kappa(rule: str, family: str, d: int, q: float = 0.9) -> arb:
    """κ of `tan² → κ (d − 1)/N` in closed form, as `theory.finite_width.rate.kappa` computes it by quadrature.

    The rules are activation, constant, positive (s = |N(0, 1)| on all active neurons), gbp and, at Gaussian weights,
    rectgrad with its quantile level q. Raises `KeyError` where there is no closed form: RectGrad at other weights,
    Activation at Student weights.
    """
    ctx.prec = PRECISION
    if (rule, family) == ("rectgrad", "gaussian"):
        return rectgrad_kappa(1 - ball(Fraction(str(q))))
    gaussian = {"activation": arb(2), "constant": arb.pi(), "positive": arb.pi() ** 2 / 2, "gbp": arb.pi() ** 2}[rule]
    if family == "gaussian":
        return gaussian
    if family == "student":
        return gaussian * {rule: arb.pi() / 2 for rule in ("constant", "positive", "gbp")}[rule]
    second, fourth = {"sphere": (arb(1), arb(1)), "ring": (ring_moment(2), ring_moment(4))}[family]
    if rule == "activation":
        return gaussian * arb(d) / (d + 2) * fourth / second**2
    coordinate = (arb(d) / 2).gamma() / (arb.pi().sqrt() * ((arb(d) + 1) / 2).gamma())  # E|u_1|
    return gaussian * 2 / (arb.pi() * d * coordinate**2) * second


def ring_moment(p: int) -> arb:
    """`E ρ^p`, ρ uniform in [4/5, 6/5]."""
    low, high = ball(Fraction(4, 5)), ball(Fraction(6, 5))
    return (high ** (p + 1) - low ** (p + 1)) / ((p + 1) * (high - low))


def rectgrad_kappa(p: arb) -> arb:
    """`κ = 2π (V K₀(V) + 2πp)/(V K₁(V))²` where `∫_V^∞ K₀ = 2πp`, for the share `10⁻⁶ < p < 0.24` that passes.

    Raises `ArithmeticError` for another p.
    """
    low, high, level = arb(0.01), arb(16), 2 * arb.pi() * p
    if not (bessel_tail(low) > level > bessel_tail(high)):
        raise ArithmeticError("the share that passes is not between 10⁻⁶ and 0.24")
    for _ in range(45):  # the tail falls in V; 45 halvings leave 5e-13 of it
        middle = arb(((low + high) / 2).mid())
        tail = bessel_tail(middle)
        # a tail that overlaps the level moves neither end, so the root stays enclosed
        low, high = (middle if tail > level else low), (middle if tail < level else high)
    V = low.union(high)
    return 2 * arb.pi() * (V * V.bessel_k(0) + 2 * arb.pi() * p) / (V * V.bessel_k(1)) ** 2


def bessel_tail(V: arb) -> arb:
    """`∫_V^∞ K₀`: an integral up to V + 30; the rest is below K₀(V + 30), as K₀ < K₁ = −K₀′."""
    ends = [acb(V + step) for step in (0, 1, 8, 30)]
    inside = sum((acb.integral(lambda t, _: t.bessel_k(0), a, b).real for a, b in pairwise(ends)), arb(0))
    return inside + arb(0).union((V + 30).bessel_k(0))
