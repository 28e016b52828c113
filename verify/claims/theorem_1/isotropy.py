"""What has to be isotropic for α_∞ = 1, and which violated property breaks alignment."""

from __future__ import annotations

from math import pi

import numpy as np

from nfrlab.simulations.dense.arrays import Array
from nfrlab.simulations.dense.compensated import compensated, uncompensated
from nfrlab.simulations.dense.weights import FAMILIES as SAMPLERS
from nfrlab.simulations.dense.weights import Sampler
from nfrlab.theory.families import FAMILIES, Family
from nfrlab.theory.limit import anisotropy, worst_alignment
from nfrlab.theory.limit.anisotropy import COMPENSATED
from nfrlab.theory.limit.direction import gbp_limit
from nfrlab.theory.limit.proofs import anisotropy as anisotropy_proofs
from nfrlab.theory.numerics.balls import endpoints
from nfrlab.verify import intervals
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination
from nfrlab.verify.court.evidence import Evidence, Finding, Kind, decide
from nfrlab.verify.examine.derivation import PAPER, derived
from nfrlab.verify.examine.limit_alignment import AlignmentPoint, alignment_evidence, enclosure
from nfrlab.verify.examine.stated_draws import dyadic

DELTA = 0.02
BROKEN, ALIGNED = (0.0, 1 - DELTA), (1.0, 1.0)
ASIDE = np.array([0.0, 1.0, 0.0])  # beside the quarter in which the compensated law is longer
SIGNED = np.array([3.0, -1.0, 2.0])
ONE_LAYER = "one hidden layer, N → ∞, i.i.d. neurons, hidden relevance 1 (any non-negative one independent of W)"
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


def sampled(
    exam: Examination, sampler: Sampler, claimed: intervals.Interval, delta: float, law: Family = COMPENSATED
) -> list[Evidence]:
    """α_∞ of a sampler at every place against one claimed range, at widths planned for `law`."""
    chosen = places(exam)
    alpha = exam.ledger.draw(len(chosen), 0.5)
    name = getattr(sampler, "__name__", law.name)
    points = [AlignmentPoint(f"{name}, {where}", law, sampler, x, *claimed, delta) for where, x in chosen.items()]
    return [alignment_evidence(exam, point, alpha) for point in points]


def uneven(exam: Examination, sampler: Sampler, name: str) -> Evidence:
    """`E w_1² − E w_2²` of a sampler of lengths up to 3√d, d = 3, against 0: is the law sampled rotation invariant?"""
    n = exam.pick(100_000, 1_000_000)
    w = sampler(3, n, exam.rng(f"moments {name}"))
    alpha = exam.ledger.draw(1, 0.5)
    interval = intervals.empirical_bernstein(w[0] ** 2 - w[1] ** 2, alpha, -27.0, 27.0)
    return Evidence(
        Kind.MONTE_CARLO,
        f"E w_1² > E w_2²: {name} is not rotation invariant",
        decide(interval, (0.1, 54.0), 0.0),
        "empirical Bernstein",
        alpha=alpha,
        delta=0.0,
        n=n,
        interval=interval,
        claimed=(0.1, 54.0),
    )


def exact_compensated() -> Evidence:
    """A counterexample: α_∞ of the compensated law is 1 at every x, by the proof and by quadrature of the law itself,
    though its second moments are unequal. Decides nothing unless every step of the proof holds.
    """
    proof = derived(anisotropy_proofs.characterisation)
    first, second = anisotropy.compensated_variances(3)[:2]
    alignments = [endpoints(anisotropy_proofs.quarter_alignment(x)) for x in anisotropy_proofs.PLACES]
    interval = min(low for low, _ in alignments), max(high for _, high in alignments)
    finding = decide(interval, (0.0, 1 - 1e-9), 0.0)
    proven = proof.finding is Finding.SUPPORTS and abs(first - second) > 0.1
    return Evidence(
        Kind.ENCLOSURE,
        "α_∞ = 1 at every x though E w_1² ≠ E w_2²: the compensated law",
        finding if proven else Finding.UNDECIDED,
        "every x by the derivation of theory.limit.proofs.anisotropy; five x, d = 3, by certified quadrature as well",
        n=len(alignments),
        interval=interval,
        claimed=(0.0, 1 - 1e-9),
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
        *sampled(exam, compensated, BROKEN, 0.0),
    ]


