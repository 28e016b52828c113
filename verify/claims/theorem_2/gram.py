"""Theorem 2 without orthogonality: any Gram matrix, a sufficient condition on it, and the best weighting there is."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np

from nfrlab.simulations.dense import layer
from nfrlab.simulations.dense.reduced import pairs
from nfrlab.theory.finite_width.law import alignment_law
from nfrlab.theory.weighting import gram
from nfrlab.theory.weighting.proofs import gram as gram_proofs
from nfrlab.verify import intervals
from nfrlab.verify.claims.premises import SINGULAR
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination
from nfrlab.verify.court.evidence import Claimed, Evidence, Finding, Kind
from nfrlab.verify.examine.derivation import derived
from nfrlab.verify.examine.exact.gram_cases import (
    SIGMAS,
    active,
    conditioned,
    from_singular_values,
    has_condition,
    solve,
    wide_enough,
)
from nfrlab.verify.examine.exact.search import Case, ExactStatement, exact, search, signed_square_alignment
from nfrlab.verify.examine.exact.weightings import gradient_map, inequality
from nfrlab.verify.examine.gram_layers import SOURCES, layers
from nfrlab.verify.examine.statistics import POINTS, distribution_evidence

ROUNDING = 1e-12  # of an alignment
LAYER = 27, 9  # (d, N) where α* is sampled


def by_formula(case: Case) -> bool:
    """The theory's sign of α(A) − α(r)."""
    G, A, r = active(case)
    return bool(r @ A <= 0 or gram.advantage(G, A, r) >= 0)


def ordering(text: str, power: int) -> ExactStatement:
    """α(A) ≥ α(r) wherever r is at an angle to A that the sharp condition asks for at ratio^power."""

    def premise(case: Case) -> bool:
        return bool(np.any(layer(case["x"], case["W"]).mask)) and wide_enough(case, power) and has_condition(case)

    statement = inequality(text, gradient_map, conditioned(), from_singular_values, premise, perturbed=("A", "r"))
    return replace(statement, second=by_formula)


def sufficient(exam: Examination) -> list[Evidence]:
    """Derivation, an exact search that has to fail, and layers random and real."""
    text = "tan φ ≥ √κ − 1/√κ ⇒ α(A) ≥ α(r)"
    return [
        derived(gram_proofs.gram_condition),
        *search(ordering(text, power=2), exam, "sharp"),
        *real(exam),
    ]


def root_forgotten(exam: Examination) -> list[Evidence]:
    """The same with σ_max/σ_min for κ."""
    return search(ordering("κ replaced by √κ", power=1), exam, "root")


def real(exam: Examination) -> list[Evidence]:
    """How often Activation loses by more than rounding, and how often the condition holds, in random layers on real
    patches and in the trained digits network. A layer that meets the condition and is lost refutes.
    """
    miss = exam.budget.spend(2 * len(SOURCES), 0.5)
    return [_real(exam, name, miss) for name in SOURCES]


def _real(exam: Examination, name: str, miss: float) -> Evidence:
    seen = layers(name, exam.pick(60, 1500), exam.rng(name), exam.images)
    n, holds = len(seen["kappa"]), seen["tangent"] >= seen["needed"] * (1 + 1e-9)
    loses = seen["advantage"] < -ROUNDING
    lost = -seen["advantage"][loses]
    return Evidence(
        kind=Kind.REACH,
        statement=f"Activation loses, condition or not: {name}",
        finding=Finding.REFUTES if np.any(holds & loses) else Finding.SILENT,
        method="Clopper–Pearson",
        miss=2 * miss,
        n=n,
        interval=intervals.clopper_pearson(len(lost), n, miss),
        details={
            "draw": name,
            "rate": len(lost) / n,
            "median_size": float(np.median(lost)) if len(lost) else 0.0,
            "largest_size": float(np.max(lost)) if len(lost) else 0.0,
            "the condition holds": float(holds.mean()),
            "its interval": intervals.clopper_pearson(int(holds.sum()), n, miss),
            "median κ": float(np.median(seen["kappa"])),
            "median tan φ": float(np.median(seen["tangent"])),
            "median share of α* reached": float(np.median(seen["reached"])),
        },
    )


def best_alignments(case: Case) -> tuple[Fraction, Fraction, Fraction]:
    """Signed squares of (α*, α(A), α(r)): of the maps of G⁻¹A, A and r."""
    at = layer(case["x"], case["W"])
    G, A, _ = active(case)
    s = 0 * at.act
    s[at.mask] = solve(G, A)
    squares = [signed_square_alignment(gradient_map(case, r), case["x"]) for r in (s, at.act, case["r"])]
    return tuple(Fraction(0) if square is None else square for square in squares)  # type: ignore[return-value]


