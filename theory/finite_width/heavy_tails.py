"""Many Student neurons: the largest one is treated separately.

A neuron of the mixture `w = λ g` enters a map with `a = s b = σ` beside x̂ and `p = s c = σ z` along it, σ = λ|r|
(constant: λ; activation: a = λ² z, p = λ² z²). For `λ² = 3/χ²₃`, σ² has no variance: the largest σ of a layer shapes T
however many neurons there are. So the law is a mixture over it, and T is matched given it. With `v = ln(3/σ²)` the law
of σ has the density `E_r h(v + 2 ln|r|)`, h that of `ln χ²₃`. For RectGrad, which passes `σ z > V`, the density is this
times `P(z > V/σ)`.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log

import numpy as np
import scipy
from jaxtyping import Float

from nfrlab.theory.finite_width.mixture import Parts, match_moments
from nfrlab.theory.finite_width.one_neuron import Neuron, Nodes, legendre, normalise
from nfrlab.theory.finite_width.self_normalised import moments
from nfrlab.theory.numerics.vectors import Array

ONE: Nodes = (np.ones(1), np.ones(1))
LOW, HIGH, SMALL = log(1e-14), log(60.0), 20.0  # v of the largest and the smallest λ, and of the smallest λ|r|
GRID, NODES = 4000, 96  # points of v for the largest σ, and nodes for those below it


@dataclass(frozen=True)
class Sizes:
    """The law of σ of a neuron that passes: |r| on nodes, and the threshold V of RectGrad, 0 for other rules."""

    relevance: Nodes = ONE
    threshold: float = 0.0

    @property
    def end(self) -> float:
        """The largest v."""
        return HIGH if len(self.relevance[0]) == 1 else SMALL

    def density(self, v: Float[Array, " v"]) -> Float[Array, " v"]:
        """The density of v, up to a factor."""
        r, weight = self.relevance
        t = v[:, None] + 2 * np.log(r)
        whole = np.exp(1.5 * t - np.exp(np.minimum(t, 7.0)) / 2) @ weight
        return np.asarray(whole * scipy.special.erfc(self.threshold / np.sqrt(6 * np.exp(-v))))

    def largest(self, K: float, n: int = 14) -> tuple[Array, Array, Array]:
        """(v of the largest of K sizes, `F = P(σ is smaller)`, probability), on n nodes."""
        u, weight = legendre(0, 1, n, bend=3)  # u = P(the largest is larger), crowded towards the far tail
        F = (1 - u) ** (1 / K)
        v = np.linspace(LOW, self.end, GRID)
        density = self.density(v)
        larger = np.cumsum(density) - density / 2
        return np.interp(-np.expm1(np.log1p(-u) / K), larger / density.sum(), v), F, weight

    def below(self, v: float) -> Nodes:
        """The law of σ given that it is below the one at v."""
        nodes, weight = legendre(v, self.end, NODES)
        return normalise(np.sqrt(3 * np.exp(-nodes)), weight * self.density(nodes))

    def whole(self, rule: str) -> Neuron:
        """The law of one neuron that passes, of any size."""
        return self.neuron(rule, *self.below(LOW))

    def neuron(self, rule: str, size: Float[Array, " s"], probability: Float[Array, " s"]) -> Neuron:
        """One neuron that passes, of these sizes and probabilities, with z > 0 or, for RectGrad, z > V/σ on nodes."""
        t, weight = legendre(0, 9, 32, bend=2)
        z = self.threshold / size[:, None] + t
        p = weight * np.exp((z[:, :1] ** 2 - z**2) / 2)
        p = probability[:, None] * p / p.sum(axis=1, keepdims=True)
        a = size[:, None] ** 2 * z if rule == "activation" else np.broadcast_to(size[:, None], z.shape)
        return Neuron((a * z).ravel(), a.ravel(), p.ravel(), True)


def mixture(rule: str, sizes: Sizes, d: int, K: Float[Array, " k"], usual: float) -> tuple[Array, Parts]:
    """(probability, (m, h, c)) of K Student neurons that pass, over K and the size of the largest, flattened.

    The nodes of the largest, made for `usual` neurons, have the density `K F^{K−1}` for every other K.

    Parameters
    ----------
    rule
        Activation, constant, gbp or rectgrad.
    sizes
        The law of the size of one neuron.
    d
        The dimension of the input.
    K
        The numbers of neurons that pass.
    usual
        A number of neurons near all of K.
    """
    found, share = [], []
    for v, F, p in zip(*sizes.largest(usual), strict=True):
        rest, top = (
            sizes.neuron(rule, *sizes.below(float(v))),
            sizes.neuron(rule, np.sqrt(3 * np.exp(-v[None])), ONE[1]),
        )
        found.append(match_moments(moments(rest, K, top), d, gaussian=True))
        share.append(p * K / usual * F ** (K - usual))  # K F^{K−1}, over the density for `usual`
    m, h, c = (np.stack(part, axis=1).ravel() for part in zip(*found, strict=True))
    chance = np.stack(share, axis=1)
    return (chance / chance.sum(axis=1, keepdims=True)).ravel(), (m, h, c)
