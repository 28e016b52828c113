"""Fig. 2b and 2c, and the premises of both theorems: how the neurons of every layer are laid out."""

from __future__ import annotations

import torch
import xarray as xr
from jaxtyping import Float
from torch import Tensor

from nfrlab.simulations.deep.effects.common import dataset_of
from nfrlab.simulations.deep.engine.functions import Activation
from nfrlab.simulations.deep.engine.graph import Graph, Trace
from nfrlab.simulations.deep.engine.ops import ReLU
from nfrlab.simulations.deep.engine.weighted import Weighted

AT_MOST = 128
"""Neurons of a layer that are looked at; where there are more, random ones, the same in every draw."""
SHIFTS = 0.5, 1.0
"""Means that are added to all entries, in units of the layer's RMS entry: a broken premise, for negative controls."""


def measure(trace: Trace) -> xr.Dataset:
    """Per layer 1 … L: `width`, its number of neurons; the `neuron_statistics` of its weights; their `angles` when a
    mean is added to all entries, `cosine_shifted(layer, shift)` and so on; and `active`, the share of neurons with
    `A > 0` at this input (NaN where there is no ReLU). All but the last are numbers of the network alone.
    """
    weights = neuron_weights(trace.graph)
    own = [neuron_statistics(some(W)) for W in weights]
    off = [[angles(shifted_gram(some(W), by), W.shape[1]) for by in SHIFTS] for W in weights]
    layers = range(1, trace.graph.depth + 1)
    return dataset_of(
        width=(("layer",), [len(W) for W in weights]),
        **{name: (("layer",), [of[name] for of in own]) for name in own[0]},
        **{f"{name}_shifted": (("layer", "shift"), [[of[name] for of in row] for row in off]) for name in off[0][0]},
        active=(("layer",), [active_share(trace, layer) for layer in layers]),
    ).assign_coords(layer=list(layers), shift=list(SHIFTS))


def some(W: Float[Tensor, "N d"]) -> Float[Tensor, "n d"]:
    """`AT_MOST` of the neurons in float64: which ones depends on their number alone."""
    order = torch.randperm(len(W), generator=torch.Generator().manual_seed(0))
    return W[order[:AT_MOST].to(W.device)].double()


def shifted_gram(W: Float[Tensor, "n d"], by: float) -> Float[Tensor, "n n"]:
    """`⟨w_i + c, w_j + c⟩ = ⟨w_i, w_j⟩ + c (Σ w_i + Σ w_j) + c² d`, c = `by` times the RMS entry."""
    c, sums = by * W.square().mean().sqrt(), W.sum(dim=1)
    return W @ W.T + c * (sums[:, None] + sums) + c**2 * W.shape[1]


def active_share(trace: Trace, layer: int) -> float:
    """The share of a layer's neurons with `A > 0`; NaN for a layer without a nonlinearity."""
    if not isinstance(trace.graph.nodes[trace.graph.place(layer)].op, ReLU | Activation):
        return float("nan")
    return float((trace.activation(layer) > 0).double().mean())


def neuron_weights(graph: Graph) -> list[Float[Tensor, "N d"]]:
    """The weights of every layer, one neuron (output channel) per row."""
    return [node.op.weight.flatten(1) for node in graph.nodes if isinstance(node.op, Weighted)]


def neuron_statistics(W: Float[Tensor, "N d"]) -> dict[str, float]:
    """How the neurons `w_i ∈ R^d` of a layer lie: their `angles`, and

    - `fan_in`: d
    - `norm`, `norm_sd`: mean and s.d. of ‖w_i‖
    - `spread`: largest over smallest second moment of the eighths of the inputs
    - `kurtosis` of the entries, 3 for Gaussian ones

    Of one neuron alone the s.d. is NaN.
    """
    d, norms, centred = W.shape[1], W.norm(dim=1), W - W.mean()
    coarse = torch.stack([part.mean() for part in W.square().mean(dim=0).tensor_split(min(8, d))])
    values = {
        "norm": norms.mean(),
        "norm_sd": norms.std() if len(norms) > 1 else torch.nan,
        "spread": coarse.max() / coarse.min(),
        "kurtosis": centred.square().square().mean() / centred.square().mean().square(),
    }
    return {"fan_in": d} | angles(W @ W.T, d) | {name: float(value) for name, value in values.items()}


def angles(gram: Float[Tensor, "N N"], d: int) -> dict[str, float]:
    """From the Gram matrix `⟨w_i, w_j⟩` of neurons in R^d:

    - `cosine`, `cosine_largest`: mean and largest `|cos(w_i, w_j)|`, i ≠ j
    - `cosine_rms`: √d times their root mean square, 1 for isotropic directions
    - `mean`: ‖mean of the neurons‖ in units of chance, the RMS norm over √N

    The cosines of one neuron alone are NaN.
    """
    N, norms = len(gram), gram.diagonal().clamp(min=torch.finfo(gram.dtype).tiny).sqrt()
    cosines = (gram / (norms[:, None] * norms))[~torch.eye(N, dtype=torch.bool, device=gram.device)].abs()
    values = {
        "cosine": cosines.mean(),
        "cosine_largest": cosines.max() if N > 1 else torch.nan,
        "cosine_rms": cosines.square().mean().sqrt() * d**0.5,
        "mean": (gram.sum() / N / norms.square().mean()).clamp(min=0).sqrt(),
    }
    return {name: float(value) for name, value in values.items()}
