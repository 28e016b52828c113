"""How near to orthogonal random vectors are: two of them, and N of them (the premise of Theorem 2)."""

import math

from scipy.special import betainc


def cosine_tail(d: int, epsilon: float) -> float:
    """`P(|cos(u, v)| > ε)` for two independent isotropic vectors in R^d: `cos² ~ Beta(1/2, (d−1)/2)`, exact.

    Raises `ValueError` for `d < 2` or ε outside [0, 1].
    """
    if d < 2 or not 0 <= epsilon <= 1:
        raise ValueError(f"needs d ≥ 2 and 0 ≤ ε ≤ 1, got d = {d}, ε = {epsilon}")
    return float(betainc((d - 1) / 2, 0.5, 1 - epsilon**2))


def cosine_tail_bound(d: int, epsilon: float) -> float:
    """`P(|cos| > ε) ≤ (1 − ε²)^{(d−1)/2}`, proven in `derivations.pair_orthogonality`; tends to 0 with d."""
    return float((1 - epsilon**2) ** ((d - 1) / 2))


def norm_ratio_tail_bound(d: int, epsilon: float) -> float:
    """`P(‖u‖²/‖v‖² ∉ [(1−ε)/(1+ε), (1+ε)/(1−ε)]) ≤ 4 exp(−d(ε² − ε³)/4)` for Gaussian vectors (χ² Chernoff, 0 < ε
    < 1).
    """
    return 4 * math.exp(-d * (epsilon**2 - epsilon**3) / 4)


def welch_bound(d: int, N: int) -> float:
    """Welch: the largest |cos| among N vectors of R^d is at least `√((N − d) / (d (N − 1)))` for N > d; 0 otherwise."""
    return math.sqrt((N - d) / (d * (N - 1))) if d < N else 0.0


def all_pairs_tail_bound(d: int, N: int, epsilon: float) -> float:
    """`P(max_{i<j} |cos| > ε) ≤ N(N−1)/2 · (1 − ε²)^{(d−1)/2}` (union bound): small once `ln N ≪ d ε² / 4`."""
    return min(1.0, N * (N - 1) / 2 * cosine_tail_bound(d, epsilon))


def dimension_for_pairs(N: int, epsilon: float, probability: float) -> int:
    """The least d at which `all_pairs_tail_bound ≤ probability`."""
    needed = 2 * math.log(N * (N - 1) / 2 / probability) / -math.log1p(-(epsilon**2)) + 1
    return math.ceil(needed)
