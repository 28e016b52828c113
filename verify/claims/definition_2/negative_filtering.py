"""Does ineq. 13 imply a better alignment? It raises ⟨R, x⟩, but α divides by ‖R‖."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

from nfrlab.simulations.dense import layer, rules
from nfrlab.theory.weighting.proofs import orthogonal_neurons as orthogonal_proofs
from nfrlab.verify.claims.premises import PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination
from nfrlab.verify.court.evidence import Evidence
from nfrlab.verify.examine.derivation import derivation_evidence
from nfrlab.verify.examine.exact.integer_layers import (
    Shapes,
    as_case,
    from_rotation,
    has_orthogonal_columns,
    orthogonal_layer,
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
from nfrlab.verify.examine.stated_draws import INPUTS, random_layer_draw, trained_layer_draw

DRAWS = {
    **{name: random_layer_draw(x_of) for name, x_of in INPUTS.items()},
    "layer 2 of a digits network": trained_layer_draw("gbp"),
    "layer 1 of a digits network": trained_layer_draw("gbp", number=1),
}


def alignments(case: Case) -> tuple[Fraction | None, Fraction | None]:
    """Signed squares of α of the plain gradient and of GBP; None where a map is zero."""
    passed, x, r = layer(case["x"], case["W"]), case["x"], case["r"]
    return signed_square_alignment(rules.grad(passed, r), x), signed_square_alignment(rules.gbp(passed, r), x)


def implication_statement(
    text: str,
    parameters: Shapes,
    build: Callable[[Parameters], Case],
    premise: Callable[[Case], bool],
    draws: Mapping[str, Draw] | None = None,
) -> ExactStatement:
    """The statement that ⟨x, R_gbp⟩ > ⟨x, R⟩ ⇒ α(R_gbp, x) ≥ α(R, x), R the plain gradient, where both are defined.

    Parameters
    ----------
    text
        The statement in words.
    parameters, build
        What is drawn, and the case that it stands for.
    premise
        A further premise on the case.
    draws
        Stated draws under which the reach of a violation is measured.
    """

    def admissible(case: Case) -> bool:
        passed, x, r = layer(case["x"], case["W"]), case["x"], case["r"]
        raised = x @ rules.gbp(passed, r) > x @ rules.grad(passed, r)
        return premise(case) and raised and None not in alignments(case)

    def holds(case: Case) -> bool:
        plain, filtered = alignments(case)
        return plain is None or filtered is None or filtered >= plain

    def sides(case: Case) -> dict[str, str]:
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
        sides=sides,
        size=size,
        perturbed=("x", "W", "r") if build is as_case else ("x", "r"),
        draws=draws or {},
    )


def printed(exam: Examination) -> list[Evidence]:
    """A search over any weights."""
    text = "ineq. 13 strict for GBP ⇒ α(R_gbp, x) ≥ α(R_grad, x)"
    return search(implication_statement(text, small_layer(), as_case, lambda case: True, DRAWS), exam, "any weights")


def repair(exam: Examination) -> list[Evidence]:
    """Orthogonal active neurons: the derivation, and a search that has to fail."""
    statement = implication_statement(
        "orthogonal neurons: α(R_gbp, x) ≥ α(R_grad, x)", orthogonal_layer(), from_rotation, has_orthogonal_columns
    )
    return [derivation_evidence(orthogonal_proofs.filtering_orthogonal), *search(statement, exam, "orthogonal")]


def examine_reversed_conclusion(exam: Examination) -> list[Evidence]:
    """The conclusion turned round: does GBP never *raise* the alignment?"""
    forward = implication_statement("α never raised", small_layer(), as_case, lambda case: True)
    reversed_statement = ExactStatement(
        "ineq. 13 strict for GBP ⇒ α(R_gbp, x) ≤ α(R_grad, x)",
        forward.parameters,
        as_case,
        forward.admissible,
        holds=lambda case: forward.size(case) >= 0,
        sides=forward.sides,
        size=lambda case: -forward.size(case),
        perturbed=forward.perturbed,
    )
    return search(reversed_statement, exam, "reversed")


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
        control=BrokenPremise(premise="the conclusion turned round: α ≤", examine=examine_reversed_conclusion),
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
