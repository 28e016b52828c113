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
from nfrlab.simulations.deep.engine.backward import Pending, Rule, as_gradients, descend
from nfrlab.simulations.deep.engine.graph import Trace
from nfrlab.simulations.deep.engine.shares import share
from nfrlab.simulations.deep.similarity.vectors import unit

MAPS = 5
PAIRS = tuple(combinations(range(MAPS), 2))
STARTS = (1, 7 / 8, 5 / 8, 7 / 16, 1 / 4)
"""Where vectors enter, as shares of the depth; of VGG16 at fc3, fc1, conv4_3, conv3_3 and conv2_2, as theirs do."""
FORMS = ("gradient", "relevance")
KINDS = ("position", "map")
TARGETS = ("activation", "ones", "other activation", "other map")
Maps = Float[Tensor, "S V ..."]
"""Of every start the maps that entered there."""


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
    """The layers where vectors enter, from the top: of those that the whole network passes the nearest to `STARTS`."""
    depth, cuts = trace.graph.depth, [layer for layer in trace.graph.cuts if layer]
    return sorted({min(cuts, key=lambda layer: abs(layer - part * depth)) for part in STARTS}, reverse=True)


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
    found = {name: np.full(of, np.nan) for name, of in shapes.items()}
    below = carried(trace, rule, {layer: entering(trace, rule, layer, rng) for layer in starts})
    beside = carried(other, rule, {starts[0]: entering(other, rule, starts[0], rng)})
    for (layer, maps), (_, others) in zip(below, beside, strict=True):
        j, entered = layers.index(layer), len(maps)
        A, A_other = trace.value(trace.graph.cuts[layer]), other.value(other.graph.cuts[layer])
        for f, form in enumerate(FORMS):
            here, there = in_form(form, maps, A), in_form(form, others, A_other)
            units, at_positions = unit(here.flatten(2)), unit(by_position(here))
            units_there, at_positions_there = unit(there.flatten(2)), unit(by_position(there))
            cosines, alphas = units @ units.mT, units @ unit(A.flatten())
            products = alphas[:, :, None] * alphas[:, None]
            found["csc"][f, :entered, j, 0] = medians(of_pairs(at_positions @ at_positions.mT))
            found["csc"][f, :entered, j, 1] = medians(of_pairs(cosines))
            found["csc_mean"][f, :entered, j] = of_pairs(with_sign(cosines, products)).mean(-1)
            found["alpha_pairs"][f, :entered, j] = of_pairs(products.abs()).mean(-1)
            first, found["rank_one"][f, :entered, j] = leading(units)
            first_there, _ = leading(units_there)
            targets = torch.stack([unit(A.flatten()), unit(torch.ones_like(A).flatten()), unit(A_other.flatten())])
            found["direction"][f, :entered, j, :3] = (first @ targets.T).abs()
            found["direction"][f, 0, j, 3] = (first[0] @ first_there[0]).abs()
            found["csc_null"][f, j, 0] = medians(across(at_positions[:1] @ at_positions_there.mT))[0]
            found["csc_null"][f, j, 1] = medians(across(units[:1] @ units_there.mT))[0]
    *_, (_, there) = carried(stranger, rule, {starts[0]: entering(stranger, rule, starts[0], rng)})
    x = unit(trace.x.flatten())
    for f, form in enumerate(FORMS):
        one, two = (unit(in_form(form, each[:1], trace.x).flatten(2)) for each in (maps, there))
        products = (one @ x)[:, :, None] * (two @ x)[:, None]
        found["between_networks"][f] = float(across(with_sign(one @ two.mT, products)).mean())
        found["alpha_between"][f] = float(across(products.abs()).mean())
    return found


def entering(trace: Trace, rule: Rule, layer: int, rng: Generator) -> Float[Tensor, "V ..."]:
    """`MAPS` vectors N(0, I) at a layer: the modified gradient, or of a rule that distributes relevance the relevance.

    Relevance that enters at a neuron that is zero is lost.
    """
    A = trace.value(trace.graph.cuts[layer])
    v = torch.randn(MAPS, *A.shape[1:], generator=rng, dtype=A.dtype, device=A.device)
    return v if rule.at_relu else share(v, A.expand_as(v))


def carried(trace: Trace, rule: Rule, starting: Mapping[int, Tensor]) -> Iterator[tuple[int, Maps]]:
    """At every layer that the whole network passes, from the top, the modified gradients of all that entered above.

    All share one pass: what enters at a layer joins what came down to it.
    """
    cuts, pending = trace.graph.cuts, Pending()
    for layer in range(max(starting), -1, -1):
        if layer in cuts and pending:
            r = as_gradients(trace, rule, pending)[cuts[layer]]
            yield layer, r.view(-1, MAPS, *r.shape[1:])
        if layer in starting:
            above = pending.get(cuts[layer], starting[layer][:0])
            pending = {cuts[layer]: torch.cat([above, starting[layer]])}
        if layer:
            pending = descend(trace, rule, pending, range(layer, layer - 1, -1))


def in_form(form: str, r: Maps, A: Tensor) -> Maps:
    """The modified gradients themselves, or the relevance `A ⊙ r`."""
    return r if form == "gradient" else r * A


def by_position(maps: Maps) -> Float[Tensor, "S positions V channels"]:
    """The channels of an image at every position, those of a token, or all neurons of a layer without positions."""
    if maps.dim() == 5:
        return maps.flatten(3).permute(0, 3, 1, 2)
    return maps.transpose(1, 2) if maps.dim() == 4 else maps[:, None]


def of_pairs(cosines: Float[Tensor, "... V V"]) -> Float[Tensor, "... pairs"]:
    """What is above the diagonal: every pair of maps of one image, once."""
    return cosines.flatten(-2)[..., [i * MAPS + j for i, j in PAIRS]]


def with_sign(cosines: Tensor, products: Tensor) -> Tensor:
    """The cosines of maps that are turned so that both alignments, of which these are the products, are positive."""
    return torch.where(products.isnan(), torch.nan, cosines * products.sign())


def across(cosines: Float[Tensor, "... V V"]) -> Float[Tensor, "... pairs"]:
    """Every map of one image with the next of another, which began as a different vector."""
    return cosines.flatten(-2)[..., [i * MAPS + (i + 1) % MAPS for i in range(MAPS)]]


def medians(cosines: Float[Tensor, "S ..."]) -> Float[Tensor, " S"]:
    """The median of `|cos|` over everything but the start, without what is undefined."""
    return cosines.abs().flatten(1).nanquantile(0.5, dim=1)


def leading(units: Float[Tensor, "S V n"]) -> tuple[Float[Tensor, "S n"], Float[Tensor, " S"]]:
    """The leading right singular vector of vectors of length 1, and the share `σ₁² / Σ σ²`; NaN where a vector is."""
    gram = units @ units.mT
    known = gram.isfinite().all(-1).all(-1)
    squares, sides = torch.linalg.eigh(torch.where(known[:, None, None], gram, torch.eye(MAPS).to(gram)))
    first = (sides[:, None, :, -1] @ units)[:, 0] / squares[:, -1:].sqrt()
    return first, torch.where(known, squares[:, -1] / squares.sum(-1), torch.nan)
