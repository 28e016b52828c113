"""The limit direction of every weight family, isotropic or not: `μ(x) = E[w 1(w·x > 0)]`."""

from __future__ import annotations

from dataclasses import replace

from nfrlab.simulations.dense.arrays import Array
from nfrlab.theory.families import FAMILIES
from nfrlab.theory.limit.direction import gbp_limit
from nfrlab.theory.limit.proofs import direction as direction_proofs
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination
from nfrlab.verify.court.evidence import Evidence
from nfrlab.verify.examine.derivation import derived
from nfrlab.verify.examine.limit_direction import (
    GBP,
    WITH_MEAN,
    limit_evidence,
    points,
    visible,
)


def half_space_mean(family: str, x: Array) -> Array:
    """The theory's limit direction."""
    return FAMILIES[family].half_space_mean(x).value


def limit_direction(exam: Examination) -> list[Evidence]:
    """Every family with a mean: maps approach the theory's half-space mean, input or not."""
    chosen = exam.pick((", random signed", ", image patch", ", digit"), ("",))
    trial = [
        replace(point, error=gbp_limit(FAMILIES[point.family], point.x).error)
        for point in points(exam, GBP, WITH_MEAN, target=half_space_mean)
        if visible(point) and any(name in point.name for name in chosen)
    ]
    return [derived(direction_proofs.limit_direction), *limit_evidence(exam, trial)]


def wrong_direction(exam: Examination) -> list[Evidence]:
    """Families that are not isotropic against the direction of an isotropic one."""
    trial = points(exam, GBP, ("axis", "powerlaw"), target=lambda _, x: half_space_mean("gaussian", x))
    return limit_evidence(exam, trial)


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
        examine=limit_direction,
        control=BrokenPremise(
            premise="the isotropic direction x claimed for anisotropic families", examine=wrong_direction
        ),
        repairs="thm-1-anisotropic",
    ),
)
