"""What has to be isotropic for α_∞ = 1, and which violated property breaks alignment."""

from __future__ import annotations

from math import pi

import numpy as np

from nfrlab.simulations.dense.arrays import Array
from nfrlab.simulations.dense.montecarlo import ones
from nfrlab.theory.families import FAMILIES
from nfrlab.theory.family import Family
from nfrlab.theory.limit import anisotropy, bulk_alignment, worst_alignment
from nfrlab.theory.limit.direction import gbp_limit
from nfrlab.theory.limit.facts import limit_facts
from nfrlab.theory.limit.proofs import anisotropy as anisotropy_proofs
from nfrlab.verify.claims.premises import ONE_LAYER, PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination, RestoredPremise
from nfrlab.verify.court.evidence import Claimed, Evidence, Kind
from nfrlab.verify.examine.derivation import derivation_evidence
from nfrlab.verify.examine.limits.compensated_law import (
    COMPENSATED_WEIGHTS,
    UNCOMPENSATED_WEIGHTS,
    compensated_law_evidence,
    longer_in_the_quarter,
    uncompensated_law_evidence,
)
from nfrlab.verify.examine.limits.map_point import GBP, MapPoint, Weights, stretched, weights
from nfrlab.verify.examine.limits.mean_map import METHOD, SIGNED, MeanPoint, alignment_evidence, enclosure_evidence
from nfrlab.verify.examine.limits.wide_layers import DELTA, PLANE
from nfrlab.verify.examine.stated_draws import dyadic
from nfrlab.verify.examine.statistics import mean_evidence

BROKEN, ALIGNED = Claimed.between(0.0, 1 - DELTA), Claimed.exactly(1.0, resolution=DELTA)
NEAR_AXIS = np.array([1.0, 2 / 64, 1 / 64])
"""An input near the one at which sparse entries do worst."""
ASIDE, EDGE = np.array([0.0, 1.0, 0.0]), np.array([1.0, -1.0, 0.0])
"""Inputs beside the quarter of directions in which neurons of the compensated law are longer, and at its edge."""
MOMENTS = "sampled intervals rest on the second moments of a neuron as its law states them"


def examined_inputs(exam: Examination) -> dict[str, Array]:
    """The inputs of samples, by name: beside the quarter, across it, signed, and real."""
    patch = dyadic(exam.images.patch(2, exam.rng("patch")), 8)
    return {
        "e_2, d = 3": ASIDE,
        "(3, −1, 2)": SIGNED,
        "(1, −1, 0)": EDGE,
        "image patch, d = 12": patch,
    }


def sampled_evidence(
    exam: Examination, drawn: Weights, claimed: Claimed, inputs: dict[str, Array], share: float
) -> list[Evidence]:
    """Sampled α_∞ at every input, held against what is claimed of each."""
    miss = exam.budget.spend(len(inputs), share)
    points = [MapPoint(f"{drawn.name}, {where}", GBP, drawn, x, x, ones) for where, x in inputs.items()]
    return [piece for point in points for piece in alignment_evidence(exam, MeanPoint(point, claimed), miss)]


def some_input_evidence(exam: Examination, drawn: Weights, share: float = 0.5) -> Evidence:
    """The least sampled α_∞ over all inputs, held against ≤ 0.98: does the law deviate from any of them?"""
    found = sampled_evidence(exam, drawn, BROKEN, examined_inputs(exam), share)
    ends = [piece.interval for piece in found if piece.interval]
    return Evidence.from_interval(
        Kind.MONTE_CARLO,
        f"α_∞ ≤ {1 - DELTA} at some of {len(found)} inputs: {drawn.name}",
        (min(low for low, _ in ends), min(high for _, high in ends)),
        BROKEN,
        METHOD,
        miss=sum(piece.miss for piece in found),
        n=sum(piece.n for piece in found),
        details={piece.statement: piece.interval for piece in found},
    )


