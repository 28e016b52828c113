"""Whether what enters high above is forgotten on the way down: cosine similarity convergence (Sixt et al. 2020).

Instead of relevance, `MAPS` independent vectors N(0, I) enter at a layer and are carried down with the image's own
activations. Below it they are compared with each other, and with what they might have turned into.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

import numpy as np
import torch
import xarray as xr
from jaxtyping import Float
from torch import Generator, Tensor

from nfrlab.simulations.deep.effects.common import dataset_of, rule_under_test
from nfrlab.simulations.deep.engine.backward import Pending, Rule, as_gradients, through
from nfrlab.simulations.deep.engine.deeplift import joined
from nfrlab.simulations.deep.engine.graph import Trace
from nfrlab.simulations.deep.engine.shares import share

MAPS = 5
Pairs = tuple[tuple[int, int], ...]
SAME: Pairs = tuple(combinations(range(MAPS), 2))
ACROSS: Pairs = tuple((i, (i + 1) % MAPS) for i in range(MAPS))
"""Every pair of maps of one image, once; and every map of one with the next of another, which began differently."""
STARTS = (1, 7 / 8, 5 / 8, 7 / 16, 1 / 4)
"""Where vectors enter, as shares of the depth; of VGG16 at fc3, fc1, conv4_3, conv3_3 and conv2_2, as theirs do."""
FORMS = ("gradient", "relevance")
KINDS = ("position", "map")
TARGETS = ("activation", "ones", "other activation", "other map")
Maps = Float[Tensor, "S V ..."]
"""Of every start the maps that entered there."""
Channels = Float[Tensor, "S V C P"]
"""The same as channels by positions."""


def measure(trace: Trace, other: Trace, stranger: Trace, names: Sequence[str], rng: Generator) -> xr.Dataset:
    """What vectors that entered at `start` have in common at `layer`, of the modified gradient `ρ` and, in the other
    `form`, of the relevance `R = a ⊙ ρ`. NaN where it is undefined.

    `csc(rule, form, start, layer, kind)`: the median of `|cos|` over pairs, of the whole maps, or over the channels at
    every position and over positions too, where neither is zero. `csc_mean` is the mean of the maps' cosine, each with
    the sign that aligns it with `A_l`, `alpha_pairs` the mean product of a pair's alignments with `A_l`, both without
    sign; `rank_one` the share `σ₁² / Σ σ²` of the maps brought to length 1; `direction(…, target)` is `|cos|` of their
    leading singular vector with each of `TARGETS`.

    From the highest start alone: `csc_null(rule, form, layer, kind)`, between a map of this image and one of the
    `other`, and what the directions have in common with the other image's; and at the input `between_networks(rule,
    form)`, the mean cosine of maps of this network and of the `stranger`, another network at this image, with
    `alpha_between`, the mean product of their alignments with the image.
    """
    starts = layers_of_starts(trace)
    layers = [layer for layer in sorted(trace.graph.cuts) if layer < starts[0]]
    of_rules = [of_rule(trace, other, stranger, rule_under_test(name), starts, layers, rng) for name in names]
    dims = ("rule", "form", "start", "layer")
    found = {name: np.stack([values[name] for values in of_rules]) for name in of_rules[0]}
    return dataset_of(
        csc=((*dims, "kind"), found["csc"]),
        csc_mean=(dims, found["csc_mean"]),
        alpha_pairs=(dims, found["alpha_pairs"]),
        rank_one=(dims, found["rank_one"]),
        direction=((*dims, "target"), found["direction"]),
        csc_null=(("rule", "form", "layer", "kind"), found["csc_null"]),
        between_networks=(("rule", "form"), found["between_networks"]),
        alpha_between=(("rule", "form"), found["alpha_between"]),
    ).assign_coords(
        rule=list(names), form=list(FORMS), start=starts, layer=layers, kind=list(KINDS), target=list(TARGETS)
    )


def layers_of_starts(trace: Trace) -> list[int]:
    """The layers where vectors enter, from the top: of those that the whole network passes the nearest to `STARTS`.

    Where a layer is a single number, all that enters is a multiple of it: such an output is left out.
    """
    depth, cuts = trace.graph.depth, trace.graph.cuts
    wide = [layer for layer, place in cuts.items() if layer and trace.value(place)[0].numel() > 1]
    return sorted({min(wide, key=lambda layer: abs(layer - part * depth)) for part in STARTS}, reverse=True)


def of_rule(
    trace: Trace,
    other: Trace,
    stranger: Trace,
    rule: Rule,
    starts: Sequence[int],
    layers: Sequence[int],
    rng: Generator,
) -> dict[str, np.ndarray]:
    """The arrays of `measure` for one rule."""
    shape = len(FORMS), len(starts), len(layers)
    shapes = dict.fromkeys(("csc_mean", "alpha_pairs", "rank_one"), shape) | {
        "csc": (*shape, len(KINDS)),
        "direction": (*shape, len(TARGETS)),
        "csc_null": (len(FORMS), len(layers), len(KINDS)),
        "between_networks": (len(FORMS),),
        "alpha_between": (len(FORMS),),
    }
    found = {name: np.full(size, np.nan) for name, size in shapes.items()}
    below = carried(trace, rule, {layer: entering(trace, rule, layer, rng) for layer in starts})
    beside = carried(other, rule, {starts[0]: entering(other, rule, starts[0], rng)})
    for (layer, maps), (_, others) in zip(below, beside, strict=True):
        A, A_other = (by_position(each.value(each.graph.cuts[layer])[None]) for each in (trace, other))
        for f, form in enumerate(FORMS):
            here, there = in_form(form, by_position(maps), A), in_form(form, by_position(others), A_other)
            for name, numbers in at_layer(scaled(here), scaled(there), A, A_other).items():
                place = (f, layers.index(layer)) if name == "csc_null" else (f, slice(len(maps)), layers.index(layer))
                found[name][place] = numbers.cpu()
    *_, (_, strange) = carried(stranger, rule, {starts[0]: entering(stranger, rule, starts[0], rng)})
    x = by_position(trace.x[None])
    for f, form in enumerate(FORMS):
        one, two = (scaled(in_form(form, by_position(each[:1]), x)) for each in (maps, strange))
        products = alignments(one, x) * alignments(two, x).mT
        found["between_networks"][f] = of(with_sign(cosines(one, two, ACROSS)[1], products), ACROSS).mean().cpu()
        found["alpha_between"][f] = of(products.abs(), ACROSS).mean().cpu()
    return found


def at_layer(here: Channels, there: Tensor, A: Tensor, A_other: Tensor) -> dict[str, Tensor]:
    """What `measure` says of one layer, from this image's maps by start, and the other's from the highest."""
    at_positions, whole = cosines(here, here, SAME)
    across_positions, across = cosines(here[:1], there, ACROSS)
    towards = torch.cat([alignments(here, target) for target in (A, torch.ones_like(A), A_other)], dim=-1)
    products = towards[..., :1] * towards[..., :1].mT
    side, share = leading(whole)
    side_there, _ = leading(cosines(there, there, SAME)[1])
    direction = share.new_full((len(here), len(TARGETS)), torch.nan)
    direction[:, :3] = (side[:, None] @ towards)[:, 0].abs()
    direction[0, 3] = (side[0, :, None] * across[0] * side_there[0]).sum().abs()
    return {
        "csc": torch.stack([medians(at_positions), medians(of(whole, SAME))], dim=-1),
        "csc_mean": of(with_sign(whole, products), SAME).mean(-1),
        "alpha_pairs": of(products.abs(), SAME).mean(-1),
        "rank_one": share,
        "direction": direction,
        "csc_null": torch.cat([medians(across_positions), medians(of(across, ACROSS))]),
    }


def entering(trace: Trace, rule: Rule, layer: int, rng: Generator) -> Float[Tensor, "V ..."]:
    """`MAPS` vectors N(0, I) at a layer: the modified gradient, or of a rule that distributes relevance the relevance.

    Relevance that enters at a neuron that is zero is lost.
    """
    A = trace.value(trace.graph.cuts[layer])
    v = torch.randn(MAPS, *A.shape[1:], generator=rng, dtype=A.dtype, device=A.device)
    return v if rule.at_relu else share(v, A.expand_as(v))


def carried(trace: Trace, rule: Rule, starting: Mapping[int, Tensor]) -> Iterator[tuple[int, Maps]]:
    """At every layer that the whole network passes, from the top, the modified gradients of all that entered above.

    All share one pass: what enters at a layer joins what came down to it. Of a rule that splits it enters in the place
    of both multipliers.
    """
    cuts, pending, kinds = trace.graph.cuts, Pending(), 2 if rule.splits else 1
    for layer in range(max(starting), -1, -1):
        if layer in cuts and pending:
            yield layer, as_one(trace, rule, pending, cuts[layer])
        if layer in starting:
            v = starting[layer].expand(kinds, *starting[layer].shape)
            above = pending.get(cuts[layer], v[:, :0]).view(kinds, -1, *v.shape[2:])
            pending = {cuts[layer]: torch.cat([above, v], dim=1).flatten(0, 1)}
        if layer:
            nodes = [i for i, at in enumerate(trace.graph.layer_of) if max(at, 1) == layer]
            pending = through(trace, rule, pending, nodes)


def as_one(trace: Trace, rule: Rule, pending: Pending, place: int) -> Maps:
    """What waits at a place that the whole network passes, as modified gradients, by start."""
    if rule.splits:
        r = joined(pending[place], trace.value(place) - trace.origin.value(place))
    else:
        r = as_gradients(trace, rule, pending)[place]
    return r.view(-1, MAPS, *r.shape[1:])


def in_form(form: str, r: Channels, A: Tensor) -> Channels:
    """The modified gradients themselves, or the relevance `A ⊙ r`."""
    return r if form == "gradient" else r * A


def by_position(maps: Maps) -> Channels:
    """The channels of an image at every position, those of a token, or all neurons of a layer without positions."""
    if maps.dim() == 5:
        return maps.flatten(3)
    return maps.mT if maps.dim() == 4 else maps[..., None]


def scaled(maps: Channels) -> Channels:
    """Every map divided by its largest entry, so that nothing that is squared leaves the range of floats."""
    return maps / maps.abs().amax(dim=(2, 3), keepdim=True)


def cosines(one: Channels, other: Channels, pairs: Pairs) -> tuple[Float[Tensor, "S pairs P"], Float[Tensor, "S V V"]]:
    """The cosines of these pairs at every position, over the channels, and those of all pairs of whole maps.

    Products are summed over channels in the maps' precision and over positions in float64. NaN where a map is zero.
    """
    squares, squares_other = ((v * v).sum(dim=2) for v in (one, other))
    inner = torch.stack([(one[:, i, None] * other).sum(dim=2) for i in range(MAPS)], dim=1)
    norms, norms_other = (v.double().sum(dim=-1).sqrt() for v in (squares, squares_other))
    whole = inner.double().sum(dim=-1) / (norms[:, :, None] * norms_other[:, None])
    at_positions = [inner[:, i, j] / (squares[:, i] * squares_other[:, j]).sqrt() for i, j in pairs]
    return torch.stack(at_positions, dim=1), whole


def alignments(maps: Channels, target: Tensor) -> Float[Tensor, "S V 1"]:
    """The cosines of whole maps with one target."""
    target = scaled(target)
    inner, squares = ((maps * v).sum(dim=2).double().sum(dim=-1) for v in (target, maps))
    return (inner / (squares * target.double().square().sum()).sqrt())[..., None]


def of(values: Float[Tensor, "S V V"], pairs: Pairs) -> Float[Tensor, "S pairs"]:
    """The entries of these pairs."""
    return torch.stack([values[:, i, j] for i, j in pairs], dim=1)


def with_sign(cosines: Tensor, products: Tensor) -> Tensor:
    """The cosines of maps that are turned so that both alignments, of which these are the products, are positive."""
    return torch.where(products.isnan(), torch.nan, cosines * products.sign())


def medians(cosines: Float[Tensor, "S ..."]) -> Float[Tensor, " S"]:
    """The median of `|cos|` over everything but the start, without what is undefined; on the CPU."""
    return cosines.abs().flatten(1).double().cpu().nanquantile(0.5, dim=1)


def leading(gram: Float[Tensor, "S V V"]) -> tuple[Float[Tensor, "S V"], Float[Tensor, " S"]]:
    """By which weights the maps, of length 1, make up their leading singular vector, and the share `σ₁² / Σ σ²`.

    NaN where a map is zero.
    """
    known = gram.isfinite().all(-1).all(-1)
    squares, sides = torch.linalg.eigh(torch.where(known[:, None, None], gram, torch.eye(MAPS).to(gram)))
    weights = sides[..., -1] / squares[:, -1:].sqrt()
    share = squares[:, -1] / squares.sum(-1)
    return torch.where(known[:, None], weights, torch.nan), torch.where(known, share, torch.nan)
