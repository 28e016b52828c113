"""The numbers of an audit: of every image what its map shares with the image, with other classes and networks, and what
each shares by chance.
"""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Generator, Tensor, nn

from nfrlab.simulations.deep.audit.methods import Images, Variants, Way
from nfrlab.simulations.deep.decisions.measuring import judged
from nfrlab.simulations.deep.decisions.rescaling import as_input
from nfrlab.simulations.deep.decisions.sufficiency import decision
from nfrlab.simulations.deep.effects.resemblance import edges
from nfrlab.simulations.deep.reading.rewrite import rewrite
from nfrlab.simulations.deep.similarity.vectors import correlation, cosine

TOP = 0.01
"""Of a map's entries: the largest, whose share of the whole is looked at."""
PRECISE = 4
"""Images of which the map is made again in float64."""
Numbers = dict[str, np.ndarray]


def from_maps(R: Images, x: Images) -> Numbers:
    """What maps alone tell.

    `beyond_edges`: the partial correlation of map and image, given the edges of the image; `edges`: the correlation of
    its size, summed over the channels, with the edges of the image; each also with the next image (`…_other`).
    `finite`; `largest`: the share of the size of the map that its largest hundredth holds.
    """
    other = x.roll(1, 0)
    size = R.abs().sum(1).flatten(1)
    count = max(1, round(TOP * R[0].numel()))
    ordered = R.abs().flatten(1).double().sort(dim=1, descending=True).values
    found = {
        "beyond_edges": partial_correlation(R, x, edges(x)),
        "beyond_edges_other": partial_correlation(R, other, edges(x)),
        "edges": correlation(size, edges(x).sum(1).flatten(1)),
        "edges_other": correlation(size, edges(other).sum(1).flatten(1)),
        "finite": R.isfinite().flatten(1).all(1).double(),
        "largest": ordered[:, :count].sum(1) / ordered.sum(1),
    }
    return {name: values.double().cpu().numpy() for name, values in found.items()}


def partial_correlation(R: Images, x: Images, given: Images) -> Float[Tensor, " B"]:
    """`(ρ_Rx − ρ_Re ρ_xe) / √((1 − ρ_Re²)(1 − ρ_xe²))` over all entries, e what is given."""
    R, x, e = (v.flatten(1) for v in (R, x, given))
    rx, re, xe = correlation(R, x), correlation(R, e), correlation(x, e)
    return (rx - re * xe) / ((1 - re.square()) * (1 - xe.square())).sqrt()


def from_models(way: Way, variants: Variants, x: Images, target: Int64[Tensor, " B"], R: Images, seed: int) -> Numbers:
    """What it takes the model for: cosines of the map with those of the second, a random and the least likely class
    (`class_…`), of two random networks (`weights_one`, `weights_two`; `weights_null` is between them), of the network
    whose upper half is random (`layers`), and of the first images in float64 (`precision`, NaN for the rest).
    """
    model = variants.model
    with torch.no_grad():
        f = model(x)
    order = f.argsort(dim=1, descending=True)
    rng = np.random.default_rng(seed)
    any_class = torch.from_numpy(rng.integers(0, f.shape[1] - 1, len(x))).to(target)
    any_class = any_class + (any_class >= target)
    second = torch.where(order[:, 0] == target, order[:, 1], order[:, 0])
    least = torch.where(order[:, -1] == target, order[:, -2], order[:, -1])
    one, two = (way.maps(each, x, target) for each in variants.random)
    found = {
        "class_second": cosine(R, way.maps(model, x, second)),
        "class_random": cosine(R, way.maps(model, x, any_class)),
        "class_least": cosine(R, way.maps(model, x, least)),
        "weights_one": cosine(R, one),
        "weights_two": cosine(R, two),
        "weights_null": cosine(one, two),
        "layers": cosine(R, way.maps(variants.upper, x, target)),
        "precision": precision(way, model, x, target, R),
    }
    return {name: values.double().cpu().numpy() for name, values in found.items()}


def precision(way: Way, model: nn.Module, x: Images, target: Int64[Tensor, " B"], R: Images) -> Float[Tensor, " B"]:
    """The cosine of the map with that in float64, of the first images; NaN of the others."""
    found = torch.full((len(x),), torch.nan, dtype=torch.float64)
    from copy import deepcopy

    exact = deepcopy(model).double()
    some = slice(min(PRECISE, len(x)))
    found[some] = cosine(R[some], way.maps(exact, x[some].double(), target[some])).cpu()
    return found


def from_decisions(model: nn.Module, x: Images, target: Int64[Tensor, " B"], R: Images, seed: int) -> Numbers:
    """S of the map (`used`), and of what knows nothing of the network: the image's edges, noise, another image, a grey
    (`used_…`); the class is that of the largest output. Raises `ValueError` for a network that cannot be read.
    """
    graph = rewrite(model, x[:1])
    rng = Generator().manual_seed(seed)
    fed = {
        "used": R,
        "used_edges": edges(x),
        "used_noise": torch.randn(x.shape, generator=rng).to(x),
        "used_other": x.roll(1, 0),
        "used_grey": torch.zeros_like(x),
    }
    trace = graph.forward(x)
    before = decision(trace, trace.output.argmax(1))
    return {name: judged(graph, before, as_input(map, x)).cpu().numpy() for name, map in fed.items()}
