"""The derivation behind Activation at Student weights: the largest size, and the gap it leaves in wide layers."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING

import lazy_loader

from nfrlab.theory.finite_width.law import alignment_law
from nfrlab.theory.finite_width.rate import slow_constant
from nfrlab.theory.numerics.proof import (
    Derivation,
    Exact,
    argued,
    computed,
    false_with,
    symbolic,
    vanishes,
)

if TYPE_CHECKING:
    import sympy as sp
else:
    sp = lazy_loader.load("sympy")


def _log_chi_square(t: sp.Expr) -> sp.Expr:
    """The density of ln χ²₃ at t: `e^{3t/2 − e^t/2}/√(2π)`."""
    return sp.exp(sp.Rational(3, 2) * t - sp.exp(t) / 2) / sp.sqrt(2 * sp.pi)


def _is_log_chi_square() -> bool:
    """Whether that density is the one of χ²₃, `√x e^{−x/2}/√(2π)`, at x = e^t, times dx/dt."""
    x = sp.symbols("x", positive=True)
    density = sp.sqrt(x) * sp.exp(-x / 2) / sp.sqrt(2 * sp.pi)
    return vanishes(density * x - _log_chi_square(sp.log(x))) and vanishes(sp.integrate(density, (x, 0, sp.oo)) - 1)


def _tail() -> sp.Expr:
    """The limit of `s^{3/2} P(λ² > s)`, λ² = 3/χ²₃, s = 1/e, by l'Hôpital's rule: P(χ²₃ < 3e) has the slope 3f(3e)."""
    e = sp.symbols("e", positive=True)
    slope = 3 * sp.sqrt(3 * e) * sp.exp(-3 * e / 2) / sp.sqrt(2 * sp.pi)
    return sp.limit(sp.simplify(slope / sp.diff(e ** sp.Rational(3, 2), e)), e, 0)


def _half_moment(power: Exact | sp.Expr) -> sp.Expr:
    """`E z^power` of z = |N(0, 1)|."""
    z = sp.symbols("z", positive=True)
    return sp.integrate(z**power * sp.sqrt(2 / sp.pi) * sp.exp(-(z**2) / 2), (z, 0, sp.oo))


def _substitution() -> bool:
    """Whether `y^{−5/2} dy = 2 cosh w sinh² w dw` and `y/(1 + y) = 1/cosh² w` at y = 1/sinh² w."""
    w = sp.symbols("w", positive=True)
    y = 1 / sp.sinh(w) ** 2
    steep = y ** sp.Rational(-5, 2) * -sp.diff(y, w) - 2 * sp.cosh(w) * sp.sinh(w) ** 2
    return all(vanishes(sp.simplify(zero.rewrite(sp.exp))) for zero in (steep, y / (1 + y) - 1 / sp.cosh(w) ** 2))


@cache
def _law_tends_to_it() -> bool:
    """Whether the law's `√N (1 − E α)` at N = 10⁹ is C_d to 1 %."""
    return all(
        abs((1 - alignment_law("activation", "student", d, 10**9).mean) * 10**4.5 / slow_constant(d) - 1) < 0.01
        for d in (2, 10, 30)
    )


@false_with(power=(1, 2), tail=(3, 12), gap=(2, Fraction(1, 2)))
def one_large_neuron(power: Exact = Fraction(3, 2), tail: Exact = 6, gap: Exact = 1) -> Derivation:
    """Activation at Student weights: z given a large size, the tail of sizes, and 1 − E α in wide layers."""
    t, z, x, N = sp.symbols("t z x N", positive=True)
    given = sp.limit(sp.simplify(_log_chi_square(sp.log(x * z)) / _log_chi_square(sp.log(x))), x, 0)  # x = e^v
    along = _half_moment(2) / 2 * 3  # of one neuron, z > 0 or not: E λ² = 3
    number = N / 2 * _tail() * (along * N * t) ** -sp.Rational(3, 2)  # of neurons with z > 0 and λ² > (3N/2) t
    stated = sp.sympify(gap) * t ** -sp.Rational(5, 2) / sp.sqrt(sp.pi * N)
    return Derivation(
        "Activation at Student weights, λ² = 3/χ²₃: a neuron with z > 0 has size σ = λ² z beside x̂ and σz along it.",
        (
            argued(
                "Given the largest of K sizes, the K − 1 others are independent, with the law of one cut off there, "
                "and each z hangs on its own σ alone: T is a self-normalised sum of these, one neuron special."
            ),
            symbolic("ln χ²₃ has the density h(t) = e^{3t/2 − e^t/2}/√(2π).", _is_log_chi_square()),
            argued("v = ln(3/σ) = ln χ²₃ − ln z, z = |N(0, 1)|: given v, z has the density ∝ h(v + ln z) φ(z)."),
            symbolic("E λ² z² 1(z > 0) = 3/2, as E λ² = 3.", vanishes(along - sp.Rational(3, 2))),
            argued(
                "Wide layers: Σσz is 3N/2 but for fluctuations ~ N^{2/3}; Σσ² is ~ N^{4/3}, of tail index ¾, hence "
                "the median of 1 − α ~ N^{−2/3}, but its mean is made by single neurons of λ² ~ N."
            ),
            argued(
                "With one of λ² = (3N/2) t the map is (3N/2)((1 + t z²) x̂ + t z g), g ~ N(0, I) beside x̂: tan² = q "
                "(y/(1 + y))², y = t z², q = χ²_{d−1}/z². Two such neurons have a probability O(1/N)."
            ),
            symbolic(
                "y = 1/sinh² w turns ∫ y^{−5/2} (1 − 1/√(1 + q (y/(1 + y))²)) dy into J(q) = ∫ 2 cosh w sinh² w (1 − "
                "1/√(1 + q/cosh⁴ w)) dw.",
                _substitution(),
            ),
            argued("∫ t^{−5/2} (…) dt = z³ J(q); z² + χ²_{d−1} = χ²_d is independent of u_1 = z/χ_d, q = 1/u_1² − 1."),
            computed(
                "theory.finite_width.law tends to the C_d of theory.finite_width.rate: at N = 10⁹ within 1 %.",
                _law_tends_to_it(),
            ),
        ),
        (
            symbolic(
                "Given a large size σ = λ² z the density of z tends to ∝ z^{3/2} φ(z);",
                vanishes(given - z ** sp.nsimplify(power)),
            ),
            symbolic("P(λ² > s) → √(6/π) s^{−3/2};", vanishes(_tail() - sp.sqrt(sp.sympify(tail) / sp.pi))),
            symbolic(
                "of neurons with λ² = (3N/2) t, z > 0 there are t^{−5/2} dt/√(πN), so 1 − E α → C_d/√N, C_d = E "
                "χ_d³/√π · E[|u_1|³ J(1/u_1² − 1)].",
                vanishes(-sp.diff(number, t) - stated),
            ),
        ),
    )
