"""Theorem 1 for GBP: in a wide layer of isotropic neurons its map is the input."""

from __future__ import annotations

from nfrlab.theory.limit.proofs import direction as direction_proofs
from nfrlab.verify.claims.premises import ONE_WIDE_LAYER, PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination
from nfrlab.verify.court.evidence import Evidence
from nfrlab.verify.examine.derivation import derivation_evidence
from nfrlab.verify.examine.limit_direction import (
    GBP,
    ISOTROPIC,
    axis_weights_evidence,
    limit_evidence,
    points,
)


def examine_gbp(exam: Examination) -> list[Evidence]:
    """The derivation, and every isotropic family at every input."""
    proven = derivation_evidence(direction_proofs.isotropic_half_space_mean)
    return [proven, *limit_evidence(exam, points(exam, GBP, ISOTROPIC))]


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
        control=BrokenPremise(premise="isotropy destroyed: w = ±√d e_i", examine=axis_weights_evidence),
    ),
)
