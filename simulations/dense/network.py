"""Dense ReLU networks: `z_l = W_lᵀ A_{l-1} + b_l`, `A_l = relu(z_l)`, `f = z_L` (eq. 2)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from jaxtyping import Bool, Shaped

from nfrlab.simulations.dense.arrays import Array, apply, negative_part, relu


@dataclass(frozen=True)
class Layer:
    """One affine layer as an input met it: everything a backward rule may look at.

    `a` is `A_{l-1}`, `W ∈ R^{d×N}` has neurons as columns, `z = Wᵀa + b`. A layer that is not `rectified` is the
    linear output: its mask is all ones and its activation is `z`. Some rules ask for more than the network and x: for
    what a `reference` input left in the layer, or for the `pattern ∈ R^{d×N}` of every neuron in the data.
    """

    a: Shaped[Array, " d"]
    W: Shaped[Array, "d N"]
    b: Shaped[Array, " N"]
    z: Shaped[Array, " N"]
    rectified: bool = True
    reference: Layer | None = None
    pattern: Shaped[Array, "d N"] | None = None

    @property
    def mask(self) -> Bool[Array, " N"]:
        """Diagonal of `M_l = diag(1[z_l > 0])`; all ones at the linear output."""
        return np.asarray(self.z > 0) if self.rectified else np.ones(self.z.shape, dtype=bool)

    @property
    def act(self) -> Shaped[Array, " N"]:
        """`A_l`: `relu(z_l)`, or `z_l` at the linear output."""
        return relu(self.z) if self.rectified else self.z

    @cached_property
    def positive(self) -> Shaped[Array, "d N"]:
        """`z_ij⁺`, the positive ones of the contributions `z_ij = a_i w_ij`; kept, as rules of one layer share it."""
        return relu(self.a[:, None] * self.W)

    @cached_property
    def negative(self) -> Shaped[Array, "d N"]:
        """`z_ij⁻`, likewise."""
        return negative_part(self.a[:, None] * self.W)


def layer(
    a: Shaped[Array, " d"],
    W: Shaped[Array, "d N"],
    b: Shaped[Array, " N"] | None = None,
    rectified: bool = True,
) -> Layer:
    """Feed `a` to one layer; `b = None` is the bias-free layer of the paper."""
    bias = 0 * W[0] if b is None else b
    return Layer(a, W, bias, apply(W.T, a) + bias, rectified)


@dataclass(frozen=True)
class Network:
    """A stack of dense layers `W_1 … W_L`, the last one linear, with biases or (`biases = None`) without.

    Raises `ValueError` when two neighbouring layers, or a layer and its bias, do not fit.
    """

    weights: tuple[Array, ...]
    biases: tuple[Array, ...] | None = None

    def __post_init__(self) -> None:
        if not self.weights:
            raise ValueError("a network needs at least one weight matrix, got none")
        for number, (below, above) in enumerate(pairwise(self.weights), start=1):
            if below.shape[1] != above.shape[0]:
                raise ValueError(
                    f"layer {number} has {below.shape[1]} neurons but layer {number + 1} expects {above.shape[0]}"
                )
        if self.biases is not None and [len(b) for b in self.biases] != [W.shape[1] for W in self.weights]:
            raise ValueError("biases must be one vector per layer, as long as the layer is wide")

    @property
    def depth(self) -> int:
        """`L`, the number of weight matrices."""
        return len(self.weights)

    def forward(self, x: Shaped[Array, " d"]) -> tuple[Layer, ...]:
        """The layers 1 … L as `x` met them; the last one's `z` is the output `f`.

        Raises `ValueError` for an input of the wrong length or with NaN or infinite entries.
        """
        if x.shape != self.weights[0].shape[:1]:
            raise ValueError(f"the input has shape {x.shape}, the network expects ({self.weights[0].shape[0]},)")
        if x.dtype != object and not np.all(np.isfinite(x)):
            raise ValueError("the input has NaN or infinite entries; every pixel must be finite")
        layers: list[Layer] = []
        a = x
        for index, W in enumerate(self.weights):
            bias = None if self.biases is None else self.biases[index]
            layers.append(layer(a, W, bias, rectified=index < self.depth - 1))
            a = layers[-1].act
        return tuple(layers)
