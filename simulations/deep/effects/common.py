"""What the effects share: the rules under test, and named arrays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import xarray as xr
from torch import Tensor

from nfrlab.simulations.deep.engine import rules
from nfrlab.simulations.deep.engine.backward import Rule, rule
from nfrlab.simulations.deep.engine.ops import Op, Record, ReLU

REVERSED = "gbp-reversed"
"""GBP with its filter reversed, `W M min(r, 0)`: a broken premise, for negative controls."""


def reversed_gbp(op: Op, r: Tensor, record: Record) -> tuple[Tensor, ...]:
    """`W M min(r, 0)`: what GBP removes is kept, and the rest removed."""
    return rules.grad(op, r.clamp(max=0) if isinstance(op, ReLU) else r, record)


def rule_under_test(name: str) -> Rule:
    """A rule of the paper, or GBP reversed."""
    return replace(rule("gbp"), name=REVERSED, step=reversed_gbp) if name == REVERSED else rule(name)


def dataset_of(**variables: tuple[Sequence[str], object]) -> xr.Dataset:
    """A dataset of float64 arrays from `name = (dimensions, values)`."""
    return xr.Dataset(
        {name: (tuple(dims), np.asarray(values, dtype=float)) for name, (dims, values) in variables.items()}
    )


def as_float64(values: Iterable[Tensor]) -> np.ndarray:
    """Tensors, one behind the other, as float64."""
    return np.stack([value.detach().cpu().double().numpy() for value in values])
