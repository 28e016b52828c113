"""The maps themselves, of one draw, for the figures: Table I, Fig. 3, 5 and 7."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
import xarray as xr

from nfrlab.simulations.deep.effects import resemblance
from nfrlab.simulations.deep.effects.common import rule_under_test
from nfrlab.simulations.deep.effects.removal import changes, with_top
from nfrlab.simulations.deep.engine.backward import GRAD, backward, from_layers
from nfrlab.simulations.deep.engine.graph import Trace

PIXELS = ("channel", "y", "x")


def measure(trace: Trace) -> xr.Dataset:
    """`image` and `map(method, bottom)` of Table I, in float32; NaN where there is no such map."""
    by_method = resemblance.maps(trace)
    tiles = torch.stack([torch.cat(pair) for pair in by_method.values()])
    return xr.Dataset(
        {"image": (PIXELS, as_float32(trace.x[0])), "map": (("method", "bottom", *PIXELS), as_float32(tiles))},
        {"method": list(by_method), "bottom": list(resemblance.BOTTOMS)},
    )


def maps_by_rule(trace: Trace, names: Sequence[str]) -> xr.Dataset:
    """`rule_map(rule)`: `r_0` of each of these rules, in float32."""
    maps = torch.cat([backward(trace, rule_under_test(name)) for name in names])
    return xr.Dataset({"rule_map": (("rule", *PIXELS), as_float32(maps))}, {"rule": list(names)})


def maps_by_layer(trace: Trace) -> xr.Dataset:
    """`activation_map(layer)`: the map of Activation from layer 1 … L, in float32."""
    maps = from_layers(trace, GRAD, trace.activation).flip(0)[:, 0]
    layers = list(range(1, trace.graph.depth + 1))
    return xr.Dataset({"activation_map": (("layer", *PIXELS), as_float32(maps))}, {"layer": layers})


def changed_maps(trace: Trace, names: Sequence[str], removed: int, rng: torch.Generator) -> xr.Dataset:
    """`changed_map(rule, change)`: `r_0` with the top `removed` layers randomised or most of their weights removed."""
    graphs = (with_top(trace.graph, removed, change) for change in changes(rng).values())
    altered = [replace(graph.forward(trace.x), target=trace.target) for graph in graphs]
    maps = torch.stack([torch.cat([backward(t, rule_under_test(name)) for t in altered]) for name in names])
    return xr.Dataset(
        {"changed_map": (("rule", "change", *PIXELS), as_float32(maps))},
        {"rule": list(names), "change": list(changes(rng))},
        {"removed": removed},
    )


def as_float32(v: torch.Tensor) -> object:
    """`v` as a float32 array."""
    return v.detach().float().cpu().numpy()
