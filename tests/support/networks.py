"""Random networks of PyTorch's usual layers, every layer in every form that a user may write it in, in float64."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from hypothesis import assume
from hypothesis import strategies as st
from torch import Tensor, nn

from nfrlab.simulations.deep.engine.graph import Graph

Draw = Callable[[st.SearchStrategy[Any]], Any]
Step = Callable[[Any], Any]

EXACT = 1e-10


def images(*shape: int, seed: int = 0) -> Tensor:
    """A batch of signed images."""
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def gradient(module: nn.Module, x: Tensor) -> Tensor:
    """Autograd's gradient of the largest output, of every image."""
    leaf = x.clone().requires_grad_()
    return torch.autograd.grad(module(leaf.clone()).amax(dim=1).sum(), leaf)[0]


def off(found: Tensor, wanted: Tensor) -> float:
    """The largest difference, in units of the largest entry."""
    largest = float(wanted.abs().max())
    return float((found - wanted).abs().max()) / (largest or 1)


def kinds(graph: Graph) -> list[str]:
    """The operations of a graph by name, in order."""
    return [type(node.op).__name__ for node in graph.nodes]


def with_statistics(module: nn.Module) -> nn.Module:
    """In float64 and evaluation mode, with running statistics far from 0 and 1."""
    for part in module.modules():
        if isinstance(part, nn.BatchNorm1d | nn.BatchNorm2d):
            nn.init.normal_(part.running_mean)
            nn.init.uniform_(part.running_var, 0.2, 3.0)
    return module.double().eval()


def head(width: int) -> tuple[nn.Module, ...]:
    """A linear map of flat activations to three classes."""
    return nn.Flatten(), nn.Linear(width, 3)


class Net(nn.Module):
    """Steps one after the other; those that are modules are registered."""

    def __init__(self, *steps: Step) -> None:
        super().__init__()
        self.steps = steps
        self.parts = nn.ModuleList(step for step in steps if isinstance(step, nn.Module))

    def forward(self, x: Tensor) -> Tensor:
        for step in self.steps:
            x = step(x)
        return x


class Residual(nn.Module):
    """`add(branch(x), shortcut(x))`."""

    def __init__(self, branch: nn.Module, shortcut: nn.Module, add: Callable[[Any, Any], Any]) -> None:
        super().__init__()
        self.branch, self.shortcut, self.add = branch, shortcut, add

    def forward(self, x: Tensor) -> Tensor:
        y = self.branch(x)
        return self.add(y, self.shortcut(x))


def plus_equal(a: Any, b: Any) -> Any:
    a += b
    return a


def relu_statement(a: Any) -> Any:
    a.relu_()
    return a


ADDITIONS = [lambda a, b: a + b, plus_equal, torch.add, lambda a, b: b.add(a), lambda a, b: a.add_(b)]
RELUS: list[Callable[[], Step]] = [
    nn.ReLU,
    lambda: nn.ReLU(inplace=True),
    lambda: F.relu,
    lambda: lambda a: F.relu(a, inplace=True),
    lambda: torch.relu,
    lambda: lambda a: a.relu(),
    lambda: lambda a: a.relu_(),
    lambda: relu_statement,
]
DROPPED: list[Callable[[], Step]] = [nn.Identity, nn.Dropout, nn.Dropout2d, lambda: lambda a: F.dropout(a, 0.5, False)]
FLATTENINGS: list[Callable[[], Step]] = [
    nn.Flatten,
    lambda: lambda a: torch.flatten(a, 1),
    lambda: lambda a: a.flatten(start_dim=1),
    lambda: lambda a: a.view(a.size(0), -1),
    lambda: lambda a: a.reshape(a.shape[0], a.shape[1] * a.shape[2] * a.shape[3]),
]
POOLED: list[Callable[[], Step]] = [
    lambda: nn.AdaptiveAvgPool2d(2),
    lambda: lambda a: F.adaptive_avg_pool2d(a, (1, None)),
    lambda: lambda a: a.mean((2, 3), keepdim=True),
    lambda: lambda a: F.avg_pool2d(a, a.size()[2:]),
    nn.Identity,
]
SPATIAL = ["conv", "relu", "norm", "max", "avg", "dropped", "residual", "subsample"]


def some(draw: Draw, forms: list[Any]) -> Any:
    """One of these forms."""
    return draw(st.sampled_from(forms))


def conv(draw: Draw, a: Tensor) -> Step:
    """Any convolution that fits."""
    channels, side = a.shape[1], min(a.shape[2:])
    groups = draw(st.sampled_from([1, channels]))
    kernel, dilation = draw(st.sampled_from([k for k in ((1, 1), (3, 1), (3, 2), (2, 1)) if (k[0] - 1) * k[1] < side]))
    stride, padding = draw(st.sampled_from([(1, 0), (1, 1), (2, 0), (2, 1), (1, "valid")]))
    if kernel == 3 and draw(st.booleans()):
        stride, padding = 1, "same"
    width = groups * draw(st.integers(1, 2)) if groups > 1 else draw(st.integers(2, 4))
    return nn.Conv2d(channels, width, kernel, stride, padding, dilation, groups, draw(st.booleans()))


