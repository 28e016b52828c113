"""The plain gradient under Theorem 1's premises: it does not align, unless the relevance has a mean."""

from __future__ import annotations

from functools import partial

import numpy as np

from nfrlab.simulations.dense import alignment, rule
from nfrlab.simulations.dense.arrays import Array
from nfrlab.simulations.dense.montecarlo import Relevance, absolute, hidden_maps, normal
from nfrlab.theory.limit.proofs import direction as direction_proofs
from nfrlab.verify.claims.premises import PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination
from nfrlab.verify.court.evidence import Claimed, Evidence
from nfrlab.verify.examine.derivation import derivation_evidence
from nfrlab.verify.examine.limits.wide_layers import ISOTROPIC, points, wide_evidence
from nfrlab.verify.examine.statistics import beta_law_evidence, sequential_evidence

GRAD = rule("grad")
NEURONS = 400
BLOCK, WHOLE_LAW = 500, 3000
"""Networks in one block of a mean, and networks behind the law of α²."""
LAW_BLOCK = 10_000
"""The number of the block from which the law of α² is drawn: beyond those of the mean."""


def sample_alignments(exam: Examination, family: str, relevance: Relevance, x: Array, n: int, block: int) -> Array:
    """n alignments of the plain gradient at x, each through a fresh network of `NEURONS` neurons.

    Parameters
    ----------
    family, relevance
        The laws of the weights and of the hidden relevance.
    x
        The input.
    n
        The number of networks.
    block
        The block whose random numbers are used.
    """
    maps = hidden_maps(GRAD, family, x, NEURONS, n, exam.rng(f"raw {family}", block), relevance)
    return np.array([alignment(R, x) for R in maps])


def no_alignment_evidence(exam: Examination, relevance: Relevance = normal) -> list[Evidence]:
    """For every isotropic family E α = 0, by betting, and the whole law of α² against Beta(½, (d−1)/2), by DKW."""
    x = exam.images.patch(2, exam.rng("x"))
    miss = exam.budget.spend(2 * len(ISOTROPIC), 0.5)
    found = []
    for family in ISOTROPIC:
        found.append(
            sequential_evidence(
                f"E α(WMr, x) = 0: {family}, image patch, d = {len(x)}, N = {NEURONS}",
                partial(sample_alignments, exam, family, relevance, x, BLOCK),
                (-1, 1),
                Claimed.exactly(0, resolution=exam.pick(10, 5) / 100),
                miss,
                sd=len(x) ** -0.5,
            )
        )
        squares = np.sort(sample_alignments(exam, family, relevance, x, WHOLE_LAW, LAW_BLOCK) ** 2)
        found.append(beta_law_evidence(f"law of α²: {family}, d = {len(x)}", squares, len(x), 0.15, miss))
    return found


def examine_plain_gradient(exam: Examination) -> list[Evidence]:
    """The derivation; no alignment for a relevance of mean zero; alignment as soon as it has a mean."""
    with_mean = points(exam, GRAD, ("gaussian",), relevance=absolute)
    return [
        derivation_evidence(direction_proofs.raw_gradient),
        *no_alignment_evidence(exam),
        *wide_evidence(exam, with_mean, 0.5),
    ]


CLAIMS = (
    Claim(
        id="thm-1-raw",
        title="The plain gradient does not align, unless E r ≠ 0",
        source=f"{PAPER}, Fig. 1 and text after Theorem 1",
        statement=(
            "Under the premises of Theorem 1 the plain gradient does not align: E α = 0, and for N large α² ~ Beta(½, "
            "(d−1)/2), the law of a random direction. This is so exactly when the hidden relevance has mean zero; "
            "with E r > 0 the plain gradient tends to x as GBP does, with E r < 0 to −x."
        ),
        premises=(
            "neurons independent, rotation-invariant, E‖w‖² < ∞",
            "hidden relevance i.i.d. symmetric with E r² < ∞ (no alignment) or of positive mean (alignment)",
        ),
        examine=examine_plain_gradient,
        control=BrokenPremise(
            premise="relevance of non-zero mean: |N(0, 1)|", examine=lambda exam: no_alignment_evidence(exam, absolute)
        ),
        notices=("alpha-2", "relevance-5"),
        blind=(
            "Without a mean of the relevance maps are all noise: their direction does not depend on the weights' "
            "length or law, nor much on one axis."
        ),
    ),
)
