"""The derivations behind Theorem 2 for any Gram matrix: the sharp condition, its sharpness, and the best weighting."""

from __future__ import annotations

from fractions import Fraction
from operator import ge, gt, lt
from typing import TYPE_CHECKING

import lazy_loader
import numpy as np

from nfrlab.theory.numerics.beta import beta_moment, is_share
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
from nfrlab.theory.numerics.sums import lagrange_gap
from nfrlab.theory.weighting import gram

if TYPE_CHECKING:
    import sympy as sp
else:
    sp = lazy_loader.load("sympy")


@false_with(two=(1, -2), factor=(2, Fraction(1, 2)), middle=(-1, 2), three=(1, 4))
def gram_condition(two: Exact = 2, factor: Exact = 1, middle: Exact = 1, three: Exact = 3) -> Derivation:
    """The sharp condition on the condition number and the angle under which Activation wins."""
    beta = sp.symbols("beta", real=True)
    alpha, gamma, t, kappa, s, c = sp.symbols("alpha gamma t kappa s c", positive=True)
    form = sp.Matrix([[alpha, beta], [beta, gamma]])
    a, r = sp.Matrix([1, 0]), sp.Matrix([1, t])  # r in units of its part along a
    gain = (r.T * form * r - a.T * form * a)[0]
    off, on = (kappa - 1) * s * c, kappa * s**2 + c**2  # aᵀGe, eᵀGe for eigenvalues κ, 1 turned by an angle
    bound = factor * (sp.sqrt(kappa) - 1 / sp.sqrt(kappa))
    square = (kappa - 1) ** 2 / (4 * kappa)
    cos2 = kappa / (kappa**2 - middle * kappa + 1)
    h2 = ((kappa - 1) / (kappa + 1)) ** 2
    root = sp.exp(2 * sp.asinh(t / 2))
    inverted = [
        agrees(gram.tolerated_condition(float(v)), root.subs(t, v))
        and abs(gram.needed_tangent(float(root.subs(t, v))) - v) < 1e-12
        for v in (sp.Rational(1, 3), 1, 4)
    ]
    return Derivation(
        "Active neurons with the Gram matrix G ≻ 0, A > 0, a = A/‖A‖; r at the angle φ to A, e its direction beside A.",
        (
            argued("α(r) ∝ ⟨r, A⟩/√(rᵀGr). Scale r to a + t e, t = tan φ: α(A) ≥ α(r) iff rᵀGr ≥ aᵀGa."),
            argued("G compressed to span(a, e) has condition number κ′ ≤ κ (Cauchy): two dimensions are enough."),
            symbolic(
                "For eigenvalues κ′ and 1 at an angle, |aᵀGe| ≤ (κ′ − 1)/2√κ′ · eᵀGe: the difference of the squares is "
                "(κ′ − 1)²/4κ′ (κ′s² − c²)², 0 at κ′s² = c².",
                vanishes(square * on**2 - off**2 - square * (kappa * s**2 - c**2) ** 2),
            ),
            symbolic("√κ − 1/√κ increases.", certain((sp.sqrt(kappa) - 1 / sp.sqrt(kappa)).diff(kappa) > 0)),
            computed("κ = exp(2 arsinh(t/2)) inverts t = √κ − 1/√κ, in theory.weighting.gram.", all(inverted)),
        ),
        (
            symbolic(
                "Activation is at least as aligned as r at angle φ < π/2 to A iff tan φ ≥ −2 aᵀGe/eᵀGe;",
                vanishes(gain / (t * gamma) - (t + two * beta / gamma)),
            ),
            symbolic(
                "for every G with cond G ≤ κ iff tan φ ≥ √κ − 1/√κ,",
                # (bound/2)² eᵀGe² − aᵀGe² is a square, and 0 somewhere
                vanishes((bound / 2) ** 2 * on**2 - off**2 - (bound / 2) ** 2 * (kappa * s**2 - c**2) ** 2),
            ),
            symbolic(
                "that is cos²φ ≤ κ/(κ² − κ + 1), or h ≤ sin φ/√(1 + 3cos²φ) with h = (κ − 1)/(κ + 1).",
                vanishes(1 / cos2 - 1 - bound**2) and vanishes(h2 - (1 - cos2) / (1 + three * cos2)),
            ),
            argued("At φ ≥ π/2 it always is."),
        ),
    )


