"""The limit direction of every weight family, isotropic or not: `μ(x) = E[w 1(w·x > 0)]`."""

from __future__ import annotations

from math import pi

from nfrlab.simulations.dense.arrays import Array
from nfrlab.simulations.dense.montecarlo import Relevance, normal, ones
from nfrlab.theory.families import FAMILIES
from nfrlab.theory.limit.proofs import direction as direction_proofs
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination
from nfrlab.verify.court.evidence import Claimed, Evidence
from nfrlab.verify.examine.derivation import derivation_evidence
from nfrlab.verify.examine.limits.map_point import GBP, MapPoint, Weights, stretched, weights
from nfrlab.verify.examine.limits.mean_map import MeanPoint, alignment_evidence, predicted_length
from nfrlab.verify.examine.limits.wide_layers import PLANE, WITH_MEAN, is_visible, points

COARSE, SHARP = Claimed.exactly(1.0, 0.01), Claimed.exactly(1.0, 5e-4)
"""What is claimed of the cosine of map and μ(x): at every input, and at x = (1, 1) of some families."""
IN_THE_PLANE = "gaussian", "uniform", "powerlaw"
LENGTH, LENGTH_OF_GBP = 0.01, 0.02
"""Relative margins of ‖E R‖: with relevance 1, and with N(0, 1)."""
STRETCH = 1.25
"""By how much one axis is longer in the negative control."""


def half_space_mean(family: str, x: Array) -> Array:
    """μ(x), the theory's limit direction."""
    return FAMILIES[family].half_space_mean(x).value


def plane_point(family: str, relevance: Relevance, drawn: Weights | None = None) -> MeanPoint:
    """GBP at x = (1, 1), aimed at the μ(x) of a family; `drawn` is what is drawn in its place."""
    one, drawn = relevance is ones, drawn or weights(family)
    name = f"{drawn.name}, x = (1, 1), relevance {'1' if one else 'N(0, 1)'}"
    point = MapPoint(name, GBP, drawn, PLANE, half_space_mean(family, PLANE), relevance)
    length = predicted_length(family, PLANE, *((LENGTH, 1.0) if one else (LENGTH_OF_GBP, (2 * pi) ** -0.5)))
    return MeanPoint(point, SHARP if one else COARSE, length)


def mean_map_evidence(exam: Examination, trial: list[MeanPoint]) -> list[Evidence]:
    """The direction, and where it is claimed the length, of the mean map at every point."""
    miss = exam.budget.spend(len(trial))
    return [piece for point in trial for piece in alignment_evidence(exam, point, miss)]


def examine_limit_direction(exam: Examination) -> list[Evidence]:
    """The derivation; at every family with a mean the direction of the map's mean; at some its length as well."""
    chosen = exam.pick((", random signed", ", image patch", ", digit"), ("",))
    trial = [
        MeanPoint(point, COARSE)
        for point in points(exam, GBP, WITH_MEAN, target=half_space_mean)
        if is_visible(point) and any(name in point.name for name in chosen)
    ]
    trial += [plane_point(family, ones) for family in IN_THE_PLANE]
    trial += [plane_point("gaussian", normal)]
    return [derivation_evidence(direction_proofs.limit_direction), *mean_map_evidence(exam, trial)]


def examine_stretched_weights(exam: Examination) -> list[Evidence]:
    """The direction and the length of μ(x) of some families, claimed where one axis of their neurons is longer."""
    return mean_map_evidence(exam, [plane_point(f, ones, stretched(weights(f), STRETCH)) for f in IN_THE_PLANE])


CLAIMS = (
    Claim(
        id="thm-1-limit",
        title="The limit direction for every family",
        source="generalises Theorem 1; repairs the prediction of Fig. 3",
        statement=(
            "For every family with a mean, isotropic or not, the GBP map of N neurons, divided by N, tends to E "
            "relu(r) · μ(x), μ(x) = E[w 1(w·x > 0)] = ∇ₓ E relu(w·x): μ(x) is its direction."
        ),
        premises=(
            "neurons independent, E‖w‖ < ∞, x seen by enough neurons (n₁ ≤ 30 d)",
            "r i.i.d. N(0, 1), independent of W",
        ),
        examine=examine_limit_direction,
        control=BrokenPremise(premise=f"one axis of the weights × {STRETCH}", examine=examine_stretched_weights),
        notices=("gbp-leaks-5", "axis-5", "gbp-is-gradient", "uniform-is-gaussian"),
        blind=(
            "What leaves the mean map as it is, or moves it by less than the margin: ties, the radius of isotropic "
            "weights, another mean of shifted ones, Laplace for Gaussian entries at a photograph."
        ),
        repairs="thm-1-anisotropic",
    ),
)
