"""Does ineq. 13 imply a better alignment? It raises ⟨R, x⟩, but α divides by ‖R‖."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

from nfrlab.simulations.dense import layer, rules
from nfrlab.theory.weighting.proofs import orthogonal_neurons as orthogonal_proofs
from nfrlab.verify.claims.premises import PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination
from nfrlab.verify.court.evidence import Evidence
from nfrlab.verify.examine.derivation import derived
from nfrlab.verify.examine.exact.integer_layers import (
    Shapes,
    as_case,
    from_rotation,
    orthogonal,
    orthogonal_columns,
    small_layer,
)
from nfrlab.verify.examine.exact.search import (
    Case,
    Draw,
    ExactStatement,
    Parameters,
    search,
    signed_square_alignment,
    to_alignment,
)
from nfrlab.verify.examine.stated_draws import INPUTS, one_layer, trained_layer

DRAWS = {
    **{name: one_layer(x_of) for name, x_of in INPUTS.items()},
    "layer 2 of a digits network": trained_layer("gbp"),
    "layer 1 of a digits network": trained_layer("gbp", level=1),
}


def alignments(case: Case) -> tuple[Fraction | None, Fraction | None]:
    """Signed squares of α of the plain gradient and of GBP."""
    at, x, r = layer(case["x"], case["W"]), case["x"], case["r"]
    return signed_square_alignment(rules.grad(at, r), x), signed_square_alignment(rules.gbp(at, r), x)


def implication(
    text: str,
    parameters: Shapes,
    build: Callable[[Parameters], Case],
    premise: Callable[[Case], bool],
    draws: Mapping[str, Draw] | None = None,
) -> ExactStatement:
    """⟨x, R_gbp⟩ > ⟨x, R⟩ ⇒ α(R_gbp, x) ≥ α(R, x), where both are defined."""

    def admissible(case: Case) -> bool:
        at, x, r = layer(case["x"], case["W"]), case["x"], case["r"]
        return premise(case) and x @ rules.gbp(at, r) > x @ rules.grad(at, r) and None not in alignments(case)

    def holds(case: Case) -> bool:
        plain, filtered = alignments(case)
        return plain is None or filtered is None or filtered >= plain

    def shown(case: Case) -> dict[str, str]:
        plain, filtered = alignments(case)
        return {"alpha_grad": f"{to_alignment(plain):.6f}", "alpha_gbp": f"{to_alignment(filtered):.6f}"}

    def size(case: Case) -> float:
        plain, filtered = alignments(case)
        return to_alignment(plain) - to_alignment(filtered)

    return ExactStatement(
        text,
        parameters,
        build,
        admissible,
        holds,
        sides=shown,
        size=size,
        perturbed=("x", "W", "r") if build is as_case else ("x", "r"),
        draws=draws or {},
    )


def printed(exam: Examination) -> list[Evidence]:
    """Any weights."""
    text = "ineq. 13 strict for GBP ⇒ α(R_gbp, x) ≥ α(R_grad, x)"
    return search(implication(text, small_layer(), as_case, lambda case: True, DRAWS), exam, "any weights")


def repair(exam: Examination) -> list[Evidence]:
    """Orthogonal active neurons: derivation, and a search that has to fail."""
    statement = implication(
        "orthogonal neurons: α(R_gbp, x) ≥ α(R_grad, x)", orthogonal(), from_rotation, orthogonal_columns
    )
    return [derived(orthogonal_proofs.filtering_orthogonal), *search(statement, exam, "orthogonal")]


def same_sign(exam: Examination) -> list[Evidence]:
    """The implication turned round: does GBP never *raise* the alignment?"""
    forward = implication("α never raised", small_layer(), as_case, lambda case: True)
    backward = ExactStatement(
        "ineq. 13 strict for GBP ⇒ α(R_gbp, x) ≤ α(R_grad, x)",
        forward.parameters,
        as_case,
        forward.admissible,
        holds=lambda case: forward.size(case) >= 0,
        sides=forward.sides,
        size=lambda case: -forward.size(case),
        perturbed=forward.perturbed,
    )
    return search(backward, exam, "reversed")


CLAIMS = (
    Claim(
        id="negative-filtering-implies-alignment",
        title="Negative filtering improves alignment",
        source=f"{PAPER}, Def. 2, Fig. 1 and text after Theorem 1",
        statement=(
            "If a filter satisfies ineq. 13, its map is better aligned with the input than the plain gradient: "
            "α(R_gbp, x) ≥ α(R_grad, x)."
        ),
        premises=("no biases", "ineq. 13 strict", "both maps non-zero", "rule GBP"),
        examine=printed,
        control=BrokenPremise(premise="the conclusion turned round: α ≤", examine=same_sign),
    ),
    Claim(
        id="negative-filtering-implies-alignment-repair",
        title="Negative filtering improves alignment for orthogonal neurons",
        source="repair of negative-filtering-implies-alignment",
        statement=(
            "If the active neurons are pairwise orthogonal, GBP never lowers the alignment: α(R_gbp, x) ≥ α(R_grad, x)."
        ),
        premises=("no biases", "active neurons orthogonal, of any norm", "both maps non-zero"),
        examine=repair,
        control=BrokenPremise(premise="neurons not orthogonal", examine=printed),
        repairs="negative-filtering-implies-alignment",
    ),
)
