"""Ineq. 13 in deep networks, and the homogeneity that the theory takes for granted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
import xarray as xr
from torch import Tensor

from nfrlab.simulations.deep.effects.common import dataset_of, rule_under_test
from nfrlab.simulations.deep.engine.backward import GRAD, Pending, Rule, descend, start_at_output
from nfrlab.simulations.deep.engine.graph import Trace
from nfrlab.simulations.deep.engine.ops import Op, Record
from nfrlab.simulations.deep.engine.weighted import Weighted


def measure(trace: Trace, names: Sequence[str]) -> xr.Dataset:
    """`margin(rule, layer)`: `(⟨A_{l−1}, F(W M) r⟩ − ⟨A_{l−1}, W M r⟩) / (|A_{l−1}|·(|F(W M) r| + |W M r|))` with the
    rule's own relevance r at layer l, in [−1, 1]: positive where ineq. 13 holds, 0 where it is an equality, NaN where
    no relevance arrives.

    `lost(level)`: `(f − ⟨A_l, r_l⟩)/f` for the gradient, 0 at every layer l of a network without biases, and
    `lost_to_bias(level)`: what the biases above layer l hold of it, `Σ ⟨M b, r⟩ / f`. The dimension `level` numbers the
    layers 0 … L, the input's place included; NaN for `f = 0`.
    """
    depth = trace.graph.depth
    margins = [layer_margins(trace, rule_under_test(name)) for name in names]
    lost, biases = homogeneity(trace)
    return dataset_of(
        margin=(("rule", "layer"), margins), lost=(("level",), lost), lost_to_bias=(("level",), biases)
    ).assign_coords(rule=list(names), layer=list(range(1, depth + 1)), level=list(range(depth + 1)))


@torch.no_grad()
def layer_margins(trace: Trace, rule: Rule) -> list[float]:
    """The relative margin of every layer 1 … L, where all that waits at the layer's border is taken together."""
    waiting: Pending = {len(trace.graph.nodes) - 1: start_at_output(trace)}
    margins = []
    for layer in range(trace.graph.depth, 0, -1):
        plain = descend(trace, GRAD, dict(waiting), range(layer, layer - 1, -1))
        waiting = descend(trace, rule, waiting, range(layer, layer - 1, -1))
        (kept, most), (linear, at_most) = inner_products(trace, waiting), inner_products(trace, plain)
        scale = most + at_most
        margins.append((kept - linear) / scale if scale > 0 else float("nan"))
    return margins[::-1]


def inner_products(trace: Trace, waiting: Pending) -> tuple[float, float]:
    """`⟨A, r⟩` over all places where relevance waits, and `⟨|A|, |r|⟩`, in float64."""
    pairs = [(trace.value(i).double(), r.double()) for i, r in waiting.items()]
    return (
        sum(float((A * r).sum()) for A, r in pairs),
        sum(float((A * r).abs().sum()) for A, r in pairs),
    )


@torch.no_grad()
def homogeneity(trace: Trace) -> tuple[list[float], list[float]]:
    """For l = 0 … L the shares of `f` that `⟨A_l, r_l⟩` of the gradient misses, and that the biases above l hold."""
    waiting: Pending = {len(trace.graph.nodes) - 1: start_at_output(trace)}
    f = inner_products(trace, waiting)[0] or float("nan")
    lost, lost_to_biases, at_biases = [0 / f], [0 / f], 0.0

    def step_adding_biases(op: Op, r: Tensor, record: Record) -> tuple[Tensor, ...]:
        nonlocal at_biases
        if isinstance(op, Weighted) and op.bias is not None:
            at_biases += float((r.double() * op.per_neuron(op.bias).double()).sum())
        return GRAD.step(op, r, record)

    for layer in range(trace.graph.depth, 0, -1):
        waiting = descend(trace, replace(GRAD, step=step_adding_biases), waiting, range(layer, layer - 1, -1))
        lost.append((f - inner_products(trace, waiting)[0]) / f)
        lost_to_biases.append(at_biases / f)
    return lost[::-1], lost_to_biases[::-1]
