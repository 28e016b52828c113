"""The arguments of a call, with places for the tensors it reads and for what grows with the batch."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from nfrlab.simulations.deep.engine.functions import Call, Given, PerImage, Repeated
from nfrlab.simulations.deep.reading.noted import Noted

OPERATORS = {"add", "sub", "mul", "truediv", "matmul", "pow"}


@dataclass
class Template:
    """Turns the arguments of a call, as a batch and one of twice as many images met them, into a `Call`.

    `places` and `of_two` are the tensors that depend on the images, by identity, in either run; `first` is the first of
    them that the call reads.
    """

    places: dict[int, int]
    of_two: dict[int, int]
    first: Tensor
    given: int = field(default=0, init=False)

    def call(self, one: Noted, two: Noted, part: int | None) -> Call:
        """The call; `part`: of several tensors that it gives, the one that is meant.

        Raises `ValueError` for an argument that depends on the batch in another way than as a multiple of its size.
        """
        named = {k: v for k, v in one.named.items() if k != "inplace"}
        arguments, named = self.of((one.arguments, named), (two.arguments, two.named))
        return Call(one.name, out_of_place(one.function), arguments, named, part)

    def of(self, one: Any, two: Any) -> Any:
        """A nest of arguments, with its leaves replaced."""
        if isinstance(one, slice):
            return slice(*(self.of(getattr(one, end), getattr(two, end)) for end in ("start", "stop", "step")))
        if isinstance(one, dict):
            return {key: self.of(value, two[key]) for key, value in one.items()}
        if isinstance(one, tuple | list):
            parts = [self.of(*pair) for pair in zip(one, two, strict=True)]
            return parts if isinstance(one, list) else tuple(parts)
        return self.leaf(one, two)

    def leaf(self, one: Any, two: Any) -> Any:
        """One argument."""
        if isinstance(one, Tensor):
            if id(one) not in self.places:
                return self.constant(one.detach(), two.detach())
            self.given += 1
            return Given(self.given - 1)
        if type(one) is int and one != two:
            return self.growing(one, two)
        return one

    def growing(self, one: int, two: int) -> PerImage:
        """A number that grows with the batch."""
        if two != 2 * one:
            raise ValueError(f"the number {one}, which is {two} for twice as many images")
        return PerImage(one, self.first.numel())

    def constant(self, one: Tensor, two: Tensor) -> Tensor | Repeated:
        """A tensor that does not depend on the images; of equal rows, one for each of them, the row."""
        if one.shape == two.shape:
            return one
        if one.shape[1:] != two.shape[1:] or not torch.equal(two, two[:1].expand_as(two)):
            raise ValueError(f"a constant of shape {tuple(one.shape)}, for twice as many images {tuple(two.shape)}")
        return Repeated(one[:1], self.growing(len(one), len(two)))


def out_of_place(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function that gives what this one writes into its argument, or lets it share; one that asks for no layout."""
    name = getattr(function, "__name__", "")
    if name == "view":
        return torch.Tensor.reshape
    if name.startswith("__i") and name[3:-2] in OPERATORS:
        found: Callable[..., Any] = getattr(operator, name[3:-2])
        return found
    if name.endswith("_") and not name.startswith("__"):
        return getattr(torch.Tensor, name[:-1], None) or getattr(torch.nn.functional, name[:-1])
    return function