def unequal_moments_evidence(exam: Examination, drawn: Weights) -> Evidence:
    """`E w_1² − E w_2²` in R³, held against [0.1, 54]: is what is sampled indeed not rotation invariant?

    Lengths of up to 3√3 bound w_i² by 27.
    """
    n = exam.pick(100_000, 1_000_000)
    w = drawn.sampler(3, n, exam.rng(f"moments {drawn.name}"))
    text, claimed = f"E w_1² > E w_2²: {drawn.name} is not rotation invariant", Claimed.between(0.1, 54.0)
    return mean_evidence(text, w[0] ** 2 - w[1] ** 2, claimed, exam.budget.spend(1, 0.5), -27.0, 27.0)


def printed(exam: Examination) -> list[Evidence]:
    """A law that is not rotation invariant, exactly and sampled: does its α_∞ stay below 1?"""
    moments = unequal_moments_evidence(exam, COMPENSATED_WEIGHTS)
    return [compensated_law_evidence(), moments, some_input_evidence(exam, COMPENSATED_WEIGHTS)]


def examine_without_compensation(exam: Examination) -> list[Evidence]:
    """The same of a law with the same lengths, but uniform directions."""
    drawn = UNCOMPENSATED_WEIGHTS
    return [
        uncompensated_law_evidence(),
        unequal_moments_evidence(exam, drawn),
        some_input_evidence(exam, drawn),
    ]


def repair(exam: Examination) -> list[Evidence]:
    """The derivation, and samples of the compensated law at inputs all around."""
    aligned = Claimed.exactly(1.0, resolution=exam.pick(DELTA, DELTA / 2))
    sampled = sampled_evidence(exam, COMPENSATED_WEIGHTS, aligned, examined_inputs(exam), 1.0)
    return [derivation_evidence(anisotropy_proofs.characterisation), *sampled]


def examine_longer_quarter(exam: Examination) -> list[Evidence]:
    """The same at one input where neurons of the quarter are twice as long as their number compensates: 0.949."""
    return sampled_evidence(exam, longer_in_the_quarter(2), ALIGNED, {"(1, −1, 0)": EDGE}, 1.0)


def certified_evidence(law: Family, x: Array, low: float, high: float) -> Evidence:
    """The certified α_∞ of a law at one x, held against [low, high]."""
    statement = f"α_∞ within [{low:g}, {high:g}]: {law.name}, d = {len(x)}"
    details = {"x": [float(t) for t in x[:12]]}
    limit = gbp_limit(law, x)
    claimed = Claimed.between(low, high, resolution=1e-12)
    return enclosure_evidence(statement, limit, claimed, "closed form or certified quadrature", details)


def examine_equal_moments(exam: Examination) -> list[Evidence]:
    """Do laws with `E wwᵀ ∝ I` align at their worst directions? And does one with unequal second moments not?"""
    laws = "gaussian", "axis", "uniform", "sparse"
    return [
        compensated_law_evidence(),
        *map(worst_direction_evidence, laws),
        some_input_evidence(exam, COMPENSATED_WEIGHTS),
    ]


def examine_gaussian_moments(exam: Examination) -> list[Evidence]:
    """The same among Gaussian laws N(0, Σ): does Σ = I align, and one with unequal variances not?"""
    return [worst_direction_evidence("gaussian"), some_input_evidence(exam, weights("powerlaw"))]


def worst_direction_evidence(name: str) -> Evidence:
    """The certified α_∞ of a family at its worst direction, or close to it, held against 1."""
    x = NEAR_AXIS if FAMILIES[name].lattice else limit_facts(name).worst(name).x
    return certified_evidence(FAMILIES[name], x, 1 - 1e-9, 1.0)


def off_centre_evidence(exam: Examination, families: tuple[str, ...] = ("shifted", "uniform01")) -> list[Evidence]:
    """Families whose mean is not zero, d = 4: the certified worst α_∞ and samples there, held against ≤ 0.98."""
    found = []
    miss = exam.budget.spend(len(families))
    for name in families:
        x = worst_alignment.worst(name, 4).x
        point = MeanPoint(MapPoint(f"{name}, d = 4", GBP, weights(name), x, x, ones), BROKEN)
        found += [certified_evidence(FAMILIES[name], x, *BROKEN.range), *alignment_evidence(exam, point, miss)]
    return found


