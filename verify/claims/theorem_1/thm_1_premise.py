"""Is the premise of Theorem 1, "every entry independently isotropy distributed", milder than i.i.d. Gaussian ones?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nfrlab.simulations.dense import sample
from nfrlab.theory.families import FAMILIES
from nfrlab.theory.limit.proofs import direction as direction_proofs
from nfrlab.theory.numerics import balls
from nfrlab.verify import intervals
from nfrlab.verify.claims.premises import PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination, RestoredPremise
from nfrlab.verify.court.evidence import Claimed, Evidence, Finding, Kind
from nfrlab.verify.examine.derivation import derivation_evidence
from nfrlab.verify.examine.limits.map_point import GBP, stretched, weights
from nfrlab.verify.examine.limits.wide_layers import points, turn_evidence, wide_evidence

CANDIDATES = ("sphere", "ring", "student", "uniform", "laplace")
"""Families that are not Gaussian, each with independent entries or isotropic."""
MILDER = [name for name in CANDIDATES if FAMILIES[name].rotation_invariant and not FAMILIES[name].independent_entries]
SAMPLES, SMALL = 1_000_000, 0.4
"""Neurons in R² of each family; what counts as a small entry, in units of the entries' standard deviation."""
MARGIN = 0.01
"""Margin of a probability."""


def maxwell_evidence() -> Evidence:
    """Maxwell's theorem: the literal premise leaves the Gaussian alone, so it is not milder. The derivation refutes."""
    maxwell = derivation_evidence(direction_proofs.maxwell)
    return replace(maxwell, finding=Finding.REFUTES if maxwell.finding is Finding.SUPPORTS else Finding.UNDECIDED)


def independence_evidence(exam: Examination, family: str, miss: float) -> Evidence:
    """P(|w_1|, |w_2| both small) − P(|w_1| small)² in R², against 0, which independence claims."""
    small = np.abs(sample(family, 2, SAMPLES, exam.rng(family))) < small_entry(family)
    low, high = intervals.clopper_pearson(int(np.sum(small[0] & small[1])), SAMPLES, miss / 2)
    one_low, one_high = intervals.clopper_pearson(int(np.sum(small[0])), SAMPLES, miss / 2)
    return Evidence.from_interval(
        Kind.MONTE_CARLO,
        f"{family}, not Gaussian: entries independent (P(both small) − P(small)² = 0)",
        (low - one_high**2, high - one_low**2),
        Claimed.exactly(0.0, MARGIN),
        "Clopper–Pearson, both probabilities",
        miss=miss,
        n=SAMPLES,
    )


def invariance_evidence(exam: Examination, family: str, degrees: float, miss: float) -> Evidence:
    """P(|w_1| small) − P(|(Uw)_1| small), U the turn of the plane by `degrees`, against 0, which invariance claims."""
    turn = np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))])
    drawn = sample(family, 2, SAMPLES, exam.rng(f"{family}, turned")), sample(family, 2, SAMPLES, exam.rng(family))
    shares = [
        intervals.clopper_pearson(int(np.sum(np.abs(u @ W) < small_entry(family))), SAMPLES, miss / 2)
        for u, W in zip((np.array([1.0, 0.0]), turn), drawn, strict=True)
    ]
    return Evidence.from_interval(
        Kind.MONTE_CARLO,
        f"{family}, not Gaussian: turned by {degrees:g}° it has the same law (P(small) of a new entry)",
        (shares[0][0] - shares[1][1], shares[0][1] - shares[1][0]),
        Claimed.exactly(0.0, MARGIN),
        "Clopper–Pearson, both probabilities",
        miss=miss,
        n=2 * SAMPLES,
    )


def small_entry(family: str) -> float:
    """What counts as a small entry of a family's neurons in R²."""
    return SMALL * float(np.sqrt(FAMILIES[family].second_moment(2) / 2))


def candidate_evidence(exam: Examination, degrees: float) -> list[Evidence]:
    """Is there a law with independent entries, invariant under turns by `degrees`, that is not Gaussian?

    A candidate that has both properties supports that there is; one that lacks either is silent.
    """
    miss, found = exam.budget.spend(2 * len(CANDIDATES)), []
    for family in CANDIDATES:
        both = independence_evidence(exam, family, miss), invariance_evidence(exam, family, degrees, miss)
        has_both = all(piece.finding is Finding.SUPPORTS for piece in both)
        found += [replace(piece, finding=Finding.SUPPORTS if has_both else Finding.SILENT) for piece in both]
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
    """Maxwell's theorem, and candidates: is a law with independent entries, invariant under rotations, not Gaussian?"""
    return [maxwell_evidence(), replace(circle_evidence(), finding=Finding.SILENT), *candidate_evidence(exam, 45)]


def examine_dependent_entries(exam: Examination) -> list[Evidence]:
    """The candidates whose entries are uncorrelated but not independent, held against the premise."""
    miss = exam.budget.spend(len(MILDER))
    return [circle_evidence(), *(independence_evidence(exam, family, miss) for family in MILDER)]


def repair(exam: Examination) -> list[Evidence]:
    """The derivation, and isotropic families with dependent entries: do they align, and turn to neither side?"""
    return [
        derivation_evidence(direction_proofs.isotropic_half_space_mean),
        *wide_evidence(exam, points(exam, GBP, MILDER), 0.5),
        *turn_evidence(exam, GBP, map(weights, MILDER), 0.5),
    ]


def examine_stretched_weights(exam: Examination) -> list[Evidence]:
    """To which side of x maps turn, where one axis of these families is 1.05 times as long."""
    return turn_evidence(exam, GBP, [stretched(weights(family), 1.05) for family in MILDER])


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
            premise="independent entries weakened to uncorrelated ones: the circle, the ring, multivariate t",
            examine=examine_dependent_entries,
        ),
        restored=RestoredPremise(
            premise="the law invariant under quarter turns alone",
            examine=lambda exam: candidate_evidence(exam, 90),
        ),
        blind="Maxwell's theorem refutes it: no break of the simulations undoes a proof.",
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
        control=BrokenPremise(premise="one axis of the weights × 1.05", examine=examine_stretched_weights),
        notices=("axis-5", "alpha-5", "gbp-is-gradient"),
        blind="The direction of the limit does not depend on the neurons' length, nor on Student's degrees of freedom.",
        repairs="thm-1-premise",
    ),
)
