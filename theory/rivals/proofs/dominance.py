"""The derivation behind `theory.rivals.dominance`: one channel against others at Gaussian weights, and scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

import lazy_loader

from nfrlab.theory.numerics.beta import chi_square_density
from nfrlab.theory.numerics.proof import Derivation, Exact, agrees, argued, computed, false_with, symbolic, vanishes
from nfrlab.theory.rivals import dominance as law

if TYPE_CHECKING:
    import sympy as sp
else:
    sp = lazy_loader.load("sympy")


@false_with(front=(1, 4), root=(1, 3), even=(1, 3), square=(0, 2))
def dominance_of_channels(front: Exact = 2, root: Exact = 2, even: Exact = 2, square: Exact = 1) -> Derivation:
    """P that K w_1 outweighs one weight, or m; and what a layer makes of a length, whatever the channels are."""
    K, m, u, t, n, s = sp.symbols("K m u t n s", positive=True)
    phi = sp.symbols("phi", real=True)
    sector = 4 * sp.integrate(1 / (2 * sp.pi), (phi, 0, sp.atan(u)))  # |w_2| < u |w_1|, by the angle
    density = sp.diff(sector, u)
    moment = sp.integrate(sp.sqrt(t) * chi_square_density(t, n), (t, 0, sp.oo))
    mean = sp.sqrt(2) * sp.gamma((n + 1) / 2) / sp.gamma(n / 2)
    sizes = law.kept_scale(3.0, 2.0, 5)
    five = 6 * (mean / sp.sqrt(n)).subs(n, 5)
    return Derivation(
        "Weights N(0, σ²/n), independent; channels of activation K a and a.",
        (
            argued("(w_1, w_2) is isotropic in the plane: P(|w_2| < u|w_1|) is the share of angles within arctan u."),
            symbolic(
                "Its density is that of the size of a Cauchy variable.", vanishes(density - 2 / sp.pi / (1 + u**2))
            ),
            argued("A sum of m independent N(0, σ²) is N(0, mσ²): K against m is K/√m against one."),
            argued(
                "Wᵀa has n independent entries N(0, σ²‖a‖²/n), whatever the direction of a: ‖Wᵀa‖ = σ‖a‖χ_n/√n, and a "
                "layer of equal activations keeps its scale as well as one with a single large channel."
            ),
            symbolic("E χ_n = √2 Γ((n + 1)/2)/Γ(n/2).", vanishes(sp.gammasimp(moment / mean) - 1)),
            computed(
                "theory.rivals.dominance computes these.",
                agrees(law.dominance(3.0, 4.0), sector.subs(u, sp.Rational(3, 2)))
                and agrees(sizes[0], five)
                and agrees(sizes[1], sp.sqrt(36 - five**2)),
            ),
        ),
        (
            symbolic("P(|K w_1| > |w_2|) = (2/π) arctan K;", vanishes(sector.subs(u, K) - front / sp.pi * sp.atan(K))),
            symbolic(
                "against the sum of m it is (2/π) arctan(K/√m),",
                vanishes(sector.subs(u, K / sp.sqrt(m)) - 2 / sp.pi * sp.atan(K / m ** sp.Rational(1, root))),
            ),
            symbolic("½ at m = K²;", vanishes(sector.subs(u, K / sp.sqrt(m)).subs(m, K**2) - sp.Rational(1, even))),
            symbolic(
                "‖Wᵀa‖ = σ‖a‖χ_n/√n of every a, of mean square σ²‖a‖².",
                vanishes(s**2 * sp.integrate(t * chi_square_density(t, n), (t, 0, sp.oo)) / n - square * s**2),
            ),
        ),
    )
