"""The derivations behind Definition 2 and Propositions 1–3: the sign of every margin, what γ does, and LRP-z."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import lazy_loader

from nfrlab.theory.numerics.proof import Derivation, vanishes

if TYPE_CHECKING:
    import sympy as sp
else:
    sp = lazy_loader.load("sympy")


def gbp_margin_sign() -> Derivation:
    """Prop. 1, repaired: GBP's margin is non-negative, and positive exactly where the filter changes the map."""
    r = sp.symbols("r", real=True)
    a = sp.symbols("a", nonnegative=True)
    positive, negative = sp.Piecewise((r, r > 0), (0, True)), sp.Piecewise((-r, r < 0), (0, True))
    cases = [
        vanishes((a * (positive - r) - a * negative).subs(r, value))
        for value in (-sp.Symbol("p", positive=True), 0, sp.Symbol("p", positive=True))
    ]
    return Derivation(
        "⟨A, F(WM)r⟩ − ⟨A, WMr⟩ = Σ_j a_j r_j⁻ ≥ 0, and > 0 exactly when F(WM)r ≠ WMr.",
        "Without biases ⟨A, w_j⟩ = z_j, so neuron j contributes M_j z_j r_j = a_j r_j to ⟨A, WMr⟩, and a_j relu(r_j) "
        "after the filter. The difference is a_j r_j⁻ ≥ 0. If F(WM)r ≠ WMr, some column with M_j = 1 was dropped with "
        "r_j ≠ 0, so r_j < 0 and a_j > 0: the margin is positive. If F(WM)r = WMr the margin is ⟨A, 0⟩ = 0.",
        tuple((f"a·relu(r) − a·r = a·r⁻ for r {sign} 0", ok) for sign, ok in zip("<=>", cases, strict=True)),
    )


def rectgrad_margin_sign() -> Derivation:
    """Prop. 2, repaired: RectGrad's margin is non-negative for τ ≤ 0, and negative somewhere for every τ > 0."""
    excess = sp.symbols("epsilon", nonnegative=True)
    tau = sp.symbols("tau", nonpositive=True)
    dropped = tau - excess  # any contribution ≤ τ
    t = sp.symbols("t", positive=True)
    return Derivation(
        "⟨A, F(WM)r⟩ − ⟨A, WMr⟩ = −Σ_{a_j r_j ≤ τ} a_j r_j. For τ ≤ 0 it is ≥ 0, and > 0 exactly when F(WM)r ≠ WMr; "
        "for every τ > 0 it is negative somewhere.",
        "Neuron j contributes a_j r_j and is dropped iff a_j r_j ≤ τ. For τ ≤ 0 every dropped contribution is ≤ 0; it "
        "is 0 only if a_j = 0 or r_j = 0, which changes nothing in F(WM)r. For τ > 0 take one neuron with a_1 r_1 = "
        "τ: it is dropped and the margin is −τ.",
        (
            (
                "a dropped contribution c = τ − ε with τ ≤ 0 ≤ ε is non-positive",
                bool((-dropped).is_nonnegative),
            ),
            ("one neuron with a·r = τ > 0 has margin −τ < 0", bool((-t).is_negative)),
        ),
    )