def norm(draw: Draw, a: Tensor) -> Step:
    """Batch normalisation, over channels or features, by running statistics that are far from 0 and 1."""
    kind = nn.BatchNorm2d if a.dim() == 4 else nn.BatchNorm1d
    part = kind(a.shape[1], affine=draw(st.booleans()), eps=draw(st.sampled_from([1e-5, 0.1])))
    part.running_mean.normal_()
    part.running_var.uniform_(0.2, 3.0)
    for value in part.parameters():
        nn.init.normal_(value)
    return part


def pool(draw: Draw, a: Tensor, kind: str) -> Step:
    """A maximum or a mean over windows, as a module or as a function."""
    kernel = draw(st.integers(1, min(3, *a.shape[2:])))
    own: dict[str, Any] = {
        "stride": draw(st.sampled_from([None, 1, 2])),
        "padding": draw(st.integers(0, kernel // 2)),
        "ceil_mode": draw(st.booleans()),
    }
    if kind == "avg":
        own |= {"count_include_pad": draw(st.booleans()), "divisor_override": draw(st.sampled_from([None, 5]))}
    module, function = (nn.MaxPool2d, F.max_pool2d) if kind == "max" else (nn.AvgPool2d, F.avg_pool2d)
    return module(kernel, **own) if draw(st.booleans()) else lambda a: function(a, kernel, **own)


def residual(draw: Draw, a: Tensor) -> Step:
    """A block with a convolution, normalised before it (pre-activation) or after it, and a shortcut that fits."""
    channels = a.shape[1]
    width = draw(st.sampled_from([channels, channels + 2]))
    inner = nn.Conv2d(channels, width, 3, padding=1, bias=draw(st.booleans()))
    before = [norm(draw, a), some(draw, RELUS)()] if draw(st.booleans()) else []
    after = [norm(draw, a.new_zeros(1, width, 1, 1))] if draw(st.booleans()) else []
    shortcut = nn.Identity() if width == channels else some(draw, [nn.Conv2d(channels, width, 1), shortcut_a])
    return Residual(Net(*before, inner, *after), Net(shortcut), some(draw, ADDITIONS))


def shortcut_a(a: Any) -> Any:
    """Two more channels of zeros."""
    return F.pad(a, (0, 0, 0, 0, 1, 1))


def step(draw: Draw, kind: str, a: Tensor) -> Step:
    """A step of this kind for activations like a."""
    made: dict[str, Callable[[], Step]] = {
        "conv": lambda: conv(draw, a),
        "relu": lambda: some(draw, RELUS)(),
        "norm": lambda: norm(draw, a),
        "max": lambda: pool(draw, a, "max"),
        "avg": lambda: pool(draw, a, "avg"),
        "dropped": lambda: some(draw, DROPPED)(),
        "residual": lambda: residual(draw, a),
        "subsample": lambda: lambda a: a[:, :, ::2, ::2],
        "pooled": lambda: some(draw, POOLED)(),
        "flatten": lambda: some(draw, FLATTENINGS)(),
        "linear": lambda: nn.Linear(a.shape[1], draw(st.integers(2, 4)), draw(st.booleans())),
    }
    return made[kind]()


@st.composite
def networks(draw: Draw) -> tuple[nn.Module, Tensor]:
    """A network with two to eight steps on images, a ReLU, and one or two linear maps; and a batch of two images.

    The output is not zero. No ReLU stands on a ReLU's output: autograd cannot go back through one that is overwritten.
    """
    torch.manual_seed(draw(st.integers(0, 2**31)))
    x = torch.randn(2, draw(st.integers(1, 3)), draw(st.integers(4, 8)), draw(st.integers(4, 8)), dtype=torch.float64)
    kinds = draw(st.lists(st.sampled_from(SPATIAL), min_size=1, max_size=6))
    head = draw(
        st.sampled_from([["linear"], ["linear", "relu", "linear"], ["norm", "linear", "norm", "relu", "linear"]])
    )
    steps: list[Step] = []
    a, rectified = x.clone(), False
    for kind in ["conv", *kinds, "conv", "relu", "pooled", "flatten", *head]:
        if kind == "relu" and rectified:
            continue
        made = step(draw, kind, a)
        steps.append(made.double().eval() if isinstance(made, nn.Module) else made)
        a = steps[-1](a)
        rectified = kind == "relu" or (rectified and kind in ("dropped", "subsample", "pooled", "flatten"))
    assume(bool(a.abs().max() > 0))
    return Net(*steps).eval(), x
