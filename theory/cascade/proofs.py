"""The derivations behind the recursion of α: why it rises, why Activation dominates, where RectGrad falls."""

from __future__ import annotations

from typing import TYPE_CHECKING

import lazy_loader

from nfrlab.theory.cascade import recursion as law
from nfrlab.theory.numerics.proof import Derivation, vanishes

if TYPE_CHECKING:
    import sympy as sp
else:
    sp = lazy_loader.load("sympy")

COVERAGE = (
    "Gaussian weights in the layers at and below the ReLU in question; what lies above it may be any network, trained "
    "ones included, that is independent of these weights given z_l (not one trained on their features)."
)


def _zero_on_circle(expression: sp.Expr) -> bool:
    """Whether an expression vanishes for all θ: as a polynomial in sin θ and cos θ, modulo sin² + cos² = 1."""
    THETA = sp.symbols("theta", positive=True)
    s, c = sp.symbols("s c")
    found = expression.subs(sp.tan(THETA), s / c).subs({sp.sin(THETA): s, sp.cos(THETA): c})
    numerator = sp.expand(sp.numer(sp.together(found)))
    return bool(sp.expand(sp.rem(numerator, s**2 + c**2 - 1, c)) == 0)


def _dropping_raises() -> bool:
    """Whether `(P − a r)/√(S − r²) ≥ P/√S` for r < 0 ≤ P, S > r²: squares of non-negative sides are compared."""
    P, S, a, size = sp.symbols("P S a r", positive=True)
    return bool(sp.expand((P + a * size) ** 2 * S - P**2 * (S - size**2)).is_positive)


def _sector(value: sp.Expr, angle: sp.Symbol) -> sp.Expr:
    """`E[ρ² value(φ)]` over the sector in which two normals at the angle θ are both positive."""
    THETA = sp.symbols("theta", positive=True)
    return sp.integrate(sp.expand_trig(value), (angle, THETA - sp.pi / 2, sp.pi / 2)) / sp.pi


def _half_line(value: sp.Expr) -> sp.Expr:
    """`E[value(ẑ) 1(ẑ > 0)]`, by integration."""
    Z = sp.symbols("z", positive=True)
    return sp.integrate(value * sp.exp(-(Z**2) / 2) / sp.sqrt(2 * sp.pi), (Z, 0, sp.oo))


def gbp_share() -> sp.Expr:
    """GBP's q as a function of θ = arccot k."""
    THETA = sp.symbols("theta", positive=True)
    phi = sp.pi - THETA
    along = sp.sin(THETA) + phi * sp.cos(THETA)
    return along**2 / (2 * sp.pi * (phi + sp.sin(THETA) * sp.cos(THETA)))


def gradient_share() -> sp.Expr:
    """The gradient's q as a function of k."""
    K = sp.symbols("k", positive=True)
    return K**2 / (2 * (K**2 + 1))


def recursion() -> Derivation:
    """The exact step of a Gaussian stack and its limit in wide layers."""
    K, THETA, Z, N_LAYER, SQUARE = sp.symbols("k theta z n T2", positive=True)
    angle = sp.symbols("phi", real=True)
    along = _sector(sp.cos(angle) * sp.cos(angle - THETA), angle)
    square = _sector(sp.cos(angle - THETA) ** 2, angle)
    phi, s, c = sp.pi - THETA, sp.sin(THETA), sp.cos(THETA)
    gradient = _half_line(K * Z**2) ** 2 / _half_line(K**2 * Z**2 + 1)
    below = 1 / (N_LAYER * gradient_share().subs(K, sp.sqrt(2 * SQUARE / N_LAYER)))
    computed = [
        abs(law.gbp_step(float(k)) - float(gbp_share().subs(THETA, sp.acot(k)))) < 1e-12
        and abs(law.gradient_step(float(k)) - float(gradient_share().subs(K, k))) < 1e-12
        for k in (sp.Rational(1, 7), 1, 5)
    ]
    return Derivation(
        "Given z_l and everything above layer l, r_{l−1} = σ‖s_l‖ (T_l Â + (I − ÂÂᵀ) g) exactly, T_l = ⟨ẑ_l, "
        "s_l⟩/‖s_l‖; as the widths grow in fixed proportion T_{l−1}²/n_{l−1} → q(k), k² = 2T_l²/n_{l−1}, with q in "
        "closed form for gradient, GBP and Activation, and α = T_1/√(T_1² + χ²_{d−1}).",
        "Split every column of W_l into its part along Â = A_{l−1}/‖A_{l−1}‖, which is σẑ_l, and the rest, which is "
        "Gaussian beside Â and independent of ẑ_l, hence of everything above, which sees W_l through z_l alone: W_l "
        "s_l = σ(Â⟨ẑ_l, s_l⟩ + (I − ÂÂᵀ)G s_l) and G s_l ~ ‖s_l‖ g. The next ẑ_{l−1} has i.i.d. N(0, 1) entries "
        "whatever lies below, and Â = relu(ẑ)/‖relu(ẑ)‖, ‖relu(ẑ)‖²/n → ½, ⟨Â, g⟩ = O(1): entries of r/‖s‖ are kẑ⁺ + "
        "g up to O(n^−½), and by the law of large numbers ⟨ẑ, s⟩²/(n‖s‖²) → (E ẑ⁺s)²/E s². At the output r_{L−1} is "
        "i.i.d. and k = 0. At the input ‖(I − x̂x̂ᵀ)g‖² ~ χ²_{d−1}. Gradient: s = kẑ + g on ẑ > 0. GBP: with u = ẑ "
        "and v = (kẑ + g)/√(1 + k²) at the angle θ, cos θ = k/√(1 + k²), the moments are E u⁺v⁺ and E v² 1(u, v > 0), "
        "an integral over ρ³e^{−ρ²/2} (which is 2) times one over the sector.",
        (
            ("E ẑ² 1(ẑ > 0) = ½: Activation's q", vanishes(_half_line(Z**2) - sp.Rational(1, 2))),
            ("gradient: q = k²/2(k² + 1), by integration", vanishes(gradient - gradient_share())),
            ("gradient: 1/T² gains 2/n", vanishes(below - 1 / SQUARE - 2 / N_LAYER)),
            (
                "E u⁺v⁺ = (sin θ + (π − θ) cos θ)/2π, by integration",
                _zero_on_circle(along - (s + phi * c) / (2 * sp.pi)),
            ),
            ("E v² 1(u, v > 0) = (π − θ + sin θ cos θ)/2π", _zero_on_circle(square - (phi + s * c) / (2 * sp.pi))),
            ("theory.cascade.recursion computes these shares", all(computed)),
        ),
    )


