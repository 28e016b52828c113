"""Fig. 2a, 3 and 4: α of every N-level cascade of every rule, and of Activation at every layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import torch
import xarray as xr
from torch import Tensor

from nfrlab.simulations.deep.effects.common import BLIND, as_float64, dataset_of, rule_under_test
from nfrlab.simulations.deep.engine.backward import GRAD, Rule, backward, from_layers
from nfrlab.simulations.deep.engine.cascades import cascade, cascades
from nfrlab.simulations.deep.engine.graph import Trace
from nfrlab.simulations.deep.engine.measure import alignment, naive_alignment


def measure(trace: Trace, names: Sequence[str]) -> xr.Dataset:
    """`levels` of the rules, `ends` of the blind filter, and `activations`."""
    parts = [levels(trace, names), ends(trace, (BLIND,)), activations(trace)]
    return xr.merge(parts, join="outer", compat="no_conflicts")


def activations(trace: Trace) -> xr.Dataset:
    """α of Activation, `alpha_activation(layer)`, layers 1 … L, and `alpha_activation_pooled`: after every pooling."""
    graph = trace.graph
    layers = range(1, graph.depth + 1)
    before = alignment(from_layers(trace, GRAD, trace.activation), trace.x)[:, 0].flip(0).cpu()
    after, pooled = before.clone(), [layer for layer in layers if graph.place(layer) != graph.place(layer, pooled=True)]
    if pooled:
        maps = from_layers(trace, GRAD, partial(trace.activation, pooled=True), pooled, pooled=True)
        after[[layer - 1 for layer in pooled]] = alignment(maps, trace.x)[:, 0].flip(0).cpu()
    found = dataset_of(alpha_activation=(("layer",), before), alpha_activation_pooled=(("layer",), after))
    return found.assign_coords(layer=list(layers))


def levels(trace: Trace, names: Sequence[str]) -> xr.Dataset:
    """α of the maps `r_0` of every cascade: `alpha(rule, level)`, level 0 the gradient and L the rule alone, and
    `alpha_naive`, as a program computes it that squares before it scales. NaN where a map is zero or overflows.
    """
    depth = trace.graph.depth
    return _alphas(trace, names, list(range(depth + 1)), lambda rule: every_level(trace, rule))


def ends(trace: Trace, names: Sequence[str]) -> xr.Dataset:
    """The datasets of `levels` at the two ends alone: the gradient, level 0, and the rule, level L."""
    gradient = backward(trace, GRAD)
    return _alphas(trace, names, [0, trace.graph.depth], lambda rule: torch.stack([gradient, backward(trace, rule)]))


def every_level(trace: Trace, rule: Rule) -> Tensor:
    """The maps of all cascades, N = 0 … L, at once; where the memory does not suffice, one by one."""
    try:
        return cascades(trace, rule)
    except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
        if "memory" not in str(error).lower():
            raise
    return torch.stack([cascade(trace, rule, level) for level in range(trace.graph.depth + 1)])


def _alphas(trace: Trace, names: Sequence[str], numbers: Sequence[int], maps: Callable[[Rule], Tensor]) -> xr.Dataset:
    by_rule = [maps(rule_under_test(name)) for name in names]
    return dataset_of(
        alpha=(("rule", "level"), as_float64(alignment(R, trace.x)[:, 0] for R in by_rule)),
        alpha_naive=(("rule", "level"), as_float64(naive_alignment(R, trace.x)[:, 0] for R in by_rule)),
    ).assign_coords(rule=list(names), level=numbers)
