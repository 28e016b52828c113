"""One neuron that passes, as a quadrature: `c = w·x̂ > 0`, `b` its length beside x̂, and its hidden weight s.

A Gaussian scale mixture is `w = λ g`: then `c = λ z`, z ~ |N(0, 1)|, and beside x̂ it is `λ N(0, I)`: `b = λ`. Else
`w = ρ u`, u uniform on the unit sphere: `c = ρ u_1`, and `b = ρ √(1 − u_1²) / √(d − 1)`, its root mean square entry.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log, pi, sqrt

import numpy as np
import scipy
from jaxtyping import Float

from nfrlab.theory.families import FAMILIES
from nfrlab.theory.numerics.vectors import Array

MIXTURES = tuple(name for name, law in FAMILIES.items() if law.scale_mixture)
RADIAL = tuple(name for name, law in FAMILIES.items() if law.radial)
FEW = 12  # dimensions below which a sphere or a ring differs visibly from a scale mixture
RELEVANCES = "normal", "laplace", "signs"  # laws of the hidden relevance: N(0, 1), Laplace, ±1
Nodes = tuple[Array, Array]  # values and their probabilities


@dataclass(frozen=True)
class Neuron:
    """The law of (along, beside) = (s c, s b) of one neuron that passes, on nodes with these probabilities.

    `gaussian` says that beside x̂, given `beside`, it is exactly Gaussian, as in a scale mixture.
    """

    along: Float[Array, " n"]
    beside: Float[Array, " n"]
    probability: Float[Array, " n"]
    gaussian: bool


def legendre(low: float, high: float, n: int, bend: int = 1) -> Nodes:
    """n Gauss–Legendre nodes t in [low, high] and weights, crowded towards `low` by `t = low + (high − low) v^bend`."""
    nodes, weights = scipy.special.roots_legendre(n)
    v = (nodes + 1) / 2
    return low + (high - low) * v**bend, (high - low) * weights / 2 * bend * v ** (bend - 1)


def normalise(values: Array, density: Array) -> Nodes:
    """The nodes with probabilities that are proportional to `density` and sum to 1."""
    return values, density / density.sum()


def half_normal(n: int = 32) -> Nodes:
    """|N(0, 1)| on n nodes."""
    t, weight = legendre(0, 9, n, bend=2)
    return normalise(t, weight * np.exp(-t * t / 2))


def relevance_size(relevance: str) -> Nodes:
    """|r| of a symmetric hidden relevance, on nodes. Raises `ValueError` for a law that is not known."""
    if relevance not in RELEVANCES:
        raise ValueError(f"unknown hidden relevance '{relevance}'; known: {', '.join(RELEVANCES)}")
    if relevance == "signs":
        return np.ones(1), np.ones(1)
    t, weight = legendre(0, 9 if relevance == "normal" else 40, 32, bend=2)
    return t, weight * np.exp(-t * t / 2 if relevance == "normal" else -t)


def student_scale(dof: float = 3.0) -> Nodes:
    """λ = √(ν / χ²_ν) on nodes, ν = `dof`."""
    v, weight = legendre(log(1e-14), log(60.0), 72)
    return normalise(np.sqrt(dof / np.exp(v)), weight * np.exp(dof / 2 * v - np.exp(v) / 2))


def sphere_coordinate(d: int, n: int = 120) -> tuple[Array, Array, Array]:
    """(u_1, √(1 − u_1²), probability) of u uniform on the unit sphere of R^d, given u_1 > 0, on n nodes.

    `u_1 = sin φ` has the density `cos^{d−2} φ`; from d = 33 on the nodes lie in a window of nine standard deviations.
    """
    angle, weight = legendre(0, min(pi / 2, 9 / sqrt(d)), n)
    u, density = normalise(np.sin(angle), weight * np.cos(angle) ** (d - 2))
    return u, np.cos(angle), density


def band_of(family: str) -> tuple[float, float]:
    """Between which multiples of √d the length of a radial family is uniform. Raises `ValueError` for another one."""
    band = FAMILIES[family].band
    if band is None:
        raise ValueError(f"the lengths of {family} weights do not lie in a band")
    return band.low, band.high


def active_neuron(family: str, d: int, fine: bool = False) -> tuple[Array, Array, Array]:
    """(c, b, probability) of an active neuron of the family in R^d.

    `fine` takes nodes so close that they may stand for the distribution itself. Raises `ValueError` for a family that
    is neither a Gaussian scale mixture nor radial.
    """
    if family in MIXTURES:
        z, p = half_normal(240 if fine else 32)
        scale, q = student_scale() if FAMILIES[family].heavy_tailed else (np.ones(1), np.ones(1))
        return np.outer(scale, z).ravel(), np.repeat(scale, len(z)), np.outer(q, p).ravel()
    if family not in RADIAL:
        raise ValueError(f"no radial law for '{family}'; there is one for {', '.join(MIXTURES + RADIAL)}")
    low, high = band_of(family)
    radius, q = (np.ones(1), np.ones(1)) if low == high else normalise(*legendre(low, high, 6))
    u, v, p = sphere_coordinate(d, 240 if fine else 120)
    c, b = np.outer(radius, sqrt(d) * u), np.outer(radius, sqrt(d / max(d - 1, 1)) * v)
    return c.ravel(), b.ravel(), np.outer(q, p).ravel()


def neuron(
    rule: str,
    family: str,
    d: int,
    threshold: float = 0.0,
    fine: bool = False,
    relevance: str = "normal",
) -> Neuron:
    """One neuron that the rule passes, at weights of this family in R^d. Raises `ValueError` as `active_neuron` does.

    Parameters
    ----------
    rule
        Its hidden weight s is 1 (constant), c (activation), |r| (gbp), or (rectgrad) |N(0, 1)| given `c r > threshold`.
    threshold
        RectGrad's V.
    fine
        Whether nodes are so close that they may stand for the distribution itself.
    relevance
        The law of the hidden relevance, for gbp.
    """
    c, b, p = active_neuron(family, d, fine)
    if rule == "constant":
        s = np.ones_like(c)
    elif rule == "activation":
        s = c
    else:
        t, weight = relevance_size(relevance)
        s = np.broadcast_to(t, (len(c), len(t)))
        if threshold:  # r is beyond V/c: nodes shifted there, with the density ratio as weight
            s = (threshold / np.maximum(c, 1e-300))[:, None] + t
            weight = weight * np.exp((t * t - np.minimum(s * s, 1400)) / 2)
        p = p[:, None] * weight
        kept = p > 1e-18 * p.max()  # fewer nodes, and no 0 · ∞ where c is tiny
        s, c, b, p = (
            s[kept],
            np.broadcast_to(c[:, None], s.shape)[kept],
            np.broadcast_to(b[:, None], s.shape)[kept],
            p[kept],
        )
    return Neuron(s * c, s * b, p / p.sum(), family in MIXTURES)
