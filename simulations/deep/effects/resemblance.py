"""Table I: what the maps resemble, the image or its edges, with and without the bottom process."""

from __future__ import annotations

import torch
import torch.nn.functional as F
import xarray as xr
from jaxtyping import Float
from torch import Tensor

from nfrlab.simulations.deep.effects.common import dataset_of
from nfrlab.simulations.deep.engine.backward import Rule, activation, carry_down
from nfrlab.simulations.deep.engine.graph import Trace
from nfrlab.simulations.deep.engine.measure import alignment
from nfrlab.simulations.deep.engine.named_rules import rule

Map = Float[Tensor, "B C H W"]
METHODS = ("grad-input", "gbp", "rectgrad", "zplus", "dtd", "activation")
BOTTOMS = ("with", "without")
SOBEL = torch.tensor([[1.0, 2.0, 1.0], [0.0, 0.0, 0.0], [-1.0, -2.0, -1.0]])


def measure(trace: Trace, others: Map) -> xr.Dataset:
    """`alpha_map(method, bottom, target)`: α of the map with the image and, without signs, with the image's edges; and
    the mean of its α with each of `others`, which is the resemblance by chance. NaN where a method has no such map.

    Activation starts in the middle of the network. `alpha_detector(target)`: the same of an edge detector's map, the
    edges of the image after a mean over 3×3 pixels.
    """
    x = trace.x
    by_method = maps(trace)
    targets = {"image": x, "edges": edges(x), "other image": others, "other edges": edges(others)}

    def alphas(R: Map) -> list[float]:
        return [mean_alignment(R.abs() if "edges" in name else R, target) for name, target in targets.items()]

    return dataset_of(
        alpha_map=(("method", "bottom", "target"), [[alphas(R) for R in pair] for pair in by_method.values()]),
        alpha_detector=(("target",), alphas(edges(blurred(x)))),
    ).assign_coords(method=list(by_method), bottom=list(BOTTOMS), target=list(targets))


def mean_alignment(R: Float[Tensor, "1 C H W"], targets: Float[Tensor, "K C H W"]) -> float:
    """The mean of α between a map and each of the targets."""
    return float(alignment(R.expand_as(targets), targets).mean())


def maps(trace: Trace) -> dict[str, tuple[Map, Map]]:
    """The map of every method with and without its bottom process.

    The bottom process of DTD is z^B: without it DTD is z⁺. Activation has none, and a map of NaN in its place.
    """
    found = {name: both_maps(trace, rule(name)) for name in METHODS[:4]}
    found["dtd"] = carry_down(trace, rule("dtd")), found["zplus"][1]
    middle = activation(trace, (trace.graph.depth + 1) // 2)
    return found | {"activation": (torch.full_like(middle, torch.nan), middle)}


def both_maps(trace: Trace, used: Rule) -> tuple[Map, Map]:
    """The map after the bottom process, and `r_0` without it, from one pass."""
    r0 = carry_down(trace, used)
    return used.process(r0, trace.x), r0


def blurred(x: Map) -> Map:
    """The mean over 3×3 pixels, those beyond the border as at the border."""
    return F.avg_pool2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), 3, stride=1)


def edges(x: Map) -> Map:
    """Sobel's edge strength of every channel, `√(g_x² + g_y²)`."""
    kernels = torch.stack([SOBEL, SOBEL.T]).to(x)[:, None]
    padded = F.pad(x, (1, 1, 1, 1), mode="replicate")
    g = F.conv2d(padded.flatten(0, 1)[:, None], kernels)
    return g.square().sum(dim=1).sqrt().view_as(x)
