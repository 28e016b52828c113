"""What is drawn to learn where maps point: a rule at an input, through fresh weights of a law."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from nfrlab.simulations.dense import Rule, attribution, layer, rule
from nfrlab.simulations.dense.arrays import Array
from nfrlab.simulations.dense.montecarlo import Relevance, normal
from nfrlab.simulations.dense.weights import FAMILIES as SAMPLERS
from nfrlab.simulations.dense.weights import Sampler
from nfrlab.theory.families import FAMILIES
from nfrlab.theory.family import Family, HalfSpaceMean

GBP: Rule = rule("gbp")


@dataclass(frozen=True)
class Weights:
    """A law, as the theory knows it, and what draws from it.

    A control may draw from another law than the one that its statement speaks of; `law` is always the one drawn from.
    """

    law: Family
    sampler: Sampler

    @property
    def name(self) -> str:
        """The name of the law."""
        return self.law.name


def weights(family: str) -> Weights:
    """The weights of a family, by its name."""
    return Weights(FAMILIES[family], SAMPLERS[family])


def stretched(weights: Weights, factor: float) -> Weights:
    """Isotropy broken by little: Dw in place of w, `D = diag(factor, 1, 1, …)`, factor ≥ 1; `μ(x)` becomes `Dμ(Dx)`."""
    law, draw = weights.law, weights.sampler

    def sample(d: int, N: int, rng: np.random.Generator) -> Float[Array, "d N"]:
        W = draw(d, N, rng)
        return np.concatenate([factor * W[:1], W[1:]])

    def along(x: Float[Array, " d"]) -> Float[Array, " d"]:
        return np.append(factor * x[:1], x[1:])

    def half_space(x: Float[Array, " d"]) -> HalfSpaceMean:
        mean = law.half_space_mean(along(x))
        return HalfSpaceMean(along(mean.value), factor * mean.error)

    def at_most(d: int) -> tuple[float, float]:
        largest, total = law.covariance(d)
        return factor**2 * largest, factor**2 * total

    stretched_law = replace(
        law,
        name=f"{law.name}, one axis × {factor:g}",
        rotation_invariant=False,
        isotropic_second_moment=False,
        band=None,
        covariance=at_most,
        second_moment=lambda d: factor**2 * law.second_moment(d),
        mean_abs=lambda d: along(law.mean_abs(d)),
        half_space=half_space,
    )
    return Weights(stretched_law, sample)


@dataclass(frozen=True)
class MapPoint:
    """One point of an examination of where maps point.

    Attributes
    ----------
    name
        What is printed, and what the random numbers are derived from.
    rule, weights, x
        The backward rule, the weights, and the input.
    target
        The direction that maps are said to approach.
    relevance, bottom
        The hidden relevance, and whether the rule's bottom process is applied.
    """

    name: str
    rule: Rule
    weights: Weights
    x: Array
    target: Array
    relevance: Relevance = normal
    bottom: bool = True

    def maps(self, N: int, n: int, rng: np.random.Generator) -> Float[Array, "n d"]:
        """n maps, each through N fresh neurons and fresh relevance at them."""
        d = len(self.x)
        found = np.empty((n, d))
        for number in range(n):
            hidden = layer(self.x, self.weights.sampler(d, N, rng))
            found[number] = attribution((hidden,), self.rule, self.relevance(N, rng), bottom=self.bottom)
        return found
