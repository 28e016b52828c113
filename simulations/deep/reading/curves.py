"""How calls without weights read as functions: linear ones, nonlinearities, products, normalisations, attention."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from nfrlab.simulations.deep.engine.functions import (
    Activation,
    Attention,
    Curve,
    Function,
    Held,
    Normalisation,
    Product,
)
from nfrlab.simulations.deep.engine.ops import ReLU
from nfrlab.simulations.deep.engine.weighted import Linear
from nfrlab.simulations.deep.reading.forms import Met, Ops, refuse


def linear_map(met: Met, *arguments: Any, **named: Any) -> Ops:
    """A function that is linear or affine in what it reads, or piecewise so."""
    return (Function(met.call),)


def activation(met: Met, *arguments: Any, **named: Any) -> Ops:
    """A nonlinearity of every entry, at which rules act."""
    refuse(len(met.read) > 1, "a nonlinearity whose parameters depend on the image")
    return (Activation(met.call),)


def clamp(met: Met, input: Tensor, min: Any = None, max: Any = None) -> Ops:
    """`relu(a)`, where that is what is said, or another nonlinearity."""
    return (ReLU(),) if max is None and isinstance(min, int | float) and min == 0 else activation(met)


def curve(met: Met, *arguments: Any, **named: Any) -> Ops:
    """A nonlinear function of every entry that is no layer's nonlinearity."""
    refuse(len(met.read) > 1, "a function whose parameters depend on the image")
    return (Curve(met.call),)


def held(met: Met, *arguments: Any, **named: Any) -> Ops:
    """A function that relevance does not enter."""
    return (Held(met.call),)


def product(met: Met, *arguments: Any, **named: Any) -> Ops:
    """A product: by a constant; with a gate, the factor of fewer numbers or one from a sigmoid or softmax; or of two
    equals.
    """
    if len(met.read) == 1:
        return (Function(met.call),)
    refuse(len(met.read) > 2, f"a product of {len(met.read)} tensors that depend on the image; multiply two at a time")
    sizes = [tensor.numel() for tensor in met.read]
    smaller = None if sizes[0] == sizes[1] else int(sizes[1] < sizes[0])
    broadcast = met.noted.name in ("mul", "multiply") and met.gate is None
    return (Product(met.call, smaller if broadcast else met.gate),)


def matmul(met: Met, input: Tensor, other: Tensor) -> Ops:
    """`a W` by a constant matrix is a linear map; of two tensors that depend on the image it is a product."""
    if len(met.read) == 1 and met.read[0] is input and other.dim() == 2:
        return (Linear(other.detach().T),)
    return product(met)


def quotient(met: Met, input: Any, other: Any, *arguments: Any, **named: Any) -> Ops:
    """A quotient: by a constant; by a tensor that depends on the image, which is held; a constant's is held whole."""
    if len(met.read) == 2:
        return (Product(met.call, 1),)
    return (Function(met.call),) if met.read[0] is input else (Held(met.call),)


def attention(met: Met, query: Tensor, key: Tensor, value: Tensor, *arguments: Any, **named: Any) -> Ops:
    """`softmax(q kᵀ/√d) v`; relevance passes to v."""
    refuse(met.read[-1] is not value, "an attention whose values, or whose mask, are not the image's")
    return (Attention(met.call),)


def layer_norm(
    met: Met,
    input: Tensor,
    normalized_shape: Any,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
    *arguments: Any,
) -> Ops:
    """Each image's own mean and deviation over its last axes."""
    return (Normalisation(met.call, 0, len(normalized_shape), weight, bias, eps),)


def rms_norm(
    met: Met, input: Tensor, normalized_shape: Any, weight: Tensor | None = None, eps: float | None = None
) -> Ops:
    """The root mean square over the last axes."""
    least = torch.finfo(input.dtype).eps if eps is None else eps
    return (Normalisation(met.call, 0, len(normalized_shape), weight, None, least, centred=False),)


def group_norm(
    met: Met,
    input: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
    *arguments: Any,
) -> Ops:
    """Each image's own mean and deviation over groups of channels."""
    return (Normalisation(met.call, num_groups, 0, weight, bias, eps),)


def instance_norm(
    met: Met,
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Ops:
    """Each channel's own mean and deviation; by running statistics a function that is affine."""
    if not use_input_stats:
        return (Function(met.call),)
    return (Normalisation(met.call, input.shape[1], 0, weight, bias, eps),)
