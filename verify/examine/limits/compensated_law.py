"""A law that is not rotation invariant and aligns all the same, and its neighbours that do not."""

from __future__ import annotations

from dataclasses import replace
from math import pi

import numpy as np

from nfrlab.simulations.dense.arrays import Array
from nfrlab.simulations.dense.compensated import compensated, quarter, uncompensated
from nfrlab.theory.limit import anisotropy
from nfrlab.theory.limit.anisotropy import COMPENSATED
from nfrlab.theory.limit.proofs import anisotropy as anisotropy_proofs
from nfrlab.theory.numerics.balls import endpoints
from nfrlab.verify.court.evidence import Claimed, Evidence, Finding, Kind, decide
from nfrlab.verify.examine.derivation import derivation_evidence
from nfrlab.verify.examine.limits.map_point import Weights

COMPENSATED_WEIGHTS = Weights(COMPENSATED, compensated)
UNCOMPENSATED_WEIGHTS = Weights(
    replace(
        COMPENSATED,
        name="uncompensated",
        statement="length 3√d where w_1 > |w_2|, else √d; uniform directions",
        second_moment=lambda d: 3.0 * d,
        covariance=lambda d: (3 + 4 / pi, 3.0 * d),  # E w_1² = 1 + 8 (1/4 + 1/2π)
    ),
    uncompensated,
)
UNIFORM = (1.0, 1.0)
"""Densities of directions inside the quarter and outside of it, in units of the uniform one."""


def longer_in_the_quarter(factor: float) -> Weights:
    """The compensated law with the neurons of its quarter longer by a factor."""

    def sample(d: int, N: int, rng: np.random.Generator) -> Array:
        w = compensated(d, N, rng)
        return np.asarray(w * np.where(quarter(w), factor, 1.0))

    def at_most(d: int) -> tuple[float, float]:
        largest, total = COMPENSATED.covariance(d)
        return factor**2 * largest, factor**2 * total

    law = replace(
        COMPENSATED,
        name=f"compensated, the quarter × {factor:g}",
        second_moment=lambda d: factor**2 * COMPENSATED.second_moment(d),
        covariance=at_most,
    )
    return Weights(law, sample)


def uncompensated_law_evidence() -> Evidence:
    """The least α_∞ where directions are uniform, though lengths are those of the compensated law, against below 1."""
    found = [endpoints(anisotropy_proofs.quarter_alignment(x, UNIFORM)) for x in anisotropy_proofs.PLACES]
    return Evidence.from_interval(
        Kind.ENCLOSURE,
        "α_∞ < 1 at some x as E w_1² ≠ E w_2²: the uncompensated law",
        (min(low for low, _ in found), min(high for _, high in found)),
        Claimed.between(0.0, 1 - 1e-9),
        "five x, d = 3, by certified quadrature",
        n=len(found),
    )


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
