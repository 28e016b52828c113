"""How near to orthogonal random vectors are: two of them, and N of them (the premise of Theorem 2).

Derivations: `theory.weighting.proofs.near_orthogonal`.
"""

import math

import scipy


def cosine_tail(d: int, epsilon: float) -> float:
    """`P(|cos(u, v)| > ε)` for two independent isotropic vectors in R^d: `cos² ~ Beta(1/2, (d−1)/2)`, exact.

    Raises `ValueError` for `d < 2` or ε outside [0, 1].
    """
    if d < 2 or not 0 <= epsilon <= 1:
        raise ValueError(f"needs d ≥ 2 and 0 ≤ ε ≤ 1, got d = {d}, ε = {epsilon}")
    return float(scipy.special.betainc((d - 1) / 2, 0.5, 1 - epsilon**2))


def cosine_tail_bound(d: int, epsilon: float) -> float:
    """`P(|cos| > ε) ≤ (1 − ε²)^{(d−1)/2}` for two independent isotropic vectors in R^d; tends to 0 with d."""
    return float((1 - epsilon**2) ** ((d - 1) / 2))


def norm_ratio_tail_bound(d: int, epsilon: float) -> float:
    """A bound of the probability that the norms of two Gaussian vectors of R^d differ, for 0 < ε < 1.

    `P(‖u‖²/‖v‖² ∉ [(1−ε)/(1+ε), (1+ε)/(1−ε)]) ≤ 4 exp(−d(ε² − ε³)/4)`, by Chernoff's bound for χ²_d.
    """
    return 4 * math.exp(-d * (epsilon**2 - epsilon**3) / 4)


def welch_bound(d: int, N: int) -> float:
    """Welch: the largest |cos| among N > d vectors of R^d is at least `√((N − d) / (d (N − 1)))`; 0 for N ≤ d."""
    return math.sqrt((N - d) / (d * (N - 1))) if d < N else 0.0


def all_pairs_tail_bound(d: int, N: int, epsilon: float) -> float:
    """`P(max_{i<j} |cos| > ε) ≤ N(N−1)/2 · (1 − ε²)^{(d−1)/2}` (union bound): small once `ln N ≪ d ε² / 4`."""
    return min(1.0, N * (N - 1) / 2 * cosine_tail_bound(d, epsilon))


def dimension_for_pairs(N: int, epsilon: float, probability: float) -> int:
    """The least d at which `all_pairs_tail_bound` is at most `probability`, for N vectors and ε."""
    needed = 2 * math.log(N * (N - 1) / 2 / probability) / -math.log1p(-(epsilon**2)) + 1
    return math.ceil(needed)