def bounded(text: str, power: int) -> ExactStatement:
    """`α(r) ≤ α*`, and `α(A)² ≥ 4κ/(1 + κ)² α*²`, κ the ratio of singular values to `power`."""

    def shares(case: Case) -> tuple[Fraction, Fraction]:
        """The larger and the smaller side of what is nearest to failing: `α*² ≥ α(r)²` or `α(A)² ≥ bound`."""
        best, own, other = best_alignments(case)
        kappa = case["ratio"] ** power
        return min((best, other), (own, 4 * kappa / (1 + kappa) ** 2 * best), key=lambda pair: pair[0] - pair[1])

    def shortage(case: Case) -> Fraction:
        larger, smaller = shares(case)
        return smaller - larger

    return ExactStatement(
        text,
        conditioned(),
        from_singular_values,
        lambda case: has_condition(case) and bool(np.any(layer(case["x"], case["W"]).mask)),
        holds=lambda case: shortage(case) <= 0,
        sides=lambda case: dict(zip(("squared alignment", "squared bound"), map(str, shares(case)), strict=True)),
        size=lambda case: float(shortage(case)),
        perturbed=("A", "r"),
    )


def attained(exam: Examination) -> Evidence:
    """W = diag(σ, 1), A = (1, 1): Activation reaches exactly 2√κ/(1 + κ) of α*, κ = σ²."""
    exactly = True
    for sigma in SIGMAS:
        case = {"x": exact([1 / sigma, 1]), "W": exact([[sigma, 0], [0, 1]]), "r": exact([1, 1])}
        best, own, _ = best_alignments(case)
        exactly = exactly and own == 4 * sigma**2 / (1 + sigma**2) ** 2 * best
    return Evidence(
        kind=Kind.IDENTITY,
        statement="A = (1, 1), G = diag(κ, 1): α(A) = 2√κ/(1 + κ) α*",
        finding=Finding.SUPPORTS if exactly else Finding.UNDECIDED,
        method="simulated in exact rationals",
        n=len(SIGMAS),
    )


def on_gaussian_weights(exam: Examination) -> Evidence:
    """The distribution of α* of Gaussian layers: that of Activation's α on one Haar frame, exact."""
    (d, N), miss, delta = LAYER, exam.budget.spend(1), exam.pick(0.05, 0.02)
    n = int(intervals.distribution_plan(miss, delta, POINTS) / (1 - 0.5**N) * 1.05)
    values = pairs.alignments(("best",), d, N, n, exam.rng("best"), whole=True)[:, 0]
    text = f"sup |P(α* ≤ a) − P(α ≤ a on a frame)|, Gaussian weights, d = {d}, N = {N} = 0 ± {delta}"
    law = alignment_law("activation", "haar", d, N)
    return distribution_evidence(text, values[~np.isnan(values)], law, Claimed.exactly(0.0, delta), miss)


def best(exam: Examination) -> list[Evidence]:
    """Derivation, an exact search that has to fail, the extreme case, and Gaussian layers."""
    text = "α(r) ≤ α*, and α(A) ≥ 2√κ/(1 + κ) α*"
    statement = bounded(text, power=2)
    return [
        derived(gram_proofs.gram_best),
        *search(statement, exam, "best"),
        attained(exam),
        on_gaussian_weights(exam),
    ]


CLAIMS = (
    Claim(
        id="gram-sufficient",
        title="Theorem 2 for any Gram matrix that is conditioned well enough",
        source="Theorem 2 without orthogonality",
        statement=(
            "α(R_a, x) ≥ α(R_r, x) for r_a = A and every r at an angle φ to A with tan φ ≥ √κ − 1/√κ, that is cos²φ ≤ "
            "κ/(κ² − κ + 1); κ is the condition number of the Gram matrix of the active neurons."
        ),
        premises=(SINGULAR, "r of any sign, not zero on the active set; always at φ ≥ π/2"),
        examine=sufficient,
        control=BrokenPremise(premise="κ replaced by the ratio of singular values √κ", examine=root_forgotten),
    ),
    Claim(
        id="gram-best",
        title="The best weighting, and how far Activation falls short of it",
        source="Theorem 2 without orthogonality",
        statement=(
            "No weighting is better aligned than G⁻¹A; Activation reaches at least 2√κ/(1 + κ) of its α*, and no more "
            "in the worst case. On N ≤ d Gaussian neurons α* is distributed as Activation's α on one Haar frame."
        ),
        premises=(SINGULAR, "A ≠ 0", f"Gaussian neurons examined at (d, N) = {LAYER}"),
        examine=best,
        control=BrokenPremise(
            premise="κ replaced by the ratio of singular values √κ",
            examine=lambda exam: search(bounded("κ replaced by √κ", power=1), exam, "root"),
        ),
    ),
)
