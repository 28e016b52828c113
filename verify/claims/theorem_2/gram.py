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
from nfrlab.verify.examine.derivation import derivation_evidence
from nfrlab.verify.examine.exact.gram_cases import (
    SIGMAS,
    active_part,
    agrees_with_formula,
    conditioned_layer,
    from_singular_values,
    has_condition,
    is_wide_enough,
    solve,
    wide_layer,
)
from nfrlab.verify.examine.exact.search import search
from nfrlab.verify.examine.exact.statement import Case, ExactStatement, once, signed_square_alignment, to_fractions
from nfrlab.verify.examine.exact.weightings import gradient_map, inequality
from nfrlab.verify.examine.gram_layers import SOURCES, sample_layers
from nfrlab.verify.examine.statistics import POINTS, distribution_evidence

ROUNDING = 1e-12
"""Of an alignment in float64."""
LAYER = 27, 9
"""(d, N) where α* is sampled."""


def holds_by_formula(case: Case) -> bool:
    """Whether α(A) ≥ α(r) by the theory's formula."""
    G, A, r = active_part(case)
    return bool(r @ A <= 0 or gram.advantage(G, A, r) >= 0)


def ordering_statement(text: str, power: int) -> ExactStatement:
    """The statement that α(A) ≥ α(r) wherever r is at the angle to A that the condition asks for at κ = ratio^power."""

    def premise(case: Case) -> bool:
        return bool(np.any(layer(case["x"], case["W"]).mask)) and is_wide_enough(case, power) and has_condition(case)

    layers = wide_layer(power)
    statement = inequality(text, gradient_map, layers, from_singular_values, premise, perturbed=("A", "r"))
    return replace(statement, second=holds_by_formula, agree=agrees_with_formula)


def examine_condition(exam: Examination) -> list[Evidence]:
    """The derivation, an exact search that has to fail, and layers random and real."""
    statement = ordering_statement("tan φ ≥ √κ − 1/√κ ⇒ α(A) ≥ α(r)", power=2)
    proven = derivation_evidence(gram_proofs.gram_condition)
    return [proven, *search(statement, exam, "sharp"), *occurring_layers_evidence(exam)]


def examine_root_forgotten(exam: Examination) -> list[Evidence]:
    """The search with σ_max/σ_min = √κ in place of κ."""
    return search(ordering_statement("κ replaced by √κ", power=1), exam, "root")


def occurring_layers_evidence(exam: Examination) -> list[Evidence]:
    """How often Activation loses by more than rounding, and how often the condition holds, in layers as they occur.

    They are random layers at real patches and layers of the trained digits network. A layer that meets the condition
    and is lost refutes; all others are the reach.
    """
    miss = exam.budget.spend(2 * len(SOURCES), 0.5)
    return [_occurring_layer(exam, name, miss) for name in SOURCES]


def _occurring_layer(exam: Examination, name: str, miss: float) -> Evidence:
    sampled = sample_layers(name, exam.pick(60, 1500), exam.rng(name), exam.images)
    n, holds = len(sampled["kappa"]), sampled["tangent"] >= sampled["needed"] * (1 + 1e-9)
    loses = sampled["advantage"] < -ROUNDING
    lost = -sampled["advantage"][loses]
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
            "median κ": float(np.median(sampled["kappa"])),
            "median tan φ": float(np.median(sampled["tangent"])),
            "median share of α* reached": float(np.median(sampled["reached"])),
        },
    )


def best_alignments(case: Case) -> tuple[Fraction, Fraction, Fraction]:
    """Signed squares of α*, α(A) and α(r), the alignments of the maps of G⁻¹A, A and r; 0 for a zero map."""
    passed = layer(case["x"], case["W"])
    G, A, _ = active_part(case)
    best = 0 * passed.act
    best[passed.mask] = solve(G, A)
    squares = [signed_square_alignment(gradient_map(case, r), case["x"]) for r in (best, passed.act, case["r"])]
    return tuple(Fraction(0) if square is None else square for square in squares)  # type: ignore[return-value]


def predicted_alignments(case: Case) -> tuple[Fraction, Fraction, Fraction]:
    """The same three in closed form, that of α* as `AᵀG⁻¹A / ‖x‖²`."""
    G, A, r = active_part(case)
    square = case["x"] @ case["x"]
    by_activation, by_r = (gram.square_alignment(s, G, A, square) or Fraction(0) for s in (A, r))
    return Fraction(A @ solve(G, A) / square), by_activation, by_r


