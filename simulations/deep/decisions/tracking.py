"""Fig. 7: does following an image layer by layer tell where its decision fails?"""

from __future__ import annotations

import numpy as np
import torch
import xarray as xr
from jaxtyping import Bool, Float, Int64
from torch import Generator, Tensor

from nfrlab.simulations.deep.effects.common import as_float64, dataset_of
from nfrlab.simulations.deep.effects.information import COMPONENTS, component
from nfrlab.simulations.deep.effects.randomisation import randomised_network
from nfrlab.simulations.deep.effects.resemblance import edges
from nfrlab.simulations.deep.engine.backward import GRAD, Rule, descend, from_layers, start_at_output
from nfrlab.simulations.deep.engine.graph import Graph, Trace
from nfrlab.simulations.deep.engine.measure import alignment

Images = Float[Tensor, "B C H W"]
INFORMATION = (*COMPONENTS, "edges")
STOPS = 5
"""At how many layers is looked, at most."""


def tracked(
    graph: Graph,
    x: Images,
    y: Int64[Tensor, " B"],
    rule: Rule,
    rng: Generator,
    masks: Bool[Tensor, "B 1 H W"] | None = None,
) -> xr.Dataset:
    """One row an image, at layers l of `stops`: what is left of it, and where two classes part.

    `kept(information, layer)`: α between a component of Activation's map from layer l and that of the image, of edges
    between their strengths; `kept_random`: the same in a network with random weights. `parted(layer)`: the cosine of
    what `rule` brings down to `A_l` from the class decided on and from another one: the true class where the decision
    is wrong, the second largest output where it is right; `parted_random`: in the network with random weights. With
    `masks`, where the object is, `on_object(layer)`: the share of the size of Activation's map that lies on it, by the
    share of the pixels that do: 1 by chance. Beside them `right` and `margin`.
    """
    trace, random = graph.forward(x), randomised_network(graph, rng).forward(x)
    f = trace.output.double()
    top = f.topk(2, dim=1)
    k, second = top.indices.T
    layers = stops(graph)
    other = torch.where(k == y, second, y)
    objects = {} if masks is None else {"on_object": (("layer", "image"), shares_on(trace, layers, masks))}
    return dataset_of(
        right=(("image",), (k == y).double().cpu().numpy()),
        margin=(("image",), (top.values[:, 0] - top.values[:, 1]).cpu().numpy()),
        kept=(("information", "layer", "image"), information_left(trace, layers)),
        kept_random=(("information", "layer", "image"), information_left(random, layers)),
        parted=(("layer", "image"), as_float64(cosines(trace, rule, k, other, layers))),
        parted_random=(("layer", "image"), as_float64(cosines(random, rule, k, other, layers))),
        **objects,
    ).assign_coords(information=list(INFORMATION), layer=layers)


def stops(graph: Graph) -> list[int]:
    """Layers after which all that goes on is one output, nearest to the first, the last, and the quarters between."""
    whole = sorted(layer for layer in graph.cuts if layer)
    wanted = (1 + (graph.depth - 1) * i / (STOPS - 1) for i in range(STOPS))
    return sorted({min(whole, key=lambda layer: abs(layer - each)) for each in wanted})


def information_left(trace: Trace, layers: list[int]) -> np.ndarray:
    """α of every component of Activation's maps from these layers with that of the image: (information, layer, B)."""
    maps = from_layers(trace, GRAD, trace.activation, layers).flip(0)
    strengths = edges(trace.x)
    return as_float64(
        torch.stack([alignment(edges(map), strengths) for map in maps])
        if name == "edges"
        else alignment(component(maps, name), component(trace.x, name))
        for name in INFORMATION
    )


def shares_on(trace: Trace, layers: list[int], masks: Bool[Tensor, "B 1 H W"]) -> np.ndarray:
    """How much of Activation's map from every layer lies on the object, by how much there is by chance; NaN without an
    object.
    """
    sizes = from_layers(trace, GRAD, trace.activation, layers).flip(0).abs().sum(2, keepdim=True).double()
    inside = (sizes * masks).sum((2, 3, 4)) / sizes.sum((2, 3, 4))
    return as_float64(inside / masks.double().mean((1, 2, 3)))


def cosines(
    trace: Trace, rule: Rule, one: Int64[Tensor, " B"], other: Int64[Tensor, " B"], layers: list[int]
) -> list[Float[Tensor, " B"]]:
    """The cosine of what a rule brings down from two classes to the output of every one of these layers."""
    graph, B = trace.graph, len(trace.x)
    pending = {graph.cuts[graph.depth]: torch.cat([start_at_output(trace, k) for k in (one, other)])}
    found = {}
    for layer in range(graph.depth, 0, -1):
        if layer in layers:
            r = pending[graph.cuts[layer]]
            found[layer] = alignment(r[:B], r[B:])
        descend(trace, rule, pending, range(layer, layer - 1, -1))
    return [found[layer] for layer in layers]