def rises() -> Derivation:
    """α of GBP rises with every level: in wide layers strictly, at every width in distribution."""
    THETA = sp.symbols("theta", positive=True)
    share, phi = gbp_share(), sp.pi - THETA
    s, c, t = sp.sin(THETA), sp.cos(THETA), sp.tan(THETA)
    along, square = s + phi * c, phi + s * c
    slope = s * along * (s**2 - phi**2) / (sp.pi * square**2)
    gap = (along**2 - sp.pi * c**2 * square) / c**2
    positive = t * ((t - THETA) + sp.pi * s**2) + phi * (t - THETA)
    below, carried = sp.symbols("h T", positive=True)
    return Derivation(
        "q of GBP is increasing in k and exceeds the gradient's at every k ≥ 0, so in the wide-layer law α rises "
        "strictly with every level from 1 to L. At every finite width the α of the (N+1)-level cascade is "
        "stochastically at least that of the N-level one; so for every rule that only drops neurons with A_j r_j ≤ 0.",
        "Wide layers. k falls as θ = arccot k rises from 0 to π/2. dq/dθ has the sign of sin²(π − θ) − (π − θ)², "
        "negative since sin φ < φ. q_gbp > q_grad is the positivity of a sum of products of t − θ > 0 (t = tan θ), "
        "sin² θ and π − θ; at k = 0 it reads 1/π² > 0. Both steps from level N to N + 1 share k down to the layer "
        "where they part; there T is larger for GBP, and below it the gradient's 1/T² + 2/n keeps the order. Any "
        "width: at the layer where two cascades part they meet the same r; dropping entries with a_j r_j ≤ 0 adds "
        "a_j|r_j| ≥ 0 to ⟨ẑ, s⟩ and takes r_j² from ‖s‖², so T does not fall (where ⟨ẑ, s⟩ < 0 it ends at T ≥ 0, and "
        "a zero map, α = 0, takes the place of T ≤ 0). Below, the gradient's map is T Â + h with h = M(I − ÂÂᵀ)g "
        "beside Â, so T ↦ T‖ẑ⁺‖/√(T² + ‖h‖²), increasing in T for every ẑ and h; these are independent of all above "
        "and have one law for both, so drawn once for both they keep the order, and so does α = T/√(T² + χ²). "
        + COVERAGE,
        (
            (
                "dq/dθ = sin θ (sin θ + (π−θ) cos θ)(sin² θ − (π−θ)²)/π(…)²",
                _zero_on_circle(sp.diff(share, THETA) - slope),
            ),
            (
                "(q_gbp − q_grad) · 2π(…)/cos² θ = t((t − θ) + π sin² θ) + (π − θ)(t − θ)",
                _zero_on_circle(gap - positive),
            ),
            ("q_gbp = 1/π² at k = 0", vanishes(share.subs(THETA, sp.pi / 2) - 1 / sp.pi**2)),
            ("dropping r_j < 0 does not lower T: ((P + a|r|)²S − P²(S − r²)) > 0 for P, S > 0", _dropping_raises()),
            (
                "T/√(T² + h²) is increasing in T",
                bool(sp.simplify(sp.diff(carried / sp.sqrt(carried**2 + below**2), carried)).is_positive),
            ),
        ),
    )


