"""The array type of the dense laboratory, and the three guarded operations that every rule needs.

Every function here and in `network` and `rules` works alike on float64 arrays and on object arrays of
`fractions.Fraction`: the rule that the Monte Carlo runs is the rule that the judge re-checks exactly.
"""

from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Number = float | Fraction


def relu(v: Array) -> Array:
    """`max(v, 0)` entry by entry, for floats and Fractions."""
    return np.where(v > 0, v, 0 * v) if v.dtype == object else np.maximum(v, 0)


def negative_part(v: Array) -> Array:
    """`min(v, 0)` entry by entry, for floats and Fractions."""
    return np.where(v < 0, v, 0 * v) if v.dtype == object else np.minimum(v, 0)


def apply(W: Array, v: Array) -> Array:
    """`W v`; Fractions are multiplied only where v is not 0, as most of a masked relevance is."""
    kept = v != 0 if v.dtype == object else None
    return W @ v if kept is None or not np.any(kept) else W[:, kept] @ v[kept]


def ratio(numerator: Array, denominator: Array) -> Array:
    """`numerator / denominator` with the convention `·/0 = 0`: an undefined share carries no relevance."""
    shape = np.broadcast_shapes(np.shape(numerator), np.shape(denominator))
    nothing = np.zeros(shape, dtype=np.result_type(numerator, denominator))
    return np.divide(numerator, denominator, out=nothing, where=denominator != 0)
