"""How calls of PyTorch's layers with weights, poolings and additions read as operations.

A form takes the call as it was `Met`, and then the arguments of PyTorch's function under their own names. It returns
the operations that the call amounts to, one behind the other (none: it changes nothing in evaluation mode), and raises
`ValueError` for what cannot be handled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from nfrlab.simulations.deep.engine import ops, weighted
from nfrlab.simulations.deep.engine.functions import Call, Function, Given
from nfrlab.simulations.deep.reading.folding import Affine, normalisation
from nfrlab.simulations.deep.reading.noted import Noted

Ops = tuple[ops.Op | Affine, ...]
Sides = int | Sequence[int]


@dataclass(frozen=True)
class Met:
    """A call as it was met: `noted`, what it gave, itself as a template, the tensors it reads that depend on the image,
    and which of these, if any, is a gate.
    """

    noted: Noted
    output: Tensor
    call: Call
    read: list[Tensor]
    gate: int | None = None


def pair(sides: Sides) -> ops.Pair:
    """`(height, width)` of what PyTorch takes as one number or two."""
    return (sides, sides) if isinstance(sides, int) else (sides[0], sides[-1])


def refuse(when: bool, reason: str) -> None:
    """Raise `ValueError` with this reason when the condition holds."""
    if when:
        raise ValueError(reason)


def function(name: str, *arguments: Any, **named: Any) -> Function:
    """A function of the operation before."""
    return Function(Call(name, getattr(torch, name, None) or getattr(F, name), (Given(0), *arguments), named))


def own(met: Met, *arguments: Any, **named: Any) -> Ops:
    """What a module says itself."""
    return (met.noted.function.as_op(),)


def relu(met: Met, input: Tensor, inplace: bool = False) -> Ops:
    """`relu(a)`."""
    return (ops.ReLU(),)


def constant(met: Met, weight: Tensor, bias: Tensor | None) -> tuple[Tensor, Tensor | None]:
    """The weights and biases of a layer. Raises `ValueError` where they depend on the image."""
    refuse(len(met.read) > 1, "a layer whose weights depend on the image")
    return weight.detach(), None if bias is None else bias.detach()


def linear(met: Met, input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Ops:
    """`W a + b` of the last axis."""
    return (weighted.Linear(*constant(met, weight, bias)),)


def conv(
    met: Met,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sides = 1,
    padding: Sides | str = 0,
    dilation: Sides = 1,
    groups: int = 1,
) -> Ops:
    """`W * a + b` in two dimensions; padding by more on one side is a function before it."""
    uneven: Ops = ()
    if isinstance(padding, str):
        sides = zip(pair(dilation), weight.shape[2:], strict=True)
        rows, columns = (step * (side - 1) if padding == "same" else 0 for step, side in sides)
        padding = rows // 2, columns // 2
        if rows % 2 or columns % 2:
            uneven, padding = (function("pad", [columns // 2, -(-columns // 2), rows // 2, -(-rows // 2)]),), 0
    geometry = (pair(stride), pair(padding), pair(dilation), groups)
    weight, bias = constant(met, weight, bias)
    return (*uneven, weighted.Conv(weight, bias, *geometry))


def conv_of_lines(
    met: Met,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sides = 1,
    padding: Sides | str = 0,
    dilation: Sides = 1,
    groups: int = 1,
) -> Ops:
    """A convolution in one dimension: one of images of height 1."""
    padding = padding if isinstance(padding, str) else (0, pair(padding)[0])
    steps = (1, pair(stride)[0]), padding, (1, pair(dilation)[0])
    of_images = conv(met, input.unsqueeze(2), weight.unsqueeze(2), bias, *steps, groups)
    return (function("unsqueeze", 2), *of_images, function("squeeze", 2))


def conv_transpose(
    met: Met,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sides = 1,
    padding: Sides = 0,
    output_padding: Sides = 0,
    groups: int = 1,
    dilation: Sides = 1,
) -> Ops:
    """The transposed convolution in two dimensions."""
    geometry = (pair(stride), pair(padding), pair(dilation), groups, pair(output_padding))
    weight, bias = constant(met, weight, bias)
    return (weighted.TransposedConv(weight, bias, *geometry),)


def batch_norm(
    met: Met,
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float | None = 0.1,
    eps: float = 1e-5,
) -> Ops:
    """`γ (a − μ) / √(σ² + ε) + β` with running statistics."""
    if training or running_mean is None or running_var is None:
        raise ValueError("batch normalisation by the statistics of the batch; running statistics are needed")
    if input.dim() not in (2, 4):
        return (Function(met.call),)
    return (normalisation(running_mean, running_var, weight, bias, eps, input.dim()),)


def max_pool(
    met: Met,
    input: Tensor,
    kernel_size: Sides,
    stride: Sides | None = None,
    padding: Sides = 0,
    dilation: Sides = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Ops:
    """Maxima over windows."""
    return (ops.MaxPool(pair(kernel_size), pair(stride or kernel_size), pair(padding), pair(dilation), ceil_mode),)


def avg_pool(
    met: Met,
    input: Tensor,
    kernel_size: Sides,
    stride: Sides | None = None,
    padding: Sides = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Ops:
    """Means over windows."""
    window = (pair(kernel_size), pair(stride or kernel_size), pair(padding))
    return (ops.AvgPool(*window, ceil_mode, count_include_pad, divisor_override),)


def adaptive_avg_pool(met: Met, input: Tensor, output_size: Any) -> Ops:
    """Means over as many windows as there are outputs."""
    return (ops.AdaptiveAvgPool(output_size),)


def mean(met: Met, input: Tensor, dim: Any = None, keepdim: bool = False, **named: Any) -> Ops:
    """The mean over all positions of every channel, or another."""
    axes = sorted(axis % input.dim() for axis in ([dim] if isinstance(dim, int) else dim or ()))
    if input.dim() != 4 or axes != [2, 3] or named:
        return (Function(met.call),)
    return (ops.AdaptiveAvgPool(1),) if keepdim else (ops.AdaptiveAvgPool(1), ops.Flatten())


def flatten(met: Met, input: Tensor, *shape: Any, **named: Any) -> Ops:
    """A change of shape: to `(B, d)`, none at all, or another."""
    if met.output.shape == input.shape:
        return ()
    flat = (input.shape[0], input[0].numel())
    return (ops.Flatten(),) if met.output.shape == flat else (Function(met.call),)


def add(met: Met, input: Any, other: Any, alpha: float = 1) -> Ops:
    """A residual addition of two branches of one shape; nothing where one of them is the number 0, as `sum` begins."""
    if isinstance(input, Tensor) and isinstance(other, Tensor):
        alike = len(met.read) == 2 and input.shape == other.shape and alpha == 1
        return (ops.Add(),) if alike else (Function(met.call),)
    constant = other if isinstance(input, Tensor) else input
    return () if constant == 0 else (Function(met.call),)


def dropout(met: Met, input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Ops:
    """Nothing, in evaluation mode."""
    refuse(training and p > 0, "dropout active in evaluation mode; pass training=self.training")
    return ()


def nothing(met: Met, input: Tensor, *arguments: Any, **named: Any) -> Ops:
    """Nothing, unless the kind of numbers changes."""
    return () if met.output.dtype == input.dtype else (Function(met.call),)


def detached(met: Met, *arguments: Any, **named: Any) -> Ops:
    """Refused: no gradient comes back from there."""
    raise ValueError("it cuts the way back to the image; remove it from forward")


def subsample(met: Met, input: Tensor, index: Any) -> Ops:
    """`a[:, :, ::s, ::s]`, the first half of He et al.'s shortcut A, or another index."""
    step: int = getattr(index[-1], "step", None) or 1 if isinstance(index, tuple) else 1
    every, some = slice(None), slice(None, None, step)
    shortcut = isinstance(index, tuple) and len(index) == 4 and all(isinstance(part, slice) for part in index)
    if shortcut and index == (every, every, some, some) and step > 0:
        return (ops.Subsample(step, 0),)
    return (Function(met.call),)


def pad(met: Met, input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Ops:
    """As many channels of zeros on either side, the other half of shortcut A, or another padding."""
    channels = (0, 0, 0, 0, pad[-1], pad[-1])
    if tuple(pad) == channels and min(pad) >= 0 and mode == "constant" and not value and input.dim() == 4:
        return (ops.Subsample(1, pad[-1]),)
    return (Function(met.call),)
