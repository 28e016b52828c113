"""What the effects share: the rules under test, and named arrays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import torch
import xarray as xr
from jaxtyping import Float, Int
from torch import Tensor

from nfrlab.simulations.deep.engine import rules
from nfrlab.simulations.deep.engine.backward import Rule, attribution, start_at_output
from nfrlab.simulations.deep.engine.graph import Trace
from nfrlab.simulations.deep.engine.named_rules import rule, rule_from
from nfrlab.simulations.deep.engine.ops import Op, Record, ReLU

GRADIENT = "grad"
BLIND = "blind-filter"
"""A filtering rule that is no negative one: a broken premise, for negative controls."""

IMAGE = "image"
"""The image in the place of a map: what no network changes, for negative and positive controls."""


def blind_filter(op: Op, r: Tensor, record: Record) -> tuple[Tensor, ...]:
    """`W M diag(b) r`, b = 1 for every second neuron (channel): half of the terms go, whatever their sign."""
    return rules.grad(op, r * every_second(r) if isinstance(op, ReLU) else r, record)


def every_second(r: Tensor) -> Tensor:
    """1 for the neurons or channels 0, 2, 4, … of `r`, 0 for the others."""
    kept = torch.zeros(r.shape[1], dtype=r.dtype, device=r.device)
    kept[::2] = 1
    return kept.view(-1, *(1,) * (r.dim() - 2))


def rule_under_test(name: str) -> Rule:
    """A rule as a command names it, or the blind filter."""
    return replace(rule("gbp"), name=BLIND, step=blind_filter) if name == BLIND else rule_from(name)


def stacked_maps(trace: Trace, names: Sequence[str]) -> Float[Tensor, "M C H W"]:
    """The map `R` of each of these rules, with its bottom process, for one image; of `IMAGE` the image itself."""
    return maps_of_classes(trace, names, start_at_output(trace).argmax(dim=1))[0]


def maps_of_classes(trace: Trace, names: Sequence[str], k: Int[Tensor, " K"]) -> Float[Tensor, "K M C H W"]:
    """The same of each of these classes, all in one pass.

    Relevance starts as `|f_k|`: as `f_k` it would turn the whole map round where an output is negative.
    """
    f = trace.output.expand(len(k), -1)
    start = torch.zeros_like(f).scatter_(1, k[:, None], 1)
    sign = f.gather(1, k[:, None]).sign().view(-1, *(1,) * (trace.x.dim() - 1))

    def map_of(name: str) -> Tensor:
        if name == IMAGE:
            return trace.x.expand(len(k), *trace.x.shape[1:])
        rule = rule_under_test(name)
        return attribution(trace, rule, start) * (1 if rule.at_relu else sign)

    return torch.stack([map_of(name) for name in names], dim=1)


def dataset_of(**variables: tuple[Sequence[str], object]) -> xr.Dataset:
    """A dataset of float64 arrays from `name = (dimensions, values)`."""
    return xr.Dataset(
        {name: (tuple(dims), np.asarray(values, dtype=float)) for name, (dims, values) in variables.items()}
    )


def as_float64(values: Iterable[Tensor]) -> np.ndarray:
    """Tensors, one behind the other, as float64."""
    return np.stack([value.detach().cpu().double().numpy() for value in values])
