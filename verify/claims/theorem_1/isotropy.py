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
from nfrlab.theory.limit import anisotropy, worst_alignment
from nfrlab.theory.limit.anisotropy import COMPENSATED
from nfrlab.theory.limit.direction import gbp_limit
from nfrlab.theory.limit.facts import limit_facts
from nfrlab.theory.limit.proofs import anisotropy as anisotropy_proofs
from nfrlab.theory.numerics.balls import endpoints
from nfrlab.verify.claims.premises import ONE_LAYER, PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination
from nfrlab.verify.court.evidence import Claimed, Evidence, Finding, Kind, decide
from nfrlab.verify.examine.derivation import derived
from nfrlab.verify.examine.limit_alignment import SIGNED, AlignmentPoint, alignment_evidence, enclosure
from nfrlab.verify.examine.limit_direction import DELTA
from nfrlab.verify.examine.stated_draws import dyadic
from nfrlab.verify.examine.statistics import mean_evidence

BROKEN, ALIGNED = Claimed.between(0.0, 1 - DELTA), Claimed.exactly(1.0, resolution=DELTA)
ASIDE = np.array([0.0, 1.0, 0.0])  # beside the quarter in which the compensated law is longer
NORMAL = "the sampled interval takes a statistic of pairs of maps to be normal where it bounds its standard deviation"


def places(exam: Examination) -> dict[str, Array]:
    """Inputs beside the quarter, across it, signed, and real."""
    patch = dyadic(exam.images.patch(2, exam.rng("patch")), 8)
    return {
        "e_2, d = 3": ASIDE,
        "(3, −1, 2)": SIGNED,
        "(1, −1, 0)": np.array([1.0, -1, 0]),
        "image patch, d = 12": patch,
    }


def sampled(exam: Examination, sampler: Sampler, claimed: Claimed, law: Family = COMPENSATED) -> list[Evidence]:
    """α_∞ of a sampler at every place against what is claimed, at widths planned for `law`."""
    chosen = places(exam)
    miss = exam.budget.spend(len(chosen), 0.5)
    name = getattr(sampler, "__name__", law.name)
    points = [AlignmentPoint(f"{name}, {where}", law, sampler, x, claimed) for where, x in chosen.items()]
    return [alignment_evidence(exam, point, miss) for point in points]


def uneven(exam: Examination, sampler: Sampler, name: str) -> Evidence:
    """`E w_1² − E w_2²` of a sampler of lengths up to 3√d, d = 3, against 0: is the law sampled rotation invariant?"""
    n = exam.pick(100_000, 1_000_000)
    w = sampler(3, n, exam.rng(f"moments {name}"))
    text, claimed = f"E w_1² > E w_2²: {name} is not rotation invariant", Claimed.between(0.1, 54.0)
    return mean_evidence(text, w[0] ** 2 - w[1] ** 2, claimed, exam.budget.spend(1, 0.5), -27.0, 27.0)


def exact_compensated() -> Evidence:
    """A counterexample: α_∞ of the compensated law is 1 at every x, by the proof and by quadrature of the law itself,
    though its second moments are unequal. Decides nothing unless every step of the proof holds.
    """
    proof = derived(anisotropy_proofs.characterisation)
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


def necessary(exam: Examination) -> list[Evidence]:
    """A law that is not rotation invariant, sampled: does its α_∞ stay below 1?"""
    return [
        exact_compensated(),
        uneven(exam, compensated, "compensated"),
        *sampled(exam, compensated, BROKEN),
    ]


def characterised(exam: Examination) -> list[Evidence]:
    """The proof, and the compensated law at inputs all around."""
    return [derived(anisotropy_proofs.characterisation), *sampled(exam, compensated, ALIGNED)]


def certified(name: str, x: Array, low: float, high: float) -> Evidence:
    """The certified α_∞ of a family at one x against [low, high]."""
    statement = f"α_∞ within [{low:g}, {high:g}]: {name}, d = {len(x)}"
    details = {"x": [float(t) for t in x[:12]]}
    limit = gbp_limit(FAMILIES[name], x)
    claimed = Claimed.between(low, high, resolution=1e-12)
    return enclosure(statement, limit, claimed, "closed form or certified quadrature", details)


