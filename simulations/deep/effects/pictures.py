"""The maps themselves, of one draw, for the figures: Table I, Fig. 3, 5 and 7."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import xarray as xr

from simulations.deep.backward import GRAD, backward, from_every_layer
from simulations.deep.effects import resemblance
from simulations.deep.effects.common import under_test
from simulations.deep.effects.removal import changes, with_top
from simulations.deep.graph import Trace

PIXELS = ("channel", "y", "x")


def measure(trace: Trace, names: Sequence[str], removed: int, rng: torch.Generator) -> xr.Dataset:
    """In float32: `image`, `map(method, bottom)` of Table I, `activation_map(layer)`, and `changed_map(rule, change)`
    with the top `removed` layers randomised or most of their weights removed. NaN where there is no such map.
    """
    found = resemblance.maps(trace)
    layers = range(1, trace.graph.depth + 1)
    altered = [with_top(trace.graph, removed, change).forward(trace.x) for change in changes(rng).values()]
    changed = torch.stack([torch.cat([backward(t, under_test(name)) for t in altered]) for name in names])
    return xr.Dataset(
        {
            "image": (PIXELS, array(trace.x[0])),
            "map": (("method", "bottom", *PIXELS), array(torch.stack([torch.cat(pair) for pair in found.values()]))),
            "activation_map": (
                ("layer", *PIXELS),
                array(from_every_layer(trace, GRAD, trace.activation).flip(0)[:, 0]),
            ),
            "changed_map": (("rule", "change", *PIXELS), array(changed)),
        },
        {
            "method": list(found),
            "bottom": list(resemblance.BOTTOMS),
            "layer": list(layers),
            "rule": list(names),
            "change": list(changes(rng)),
        },
        {"removed": removed},
    )


def array(v: torch.Tensor) -> object:
    """As a float32 array."""
    return v.detach().float().cpu().numpy()
