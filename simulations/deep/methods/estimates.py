"""A map that is a mean of gradients, and how far off it may be: entry by entry, and in a sum whose value is known."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor


@dataclass(frozen=True)
class Estimate:
    """A map, and what is known of its error. Which error is meant is for the method to say."""

    map: Float[Tensor, "B ..."]
    error: Float[Tensor, "B ..."]
    """What every entry may be off by."""
    defect: Float[Tensor, " B"]
    """A sum over the map less the value that it has without error."""
    defect_error: Float[Tensor, " B"]
    """What the defect may be by the error alone."""


class Running:
    """Mean and standard error of values that come one by one, in float64 (Welford 1962)."""

    def __init__(self) -> None:
        self.n = 0
        self.mean = self.squares = torch.zeros((), dtype=torch.float64)

    def add(self, value: Tensor) -> None:
        """Take one more value."""
        self.n += 1
        before = value.double() - self.mean
        self.mean = self.mean + before / self.n
        self.squares = self.squares + before * (value.double() - self.mean)

    @property
    def error(self) -> Tensor:
        """`s / √n`, s² the sample's variance: the standard error of the mean."""
        return (self.squares / (self.n * (self.n - 1))).sqrt()
