"""What z⁺ maps align with: the all-ones direction, in one wide layer and, layer by layer, in stacks.

One layer, `r_0 = W⁺(γ ⊙ ρ)`, relevance ρ independent of W, weights i.i.d. and symmetric of s.d. σ. As N → ∞

    filter (γ = 1[z > 0])     r_0 ∝ 1 + c x̂,            c = √(2/π) σ / E|w|, 1 for Gaussian weights
    rule (γ_j = a_j / Σ z⁺)   r_0 ∝ sign(x) ⊙ (1 + C |x̂| + D x̂²),  C = (π/2) c (1 − κ t),  t = ‖x‖ / Σ|x_i|

The filter's limit is exact for isotropic weights, else right to second order in x̂_i. The rule's is right to second
order in x̂_i and t = O(d^−½), the share by which `Σ_k z_kj⁺` varies; κ = 0.793 and D = ½ for Gaussian weights. C is the
slope at x̂ = 0: a line fitted to the entries is 2 to 9 % steeper (d = 400 … 27), and within 3 % of the line fitted to
this limit (Laplace entries: 7 % at d = 27). As |x̂_i| = O(d^−½) the input is
a vanishing ripple on a constant: `cos(r_0, x) → mean(x)/rms(x)` for x ≥ 0. It is the map with the bottom process,
`x ⊙ r_0`, that resembles x, or |x| in the rule on signed inputs.

Stacks. `W⁺` has mean `1 1ᵀ/√(2π)` and noise `Var(w⁺) = (π − 1)(E w⁺)²`. Relevances u, u′ that add up to 1 leave a layer
as `1 + O(n^−½)`, their difference as noise of size ‖u − u′‖: two maps approach one another by the factor

    tan² ↦ (π − 1) S tan²,   S = Σγ²/(Σγ)² = 2/n (filter), π/n (rule)

a layer, and each lies at `tan² ≈ (π − 1) S + c²(1 − mean²/rms²)/n` from the all-ones vector. Derivations:
`theory.limit.proofs.all_ones`.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log, pi, sqrt

import numpy as np
from jaxtyping import Float

from nfrlab.theory.family import Family
from nfrlab.theory.numerics.vectors import Array, cosine


@dataclass(frozen=True)
class Form:
    """A form of z⁺: γ ∝ ẑ^p on active neurons, p = 0 for the filter, 1 for the rule."""

    name: str
    p: int

    @property
    def ripple(self) -> float:
        """Weight of the unit activation beside the all-ones vector, Gaussian weights: `½√(2π) E ẑ^{p+1} / E ẑ^p`."""
        return sqrt(2 * pi) / 2 * half_moment(self.p + 1) / half_moment(self.p)

    @property
    def spread(self) -> float:
        """`n Σγ²/(Σγ)²`: 2 or π."""
        return half_moment(2 * self.p) / half_moment(self.p) ** 2


THIRD = {"uniform": 1.5, "laplace": 3.0, "sparse": 10.0}  # E|w|³/(σ² E|w|) of i.i.d. entries; 2 where they are normal
FORMS = {"zplus-filter": Form("zplus-filter", 0), "zplus-gradient": Form("zplus-gradient", 1)}


def half_moment(p: int) -> float:
    """`E ẑ^p 1(ẑ > 0)` of ẑ ~ N(0, 1), by `E ẑ^p = (p − 1) E ẑ^{p−2}`: ½, 1/√(2π), ½, 2/√(2π), …"""
    moment = (0.5, 1 / sqrt(2 * pi))[p % 2]
    for k in range(p, 1, -2):
        moment *= k - 1
    return moment


def ripple(form: str, family: Family, d: int) -> float:
    """c of the filter, `(π/2) c` of the rule, at x̂ = 0: `c = √(2/π) σ / E|w|` for i.i.d. symmetric entries.

    1 for every rotation-invariant law: the limit does not know the lengths. Raises `ValueError` for a family that is
    not symmetric, or without finite variance.
    """
    if not family.symmetric or family.moments <= 2:
        raise ValueError(f"needs a symmetric law of finite variance, not '{family.name}'")
    if family.rotation_invariant:
        return FORMS[form].ripple
    sigma = sqrt(family.second_moment(d) / d)
    return FORMS[form].ripple * sqrt(2 / pi) * sigma / float(family.mean_abs(d).mean())


def ripple_loss(family: Family, d: int) -> float:
    """κ of the rule: with C = (π/2) c and `V = Var(w⁺)/(E w⁺)² = 4C²/π − 1`, `κ = V/C + 2C/π − C`.

    `Σ_k z_kj⁺` contains w_i⁺x_i (V/C) and grows with w·x, which lowers the ripple (2C/π) and the constant (C). Raises
    `ValueError` as `ripple` does.
    """
    C = ripple("zplus-gradient", family, d)
    return (4 * C**2 / pi - 1) / C + 2 * C / pi - C


def bend(family: Family) -> float:
    """D of the rule, `½ (E|w|³/(σ² E|w|) − 1)`; 0, for a limit to first order, where E|w|³ is not known here.

    By `E (ωξ + √(1 − ξ²) n)⁺ = (1 − ξ²/2)/√(2π) + ωξ/2 + ω²ξ²/2√(2π)`, n ~ N(0, 1), for an entry σω at x̂_i = ξ.
    """
    return 0.5 * (2 if family.rotation_invariant else THIRD.get(family.name, 1.0)) - 0.5


def direction(form: str, family: Family, x: Float[Array, " d"]) -> Float[Array, " d"]:
    """The limit direction of r_0 ∈ R^d as N → ∞, to second order in x̂, for a form of z⁺ named in `FORMS`.

    Raises `ValueError` as `ripple` does.
    """
    c, unit = ripple(form, family, len(x)), x / np.linalg.norm(x)
    if form == "zplus-filter":
        return 1 + c * unit
    C = c * (1 - ripple_loss(family, len(x)) / float(np.abs(unit).sum()))
    return np.where(unit < 0, -1.0, 1.0) * (1 + C * np.abs(unit) + bend(family) * unit**2)


def alignments(form: str, family: Family, x: Float[Array, " d"], N: int) -> tuple[float, float]:
    """(`cos(r_0, x)`, `cos(x ⊙ r_0, x)`) in a layer of N neurons, with hidden relevance ρ = relu of N(0, 1).

    They are those of the limit direction, tilted by noise of `tan² = (2σ²/(E|w|)² − 1) π · spread/N`: `Var(w⁺)/(E w⁺)²`
    times `E ρ²/(E ρ)² = π` times S. Raises `ValueError` as `ripple` does.
    """
    r = direction(form, family, x)
    size = family.second_moment(len(x)) / float(np.square(family.mean_abs(len(x))).sum())  # σ²/(E|w|)²
    tilt = sqrt(1 + (2 * size - 1) * pi * FORMS[form].spread / N)
    return cosine(r, x) / tilt, cosine(x * r, x) / tilt


def planar_limit(x: tuple[float, float]) -> tuple[float, float]:
    """The rule's limit r_0 at d = 2, exactly, for isotropic weights and x > 0.

    Its entries are `1 + x̂_1 − (x̂_2/x̂_1)(1 − x̂_2)` and likewise with 1 and 2 exchanged. They are equal, so that
    `x ⊙ r_0` is x, only at x_1 = x_2. Raises `ValueError` unless x > 0.
    """
    if min(x) <= 0:
        raise ValueError(f"the exact limit needs two positive inputs, got {x}")
    norm = sqrt(x[0] ** 2 + x[1] ** 2)
    a, b = x[0] / norm, x[1] / norm
    return 1 + a - b / a * (1 - b), 1 + b - a / b * (1 - a)


def log_rate(form: str, n: int, below: int) -> float:
    """Change of `ln tan²` between two z⁺ maps through a layer of n neurons over `below` others, to order n^−½.

    It is `ln((π − 1) S)` with two corrections. Along the activation the means are larger by `m Â`, the variances by
    `v Â` (m = `ripple`, `v = Var′(w⁺) E ẑ^{2p+1} / E ẑ^{2p}`), above and below. In the rule `Σ z⁺` grows with ẑ, which
    makes γ more even.
    """
    kind = FORMS[form]
    m, p = kind.ripple, kind.p
    v = 2 * sqrt(2 * pi) / (2 * pi - 2) * half_moment(2 * p + 1) / half_moment(2 * p)
    # √n times the mean of Â: over all neurons, and over the active ones weighted by γ² and by γ
    c = 1 / sqrt(pi)
    by_square = sqrt(2) * half_moment(2 * p + 1) / half_moment(2 * p)
    by_gamma = sqrt(2) * half_moment(p + 1) / half_moment(p)
    evening = sqrt(2) * pi * (half_moment(3) / half_moment(2) - half_moment(2) / half_moment(1)) * p
    above_terms = v * (by_square - c) - 2 * m * (by_gamma - c) - evening
    return log((pi - 1) * kind.spread / n) + above_terms / sqrt(n) + (v - 2 * m) * c / sqrt(below)


def tangent_to_ones(form: str, n: int, x: Float[Array, " d"]) -> float:
    """`tan²` between the map r_0 of a stack and the all-ones vector, for a non-negative input x ∈ R^d.

    It is `(π − 1) S` of the first layer's n neurons, plus the ripple of x.
    """
    kind, unit = FORMS[form], x / np.linalg.norm(x)
    mean = 1 + kind.ripple * float(unit.mean())
    return (pi - 1) * kind.spread / n / mean**2 + kind.ripple**2 * float(unit.var()) / mean**2
