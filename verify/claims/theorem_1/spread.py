"""The lower bound of α_∞ for i.i.d. symmetric entries, at real and random inputs, and where it is near 1."""

from __future__ import annotations

import numpy as np

from nfrlab.simulations.dense.arrays import Array
from nfrlab.theory.families import FAMILIES
from nfrlab.theory.limit import spread
from nfrlab.theory.limit.direction import gbp_limit
from nfrlab.theory.limit.proofs import spread as spread_proofs
from nfrlab.theory.limit.spread import TAILS
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination
from nfrlab.verify.court.evidence import Claimed, Evidence, Finding, Kind
from nfrlab.verify.examine.derivation import derivation_evidence
from nfrlab.verify.examine.limits.mean_map import enclosure_evidence
from nfrlab.verify.examine.stated_draws import dyadic

LAWS = ("uniform", "laplace", "sparse")
NEAR = 0.999
"""What the bound exceeds at a whole image."""
SIDE = 224
"""Pixels a side of a whole image."""


def spread_inputs(exam: Examination, name: str) -> dict[str, Array]:
    """Image patches and random inputs, by name; small and coarse for entries on a lattice, whose sums are exact."""
    rng, side = exam.rng("inputs"), exam.pick(4, 6) if FAMILIES[name].lattice else exam.pick(8, 16)
    d = 3 * side**2
    inputs = {
        f"image patch, d = {d}": exam.images.patch(side, rng),
        f"image frame, d = {d}": exam.images.frame(side, rng),
        f"random signed, d = {d}": rng.standard_normal(d),
        "random signed, d = 12": rng.standard_normal(12),
        f"equal entries, d = {d}": np.ones(d),
    }
    bits = 4 if FAMILIES[name].lattice else 12
    return {where: dyadic(x / np.max(np.abs(x)), bits) for where, x in inputs.items()}


def bound_evidence(name: str, where: str, x: Array, tails: spread.Tails) -> Evidence:
    """The certified α_∞ of the family `name` at one x, held against the bound from `tails`; `where` names x."""
    with np.errstate(over="ignore"):  # the quadrature bounds its remainder by 1 over a product of 768 factors
        limit = gbp_limit(FAMILIES[name], x)
    bound = spread.spread_bound(x, tails)
    details = {"1 − α_∞": 1 - float(limit.value), "1 − bound": 1 - bound}
    method = "proven bound against closed form or certified quadrature"
    return enclosure_evidence(
        f"α_∞ ≥ {bound:.6f}: {name}, {where}", limit, Claimed.between(bound, 1.0), method, details
    )


def near_one_evidence(exam: Examination, tails: dict[str, spread.Tails]) -> list[Evidence]:
    """The bound at a whole image of 224 × 224 pixels, held against ≥ 0.999, for each law that `tails` names."""
    frame = exam.images.frame(SIDE, exam.rng("frame"))
    found = []
    for name, known in tails.items():
        bound = spread.spread_bound(frame, known)
        found.append(
            Evidence(
                kind=Kind.ENCLOSURE,
                statement=f"α_∞ ≥ {NEAR} at a whole image, d = 150,528: {name}",
                finding=Finding.SUPPORTS if bound >= NEAR else Finding.UNDECIDED,
                method="proven bound",
                interval=(bound, 1.0),
                claimed=Claimed(NEAR, 1.0),
                details={"1 − bound": 1 - bound},
            )
        )
    return found


def examine_bound(exam: Examination) -> list[Evidence]:
    """The derivation, the bound below the certified truth, and its approach to 1."""
    rows = [
        bound_evidence(name, where, x, TAILS[name]) for name in LAWS for where, x in spread_inputs(exam, name).items()
    ]
    return [
        derivation_evidence(spread_proofs.spread_bound),
        *rows,
        *near_one_evidence(exam, {name: TAILS[name] for name in LAWS}),
        *near_one_evidence(exam, {"sparse, by E|w|³ alone": spread.third_moment(10**0.5)}),
    ]


def examine_unequal_entries(exam: Examination) -> list[Evidence]:
    """The bound claimed for independent symmetric entries that are not identically distributed, at spread inputs."""
    spread = {where: x for where, x in spread_inputs(exam, "powerlaw").items() if len(x) > 12}
    return [bound_evidence("powerlaw", where, x, TAILS["gaussian"]) for where, x in spread.items()]


CLAIMS = (
    Claim(
        id="spread-bound",
        title="i.i.d. symmetric entries align where x is spread",
        source="repairs Theorem 1 for weights that are not isotropic",
        statement=(
            "For i.i.d. symmetric entries of finite variance α_∞(x) has a lower bound that tends to 1 as max|x_i|/‖x‖ "
            "→ 0: 1/√(1 + ((A + B)/E|w·x̂|)²), A and B from two functions of the law of an entry; computed, less 1e-9 "
            "and the cost of finitely many cells, it exceeds 0.999 at a 224 × 224 image for U[−1, 1], Laplace and "
            "sparse entries."
        ),
        premises=(
            "one hidden layer, N → ∞, hidden relevance non-negative and independent of W",
            "entries i.i.d., w ~ −w, E w² < ∞",
        ),
        examine=examine_bound,
        control=BrokenPremise(
            premise="entries independent but not identically distributed: N(0, Σ)", examine=examine_unequal_entries
        ),
    ),
)