@false_with(power=(1, 2), loses=(gt, ge), factor=(2,), tilt=(1,))
def gram_sharp(power: Exact = 3, loses: Relation = lt, factor: Exact = 1, tilt: Exact = 0) -> Derivation:
    """The condition is sharp: at every angle, for every κ beyond the bound, a counterexample."""
    over, excess = sp.symbols("delta epsilon", positive=True)
    sigma = 1 + over
    A, r = np.array([sigma, 1], dtype=object), np.array([1, sigma**power], dtype=object)
    W = np.array([[sigma * (1 + excess), tilt], [0, 1]], dtype=object)
    G = W.T @ W
    gain = sp.factor(gram.advantage(G, A, r))
    tangent = factor * (sigma - 1 / sigma)
    return Derivation(
        "Two neurons with A_j > 0, G = WᵀW; Activation wins iff rᵀGr ‖A‖⁴ ≥ ⟨r, A⟩² AᵀGA.",
        (
            argued("x = (1/(1 + ε), 1) gives this A: W is diagonal."),
            argued("tan φ takes every value in (0, ∞) as σ runs over (1, ∞)."),
            symbolic(
                "The case is that of theory.weighting.gram.",
                gram.extremal_case(sigma) == ((sigma, 1), (sigma, 1), (1, sigma**3)),
            ),
        ),
        (
            symbolic(
                "The condition is sharp at every angle: W = diag(σ(1 + ε), 1), A = (σ, 1), r = (1, σ³), σ > 1 has tan "
                "φ = σ − 1/σ, κ = σ²(1 + ε)²;",
                vanishes(sp.together(gram.square_tangent(A, r) - tangent**2)) and certain((r @ A) > 0),
            ),
            symbolic(
                "Activation ties at ε = 0, the bound, and loses for every ε > 0.",
                vanishes(gain.subs(excess, 0)) and certain(loses(gain, 0)),
            ),
            symbolic(
                "The two neurons are orthogonal and r is positive.",
                G[0, 1] == 0 and all(certain(t > 0) for t in r),
            ),
        ),
    )


def _cauchy_schwarz(factor: Exact) -> bool:
    """Whether `sᵀGs · AᵀG⁻¹A ≥ ⟨s, A⟩²` by Lagrange's identity, for any number of neurons.

    With G = LᵀL and s* = G⁻¹A it is `factor ‖Ls‖²‖Ls*‖² − ⟨Ls, Ls*⟩²`; and sᵀG s* = sᵀA.
    """
    n = sp.symbols("n", integer=True, positive=True)
    G, s, A = sp.MatrixSymbol("G", n, n), sp.MatrixSymbol("s", n, 1), sp.MatrixSymbol("A", n, 1)
    best = sp.Inverse(G) * A
    return bool((s.T * G * best).doit() == s.T * A and lagrange_gap(factor))


@false_with(factor=(Fraction(1, 2),), two=(4, 1), removed=(0,), freedom=(0,))
def gram_best(factor: Exact = 1, two: Exact = 2, removed: Exact = 1, freedom: Exact = 1) -> Derivation:
    """The best weighting, and the least that Activation reaches of its alignment."""
    lam, kappa, u, v, d, K = sp.symbols("lambda kappa u v d K", positive=True)
    equal = np.array([1, 1], dtype=object)
    reached = 4 / ((equal @ np.diag([kappa, 1]) @ equal) * (equal @ np.diag([1 / kappa, 1]) @ equal))
    above, below = sp.symbols("x y", nonnegative=True)  # 1 ≤ λ ≤ κ: λ = 1 + x, κ = λ + y
    least = two**2 * kappa / (1 + kappa) ** 2
    one = sp.Integer(1)
    return Derivation(
        "K active neurons with the Gram matrix G ≻ 0, cond G = κ, A > 0; eigenvalues λ in units of the least, with the "
        "shares p of ‖A‖² along their directions.",
        (
            symbolic(
                "1 + κ − λ − κ/λ = (λ − 1)(κ − λ)/λ ≥ 0 for 1 ≤ λ ≤ κ.",
                vanishes(1 + kappa - lam - kappa / lam - (lam - 1) * (kappa - lam) / lam)
                and certain(above * below / (1 + above) >= 0),
            ),
            argued("Summed with the shares p, which are ≥ 0 and add up to 1: Σ p λ + κ Σ p/λ ≤ 1 + κ."),
            symbolic(
                "(u + v)² ≥ 4uv: the product Σ p λ · Σ p/λ is at most (1 + κ)²/4κ.",
                vanishes((u + v) ** 2 - 4 * u * v - (u - v) ** 2),
            ),
            argued(
                "R* = WG⁻¹Wᵀx is x projected on the span of the active neurons. Turning the sign of a neuron leaves "
                "the span as it is, so given the signs it is a uniform K-dimensional one: α*² is the share of K "
                "squares."
            ),
            argued("Activation has α² = T²/(T² + χ²_{d−1}), T² ~ χ²_K, by the law at finite width."),
            computed("theory.weighting.gram computes 2√κ/(1 + κ).", agrees(gram.kantorovich(7.0), 2 * sp.sqrt(7) / 8)),
        ),
        (
            symbolic("No weighting is better aligned than s* = G⁻¹A, α* = √(AᵀG⁻¹A)/‖x‖.", _cauchy_schwarz(factor)),
            symbolic(
                "Activation reaches ‖A‖²/√(AᵀGA · AᵀG⁻¹A) ≥ 2√κ/(1 + κ) of it, attained by A = (1, 1), G = diag(κ, 1).",
                vanishes(reached - least) and vanishes(4 * kappa / (1 + kappa) ** 2 - least),
            ),
            symbolic(
                "In a Gaussian layer, given K ≤ d active neurons, α*² ~ Beta(K/2, (d − K)/2) against Activation's "
                "Beta(K/2, (d − 1)/2): E α² = K/d against K/(K + d − 1).",
                is_share(K / 2, (d - removed * K) / 2, K, d - K)
                and is_share(K / 2, (d - freedom) / 2, K, d - 1)
                and vanishes(beta_moment(K / 2, (d - K) / 2, one) - K / d)
                and vanishes(beta_moment(K / 2, (d - freedom) / 2, one) - K / (K + d - 1)),
            ),
        ),
    )
