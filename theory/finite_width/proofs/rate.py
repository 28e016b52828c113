"""The derivations behind the law beyond Gaussian weights, behind its exact mean, and behind the next order in 1/N."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from itertools import pairwise
from math import pi
from typing import TYPE_CHECKING

import lazy_loader

from nfrlab.theory.family import sphere_mean_abs
from nfrlab.theory.finite_width import rate
from nfrlab.theory.finite_width.law import KAPPA, gbp_moments
from nfrlab.theory.finite_width.mixture import PASSING
from nfrlab.theory.numerics import balls
from nfrlab.theory.numerics.proof import (
    Derivation,
    Exact,
    argued,
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


def _laplace(factor: Exact) -> bool:
    """Whether `∫ y^{−1/2} e^{−yS} dy = √(π/S)`, `∫ e^{−yS} dy = factor/S` and `∫ y e^{−yS} dy = factor/S²`."""
    y, S = sp.symbols("y S", positive=True)
    integrals = ((sp.sqrt(1 / y), sp.sqrt(sp.pi / S)), (sp.Integer(1), factor / S), (y, factor / S**2))
    return all(vanishes(sp.integrate(f * sp.exp(-y * S), (y, 0, sp.oo)) - value) for f, value in integrals)


def _hyperplanes() -> bool:
    """Whether `E_n[sign(n·e) n·x̂] = E|n_1| cos β`, β the angle between e and x̂, in the plane and in space."""
    phi, beta = sp.symbols("phi beta", real=True)
    plane = sp.integrate(sp.cos(phi), (phi, beta - sp.pi / 2, beta + sp.pi / 2)) / sp.pi
    polar, turn = sp.symbols("theta psi", real=True)  # e is the pole; x̂ at angle β from it
    along = sp.cos(beta) * sp.cos(polar) + sp.sin(beta) * sp.sin(polar) * sp.cos(turn)
    around = sp.integrate(sp.expand(along * sp.sin(polar)), (turn, 0, 2 * sp.pi)) / (2 * sp.pi)
    space = sp.integrate(around, (polar, 0, sp.pi / 2))
    known = abs(float(2 / sp.pi) - sphere_mean_abs(2)) < 1e-14 and abs(0.5 - sphere_mean_abs(3)) < 1e-14
    return known and vanishes(plane - 2 / sp.pi * sp.cos(beta)) and vanishes(space - sp.cos(beta) / 2)


def _student() -> sp.Expr:
    """η = E λ²/(E λ)² for λ² = 3/χ²₃, by integration."""
    t = sp.symbols("t", positive=True)
    density = sp.sqrt(t) * sp.exp(-t / 2) / sp.integrate(sp.sqrt(t) * sp.exp(-t / 2), (t, 0, sp.oo))
    first, second = (sp.integrate((3 / t) ** (sp.Rational(p, 2)) * density, (t, 0, sp.oo)) for p in (1, 2))
    return sp.simplify(second / first**2)


def _variance_of_gbp() -> float:
    """Var T of GBP at K = 10⁷, which tends to `1 − 6/π²`."""
    mean, square = gbp_moments(1e7)
    return square - mean**2


def _next_orders() -> dict[str, tuple[sp.Expr, sp.Expr]]:
    """(κ, e) of `E T⁻² = (κ/N)(1 + e/N)`, from E T² = aK + b, Var T² ≈ 4 a K Var T, and the mean of 1/K."""
    K, N = sp.symbols("K N", positive=True)
    two, four = 2 / sp.pi, 4 / sp.pi**2
    cases = (
        ("activation", sp.Integer(1), sp.Integer(0), sp.Rational(1, 2)),
        ("constant", two, 1 - two, 1 - two),
        ("gbp", four, 1 - four, 1 - 6 / sp.pi**2),
    )
    found = {}
    for rule, a, b, variance in cases:
        inverse = sp.series((1 + 4 * a * K * variance / (a * K + b) ** 2) / (a * K + b), K, sp.oo, 3).removeO()
        first, second = (sp.expand(inverse).coeff(K, -power) for power in (1, 2))
        p = sp.nsimplify(PASSING[rule])
        mean = first / (N * p) * (1 + (1 - p) / (N * p)) + second / (N * p) ** 2
        leading = sp.limit(N * mean, N, sp.oo)
        found[rule] = leading, sp.simplify(sp.limit(N * (mean * N / leading - 1), N, sp.oo))
    return found


def _stated_next(activation: Exact, constant: Exact, gbp: Exact) -> dict[str, sp.Expr]:
    """e of the rules: 5, 3π − 5, 3π² − 17."""
    return {"activation": sp.sympify(activation), "constant": 3 * sp.pi - constant, "gbp": 3 * sp.pi**2 - gbp}


def _half(power: int) -> sp.Expr:
    """`E z^power 1(z > 0)`, z ~ N(0, 1)."""
    z = sp.symbols("z", positive=True)
    return sp.integrate(z**power * sp.exp(-(z**2) / 2), (z, 0, sp.oo)) / sp.sqrt(2 * sp.pi)


def _neuron_moments() -> dict[str, tuple[sp.Expr, ...]]:
    """E p, E p², E a², E p a² of a neuron at Gaussian weights, 0 where it does not pass; p = s c, a = s b."""
    h = [_half(power) for power in range(5)]
    return {
        "activation": (h[2], h[4], h[2], h[4]),
        "constant": (h[1], h[2], h[0], h[1]),
        "gbp": (h[1] ** 2, h[2] ** 2, h[0] * h[2], h[1] * h[3]),
    }


def _second_order_terms() -> bool:
    """Whether the terms of second order of `(1 + β)/(1 + ε)²` are 3ε² − 2εβ.

    ε and β are the relative deviations of Σp and Σa² from their means.
    """
    e, b, t = sp.symbols("epsilon beta t")
    series = sp.expand(sp.series((1 + t * b) / (1 + t * e) ** 2, t, 0, 3).removeO())
    return vanishes(series.coeff(t, 2) - (3 * e**2 - 2 * e * b))


def _orders_of_moments() -> dict[str, sp.Expr]:
    """`e = 3(E p²/(E p)² − 1) − 2(E p a²/(E p E a²) − 1)` of the rules at Gaussian weights."""
    return {
        rule: sp.simplify(3 * (p2 / p**2 - 1) - 2 * (joint / (p * a2) - 1))
        for rule, (p, p2, a2, joint) in _neuron_moments().items()
    }


def _bessel() -> bool:
    """Whether the integrals over r are K₀(v) and v K₁(v).

    With `r = √v e^u` the exponent `(r² + v²/r²)/2` is `v cosh 2u`.
    """
    u = sp.symbols("u", real=True)
    v = sp.symbols("v", positive=True)
    exponent = (v * sp.exp(2 * u) + v * sp.exp(-2 * u)) / 2 - v * sp.cosh(2 * u).rewrite(sp.exp)
    K0, K1 = sp.besselk(0, v), sp.besselk(1, v)
    return all(vanishes(zero) for zero in (exponent, (v * K1).diff(v) + v * K0, (v * K0).diff(v) - K0 + v * K1))


@cache
def _quadrature_agrees() -> bool:
    """Whether κ by quadrature is the closed form in ball arithmetic to 1e-5, d = 27."""
    pairs = [(rule, family) for rule in KAPPA for family in ("gaussian", "sphere", "ring")]
    pairs += [("constant", "student"), ("gbp", "student")]
    return all(abs(rate.kappa(*pair, 27) / float(balls.kappa(*pair, 27).mid()) - 1) < 1e-5 for pair in pairs)


@cache
def _selected() -> flint.arb:
    """κ of RectGrad, q = 0.9, at Gaussian weights, enclosed."""
    return balls.kappa("rectgrad", "gaussian", 27)


@cache
def _rectgrad_agrees() -> bool:
    """Whether κ of RectGrad, q = 0.9, is the same to 1e-6 in closed form, by balls, and by quadrature over neurons."""
    selected = float(_selected().mid())
    found = rate.rectgrad_kappa(0.9), rate.kappa("rectgrad", "gaussian", 27)
    return all(abs(k / selected - 1) < 1e-6 for k in found)


@false_with(order=((2, 4, Fraction(1, 2), 1), (1, 1, Fraction(1, 2), 1)), relevance=(1, 4))
def constants(
    order: tuple[Exact, Exact, Exact, Exact] = (2, 1, Fraction(1, 2), 1),
    relevance: Exact = 2,
) -> Derivation:
    """κ in closed form, and the order of the rules by it."""
    selected = _selected()
    pi_ball = flint.arb.pi()
    stated = [balls.ball(c) * pi_ball**power for c, power in zip(order, (0, 1, 2, 2), strict=True)]
    certified = [balls.kappa(rule, "gaussian", 27) for rule in ("activation", "constant", "positive", "gbp")]
    moments = _neuron_moments()
    kappa = {rule: sp.simplify(a2 / p**2) for rule, (p, _, a2, _) in moments.items()}
    first, square = sp.symbols("m q", positive=True)  # E|r|, E r², symmetric: half of them positive
    h = [_half(power) for power in range(3)]
    of_relevance = h[0] * (square / 2) / (h[1] * first / 2) ** 2
    return Derivation(
        "Law of large numbers in N: tan² → (d − 1) N E a²/(N E p)², p = s c, a = s b, 0 where a neuron does not pass.",
        (
            argued(
                "Radius: E λ and E λ², for Activation E λ² and E λ⁴; a sphere has E|u_1|, for Activation E u_1²(1 − "
                "u_1²) = (d − 1)/(d(d + 2))."
            ),
            argued(
                "RectGrad: z, r > 0 with v = z r have the joint density e^{−(r² + v²/r²)/2}/(2πr), so v has K₀(v)/2π "
                "and E[r²; v] is v K₁(v)/2π; hence p = ∫_V^∞ K₀/2π, E[v; v > V] = V K₁(V)/2π, E[r²; v > V] = V "
                "K₀(V)/2π + p."
            ),
            symbolic(
                "The integrals over r are K₀(v) and v K₁(v), with (v K₁)′ = −v K₀ and (v K₀)′ = K₀ − v K₁.", _bessel()
            ),
            computed("κ is the closed form in ball arithmetic, for four families, to 1e-5.", _quadrature_agrees()),
            computed(
                "RectGrad, q = 0.9: closed form, ball arithmetic, and quadrature over neurons agree to 1e-6.",
                _rectgrad_agrees(),
            ),
            argued(
                "Next order: p and a² summed over N neurons deviate from their means by ε, β, of mean e/N in second "
                "order; where directions beside x̂ are uniform, E‖Σ a v‖² is (d − 1) Σ a² for every radius."
            ),
            symbolic("The second-order terms of (1 + β)/(1 + ε)² are 3ε² − 2εβ.", _second_order_terms()),
            symbolic(
                "So e = 3(E p²/(E p)² − 1) − 2(E p a²/(E p E a²) − 1): 5, 3π − 5, 3π² − 17.",
                all(vanishes(_orders_of_moments()[rule] - value) for rule, value in _stated_next(5, 5, 17).items()),
            ),
        ),
        (
            enclosed(
                "κ of tan² → κ(d − 1)/N at Gaussian weights: Activation 2 < constant π < random positive π²/2 < GBP π² "
                "< RectGrad (90 %) 10.19393, the gradient none (α → 0);",
                all(found.overlaps(value) for found, value in zip(certified, stated, strict=True))
                and all(a < b for a, b in pairwise([*stated, selected]))
                and bool(abs(selected - balls.ball(Fraction("10.19393"))) < 5e-6)
                and kappa == {"activation": order[0], "constant": order[1] * sp.pi, "gbp": order[3] * sp.pi**2},
            ),
            symbolic(
                "GBP with any symmetric relevance 2π E r²/(E|r|)².",
                vanishes(of_relevance - relevance * sp.pi * square / first**2),
            ),
            argued("Other radii by the factors of theory.finite_width.rate."),
        ),
    )


@false_with(half=(1,), lap=(2,), activation=(4, 6), constant=(4,), gbp=(16, 18))
def isotropic_law(
    half: Exact = Fraction(1, 2), lap: Exact = 1, activation: Exact = 5, constant: Exact = 5, gbp: Exact = 17
) -> Derivation:
    """The law for other radii, the exact mean, κ, and the next order."""
    kappa, N, d, e, x = sp.symbols("kappa N d e x", positive=True)
    first = kappa / N * (1 + e / N)  # E T⁻²
    gap = (d - 1) * first * half - sp.Rational(3, 8) * (d**2 - 1) * kappa**2 / N**2
    stated = kappa * (d - 1) / (2 * N) * (1 + e / N - sp.Rational(3, 4) * kappa * (d + 1) / N)
    cosine = sp.series(1 / sp.sqrt(1 + x), x, 0, 3).removeO()  # in tan² = x
    eta = _student()
    student = [
        rate.kappa(rule, "student", 5) / (factor * pi / 2) for rule, factor in (("constant", pi), ("gbp", pi**2))
    ]
    orders = _next_orders()
    return Derivation(
        "One layer of rotation-invariant neurons; n a uniform direction, τ = n·x̂, H(τ) = P(R·n > 0 | n).",
        (
            argued(
                "Gradient: r_j has a symmetric law, so its sign and that of c_j may be swapped: the neurons enter with "
                "independent uniform directions (or as a Haar frame), and R is isotropic."
            ),
            argued("For a unit vector e, E_n[sign(n·e) n] is along e by symmetry; its length is E|n·e|."),
            symbolic("E_n[sign(n·e) n·x̂] = E|n_1| cos β in the plane and in space, by integration.", _hyperplanes()),
            argued(
                "Insert e = R/‖R‖ and average over R: given n, sign(R·n) has mean 2H − 1, and by isotropy of the "
                "neurons about x̂ H depends on τ alone."
            ),
            argued("Mixtures: given the scales, Σ s_j λ_j v_j is Gaussian beside x̂ of size √Σ s_j²λ_j²."),
            symbolic("η = E λ²/(E λ)² = π/2 of Student weights, by integration.", eta == sp.pi / 2),
            computed("theory.finite_width.rate agrees.", all(abs(ratio - 1) < 1e-5 for ratio in student)),
            computed("Var T of GBP tends to 1 − 6/π²: at K = 10⁷.", abs(_variance_of_gbp() - (1 - 6 / pi**2)) < 1e-5),
            argued("E T⁻² by the delta method, T² = (√M + ε)² with Var ε = Var T, on layers with T² > N/2κ."),
            argued("The rest has a probability e^{−cN}, and 0 ≤ α ≤ 1. E T⁻⁴ = κ²/N² to leading order."),
            symbolic("cos = 1 − ½tan² + ⅜tan⁴ − …", vanishes(cosine - (1 - x / 2 + sp.Rational(3, 8) * x**2))),
            argued("E tan² = (d − 1) E T⁻², E tan⁴ = (d² − 1) E T⁻⁴."),
            computed(
                "κ and e are those of theory.finite_width.rate.",
                all(
                    abs(float(found) - rate.NEXT[rule]) < 1e-12 and abs(float(leading) - KAPPA[rule]) < 1e-12
                    for rule, (leading, found) in orders.items()
                ),
            ),
        ),
        (
            argued(
                "For every rotation-invariant layer the gradient's map is isotropic, and E α = E_τ[τ(2H(τ) − "
                "1)]/E|n_1|."
            ),
            symbolic(
                "For Gaussian scale mixtures α = T/√(T² + χ²_{d−1}) with T = Σ s_j λ_j z_j/√Σ s_j² λ_j², whose moments "
                "are one-dimensional integrals, by 1/√S = ∫ e^{−yS}/√(πy) and 1/S^k = ∫ y^{k−1} e^{−yS}, k = 1, 2.",
                _laplace(lap),
            ),
            symbolic(
                "Gaussian weights, d fixed: 1 − E α = κ(d − 1)/2N [1 + e/N − ¾κ(d + 1)/N] + O(N⁻³), e = 5, 3π − 5, 3π² "
                "− 17 for Activation, constant weights, GBP.",
                vanishes(gap - stated)
                and all(
                    vanishes(orders[rule][1] - value) for rule, value in _stated_next(activation, constant, gbp).items()
                ),
            ),
        ),
    )
