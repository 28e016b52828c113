"""The derivations behind the law beyond Gaussian weights, behind its exact mean, and behind the next order in 1/N."""

from __future__ import annotations

from itertools import pairwise
from math import pi
from typing import TYPE_CHECKING

import lazy_loader

from nfrlab.theory.family import sphere_mean_abs
from nfrlab.theory.finite_width import rate
from nfrlab.theory.finite_width.law import KAPPA, gbp_moments
from nfrlab.theory.finite_width.mixture import PASSING
from nfrlab.theory.numerics import balls
from nfrlab.theory.numerics.proof import Derivation, vanishes

if TYPE_CHECKING:
    import sympy as sp
else:
    sp = lazy_loader.load("sympy")


def _laplace() -> bool:
    """Whether `∫ y^{−1/2} e^{−yS} dy = √(π/S)`, `∫ e^{−yS} dy = 1/S` and `∫ y e^{−yS} dy = 1/S²`."""
    y, S = sp.symbols("y S", positive=True)
    integrals = ((sp.sqrt(1 / y), sp.sqrt(sp.pi / S)), (sp.Integer(1), 1 / S), (y, 1 / S**2))
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


def _student() -> bool:
    """Whether η = E λ²/(E λ)² = π/2 for λ² = 3/χ²₃.

    And whether `theory.finite_width.rate` has κ = πη and π²η to its quadrature.
    """
    t = sp.symbols("t", positive=True)
    density = sp.sqrt(t) * sp.exp(-t / 2) / sp.integrate(sp.sqrt(t) * sp.exp(-t / 2), (t, 0, sp.oo))
    first, second = (sp.integrate((3 / t) ** (sp.Rational(p, 2)) * density, (t, 0, sp.oo)) for p in (1, 2))
    eta = sp.simplify(second / first**2)
    computed = [
        rate.kappa(rule, "student", 5) / (factor * pi / 2) for rule, factor in (("constant", pi), ("gbp", pi**2))
    ]
    return bool(eta == sp.pi / 2) and all(abs(ratio - 1) < 1e-5 for ratio in computed)


def _variance_of_gbp() -> float:
    """Var T of GBP at K = 10⁷, which tends to `1 − 6/π²`."""
    mean, square = gbp_moments(1e7)
    return square - mean**2


def _next_order() -> list[tuple[str, bool]]:
    """e of `E T⁻² = (κ/N)(1 + e/N)` from E T² = aK + b, Var T² ≈ 4 a K Var T, and the mean of 1/K: one step a rule."""
    K, N = sp.symbols("K N", positive=True)
    two, four = 2 / sp.pi, 4 / sp.pi**2
    cases = (
        ("activation", sp.Integer(1), sp.Integer(0), sp.Rational(1, 2)),
        ("constant", two, 1 - two, 1 - two),
        ("gbp", four, 1 - four, 1 - 6 / sp.pi**2),
    )
    found = []
    for rule, a, b, variance in cases:
        inverse = sp.series((1 + 4 * a * K * variance / (a * K + b) ** 2) / (a * K + b), K, sp.oo, 3).removeO()
        first, second = (sp.expand(inverse).coeff(K, -power) for power in (1, 2))
        p = sp.nsimplify(PASSING[rule])
        mean = first / (N * p) * (1 + (1 - p) / (N * p)) + second / (N * p) ** 2
        e = sp.simplify(sp.limit(N * (mean * N / sp.limit(N * mean, N, sp.oo) - 1), N, sp.oo))
        agrees = abs(float(e) - rate.NEXT[rule]) < 1e-12
        leads = abs(float(sp.limit(N * mean, N, sp.oo)) - KAPPA[rule]) < 1e-12
        found.append(
            (
                f"{rule}: κ = {KAPPA[rule]:.6g} and e = {sp.nsimplify(e)}, as in theory.finite_width.rate",
                agrees and leads,
            )
        )
    return found


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


def _next_order_of_moments() -> bool:
    """Whether e is the mean of the second-order terms of `E (1 + β)/(1 + ε)²`, and its values at Gaussian weights.

    ε and β are the relative deviations of Σp and Σa² from their means.
    """
    e, b, t = sp.symbols("epsilon beta t")
    series = sp.expand(sp.series((1 + t * b) / (1 + t * e) ** 2, t, 0, 3).removeO())
    general = vanishes(series.coeff(t, 2) - (3 * e**2 - 2 * e * b))
    values = [
        float(3 * (p2 / p**2 - 1) - 2 * (joint / (p * a2) - 1)) - rate.NEXT[rule]
        for rule, (p, p2, a2, joint) in _neuron_moments().items()
    ]
    return general and all(abs(value) < 1e-12 for value in values)


def _bessel() -> bool:
    """Whether the integrals over r are K₀(v) and v K₁(v).

    With `r = √v e^u` the exponent `(r² + v²/r²)/2` is `v cosh 2u`.
    """
    u = sp.symbols("u", real=True)
    v = sp.symbols("v", positive=True)
    exponent = (v * sp.exp(2 * u) + v * sp.exp(-2 * u)) / 2 - v * sp.cosh(2 * u).rewrite(sp.exp)
    K0, K1 = sp.besselk(0, v), sp.besselk(1, v)
    return all(vanishes(zero) for zero in (exponent, (v * K1).diff(v) + v * K0, (v * K0).diff(v) - K0 + v * K1))


