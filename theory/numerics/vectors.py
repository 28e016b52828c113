"""The array type of the theory, the cosine of Definition 1, and the positive part."""

from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
from jaxtyping import Shaped

Array = npt.NDArray[Any]
Number = float | Fraction


def cosine(u: Shaped[Array, " d"], v: Shaped[Array, " d"]) -> float:
    """`⟨u, v⟩ / (‖u‖ ‖v‖)`; NaN where either is zero."""
    norms = float(np.linalg.norm(u) * np.linalg.norm(v))
    return float(u @ v) / norms if norms else float("nan")


def positive_part(v: Shaped[Array, "..."]) -> Shaped[Array, "..."]:
    """`v⁺ = max(v, 0)`, for floats and Fractions."""
    return np.where(v > 0, v, 0 * v)
