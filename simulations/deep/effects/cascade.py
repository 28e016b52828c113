"""Fig. 2a, 3 and 4: α of every N-level cascade of every rule, and of Activation at every layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
import xarray as xr
from torch import Tensor

from nfrlab.simulations.deep.effects.common import BLIND, as_float64, dataset_of, rule_under_test
from nfrlab.simulations.deep.engine.backward import GRAD, Rule, backward, cascade, cascades, from_every_layer
from nfrlab.simulations.deep.engine.graph import Trace
from nfrlab.simulations.deep.engine.measure import alignment, naive_alignment


def measure(trace: Trace, names: Sequence[str]) -> xr.Dataset:
    """`levels` of the rules, and `ends` of the blind filter; and α of Activation, `alpha_activation(layer)`, layers
    1 … L.
    """
    maps = from_every_layer(trace, GRAD, trace.activation)
    started = dataset_of(alpha_activation=(("layer",), alignment(maps, trace.x)[:, 0].flip(0).cpu()))
    started = started.assign_coords(layer=list(range(1, trace.graph.depth + 1)))
    return xr.merge([levels(trace, names), ends(trace, (BLIND,)), started], join="outer", compat="no_conflicts")


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
