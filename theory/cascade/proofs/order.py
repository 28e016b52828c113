"""The derivations behind the order of cascades: why α rises, why Activation dominates, where RectGrad falls."""

from __future__ import annotations

from fractions import Fraction
from operator import ge, gt, le, lt
from typing import TYPE_CHECKING

import lazy_loader

from nfrlab.theory.cascade import recursion as law
from nfrlab.theory.cascade.proofs.step import COVERAGE, gbp_share, gradient_share, half_line, zero_on_circle
from nfrlab.theory.numerics.balls import PRECISION, ball
from nfrlab.theory.numerics.proof import (
    Derivation,
    Exact,
    Relation,
    argued,
    certain,
    computed,
    enclosed,
    false_with,
    symbolic,
    vanishes,
)
from nfrlab.theory.numerics.sums import lagrange_gap

if TYPE_CHECKING:
    import flint
    import sympy as sp
else:
    flint = lazy_loader.load("flint")
    sp = lazy_loader.load("sympy")


@false_with(share=(2,), falls=(gt,), order=(lt,), lift=(le, lt), dropped=(-1,))
def rises(
    share: Exact = 1, falls: Relation = lt, order: Relation = gt, lift: Relation = ge, dropped: Exact = 1
) -> Derivation:
    """α of GBP rises with every level: in wide layers strictly, at every width in distribution."""
    THETA = sp.symbols("theta", positive=True)
    stated, phi = gbp_share(), sp.pi - THETA
    s, c, t = sp.sin(THETA), sp.cos(THETA), sp.tan(THETA)
    along, square = s + phi * c, phi + s * c
    slope = s * along * (s**2 - phi**2) / (sp.pi * square**2)
    gap = (along**2 - share * sp.pi * c**2 * square) / c**2
    positive = t * ((t - THETA) + sp.pi * s**2) + phi * (t - THETA)
    below, carried, P, S, a, size, sine, short, other = sp.symbols("h T P S a r u v w", positive=True)
    larger = sp.expand(
        (P + dropped * a * size) ** 2 * (S + size**2) - P**2 * S
    )  # squares of (P + a|r|)/√S, P/√(S + r²)
    signs = sine * other * (sine**2 - (sine + short) ** 2)  # sin θ, sin θ + (π − θ) cos θ > 0, and π − θ > sin θ
    parts = sine * (short + sp.pi * sine**2) + other * short  # t, t − θ, sin² θ, π − θ > 0
    return Derivation(
        f"GBP and the gradient in Gaussian stacks. {COVERAGE}",
        (
            argued("k falls as θ = arccot k rises from 0 to π/2."),
            symbolic(
                "dq/dθ = sin θ (sin θ + (π−θ) cos θ)(sin² θ − (π−θ)²)/π(…)².",
                zero_on_circle(stated.diff(THETA) - slope),
            ),
            symbolic(
                "sin φ < φ and θ < tan θ: 0 at 0, with the derivatives 1 − cos φ ≥ 0 and tan² θ > 0.",
                vanishes((t - THETA).diff(THETA) - t**2) and vanishes((THETA - s).diff(THETA) - (1 - c)),
            ),
            symbolic("At k = 0 q_gbp = 1/π² > 0.", vanishes(stated.subs(THETA, sp.pi / 2) - 1 / sp.pi**2)),
            argued(
                "Both steps from level N to N + 1 share k down to the layer where they part; there T is larger for "
                "GBP, and below it the gradient's 1/T² + 2/n keeps the order."
            ),
            argued(
                "Any width: at the layer where two cascades part they meet the same r; dropping entries with a_j r_j ≤ "
                "0 adds a_j|r_j| to ⟨ẑ, s⟩ and takes r_j² from ‖s‖²; where ⟨ẑ, s⟩ < 0 it ends at T ≥ 0, and a zero "
                "map, α = 0, takes the place of T ≤ 0."
            ),
            symbolic(
                "T ↦ T‖ẑ⁺‖/√(T² + ‖h‖²) and T ↦ T/√(T² + χ²) are increasing.",
                certain(sp.simplify((carried / sp.sqrt(carried**2 + below**2)).diff(carried)) > 0),
            ),
            argued(
                "The gradient's map below is T Â + h with h = M(I − ÂÂᵀ)g beside Â; ẑ and h are independent of all "
                "above and have one law for both cascades, so drawn once for both they keep the order."
            ),
        ),
        (
            symbolic("q of GBP is increasing in k", certain(falls(signs, 0))),
            symbolic(
                "and exceeds the gradient's at every k ≥ 0, so in the wide-layer law α rises strictly with every level "
                "from 1 to L: (q_gbp − q_grad) · 2π(…)/cos² θ = t((t − θ) + π sin² θ) + (π − θ)(t − θ), t = tan θ.",
                zero_on_circle(gap - positive) and certain(order(parts, 0)),
            ),
            symbolic(
                "At every finite width the α of the (N+1)-level cascade is stochastically at least that of the N-level "
                "one; so for every rule that only drops neurons with A_j r_j ≤ 0.",
                certain(lift(larger, 0)),
            ),
        ),
    )


