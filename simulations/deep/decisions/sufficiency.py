"""Key Information Sufficiency: `S = 1 − ‖v_k* ⊙ A_L* − v_k ⊙ A_L‖₁ / ‖v_k ⊙ A_L‖₁`, eq. 20, in all its readings."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Literal, get_args

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from nfrlab.simulations.deep.engine.backward import GRAD, through
from nfrlab.simulations.deep.engine.graph import Trace
from nfrlab.simulations.deep.engine.weighted import Weighted

Product = Literal["element-wise", "scalar"]
Decided = Literal["anew", "kept"]
Space = Literal["normalised", "pixels"]
PRODUCTS: tuple[Product, ...] = get_args(Product)
DECIDED: tuple[Decided, ...] = get_args(Decided)
SPACES: tuple[Space, ...] = get_args(Space)


@dataclass(frozen=True)
class Reading:
    """What eq. 20 leaves open. Printed products `v_k A_L` are numbers, of which ‖·‖₁ says nothing; `v_k*` may be of
    the class that was decided on the image or of the one that is decided anew; a last layer has biases; images have a
    range before they are normalised and another one after it.
    """

    product: Product = "element-wise"
    decided: Decided = "anew"
    bias: bool = False
    space: Space = "normalised"

    @property
    def name(self) -> str:
        """Its four choices in one word each."""
        return "-".join((self.product, self.decided, "bias" if self.bias else "no bias", self.space)).replace(" ", "-")


DEFAULT = Reading()
READINGS = tuple(Reading(*choice) for choice in product(PRODUCTS, DECIDED, (False, True), SPACES))
"""All sixteen, the default first."""


@dataclass(frozen=True)
class Decision:
    """What the last weighted layer made of its features `A_L` for one class: `parts = v_k ⊙ A_L`, and the `rest` of
    `f_k`, which is the bias of a linear layer.
    """

    parts: Float[Tensor, "B D"]
    rest: Float[Tensor, " B"]


def decision(trace: Trace, k: Int64[Tensor, " B"]) -> Decision:
    """The decision on class k of every image.

    `v_k` is the gradient of `f_k` at the features: the weights themselves where the last layer is linear and nothing
    follows; where it is a convolution under a ReLU and a mean, those of the places that fire.
    """
    graph = trace.graph
    last = max(i for i, node in enumerate(graph.nodes) if isinstance(node.op, Weighted))
    (source,) = graph.nodes[last].inputs
    start = torch.zeros_like(trace.output).scatter_(1, k[:, None], 1)
    v = through(trace, GRAD, {len(graph.nodes) - 1: start}, range(last, len(graph.nodes)))[source]
    parts = (v * trace.value(source)).flatten(1).double()
    return Decision(parts, trace.output.gather(1, k[:, None])[:, 0].double() - parts.sum(1))


def sufficiency(before: Decision, after: Decision, reading: Reading = DEFAULT) -> Float[Tensor, " B"]:
    """S of two decisions: 1 where they are the same, 0 where the second is as far from the first as nothing is.

    It has no lower bound. Where nothing was decided, `‖v_k ⊙ A_L‖₁ = 0`, it is 1 if nothing is decided again, else −∞.
    """
    a, b = (components(each, reading) for each in (before, after))
    distance, size = (b - a).abs().sum(1), a.abs().sum(1)
    quotient = torch.where(distance == 0, torch.zeros_like(distance), distance / size)
    return 1 - quotient


def components(each: Decision, reading: Reading) -> Float[Tensor, "B D"]:
    """What is compared: the products and, if asked for, the bias; or their sum."""
    parts = torch.cat([each.parts, each.rest[:, None]], 1) if reading.bias else each.parts
    return parts.sum(1, keepdim=True) if reading.product == "scalar" else parts