def bound_statement(power: int) -> ExactStatement:
    """The statement that `α(r) ≤ α*` and `α(A)² ≥ 4κ/(1 + κ)² α*²`, κ = σ^power, σ the ratio of singular values."""

    def shares(case: Case) -> tuple[Fraction, Fraction]:
        """The larger and the smaller side of what is nearest to failing: `α*² ≥ α(r)²` or `α(A)² ≥ bound`."""
        best, by_activation, by_r = best_alignments(case)
        kappa = case["ratio"] ** power
        bound = 4 * kappa / (1 + kappa) ** 2 * best
        return min((best, by_r), (by_activation, bound), key=lambda pair: pair[0] - pair[1])

    @once
    def shortage(case: Case) -> Fraction:
        larger, smaller = shares(case)
        return smaller - larger

    return ExactStatement(
        f"α(r) ≤ α*, and α(A) ≥ 2√κ/(1 + κ) α*, κ = σ^{power}, σ the ratio of singular values",
        conditioned_layer(),
        from_singular_values,
        lambda case: has_condition(case) and bool(np.any(layer(case["x"], case["W"]).mask)),
        holds=lambda case: shortage(case) <= 0,
        agree=lambda case: best_alignments(case) == predicted_alignments(case),
        tied=lambda case: shortage(case) == 0,
        sides=lambda case: dict(zip(("squared alignment", "squared bound"), map(str, shares(case)), strict=True)),
        size=lambda case: float(shortage(case)),
        perturbed=("A", "r"),
    )


def extreme_case_evidence(exam: Examination) -> Evidence:
    """W = diag(σ, 1), A = (1, 1): whether Activation reaches exactly 2√κ/(1 + κ) of α*, κ = σ², for every σ tried."""
    exactly = True
    for sigma in SIGMAS:
        case = {"x": to_fractions([1 / sigma, 1]), "W": to_fractions([[sigma, 0], [0, 1]]), "r": to_fractions([1, 1])}
        best, by_activation, _ = best_alignments(case)
        exactly = exactly and by_activation == 4 * sigma**2 / (1 + sigma**2) ** 2 * best
    return Evidence(
        kind=Kind.IDENTITY,
        statement="A = (1, 1), G = diag(κ, 1): α(A) = 2√κ/(1 + κ) α*",
        finding=Finding.SUPPORTS if exactly else Finding.UNDECIDED,
        method="simulated in exact rationals",
        n=len(SIGMAS),
    )


def gaussian_layers_evidence(exam: Examination) -> Evidence:
    """The distribution of α* of Gaussian layers, held against the exact law of Activation's α on one Haar frame."""
    (d, N), miss, delta = LAYER, exam.budget.spend(1), exam.pick(0.05, 0.02)
    n = int(intervals.distribution_plan(miss, delta, POINTS) / (1 - 0.5**N) * 1.05)
    values = pairs.alignments(("best",), d, N, n, exam.rng("best"), whole=True)[:, 0]
    text = f"sup |P(α* ≤ a) − P(α ≤ a on a frame)|, Gaussian weights, d = {d}, N = {N} = 0 ± {delta}"
    law = alignment_law("activation", "haar", d, N)
    return distribution_evidence(text, values[~np.isnan(values)], law, Claimed.exactly(0.0, delta), miss)


def examine_best_weighting(exam: Examination) -> list[Evidence]:
    """The derivation, an exact search that has to fail, the extreme case, and Gaussian layers."""
    return [
        derivation_evidence(gram_proofs.gram_best),
        *search(bound_statement(power=2), exam, "best"),
        extreme_case_evidence(exam),
        gaussian_layers_evidence(exam),
    ]


CLAIMS = (
    Claim(
        id="gram-sufficient",
        title="Theorem 2 for any Gram matrix that is well enough conditioned",
        source="Theorem 2 without orthogonality",
        statement=(
            "α(R_a, x) ≥ α(R_r, x) for r_a = A and every r at an angle φ to A with tan φ ≥ √κ − 1/√κ, that is cos²φ ≤ "
            "κ/(κ² − κ + 1); κ is the condition number of the Gram matrix of the active neurons."
        ),
        premises=(SINGULAR, "r of any sign, not zero on the active set; always at φ ≥ π/2"),
        examine=examine_condition,
        control=BrokenPremise(premise="κ replaced by the ratio of singular values √κ", examine=examine_root_forgotten),
        notices=("biases-5",),
        blind="Layers as they occur, and the floats measured on them, are its reach, of which nothing is claimed.",
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
        examine=examine_best_weighting,
        control=BrokenPremise(
            premise="κ replaced by the ratio of singular values √κ",
            examine=lambda exam: search(bound_statement(power=1), exam, "root"),
        ),
        notices=("alpha-5", "biases-5"),
        blind="Weights of another law, and an α smaller by 2 %, which the margin of 0.05 admits.",
    ),
)
