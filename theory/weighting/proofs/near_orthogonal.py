"""The derivations behind the premise of Theorem 2: how near to orthogonal two random vectors are, and N of them."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import lazy_loader

from nfrlab.theory.numerics.proof import Derivation, Exact, argued, below_one, certain, false_with, symbolic, vanishes
from nfrlab.theory.numerics.sums import power_sum, summed

if TYPE_CHECKING:
    import sympy as sp
else:
    sp = lazy_loader.load("sympy")


@false_with(less=(0, -1), factor=(Fraction(1, 2),), rate=(Fraction(1, 2), 1))
def pair_orthogonality(less: Exact = 1, factor: Exact = 1, rate: Exact = Fraction(1, 4)) -> Derivation:
    """Two vectors: the bound `P(|cos| > ε) ≤ (1 − ε²)^{(d−1)/2}`, and the concentration of norms."""
    u, d = sp.symbols("u d", positive=True)
    k = (d - 3) / 2
    primitive = -((1 - u**2) ** (k + 1)) / (d - 1)
    exponent = (d - less) / 2
    e, ahead, x, z, c = sp.symbols("epsilon a x z c", positive=True)
    transform = sp.integrate(sp.exp(-c * z**2 / 2), (z, -sp.oo, sp.oo)) / sp.sqrt(2 * sp.pi)  # c = 1 − 2t
    twice = 2 * rate * (e**2 - e**3)  # of the claimed exponent −½ d · twice
    upper = (e - sp.log(1 + e) - twice).diff(e)
    lower = (-e - sp.log(1 - e) - twice).diff(e).subs(e, below_one(x))  # any ε < 1
    least = {s: s * e / (2 * (1 + s * e)) for s in (1, -1)}  # the t of the least bound
    return Derivation(
        "u, v independent and isotropic in R^d; w ~ N(0, I_d).",
        (
            argued("The cosine has the density ∝ (1 − u²)^{(d−3)/2} on [−1, 1]; G(ε) = P(cos > ε), G(0) = ½."),
            symbolic(
                "∫_ε^1 u(1 − u²)^{(d−3)/2} du = (1 − ε²)^{(d−1)/2}/(d − 1), in every d.",
                vanishes(sp.simplify((primitive.diff(u) - u * (1 - u**2) ** k) / (1 - u**2) ** k)),
            ),
            symbolic("ε ≤ u on [ε, 1], so ε ∫_ε^1 (1 − u²)^{(d−3)/2} ≤ that.", certain((e + ahead) - e > 0)),
            symbolic("E e^{tz²} = (1 − 2t)^{−½}, z ~ N(0, 1), t < ½.", vanishes(transform - 1 / sp.sqrt(c))),
            argued("Markov's inequality: P(‖w‖² ≷ d(1 ± ε)) ≤ (e^{−t(1 ± ε)} E e^{tz²})^d for t of the sign ±."),
            symbolic(
                "At t = ±ε/2(1 ± ε) that is exp(−(d/2)(±ε − ln(1 ± ε))): t(1 ± ε) = ±ε/2 and 1 − 2t = 1/(1 ± ε).",
                all(
                    vanishes(t * (1 + s * e) - s * e / 2) and vanishes(1 - 2 * t - 1 / (1 + s * e))
                    for s, t in least.items()
                ),
            ),
        ),
        (
            symbolic(
                "For two independent isotropic vectors P(|cos| > ε) ≤ (1 − ε²)^{(d−1)/2} → 0,",
                # 2G/(1 − ε²)^m starts at 1, and falls as m · 2ε ∫_ε^1 ≤ (1 − ε²)^{(d−1)/2}
                certain(2 * exponent / (d - 1) <= 1) and certain(2 * sp.Rational(1, 2) <= factor),
            ),
            symbolic(
                "and Gaussian norms concentrate: P(|‖w‖²/d − 1| > ε) ≤ 2 exp(−d(ε² − ε³)/4) → 0.",
                # both differences are 0 at ε = 0 and rise
                certain(upper >= 0) and certain(lower >= 0),
            ),
        ),
    )


@false_with(pairs=(Fraction(1, 4),), shift=(-1, 0), least=(2,))
def all_pairs(pairs: Exact = Fraction(1, 2), shift: Exact = 1, least: Exact = 1) -> Derivation:
    """N vectors: pairwise they are nearly orthogonal once d ≫ ln N; as a frame only when N ≪ d."""
    N, d = sp.symbols("N d", integer=True, positive=True)
    i, j = sp.symbols("i j", integer=True)
    z = sp.symbols("z", real=True)
    number = sp.summation(sp.summation(1, (j, i + 1, N)), (i, 1, N))
    moment = {p: sp.integrate(z**p * sp.exp(-(z**2) / 2), (z, -sp.oo, sp.oo)) / sp.sqrt(2 * sp.pi) for p in (2, 4)}
    inner = d * moment[2] ** 2 / d**2  # E⟨w_i, w_j⟩²/d²: the d terms k = l of the double sum
    norm = d * (moment[4] - moment[2] ** 2) / d**2  # Var of a sum of d independent squares, over d²
    frobenius = N * (N - 1) * inner + N * norm
    x, y = sp.symbols("x y", real=True)
    spread = summed((x - y) ** 2, (x,), (y,)) / 2
    G, identity, v = sp.MatrixSymbol("G", N, N), sp.Identity(N), sp.MatrixSymbol("v", N, 1)
    null = ((G - identity) * v).doit().expand().subs(G * v, sp.ZeroMatrix(N, 1)).doit()
    return Derivation(
        "N independent isotropic vectors of R^d; for the frame N unit-variance Gaussian columns, G = WᵀW/d.",
        (
            symbolic("There are N(N − 1)/2 pairs.", vanishes(number - N * (N - 1) / 2)),
            argued("The probability of a union is at most the sum, each term by the bound for one pair."),
            symbolic("E w² = 1, E w⁴ = 3: E⟨w_i, w_j⟩²/d² = 1/d and Var(‖w‖²/d) = 2/d.", moment == {2: 1, 4: 3}),
            symbolic(
                "N Σ μ_i² ≥ (Σ μ_i)² for numbers μ_i = λ_i²: the largest is at least their mean, so ‖G − I‖² ≥ ‖G − "
                "I‖²_F/N.",
                vanishes(spread - (power_sum(0) * power_sum(2) - power_sum(1) ** 2)),
            ),
            argued("For N > d there is a v ≠ 0 with Wv = 0."),
        ),
        (
            symbolic(
                "P(max_{i<j} |cos| > ε) ≤ N(N−1)/2 (1 − ε²)^{(d−1)/2}.",
                certain(sp.expand((pairs * N * (N - 1) - number).subs(N, N + 1)) >= 0),
            ),
            symbolic(
                "For unit-variance Gaussian columns G = WᵀW/d has E‖G − I‖²_F / N = (N + 1)/d, so ‖G − I‖ vanishes "
                "only if N/d does;",
                vanishes(frobenius / N - (N + shift) / d),
            ),
            symbolic(
                "for N > d it is at least 1.",
                null == -v and certain(abs(sp.Integer(-1)) >= least),  # (G − I)v = −v
            ),
        ),
    )
