"""One backward step per rule: from `r_l` at the neurons of a layer to `r_{l-1}` at its inputs (eq. 5–11 and 15–16).

A *gradient-like* step carries `r` (the map is `r_0`, or `r_0 ⊙ x` after the bottom process); a *relevance* step
carries `R = A ⊙ r` (the map is the relevance itself). Rules that act at a ReLU (GBP, RectGrad, Deconv) leave the
linear output layer alone. Wherever a denominator is exactly zero its share is zero.

With biases the denominators of the relevance rules contain them (`b⁺` with the positive, `b⁻` with the negative
part), so a bias absorbs relevance instead of handing it to the inputs.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Shaped

from nfrlab.simulations.dense.arrays import Array, Number, apply, negative_part, ratio, relu
from nfrlab.simulations.dense.network import Layer

Step = Callable[[Layer, Array], Array]
"""From a layer and `r_l` at its neurons to `r_{l-1}` at its inputs."""


def grad(layer: Layer, r: Shaped[Array, " N"]) -> Shaped[Array, " d"]:
    """Plain gradient, eq. 5: `W M r`."""
    return apply(layer.W, layer.mask * r)


def gbp(layer: Layer, r: Shaped[Array, " N"]) -> Shaped[Array, " d"]:
    """Guided backpropagation, eq. 6: `W M relu(r)`."""
    return grad(layer, relu(r) if layer.rectified else r)


def deconv(layer: Layer, r: Shaped[Array, " N"]) -> Shaped[Array, " d"]:
    """Deconvnet: `W relu(r)`, without the forward mask (Sixt et al. 2020)."""
    return layer.W @ relu(r) if layer.rectified else grad(layer, r)


def rectgrad(layer: Layer, r: Shaped[Array, " N"], tau: Number) -> Shaped[Array, " d"]:
    """RectGrad with a constant threshold, eq. 15: `W M (r ⊙ 1[A ⊙ r > τ])`."""
    return grad(layer, r * (layer.act * r > tau) if layer.rectified else r)


def rectgrad_quantile(layer: Layer, r: Shaped[Array, " N"], q: Number = 0.9) -> Shaped[Array, " d"]:
    """RectGrad of the experiments: τ is the `q`-quantile of `A ⊙ r` over the layer (linear interpolation).

    Where the quantile is at or below zero the strict comparison still decides: entries at the quantile are dropped,
    inactive neurons stay closed through `M`. A layer whose largest contribution is tied at τ passes nothing.
    """
    return rectgrad(layer, r, quantile(layer.act * r, q))


def quantile(v: Shaped[Array, " N"], q: Number) -> Number:
    """The `q`-quantile with linear interpolation between order statistics, also for Fractions.

    Raises `ValueError` unless `0 ≤ q ≤ 1`.
    """
    if not 0 <= q <= 1:
        raise ValueError(f"a quantile level lies in [0, 1], got {q}")
    position = q * (len(v) - 1)
    low = int(position)
    ordered = np.partition(v, (low, min(low + 1, len(v) - 1))) if v.dtype != object else np.sort(v)
    below, above = ordered[low], ordered[min(low + 1, len(v) - 1)]
    share = position - low
    return below if share == 0 or below == above else below + share * (above - below)


def lrp_z(layer: Layer, R: Shaped[Array, "N *many"], bias_in_denominator: bool = True) -> Shaped[Array, "d *many"]:
    """LRP-z, eq. 8: `R_i = Σ_j z_ij / z_j R_j` with `z_ij = a_i w_ij` and `z_j = Σ_k z_kj + b_j`.

    Many relevances at once are columns. `bias_in_denominator = False` leaves `b_j` out, as eq. 8 is printed.
    """
    z = layer.z if bias_in_denominator else layer.W.T @ layer.a
    return (layer.a * (layer.W @ ratio(R.T, z).T).T).T


def lrp_alpha_beta(
    layer: Layer, R: Shaped[Array, "N *many"], alpha: Number = 1, beta: Number | None = None
) -> Shaped[Array, "d *many"]:
    """LRP-αβ, eq. 9: `R_i = Σ_j (α z_ij⁺/Z_j⁺ − β z_ij⁻/Z_j⁻) R_j`; `β = α − 1`, the default, conserves relevance.

    `Z⁺ = Σ_k z_kj⁺ + b_j⁺`, `Z⁻ = Σ_k z_kj⁻ + b_j⁻`; both shares are non-negative. Signed inputs count by the sign of
    the product `a_i w_ij`, not of the weight. Many relevances at once are columns.
    """
    beta = alpha - 1 if beta is None else beta
    positive = layer.positive @ ratio(R.T, layer.positive.sum(axis=0) + relu(layer.b)).T
    if beta == 0:
        return alpha * positive
    negative = layer.negative @ ratio(R.T, layer.negative.sum(axis=0) + negative_part(layer.b)).T
    return alpha * positive - beta * negative


def zplus(layer: Layer, R: Shaped[Array, "N *many"]) -> Shaped[Array, "d *many"]:
    """The z⁺ rule, eq. 10 and 16: `R_i = Σ_j z_ij⁺ / Σ_k z_kj⁺ R_j`, that is LRP-α1β0."""
    return lrp_alpha_beta(layer, R, alpha=1)


def excitation_bp(layer: Layer, R: Shaped[Array, " N"]) -> Shaped[Array, " d"]:
    """Excitation BP: `R_i = Σ_j a_i w_ij⁺ / Σ_k a_k w_kj⁺ R_j` (Zhang et al. 2016).

    z⁺ without biases where `a ≥ 0`; of signed inputs it clamps the weight, not the product.
    """
    kept = relu(layer.W)
    return layer.a * (kept @ ratio(R, apply(kept.T, layer.a)))


def zplus_gradient(layer: Layer, rho: Shaped[Array, " N"]) -> Shaped[Array, " d"]:
    """Modified-gradient form of z⁺: `ρ_{l-1} = F(W) (γ ⊙ ρ_l)`, one factor `γ_j = A_j / Σ_k z_kj⁺` **per neuron**.

    `F` keeps `w_ij > 0` at inputs `a_i ≥ 0` and `w_ij < 0` at negative ones, so that `a ⊙ ρ_{l-1}` is the z⁺
    relevance of `A ⊙ ρ_l`, signed inputs included. For `a ≥ 0` the filter is the paper's `1[W > 0]`.
    """
    kept, signed = relu(layer.W), layer.a < 0
    kept[signed] = negative_part(layer.W[signed])
    gamma = ratio(layer.act, apply(kept.T, layer.a) + relu(layer.b))  # Σ_k z_kj⁺ = Σ_k a_k F(W)_kj
    return apply(kept, gamma * rho)


def zplus_filter(layer: Layer, r: Shaped[Array, " N"]) -> Shaped[Array, " d"]:
    """The paper's filter form of z⁺ (Prop. 3) with its scalar γ dropped: `W diag(1[W > 0]) M r`."""
    return relu(layer.W) @ (layer.mask * r)