def dominance() -> Derivation:
    """Activation lies above every rule that is zero off the mask and looks at z_l and r_l alone."""
    weights, values = sp.symbols("a1:4", positive=True), sp.symbols("s1:4", real=True)
    left = sum(a * a for a in weights) * sum(t * t for t in values)
    inner = sum(a * t for a, t in zip(weights, values, strict=True)) ** 2
    pairs = ((0, 1), (0, 2), (1, 2))
    squares = sum((weights[i] * values[j] - weights[j] * values[i]) ** 2 for i, j in pairs)
    return Derivation(
        "q ≤ ½ for every rule that hands W_l s_l down, s_l zero off the mask and a function of z_l and r_l alone, "
        "with equality only for s ∝ A: in the wide-layer law Activation at layer L − N lies above the N-level cascade "
        "of every such rule. At every finite width its α is stochastically at least theirs. It is tan² = 2χ²_{d−1} "
        "Σ_{l ≤ h} 1/n_l for Activation at layer h.",
        "⟨ẑ, s⟩ = ⟨ẑ⁺, s⟩ as s is zero off the mask, so T = ⟨ẑ⁺, s⟩/‖s‖ ≤ ‖ẑ⁺‖ by Cauchy–Schwarz, and s = A attains "
        "it: whatever arrives at the layer, Activation has the larger T there. The gradient below keeps that order, "
        "pathwise in common ẑ and g (as in the derivation that α rises). In wide layers T² = n/2, then 2/n_l a layer. "
        + COVERAGE,
        (
            ("‖A‖²‖s‖² − ⟨A, s⟩² is a sum of squares (3 neurons)", vanishes(sp.expand(left - inner - squares))),
            (
                "1/T² of Activation at layer 3 is 2/n₁ + 2/n₂ + 2/n₃ in theory.cascade.recursion",
                abs(1 / law.bottom_squares("activation", (9, 40, 70, 30))[0] - (2 / 40 + 2 / 70 + 2 / 30)) < 1e-15,
            ),
        ),
    )


def rectgrad_falls() -> Derivation:
    """RectGrad passes few neurons, so its ceiling is below the gradient's: it must fall where k is large."""
    K = sp.symbols("k", positive=True)
    c, shift = sp.symbols("c m", real=True)
    edge, passing = sp.exp(-(c**2) / 2) / sp.sqrt(2 * sp.pi), sp.erfc(c / sp.sqrt(2)) / 2
    ceiling = sp.symbols("Q", positive=True)
    k_square = 2 * ceiling / (1 - 2 * ceiling)
    return Derivation(
        "A rule that passes at most a share p < ½ of the neurons has q ≤ Q = p + z_p φ(z_p), Φ(z_p) = 1 − p: one more "
        "level of it lowers α wherever k² > 2Q/(1 − 2Q). RectGrad at the 90 % quantile has Q = 0.325 and falls for k² "
        "> 1.86; a stack whose layer above is wide enough beside the one below has such a k.",
        "s lives on a set S of measure p, so (E ẑ⁺s)² ≤ E[(ẑ⁺)² 1_S] E s² by Cauchy–Schwarz, and of all sets of that "
        "measure {ẑ > z_p} has the largest second moment, Q. As k → ∞ RectGrad passes just that set and q → Q < ½, "
        "while the gradient's share k²/2(k² + 1) rises to ½ and passes Q at k² = 2Q/(1 − 2Q). k² = 2T_l²/n_{l−1} = 2q "
        "n_l/n_{l−1} grows with the ratio of widths. RectGrad's inner integrals over g > c are truncated moments.",
        (
            ("∫_c^∞ z²φ = cφ(c) + Φ(−c)", _is_tail(c * edge + passing, c**2 * edge, c)),
            ("E[(m + g) 1(g > c)] = mΦ(−c) + φ(c)", _is_tail(shift * passing + edge, (shift + c) * edge, c)),
            (
                "E[(m + g)² 1(g > c)] = (1 + m²)Φ(−c) + (2m + c)φ(c)",
                _is_tail((1 + shift**2) * passing + (2 * shift + c) * edge, (shift + c) ** 2 * edge, c),
            ),
            (
                "the gradient's share is Q at k² = 2Q/(1 − 2Q)",
                vanishes(gradient_share().subs(K, sp.sqrt(k_square)) - ceiling),
            ),
            ("theory.cascade.recursion: RectGrad's share tends to Q from below", _reaches_ceiling()),
        ),
    )


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
