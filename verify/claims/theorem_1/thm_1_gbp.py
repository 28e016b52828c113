"""Theorem 1 for GBP."""

from __future__ import annotations

from nfrlab.theory.limit.proofs import direction as direction_proofs
from nfrlab.verify.claims.premises import ONE_WIDE_LAYER, PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination
from nfrlab.verify.court.evidence import Evidence
from nfrlab.verify.examine.derivation import derived
from nfrlab.verify.examine.limit_direction import (
    GBP,
    ISOTROPIC,
    limit_evidence,
    on_axis_weights,
    points,
)


def aligns(exam: Examination) -> list[Evidence]:
    """Every isotropic family at every input."""
    return [
        derived(direction_proofs.isotropic_half_space_mean),
        *limit_evidence(exam, points(exam, GBP, ISOTROPIC)),
    ]


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
        examine=aligns,
        control=BrokenPremise(premise="isotropy destroyed: w = ±√d e_i", examine=on_axis_weights),
    ),
)
