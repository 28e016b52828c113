"""Def. 2 and Propositions 1–3: the margin `⟨A, F(WM) r⟩ − ⟨A, W M r⟩` of ineq. 13 in closed form.

For a bias-free layer `⟨A, W M r⟩ = Σ_j a_j r_j`: neuron j contributes `a_j r_j`, `a_j = relu(w_jᵀA)`. All functions
work on floats and on Fractions. `a` is the activation of the neurons, `x` the input of the layer.
"""

from jaxtyping import Shaped

from nfrlab.theory.numerics.vectors import Array, Number, positive


def gbp_margin(a: Shaped[Array, " N"], r: Shaped[Array, " N"]) -> Number:
    """Prop. 1: `Σ_j a_j r_j⁻ ≥ 0` with `r⁻ = max(−r, 0)`; zero iff no active neuron has `r_j < 0`."""
    return (a * positive(-r)).sum()


def rectgrad_margin(a: Shaped[Array, " N"], r: Shaped[Array, " N"], tau: Number) -> Number:
    """Prop. 2: minus the dropped contributions, `−Σ_{a_j r_j ≤ τ} a_j r_j`; negative as soon as these sum above 0."""
    contributions = a * r
    return -(contributions * (contributions <= tau)).sum()


def zplus_margin(x: Shaped[Array, " d"], W: Shaped[Array, "d N"], r: Shaped[Array, " N"], gamma: Number = 1) -> Number:
    """Prop. 3 with a scalar γ: `Σ_j M_j r_j (γ z_j⁺ − z_j)`, `z_j⁺ = Σ_i x_i w_ij⁺`, `z_j = Σ_i x_i w_ij`.

    With γ dropped (γ = 1) this is `Σ_j M_j r_j Σ_i x_i w_ij⁻`, non-negative for `x, r ≥ 0`. With the conserving γ
    of the proposition it is zero identically: both sides of ineq. 13 are then `Σ_j a_j r_j`.
    """
    z = W.T @ x
    return ((z > 0) * r * (gamma * (positive(W).T @ x) - z)).sum()


def conserving_gamma(x: Shaped[Array, " d"], W: Shaped[Array, "d N"], r: Shaped[Array, " N"]) -> Number | None:
    """The γ of Prop. 3, `Σ_j a_j r_j / Σ_j M_j r_j z_j⁺`; None where the denominator is zero and no γ conserves."""
    z = W.T @ x
    total = ((z > 0) * r * (positive(W).T @ x)).sum()
    return (positive(z) * r).sum() / total if total != 0 else None
