"""Binder's dominance of large activations at random weights: what it is for one channel against another, and against m.

A channel of activation a contributes `a w`, w ~ N(0, σ²/n). One of K times the activation of another, or of each of m:

    P(|K w_1| > |w_2|) = (2/π) arctan K                    against one
    P(|K w_1| > |w_2 + … + w_{m+1}|) = (2/π) arctan(K/√m)    against the sum of m

1/2 at K = √m: a large channel is as likely as not to be outweighed by K² small ones. Independent symmetric weights
alone do not give that; the ratio of two normals is Cauchy. Scale is kept whatever the channels are: n neurons at once
make

    ‖Wᵀa‖ = σ ‖a‖ χ_n/√n

of any a, by rotation invariance: of mean `σ‖a‖ √(2/n) Γ((n + 1)/2)/Γ(n/2)` and relative s.d. about 1/√2n. So "keeps
the scale" is true of every a, and no statement on large channels. Derivations: `theory.rivals.proofs.dominance`.
"""

from __future__ import annotations

from math import atan, isfinite, pi, sqrt, tan

import scipy


def dominance(K: float, m: float = 1) -> float:
    """`(2/π) arctan(K/√m)`: P that one channel outweighs the sum of m of 1/K its activation each.

    Raises `ValueError` for K < 0 and for m ≤ 0.
    """
    if not (K >= 0 and m > 0):
        raise ValueError(f"needs a ratio K ≥ 0 and a number m > 0 of channels, got {K} and {m}")
    return 2 / pi * atan(K / sqrt(m))


def outnumbered(K: float, share: float = 0.5) -> float:
    """`m = K²/tan²(π · share/2)`: the number of small channels at which the large one outweighs them with this chance.

    K² at one half. Raises `ValueError` for K ≤ 0 and unless 0 < share < 1.
    """
    if not (K > 0 and 0 < share < 1):
        raise ValueError(f"needs K > 0 and a chance strictly between 0 and 1, got {K} and {share}")
    return (K / tan(pi * share / 2)) ** 2


def kept_scale(sigma: float, norm: float, n: int) -> tuple[float, float]:
    """(mean, s.d.) of ‖Wᵀa‖ over n neurons with weights N(0, σ²/n), ‖a‖ = `norm`.

    Raises `ValueError` for n < 1 and unless σ and ‖a‖ are finite and not negative.
    """
    if n < 1 or not all(isfinite(size) and size >= 0 for size in (sigma, norm)):
        raise ValueError(f"needs n ≥ 1 neurons and finite sizes σ, ‖a‖ ≥ 0, got {n}, {sigma}, {norm}")
    share = sqrt(2 / n) * float(scipy.special.poch(n / 2, 0.5))
    return sigma * norm * share, sigma * norm * sqrt(max(0.0, 1 - share**2))
