"""Fig. 7: which information of the input is left when each layer's own activation is carried down to the pixels."""

from __future__ import annotations

import torch
import xarray as xr
from jaxtyping import Float
from torch import Tensor

from nfrlab.simulations.deep.effects.common import as_float64, dataset_of
from nfrlab.simulations.deep.engine.backward import GRAD, from_every_layer
from nfrlab.simulations.deep.engine.graph import Trace
from nfrlab.simulations.deep.engine.measure import alignment

Map = Float[Tensor, "*B C H W"]
BANDS = (("coarse", 0.0, 1 / 8), ("middle", 1 / 8, 1 / 2), ("fine", 1 / 2, 1.0))
"""Rings of spatial frequency, as shares of the Nyquist frequency; the mean belongs to none."""
COMPONENTS = ("image", "luminance", "colour", *(name for name, _, _ in BANDS))


def measure(trace: Trace) -> xr.Dataset:
    """`kept(layer, component)`: α between a component of Activation's map from this layer and that component of the
    image.

    Layers 1 … L. NaN where the image has nothing of the component, a grey one no colour.
    """
    maps = from_every_layer(trace, GRAD, trace.activation).flip(0)
    values = [alignment(component(maps, name), component(trace.x, name))[:, 0] for name in COMPONENTS]
    return dataset_of(kept=(("component", "layer"), as_float64(values))).assign_coords(
        component=list(COMPONENTS), layer=list(range(1, trace.graph.depth + 1))
    )


def component(v: Map, name: str) -> Map:
    """The part of an image: all of it, its mean over the channels, what differs from that, or a band of the latter's
    luminance.
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
    """Spatial frequencies of size in [low, high), as shares of the Nyquist frequency; 0 never, the corners with
    high = 1.
    """
    down, across = (torch.fft.fftfreq(side, device=v.device).double() * 2 for side in v.shape[-2:])
    size = (down[:, None].square() + across[None].square()).sqrt()
    kept = (size > 0) & (size >= low) & ((size < high) | (high >= 1))
    return torch.fft.ifft2(torch.fft.fft2(v.double()) * kept).real
