"""The sanity check of Adebayo et al. (2018): is a map still like the network's own after layers were randomised?

Weights and biases become Gaussian, of the layer's own mean squares, so that activations keep their size; how far they
do is measured beside it. Where normalisations are folded into the weights before them, that is what is randomised.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
import xarray as xr
from jaxtyping import Float
from torch import Generator, Tensor

from nfrlab.simulations.deep.effects.common import dataset_of, maps_of_classes, stacked_maps
from nfrlab.simulations.deep.effects.removal import changes, randomised, with_top
from nfrlab.simulations.deep.engine.backward import start_at_output
from nfrlab.simulations.deep.engine.graph import Graph, Node, Trace
from nfrlab.simulations.deep.engine.weighted import Weighted
from nfrlab.simulations.deep.similarity import METRICS, similarities
from nfrlab.simulations.deep.similarity.chance import shifted

ORDERS = ("cascading", "independent", "bottom-up", "removal")
STOPS, NETWORKS, SHIFTS, BINS = 4, 2, 4, 100
EXPLAINED = ("held", "rechosen")
WEIGHTS = ("own", "random")
CHANCE = ("other image", "torus shift", "two random networks", "noise")
READING = "cross"
"""What a removal leaves of a kernel, of the readings of Fig. 5."""


class Shown(NamedTuple):
    """Of a changed network: the maps of the class that is held, how `alike` those of the held and of the rechosen
    class are to what they were, and the `activation_scale`.
    """

    held: Float[Tensor, "M C H W"]
    alike: list[Float[Tensor, "M metrics"]]
    scale: float


def measure(trace: Trace, other: Trace, names: Sequence[str], rng: Generator) -> xr.Dataset:
    """How alike the map of each of these rules, or the image, is to that of the network with layers changed.

    `similarity(order, stop, explained, map, metric)`: the mean over `NETWORKS` random networks. In the order
    `cascading` the top `stop` quarters of the layers are randomised, in `bottom-up` the lowest, in `independent` one
    layer, from the highest at stop 1 to the lowest at the last; one network's orders and stops share its weights. In
    `removal` the top quarters lose their weights instead, but for a few, as in Fig. 5. The class is that of the largest
    output, `held`, or chosen once more from the changed network's outputs. NaN after a zero map.

    `activation_scale(order, stop)`: the root mean square of the highest hidden layer over what it was before.

    `similarity_by_chance(chance, map, metric)`: of the unchanged network's map with that of the `other` image, with
    itself moved on a torus, with Gaussian noise, and between maps of two networks that are wholly random.
    `similarity_of_products(metric)`: of x ⊙ u and x ⊙ v, u and v Gaussian noise.

    `entropy(weights, map)`: of a histogram of the map's entries between the least and the greatest, in nats, of the
    network as it was and of wholly random ones; what eMPRT (Hedström et al. 2024) compares.
    """
    k = start_at_output(trace).argmax(dim=1)
    maps = stacked_maps(replace(trace, target=k), names)

    def shown(graph: Graph) -> Shown:
        there = graph.forward(trace.x)
        held, chosen = by_class(there, k, names)
        alike = similarities(maps, held).cpu()
        rechosen = alike if chosen is held else similarities(maps, chosen).cpu()
        return Shown(held, [alike, rechosen], float(size_of(there) / size_of(trace)))

    random = [randomised_network(trace.graph, rng) for _ in range(NETWORKS)]
    wholly_random = [shown(graph) for graph in random]
    bare = with_top(trace.graph, trace.graph.depth, changes(rng)[READING])
    similarity = np.empty((len(ORDERS), STOPS, len(EXPLAINED), len(names), len(METRICS)))
    scale = np.empty((len(ORDERS), STOPS))
    for o, order in enumerate(ORDERS):
        for s in range(STOPS):
            layers = changed_layers(order, trace.graph.depth, s + 1)
            sources = [bare] if order == "removal" else random
            whole = sources is random and len(layers) == trace.graph.depth
            found = wholly_random if whole else [shown(with_layers(trace.graph, each, layers)) for each in sources]
            similarity[o, s] = np.mean([each.alike for each in found], axis=0)
            scale[o, s] = np.mean([each.scale for each in found])
    strangers = [each.held for each in wholly_random]
    entropies = [entropy(maps), torch.stack([entropy(each) for each in strangers]).mean(dim=0)]
    chance = by_chance(maps, stacked_maps(other, names), strangers, rng)
    return dataset_of(
        similarity=(("order", "stop", "explained", "map", "metric"), similarity),
        activation_scale=(("order", "stop"), scale),
        similarity_by_chance=(("chance", "map", "metric"), chance),
        similarity_of_products=(("metric",), of_products(trace.x, rng)),
        entropy=(("weights", "map"), torch.stack(entropies).cpu()),
    ).assign_coords(
        order=list(ORDERS),
        stop=list(range(1, STOPS + 1)),
        explained=list(EXPLAINED),
        map=list(names),
        metric=list(METRICS),
        chance=list(CHANCE),
        weights=list(WEIGHTS),
    )


def changed_layers(order: str, depth: int, stop: int) -> range:
    """The layers that are changed at a stop, 1 … `STOPS`; at least one."""
    many = max(1, round(depth * stop / STOPS))
    if order == "independent":
        one = depth - round((depth - 1) * (stop - 1) / (STOPS - 1))
        return range(one, one + 1)
    return range(1, many + 1) if order == "bottom-up" else range(depth - many + 1, depth + 1)


def randomised_network(graph: Graph, rng: Generator) -> Graph:
    """The network with Gaussian weights and biases in every layer, each of its own mean square."""

    def node_of(node: Node) -> Node:
        if not isinstance(node.op, Weighted):
            return node
        weight = randomised(node.op.weight, rng)
        bias = None if node.op.bias is None else randomised(node.op.bias, rng)
        return replace(node, op=replace(node.op, weight=weight, bias=bias))

    return Graph(tuple(map(node_of, graph.nodes)))


def with_layers(graph: Graph, source: Graph, layers: Collection[int]) -> Graph:
    """The network with these layers of another one of the same form."""
    pairs = zip(graph.nodes, source.nodes, graph.layer_of, strict=True)
    return Graph(tuple(there if layer in layers else here for here, there, layer in pairs))


def by_class(trace: Trace, k: Tensor, names: Sequence[str]) -> list[Float[Tensor, "M C H W"]]:
    """The maps of class k, and those of the largest output: the same object where that is k."""
    chosen = trace.output.argmax(dim=1)
    if torch.equal(chosen, k):
        return [maps_of_classes(trace, names, k)[0]] * 2
    return [*maps_of_classes(trace, names, torch.cat([k, chosen]))]


def size_of(trace: Trace) -> Float[Tensor, ""]:
    """The root mean square of the highest hidden layer's activations."""
    return trace.activation(trace.graph.depth - 1).double().square().mean().sqrt()