def characterised(exam: Examination) -> list[Evidence]:
    """The proof, and the compensated law at inputs all around."""
    return [derived(anisotropy_proofs.characterisation), *sampled(exam, compensated, ALIGNED, DELTA)]


def certified(name: str, x: Array, claimed: intervals.Interval) -> Evidence:
    """The certified α_∞ of a family at one x against a range."""
    statement = f"α_∞ within [{claimed[0]:g}, {claimed[1]:g}]: {name}, d = {len(x)}"
    details = {"x": [float(t) for t in x[:12]]}
    limit = gbp_limit(FAMILIES[name], x)
    return enclosure(statement, limit, claimed, 1e-12, "closed form or certified quadrature", details)


def equal_moments(exam: Examination) -> list[Evidence]:
    """Laws with `E wwᵀ ∝ I` at their worst directions: aligned? And one with unequal second moments: not aligned?"""
    laws = "gaussian", "axis", "uniform", "sparse"
    return [exact_compensated(), *map(moments_align, laws), *sampled(exam, compensated, BROKEN, 0.0)]


def moments_align(name: str) -> Evidence:
    """Whether α_∞ = 1 at a law's worst direction, or close to it."""
    d = {"uniform": 2, "sparse": 3}.get(name, 4)
    x = np.array([1.0, 2 / 64, 1 / 64]) if name == "sparse" else worst_alignment.worst(name, d).x
    return certified(name, x, (1 - 1e-9, 1.0))


def off_centre(exam: Examination, families: tuple[str, ...] = ("shifted", "uniform01")) -> list[Evidence]:
    """Families with a mean: the certified worst α_∞, and sampling there."""
    found = []
    alpha = exam.ledger.draw(len(families))
    for name in families:
        x = worst_alignment.worst(name, 4).x
        point = AlignmentPoint(f"{name}, d = 4", FAMILIES[name], SAMPLERS[name], x, *BROKEN, 0.0)
        found += [certified(name, x, BROKEN), alignment_evidence(exam, point, alpha)]
    return found


def sparsity(exam: Examination, name: str = "sparse") -> list[Evidence]:
    """Image patches and the plainest spread input: certified α_∞ of sparse entries against ≤ 0.98, and sampling."""
    side = exam.pick(4, 6)
    patch = dyadic(exam.images.patch(side, exam.rng("patch")), 6)
    spread = {"patch": patch, "spread": 1 + np.arange(24.0) % 3}
    where = f"{name}, (1, 2, 3, 1, …), d = 24"
    point = AlignmentPoint(where, FAMILIES[name], SAMPLERS[name], spread["spread"], *BROKEN, 0.0)
    rows = [certified(name, x, BROKEN) for x in spread.values()]
    return [*rows, alignment_evidence(exam, point, exam.ledger.draw(1))]


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
            Evidence(
                Kind.ENCLOSURE,
                f"1/A ≤ least α_∞ ≤ 1/√(1 + (ln A/D)²): {name}, d = {d}, A = {ends.ratio:.4f}",
                decide((least, max(least, worst.high)), (anisotropy.floor(ends.ratio), top), 1e-9),
                "closed forms; certified α_∞ at random x",
                delta=1e-9,
                n=len(rows),
                interval=(least, max(least, worst.high)),
                claimed=(anisotropy.floor(ends.ratio), top),
            )
        )
    return found