def spread_inputs(exam: Examination) -> list[Array]:
    """An image patch, and the plainest input that is spread over many coordinates, (1, 2, 3, 1, …)."""
    patch = dyadic(exam.images.patch(exam.pick(4, 6), exam.rng("patch")), 6)
    return [patch, 1 + np.arange(24.0) % 3]


def sparsity_evidence(exam: Examination, inputs: list[Array], name: str = "sparse") -> list[Evidence]:
    """Certified α_∞ of sparse entries at these inputs, and sampled at the last of them, against ≤ 0.98."""
    x = inputs[-1]
    point = MeanPoint(MapPoint(f"{name}, d = {len(x)}", GBP, weights(name), x, x, ones), BROKEN)
    certified = [certified_evidence(FAMILIES[name], x, *BROKEN.range) for x in inputs]
    return [*certified, *alignment_evidence(exam, point, exam.budget.spend(1))]


BOUNDED = "powerlaw", "axis", "shifted", "uniform", "laplace"
"""Families whose A is known."""


def bounds_evidence(
    exam: Examination, distance: float | None = None, families: tuple[str, ...] = BOUNDED
) -> list[Evidence]:
    """The least of the worst and of random α_∞ of a family, held against the two bounds that A gives.

    `distance` stands for D where a premise is broken.
    """
    found, rng = [], exam.rng("directions")
    for name in families:
        d = 2 if name in bulk_alignment.BULK else 6
        worst, ends = worst_alignment.worst(name, d), anisotropy.extremes(name, d)
        top = anisotropy.ceiling(ends.ratio, distance or (pi / 2 if FAMILIES[name].zero_mean else pi))
        rows = [gbp_limit(FAMILIES[name], x) for x in rng.standard_normal((exam.pick(50, 1000), d))]
        least = min(worst.low, *(float(row.value - row.error) for row in rows))
        found.append(
            Evidence.from_interval(
                Kind.ENCLOSURE,
                f"1/A ≤ least α_∞ ≤ 1/√(1 + (ln A/D)²): {name}, d = {d}, A = {ends.ratio:.4f}",
                (least, max(least, worst.high)),
                Claimed.between(anisotropy.floor(ends.ratio), top, resolution=1e-9),
                "closed forms; certified α_∞ at random x",
                n=len(rows),
            )
        )
    return found


