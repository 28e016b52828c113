"""The derivation behind `theory.rivals.alpha_beta`: two relevances under LRP-αβ, their rate, and where they do not
meet."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from operator import ge, le
from typing import TYPE_CHECKING

import lazy_loader

from nfrlab.theory.cascade.proofs.step import half_line
from nfrlab.theory.numerics.proof import (
    Derivation,
    Exact,
    Relation,
    agrees,
    argued,
    certain,
    computed,
    false_with,
    symbolic,
    vanishes,
)
from nfrlab.theory.rivals import alpha_beta as law
from nfrlab.theory.rivals.shared_sums import mean_size

if TYPE_CHECKING:
    import sympy as sp
else:
    sp = lazy_loader.load("sympy")


@cache
def normal_half(p: int) -> sp.Expr:
    """`E ẑ^p 1(ẑ > 0)`."""
    return half_line(sp.symbols("z", positive=True) ** p)


def entry_moments(beta: sp.Symbol) -> tuple[sp.Expr, sp.Expr, sp.Expr]:
    """(E h, Var h, d Var h/dm) of `h = w⁺ + βw`, w ~ N(m, 1), at m = 0: (1 + β)w above 0 and βw below it.

    By m the normal density has the derivative w φ(w) there.
    """

    def mean(p: int, order: int) -> sp.Expr:
        """The derivative of that order, 0 or 1, by m of `E h^p`."""
        return ((1 + beta) ** p + (-1) ** (p + order) * beta**p) * normal_half(p + order)

    first, second = mean(1, 0), mean(2, 0)
    return sp.expand(first), sp.expand(second - first**2), sp.expand(mean(2, 1) - 2 * first * mean(1, 1))


@cache
def tail(y: sp.Symbol) -> sp.Expr:
    """`∫_0^∞ N/√(N² + y) e^{−N²/2} dN`, by w² = N² + y."""
    w = sp.symbols("w", positive=True)
    return sp.integrate(sp.exp(-(w**2 - y) / 2), (w, sp.sqrt(y), sp.oo))


@false_with(noise=(1, 4), spread=(2, Fraction(1, 2)), stuck=(0, 2), rises=(le,), tilt=(2, Fraction(1, 2)), size=(1, 3))
def alpha_beta_step(
    noise: Exact = 2,
    spread: Exact = 1,
    stuck: Exact = 1,
    rises: Relation = ge,
    tilt: Exact = 1,
    size: Exact = 2,
) -> Derivation:
    """Two relevances under LRP-αβ: noise and rate in closed form, the width below which they do not meet."""
    beta = sp.symbols("beta", nonnegative=True)
    y, t, a, n, g, S = sp.symbols("y t a n g S", positive=True)
    mean, variance, tilted = entry_moments(beta)
    share = sp.simplify(variance / mean**2)
    stated = sp.pi - 1 + noise * sp.pi * beta * (beta + 1)
    half = [normal_half(p) for p in range(5)]
    j = sp.symbols("j", positive=True, integer=True)
    at = t * a ** (j - 1) * (1 - a) / (1 - a**j)
    common = a * (1 - a ** (j - 1)) / (1 - a)  # b_j, b_1 = 0
    step = sp.simplify(at.subs(j, j + 1) / at - a * (1 + common) / (1 + a * (1 + common)))
    onward = y * S * t * g / (1 + S * t * g)
    above = tail(y)
    powers = half[2] / half[1] ** 2, half[3] / half[2] ** sp.Rational(3, 2), half[4] / half[2] ** 2
    sizes = law.wide_layer(7)
    return Derivation(
        "A wide random Gaussian stack under LRP-αβ, α = β + 1; v_1, v_2 ~ N(0, I) replace the relevance at a layer.",
        (
            argued(
                "R_i = a_i Σ_j (α w_ij⁺/Z_j⁺ − β w_ij⁻/Z_j⁻)R_j, and Z_j^± = (Σ_k a_k)E w⁺(1 + O(n^−½)): up to that "
                "a_i Σ_j h_ij R_j, h = αw⁺ − βw⁻ = w⁺ + βw as α − β = 1. Σ_i R_i = Σ_j R_j exactly."
            ),
            symbolic("E(w⁺ + βw) = 1/√(2π).", vanishes(mean - 1 / sp.sqrt(2 * sp.pi))),
            argued(
                "Given z_l the entries of h are independent over i, so h R_p is E h ΣR_p on every entry and noise of "
                "covariance Var h · Σ_j R_p R_q; with the sums scaled to 1, G_pq = Σ_i R_p R_q = Σa²/(Σa)² (1 + t "
                "G_pq)."
            ),
            argued("At the top Σv_p = √n N_p, N_p ~ N(0, 1), and Σv_1v_2 = O(√n): G = t diag(1/N_p²) beside the 1."),
            symbolic(
                "With one S t = a, y_j = t a^{j−1}(1 − a)/(1 − a^j) solves y ← y b/(1 + b), b ← a(1 + b).", step == 0
            ),
            symbolic("A_1 = √(Σa²)/Σa = √(π/n).", vanishes(powers[0] - sp.pi)),
            symbolic("A_2 = Σâ³ = 4/√(πn).", vanishes(powers[1] - 4 / sp.sqrt(sp.pi))),
            symbolic("A_3 = Σâ⁴ = 6/n.", vanishes(powers[2] - 6)),
            argued(
                "Given z_l, E h_ij gains (½ + β)Â_i ẑ_j, and Σ_i a_i h_ij = 1 takes off its a-weighted mean: the "
                "ripple m(Â_i − A_1)."
            ),
            computed(
                "theory.rivals.alpha_beta computes t, S, A_2, A_3, and theory.rivals.shared_sums E|cos|.",
                agrees(law.noise_share(3), share.subs(beta, 3))
                and agrees(sizes.S, powers[0] / 7)
                and agrees(sizes.second, powers[1] / sp.sqrt(7))
                and agrees(sizes.third, powers[2] / 7)
                and agrees(mean_size(2.0), (sp.exp(1) * sp.erfc(1)) ** 2),
            ),
        ),
        (
            symbolic(
                "A layer of LRP-αβ has noise t = π − 1 + 2πβ(β + 1) in units of its squared mean,",
                vanishes(share - stated),
            ),
            symbolic("S = Σa²/(Σa)² → π/n;", vanishes(powers[0] - spread * sp.pi)),
            symbolic(
                "of two Gaussian relevances y ← y S t g/(1 + S t g), which rises with y, t and g, and t with β: |cos| "
                "falls with β at every layer;",
                all(certain(rises(sp.factor(sp.diff(onward, by)), 0)) for by in (y, t, g))
                and certain(rises(sp.diff(share, beta), 0)),
            ),
            symbolic(
                "where π t < n, y shrinks by π t/n a layer in the end, and where π t > n it tends to t − n/π > 0;",
                vanishes(at.subs(j, j + 1) / at - a * (1 - a**j) / (1 - a ** (j + 1)))
                and vanishes(at - t * (1 - 1 / a) / (1 - a**-j))
                and vanishes((t * (1 - 1 / a)).subs(a, sp.pi * t / n) - (t - stuck * n / sp.pi)),
            ),
            symbolic(
                "E|cos| = e^y erfc(√(y/2))²;",
                vanishes((2 / sp.pi * above**2 - sp.exp(y) * sp.erfc(sp.sqrt(y / size)) ** 2).rewrite(sp.erf)),
            ),
            symbolic(
                "along the activation the noise of h rises by √(2π)(1 + 2β)/t per unit of its mean.",
                vanishes(tilted / variance - tilt * sp.sqrt(2 * sp.pi) * (1 + 2 * beta) / share),
            ),
            argued("All of this as the widths grow at fixed depth, up to shares of order n^−½ and π t/n."),
        ),
    )
