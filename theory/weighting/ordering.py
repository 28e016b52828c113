"""Theorem 2's ordering for Gaussian weights at any N/d: the mean never fails; single draws, with what probability.

Given A and s, `α(s) = T/√(T² + ‖g‖²)` with `T = ‖A‖ C`, `C = cos φ = cos(s, A)`, and g ~ N(0, I_{d−1}) beside x̂.

*Means.* α rises with C at given ‖A‖, so Activation (C = 1) is stochastically larger than every other weighting. α is
concave in C, so a random weighting that is exchangeable and does not look at A is on average below `E[s/‖s‖] ∝ 1`, that
is below constant weights. Hence gradient < positive < constant < Activation in the mean, for every N ≥ 2 and d ≥ 2.

*Draws.* The g of two weightings on one network are jointly Gaussian, with the cosine of the weightings as correlation,
and `T_s = C T_A`. So s beats Activation iff `‖g_s‖ < C ‖g_A‖`, and given φ < π/2 this has the probability

    P(fail | φ) = P(t_{d−1} > ½ √(d − 1) tan φ)            Student's t; it depends on d and φ alone.

It is `P(−2 aᵀGe/eᵀGe > tan φ)` of `theory.weighting.gram` for a Wishart G. As N → ∞ at fixed d it tends to a limit < ½
that depends on d alone and falls like `e^{−λ d}`, `λ = ½ ln(1 + ¼ tan²φ)`: 0.0667 for constant weights, 0.1563 for
positive ones. With few active neurons φ may be small and it falls more slowly: like `4√2 π^{−3/2} d^{−1/2}` for two.
"""

from __future__ import annotations

from dataclasses import replace
from math import log1p

import numpy as np
import scipy
from jaxtyping import Float

from nfrlab.theory.finite_width.law import alignment_law, gaussian_parts
from nfrlab.theory.finite_width.mixture import AlignmentLaw, neurons_passing
from nfrlab.theory.numerics.vectors import Array
from nfrlab.theory.weighting.angles import LIMIT, cosines

ORDER = "grad", "positive", "constant", "activation"
REVERSAL_ERROR = 1e-5  # of `reversal_probability`: numerical up to K = 64; beyond, where φ is matched, 5e-6 was seen


def gaussian_law(weighting: str, d: int, N: int) -> AlignmentLaw:
    """The law of α of a Gaussian layer of N neurons in R^d.

    `weighting` is a rule of `theory.finite_width.law`, or "positive": s = |N(0, 1)| on all active neurons. Raises
    `ValueError` as `theory.finite_width.law.alignment_law` does.
    """
    if weighting != "positive":
        return alignment_law(weighting, "gaussian", d, N)
    K, weight, _ = neurons_passing("constant", N)
    m, h, c = gaussian_parts("gbp", K, d)
    return replace(alignment_law("constant", "gaussian", d, N), rule="positive", weight=weight, m=m, h=h, c=c)


def reversal(tangent: Float[Array, " n"], d: int) -> Float[Array, " n"]:
    """`P(t_{d−1} > ½ √(d − 1) tan φ) = ½ I_{4/(4 + tan²φ)}((d − 1)/2, ½)` for every tan φ ≥ 0.

    In R¹ every α is 1, so nothing is reversed: 0.
    """
    return 0.5 * scipy.special.betainc((d - 1) / 2, 0.5, 4 / (4 + tangent**2)) if d > 1 else np.zeros_like(tangent)


def reversal_probability(weighting: str, d: int, N: int) -> float:
    """P(α(s) > α of Activation, given K ≥ 1) on one Gaussian layer of N neurons in R^d, s constant or positive.

    Exact given φ; the law of φ is exact for K ≤ 64, else matched: right to within `REVERSAL_ERROR`. One active neuron
    is a tie. Raises `ValueError` for another weighting.
    """
    K, weight, _ = neurons_passing("constant", N)
    return float(sum(w * _given_number(weighting, float(k), d) for k, w in zip(K, weight, strict=True) if k > 1))


def _given_number(weighting: str, K: float, d: int) -> float:
    """P(α(s) > α of Activation) given K active neurons."""
    C, weight = cosines(weighting, K)
    return float(weight @ reversal(np.sqrt(1 / C**2 - 1), d))


def limit_tangent(weighting: str) -> float:
    """tan φ as K → ∞: √(π/2 − 1) for constant weights, √(π²/4 − 1) for positive ones."""
    return float(np.sqrt(1 / LIMIT[weighting] ** 2 - 1))


def reversal_limit(weighting: str, d: int) -> float:
    """The limit of `reversal_probability` as N → ∞."""
    return float(reversal(np.array([limit_tangent(weighting)]), d)[0])


def decay(weighting: str) -> float:
    """`λ = ½ ln(1 + ¼ tan²φ)` of the limit's `e^{−λ d}`."""
    return 0.5 * log1p(limit_tangent(weighting) ** 2 / 4)
