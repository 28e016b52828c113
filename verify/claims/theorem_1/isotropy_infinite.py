"""How heavy a tail of isotropic weights may be: infinite variance does not break alignment, an infinite mean does."""

from __future__ import annotations

import numpy as np

from nfrlab.simulations.dense import alignment, attribution, layer
from nfrlab.simulations.dense.arrays import Array
from nfrlab.simulations.dense.heavy import multivariate_t
from nfrlab.simulations.dense.montecarlo import ones
from nfrlab.theory.limit.proofs import no_mean
from nfrlab.verify.claims.premises import ONE_LAYER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination, RestoredPremise
from nfrlab.verify.court.evidence import Claimed, Evidence
from nfrlab.verify.examine.derivation import derivation_evidence
from nfrlab.verify.examine.limits.map_point import GBP
from nfrlab.verify.examine.limits.mean_map import SIGNED
from nfrlab.verify.examine.limits.wide_layers import DELTA, NOT_ALIGNED
from nfrlab.verify.examine.statistics import median_evidence, proportion_evidence


def sample_t_alignments(exam: Examination, dof: float, N: int, trials: int) -> Array:
    """α of `trials` GBP maps at x = (3, −1, 2), each through N neurons of the multivariate t law with `dof` degrees."""
    rng, sampler = exam.rng(f"t {dof} {N}"), multivariate_t(dof)
    layers = (layer(SIGNED, sampler(3, N, rng)) for _ in range(trials))
    return np.array([alignment(attribution((hidden,), GBP, ones(N, rng)), SIGNED) for hidden in layers])


def infinite_variance_evidence(exam: Examination, dof: float = 1.5) -> list[Evidence]:
    """The median α in a wide layer, held against ≤ 0.98."""
    N, miss = exam.pick(1 << 15, 1 << 18), exam.budget.spend(1)
    values = sample_t_alignments(exam, dof, N, 100)
    return [
        median_evidence(
            f"median α ≤ {1 - DELTA}: multivariate t, {dof} degrees of freedom, d = 3, N = {N}",
            values,
            NOT_ALIGNED,
            miss,
            details={"N": N, "quartiles": [float(q) for q in np.quantile(values, (0.25, 0.75))]},
        )
    ]


def two_widths(exam: Examination) -> tuple[int, int]:
    """Two widths far apart."""
    return 1 << 6, exam.pick(1 << 13, 1 << 17)


def infinite_mean_evidence(exam: Examination, widths: tuple[int, ...], dof: float = 0.5) -> list[Evidence]:
    """How often α ≤ 0.95, at these widths, held against at least half of all maps."""
    miss, found = exam.budget.spend(len(widths)), []
    for N in widths:
        values = sample_t_alignments(exam, dof, N, 300)
        found.append(
            proportion_evidence(
                f"P(α ≤ 0.95) ≥ ½: multivariate t, {dof} degrees of freedom, d = 3, N = {N}",
                int(np.sum(values <= 0.95)),
                len(values),
                Claimed.between(0.5, 1.0),
                miss,
                details={"N": N, "median": float(np.median(values))},
            )
        )
    return found


def examine_infinite_mean(exam: Examination) -> list[Evidence]:
    """The derivation, and samples at half a degree of freedom."""
    return [derivation_evidence(no_mean.infinite_mean), *infinite_mean_evidence(exam, two_widths(exam))]


CLAIMS = (
    Claim(
        id="isotropy-infinite-variance",
        title="Does infinite variance break alignment?",
        source="Theorem 1 says nothing of moments",
        statement=(
            "Rotation-invariant weights of infinite variance: the median α stays below 0.98 however wide the layer."
        ),
        premises=(ONE_LAYER, "multivariate t, 1.5 degrees of freedom: E‖w‖ < ∞, E‖w‖² = ∞"),
        examine=infinite_variance_evidence,
        control=BrokenPremise(
            premise="finite variance: 3 degrees of freedom", examine=lambda exam: infinite_variance_evidence(exam, 3.0)
        ),
        restored=RestoredPremise(
            premise="infinite mean: half a degree of freedom",
            examine=lambda exam: infinite_variance_evidence(exam, 0.5),
        ),
        blind="It samples a law of its own, at α near 1: it sees no break of a family, nor of GBP's filter.",
    ),
    Claim(
        id="isotropy-infinite-mean",
        title="An infinite mean breaks alignment, isotropic or not",
        source="a premise that Theorem 1 leaves out",
        statement=(
            "Rotation-invariant weights with P(‖w‖ > t) ~ t^{−ν}, ν < 1, d ≥ 2: α tends in law to a random limit "
            "below 1; for ν = ½ and d = 3 at least half of all maps have α ≤ 0.95."
        ),
        premises=(ONE_LAYER, "multivariate t, ½ degree of freedom"),
        examine=examine_infinite_mean,
        control=BrokenPremise(
            premise="a finite mean: 1.5 degrees of freedom, in the wide layer",
            examine=lambda exam: infinite_mean_evidence(exam, two_widths(exam)[1:], 1.5),
        ),
        blind="It samples a law of its own and counts α ≤ 0.95: it sees no break of a family, nor of GBP's filter.",
    ),
)