def zplus_margin_sign() -> Derivation:
    """Prop. 3, repaired: the conserving γ makes ineq. 13 an equality, γ = 1 makes it hold, per-neuron γ is the rule."""
    x = sp.symbols("x1 x2", nonnegative=True)
    r = sp.symbols("r1 r2", nonnegative=True)
    u = [[sp.Symbol(f"u{i}{j}", nonnegative=True) for j in range(2)] for i in range(2)]
    v = [[sp.Symbol(f"v{i}{j}", nonnegative=True) for j in range(2)] for i in range(2)]
    z_plus = [sum(x[i] * u[i][j] for i in range(2)) for j in range(2)]
    z = [z_plus[j] - sum(x[i] * v[i][j] for i in range(2)) for j in range(2)]
    total, target = sum(r[j] * z_plus[j] for j in range(2)), sum(r[j] * z[j] for j in range(2))
    gamma = target / total
    dropped = sp.expand(total - target)
    a, rho, w, x1 = sp.symbols("a rho w x", positive=True)
    Z = sp.symbols("Z", positive=True)
    return Derivation(
        "With γ dropped and x, r ≥ 0 the margin is Σ_j M_j r_j Σ_i x_i w_ij⁻ ≥ 0, positive exactly when x ⊙ F(WM)r ≠ "
        "x ⊙ WMr; with the γ that conserves Σ_i R_i = Σ_j R_j it is zero identically; the rule itself is x ⊙ W⁺(γ ⊙ "
        "ρ) with one γ_j = a_j / Σ_k z_kj⁺ per neuron.",
        "Write w = w⁺ − w⁻ on active neurons: ⟨x, W⁺Mr⟩ − ⟨x, WMr⟩ = Σ_j M_j r_j Σ_i x_i w_ij⁻, a sum of non-negative "
        "terms, positive iff some x_i (W⁺Mr − WMr)_i > 0. Conservation says Σ_i x_i γ(W⁺Mr)_i = Σ_j a_j r_j; but Σ_j "
        "a_j r_j is ⟨x, WMr⟩, so both sides of ineq. 13 coincide whenever that γ exists. In eq. 16 put R_l = a ⊙ ρ: "
        "R_i = x_i Σ_j w_ij⁺ (a_j / Σ_k z_kj⁺) ρ_j.",
        (
            ("γ = Σ a r / Σ r z⁺ gives margin 0 (d = N = 2, all signs)", vanishes(gamma * total - target)),
            (
                "γ = 1: every coefficient of the margin is +1",
                all(c > 0 for c in sp.Poly(dropped, *sp.Tuple(*x, *r, *chain(*v))).coeffs()),
            ),
            ("x w/Z · (aρ) = x · w (a/Z) ρ", vanishes(x1 * w / Z * (a * rho) - x1 * w * (a / Z) * rho)),
        ),
    )


def scalar_gamma() -> Derivation:
    """Prop. 3's γ, repaired: a scalar one leaves the normalised map unchanged."""
    R, low, high = sp.symbols("R m M", real=True)
    g = sp.symbols("gamma", positive=True)
    return Derivation(
        "One scalar γ > 0 leaves the map normalised to [0, 1] unchanged.",
        "min and max commute with multiplication by γ > 0, so (γR − γ min R)/(γ max R − γ min R) = (R − min R)/(max R "
        "− min R).",
        (
            (
                "the normalised entry does not contain γ",
                vanishes((g * R - g * low) / (g * high - g * low) - (R - low) / (high - low)),
            ),
        ),
    )


def lrp_z_identity() -> Derivation:
    """LRP-z equals Gradient ⊙ Input in bias-free ReLU networks."""
    a, w, z, rho = sp.symbols("a w z rho", nonzero=True)
    v, p, q = sp.symbols("v p q", real=True)
    return Derivation(
        "In a bias-free ReLU network, wherever every denominator that carries relevance is non-zero, the LRP-z "
        "relevance of layer l is A_l ⊙ r_l with r_l the gradient.",
        "Induction from the output, where R_L = f = z·1. If R_l = A_l ⊙ r_l, then Σ_j a_i w_ij / z_j · A_j r_j = a_i "
        "Σ_j w_ij M_j r_j, because A_j = M_j z_j; that is a ⊙ (WMr). Inactive neurons carry R_j = 0. An output f_k = "
        "0 leaves eq. 8 undefined.",
        (
            ("a w / z · (z ρ) = a · w ρ", vanishes(a * w / z * (z * rho) - a * w * rho)),
            ("two neurons add up", vanishes(a * (p / z * z * v + q / w * w * rho) - a * (p * v + q * rho))),
        ),
    )
