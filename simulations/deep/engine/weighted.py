"""Operations with weights: convolutions and linear maps, `z = W a + b`, and the same maps with other weights.

Shapes as in `ops`. A neuron is an output channel.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from nfrlab.simulations.deep.engine.ops import Pair, Record

CACHED = 2**19  # weights
NARROW = 8  # channels


@dataclass(frozen=True)
class Weighted:
    """What convolutions and linear maps share: `z = W a + b`, and the same map with other weights.

    `pattern`, shaped like W, is what the neurons detect in the data, where it was estimated.
    """

    weight: Tensor
    bias: Tensor | None = None
    pattern: Tensor | None = field(default=None, kw_only=True)

    def apply(self, *inputs: Tensor) -> Record:
        """`W a + b`."""
        return Record(inputs, self.product(inputs[0], self.weight, self.bias))

    def transpose(self, r: Tensor, record: Record) -> tuple[Tensor, ...]:
        """`Wᵀ r`."""
        return (self.pull(r, self.weight, record.inputs[0].shape),)

    def product(self, a: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        """`W a + b` with these weights."""
        raise NotImplementedError

    def pull(self, r: Tensor, weight: Tensor, shape: torch.Size) -> Tensor:
        """`Wᵀ r` with these weights, for inputs of this shape."""
        raise NotImplementedError

    def per_neuron(self, b: Tensor) -> Tensor:
        """One number per neuron (output channel), shaped to be added to `z`."""
        return b

    def of_neurons(self, v: Tensor, neurons: slice) -> Tensor:
        """What of an output belongs to these neurons."""
        return v[:, neurons]

    def only(self, neurons: slice) -> Weighted:
        """The map to these neurons alone."""
        bias = None if self.bias is None else self.bias[neurons]
        return replace(self, weight=self.weight[neurons], bias=bias)

    def blocks(self) -> list[slice]:
        """The neurons in parts that are quick to take one by one where their weights are needed more than once."""
        return [slice(None)]

    def doubled(self) -> Weighted:
        """`(W, −W)`, a map of inputs laid side by side: `(a⁺, −a⁻)` gives what a gives."""
        return replace(self, weight=torch.cat([self.weight, -self.weight], dim=1))

    def side_by_side(self, a: Tensor, b: Tensor) -> Tensor:
        """Two inputs as one of twice the channels."""
        return torch.cat([a, b], dim=1)

    def apart(self, ab: Tensor) -> tuple[Tensor, ...]:
        """The two halves of such an input."""
        return ab.chunk(2, dim=1)

    def scaled(self, s: Tensor, t: Tensor) -> Weighted:
        """`s ⊙ (W a + b) + t`, one s and t per neuron, as one operation: how batch normalisation is folded."""
        weight = self.weight * s.reshape(-1, *[1] * (self.weight.dim() - 1))
        return replace(self, weight=weight, bias=t if self.bias is None else self.bias * s + t)


@dataclass(frozen=True)
class Linear(Weighted):
    """A fully connected map of the last axis, `W ∈ R^{N×d}` as PyTorch stores it: rows are neurons."""

    def product(self, a: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        """`W a + b`."""
        return F.linear(a, weight, bias)

    def of_neurons(self, v: Tensor, neurons: slice) -> Tensor:
        """What of an output belongs to these neurons."""
        return v[..., neurons]

    def side_by_side(self, a: Tensor, b: Tensor) -> Tensor:
        """Two inputs as one of twice the length."""
        return torch.cat([a, b], dim=-1)

    def apart(self, ab: Tensor) -> tuple[Tensor, ...]:
        """The two halves of such an input."""
        return ab.chunk(2, dim=-1)

    def blocks(self) -> list[slice]:
        """As many neurons at a time as have their weights in the cache of a core."""
        step = max(1, CACHED // self.weight.shape[1])
        return [slice(i, i + step) for i in range(0, len(self.weight), step)]

    def pull(self, r: Tensor, weight: Tensor, shape: torch.Size) -> Tensor:
        """`Wᵀ r`."""
        return r @ weight


@dataclass(frozen=True)
class Conv(Weighted):
    """A two-dimensional convolution, `W ∈ R^{N×(C/groups)×h×w}`."""

    stride: Pair = (1, 1)
    padding: Pair = (0, 0)
    dilation: Pair = (1, 1)
    groups: int = 1

    def product(self, a: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        """`W * a + b`."""
        return F.conv2d(a, weight, bias, self.stride, self.padding, self.dilation, self.groups)

    def side_by_side(self, a: Tensor, b: Tensor) -> Tensor:
        """Two inputs as one of twice the channels, group by group."""
        return torch.cat([self._grouped(a), self._grouped(b)], dim=2).flatten(1, 2)

    def apart(self, ab: Tensor) -> tuple[Tensor, ...]:
        """The two halves of such an input."""
        return tuple(v.flatten(1, 2) for v in self._grouped(ab).chunk(2, dim=2))

    def _grouped(self, a: Tensor) -> Tensor:
        return a.reshape(len(a), self.groups, -1, *a.shape[2:])

    def pull(self, r: Tensor, weight: Tensor, shape: torch.Size) -> Tensor:
        """The transposed convolution, back to the size of the input.

        To few channels it is a matrix product and a sum over windows, in half the time: libraries pad channels to 16.
        """
        if self.groups == 1 and weight.shape[1] <= NARROW:
            windows = weight.flatten(1).T @ r.flatten(2)
            return F.fold(windows, shape[2:], weight.shape[2:], self.dilation, self.padding, self.stride)
        left_over = [
            side - ((out - 1) * stride - 2 * pad + dilation * (kernel - 1) + 1)
            for side, out, stride, pad, dilation, kernel in zip(
                shape[2:], r.shape[2:], self.stride, self.padding, self.dilation, weight.shape[2:], strict=True
            )
        ]
        return F.conv_transpose2d(r, weight, None, self.stride, self.padding, left_over, self.groups, self.dilation)

    def per_neuron(self, b: Tensor) -> Tensor:
        """`b` per channel, over all positions."""
        return b[:, None, None]


@dataclass(frozen=True)
class TransposedConv(Conv):
    """A transposed convolution, `W ∈ R^{C×(N/groups)×h×w}`; `more`: rows and columns added at one side."""

    more: Pair = (0, 0)

    def product(self, a: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        """`Wᵀ * a + b`."""
        return F.conv_transpose2d(a, weight, bias, self.stride, self.padding, self.more, self.groups, self.dilation)

    def pull(self, r: Tensor, weight: Tensor, shape: torch.Size) -> Tensor:
        """The convolution, to the size of the input."""
        below = F.conv2d(r, weight, None, self.stride, self.padding, self.dilation, self.groups)
        return below[..., : shape[-2], : shape[-1]]

    def doubled(self) -> Weighted:
        """`(W, −W)`, group by group."""
        halves = self.weight.reshape(self.groups, -1, *self.weight.shape[1:])
        return replace(self, weight=torch.cat([halves, -halves], dim=1).flatten(0, 1))

    def scaled(self, s: Tensor, t: Tensor) -> Weighted:
        """`s ⊙ (W a + b) + t`, one s and t per neuron, as one operation."""
        w = self.weight.reshape(self.groups, -1, *self.weight.shape[1:]) * s.reshape(self.groups, 1, -1, 1, 1)
        return replace(self, weight=w.flatten(0, 1), bias=t if self.bias is None else self.bias * s + t)