CLAIMS = (
    Claim(
        "isotropy-necessary",
        "Is isotropy necessary?",
        f"{PAPER}, Theorem 1 and Fig. 3: weights that are not isotropic deviate",
        "If the law of w is not rotation invariant, α_∞(x) < 1 for some x.",
        (ONE_LAYER, "E‖w‖ < ∞", NORMAL, "sampled at four x, where 1 is told from at most 0.98"),
        (Kind.ENCLOSURE, Kind.MONTE_CARLO),
        necessary,
        BrokenPremise(
            "isotropic weights", lambda exam: sampled(exam, SAMPLERS["sphere"], BROKEN, 0.0, FAMILIES["sphere"])
        ),
    ),
    Claim(
        "isotropy-necessary-repair",
        "What is necessary and sufficient",
        "repairs the converse of Theorem 1",
        "α_∞(x) = 1 for every x if and only if E w = 0 and the directions of ±w, weighted by ‖w‖, are uniform.",
        (ONE_LAYER, "E‖w‖ < ∞, d ≥ 2", NORMAL),
        (Kind.DERIVATION, Kind.MONTE_CARLO),
        characterised,
        BrokenPremise(
            "the same lengths, uniform directions: weighted directions no longer uniform",
            lambda exam: sampled(exam, uncompensated, ALIGNED, DELTA),
        ),
        repairs="isotropy-necessary",
    ),
    Claim(
        "isotropy-second-moments",
        "Are unequal second moments what breaks alignment?",
        "a candidate for what 'isotropy distributed' means in Theorem 1",
        "For E w = 0: α_∞(x) = 1 for every x if and only if E wwᵀ is a multiple of I.",
        (ONE_LAYER, "E‖w‖² < ∞", NORMAL),
        (Kind.ENCLOSURE, Kind.MONTE_CARLO),
        equal_moments,
        BrokenPremise(
            "Gaussian weights with E wwᵀ = Σ, not a multiple of I: the half that holds for N(0, I)",
            lambda exam: [moments_align("powerlaw")],
        ),
    ),
    Claim(
        "isotropy-mean",
        "A mean that is not zero breaks alignment",
        "Theorem 1's premise 'with zero mean'",
        "If E w ≠ 0 then α_∞(x) < 1 for some x; for N(¼, 1) and U[0, 1] entries, d = 4, by more than 0.02.",
        (ONE_LAYER, "E‖w‖ < ∞", NORMAL),
        (Kind.DERIVATION, Kind.ENCLOSURE, Kind.MONTE_CARLO),
        lambda exam: [derived(anisotropy_proofs.characterisation), *off_centre(exam)],
        BrokenPremise("Gaussian weights of mean zero", lambda exam: off_centre(exam, ("gaussian",))),
    ),
    Claim(
        "isotropy-sparsity",
        "Does sparsity break alignment?",
        "sparse weights are a reading of 'independent' entries",
        "Entries that are 0 with probability 0.9, else ±1: α_∞(x) ≤ 0.98 at inputs that are spread over many "
        "coordinates, an image patch and (1, 2, 3, 1, 2, 3, …) of 24 entries. (At some others it is: limit-sparse; at "
        "an axis α_∞ = 1.)",
        (ONE_LAYER, "x an image patch, or (1, 2, 3, 1, 2, 3, …) of 24 entries", NORMAL),
        (Kind.ENCLOSURE, Kind.MONTE_CARLO),
        sparsity,
        BrokenPremise("dense Gaussian entries", lambda exam: sparsity(exam, "gaussian")),
    ),
    Claim(
        "isotropy-anisotropy",
        "One number bounds every α_∞",
        "makes 'isotropic' a number",
        "With A = max f/min f over unit x, f = E relu(w·x): 1/A ≤ inf α_∞ ≤ 1/√(1 + (ln A/D)²), D = π/2 if E w = 0, "
        "else π.",
        (ONE_LAYER, "E‖w‖ < ∞"),
        (Kind.DERIVATION, Kind.ENCLOSURE),
        lambda exam: [derived(anisotropy_proofs.between), *curves(exam)],
        BrokenPremise("D = π/4 throughout", lambda exam: curves(exam, pi / 4)),
    ),
)
