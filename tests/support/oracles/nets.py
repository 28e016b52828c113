"""Small networks written twice: as a graph of the engine, and as plain PyTorch functions for the Jacobian oracle."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from nfrlab.simulations.deep.engine.graph import Graph, Node
from nfrlab.simulations.deep.engine.ops import AdaptiveAvgPool, Add, AvgPool, Flatten, MaxPool, Op, ReLU, Subsample
from nfrlab.simulations.deep.engine.weighted import Conv, Linear
from tests.support.oracles.jacobian import INPUT, Net, Part


class Twin:
    """Grows both forms of one network side by side; every method returns the place of what it added."""

    def __init__(self, seed: int, biased: bool, zeros: float = 0.0, shake: float = 0.0) -> None:
        self.rng, self.shaking = (torch.Generator().manual_seed(s) for s in (seed, seed + 1))
        self.biased, self.zeros, self.shake = biased, zeros, shake
        self.nodes: list[Node] = []
        self.parts: list[Part] = []

    @property
    def graph(self) -> Graph:
        """The engine's form."""
        return Graph(tuple(self.nodes))

    def net(self, x: Tensor) -> Net:
        """The oracle's form, at one image."""
        return Net(self.parts, x)

    def draw(self, *shape: int) -> Tensor:
        """Standard normal numbers, a share `zeros` of them exactly 0, all moved by a relative `shake`."""
        v = torch.randn(*shape, generator=self.rng, dtype=torch.float64)
        v = v * (1 + self.shake * torch.randn(*shape, generator=self.shaking, dtype=torch.float64))
        return v * (torch.rand(*shape, generator=self.rng) >= self.zeros)

    def add(self, op: Op, kind: Any, function: Callable[..., Tensor], *at: int, mean: Any = None) -> int:
        """One operation in both forms."""
        self.nodes.append(Node(f"{type(op).__name__}-{len(self.nodes)}", op, at))
        self.parts.append(Part(kind, function, at, mean))
        return len(self.nodes) - 1

    def conv(self, at: int, shape: tuple[int, int, int], stride: int = 1, padding: int = 0, groups: int = 1) -> int:
        """A convolution of `shape` outputs, inputs, side."""
        out, into, side = shape
        W, b = self.draw(out, into // groups, side, side), self.draw(out) if self.biased else None
        function = partial(F.conv2d, weight=W, bias=b, stride=stride, padding=padding, groups=groups)
        op = Conv(W, b, (stride, stride), (padding, padding), groups=groups)
        return self.add(op, "affine", function, at)

    def linear(self, at: int, out: int, into: int) -> int:
        """A fully connected map."""
        W, b = self.draw(out, into), self.draw(out) if self.biased else None
        return self.add(Linear(W, b), "affine", partial(F.linear, weight=W, bias=b), at)

    def relu(self, at: int) -> int:
        """A ReLU."""
        return self.add(ReLU(), "relu", F.relu, at)

    def maximum(self, at: int, side: int, stride: int, padding: int = 0) -> int:
        """Maximum over windows."""
        window = {"kernel_size": side, "stride": stride, "padding": padding}
        op = MaxPool((side, side), (stride, stride), (padding, padding))
        return self.add(op, "max", partial(F.max_pool2d, **window), at, mean=partial(F.avg_pool2d, **window))

    def mean(self, at: int, side: int, stride: int, padding: int = 0) -> int:
        """Mean over windows."""
        op = AvgPool((side, side), (stride, stride), (padding, padding))
        return self.add(op, "linear", partial(F.avg_pool2d, kernel_size=side, stride=stride, padding=padding), at)

    def adaptive(self, at: int, size: int) -> int:
        """Mean over size × size windows."""
        return self.add(AdaptiveAvgPool(size), "linear", partial(F.adaptive_avg_pool2d, output_size=size), at)

    def plus(self, a: int, b: int) -> int:
        """A residual addition."""
        return self.add(Add(), "linear", torch.add, a, b)

    def flat(self, at: int) -> int:
        """Flattening."""
        return self.add(Flatten(), "move", partial(torch.flatten, start_dim=1), at)

    def subsample(self, at: int, stride: int, channels: int) -> int:
        """Every stride-th position, padded with zero channels."""

        def function(a: Tensor) -> Tensor:
            out = a.new_zeros(len(a), a.shape[1] + 2 * channels, *a[0, 0, ::stride, ::stride].shape)
            out[:, channels : channels + a.shape[1]] = a[:, :, ::stride, ::stride]
            return out

        return self.add(Subsample(stride, channels), "linear", function, at)


def plain(t: Twin) -> None:
    """VGG in small: padded and strided convolutions, overlapping maxima, an average pool, two linear maps."""
    i = t.maximum(t.relu(t.conv(INPUT, (3, 2, 3), padding=1)), 3, 2, padding=1)
    i = t.adaptive(t.relu(t.conv(i, (4, 3, 2), stride=1)), 2)
    t.linear(t.relu(t.linear(t.flat(i), 5, 16)), 3, 5)


def residual(t: Twin) -> None:
    """ResNet in small: an identity block, a block with a projected shortcut, ReLU after the addition."""
    stem = t.relu(t.conv(INPUT, (2, 2, 3), padding=1))
    inner = t.conv(t.relu(t.conv(stem, (2, 2, 3), padding=1)), (2, 2, 3), padding=1)
    i = t.relu(t.plus(inner, stem))
    inner = t.conv(t.relu(t.conv(i, (3, 2, 3), stride=2, padding=1)), (3, 3, 1))
    i = t.relu(t.plus(inner, t.conv(i, (3, 2, 1), stride=2)))
    t.linear(t.flat(t.adaptive(i, 1)), 3, 3)


def pre_activation(t: Twin) -> None:
    """Additions without a ReLU behind them, a subsampled shortcut, grouped convolutions, a padded average pool."""
    stem = t.conv(INPUT, (2, 2, 3), padding=1)
    inner = t.conv(t.relu(stem), (4, 2, 3), stride=2, padding=1, groups=2)
    i = t.plus(inner, t.subsample(stem, 2, 1))
    i = t.plus(i, t.conv(t.relu(i), (4, 4, 1)))
    t.linear(t.flat(t.mean(t.relu(i), 2, 2, padding=1)), 3, 16)


def convolutional(t: Twin) -> None:
    """No linear map at the end: two convolutions read the input, the output is a pooled ReLU."""
    i = t.plus(t.relu(t.conv(INPUT, (3, 2, 3), padding=1)), t.conv(INPUT, (3, 2, 1)))
    t.flat(t.adaptive(t.relu(t.conv(i, (3, 3, 3))), 1))


def dense(t: Twin) -> None:
    """Linear maps on a flattened image."""
    t.linear(t.relu(t.linear(t.flat(INPUT), 6, 50)), 3, 6)


NETS = {build.__name__: build for build in (plain, residual, pre_activation, convolutional, dense)}
SHAPE = (2, 5, 5)
"""Of the image that they read."""


def twin(name: str, seed: int, biased: bool = True, zeros: float = 0.0, shake: float = 0.0) -> Twin:
    """The network called `name` with weights and biases drawn from `seed`."""
    made = Twin(seed, biased, zeros, shake)
    NETS[name](made)
    return made
