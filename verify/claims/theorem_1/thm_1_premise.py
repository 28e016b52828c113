"""Is the premise of Theorem 1, "every entry independently isotropy distributed", milder than i.i.d. Gaussian ones?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nfrlab.simulations.dense import sample
from nfrlab.theory.families import FAMILIES
from nfrlab.theory.limit.proofs import direction as direction_proofs
from nfrlab.theory.numerics import balls, quadrature
from nfrlab.verify import intervals
from nfrlab.verify.claims.premises import PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination
from nfrlab.verify.court.evidence import Claimed, Evidence, Finding, Kind
from nfrlab.verify.examine.derivation import derivation_evidence
from nfrlab.verify.examine.limit_direction import GBP, axis_weights_evidence, limit_evidence, points

CANDIDATES = ("sphere", "ring", "student")
"""Isotropic families that are not Gaussian."""
SAMPLES, SMALL = 400_000, 0.4
"""Neurons in R² of each family; what counts as a small entry, in units of the root mean square length √2."""


def maxwell_evidence() -> Evidence:
    """Maxwell's theorem: the literal premise leaves the Gaussian alone, so it is not milder. The derivation refutes."""
    maxwell = derivation_evidence(direction_proofs.maxwell)
    return replace(maxwell, finding=Finding.REFUTES if maxwell.finding is Finding.SUPPORTS else Finding.UNDECIDED)


def dependence_evidence(exam: Examination) -> list[Evidence]:
    """For each candidate in R², P(|w_1|, |w_2| both small) − P(|w_1| small)², held against 0: what independence claims.

    Both entries of an isotropic neuron have one law, so one probability serves for either.
    """
    miss = exam.budget.spend(2 * len(CANDIDATES))
    found = []
    for family in CANDIDATES:
        small = np.abs(sample(family, 2, SAMPLES, exam.rng(family))) < SMALL * np.sqrt(2)
        low, high = intervals.clopper_pearson(int(np.sum(small[0] & small[1])), SAMPLES, miss)
        one_low, one_high = intervals.clopper_pearson(int(np.sum(small[0])), SAMPLES, miss)
        found.append(
            Evidence.from_interval(
                Kind.MONTE_CARLO,
                f"{family}, isotropic and not Gaussian: entries independent (P(both small) − P(small)² = 0)",
                (low - one_high**2, high - one_low**2),
                Claimed.exactly(0.0, 0.01),
                "Clopper–Pearson, both probabilities",
                miss=2 * miss,
                n=SAMPLES,
            )
        )
    return found


def circle_evidence() -> Evidence:
    """The smallest witness: on the unit circle w_1² + w_2² = 1, so that |w_1| and |w_2| cannot both be large."""
    both, one = balls.ball(0), 2 * balls.acos(9, 10) / balls.pi()
    interval = balls.endpoints(both - one * one)
    return Evidence.from_interval(
        Kind.ENCLOSURE,
        "w uniform on the circle: P(|w_1| > 9/10, |w_2| > 9/10) = P(|w_1| > 9/10)²",
        interval,
        Claimed.exactly(0.0, 1e-12),
        "Arb: the left side is 0, for 81/100 + 81/100 > 1",
        counterexample={"threshold": "9/10", "P(both)": "0", "P(one)^2": f"{float((one * one).mid()):.6f}"},
    )


def printed(exam: Examination) -> list[Evidence]:
    """Is a law with independent entries and rotation invariance ever not Gaussian? The families only illustrate."""
    illustrations = [circle_evidence(), *dependence_evidence(exam)]
    return [maxwell_evidence(), *(replace(piece, finding=Finding.SILENT) for piece in illustrations)]


def examine_second_moment_reading(exam: Examination) -> list[Evidence]:
    """Isotropic read as E wwᵀ ∝ I, which i.i.d. U[−1, 1] satisfies: α_∞ at x = (2, 1), exactly, held against 1."""
    x = (2, 1)
    mean = quadrature.box_corners_exact(x, -1, 1)
    interval = balls.endpoints(balls.cosine(mean, x))
    return [
        Evidence.from_interval(
            Kind.ENCLOSURE,
            "independent entries with E wwᵀ ∝ I suffice: U[−1, 1], x = (2, 1), lim α = 1",
            interval,
            Claimed.exactly(1.0, 1e-9),
            "exact half-space mean, Arb",
            counterexample={
                "x": ["2", "1"],
                "mean": [str(v) for v in mean],
                "alpha": f"{np.mean(interval):.6f}",
            },
        )
    ]


def repair(exam: Examination) -> list[Evidence]:
    """The derivation, and isotropic families with dependent entries: do they align?"""
    milder = [
        name for name in CANDIDATES if FAMILIES[name].rotation_invariant and not FAMILIES[name].independent_entries
    ]
    return [
        derivation_evidence(direction_proofs.isotropic_half_space_mean),
        *limit_evidence(exam, points(exam, GBP, milder)),
    ]


CLAIMS = (
    Claim(
        id="thm-1-premise",
        title="The premise is milder than i.i.d. Gaussian",
        source=f"{PAPER}, Theorem 1 and text after it",
        statement=(
            "'Every entry of weights independently isotropy distributed with zero mean' holds for some weights that "
            "are not i.i.d. Gaussian."
        ),
        premises=("independent entries", "the vector isotropic: its law invariant under rotations", "d ≥ 2"),
        examine=printed,
        control=BrokenPremise(
            premise="isotropic read as E wwᵀ = I: milder, but then Theorem 1 fails",
            examine=examine_second_moment_reading,
        ),
    ),
    Claim(
        id="thm-1-premise-repair",
        title="A reading of the premise that is milder and suffices",
        source="repair of Theorem 1's premise",
        statement=(
            "Neurons independent of each other, each with a rotation-invariant law of finite mean (its entries "
            "dependent): weaker than i.i.d. Gaussian, met by the sphere, the ring and the multivariate t, and enough "
            "for Theorem 1."
        ),
        premises=(
            "neurons independent",
            "each neuron's law invariant under rotations, E‖w‖ < ∞, not identically zero",
        ),
        examine=repair,
        control=BrokenPremise(premise="isotropic second moments only: w = ±√d e_i", examine=axis_weights_evidence),
        repairs="thm-1-premise",
    ),
)
