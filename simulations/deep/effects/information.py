"""Fig. 7: which information of the input is left when each layer's own activation is carried down to the pixels."""

from __future__ import annotations

import torch
import xarray as xr
from jaxtyping import Float
from torch import Tensor

from nfrlab.simulations.deep.effects.common import as_float64, dataset_of
from nfrlab.simulations.deep.engine.backward import GRAD, from_layers
from nfrlab.simulations.deep.engine.graph import Trace
from nfrlab.simulations.deep.engine.measure import alignment

Map = Float[Tensor, "*B C H W"]
BANDS = (("coarse", 0.0, 1 / 8), ("middle", 1 / 8, 1 / 2), ("fine", 1 / 2, 1.0))
"""Rings of spatial frequency, as shares of the Nyquist frequency; the mean belongs to none."""
COMPONENTS = ("image", "luminance", "colour", *(name for name, _, _ in BANDS))


def measure(trace: Trace) -> xr.Dataset:
    """`kept(component, layer)`: α between the component of Activation's map from this layer and that of the image.

    Layers 1 … L. NaN where the image has nothing of the component, a grey one no colour.
    """
    maps = from_layers(trace, GRAD, trace.activation).flip(0)
    values = [alignment(component(maps, name), component(trace.x, name))[:, 0] for name in COMPONENTS]
    return dataset_of(kept=(("component", "layer"), as_float64(values))).assign_coords(
        component=list(COMPONENTS), layer=list(range(1, trace.graph.depth + 1))
    )


def component(v: Map, name: str) -> Map:
    """A component of an image by its name: all of it, its mean over the channels (luminance), the rest (colour), or a
    band of frequencies of its luminance.
    """
    if name == "image":
        return v
    grey = v.mean(dim=-3, keepdim=True).expand_as(v)
    if name == "luminance":
        return grey
    if name == "colour":
        return v - grey
    low, high = next((low, high) for band, low, high in BANDS if band == name)
    return band_pass(grey, low, high)


def band_pass(v: Map, low: float, high: float) -> Map:
    """The part of v in the spatial frequencies of size [low, high), as shares of the Nyquist frequency.

    The frequency 0 is never in it; with `high = 1` the corners beyond 1 are.
    """
    down, across = (torch.fft.fftfreq(side, device=v.device).double() * 2 for side in v.shape[-2:])
    size = (down[:, None].square() + across[None].square()).sqrt()
    kept = (size > 0) & (size >= low) & ((size < high) | (high >= 1))
    return torch.fft.ifft2(torch.fft.fft2(v.double()) * kept).real
