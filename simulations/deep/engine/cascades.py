"""N-level cascades, Def. 3: a rule in the top N layers, the plain gradient below them; one, or all in one pass."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from nfrlab.simulations.deep.engine.backward import (
    GRAD,
    Map,
    Pending,
    Rule,
    as_gradients,
    descend,
    start_at_output,
)
from nfrlab.simulations.deep.engine.functions import Activation
from nfrlab.simulations.deep.engine.graph import INPUT, Trace
from nfrlab.simulations.deep.engine.ops import ReLU
from nfrlab.simulations.deep.engine.weighted import Weighted

BUFFER = 2**25  # bytes that stay in the cache, and in the heap (memory.py)


@torch.no_grad()
def cascade(trace: Trace, rule: Rule, level: int, r: Tensor | None = None) -> Map:
    """`r_0` of one N-level cascade, Def. 3, N = `level`: `rule` in the top N layers, the plain gradient below them.

    `r` enters at the output, by default `start_at_output`.
    """
    depth = trace.graph.depth
    top = {len(trace.graph.nodes) - 1: start_at_output(trace) if r is None else r}
    handed = as_gradients(trace, rule, descend(trace, rule, top, range(depth, depth - level, -1)))
    return descend(trace, GRAD, handed, range(depth - level, 0, -1))[INPUT]


@torch.no_grad()
def cascades(trace: Trace, rule: Rule, r: Tensor | None = None) -> Float[Tensor, "levels B ..."]:
    """`r_0` of every N-level cascade, Def. 3, N = 0 … L: `rule` in the top N layers, the plain gradient below them.

    `r` enters at the output, by default `start_at_output`.

    The rule goes down once and hands a copy over to the gradient at every layer: layer l costs L − l + 1 maps, not L.
    Copies share a pass of the gradient, as many as `BUFFER` bytes hold. A rule that acts at ReLUs leaves the linear
    output layer alone, so that N = 0 is N = 1.
    """
    r = start_at_output(trace) if r is None else r
    if not trace.by_image:
        return _cascades(trace, rule, r, len(r))
    rows = max(1, BUFFER // max(record.output[:1].nbytes for record in trace.records))
    parts = (slice(i, i + rows) for i in range(0, len(r), rows))
    return torch.cat([_cascades(trace.images(part), rule, r[part], rows) for part in parts], dim=1)


def _cascades(trace: Trace, rule: Rule, r: Tensor, rows: int) -> Float[Tensor, "levels B ..."]:
    """`cascades` of these images, with `rows` maps in a pass of the gradient."""
    spared = _spares_the_top(trace, rule)
    ruled = {len(trace.graph.nodes) - 1: r}
    handed: list[Pending] = [] if spared else [dict(ruled)]
    for layer in range(trace.graph.depth, 0, -1):
        for passing in (*handed, ruled):
            descend(trace, rule if passing is ruled else GRAD, passing, range(layer, layer - 1, -1))
        copies = as_gradients(trace, rule, ruled)
        if handed and all(len(handed[-1][i]) + len(copies[i]) <= rows for i in copies):
            handed[-1] = {i: torch.cat([handed[-1][i], copies[i]]) for i in copies}
        else:
            handed.append(dict(copies))
    maps = torch.cat([passed[INPUT] for passed in handed]).view(-1, *trace.x.shape)
    return torch.cat([maps[:1], maps]) if spared else maps


def _spares_the_top(trace: Trace, rule: Rule) -> bool:
    """Whether the rule treats the top layer like the gradient: it acts at ReLUs, and the layer is one linear map.

    Where that is the only layer, what comes before it belongs to it.
    """
    graph = trace.graph
    below = graph.depth == 1 and any(isinstance(node.op, ReLU | Activation) for node in graph.nodes)
    return rule.at_relu and isinstance(graph.nodes[-1].op, Weighted) and not below
