"""Theorem 1 for GBP: in a wide layer of isotropic neurons its map is the input."""

from __future__ import annotations

from nfrlab.theory.limit.proofs import direction as direction_proofs
from nfrlab.verify.claims.premises import ONE_WIDE_LAYER, PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination
from nfrlab.verify.court.evidence import Evidence
from nfrlab.verify.examine.derivation import derivation_evidence
from nfrlab.verify.examine.limits.map_point import GBP, stretched, weights
from nfrlab.verify.examine.limits.wide_layers import ISOTROPIC, points, turn_evidence, wide_evidence


def examine_gbp(exam: Examination) -> list[Evidence]:
    """The derivation; every isotropic family at every input in wide layers; and to which side of x maps turn."""
    return [
        derivation_evidence(direction_proofs.isotropic_half_space_mean),
        *wide_evidence(exam, points(exam, GBP, ISOTROPIC), 0.5),
        *turn_evidence(exam, GBP, map(weights, ISOTROPIC), 0.5),
    ]


def examine_stretched_weights(exam: Examination) -> list[Evidence]:
    """To which side of x maps turn, where one axis of every isotropic family is 1.05 times as long."""
    return turn_evidence(exam, GBP, [stretched(weights(family), 1.05) for family in ISOTROPIC])


CLAIMS = (
    Claim(
        id="thm-1-gbp",
        title="Theorem 1 for GBP",
        source=f"{PAPER}, Theorem 1, eq. 17",
        statement=(
            "One hidden layer, random isotropic weights with zero mean: for N large the GBP map is the input up to "
            "scale."
        ),
        premises=ONE_WIDE_LAYER,
        examine=examine_gbp,
        control=BrokenPremise(premise="one axis of the weights × 1.05", examine=examine_stretched_weights),
        notices=("axis-5", "alpha-5", "gbp-is-gradient"),
        blind=(
            "What keeps weights isotropic (their length, a bias, a leak of GBP's filter) keeps the direction of the "
            "limit; law-gbp sees how fast it is reached."
        ),
    ),
)