def equal_moments(exam: Examination) -> list[Evidence]:
    """Laws with `E wwᵀ ∝ I` at their worst directions: aligned? And one with unequal second moments: not aligned?"""
    laws = "gaussian", "axis", "uniform", "sparse"
    return [exact_compensated(), *map(moments_align, laws), *sampled(exam, compensated, BROKEN)]


def moments_align(name: str) -> Evidence:
    """Whether α_∞ = 1 at a law's worst direction, or close to it."""
    near_axis = np.array([1.0, 2 / 64, 1 / 64])
    x = near_axis if FAMILIES[name].lattice else limit_facts(name).worst(name).x
    return certified(name, x, 1 - 1e-9, 1.0)


def off_centre(exam: Examination, families: tuple[str, ...] = ("shifted", "uniform01")) -> list[Evidence]:
    """Families with a mean: the certified worst α_∞, and sampling there."""
    found = []
    miss = exam.budget.spend(len(families))
    for name in families:
        x = worst_alignment.worst(name, 4).x
        point = AlignmentPoint(f"{name}, d = 4", FAMILIES[name], SAMPLERS[name], x, BROKEN)
        found += [certified(name, x, *BROKEN.range), alignment_evidence(exam, point, miss)]
    return found


def sparsity(exam: Examination, name: str = "sparse") -> list[Evidence]:
    """Image patches and the plainest spread input: certified α_∞ of sparse entries against ≤ 0.98, and sampling."""
    side = exam.pick(4, 6)
    patch = dyadic(exam.images.patch(side, exam.rng("patch")), 6)
    spread = {"patch": patch, "spread": 1 + np.arange(24.0) % 3}
    where = f"{name}, (1, 2, 3, 1, …), d = 24"
    point = AlignmentPoint(where, FAMILIES[name], SAMPLERS[name], spread["spread"], BROKEN)
    rows = [certified(name, x, *BROKEN.range) for x in spread.values()]
    return [*rows, alignment_evidence(exam, point, exam.budget.spend(1))]


def curves(exam: Examination, distance: float | None = None) -> list[Evidence]:
    """The proof, and the families' worst and random α_∞ against the two curves."""
    found, rng = [], exam.rng("directions")
    for name in ("powerlaw", "axis", "shifted", "uniform", "laplace"):
        d = 2 if name in worst_alignment.BULK else 6
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
        examine=necessary,
        control=BrokenPremise(
            premise="isotropic weights",
            examine=lambda exam: sampled(exam, SAMPLERS["sphere"], BROKEN, FAMILIES["sphere"]),
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
        examine=characterised,
        control=BrokenPremise(
            premise="the same lengths, uniform directions: weighted directions no longer uniform",
            examine=lambda exam: sampled(exam, uncompensated, ALIGNED),
        ),
        repairs="isotropy-necessary",
    ),
    Claim(
        id="isotropy-second-moments",
        title="Are unequal second moments what breaks alignment?",
        source="a candidate for what 'isotropy distributed' means in Theorem 1",
        statement="For E w = 0: α_∞(x) = 1 for every x if and only if E wwᵀ is a multiple of I.",
        premises=(ONE_LAYER, "E‖w‖² < ∞", NORMAL),
        examine=equal_moments,
        control=BrokenPremise(
            premise="Gaussian weights with E wwᵀ = Σ, not a multiple of I: the half that holds for N(0, I)",
            examine=lambda exam: [moments_align("powerlaw")],
        ),
    ),
    Claim(
        id="isotropy-mean",
        title="A mean that is not zero breaks alignment",
        source="Theorem 1's premise 'with zero mean'",
        statement="If E w ≠ 0 then α_∞(x) < 1 for some x; for N(¼, 1) and U[0, 1] entries, d = 4, by more than 0.02.",
        premises=(ONE_LAYER, "E‖w‖ < ∞", NORMAL),
        examine=lambda exam: [derived(anisotropy_proofs.characterisation), *off_centre(exam)],
        control=BrokenPremise(
            premise="Gaussian weights of mean zero", examine=lambda exam: off_centre(exam, ("gaussian",))
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
        examine=sparsity,
        control=BrokenPremise(premise="dense Gaussian entries", examine=lambda exam: sparsity(exam, "gaussian")),
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
        examine=lambda exam: [derived(anisotropy_proofs.between), *curves(exam)],
        control=BrokenPremise(premise="D = π/4 throughout", examine=lambda exam: curves(exam, pi / 4)),
    ),
)
