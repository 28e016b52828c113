"""How much the largest channels contribute to the layer above, with its own weights and with random ones."""

from __future__ import annotations

import torch
import xarray as xr
from torch import Generator, Tensor

from nfrlab.simulations.deep.effects.common import dataset_of
from nfrlab.simulations.deep.effects.removal import randomised
from nfrlab.simulations.deep.engine.graph import Trace
from nfrlab.simulations.deep.engine.weighted import Weighted

SHARE = 0.1
CHANNELS, WEIGHTS = ("largest", "any"), ("own", "random")


def measure(trace: Trace, rng: Generator) -> xr.Dataset:
    """`contributed(above, weights, channels)`: the share `Σ|W a_kept| / (Σ|W a_kept| + Σ|W a_rest|)` that a tenth of
    the channels contributes to the layer `above`, 2 … L, over neurons and positions.

    It is the tenth with the largest activations, or any; the layer's weights are its own, or Gaussian ones of their
    mean square. NaN where nothing is contributed; layers of tokens, which have their channels elsewhere, are left out.
    """
    graph, found, layers = trace.graph, [], []
    for node, layer in zip(graph.nodes, graph.layer_of, strict=True):
        a, op = trace.value(node.inputs[0]), node.op
        if isinstance(op, Weighted) and layer > 1 and a.dim() != 3:
            kept = {"largest": largest(a), "any": anyone(a, rng)}
            weights = {"own": op.weight, "random": randomised(op.weight, rng)}
            found.append([[share_of(op, a, kept[c], weights[w]) for c in CHANNELS] for w in WEIGHTS])
            layers.append(layer)
    if not layers:
        return xr.Dataset()
    return dataset_of(contributed=(("above", "weights", "channels"), found)).assign_coords(
        above=layers, weights=list(WEIGHTS), channels=list(CHANNELS)
    )


def share_of(op: Weighted, a: Tensor, kept: Tensor, weight: Tensor) -> float:
    """`Σ|W a_kept| / (Σ|W a_kept| + Σ|W a_rest|)`, in float64."""
    here, rest = (float(op.product(part, weight).double().abs().sum()) for part in (a * kept, a * ~kept))
    return here / (here + rest) if here + rest > 0 else float("nan")


def tenth(a: Tensor) -> int:
    """How many channels a tenth is, at least one."""
    return max(1, round(SHARE * a.shape[1]))


def largest(a: Tensor) -> Tensor:
    """Which channels have the largest activations, summed over positions; shaped to be multiplied with a."""
    sizes = a.abs().flatten(2).sum(dim=2) if a.dim() > 2 else a.abs()
    return of_channels(sizes[0].topk(tenth(a)).indices, a)


def anyone(a: Tensor, rng: Generator) -> Tensor:
    """As many channels at random."""
    return of_channels(torch.randperm(a.shape[1], generator=rng, device=a.device)[: tenth(a)], a)


def of_channels(indices: Tensor, a: Tensor) -> Tensor:
    """True at these channels."""
    kept = torch.zeros(a.shape[1], dtype=torch.bool, device=a.device)
    kept[indices] = True
    return kept.view(-1, *(1,) * (a.dim() - 2))