@false_with(most=(Fraction(1, 4), 1), power=(2,), gain=(1, 4))
def dominance(most: Exact = Fraction(1, 2), power: Exact = 1, gain: Exact = 2) -> Derivation:
    """Activation lies above every rule that is zero off the mask and looks at z_l and r_l alone."""
    a, b, n, square, Z = sp.symbols("a_i a_j n T2 z", positive=True)
    top = half_line(Z**2)  # E (ẑ⁺)²: the share of Cauchy–Schwarz
    below = 1 / (n * gradient_share().subs(sp.symbols("k", positive=True), sp.sqrt(2 * square / n)))
    return Derivation(
        f"Rules that hand W_l s_l down, s_l zero off the mask. {COVERAGE}",
        (
            argued("⟨ẑ, s⟩ = ⟨ẑ⁺, s⟩ as s is zero off the mask, T = ⟨ẑ⁺, s⟩/‖s‖."),
            symbolic("‖ẑ⁺‖²‖s‖² − ⟨ẑ⁺, s⟩² = ½ Σ_ij (a_i s_j − a_j s_i)², for any number of neurons.", lagrange_gap()),
            argued("So T ≤ ‖ẑ⁺‖: whatever arrives at the layer, Activation has the larger T there."),
            argued("The gradient below keeps that order, pathwise in common ẑ and g, as where α rises."),
            computed(
                "1/T² of Activation at layer 3 is 2/n₁ + 2/n₂ + 2/n₃ in theory.cascade.recursion.",
                abs(1 / law.bottom_squares("activation", (9, 40, 70, 30))[0] - (2 / 40 + 2 / 70 + 2 / 30)) < 1e-15,
            ),
        ),
        (
            symbolic(
                "q ≤ ½ for every rule that hands W_l s_l down, s_l zero off the mask and a function of z_l and r_l "
                "alone, with equality only for s ∝ A:",
                vanishes(top - most) and vanishes(a * b**power - b * a**power),  # (E ẑ⁺s)² ≤ ½ E s²; a_i s_j = a_j s_i
            ),
            argued(
                "in the wide-layer law Activation at layer L − N lies above the N-level cascade of every such rule. At "
                "every finite width its α is stochastically at least theirs."
            ),
            symbolic(
                "It is tan² = 2χ²_{d−1} Σ_{l ≤ h} 1/n_l for Activation at layer h.",
                vanishes(1 / (top * n) - gain / n) and vanishes(below - 1 / square - gain / n),
            ),
        ),
    )


