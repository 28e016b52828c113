"""DeepLIFT without biases, against the reference 0: Rescale is Grad⊙Input, RevealCancel tends to half the weights.

RevealCancel at a ReLU that gets `p = Σ (w_i x_i)⁺` and `−n = Σ (w_i x_i)⁻`, z = p − n. Its multipliers differ from ½
by no more than `|z| / (p + n)`, which is small where z is a sum of many terms of both signs: the mask is gone.
"""

from typing import Any

import numpy as np
from jaxtyping import Shaped

from nfrlab.theory.numerics.vectors import Array, Number


def revealcancel_multipliers(p: Number, n: Number) -> tuple[Number, Number]:
    """`m⁺ = ½ + z⁺/2p` and `m⁻ = ½ + z⁻/2n`, `z⁻ = min(z, 0)`, for p, n > 0: a dead neuron passes ½ and `p/2n`."""
    z: Any = p - n
    return (p + z * (z > 0)) / (2 * p), (n + z * (z < 0)) / (2 * n)


def distance_from_half(p: Number, n: Number) -> Number:
    """What m⁺ and m⁻ differ from ½ by, at most: `|p − n| / (p + n)`."""
    z: Any = p - n
    return abs(z) / (p + n)


def mean_excess(x: Shaped[Array, " d"]) -> float:
    """`E m⁺ − ½` and `½ − E m⁻` over Gaussian neurons, `½ ‖x‖₂/‖x‖₁` to first order.

    For entries of one size `½ d^{−½}`. It is the ratio of the means of `z⁺` and `p + n`; the next order is
    `−(π/4) (‖x‖₂/‖x‖₁)²`.
    """
    return float(np.linalg.norm(x) / np.abs(x).sum() / 2)
