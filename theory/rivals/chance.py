"""Chance levels: what two maps that have nothing to do with one another score.

Two isotropic directions of R^c: `cos² ~ Beta(½, (c − 1)/2)`, `E cos = 0`, and

    E|cos| = Γ(c/2)/(√π Γ((c + 1)/2)) → √(2/πc),   sd 1/√c,   median → 0.6745/√c   (c = 3: |cos| is uniform)
    ‖u − v‖: median √2, root mean square √2, mean 2^{c−1} Γ(c/2)²/(√π Γ(c − ½)), a little below √2

Two maps without signs are alike by chance. With u_1 one entry of a unit map, `E cos = c (E u_1)²`, exactly:

    |N(0, I)|       E u_1 = E|cos| above:  E cos → 2/π
    relu(N(0, I))   E u_1 = (1/c) E[K m(K)], K ~ Bin(c, ½) given K ≥ 1, m(K) the above in R^K:  E cos → 1/π

Spearman's ρ of two unrelated rankings of n pixels has mean 0 and variance 1/(n − 1), exactly, where all orders are
equally likely; neighbouring pixels of natural images are not. Derivations: `theory.rivals.proofs.chance`.
"""

from __future__ import annotations

from math import pi, sqrt

import numpy as np
import scipy


def check_entries(c: int, least: int = 1) -> None:
    """Raise `ValueError` for maps of too few entries."""
    if c < least:
        raise ValueError(f"this chance level needs maps of at least {least} entries, got {c}")


def chance_size(c: int) -> float:
    """E|cos| of two isotropic directions of R^c. Raises `ValueError` for c < 1."""
    check_entries(c)
    return 1 / (sqrt(pi) * float(scipy.special.poch(c / 2, 0.5)))


def chance_quantile(c: int, p: float) -> float:
    """The |cos| below which a share p of two isotropic directions of R^c lies.

    Raises `ValueError` for c < 2 and unless 0 ≤ p ≤ 1.
    """
    check_entries(c, 2)
    if not 0 <= p <= 1:
        raise ValueError(f"a share lies in [0, 1], got {p}")
    return sqrt(float(scipy.special.betaincinv(0.5, (c - 1) / 2, p)))


def chance_median(c: int) -> float:
    """The median |cos| of two isotropic directions of R^c: Sixt's baseline. Raises `ValueError` for c < 2."""
    return chance_quantile(c, 0.5)


def chance_distance(c: int) -> float:
    """`E‖u − v‖ = 2^{c−1} Γ(c/2)²/(√π Γ(c − ½))` of two isotropic unit maps of R^c. Raises `ValueError` for c < 1."""
    check_entries(c)
    log_mean = (c - 1) * np.log(2) + 2 * scipy.special.gammaln(c / 2) - scipy.special.gammaln(c - 0.5)
    return float(np.exp(log_mean)) / sqrt(pi)


def absolute_cosine(c: int) -> float:
    """E cos of two maps |N(0, I)| of R^c: `c (E|cos|)²`, from 1 at c = 1 to 2/π. Raises `ValueError` for c < 1."""
    return c * chance_size(c) ** 2


def rectified_cosine(c: int) -> float:
    """E cos of two maps relu(N(0, I)) of R^c, given that neither is zero. Raises `ValueError` for c < 1."""
    check_entries(c)
    K = np.arange(1, c + 1) if c <= 1000 else np.arange(int(c / 2 - 10 * sqrt(c)), int(c / 2 + 10 * sqrt(c)))
    chance = scipy.stats.binom.pmf(K, c, 0.5)
    mean = float(chance @ (K / scipy.special.poch(K / 2, 0.5)) / chance.sum()) / sqrt(pi)
    return mean**2 / c


def spearman_sd(n: int) -> float:
    """`1/√(n − 1)`: the standard deviation of Spearman's ρ of two unrelated rankings. Raises `ValueError` for n < 2."""
    check_entries(n, 2)
    return 1 / sqrt(n - 1)
