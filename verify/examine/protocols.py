"""Public tools of the sanity checks, each in the few lines that matter: what they do, and what was meant.

Read in Quantus, in the code of Sixt et al. 2020 and of Hedström et al. 2024; nothing of theirs is copied.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from jaxtyping import Float
from scipy.ndimage import uniform_filter

from nfrlab.simulations.dense import attribution, rule
from nfrlab.simulations.dense.arrays import Array, ratio
from nfrlab.simulations.dense.network import Layer

RANGE, LARGEST = 2.0, 1000.0


def fresh_weights(shapes: Sequence[tuple[int, int]], seed: int, every_layer: bool) -> list[Array]:
    """Gaussian weights of all layers, the seed set before `every_layer` (Quantus), or once."""
    rng, found = np.random.default_rng(seed), []
    for shape in shapes:
        rng = np.random.default_rng(seed) if every_layer else rng
        found.append(rng.standard_normal(shape))
    return found


def mean_over_steps(similarities: Sequence[Fraction], with_original: bool) -> Fraction:
    """The mean similarity over the steps of a randomisation, the untouched network's 1 among them (Quantus) or not."""
    counted = [*similarities, *([Fraction(1)] if with_original else [])]
    return sum(counted, Fraction(0)) / len(counted)


def structural_similarity(one: Float[Array, ...], other: Float[Array, ...], window: int) -> float:
    """The mean SSIM of two arrays of any dimension over all windows that lie inside; range 2, a sample's variances."""

    def mean(v: Array) -> Array:
        edge = window // 2
        return np.asarray(uniform_filter(v, window)[(slice(edge, -edge),) * v.ndim])

    u, v, sample = mean(one), mean(other), window**one.ndim / (window**one.ndim - 1)
    c1, c2 = (0.01 * RANGE) ** 2, (0.03 * RANGE) ** 2
    s, t, c = (sample * (mean(a * b) - mean(a) * mean(b)) for a, b in ((one, one), (other, other), (one, other)))
    return float(np.mean((2 * u * v + c1) * (2 * c + c2) / ((u**2 + v**2 + c1) * (s + t + c2))))


def carried_by_alpha_beta(
    R: Float[Array, "n V"], alpha: float, blocks: int, rng: np.random.Generator, clipped: bool
) -> Float[Array, "n V"]:
    """Relevance after so many random layers of LRP-αβ, β = α − 1, brought to a largest entry of 1 at each.

    `clipped` to [0, 1000] at every block, as the rule for residual additions of Sixt et al. does.
    """
    n = len(R)
    for _ in range(blocks):
        z = rng.standard_normal(n).clip(min=0)[:, None] * rng.standard_normal((n, n))
        up, down = z.clip(min=0), z.clip(max=0)
        positive, negative = (part @ ratio(R, part.sum(axis=0)[:, None]) for part in (up, down))
        R = alpha * positive - (alpha - 1) * negative
        R = R.clip(0, LARGEST) if clipped else R
        R = ratio(R, abs(R).max(axis=0))
    return R


def map_with_hooks(layers: tuple[Layer, ...], name: str, hooked: bool) -> Array:
    """The map of a rule that a tool attaches to the ReLUs that are modules: all of them, or, where `F.relu` is called,
    none. What nothing is attached to is differentiated.
    """
    return attribution(layers, rule(name if hooked else "grad"))
