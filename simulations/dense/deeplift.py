"""DeepLIFT (Shrikumar et al. 2017) on dense layers: multipliers of differences to a reference input.

A multiplier `m` says what of a difference Δ arrives at the output, `Σ m Δx = Δf`. A ReLU passes its secant
`s(u, v) = (relu(v) − relu(u)) / (v − u)`, its derivative where u = v: Rescale takes it from reference to input,
RevealCancel takes the mean of two, apart for the positive and the negative contributions `w_ij Δx_i` to a neuron.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from jaxtyping import Shaped

from nfrlab.simulations.dense.arrays import Array, apply, negative_part, ratio, relu
from nfrlab.simulations.dense.network import Layer, layer


def with_reference(layers: tuple[Layer, ...], reference: Shaped[Array, " d"] | None = None) -> tuple[Layer, ...]:
    """The layers, each with what the reference input left in it; by default the input is 0.

    Raises `ValueError` for a reference that is not shaped like the input.
    """
    x = layers[0].a
    a = 0 * x if reference is None else reference
    if a.shape != x.shape:
        raise ValueError(f"the reference has shape {a.shape}, the input {x.shape}; they must be alike")
    found: list[Layer] = []
    for at in layers:
        there = layer(a, at.W, at.b, at.rectified)
        found.append(replace(at, reference=there))
        a = there.act
    return tuple(found)


def reference_of(at: Layer) -> Layer:
    """What the reference input left in a layer. Raises `ValueError` where there is none."""
    if at.reference is None:
        raise ValueError(
            "DeepLIFT compares with a reference input, and the layer has met none; give it one by `with_reference`"
        )
    return at.reference


def secant(u: Shaped[Array, " N"], v: Shaped[Array, " N"]) -> Shaped[Array, " N"]:
    """`s(u, v) = (relu(v) − relu(u)) / (v − u)` in [0, 1], and `1[v > 0]` where u = v."""
    return np.where(u == v, (v > 0) + 0 * v, ratio(relu(v) - relu(u), v - u))


def deeplift_rescale(layer: Layer, r: Shaped[Array, " N"]) -> Shaped[Array, " d"]:
    """DeepLIFT's Rescale: `W (s ⊙ r)`, `s_j = ΔA_j / Δz_j`."""
    return apply(layer.W, gate(layer) * r)


def gate(layer: Layer) -> Shaped[Array, " N"]:
    """`ΔA_j / Δz_j`; 1 at the linear output."""
    there = reference_of(layer)
    return secant(there.z, layer.z) if layer.rectified else 1 + 0 * layer.z


def deeplift_revealcancel(layer: Layer, r: Shaped[Array, " N"]) -> Shaped[Array, " d"]:
    """DeepLIFT's RevealCancel: `Σ_j w_ij m_j^± r_j`, the sign that of `w_ij Δx_i`; the mean of both where `Δx_i = 0`.

    With `Δ_j^± = Σ_i (w_ij Δx_i)^±` and z₀ of the reference, `m_j⁺ = ½ s(z₀, z₀ + Δ⁺) + ½ s(z₀ + Δ⁻, z₀ + Δ⁻ + Δ⁺)` is
    the mean `ΔA_j⁺ / Δ_j⁺` of adding Δ⁺ first and last; m⁻ likewise. At the linear output both are 1.
    """
    there = reference_of(layer)
    difference = layer.a - there.a
    plus, minus = split_gates(layer)
    with_plus, with_minus = apply(relu(layer.W), plus * r), apply(negative_part(layer.W), minus * r)
    crossed_plus, crossed_minus = apply(negative_part(layer.W), plus * r), apply(relu(layer.W), minus * r)
    rising, falling = with_plus + with_minus, crossed_plus + crossed_minus
    return np.where(difference > 0, rising, np.where(difference < 0, falling, (rising + falling) / 2))


def split_gates(layer: Layer) -> tuple[Shaped[Array, " N"], Shaped[Array, " N"]]:
    """`m⁺` and `m⁻` of every neuron."""
    there = reference_of(layer)
    if not layer.rectified:
        return 1 + 0 * layer.z, 1 + 0 * layer.z
    contributions = (layer.a - there.a)[:, None] * layer.W
    up, down, z = relu(contributions).sum(axis=0), negative_part(contributions).sum(axis=0), there.z
    return (
        (secant(z, z + up) + secant(z + down, z + down + up)) / 2,
        (secant(z, z + down) + secant(z + up, z + up + down)) / 2,
    )


def deeplift_ablated(layer: Layer, r: Shaped[Array, " N"]) -> Shaped[Array, " d"]:
    """Sixt et al.'s ablation: Rescale in which a difference only moves neurons in its own direction, `W⁺ (s ⊙ r)`."""
    return apply(relu(layer.W), gate(layer) * r)