def by_chance(
    maps: Float[Tensor, "M C H W"],
    others: Float[Tensor, "M C H W"],
    strangers: Sequence[Float[Tensor, "M C H W"]],
    rng: Generator,
) -> Float[Tensor, "chance M metrics"]:
    """The similarities that there are by chance, in the order of `CHANCE`."""
    moved = torch.stack([similarities(maps, shifted(maps, rng)) for _ in range(SHIFTS)]).mean(dim=0)
    noise = similarities(maps, noise_like(maps, rng))
    return torch.stack([similarities(maps, others), moved, similarities(strangers[0], strangers[1]), noise]).cpu()


def of_products(x: Float[Tensor, "1 C H W"], rng: Generator) -> Float[Tensor, " metrics"]:
    """The similarities of x ⊙ u and x ⊙ v, u and v independent noise."""
    return similarities(x * noise_like(x, rng), x * noise_like(x, rng))[0].cpu()


def noise_like(v: Tensor, rng: Generator) -> Tensor:
    """Independent N(0, 1) of the shape of v."""
    return torch.randn(v.shape, generator=rng, dtype=v.dtype, device=v.device)


def entropy(maps: Float[Tensor, "M ..."]) -> Float[Tensor, " M"]:
    """`−Σ p ln p` of a histogram of `BINS` equal steps from the least to the greatest entry; NaN for a constant map."""
    v = maps.flatten(1).double()
    low, high = v.amin(dim=1, keepdim=True), v.amax(dim=1, keepdim=True)
    place = ((v - low) / (high - low) * BINS).nan_to_num().long().clamp(0, BINS - 1)
    p = (
        torch.zeros(len(v), BINS, dtype=v.dtype, device=v.device).scatter_add_(1, place, torch.ones_like(v))
        / v.shape[1]
    )
    return torch.where((high > low).squeeze(1), torch.special.entr(p).sum(dim=1), torch.nan)
