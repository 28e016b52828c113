"""Fig. 6: only the largest or only the smallest activations of a layer, carried down from there."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import xarray as xr
from torch import Generator, Tensor

from nfrlab.simulations.deep.effects.common import as_float64, dataset_of, rule_under_test
from nfrlab.simulations.deep.engine.backward import from_layers
from nfrlab.simulations.deep.engine.graph import Trace
from nfrlab.simulations.deep.engine.measure import alignment

SHARE = 0.1
PARTS = ("top", "bottom", "all")
HALVES = ("one", "other")


def measure(trace: Trace, names: Sequence[str], rng: Generator) -> xr.Dataset:
    """`alpha_part(rule, layer, part)` of the maps of the top and bottom 10 % of a layer's non-zero activations and of
    all of them, and `between(rule, layer)`, the cosine between the first two. The layers are those of `layers_shown`;
    nothing where there are none.

    From the highest of them `alpha_half(rule, half)` and `by_chance(rule)` say the same of two halves of the
    activations that chance has made.
    """
    x, layers = trace.x, layers_shown(trace.graph.depth)
    if not layers:
        return xr.Dataset()
    by_chance = torch.cat(halves(trace.activation(layers[-1]), rng))

    def start(layer: int) -> Tensor:
        entering = torch.cat(parts(trace.activation(layer)))
        return torch.cat([by_chance, entering]) if layer == layers[-1] else entering

    alphas, cosines = [], []
    for name in names:
        maps = from_layers(trace, rule_under_test(name), start, layers)
        alphas.append(alignment(maps, x).flatten())
        pairs = maps[:2], *maps[2:].view(len(layers), len(PARTS), *x.shape)[:, :2].flip(0)
        cosines.append(torch.stack([alignment(one[None], other)[0, 0] for one, other in pairs]))
    alpha, cosine = as_float64(alphas), as_float64(cosines)
    of_parts = alpha[:, 2:].reshape(len(names), len(layers), len(PARTS))[:, ::-1]
    return dataset_of(
        alpha_part=(("rule", "layer", "part"), of_parts),
        between=(("rule", "layer"), cosine[:, 1:]),
        alpha_half=(("rule", "half"), alpha[:, :2]),
        by_chance=(("rule",), cosine[:, 0]),
    ).assign_coords(rule=list(names), layer=layers, part=list(PARTS), half=list(HALVES))


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


def halves(A: Tensor, rng: Generator) -> tuple[Tensor, Tensor]:
    """Every activation in one of two copies, which one a coin decides; 0 in the other."""
    first = torch.rand(A.shape, generator=rng, device=A.device) < 0.5
    return torch.where(first, A, 0), torch.where(first, 0, A)
