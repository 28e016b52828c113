"""Bounds on how far maps scatter around their mean, from the second moments of a neuron alone.

`R = Σ_j s_j v_j` over the N neurons of a layer, `v_j = w_j 1(w_j·x > 0)`, s independent of the weights. With Λ the
largest eigenvalue and T the trace of a bound on `E s² E vvᵀ`, and by Cauchy–Schwarz,

    Cov R ≤ N Λ I,   tr Cov R ≤ N T,   ‖E R‖² ≤ N² M,   M = (E s)² Λ P(w·x > 0) / E s².

For a symmetric law `E vvᵀ = ½ E wwᵀ` and `P(w·x > 0) ≤ ½`; for any law `E vvᵀ ≤ E wwᵀ`, whose eigenvalues are at most
λ + ‖E w‖², λ those of the centred part; and `E w = μ(x) + μ(−x)`. The filter of z⁺ has `v_j = w_j⁺ 1(w_j·x > 0)`, no
longer than `w_j⁺`. Neurons drawn together in frames are independent from frame to frame, and `Cov R` grows by
`crowding`. Nothing of the shape of the law enters: a bound holds for whatever has these moments.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from jaxtyping import Float

from nfrlab.theory.family import Family
from nfrlab.theory.numerics.vectors import Array


@dataclass(frozen=True)
class MapMoments:
    """`Cov R ≤ N · largest`, `tr Cov R ≤ N · total` and `‖E R‖ ≤ N · length`, N the number of neurons."""

    largest: float
    total: float
    length: float


def gradient_moments(law: Family, x: Float[Array, " d"], mean: float = 1.0, square: float = 1.0) -> MapMoments:
    """The bounds of `Σ_j s_j w_j 1(w_j·x > 0)`, `mean` and `square` being `E s` and `E s²`.

    Raises `ValueError` where `Family.half_space_mean` does.
    """
    d, active = len(x), 0.5 if law.symmetric else 1.0
    centre = law.half_space_mean(x).value + law.half_space_mean(-x).value  # E w
    centred, _ = law.covariance(d)
    total = active * law.second_moment(d)
    largest = min(active * (centred + float(centre @ centre)), total)
    crowded = square * law.crowding(d)
    return MapMoments(crowded * largest, crowded * total, abs(mean) * sqrt(largest * active))


def zplus_moments(law: Family, x: Float[Array, " d"], mean: float = 1.0, square: float = 1.0) -> MapMoments:
    """The bounds of `Σ_j s_j w_j⁺ 1(w_j·x > 0)`, where the trace has to serve for the largest eigenvalue, too.

    Raises `ValueError` for a family that is not symmetric or whose neurons are not independent.
    """
    if not (law.symmetric and law.independent_neurons):
        raise ValueError(f"needs independent neurons, w and −w of one law, not '{law.name}'")
    total = law.second_moment(len(x)) / 2
    return MapMoments(square * total, square * total, abs(mean) * sqrt(total / 2))


def pair_variance(moments: MapMoments, N: int, q: float | Array) -> Array:
    """At most `var Y`, `Y = ⟨R, t⟩⟨R′, t⟩ − q ⟨R, R′⟩` for independent R, R′ and a unit t, if q is cos² of (E R, t).

    With `Y = RᵀMR′`, `M = ttᵀ − q I`, and S the covariance it is `tr(MSMS) + 2 mᵀMSMm`, m = E R; `‖M‖ = max(q, 1 − q)`
    and `‖Mm‖² = q (1 − q) ‖m‖²`.
    """
    q = np.asarray(q, dtype=float)
    noise = np.maximum(q, 1 - q) ** 2 * moments.largest * moments.total * float(N) ** 2
    return np.asarray(noise + 2 * q * (1 - q) * moments.length**2 * moments.largest * float(N) ** 3)
