"""Cosine similarity convergence (Sixt et al. 2020) in wide random ReLU stacks: what two relevances become, by layer.

A bias-free stack of widths `d = n_0, n_1, …, n_L` with Gaussian weights; v_1, v_2 ~ N(0, I) take the place of the
relevance at the neurons of layer L, and the rule carries both down, at one image's own activations. As the widths grow
in fixed proportion, the depth fixed, the cosine of the two at the layers L − 1, …, 0 tends to

    gradient    0; E cos = 0 exactly, at every width. Its spread grows: `E cos² ≈ 1/m + Σ 2/n_l`, m the entries there
    Deconvnet   c after as many arc-cosine kernels as layers, whatever x is
    GBP         (T_l²/m + c)/(T_l²/m + 1), T_l² of the cascade law and c of `theory.rivals.pairs`
    RectGrad    as GBP, with a c that settles below 1: `theory.rivals.rectgrad_pairs`
    z⁺, αβ      `theory.rivals.alpha_beta`: signs remain, |cos| → 1

Zheng's `α_1 α_2` is the part `(T²/m)/(T²/m + 1)` of GBP's. Where two maps part from it is decided by the widths: at
equal ones GBP's cosine after one layer is (π + 1)/(π² + 1) = 0.381, α_1 α_2 = 0.092; deep in the stack the cosine is 1,
α_1 α_2 = 0.206. So Sixt is right of GBP that two relevances become one direction, and that direction is not A's: α =
0.454.

Here E cos is taken over the rests in R^m exactly, T and c at their limits. Sampled stacks lie within 0.0015 of it for
GBP at widths 512 and 2,000 and within 0.004 for Deconvnet, to five layers, which is their sampling error; at width 128
GBP's cosine is up to 0.009 above.
"""

from __future__ import annotations

from math import pi, sqrt

import numpy as np
import scipy
from jaxtyping import Float

from nfrlab.theory.cascade.recursion import mean_alpha, shares
from nfrlab.theory.numerics.vectors import Array
from nfrlab.theory.rivals.pairs import deconv_pair, gbp_pair, mean_pair_cosine, mean_sample_cosine


def check_stack(widths: tuple[int, ...]) -> None:
    """Raise `ValueError` unless there are an input and ReLU layers, all of width ≥ 1."""
    if len(widths) < 2 or min(widths) < 1:
        raise ValueError(f"a stack needs an input and ReLU layers, all of width ≥ 1, got widths {widths}")


def gbp_rests(widths: tuple[int, ...]) -> list[tuple[float, float]]:
    """(T_l², c_l) that GBP hands down at the layers L, …, 1. Raises `ValueError` as `check_stack` does."""
    check_stack(widths)
    found, c = [], 0.0
    for n, (k, q) in zip(widths[:0:-1], shares("gbp", widths), strict=True):
        c = gbp_pair(k, c)
        found.append((n * q, c))
    return found


def gbp_cosines(widths: tuple[int, ...]) -> Float[Array, " levels"]:
    """E cos of two relevances under GBP at the layers L − 1, …, 0. Raises `ValueError` as `check_stack` does."""
    return np.array(
        [mean_pair_cosine(square, c, m) for m, (square, c) in zip(widths[-2::-1], gbp_rests(widths), strict=True)]
    )


def aligned_cosines(widths: tuple[int, ...]) -> Float[Array, " levels"]:
    """`α_1 α_2` of GBP at the layers L − 1, …, 0, Zheng's E cos: the rests taken for independent.

    Raises `ValueError` as `check_stack` does.
    """
    return np.array(
        [
            mean_alpha(np.array([square]), m)[0] ** 2
            for m, (square, _) in zip(widths[-2::-1], gbp_rests(widths), strict=True)
        ]
    )


def deconv_cosines(widths: tuple[int, ...]) -> Float[Array, " levels"]:
    """E cos of two relevances under Deconvnet at the layers L − 1, …, 0. Raises `ValueError` as `check_stack` does."""
    check_stack(widths)
    found, c = [], 0.0
    for m in widths[-2::-1]:
        c = deconv_pair(c)
        found.append(mean_sample_cosine(c, m))
    return np.array(found)


def gradient_cosines(widths: tuple[int, ...]) -> Float[Array, " levels"]:
    """E cos of two relevances under the plain gradient: 0 exactly, as −v_1 has the law of v_1.

    Raises `ValueError` as `check_stack` does.
    """
    check_stack(widths)
    return np.zeros(len(widths) - 1)


def gradient_squares(widths: tuple[int, ...]) -> Float[Array, " levels"]:
    """An upper bound of E cos² under the plain gradient at the layers L − 1, …, 0, right to order 1/n.

    On the K_l neurons that are open the pair is rotation invariant, so its cotangent obeys
    `cot′ = (cot χ_{m} + N(0, 1))/χ_{m−1}` exactly, m = K_{l−1}, at the last layer all neurons of it; and
    `E sin²′ ≥ (1 − 1/m) E sin²`. So `E cos² ≤ 1 − (1 − 1/m) Π (1 − E 1/K_l)`, given that no layer is closed. Raises
    `ValueError` as `check_stack` does.
    """
    check_stack(widths)
    found, sine = [], 1.0
    for n, m in zip(widths[:0:-1], widths[-2::-1], strict=True):
        sine *= 1 - mean_inverse(n)
        found.append(1 - (1 - 1 / m) * sine)
    return np.array(found)


def gradient_sizes(widths: tuple[int, ...]) -> Float[Array, " levels"]:
    """`E|cos| ≈ √(2 E cos²/π)` under the plain gradient in wide layers, at the layers L − 1, …, 0.

    Raises `ValueError` as `check_stack` does.
    """
    return np.sqrt(2 / pi * gradient_squares(widths))


def mean_inverse(n: int) -> float:
    """`E[1/K | K ≥ 1]`, K ~ Bin(n, ½): how many neurons of a layer are open; 2/n (1 + 1/n + …) in wide ones."""
    K = np.arange(1, n + 1) if n <= 2000 else np.arange(int(n / 2 - 10 * sqrt(n)), int(n / 2 + 10 * sqrt(n)))
    chance = scipy.stats.binom.pmf(K, n, 0.5)
    return float(chance @ (1 / K) / chance.sum())


COSINES = {"grad": gradient_cosines, "deconv": deconv_cosines, "gbp": gbp_cosines}
