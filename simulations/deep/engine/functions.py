"""Operations of PyTorch that have no form of their own: a call to be repeated, transposed by autograd where it was met.

Rules that carry gradients pass `Jᵀ r`. Rules that distribute relevance pass an operation as the linear map that it is
at the point met, with something *held* as it is there: slopes, gates, deviations, attention. Of `y = f(a) = V a + c`
that conserves relevance, `⟨a, Vᵀρ⟩ = ⟨y − c, ρ⟩`: the offset c absorbs its share, as a bias does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from nfrlab.simulations.deep.engine.ops import Record
from nfrlab.simulations.deep.engine.shares import share, times


@dataclass(frozen=True)
class Given:
    """In the arguments of a call: what its input of this number is."""

    number: int


@dataclass(frozen=True)
class PerImage:
    """In the arguments of a call: a number that grows with the batch, `size` for `entries` of the first input."""

    size: int
    entries: int

    def at(self, first: Tensor) -> int:
        """The number for a batch like this one."""
        return self.size * first.numel() // self.entries


@dataclass(frozen=True)
class Repeated:
    """In the arguments of a call: a constant with equal rows, as many as there are images."""

    row: Tensor
    rows: PerImage


@dataclass(frozen=True)
class Call:
    """A function of PyTorch with its arguments, where `Given` and `PerImage` stand for what depends on the images."""

    name: str
    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    named: dict[str, Any]
    part: int | None = None
    """Of several tensors that it gives, the one that is meant."""

    def __call__(self, *inputs: Tensor) -> Tensor:
        """The function of these inputs."""
        named = {name: filled(value, inputs) for name, value in self.named.items()}
        value = self.function(*filled(self.arguments, inputs), **named)
        return value if self.part is None else value[self.part]

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """The constants among the arguments."""
        values = leaves((self.arguments, self.named))
        return tuple(v.row if isinstance(v, Repeated) else v for v in values if isinstance(v, Tensor | Repeated))

    def __repr__(self) -> str:
        """The call without the numbers in its constants, the same in every process."""
        shown = mapped(lambda v: tuple(v.shape) if isinstance(v, Tensor) else v, (self.arguments, self.named))
        return f"{self.name}{shown}[{self.part}]"


def mapped(change: Callable[[Any], Any], value: Any) -> Any:
    """A nest of tuples, lists, dictionaries and slices with every leaf changed."""
    if isinstance(value, slice):
        return slice(*(mapped(change, part) for part in (value.start, value.stop, value.step)))
    if isinstance(value, dict):
        return {key: mapped(change, part) for key, part in value.items()}
    if isinstance(value, tuple | list):
        parts = [mapped(change, part) for part in value]
        return parts if isinstance(value, list) else tuple(parts)
    return change(value)


def leaves(value: Any) -> Iterator[Any]:
    """The leaves of such a nest, in order."""
    found: list[Any] = []
    mapped(found.append, value)
    return iter(found)


def filled(template: Any, inputs: tuple[Tensor, ...]) -> Any:
    """The template with its places filled."""

    def fill(value: Any) -> Any:
        if isinstance(value, Given):
            return inputs[value.number]
        if isinstance(value, PerImage):
            return value.at(inputs[0])
        if isinstance(value, Repeated):
            return value.row.expand(value.rows.at(inputs[0]), *value.row.shape[1:])
        return value

    return mapped(fill, template)


ENTRYWISE = {"add", "sub", "subtract", "rsub", "neg", "negative", "positive", "mul", "multiply", "div", "true_divide"}
"""Calls that, of one tensor and constants, change every entry by itself: `c a + b`."""


@dataclass(frozen=True)
class Function:
    """An operation that is linear in its inputs but for an offset, or piecewise: nothing has to be held."""

    call: Call

    @property
    def is_entrywise(self) -> bool:
        """Whether it is `c a + b` of every entry, as a normalisation of pixels by constants is."""
        given = sum(isinstance(leaf, Given) for leaf in leaves((self.call.arguments, self.call.named)))
        return self.call.name in ENTRYWISE and given == 1

    def apply(self, *inputs: Tensor) -> Record:
        """`f(a, b, …)`."""
        return Record(inputs, self.call(*inputs))

    def transpose(self, r: Tensor, record: Record) -> tuple[Tensor, ...]:
        """`J_iᵀ r` for every input i."""
        return pulled(self.call, r, record)

    def relevance(self, r: Tensor, record: Record) -> tuple[Tensor, ...]:
        """`V_iᵀ r` for every input i, V the map with its held parts."""
        return pulled(self.held, r, record)

    def held(self, *inputs: Tensor) -> Tensor:
        """The same numbers, but autograd sees `V a + c`."""
        return self.call(*inputs)


def pulled(f: Callable[..., Tensor], r: Tensor, record: Record) -> tuple[Tensor, ...]:
    """`J_iᵀ r` of f for every input i, for any number of maps r; zeros where f does not depend on an input."""
    with torch.enable_grad():
        at = [a.detach().requires_grad_(a.is_floating_point()) for a in record.inputs]
        output = f(*at)
    maps, floats = r.reshape(-1, *record.output.shape), [a for a in at if a.requires_grad]
    below: dict[int, Tensor] = {}
    if output.requires_grad:
        each = [
            torch.autograd.grad(output, floats, one, retain_graph=True, allow_unused=True, materialize_grads=True)
            for one in maps
        ]
        below = {id(a): torch.cat(parts) for a, parts in zip(floats, zip(*each, strict=True), strict=True)}
    return tuple(below.get(id(a), r.new_zeros(len(maps) * len(a), *a.shape[1:])) for a in at)


@dataclass(frozen=True)
class Curve(Function):
    """A function φ of every entry. Relevance passes by the secant `(φ(z) − φ(0))/z`, gradients by the slope `φ'(z)`."""

    def relevance(self, r: Tensor, record: Record) -> tuple[Tensor, ...]:
        """`(φ(z) − φ(0))/z ⊙ r`; where z is so small that the difference has lost its digits, `φ'(z) ⊙ r`."""
        z = record.inputs[0]
        offset = self.call(torch.zeros_like(z))
        lost = z.abs() <= (torch.finfo(z.dtype).eps ** 0.5 if bool(offset.any()) else 0)
        secant = share(record.output - offset, z)
        if bool(lost.any()):
            secant = torch.where(lost, pulled(self.call, torch.ones_like(z), record)[0], secant)
        return (times(secant, r),)


@dataclass(frozen=True)
class Activation(Curve):
    """A nonlinearity `A = φ(z)`, at which rules act as they do at a ReLU."""


@dataclass(frozen=True)
class Held(Function):
    """A function that relevance does not enter, as a gate's sigmoid or an attention's softmax: its values are held."""

    def held(self, *inputs: Tensor) -> Tensor:
        """The values, which depend on nothing."""
        return self.call(*inputs).detach()


@dataclass(frozen=True)
class Product(Function):
    """A product or quotient, also of matrices, of two tensors that both depend on the image.

    Of a signal and a gate the gate is held; where neither is one, each is held in turn, and relevance is halved.
    """

    gate: int | None = None

    def held(self, *inputs: Tensor) -> Tensor:
        """The product, linear in what is not held."""
        left, right = self.call(inputs[0], inputs[1].detach()), self.call(inputs[0].detach(), inputs[1])
        return (left + right) / 2 if self.gate is None else (right, left)[self.gate]


@dataclass(frozen=True)
class Attention(Function):
    """`softmax(q kᵀ/√d) v`: relevance passes to v alone, through the attention as it is."""

    def held(self, *inputs: Tensor) -> Tensor:
        """The same, linear in v: what comes before it is held."""
        return self.call(*(a.detach() for a in inputs[:-1]), inputs[-1])


@dataclass(frozen=True)
class Normalisation(Function):
    """`(a − m)/√(σ² + ε) γ + β`, m and σ² of each image's own entries: σ is held, and β absorbs as a bias does.

    `groups` of channels share m and σ; 0: the entries of the last axes do, as many as `weight` has or `axes` says.
    `centred`: whether m is taken off.
    """

    groups: int
    axes: int
    weight: Tensor | None
    bias: Tensor | None
    eps: float
    centred: bool = True

    def held(self, *inputs: Tensor) -> Tensor:
        """The normalisation by the deviation as it is."""
        (a,) = inputs
        v = a.reshape(len(a), self.groups, -1) if self.groups else a
        over = (-1,) if self.groups else tuple(range(-self.axes, 0))
        v = v - v.mean(over, keepdim=True) if self.centred else v
        v = (v * (v.detach().square().mean(over, keepdim=True) + self.eps).rsqrt()).reshape(a.shape)
        shape = (-1, *[1] * (a.dim() - 2)) if self.groups else None
        weight, bias = (t if t is None or shape is None else t.reshape(shape) for t in (self.weight, self.bias))
        v = v if weight is None else v * weight
        return v if bias is None else v + bias
