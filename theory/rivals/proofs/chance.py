"""The derivation behind `theory.rivals.chance`: how alike two maps are that have nothing to do with one another."""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations
from typing import TYPE_CHECKING

import lazy_loader

from nfrlab.theory.numerics.beta import beta_moment, is_share
from nfrlab.theory.numerics.proof import (
    Derivation,
    Exact,
    agrees,
    argued,
    computed,
    enumerated,
    false_with,
    symbolic,
    vanishes,
)
from nfrlab.theory.rivals import chance as law

if TYPE_CHECKING:
    import sympy as sp
else:
    sp = lazy_loader.load("sympy")


def rank_variance(n: int) -> Fraction:
    """The variance of Spearman's ρ between the order 1 … n and all n! orders, exactly."""
    middle, spread = Fraction(n + 1, 2), Fraction(n * (n * n - 1), 12)
    rhos = [
        sum((i - middle) * (j - middle) for i, j in enumerate(order, 1)) / spread
        for order in permutations(range(1, n + 1))
    ]
    return sum((rho * rho for rho in rhos), Fraction(0)) / len(rhos)


@false_with(share=(2, 3), size=(1, 4), apart=(1, 4), absolute=(1, 4), rectified=(1, 2), ranks=(0, 2))
def chance_levels(
    share: Exact = 1, size: Exact = 2, apart: Exact = 2, absolute: Exact = 2, rectified: Exact = 4, ranks: Exact = 1
) -> Derivation:
    """Two unrelated maps: the law of their cosine, its mean size, and what remains where maps have no sign."""
    c = sp.symbols("c", positive=True)
    half = sp.Rational(1, 2)
    first, rest = half, (c - 1) / 2
    mean = sp.gamma(c / 2) / (sp.sqrt(sp.pi) * sp.gamma((c + 1) / 2))
    found = sp.gamma(1) / sp.gamma(half) / (sp.gamma((c + 1) / 2) / sp.gamma(c / 2))
    distance = 2 * beta_moment(rest, rest, half)
    stated = 2 ** (c - 1) * sp.gamma(c / 2) ** 2 / (sp.sqrt(sp.pi) * sp.gamma(c - half))
    half_normal = sp.sqrt(2 / sp.pi)
    return Derivation(
        "Two independent maps of c entries, each with i.i.d. normal entries, their sizes, or their positive parts.",
        (
            argued("Rotating one map onto an axis leaves the other isotropic: cos is its first entry over its length."),
            argued("(1 − cos)/2 ~ Beta((c − 1)/2, (c − 1)/2), and ‖u − v‖ = √(2 − 2 cos), symmetric about cos = 0."),
            argued(
                "Of maps ≥ 0 with exchangeable entries E u = (E u_1)1, so E⟨u, v⟩ = c(E u_1)² for independent ones."
            ),
            argued("As c grows ‖v‖²/c → E v_1²: E cos → (E v_1)²/E v_1²."),
            symbolic(
                "E‖u − v‖ = 2^{c−1} Γ(c/2)²/(√π Γ(c − ½)), twice the moment of order ½ of that law.",
                vanishes(sp.gammasimp(distance / stated) - 1),
            ),
            symbolic("E|cos| is the moment of order ½ of cos².", vanishes(sp.gammasimp(found / mean) - 1)),
            computed(
                "theory.rivals.chance computes these numbers.",
                all(agrees(law.chance_size(n), mean.subs(c, n)) for n in (2, 3, 10))
                and all(agrees(law.chance_distance(n), stated.subs(c, n)) for n in (2, 3, 10))
                and agrees(law.absolute_cosine(7), 7 * mean.subs(c, 7) ** 2),
            ),
        ),
        (
            symbolic("cos² ~ Beta(½, (c − 1)/2),", is_share(first * share, rest, sp.Integer(1), c - 1)),
            symbolic(
                "E cos² = 1/c, E|cos| = Γ(c/2)/(√π Γ((c + 1)/2)), which falls with c, and times its next is 2/πc;",
                vanishes(beta_moment(first, rest, sp.Integer(1)) - 1 / c)
                and vanishes(sp.gammasimp(mean * mean.subs(c, c + 1)) - size / (sp.pi * c)),
            ),
            symbolic(
                "unit maps lie √2 apart in the root mean square;",
                vanishes(4 * beta_moment(rest, rest, sp.Integer(1)) - apart),
            ),
            symbolic("of |N(0, I)| E cos → 2/π,", vanishes(half_normal**2 - absolute / sp.pi)),
            symbolic("of relu(N(0, I)) 1/π;", vanishes((half_normal / 2) ** 2 / half - 4 / (rectified * sp.pi))),
            enumerated(
                "Spearman's ρ of unrelated rankings has the variance 1/(n − 1), here over all orders of n ≤ 6.",
                all(rank_variance(n) == Fraction(1, n - ranks) if n != ranks else False for n in range(2, 7)),
            ),
        ),
    )
