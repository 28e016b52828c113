"""Fig. 6: only the largest or only the smallest activations of a layer, carried down from there."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import xarray as xr
from torch import Tensor

from nfrlab.simulations.deep.effects.common import as_float64, dataset_of, rule_under_test
from nfrlab.simulations.deep.engine.backward import from_layers
from nfrlab.simulations.deep.engine.graph import Trace
from nfrlab.simulations.deep.engine.measure import alignment

SHARE = 0.1
PARTS = ("top", "bottom", "all")


def measure(trace: Trace, names: Sequence[str]) -> xr.Dataset:
    """`alpha_part(rule, layer, part)` of the maps of the top and bottom 10 % of a layer's non-zero activations and of
    all of them, and `between(rule, layer)`, the cosine between the first two. The layers are those of `layers_shown`;
    nothing where there are none.
    """
    x, layers = trace.x, layers_shown(trace.graph.depth)
    if not layers:
        return xr.Dataset()

    def start(layer: int) -> Tensor:
        return torch.cat(parts(trace.activation(layer)))

    alphas, between = [], []
    for name in names:
        found = from_layers(trace, rule_under_test(name), start, layers)
        maps = found.view(len(layers), len(PARTS), *x.shape).flip(0)
        alphas.append(alignment(maps, x)[..., 0])
        between.append(torch.tensor([float(alignment(R[:1], R[1])[0, 0]) for R in maps], dtype=torch.double))
    return dataset_of(
        alpha_part=(("rule", "layer", "part"), as_float64(alphas)), between=(("rule", "layer"), as_float64(between))
    ).assign_coords(rule=list(names), layer=layers, part=list(PARTS))


def layers_shown(depth: int) -> list[int]:
    """Layers 1 and L − 1, and those nearest to the quarters between: a map costs as much as all layers below it."""
    return sorted({round(1 + share * (depth - 2)) for share in (0, 0.25, 0.5, 0.75, 1)}) if depth > 1 else []


def parts(A: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The activations three times: only the top 10 % of the non-zero ones, only the bottom 10 %, all; 0 elsewhere.

    At least one is kept; ties at the border are kept.
    """
    alive = A[A != 0]
    if alive.numel() == 0:
        return A, A, A
    kept = max(1, int(SHARE * alive.numel()))
    high = alive.kthvalue(alive.numel() - kept + 1).values
    low = alive.kthvalue(kept).values
    return torch.where(high <= A, A, 0), torch.where((low >= A) & (A != 0), A, 0), A
