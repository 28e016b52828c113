"""Weights that are not isotropic: does the map deviate from the input?"""

from __future__ import annotations

from dataclasses import replace

from nfrlab.simulations.dense import rule
from nfrlab.simulations.dense.montecarlo import rectified
from nfrlab.verify.claims.premises import PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination
from nfrlab.verify.court.evidence import Evidence
from nfrlab.verify.examine.limit_direction import (
    ANISOTROPIC,
    GBP,
    NOT_ALIGNED,
    LimitPoint,
    is_visible,
    limit_evidence,
    points,
)


def anisotropic_points(exam: Examination, families: tuple[str, ...]) -> list[LimitPoint]:
    """GBP, RectGrad's r_0 and z⁺ with its bottom process, at image patches that enough neurons see."""
    trials = (
        points(exam, GBP, families),
        points(exam, rule("rectgrad", q=0.9), families, bottom=False),
        points(exam, rule("zplus-gradient"), families, relevance=rectified),
    )
    named = [replace(point, name=f"{point.rule.name}, {point.name}") for trial in trials for point in trial]
    return [point for point in named if "image patch" in point.name and is_visible(point)]


def deviation_evidence(exam: Examination, families: tuple[str, ...]) -> list[Evidence]:
    """`lim α` held against ≤ 1 − δ, family by family and rule by rule."""
    return limit_evidence(exam, anisotropic_points(exam, families), claimed=NOT_ALIGNED)


CLAIMS = (
    Claim(
        id="thm-1-anisotropic",
        title="Without isotropy the map deviates from the input",
        source=f"{PAPER}, Fig. 3 caption and Sec. IV-B",
        statement=(
            "One hidden layer, weights that are not isotropic: for N large the map of an NFR (GBP, RectGrad, z⁺) "
            "deviates from the input, lim α ≤ 0.98, for every such law, U[−1, 1] per entry above all."
        ),
        premises=(
            "neurons independent, a law that is not rotation-invariant, E‖w‖ < ∞",
            "x an image patch, as it is or normalised, seen by enough neurons (n₁ ≤ 30 d)",
            "'deviates' read as: by more than δ = 0.02",
        ),
        examine=lambda exam: deviation_evidence(exam, ANISOTROPIC),
        control=BrokenPremise(
            premise="isotropic weights", examine=lambda exam: deviation_evidence(exam, ("gaussian",))
        ),
    ),
)
