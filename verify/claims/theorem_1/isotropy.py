"""What has to be isotropic for α_∞ = 1, and which violated property breaks alignment."""

from __future__ import annotations

from math import pi

import numpy as np

from nfrlab.simulations.dense.arrays import Array
from nfrlab.simulations.dense.compensated import compensated, uncompensated
from nfrlab.simulations.dense.weights import FAMILIES as SAMPLERS
from nfrlab.simulations.dense.weights import Sampler
from nfrlab.theory.families import FAMILIES
from nfrlab.theory.family import Family
from nfrlab.theory.limit import anisotropy, bulk_alignment, worst_alignment
from nfrlab.theory.limit.anisotropy import COMPENSATED
from nfrlab.theory.limit.direction import gbp_limit
from nfrlab.theory.limit.facts import limit_facts
from nfrlab.theory.limit.proofs import anisotropy as anisotropy_proofs
from nfrlab.theory.numerics.balls import endpoints
from nfrlab.verify.claims.premises import ONE_LAYER, PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination
from nfrlab.verify.court.evidence import Claimed, Evidence, Finding, Kind, decide
from nfrlab.verify.examine.derivation import derivation_evidence
from nfrlab.verify.examine.limit_alignment import SIGNED, AlignmentPoint, alignment_evidence, enclosure_evidence
from nfrlab.verify.examine.limit_direction import DELTA
from nfrlab.verify.examine.stated_draws import dyadic
from nfrlab.verify.examine.statistics import mean_evidence

BROKEN, ALIGNED = Claimed.between(0.0, 1 - DELTA), Claimed.exactly(1.0, resolution=DELTA)
ASIDE = np.array([0.0, 1.0, 0.0])
"""An input beside the quarter of directions in which neurons of the compensated law are longer."""
NORMAL = "the sampled interval takes a statistic of pairs of maps to be normal where it bounds its standard deviation"


def examined_inputs(exam: Examination) -> dict[str, Array]:
    """The inputs of samples, by name: beside the quarter, across it, signed, and real."""
    patch = dyadic(exam.images.patch(2, exam.rng("patch")), 8)
    return {
        "e_2, d = 3": ASIDE,
        "(3, −1, 2)": SIGNED,
        "(1, −1, 0)": np.array([1.0, -1, 0]),
        "image patch, d = 12": patch,
    }


def sampled_evidence(
    exam: Examination, sampler: Sampler, claimed: Claimed, law: Family = COMPENSATED
) -> list[Evidence]:
    """Sampled α_∞ at every input, held against what is claimed.

    Parameters
    ----------
    exam
        The examination, half of whose budget this spends.
    sampler
        Draws the weights.
    claimed
        What is claimed of every α_∞.
    law
        The law for which widths are planned.
    """
    inputs = examined_inputs(exam)
    miss = exam.budget.spend(len(inputs), 0.5)
    name = getattr(sampler, "__name__", law.name)  # part of the seed
    points = [AlignmentPoint(f"{name}, {where}", law, sampler, x, claimed) for where, x in inputs.items()]
    return [alignment_evidence(exam, point, miss) for point in points]


def unequal_moments_evidence(exam: Examination, sampler: Sampler, name: str) -> Evidence:
    """`E w_1² − E w_2²` in R³, held against [0.1, 54]: is what is sampled indeed not rotation invariant?

    Lengths of up to 3√3 bound w_i² by 27.
    """
    n = exam.pick(100_000, 1_000_000)
    w = sampler(3, n, exam.rng(f"moments {name}"))
    text, claimed = f"E w_1² > E w_2²: {name} is not rotation invariant", Claimed.between(0.1, 54.0)
    return mean_evidence(text, w[0] ** 2 - w[1] ** 2, claimed, exam.budget.spend(1, 0.5), -27.0, 27.0)


