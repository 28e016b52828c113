"""Many Student neurons: the largest one is treated separately.

A neuron of the mixture `w = λ g` that passes enters a map with `a = s b = σ` beside x̂ and `p = s c = σ z` along it. Its
size is σ = λ (constant), λ|r| (gbp, rectgrad), or λ² z (activation), where z hangs on σ: given a large σ it has the
density ∝ z^{3/2} φ(z). For `λ² = 3/χ²₃` the largest σ of a layer shapes T however many neurons there are: σ² has no
variance, that of Activation not even a mean. So the law is a mixture over the largest σ, and T is matched given it.

With `σ = λ^k t` (t = 1, |r| or z) and `σ = (3 e^{−v})^{k/2}` the law of v has the density `E_t h(v + (2/k) ln t)`, h
that of `ln χ²₃`. For RectGrad, which passes `σ z > V`, the density is this times `P(z > V/σ)`.

For Activation the largest λ, in place of the largest λ² z, will not do: given it T still hangs on its z, and no Gamma
variable is near (off by 0.005 in the mean and by a factor of 5 in the s.d. at N = 10⁵).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log, sqrt

import numpy as np
import scipy
from jaxtyping import Complex, Float

from nfrlab.theory.finite_width.mixture import Parts, match_moments
from nfrlab.theory.finite_width.one_neuron import Neuron, Nodes, legendre, normalise
from nfrlab.theory.finite_width.self_normalised import moments
from nfrlab.theory.numerics.vectors import Array

ONE: Nodes = (np.ones(1), np.ones(1))
LOW, HIGH, SMALL = log(1e-14), log(60.0), 20.0  # v of the largest and the smallest λ, and of the smallest λ|r| or λ² z
GRID, NODES = 4000, 96  # points of v for the largest σ, and nodes for those below it
TOP = 14  # nodes of the largest σ for each power of λ in it


def log_half_normal(step: float = 0.3) -> Nodes:
    """|N(0, 1)| on nodes evenly spaced in its logarithm, down to the smallest that counts."""
    z = np.exp(np.arange(-SMALL, log(9.0), step))
    return normalise(z, z * np.exp(-z * z / 2))


@dataclass(frozen=True)
class Sizes:
    """The law of `σ = λ^k t` of a neuron that passes: t on nodes, k, and the threshold V of RectGrad, else 0.

    k = 2 is Activation, `t = z`; else t is independent of z.
    """

    factor: Nodes = ONE
    power: int = 1
    threshold: float = 0.0

    @property
    def end(self) -> float:
        """The largest v."""
        return HIGH if len(self.factor[0]) == 1 else SMALL

    def size(self, v: Float[Array, " v"]) -> Float[Array, " v"]:
        """σ at these v."""
        return (3 * np.exp(-v)) ** (self.power / 2)

    def joint(self, v: Float[Array, " v"]) -> Float[Array, "v t"]:
        """The density of v and t, up to a factor."""
        factor, weight = self.factor
        log_square = v[:, None] + 2 / self.power * np.log(factor)  # ln χ²₃
        return np.exp(1.5 * log_square - np.exp(np.minimum(log_square, 7.0)) / 2) * weight

    def density(self, v: Float[Array, " v"]) -> Float[Array, " v"]:
        """The density of v, up to a factor."""
        whole = self.joint(v).sum(axis=1)
        return np.asarray(whole * scipy.special.erfc(self.threshold / sqrt(2) / self.size(v)))

    def largest(self, K: float) -> tuple[Array, Array, Array]:
        """(v of the largest of K sizes, `F = P(σ is smaller)`, probability), on nodes."""
        u, weight = legendre(0, 1, TOP * self.power, bend=3)  # P(the largest is larger), crowded towards the far tail
        F = (1 - u) ** (1 / K)
        v = np.linspace(LOW, self.end, GRID)
        density = self.density(v)
        larger = np.cumsum(density) - density / 2
        return np.interp(-np.expm1(np.log1p(-u) / K), larger / density.sum(), v), F, weight

    def below(self, v: float) -> Nodes:
        """The law of v of a neuron given that its σ is below the one at v."""
        nodes, weight = legendre(v, self.end, NODES)
        return normalise(nodes, weight * self.density(nodes))

    def transform(self, tau: float, kappa: Float[Array, " k"]) -> Complex[Array, " k"]:
        """`E exp(iκ s w·n)` of a neuron that passes, n·x̂ = τ, for σ that is independent of z but for `z > t = V/σ`.

        Given σ it is `e^{−κ²(1 − τ²)σ²/2} e^{ikt} w((k + it)/√2) / erfcx(t/√2)`, k = κτσ, w Faddeeva's function.
        """
        v, p = self.below(LOW)
        size = self.size(v)
        t, k = self.threshold / size, np.multiply.outer(kappa, tau * size)
        wave = np.exp(1j * k * t) * scipy.special.wofz((k + 1j * t) / sqrt(2)) / scipy.special.erfcx(t / sqrt(2))
        return np.exp(-(1 - tau * tau) / 2 * np.multiply.outer(kappa, size) ** 2) * wave @ p

    def whole(self) -> Neuron:
        """The law of one neuron that passes, of any size."""
        return self.neuron(*self.below(LOW))

    def neuron(self, v: Float[Array, " v"], probability: Float[Array, " v"]) -> Neuron:
        """One neuron that passes, of these v and probabilities.

        z is on nodes: as σ leaves it for Activation, else z > 0 or, for RectGrad, z > V/σ.
        """
        size = self.size(v)[:, None]
        if self.power == 2:
            z, p = np.broadcast_to(self.factor[0], (len(v), len(self.factor[0]))), self.joint(v)
        else:
            t, weight = legendre(0, 9, 32, bend=2)
            z = self.threshold / size + t
            p = weight * np.exp((z[:, :1] ** 2 - z**2) / 2)
        p = probability[:, None] * p / p.sum(axis=1, keepdims=True)
        return Neuron((size * z).ravel(), np.broadcast_to(size, z.shape).ravel(), p.ravel(), True)


def mixture(sizes: Sizes, d: int, K: Float[Array, " k"], usual: float) -> tuple[Array, Parts]:
    """(probability, (m, h, c)) of K Student neurons that pass, over K and the size of the largest, flattened.

    The nodes of the largest, made for `usual` neurons, have the density `K F^{K−1}` for every other K.

    Parameters
    ----------
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
        rest, top = sizes.neuron(*sizes.below(float(v))), sizes.neuron(v[None], ONE[1])
        found.append(match_moments(moments(rest, K, top), d, gaussian=True))
        share.append(p * K / usual * F ** (K - usual))  # K F^{K−1}, over the density for `usual`
    m, h, c = (np.stack(part, axis=1).ravel() for part in zip(*found, strict=True))
    chance = np.stack(share, axis=1)
    return (chance / chance.sum(axis=1, keepdims=True)).ravel(), (m, h, c)
