"""A map as an input: `R̃`, the map brought to the range of the image."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from nfrlab.simulations.deep.engine.shares import share


def as_input(R: Float[Tensor, "B ..."], x: Float[Tensor, "B ..."]) -> Float[Tensor, "B ..."]:
    """`R̃ = (R − min R)(max x − min x)/(max R − min R) + min x`, eq. 20; minima and maxima are over an image.

    A map `a x + b`, a > 0, gives x itself. A constant map has no range: 0/0 counts as 0, and its `R̃` is `min x`
    everywhere.
    """
    R, (low, high), (least, most) = R.double(), extremes(R.double()), extremes(x.double())
    return (share((R - low) * (most - least), (high - low).expand_as(R)) + least).to(x)


def extremes(v: Float[Tensor, "B ..."]) -> tuple[Tensor, Tensor]:
    """The smallest and the largest entry of every image, in a shape that broadcasts."""
    flat, ones = v.reshape(len(v), -1), (-1, *(1,) * (v.dim() - 1))
    return flat.amin(1).view(ones), flat.amax(1).view(ones)
