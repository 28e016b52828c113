"""The limit direction of every weight family, isotropic or not: `μ(x) = E[w 1(w·x > 0)]`."""

from __future__ import annotations

from dataclasses import replace

from nfrlab.simulations.dense.arrays import Array
from nfrlab.theory.families import FAMILIES
from nfrlab.theory.limit.direction import gbp_limit
from nfrlab.theory.limit.proofs import direction as direction_proofs
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination
from nfrlab.verify.court.evidence import Evidence
from nfrlab.verify.examine.derivation import derivation_evidence
from nfrlab.verify.examine.limit_direction import (
    GBP,
    WITH_MEAN,
    is_visible,
    limit_evidence,
    points,
)


def half_space_mean(family: str, x: Array) -> Array:
    """μ(x), the theory's limit direction."""
    return FAMILIES[family].half_space_mean(x).value


def examine_limit_direction(exam: Examination) -> list[Evidence]:
    """The derivation, and every family with a mean: do maps approach the half-space mean, be it the input or not?"""
    chosen = exam.pick((", random signed", ", image patch", ", digit"), ("",))
    trial = [
        replace(point, error=gbp_limit(FAMILIES[point.family], point.x).error)
        for point in points(exam, GBP, WITH_MEAN, target=half_space_mean)
        if is_visible(point) and any(name in point.name for name in chosen)
    ]
    return [derivation_evidence(direction_proofs.limit_direction), *limit_evidence(exam, trial)]


def examine_wrong_direction(exam: Examination) -> list[Evidence]:
    """Families that are not isotropic, held against the limit direction of one that is."""
    return limit_evidence(
        exam, points(exam, GBP, ("axis", "powerlaw"), target=lambda _, x: half_space_mean("gaussian", x))
    )


CLAIMS = (
    Claim(
        id="thm-1-limit",
        title="The limit direction for every family",
        source="generalises Theorem 1; repairs the prediction of Fig. 3",
        statement=(
            "For every family with a mean, isotropic or not, the GBP map tends in direction to μ(x) = E[w 1(w·x > 0)] "
            "= ∇ₓ E relu(w·x)."
        ),
        premises=(
            "neurons independent, E‖w‖ < ∞, x seen by enough neurons (n₁ ≤ 30 d)",
            "r i.i.d. N(0, 1), independent of W",
        ),
        examine=examine_limit_direction,
        control=BrokenPremise(
            premise="the isotropic direction x claimed for anisotropic families", examine=examine_wrong_direction
        ),
        repairs="thm-1-anisotropic",
    ),
)
