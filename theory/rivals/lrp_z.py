"""Two relevances under LRP-z: their cosine does not go to the chance level, in however wide a stack.

v_1, v_2 ~ N(0, I) in place of the relevance R leave the first layer as the gradient of `v/z`, and of both the entries
are large where z_j is near 0. So `c = Σ v_1 v_2/z² / √(Σ v_1²/z² Σ v_2²/z²)` is ruled by a few neurons. The weights
1/z² have the tail w^{−1/2}, and as n → ∞ they are the points of a Poisson process of density `w^{−3/2}`, up to scale.
There

    E cos = 0,   E cos² = 4 ∫_0^1 g(u)/ψ(u) du = 0.35196,
    g = ∫ √w ((1 + 2w)(1 + 2uw))^{−3/2} dw,   ψ = ∫ w^{−3/2} (1 − ((1 + 2w)(1 + 2uw))^{−½}) dw.

Below the first layer the rule is the plain gradient, which keeps c up to O(n^−½): mean |cos| is about ½ at every layer.
A chance level for two Gaussian vectors is the wrong one; E cos, with its sign, is the number that stays at 0. As in
Sixt's protocol v is put at every neuron, dead ones too: with it at the active ones alone the limit is the same.
"""

from __future__ import annotations

from functools import cache
from math import inf, sqrt

import scipy


def overlap(u: float) -> float:
    """`g(u)`, by w = s²."""
    return float(scipy.integrate.quad(lambda s: 2 * s * s / ((1 + 2 * s * s) * (1 + 2 * u * s * s)) ** 1.5, 0, inf)[0])


def exponent(u: float) -> float:
    """`ψ(u)`, by w = s²."""

    def lost(s: float) -> float:  # (1 − 1/√p)/s², p = 1 + s² (2 + 2u + 4us²)
        p = (1 + 2 * s * s) * (1 + 2 * u * s * s)
        return (2 + 2 * u + 4 * u * s * s) / (p + sqrt(p))

    return float(scipy.integrate.quad(lambda s: 2 * lost(s), 0, inf)[0])


@cache
def first_layer_square() -> float:
    """E cos² below the first layer, as n → ∞; below the others it is the same up to O(1/n)."""
    return 4 * float(scipy.integrate.quad(lambda u: overlap(u) / exponent(u), 0, 1)[0])
