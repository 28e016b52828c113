"""Nie's count of filters: how wide one hidden layer has to be for GBP to recover its input, in two readings of an
error.

Theorem 1 of Nie et al. 2018: with N filters of p entries GBP's map of a patch tends to the patch; Õ(p/ε²) filters make
the error ε, and 3×3×3 filters "at most O(10³)" an error below 0.1. From the law of α at finite N, d = p, two errors:

    distance  √E‖R̂ − x̂‖² = √(2(1 − E α)) ≤ ε     N ≈ π² (d − 1)/ε²      25,467 at d = 27, ε = 0.1
    gap       1 − E α ≤ ε                           N ≈ π² (d − 1)/2ε      1,092 there

at leading order, as 1 − E α ≈ π² (d − 1)/2N. So the order p/ε² is that of the distance, with the constant π²; the
number 10³ is that of the gap, whose order is p/ε. In both it is N/d that matters, of dense and of convolutional layers
alike: one patch of a convolution is a dense layer of d = p. A dense layer of 70,000 neurons on 64×64×3 inputs has E α =
0.605, one patch of 64 filters 0.451 (3×3×3) or 0.208 (7×7×3): that the former looks worse can only come from
overlapping patches.
"""

from __future__ import annotations

from math import pi, sqrt

from nfrlab.theory.finite_width.law import alignment_law, required_neurons

READINGS = "distance", "gap"


def target_alignment(error: float, reading: str) -> float:
    """The E α at which the error is ε: `1 − ε²/2` or `1 − ε`.

    Raises `ValueError` for an unknown reading and for an error that no E α strictly between 0 and 1 has.
    """
    if reading not in READINGS:
        raise ValueError(f"unknown reading '{reading}' of an error; known: {', '.join(READINGS)}")
    target = 1 - (error**2 / 2 if reading == "distance" else error)
    if not (error > 0 and 0 < target < 1):
        raise ValueError(f"an error lies strictly between 0 and {'√2' if reading == 'distance' else '1'}, got {error}")
    return target


def required_filters(error: float, d: int, reading: str = "distance") -> int:
    """The least N at which GBP's map of a patch of d entries has this error, from the law of α at finite N.

    Raises `ValueError` as `target_alignment` does, and for d < 1.
    """
    return required_neurons(target_alignment(error, reading), "gbp", "gaussian", d)


def leading_filters(error: float, d: int, reading: str = "distance") -> float:
    """N at leading order: `π² (d − 1)/ε²` or `π² (d − 1)/2ε`. Raises `ValueError` as `target_alignment` does."""
    return pi**2 * (d - 1) / (2 * (1 - target_alignment(error, reading)))


def recovery_error(d: int, N: int, reading: str = "distance") -> float:
    """The error of GBP's map of a patch of d entries from N filters.

    Raises `ValueError` for an unknown reading and for an empty shape.
    """
    target_alignment(0.5, reading)
    gap = 1 - patch_alignment(d, N)
    return sqrt(2 * gap) if reading == "distance" else gap


def patch_alignment(d: int, N: int) -> float:
    """E α of GBP on one patch of d = p entries, or a dense layer, with N filters. Raises `ValueError` below 1."""
    return alignment_law("gbp", "gaussian", d, N).mean