def compensated_law_evidence() -> Evidence:
    """A counterexample: α_∞ of the compensated law is 1 at every x, though its second moments are unequal.

    By the proof, and by quadrature of the law itself. Decides nothing unless every step of the proof holds.
    """
    proof = derivation_evidence(anisotropy_proofs.characterisation)
    first, second = anisotropy.compensated_variances(3)[:2]
    alignments = [endpoints(anisotropy_proofs.quarter_alignment(x)) for x in anisotropy_proofs.PLACES]
    interval = min(low for low, _ in alignments), max(high for _, high in alignments)
    claimed = Claimed(0.0, 1 - 1e-9)
    proven = proof.finding is Finding.SUPPORTS and abs(first - second) > 0.1
    return Evidence(
        kind=Kind.ENCLOSURE,
        statement="α_∞ = 1 at every x though E w_1² ≠ E w_2²: the compensated law",
        finding=decide(interval, claimed) if proven else Finding.UNDECIDED,
        method="every x by the derivation of the characterisation; five x, d = 3, by certified quadrature as well",
        n=len(alignments),
        interval=interval,
        claimed=claimed,
        counterexample={
            "direction": "density (6/5)/ρ(u)",
            "length": "ρ(u)√d",
            "ρ": "3 where u_1 > |u_2|, else 1",
            "E w_1²": f"(6/5)(3/2 + 1/π) = {first:.4f}",
            "E w_2²": f"(6/5)(3/2 − 1/π) = {second:.4f}",
        },
        details={"reach": "open set", "proof holds": proven},
    )


def printed(exam: Examination) -> list[Evidence]:
    """A law that is not rotation invariant, exactly and sampled: does its α_∞ stay below 1?"""
    moments = unequal_moments_evidence(exam, compensated, "compensated")
    return [compensated_law_evidence(), moments, *sampled_evidence(exam, compensated, BROKEN)]


def repair(exam: Examination) -> list[Evidence]:
    """The derivation, and samples of the compensated law at inputs all around."""
    return [derivation_evidence(anisotropy_proofs.characterisation), *sampled_evidence(exam, compensated, ALIGNED)]


def certified_evidence(name: str, x: Array, low: float, high: float) -> Evidence:
    """The certified α_∞ of the family `name` at one x, held against [low, high]."""
    statement = f"α_∞ within [{low:g}, {high:g}]: {name}, d = {len(x)}"
    details = {"x": [float(t) for t in x[:12]]}
    limit = gbp_limit(FAMILIES[name], x)
    claimed = Claimed.between(low, high, resolution=1e-12)
    return enclosure_evidence(statement, limit, claimed, "closed form or certified quadrature", details)


def examine_equal_moments(exam: Examination) -> list[Evidence]:
    """Do laws with `E wwᵀ ∝ I` align at their worst directions? And does one with unequal second moments not?"""
    laws = "gaussian", "axis", "uniform", "sparse"
    return [
        compensated_law_evidence(),
        *map(worst_direction_evidence, laws),
        *sampled_evidence(exam, compensated, BROKEN),
    ]


def worst_direction_evidence(name: str) -> Evidence:
    """The certified α_∞ of a family at its worst direction, or close to it, held against 1."""
    near_axis = np.array([1.0, 2 / 64, 1 / 64])
    x = near_axis if FAMILIES[name].lattice else limit_facts(name).worst(name).x
    return certified_evidence(name, x, 1 - 1e-9, 1.0)


def off_centre_evidence(exam: Examination, families: tuple[str, ...] = ("shifted", "uniform01")) -> list[Evidence]:
    """Families whose mean is not zero, d = 4: the certified worst α_∞ and samples there, held against ≤ 0.98."""
    found = []
    miss = exam.budget.spend(len(families))
    for name in families:
        x = worst_alignment.worst(name, 4).x
        point = AlignmentPoint(f"{name}, d = 4", FAMILIES[name], SAMPLERS[name], x, BROKEN)
        found += [certified_evidence(name, x, *BROKEN.range), alignment_evidence(exam, point, miss)]
    return found


