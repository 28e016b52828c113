"""Def. 1 on floats: the input alignment of a map, safe for maps of any scale."""

import numpy as np
from jaxtyping import Shaped

from nfrlab.simulations.dense.arrays import Array


def alignment(R: Shaped[Array, " d"], x: Shaped[Array, " d"]) -> float:
    """`α(R, x) = ⟨R, x⟩ / (‖R‖ ‖x‖)`, eq. 1, in [−1, 1]; NaN where either vector is zero: undefined, not 0.

    Both vectors are divided by their largest entry first, so that maps of norm 1e±200 lose nothing.
    Raises `ValueError` when an entry is not finite.
    """
    scales = np.max(np.abs(R)), np.max(np.abs(x))
    if not np.all(np.isfinite(scales)):
        raise ValueError("a map or input with NaN or infinite entries has no alignment")
    if min(scales) == 0:
        return float("nan")
    R, x = R / scales[0], x / scales[1]
    return float(np.clip(R @ x / np.sqrt((R @ R) * (x @ x)), -1, 1))
