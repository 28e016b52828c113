"""The plainest sanity checks: what a map has in common with a random network's, another class's, and the image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
import xarray as xr
from torch import Tensor

from nfrlab.simulations.deep.effects.common import dataset_of, rule_under_test
from nfrlab.simulations.deep.effects.removal import randomised, with_top
from nfrlab.simulations.deep.engine.backward import Rule, backward, start_at_output
from nfrlab.simulations.deep.engine.graph import Trace
from nfrlab.simulations.deep.similarity.vectors import cosine, rank_correlation

BESIDE = ("randomised network", "another class", "the image")
MEASURES = ("cosine", "rank correlation")


def measure(trace: Trace, names: Sequence[str], rng: torch.Generator) -> xr.Dataset:
    """`sanity(rule, beside, measure)`: cosine, and Spearman's correlation of signed entries, between the map `r_0` and

    - that of the network with Gaussian weights, of each layer's own mean square, for the same class;
    - that of another class, a random one; NaN where there is only one;
    - the image.

    NaN where a map is zero, or constant.
    """
    k = start_at_output(trace).argmax(dim=1)
    random = with_top(trace.graph, trace.graph.depth, lambda op: randomised(op.weight, rng)).forward(trace.x)
    other = another_class(k, trace.output.shape[1], rng)

    def of(rule: Rule) -> list[tuple[float, float]]:
        map = backward(trace, rule)
        rivals = (
            backward(replace(random, target=k), rule),
            map.new_full(map.shape, torch.nan) if other is None else backward(replace(trace, target=other), rule),
            trace.x,
        )
        return [(float(cosine(map, rival)), float(rank_correlation(map, rival))) for rival in rivals]

    return dataset_of(
        sanity=(("rule", "beside", "measure"), [of(rule_under_test(name)) for name in names])
    ).assign_coords(rule=list(names), beside=list(BESIDE), measure=list(MEASURES))


def another_class(k: Tensor, classes: int, rng: torch.Generator) -> Tensor | None:
    """A class other than k, uniform; None where there is none."""
    if classes == 1:
        return None
    return (k + 1 + torch.randint(classes - 1, k.shape, generator=rng, device=k.device)) % classes