def sparsity_evidence(exam: Examination, name: str = "sparse") -> list[Evidence]:
    """Sparse entries at an image patch and at the plainest spread input: certified and sampled α_∞ against ≤ 0.98."""
    side = exam.pick(4, 6)
    patch = dyadic(exam.images.patch(side, exam.rng("patch")), 6)
    spread = 1 + np.arange(24.0) % 3
    point = AlignmentPoint(f"{name}, (1, 2, 3, 1, …), d = 24", FAMILIES[name], SAMPLERS[name], spread, BROKEN)
    certified = [certified_evidence(name, x, *BROKEN.range) for x in (patch, spread)]
    return [*certified, alignment_evidence(exam, point, exam.budget.spend(1))]


def bounds_evidence(exam: Examination, distance: float | None = None) -> list[Evidence]:
    """The least of the worst and of random α_∞ of a family, held against the two bounds that A gives.

    `distance` stands for D where a premise is broken.
    """
    found, rng = [], exam.rng("directions")
    for name in ("powerlaw", "axis", "shifted", "uniform", "laplace"):
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
        premises=(ONE_LAYER, "E‖w‖ < ∞", NORMAL, "sampled at four x, where 1 is told from at most 0.98"),
        examine=printed,
        control=BrokenPremise(
            premise="isotropic weights",
            examine=lambda exam: sampled_evidence(exam, SAMPLERS["sphere"], BROKEN, FAMILIES["sphere"]),
        ),
    ),
    Claim(
        id="isotropy-necessary-repair",
        title="What is necessary and sufficient",
        source="repairs the converse of Theorem 1",
        statement=(
            "α_∞(x) = 1 for every x if and only if E w = 0 and the directions of ±w, weighted by ‖w‖, are uniform."
        ),
        premises=(ONE_LAYER, "E‖w‖ < ∞, d ≥ 2", NORMAL),
        examine=repair,
        control=BrokenPremise(
            premise="the same lengths, uniform directions: weighted directions no longer uniform",
            examine=lambda exam: sampled_evidence(exam, uncompensated, ALIGNED),
        ),
        repairs="isotropy-necessary",
    ),
    Claim(
        id="isotropy-second-moments",
        title="Are unequal second moments what breaks alignment?",
        source="a candidate for what 'isotropy distributed' means in Theorem 1",
        statement="For E w = 0: α_∞(x) = 1 for every x if and only if E wwᵀ is a multiple of I.",
        premises=(ONE_LAYER, "E‖w‖² < ∞", NORMAL),
        examine=examine_equal_moments,
        control=BrokenPremise(
            premise="Gaussian weights with E wwᵀ = Σ, not a multiple of I: the half that holds for N(0, I)",
            examine=lambda exam: [worst_direction_evidence("powerlaw")],
        ),
    ),
    Claim(
        id="isotropy-mean",
        title="A mean that is not zero breaks alignment",
        source="Theorem 1's premise 'with zero mean'",
        statement="If E w ≠ 0 then α_∞(x) < 1 for some x; for N(¼, 1) and U[0, 1] entries, d = 4, by more than 0.02.",
        premises=(ONE_LAYER, "E‖w‖ < ∞", NORMAL),
        examine=lambda exam: [derivation_evidence(anisotropy_proofs.characterisation), *off_centre_evidence(exam)],
        control=BrokenPremise(
            premise="Gaussian weights of mean zero", examine=lambda exam: off_centre_evidence(exam, ("gaussian",))
        ),
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
        premises=(ONE_LAYER, "x an image patch, or (1, 2, 3, 1, 2, 3, …) of 24 entries", NORMAL),
        examine=sparsity_evidence,
        control=BrokenPremise(
            premise="dense Gaussian entries", examine=lambda exam: sparsity_evidence(exam, "gaussian")
        ),
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
        control=BrokenPremise(premise="D = π/4 throughout", examine=lambda exam: bounds_evidence(exam, pi / 4)),
    ),
)
