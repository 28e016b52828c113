"""Does ineq. 13 imply a better alignment? It raises ⟨R, x⟩, but α divides by ‖R‖."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

from nfrlab.simulations.dense import layer, rules
from nfrlab.simulations.dense.arrays import Array
from nfrlab.theory.weighting.proofs import orthogonal_neurons as orthogonal_proofs
from nfrlab.verify.claims.premises import PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination, RestoredPremise
from nfrlab.verify.court.evidence import Evidence
from nfrlab.verify.examine.derivation import derivation_evidence
from nfrlab.verify.examine.exact.integer_layers import (
    NEGATIVE,
    POSITIVE,
    SHAPES,
    Shapes,
    as_case,
    from_rotation,
    has_orthogonal_columns,
    orthogonal_layer,
    small_layer,
)
from nfrlab.verify.examine.exact.search import search
from nfrlab.verify.examine.exact.statement import (
    Case,
    Draw,
    ExactStatement,
    Parameters,
    once,
    signed_square_alignment,
    to_alignment,
)
from nfrlab.verify.examine.exact.weightings import passed_by_gbp, passed_whole, predicted_square
from nfrlab.verify.examine.stated_draws import INPUTS, random_layer_draw, trained_layer_draw

DRAWS = {
    **{name: random_layer_draw(x_of) for name, x_of in INPUTS.items()},
    "layer 2 of a digits network": trained_layer_draw("gbp"),
    "layer 1 of a digits network": trained_layer_draw("gbp", number=1),
}


@once
def alignments(case: Case) -> tuple[Fraction | None, Fraction | None]:
    """Signed squares of α of the plain gradient and of GBP; None where a map is zero."""
    plain, filtered = maps(case)
    return signed_square_alignment(plain, case["x"]), signed_square_alignment(filtered, case["x"])


@once
def maps(case: Case) -> tuple[Array, Array]:
    """The maps of the plain gradient and of GBP."""
    passed = layer(case["x"], case["W"], case.get("b"))
    return rules.grad(passed, case["r"]), rules.gbp(passed, case["r"])


def predicted(case: Case) -> tuple[Fraction | None, Fraction | None]:
    """The same in closed form, for orthogonal active neurons."""
    return predicted_square(case, case["r"], passed_whole), predicted_square(case, case["r"], passed_by_gbp)


def implication_statement(
    text: str,
    parameters: Shapes,
    build: Callable[[Parameters], Case] = as_case,
    orthogonal: bool = False,
    draws: Mapping[str, Draw] | None = None,
) -> ExactStatement:
    """The statement that ⟨x, R_gbp⟩ > ⟨x, R⟩ ⇒ α(R_gbp, x) ≥ α(R, x), R the plain gradient, where both are defined.

    Parameters
    ----------
    text
        The statement in words.
    parameters, build
        What is drawn, and the case that it stands for.
    orthogonal
        Whether neurons are orthogonal: a premise, under which both alignments have a closed form.
    draws
        Stated draws under which the reach of a violation is measured.
    """

    def admissible(case: Case) -> bool:
        plain, filtered = maps(case)
        raised = case["x"] @ filtered > case["x"] @ plain
        orthonormal = not orthogonal or has_orthogonal_columns(case, equal=False)
        return orthonormal and raised and None not in alignments(case)

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
        agree=(lambda case: alignments(case) == predicted(case)) if orthogonal else None,
        tied=lambda case: alignments(case)[0] == alignments(case)[1],
        sides=sides,
        size=size,
        perturbed=("x", "W", "r"),
        draws=draws or {},
    )


PRINTED = "ineq. 13 strict for GBP ⇒ α(R_gbp, x) ≥ α(R_grad, x)"
SIGNS = NEGATIVE, POSITIVE
"""Of the first two entries of r: GBP drops one active neuron and keeps another."""
SEVERAL = [(d, N) for d, N in SHAPES if d > 1 and N > 1]
"""Shapes (d, N) in which it can do so, and alignments differ."""


def any_weights() -> Shapes:
    """The parameters of layers of any weights, the first neuron active with r_1 < 0."""
    return small_layer(lead={"r": SIGNS}, shapes=SEVERAL)


def printed(exam: Examination) -> list[Evidence]:
    """A search over any weights."""
    return search(implication_statement(PRINTED, any_weights(), draws=DRAWS), exam, "any weights")


def examine_orthogonal(exam: Examination) -> list[Evidence]:
    """The search over orthogonal active neurons of any norms, drawn as such."""
    layers = orthogonal_layer(r=SIGNS, scales=POSITIVE)
    text = f"orthogonal neurons: {PRINTED}"
    return search(implication_statement(text, layers, from_rotation, orthogonal=True), exam, "orthogonal")


def repair(exam: Examination) -> list[Evidence]:
    """Orthogonal active neurons: the derivation, and a search that has to fail."""
    return [derivation_evidence(orthogonal_proofs.filtering_orthogonal), *examine_orthogonal(exam)]


def lifted(drawn: Parameters) -> Parameters:
    """The parameters with the biases that make every neuron active."""
    case = from_rotation(drawn)
    z = case["W"].T @ case["x"]
    return drawn | {"b": [1 - value if value <= 0 else 0 for value in z]}


def examine_biased(exam: Examination) -> list[Evidence]:
    """The search over orthogonal neurons of which a bias lifts the second one above 0."""
    layers = tuple(shape.map(lifted) for shape in orthogonal_layer(z=(POSITIVE, NEGATIVE), r=SIGNS))
    return search(implication_statement(f"with biases: {PRINTED}", layers, from_rotation), exam, "biased")


def examine_any_weights(exam: Examination) -> list[Evidence]:
    """The repaired statement's search over weights that need not be orthogonal."""
    return search(implication_statement(PRINTED, any_weights()), exam, "any weights")


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
        control=BrokenPremise(
            premise="orthogonal neurons with biases, so that one points away from x", examine=examine_biased
        ),
        restored=RestoredPremise(premise="neurons orthogonal, of any norms", examine=examine_orthogonal),
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
        control=BrokenPremise(premise="neurons not orthogonal", examine=examine_any_weights),
        repairs="negative-filtering-implies-alignment",
    ),
)