def conserving_gamma(layer: Layer, r: Shaped[Array, " N"]) -> Number:
    """The scalar γ of Prop. 3: `Σ_i a_i γ (W⁺ M r)_i = Σ_j A_j r_j`; 0 where the left-hand sum is zero."""
    total: Any = layer.a @ zplus_filter(layer, r)
    kept: Any = layer.act @ r
    return kept / total if total != 0 else 0 * total


def z_box(layer: Layer, R: Shaped[Array, " N"], low: Array | float, high: Array | float) -> Shaped[Array, " d"]:
    """The z^B rule of Deep Taylor, eq. 11: shares `z_ij − l_i w_ij⁺ − h_i w_ij⁻` of inputs bounded by `l ≤ a ≤ h`.

    Raises `ValueError` when an input lies outside its bounds.
    """
    a = layer.a
    low, high = np.broadcast_to(low, a.shape), np.broadcast_to(high, a.shape)
    if np.any(a < low) or np.any(a > high):
        raise ValueError("z^B needs l ≤ a ≤ h at every input; widen the bounds or normalise the image")
    w_plus, w_minus = relu(layer.W), negative_part(layer.W)
    parts = a[:, None] * layer.W - low[:, None] * w_plus - high[:, None] * w_minus
    return parts @ ratio(R, parts.sum(axis=0) + layer.b)