CLAIMS = (
    Claim(
        id="isotropy-necessary",
        title="Is isotropy necessary?",
        source=f"{PAPER}, Theorem 1 and Fig. 3: weights that are not isotropic deviate",
        statement="If the law of w is not rotation invariant, α_∞(x) < 1 for some x.",
        premises=(ONE_LAYER, "E‖w‖ < ∞", MOMENTS, "sampled at four x, where 1 is told from at most 0.98"),
        examine=printed,
        control=BrokenPremise(
            premise="isotropic weights", examine=lambda exam: [some_input_evidence(exam, weights("sphere"))]
        ),
        restored=RestoredPremise(
            premise="the law of the directions that its lengths are not compensated by: uniform",
            examine=examine_without_compensation,
        ),
        blind="A proof and a quadrature refute it: no break of the simulated weights undoes that.",
    ),
    Claim(
        id="isotropy-necessary-repair",
        title="What is necessary and sufficient",
        source="repairs the converse of Theorem 1",
        statement=(
            "α_∞(x) = 1 for every x if and only if E w = 0 and the directions of ±w, weighted by ‖w‖, are uniform."
        ),
        premises=(ONE_LAYER, "E‖w‖ < ∞, d ≥ 2", MOMENTS),
        examine=repair,
        control=BrokenPremise(
            premise="longer neurons twice as long, but no rarer: weighted directions no longer uniform",
            examine=examine_longer_quarter,
        ),
        blind="It samples a law of its own, with GBP's relevance 1: it sees no break of a family, nor of GBP's filter.",
        repairs="isotropy-necessary",
    ),
    Claim(
        id="isotropy-second-moments",
        title="Are unequal second moments what breaks alignment?",
        source="a candidate for what 'isotropy distributed' means in Theorem 1",
        statement="For E w = 0: α_∞(x) = 1 for every x if and only if E wwᵀ is a multiple of I.",
        premises=(ONE_LAYER, "E‖w‖² < ∞", MOMENTS),
        examine=examine_equal_moments,
        control=BrokenPremise(
            premise="one axis of Gaussian weights × 1.05: E wwᵀ no longer a multiple of I, α_∞ = 1 still claimed",
            examine=lambda exam: [certified_evidence(stretched(weights("gaussian"), 1.05).law, PLANE, 1 - 1e-9, 1.0)],
        ),
        restored=RestoredPremise(premise="Gaussian weights", examine=examine_gaussian_moments),
        blind="Closed forms refute it: no break of the simulated weights undoes that.",
    ),
    Claim(
        id="isotropy-mean",
        title="A mean that is not zero breaks alignment",
        source="Theorem 1's premise 'with zero mean'",
        statement="If E w ≠ 0 then α_∞(x) < 1 for some x; for N(¼, 1) and U[0, 1] entries, d = 4, by more than 0.02.",
        premises=(ONE_LAYER, "E‖w‖ < ∞", MOMENTS),
        examine=lambda exam: [derivation_evidence(anisotropy_proofs.characterisation), *off_centre_evidence(exam)],
        control=BrokenPremise(
            premise="Gaussian weights of mean zero", examine=lambda exam: off_centre_evidence(exam, ("gaussian",))
        ),
        blind="It asks for α_∞ ≤ 0.98 where the theory has 0.84 and 0.5; how far below it lies is for limit-shifted.",
    ),
    Claim(
        id="isotropy-sparsity",
        title="Does sparsity break alignment?",
        source="sparse weights are a reading of 'independent' entries",
        statement=(
            "Entries that are 0 with probability 0.9, else ±1: α_∞(x) ≤ 0.98 at inputs that are spread over many "
            "coordinates, an image patch and (1, 2, 3, 1, 2, 3, …) of 24 entries. (At some others it is: "
            "limit-sparse; at an axis α_∞ = 1.)"
        ),
        premises=(ONE_LAYER, "x an image patch, or (1, 2, 3, 1, 2, 3, …) of 24 entries", MOMENTS),
        examine=lambda exam: sparsity_evidence(exam, spread_inputs(exam)),
        control=BrokenPremise(
            premise="dense Gaussian entries",
            examine=lambda exam: sparsity_evidence(exam, spread_inputs(exam), "gaussian"),
        ),
        restored=RestoredPremise(
            premise="x near an axis, not spread", examine=lambda exam: sparsity_evidence(exam, [NEAR_AXIS])
        ),
        blind="Certified values refute it: no break of the simulated weights undoes that.",
    ),
    Claim(
        id="isotropy-anisotropy",
        title="One number bounds every α_∞",
        source="makes 'isotropic' a number",
        statement=(
            "With A = max f/min f over unit x, f = E relu(w·x): 1/A ≤ inf α_∞ ≤ 1/√(1 + (ln A/D)²), D = π/2 if E w = "
            "0, else π."
        ),
        premises=(ONE_LAYER, "E‖w‖ < ∞"),
        examine=lambda exam: [derivation_evidence(anisotropy_proofs.between), *bounds_evidence(exam)],
        control=BrokenPremise(
            premise="D = π/4, at the two families that come nearest to the upper bound",
            examine=lambda exam: bounds_evidence(exam, pi / 4, ("powerlaw", "shifted")),
        ),
        blind="It compares closed forms with certified values: nothing in it is sampled.",
    ),
)