def constants() -> Derivation:
    """κ in closed form, and the order of the rules by it."""
    radial = [(rule, family) for rule in KAPPA for family in ("gaussian", "sphere", "ring")]
    radial += [("constant", "student"), ("gbp", "student")]
    agree = [abs(rate.kappa(*pair, 27) / float(balls.kappa(*pair, 27).mid()) - 1) < 1e-5 for pair in radial]
    selected = float(balls.kappa("rectgrad", "gaussian", 27).mid())
    order = [balls.kappa(rule, "gaussian", 27) for rule in ("activation", "constant", "positive", "gbp", "rectgrad")]
    return Derivation(
        "κ of tan² → κ(d − 1)/N at Gaussian weights: Activation 2 < constant π < random positive π²/2 < GBP π² < "
        "RectGrad (90 %) 10.19393, the gradient none (α → 0); GBP with any symmetric relevance 2π E r²/(E|r|)². Other "
        "radii by the factors of theory.finite_width.rate.",
        "Law of large numbers in N: tan² → (d − 1) N E a²/(N E p)². Constant: E p = E z⁺ = 1/√(2π), E a² = ½. "
        "Relevance: E|r| and E r² multiply them, and half as many neurons pass the filter of GBP. Radius: E λ and E "
        "λ², for Activation E λ² and E λ⁴; a sphere has E|u_1|, for Activation E u_1²(1 − u_1²) = (d − 1)/(d(d + 2)). "
        "RectGrad: z, r > 0 with v = z r have the joint density e^{−(r² + v²/r²)/2}/(2πr), so v has K₀(v)/2π and "
        "E[r²; v] is v K₁(v)/2π; hence p = ∫_V^∞ K₀/2π, E[v; v > V] = V K₁(V)/2π, E[r²; v > V] = V K₀(V)/2π + p. Next "
        "order: p and a² summed over N neurons deviate from their means by ε, β: the second-order terms 3ε² − 2εβ "
        "have the mean e/N; where directions beside x̂ are uniform, E‖Σ a v‖² is (d − 1) Σ a² for every radius.",
        (
            ("κ is the closed form in ball arithmetic, for four families, to 1e-5", all(agree)),
            ("the integrals over r are K₀(v) and v K₁(v), with (v K₁)′ = −v K₀ and (v K₀)′ = K₀ − v K₁", _bessel()),
            (
                "RectGrad, q = 0.9: closed form, ball arithmetic, and quadrature over neurons agree to 1e-6",
                all(
                    abs(k / selected - 1) < 1e-6
                    for k in (rate.rectgrad_kappa(0.9), rate.kappa("rectgrad", "gaussian", 27))
                ),
            ),
            ("2 < π < π²/2 < π² < RectGrad's, in ball arithmetic", all(a < b for a, b in pairwise(order))),
            (
                "e = 3(E p²/(E p)² − 1) − 2(E p a²/(E p E a²) − 1), and its values 5, 3π − 5, 3π² − 17",
                _next_order_of_moments(),
            ),
        ),
    )


def isotropic_law() -> Derivation:
    """The law for other radii, the exact mean, κ, and the next order."""
    return Derivation(
        "For every rotation-invariant layer the gradient's map is isotropic, and E α = E_τ[τ(2H(τ) − 1)]/E|n_1|. For "
        "Gaussian scale mixtures α = T/√(T² + χ²_{d−1}) with T = Σ s_j λ_j z_j/√Σ s_j² λ_j², whose moments are "
        "one-dimensional integrals. Gaussian weights, d fixed: 1 − E α = κ(d − 1)/2N [1 + e/N − ¾κ(d + 1)/N] + O(N⁻³).",
        "Gradient: r_j has a symmetric law, so its sign and that of c_j may be swapped: the neurons enter with "
        "independent uniform directions (or as a Haar frame), and R is isotropic. Mean: for a unit vector e, "
        "E_n[sign(n·e) n] is along e by symmetry; its length is E|n·e|. Insert e = R/‖R‖ and average over R: given n, "
        "sign(R·n) has mean 2H − 1, and by isotropy of the neurons about x̂ H depends on τ = n·x̂ alone. Mixtures: "
        "given the scales, Σ s_j λ_j v_j is Gaussian beside x̂ of size √Σ s_j²λ_j². Moments: 1/√S and 1/S as Laplace "
        "integrals, then the neurons factorise. Order: E tan² = (d − 1) E T⁻², E tan⁴ = (d² − 1) E T⁻⁴, E T⁻⁴ = κ²/N² "
        "to leading order, cos = 1 − ½tan² + ⅜tan⁴ − …, and E T⁻² by the delta method, T² = (√M + ε)² with Var ε = "
        "Var T; all on layers with T² > N/2κ, as the rest has a probability e^{−cN} and 0 ≤ α ≤ 1.",
        (
            ("the three Laplace integrals", _laplace()),
            ("E_n[sign(n·e) n·x̂] = E|n_1| cos β in the plane and in space, by integration", _hyperplanes()),
            ("Student weights: η = π/2, by integration; theory.finite_width.rate agrees", _student()),
            (
                "Var T of GBP tends to 1 − 6/π², numerically: at K = 10⁷",
                abs(_variance_of_gbp() - (1 - 6 / pi**2)) < 1e-5,
            ),
            *_next_order(),
        ),
    )