@false_with(edge=(2, -1), twice=(1, 4), quantile=(Fraction(4, 5),))
def rectgrad_falls(edge: Exact = 1, twice: Exact = 2, quantile: Exact = Fraction(9, 10)) -> Derivation:
    """RectGrad passes few neurons, so its ceiling is below the gradient's: it must fall where k is large."""
    K = sp.symbols("k", positive=True)
    c, shift = sp.symbols("c m", real=True)
    density, passing = sp.exp(-(c**2) / 2) / sp.sqrt(2 * sp.pi), sp.erfc(c / sp.sqrt(2)) / 2
    ceiling = sp.symbols("Q", positive=True)
    k_square = twice * ceiling / (1 - 2 * ceiling)
    Q, crossing = _ceiling(Fraction(quantile))
    return Derivation(
        COVERAGE,
        (
            argued("s lives on a set S of measure p, so (E ẑ⁺s)² ≤ E[(ẑ⁺)² 1_S] E s² by Cauchy–Schwarz."),
            argued("Of all sets of that measure {ẑ > z_p} has the largest second moment, Q."),
            argued("As k → ∞ RectGrad passes just that set and q → Q < ½, while the gradient's share rises to ½."),
            symbolic(
                "RectGrad's inner integral E[(m + g) 1(g > c)] = mΦ(−c) + φ(c).",
                _is_tail(shift * passing + density, (shift + c) * density, c),
            ),
            symbolic(
                "E[(m + g)² 1(g > c)] = (1 + m²)Φ(−c) + (2m + c)φ(c).",
                _is_tail((1 + shift**2) * passing + (2 * shift + c) * density, (shift + c) ** 2 * density, c),
            ),
            computed("theory.cascade.recursion: RectGrad's share tends to Q from below.", _reaches_ceiling()),
        ),
        (
            symbolic(
                "A rule that passes at most a share p < ½ of the neurons has q ≤ Q = p + z_p φ(z_p), Φ(z_p) = 1 − p:",
                _is_tail(edge * c * density + passing, c**2 * density, c),  # ∫_c^∞ z²φ
            ),
            symbolic(
                "one more level of it lowers α wherever k² > 2Q/(1 − 2Q).",
                vanishes(gradient_share().subs(K, sp.sqrt(k_square)) - ceiling),
            ),
            enclosed(
                "RectGrad at the 90 % quantile has Q = 0.325 and falls for k² > 1.86;",
                bool(abs(Q - ball(Fraction("0.325"))) < 5e-4) and bool(abs(crossing - ball(Fraction("1.86"))) < 5e-3),
            ),
            argued(
                "a stack whose layer above is wide enough beside the one below has such a k: k² = 2T_l²/n_{l−1} = 2q "
                "n_l/n_{l−1} grows with the ratio of widths."
            ),
        ),
    )


def _ceiling(q: Fraction) -> tuple[flint.arb, flint.arb]:
    """(Q, 2Q/(1 − 2Q)) of the share p = 1 − q: `Q = p + z φ(z)`, Φ(z) = q."""
    flint.ctx.prec = PRECISION
    z = flint.arb(2).sqrt() * ball(2 * q - 1).erfinv()
    Q = ball(1 - q) + z * (-z * z / 2).exp() / (2 * flint.arb.pi()).sqrt()
    return Q, 2 * Q / (1 - 2 * Q)


def _is_tail(closed: sp.Expr, integrand: sp.Expr, c: sp.Symbol) -> bool:
    """Whether `closed(c) = ∫_c^∞ integrand`: its derivative is −integrand and it vanishes at ∞."""
    return vanishes(sp.diff(closed, c) + integrand) and sp.limit(closed, c, sp.oo) == 0


def _reaches_ceiling() -> bool:
    """Whether RectGrad's computed shares rise to Q and stay below it, for quantiles 0.8, 0.9, 0.98."""
    for q in (0.8, 0.9, 0.98):
        top = law.ceiling(1 - q)
        found = [law.rectgrad_step(k, q) for k in (0.0, 0.5, 1.0, 3.0, 30.0, 300.0)]
        if not (sorted(found) == found and found[-1] <= top + 1e-12 and top - found[-1] < 1e-5):
            return False
    return True
