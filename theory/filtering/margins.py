"""Definition 2 and Propositions 1–3: the margin `⟨A, F(WM) r⟩ − ⟨A, W M r⟩` of ineq. 13 in closed form.

Without biases `⟨A, W M r⟩ = Σ_j a_j r_j`: neuron j contributes `a_j r_j`, `a_j = relu(w_jᵀA)`. Here `x ∈ R^d` is the
input of the layer (A in the paper), `a ∈ R^N` the activation of its neurons and `r ∈ R^N` the relevance that arrives at
them. All functions take floats and Fractions, and return what came in.
"""

from jaxtyping import Shaped

from nfrlab.theory.numerics.vectors import Array, Number, positive_part


def gbp_margin(a: Shaped[Array, " N"], r: Shaped[Array, " N"]) -> Number:
    """Prop. 1, GBP: `Σ_j a_j r_j⁻ ≥ 0`, `r⁻ = max(−r, 0)`; zero iff no active neuron has `r_j < 0`."""
    return (a * positive_part(-r)).sum()


def rectgrad_margin(a: Shaped[Array, " N"], r: Shaped[Array, " N"], tau: Number) -> Number:
    """Prop. 2, RectGrad with the threshold τ: minus the contributions dropped, `−Σ_{a_j r_j ≤ τ} a_j r_j`.

    It is negative as soon as these contributions sum to more than 0, which takes τ > 0.
    """
    contributions = a * r
    return -(contributions * (contributions <= tau)).sum()


def quantile_cut(contributions: Shaped[Array, " N"], q: Number) -> Number:
    """The contribution `c_(⌊q(N−1)⌋)`, counted from the smallest, 0: what is above the q-quantile is what is above it.

    The quantile interpolates between this order statistic and the next one, and does not reach the next.
    """
    return sorted(contributions)[int(q * (len(contributions) - 1))]


def zplus_margin(x: Shaped[Array, " d"], W: Shaped[Array, "d N"], r: Shaped[Array, " N"], gamma: Number = 1) -> Number:
    """Prop. 3, z⁺ with a scalar γ: `Σ_j M_j r_j (γ z_j⁺ − z_j)`, `z_j⁺ = Σ_i x_i w_ij⁺`, `z_j = Σ_i x_i w_ij`.

    With γ dropped (γ = 1) this is `Σ_j M_j r_j Σ_i x_i w_ij⁻`, non-negative for `x, r ≥ 0`. With the conserving γ of
    the proposition it is zero identically: both sides of ineq. 13 are then `Σ_j a_j r_j`.
    """
    z = W.T @ x
    return ((z > 0) * r * (gamma * (positive_part(W).T @ x) - z)).sum()


def conserving_gamma(x: Shaped[Array, " d"], W: Shaped[Array, "d N"], r: Shaped[Array, " N"]) -> Number | None:
    """The conserving γ of Prop. 3, `Σ_j a_j r_j / Σ_j M_j r_j z_j⁺`; None where the denominator is zero."""
    z = W.T @ x
    total = ((z > 0) * r * (positive_part(W).T @ x)).sum()
    return (positive_part(z) * r).sum() / total if total != 0 else None
