"""Fig. 2b and 2c, and the premises of both theorems: how the neurons of every layer are laid out."""

from __future__ import annotations

import torch
import xarray as xr
from jaxtyping import Float
from torch import Tensor

from nfrlab.simulations.deep.effects.common import dataset_of
from nfrlab.simulations.deep.engine.graph import Graph, Trace
from nfrlab.simulations.deep.engine.ops import ReLU, Weighted

AT_MOST = 128
"""Neurons of a layer that are looked at; random ones where there are more."""


def measure(trace: Trace, rng: torch.Generator) -> xr.Dataset:
    """Per layer 1 … L: the `neuron_statistics` of its weights, and `active`, the share of neurons with `A > 0` at this
    input (NaN where there is no ReLU).
    """
    layers = [neuron_statistics(W, rng) for W in neuron_weights(trace.graph)]
    variables = {name: ((("layer",), [layer[name] for layer in layers])) for name in layers[0]}
    active = [active_share(trace, layer) for layer in range(1, trace.graph.depth + 1)]
    dataset = dataset_of(**variables, active=(("layer",), active))
    return dataset.assign_coords(layer=list(range(1, trace.graph.depth + 1)))


def active_share(trace: Trace, layer: int) -> float:
    """The share of a layer's neurons with `A > 0`; NaN for a layer without a ReLU."""
    if not isinstance(trace.graph.nodes[trace.graph.place(layer)].op, ReLU):
        return float("nan")
    return float((trace.activation(layer) > 0).double().mean())


def neuron_weights(graph: Graph) -> list[Float[Tensor, "N d"]]:
    """The weights of every layer, one neuron (output channel) per row."""
    return [node.op.weight.flatten(1) for node in graph.nodes if isinstance(node.op, Weighted)]


def neuron_statistics(W: Float[Tensor, "N d"], rng: torch.Generator) -> dict[str, float]:
    """How the neurons `w_i ∈ R^d` of a layer lie, from at most `AT_MOST` of them.

    - `fan_in`, `width`: d and N
    - `cosine`, `cosine_largest`: mean and largest `|cos(w_i, w_j)|`, i ≠ j
    - `cosine_rms`: √d times their root mean square, 1 for isotropic directions
    - `cosine_of_sizes`: mean `cos(|w_i|, |w_j|)`, a negative control
    - `norm`, `norm_sd`: mean and s.d. of ‖w_i‖
    - `mean`: ‖mean of the neurons‖ in units of chance, the RMS entry times √(d/N)
    - `spread`: largest over smallest second moment of the eighths of the inputs
    - `kurtosis` of the entries, 3 for Gaussian ones

    The cosines of one neuron alone, and its s.d., are NaN.
    """
    N, d = W.shape
    chosen = W[torch.randperm(N, generator=rng, device=W.device)[:AT_MOST]].double()
    norms = chosen.norm(dim=1)
    unit = chosen / norms.clamp(min=torch.finfo(torch.double).tiny)[:, None]
    others = ~torch.eye(len(unit), dtype=torch.bool, device=W.device)
    cosines = (unit @ unit.T)[others].abs()
    centred = chosen - chosen.mean()
    size = chosen.square().mean().sqrt()
    second = chosen.square().mean(dim=0)
    coarse = torch.stack([part.mean() for part in second.tensor_split(min(8, d))])
    values = {
        "fan_in": d,
        "width": N,
        "cosine": cosines.mean(),
        "cosine_largest": cosines.max() if len(cosines) else torch.nan,
        "cosine_rms": cosines.square().mean().sqrt() * d**0.5,
        "cosine_of_sizes": (unit.abs() @ unit.abs().T)[others].mean(),
        "norm": norms.mean(),
        "norm_sd": norms.std() if len(norms) > 1 else torch.nan,
        "mean": chosen.mean(dim=0).norm() / size * (len(chosen) / d) ** 0.5,
        "spread": coarse.max() / coarse.min(),
        "kurtosis": centred.pow(4).mean() / centred.square().mean().square(),
    }
    return {name: float(value) for name, value in values.items()}
