"""The derivations for neurons without a mean: where α still tends to 1, where it has a random limit, Cauchy entries.

What they rest on, the weak law for arrays, stable limits and 0–1 laws, is by argument: a proof assistant's library of
probability would settle it, computer algebra cannot.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import lazy_loader

from nfrlab.theory.numerics.proof import Derivation, Exact, argued, below_one, certain, false_with, symbolic, vanishes

if TYPE_CHECKING:
    import sympy as sp
else:
    sp = lazy_loader.load("sympy")

ARRAYS = "The weak law for triangular arrays holds:"


@false_with(edge=(0, 2), multiple=(2, 0), scale=(2, Fraction(1, 2)))
def infinite_mean(edge: Exact = 1, multiple: Exact = 1, scale: Exact = 1) -> Derivation:
    """Rotation-invariant laws without a mean: where α still tends to 1, and where it has a random limit."""
    t, b, n, a, e = sp.symbols("t b n a epsilon", positive=True)
    first, second = (sp.integrate(t**k * t**-2, (t, 1, b)) for k in (1, 2))  # ν = 1, P(‖w‖ > t) = 1/t for t ≥ 1
    size = n * sp.log(n)
    weak = [sp.limit(found, n, sp.oo) for found in (n / size, n * second.subs(b, size) / size**2)]
    tail = sp.symbols("nu", positive=True)
    nu = below_one(a)  # any ν < 1
    return Derivation(
        "P(‖w‖ > t) = t^{−ν} for t ≥ 1, of density ν t^{−ν−1}; s bounded, independent of w.",
        (
            symbolic(
                "∫ t^k ν t^{−ν−1} dt = ν t^{k−ν}/(k − ν): E‖w‖^k is finite iff k < ν.",
                all(vanishes((t ** (k - tail) / (k - tail)).diff(t) - t**k * t ** (-tail - 1)) for k in (1, 2)),
            ),
            argued("ν > 1: E‖w‖ < ∞, the law of large numbers, and μ ∝ x."),
            argued("ν = 1: E[w 1(w·x > 0); ‖w‖ ≤ b] is along x̂ by rotation invariance."),
            symbolic("At b = N log N: N P(‖w‖ > b) → 0 and N E[‖w‖²; ‖w‖ ≤ b]/b² → 0.", weak == [0, 0]),
            argued(f"{ARRAYS} R/(N log N) tends to a multiple of x̂."),
            argued(
                "ν < 1: N^{−1/ν} R tends in law to Σ_j Γ_j^{−1/ν} s_j u_j (LePage), Γ_j the arrivals of a Poisson "
                "process, u_j uniform on the half-sphere w·x > 0, once what smaller neurons add vanishes."
            ),
            argued("Given all the rest the part of u_1 beside x has no atom for d ≥ 2: the sum is not along x."),
        ),
        (
            symbolic(
                "w rotation invariant with P(‖w‖ > t) ~ t^{−ν}, d ≥ 2: α → 1 almost surely for ν > 1 (variance "
                "infinite for ν ≤ 2),",
                certain(1 - (edge + a) < 0) and certain(1 - (edge - a) >= 0) and certain(2 - (2 - a) >= 0),
            ),
            symbolic(
                "in probability for ν = 1: N E[‖w‖; ‖w‖ ≤ b]/b → 1;",
                vanishes(sp.limit(n * first.subs(b, size) / size, n, sp.oo) - multiple),
            ),
            symbolic(
                "for ν < 1 α converges in law, to a random limit that is < 1: neurons below ε N^{1/ν} add at most ν/(1 "
                "− ν) ε^{1−ν} to N^{−1/ν} E‖R‖, which vanishes with ε.",
                # N^{1 − 1/ν} (ε N^{1/ν})^{1 − ν}: no power of N is left
                vanishes(1 - scale / nu + (1 - nu) / nu) and sp.limit(e ** sp.simplify(1 - nu), e, 0) == 0,
            ),
        ),
    )


@false_with(rate=(2, Fraction(1, 2)), moment=(1, 4))
def cauchy_limit(rate: Exact = 1, moment: Exact = 2) -> Derivation:
    """Cauchy entries: no mean, yet a limit in probability, but not almost surely."""
    w, c, n = sp.symbols("w c n", positive=True)
    density = 1 / (sp.pi * (1 + w**2))
    seen = 2 / sp.pi * sp.atan(c * w)  # P(|T| < x_i w), T Cauchy of scale x_i/c
    growth = sp.limit(w * (w * density * seen), w, sp.oo)
    tail = sp.limit(w * 2 * sp.integrate(density, (w, n, sp.oo)).subs(n, w), w, sp.oo)
    square = sp.limit(2 * sp.integrate(w**2 * density, (w, 0, n)) / n, n, sp.oo)
    many = sp.integrate(1 / (w * sp.log(w)), (w, 2, n))
    l1, k, norm, s = sp.symbols("l k x s", positive=True)
    map_square = (rate * s / sp.pi) ** 2 * k  # ‖R‖² over (N log N)²
    return Derivation(
        "Entries of density 1/π(1 + w²); T = Σ_{k≠i} w_k x_k is Cauchy too; k non-zero x_i.",
        (
            argued("A neuron with |w_i| large is active iff w_i x_i > 0, so large entries add up with one sign."),
            argued(
                "E[w_i 1(w·x > 0); |w_i| ≤ n] = sign(x_i) ∫_0^n w p(w) P(|T| < |x_i| w) dw; 0 if x_i = 0, by symmetry."
            ),
            symbolic("n P(|w| > n) → 2/π, so N P(|w| > b) → 0 at b = N log N.", vanishes(tail - 2 / sp.pi)),
            symbolic(
                "∫_2^n dw/(w log w) → ∞: Σ_N P(s_N |w_{N,i}| > C N log N) diverges.", sp.limit(many, n, sp.oo) == sp.oo
            ),
            argued(
                "Such a neuron is active if w_i x_i > 0 (as good as surely), and with probability ½, whatever w_i, if "
                "x_i = 0; and it is independent of the sum before it, which is O(N log N) with probability near 1."
            ),
            argued(
                "By Kochen and Stone with the 0–1 law of Hewitt and Savage single neurons, each along e_i, outweigh "
                "all earlier ones again and again: α comes near |x_i|/‖x‖ again and again, for every i."
            ),
            argued(
                "One of these is not the limit: where k ≥ 2 the least |x_i| > 0, as |x_i| ≤ ‖x‖₁/k < ‖x‖₁/√k; where k "
                "= 1 any x_i = 0, which d ≥ 2 provides."
            ),
        ),
        (
            symbolic(
                "Cauchy entries: E[w 1(w·x > 0)] does not exist, but R/(N log N) → (E s/π) sign(x) in probability, at "
                "rate 1/log N:",
                vanishes(growth - rate / sp.pi) and vanishes(square - moment / sp.pi),  # N E[w²; |w| ≤ b]/b² = O(N/b)
            ),
            symbolic(
                "α → ‖x‖₁/(√k ‖x‖₂), the limit of `axis`.",
                vanishes(growth * s * l1 / (sp.sqrt(map_square) * norm) - l1 / (sp.sqrt(k) * norm)),
            ),
            argued("For d ≥ 2, almost surely at no x."),
        ),
    )
