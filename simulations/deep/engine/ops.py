"""The operations a network is rewritten into, each with its forward map and the transpose of its derivative.

Shapes: activations are `(B, C, H, W)` or `(B, d)`. The relevance that `transpose` takes has a first axis of `K·B`: K
maps of the same batch, one behind the other, share one pass. Nothing here is differentiated by autograd.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import torch
import torch.nn.functional as F
from torch import Tensor

Pair = tuple[int, int]


@dataclass(frozen=True)
class Record:
    """An operation as an input met it: what it read, what it gave, and the winners of a maximum.

    For rules that compare: the same of a `reference` input, and what gave its only input, with the record of that.
    """

    inputs: tuple[Tensor, ...]
    output: Tensor
    winners: Tensor | None = None
    reference: Record | None = None
    source: tuple[Op, Record] | None = None

    def images(self, rows: slice) -> Record:
        """These images of the batch alone."""
        winners = None if self.winners is None else self.winners[rows]
        return Record(tuple(a[rows] for a in self.inputs), self.output[rows], winners)


@runtime_checkable
class Op(Protocol):
    """One operation of a network."""

    def apply(self, *inputs: Tensor) -> Record:
        """Apply it, and keep what the way back needs."""
        ...

    def transpose(self, r: Tensor, record: Record) -> tuple[Tensor, ...]:
        """`J_iᵀ r` for every input i, J_i the derivative by that input at the point met."""
        ...


class ReLU:
    """`A = relu(z)`. The mask `M = 1[z > 0]` is read off A."""

    def apply(self, *inputs: Tensor) -> Record:
        """`max(z, 0)`."""
        return Record(inputs, inputs[0].clamp(min=0))

    def transpose(self, r: Tensor, record: Record) -> tuple[Tensor, ...]:
        """`M r`."""
        return (masked(r, record.output),)


@dataclass(frozen=True)
class MaxPool:
    """Maximum over windows; the winner takes all, the first one at a tie."""

    kernel: Pair
    stride: Pair
    padding: Pair = (0, 0)
    dilation: Pair = (1, 1)
    ceil: bool = False

    @property
    def window(self) -> tuple[Any, ...]:
        """The arguments in PyTorch's order."""
        return self.kernel, self.stride, self.padding, self.dilation, self.ceil

    def apply(self, *inputs: Tensor) -> Record:
        """The maxima, and where they are."""
        return Record(inputs, *torch.ops.aten.max_pool2d_with_indices(inputs[0], *self.window))

    def transpose(self, r: Tensor, record: Record) -> tuple[Tensor, ...]:
        """Every `r` goes to the winner of its window."""
        a = record.inputs[0]
        below = r.new_empty(len(r), *a.shape[1:])
        back = torch.ops.aten.max_pool2d_with_indices_backward.grad_input
        for map, out in zip(r.view(-1, *record.output.shape), below.view(-1, *a.shape), strict=True):
            back(map, a, *self.window, record.winners, grad_input=out)
        return (below,)


@dataclass(frozen=True)
class AvgPool:
    """Mean over windows. `zeros`: those of the padding count; `divisor`: what sums are divided by, if not the count."""

    kernel: Pair
    stride: Pair
    padding: Pair = (0, 0)
    ceil: bool = False
    zeros: bool = True
    divisor: int | None = None

    def apply(self, *inputs: Tensor) -> Record:
        """The means."""
        window = (self.kernel, self.stride, self.padding, self.ceil, self.zeros, self.divisor)
        return Record(inputs, F.avg_pool2d(inputs[0], *window))

    def transpose(self, r: Tensor, record: Record) -> tuple[Tensor, ...]:
        """Every `r` in equal shares over its window."""
        return (_of_linear(self, r, record),)


@dataclass(frozen=True)
class AdaptiveAvgPool:
    """Mean over as many windows as the output has positions."""

    size: Any

    def apply(self, *inputs: Tensor) -> Record:
        """The means."""
        return Record(inputs, F.adaptive_avg_pool2d(inputs[0], self.size))

    def transpose(self, r: Tensor, record: Record) -> tuple[Tensor, ...]:
        """Every `r` in equal shares over its window."""
        return (r if record.inputs[0].shape == record.output.shape else _of_linear(self, r, record),)


class Add:
    """A residual addition of two branches."""

    def apply(self, *inputs: Tensor) -> Record:
        """`a + b`."""
        return Record(inputs, inputs[0] + inputs[1])

    def transpose(self, r: Tensor, record: Record) -> tuple[Tensor, ...]:
        """`r` to both: of the relevance `(a + b) ⊙ r` this is the z-split, `a ⊙ r` and `b ⊙ r`."""
        return r, r


class Flatten:
    """`(B, C, H, W)` to `(B, C·H·W)`."""

    def apply(self, *inputs: Tensor) -> Record:
        """The activations in one row an image."""
        return Record(inputs, inputs[0].flatten(1))

    def transpose(self, r: Tensor, record: Record) -> tuple[Tensor, ...]:
        """`r` in the shape of the input."""
        return (r.reshape(r.shape[0], *record.inputs[0].shape[1:]),)


@dataclass(frozen=True)
class Subsample:
    """Every `stride`-th position, and `channels` zero channels on either side: He et al.'s shortcut A."""

    stride: int
    channels: int

    def apply(self, *inputs: Tensor) -> Record:
        """`a[:, :, ::stride, ::stride]`, padded."""
        taken = inputs[0][:, :, :: self.stride, :: self.stride]
        return Record(inputs, F.pad(taken, (0, 0, 0, 0, self.channels, self.channels)))

    def transpose(self, r: Tensor, record: Record) -> tuple[Tensor, ...]:
        """Back to the positions taken."""
        below = r.new_zeros(r.shape[0], *record.inputs[0].shape[1:])
        below[:, :, :: self.stride, :: self.stride] = r[:, self.channels : r.shape[1] - self.channels]
        return (below,)


def masked(r: Tensor, A: Tensor) -> Tensor:
    """`M r` with `M = 1[A > 0]`, for any number of maps of the batch of A."""
    return torch.ops.aten.threshold_backward(r.view(-1, *A.shape), A, 0).view(r.shape)


def _of_linear(pool: AvgPool | AdaptiveAvgPool, r: Tensor, record: Record) -> Tensor:
    """`Jᵀ r` of a linear operation: autograd knows it from the shape of the input alone."""
    with torch.enable_grad():
        at = record.inputs[0].new_zeros(r.shape[0], *record.inputs[0].shape[1:]).requires_grad_()
        return torch.autograd.grad(pool.apply(at).output, at, r)[0]
