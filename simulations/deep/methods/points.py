"""One output of a network and its gradient at many points, as many in one pass as memory is meant to hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

import torch
from jaxtyping import Int64
from torch import Tensor

from nfrlab.simulations.deep.engine.backward import GRAD, backward, start_at_output
from nfrlab.simulations.deep.engine.graph import Trace
from nfrlab.simulations.deep.maps import Target, classes_of

BYTES = 2**28  # of activations


def explained(trace: Trace, target: Target) -> Int64[Tensor, " B"]:
    """The class k of every image of the trace. Raises `ValueError` as `classes_of` does."""
    return start_at_output(trace, classes_of(trace, target)).argmax(dim=1)


def gradients(trace: Trace, k: Tensor, points: Iterable[Tensor]) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """`p`, `f_k(p)` and `∇f_k(p)` for every point p, in order; a point is a batch shaped like that of the trace."""
    together = max(1, BYTES // sum(record.output.nbytes for record in trace.records))
    rest = iter(points)
    while some := list(islice(rest, together)):
        met = trace.graph.forward(torch.cat(some), once=True)
        at = k.repeat(len(some))
        f = met.output.gather(1, at[:, None]).view(len(some), -1)
        each = backward(met, GRAD, start_at_output(met, at)).view(len(some), *trace.x.shape)
        yield from zip(some, f, each, strict=True)
