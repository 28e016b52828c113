"""The maps themselves, of one draw, for the figures: Table I, Fig. 3, 5 and 7."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import xarray as xr

from nfrlab.simulations.deep.effects import resemblance
from nfrlab.simulations.deep.effects.common import under_test
from nfrlab.simulations.deep.effects.removal import changes, with_top
from nfrlab.simulations.deep.engine.backward import GRAD, backward, from_every_layer
from nfrlab.simulations.deep.engine.graph import Trace

PIXELS = ("channel", "y", "x")


def measure(trace: Trace) -> xr.Dataset:
    """In float32: `image` and `map(method, bottom)` of Table I. NaN where there is no such map."""
    found = resemblance.maps(trace)
    tiles = torch.stack([torch.cat(pair) for pair in found.values()])
    return xr.Dataset(
        {"image": (PIXELS, array(trace.x[0])), "map": (("method", "bottom", *PIXELS), array(tiles))},
        {"method": list(found), "bottom": list(resemblance.BOTTOMS)},
    )


def by_layer(trace: Trace) -> xr.Dataset:
    """`activation_map(layer)`, started from the activation of layer 1 … L."""
    maps = from_every_layer(trace, GRAD, trace.activation).flip(0)[:, 0]
    layers = list(range(1, trace.graph.depth + 1))
    return xr.Dataset({"activation_map": (("layer", *PIXELS), array(maps))}, {"layer": layers})


def changed(trace: Trace, names: Sequence[str], removed: int, rng: torch.Generator) -> xr.Dataset:
    """`changed_map(rule, change)` with the top `removed` layers randomised or most of their weights removed."""
    altered = [with_top(trace.graph, removed, change).forward(trace.x) for change in changes(rng).values()]
    maps = torch.stack([torch.cat([backward(t, under_test(name)) for t in altered]) for name in names])
    return xr.Dataset(
        {"changed_map": (("rule", "change", *PIXELS), array(maps))},
        {"rule": list(names), "change": list(changes(rng))},
        {"removed": removed},
    )


def array(v: torch.Tensor) -> object:
    """As a float32 array."""
    return v.detach().float().cpu().numpy()
