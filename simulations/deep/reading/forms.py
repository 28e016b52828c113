"""How calls of PyTorch's usual layers read as operations.

A form takes the arguments of PyTorch's function under their own names, after the output that the call gave. It returns
the operations that the call amounts to, one behind the other (none: it changes nothing in evaluation mode), and raises
`ValueError` for what cannot be handled.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from nfrlab.simulations.deep.engine import ops
from nfrlab.simulations.deep.reading.folding import Affine, normalisation

Ops = tuple[ops.Op | Affine, ...]
Sides = int | Sequence[int]


def pair(sides: Sides) -> ops.Pair:
    """`(height, width)` of what PyTorch takes as one number or two."""
    return (sides, sides) if isinstance(sides, int) else (sides[0], sides[-1])


def refuse(when: bool, reason: str) -> None:
    """Raise `ValueError` with this reason when the condition holds."""
    if when:
        raise ValueError(reason)


def relu(output: Tensor, input: Tensor, inplace: bool = False) -> Ops:
    """`relu(a)`."""
    return (ops.ReLU(),)


def linear(output: Tensor, input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Ops:
    """`W a + b` of flat activations."""
    refuse(input.dim() != 2, f"a linear map of shape {tuple(input.shape)}; flatten to (B, d) first")
    return (ops.Linear(weight.detach(), None if bias is None else bias.detach()),)


def conv(
    output: Tensor,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sides = 1,
    padding: Sides | str = 0,
    dilation: Sides = 1,
    groups: int = 1,
    padding_mode: str = "zeros",
) -> Ops:
    """`W * a + b`. Padding by other than zeros, or by more on one side, is refused."""
    refuse(padding_mode != "zeros", f"padding_mode '{padding_mode}'; only 'zeros' is handled")
    if isinstance(padding, str):
        padding = same_padding(weight, pair(dilation)) if padding == "same" else 0
    geometry = (pair(stride), pair(padding), pair(dilation), groups)
    return (ops.Conv(weight.detach(), None if bias is None else bias.detach(), *geometry),)


def same_padding(weight: Tensor, dilation: ops.Pair) -> ops.Pair:
    """The padding that leaves the size as it is."""
    both = [step * (side - 1) for step, side in zip(dilation, weight.shape[2:], strict=True)]
    refuse(any(total % 2 for total in both), "padding 'same' of an even kernel pads one side more than the other")
    return (both[0] // 2, both[1] // 2)


def batch_norm(
    output: Tensor,
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float | None = 0.1,
    eps: float = 1e-5,
) -> Ops:
    """`γ (a − μ) / √(σ² + ε) + β` with running statistics, of `(B, C, H, W)` or `(B, C)`."""
    if training or running_mean is None or running_var is None:
        raise ValueError("batch normalisation by the statistics of the batch; running statistics are needed")
    refuse(input.dim() not in (2, 4), f"batch normalisation of shape {tuple(input.shape)}")
    return (normalisation(running_mean, running_var, weight, bias, eps, input.dim()),)


def max_pool(
    output: Tensor,
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
    output: Tensor,
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


def adaptive_avg_pool(output: Tensor, input: Tensor, output_size: Any) -> Ops:
    """Means over as many windows as there are outputs."""
    return (ops.AdaptiveAvgPool(output_size),)


def mean(output: Tensor, input: Tensor, dim: Any = None, keepdim: bool = False) -> Ops:
    """The mean over all positions of every channel."""
    axes = sorted(axis % input.dim() for axis in ([dim] if isinstance(dim, int) else dim or ()))
    refuse(input.dim() != 4 or axes != [2, 3], f"a mean over axes {axes}; only the two of space, 2 and 3")
    return (ops.AdaptiveAvgPool(1),) if keepdim else (ops.AdaptiveAvgPool(1), ops.Flatten())


def flatten(output: Tensor, input: Tensor, *shape: Any, **named: Any) -> Ops:
    """A change of shape that gives `(B, d)`, or none at all."""
    flat = (input.shape[0], input[0].numel())
    refuse(
        output.shape not in (flat, input.shape), f"a change of shape to {tuple(output.shape)}, not to (B, d) = {flat}"
    )
    return () if output.shape == input.shape else (ops.Flatten(),)


def add(output: Tensor, input: Any, other: Any, alpha: float = 1) -> Ops:
    """A residual addition of two branches of one shape; nothing where one of them is the number 0, as `sum` begins."""
    refuse(alpha != 1, f"an addition with alpha = {alpha}")
    if not (isinstance(input, Tensor) and isinstance(other, Tensor)):
        constant = other if isinstance(input, Tensor) else input
        refuse(bool(constant != 0), f"an addition of the constant {constant}")
        return ()
    refuse(input.shape != other.shape, f"an addition of unlike shapes {tuple(input.shape)} and {tuple(other.shape)}")
    return (ops.Add(),)


def dropout(output: Tensor, input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Ops:
    """Nothing, in evaluation mode."""
    refuse(training, "dropout active in evaluation mode; pass training=self.training")
    return ()


def nothing(output: Tensor, input: Tensor) -> Ops:
    """Nothing."""
    return ()


def subsample(output: Tensor, input: Tensor, index: Any) -> Ops:
    """`a[:, :, ::s, ::s]`, the first half of He et al.'s shortcut A."""
    step: int = getattr(index[-1], "step", None) or 1 if isinstance(index, tuple) else 1
    every, some = slice(None), slice(None, None, step)
    refuse(index != (every, every, some, some), f"the index {index}; only [:, :, ::s, ::s] is handled")
    return (ops.Subsample(step, 0),)


def pad(output: Tensor, input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Ops:
    """As many channels of zeros on either side, the other half of shortcut A."""
    channels = (0, 0, 0, 0, pad[-1], pad[-1])
    unlike = tuple(pad) != channels or min(pad) < 0 or mode != "constant" or bool(value)
    refuse(unlike, f"padding by {tuple(pad)}; only channels of zeros, as many on either side, are handled")
    return (ops.Subsample(1, pad[-1]),)
