"""Activation lies above every NFR (Fig. 2a): in dense stacks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nfrlab.simulations.dense import activation, cascade
from nfrlab.theory.numerics.vectors import positive_part
from nfrlab.theory.weighting.proofs import orthogonal_neurons as orthogonal_proofs
from nfrlab.verify.claims.premises import ONE_COUNTEREXAMPLE, PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination, RestoredPremise
from nfrlab.verify.court.evidence import Evidence
from nfrlab.verify.examine.derivation import derivation_evidence
from nfrlab.verify.examine.exact.integer_layers import POSITIVE, SMALL, Shapes
from nfrlab.verify.examine.exact.search import search
from nfrlab.verify.examine.exact.statement import Case, ExactStatement
from nfrlab.verify.examine.stacks.dense import (
    DEPTH,
    DRAWS,
    PREMISES,
    RULES,
    Checks,
    Layers,
    Pairs,
    Stacks,
    cascade_maps,
    column_difference,
    in_dispute,
    ordered_pairs_statement,
    rising_means_evidence,
    squared_alignments,
    stack_parameters,
)
from nfrlab.verify.examine.stacks.orthogonal import (
    from_orthogonal_stack,
    orthogonal_stacks,
    predicted_alignment,
    relevance_above,
)

EQUAL = range(1, 2)
"""Lengths of the first layer's columns, in units of the rotation's."""


def dominance_statement(name: str, stacks: Shapes, where: str = "", **further: Any) -> ExactStatement:
    """The statement that Activation at layer L − N is at least as aligned as the N-level cascade, 1 ≤ N < L.

    Arguments as in `examine.stacks.dense.ordered_pairs_statement`.
    """

    def pairs(layers: Layers) -> Pairs:
        x, L = layers[0].a, len(layers)
        by_rule = squared_alignments(cascade_maps(layers, RULES[name])[1:-1], x)
        by_activation = squared_alignments([activation(layers, L - N) for N in range(1, L)], x)
        return list(zip(by_rule, by_activation, strict=True))

    return ordered_pairs_statement(f"{where}Activation ≥ {name} at every cascade level", pairs, stacks, **further)


def lead_checks(name: str, stacks: Stacks) -> Checks:
    """The mean lead of Activation over a rule at levels 1 … L − 1."""
    return [
        (f"E[α of Activation − α of {name}] > 0 at level {N}", stacks, column_difference(DEPTH + N, N))
        for N in range(1, DEPTH)  # at level L Activation is the input itself
    ]


def printed(exam: Examination) -> list[Evidence]:
    """A search for each rule, stack by stack."""
    statements = {name: dominance_statement(name, stack_parameters(), draws=DRAWS) for name in RULES}
    return [piece for name in RULES for piece in search(statements[name], exam, name, 1 / len(RULES))]


def predicted_at_first_layer(name: str) -> Callable[[Case], Pairs]:
    """α of a rule's cascade of one hidden layer and of Activation there, in closed form: z⁺ drops what is negative."""

    def pair(case: Case) -> Pairs:
        r = relevance_above(case)
        by_rule = predicted_alignment(case, positive_part(r) if name == "z⁺" else r)
        return [(by_rule, predicted_alignment(case, positive_part(case["W1"].T @ case["x"])))]

    return pair


def orthogonal_statement(name: str, scales: range, where: str) -> ExactStatement:
    """The statement in stacks with one hidden layer, orthogonal with columns of these lengths."""
    return dominance_statement(
        name,
        orthogonal_stacks(scales, v=SMALL),
        where,
        build=from_orthogonal_stack,
        predicted=predicted_at_first_layer(name),
    )


def examine_orthogonal(exam: Examination) -> list[Evidence]:
    """The searches in stacks with one hidden layer, orthogonal and of equal norms."""
    return [piece for name in RULES for piece in search(orthogonal_statement(name, EQUAL, "orthogonal: "), exam, name)]


def examine_unequal_norms(exam: Examination) -> list[Evidence]:
    """The same searches with columns that differ in length."""
    where = "orthogonal, unequal norms: "
    return [piece for name in RULES for piece in search(orthogonal_statement(name, POSITIVE, where), exam, name)]


def first_layer_statement(name: str, scales: range, where: str) -> ExactStatement:
    """The statement that Activation at the first layer is as aligned as whatever the rule brings there."""

    def pairs(layers: Layers) -> Pairs:
        maps = [cascade(layers, RULES[name], len(layers) - 1), activation(layers, 1)]
        by_rule, by_activation = squared_alignments(maps, layers[0].a)
        return [(by_rule, by_activation)]

    text = f"{where}: α of Activation at layer 1 ≥ α of the (L − 1)-level cascade of {name}"
    stacks = orthogonal_stacks(scales, v=SMALL, deep=name == "GBP")
    return ordered_pairs_statement(
        text, pairs, stacks, build=from_orthogonal_stack, predicted=predicted_at_first_layer(name)
    )


def first_layer_searches(exam: Examination, scales: range, where: str) -> list[Evidence]:
    """A search for each rule; GBP's in deeper stacks, too."""
    statements = {name: first_layer_statement(name, scales, where) for name in RULES}
    return [piece for name in RULES for piece in search(statements[name], exam, name)]


def repair(exam: Examination) -> list[Evidence]:
    """Proven at an orthogonal first layer, with searches that have to fail; sampled at every level of random stacks."""
    searched = first_layer_searches(exam, EQUAL, "orthogonal first layer")
    sampled = [] if in_dispute(searched) else rising_means_evidence(exam, lead_checks)
    return [derivation_evidence(orthogonal_proofs.lagrange), *searched, *sampled]


def examine_unequal_first_layer(exam: Examination) -> list[Evidence]:
    """The searches at an orthogonal first layer whose columns differ in length."""
    return first_layer_searches(exam, POSITIVE, "orthogonal first layer, unequal norms")


CLAIMS = (
    Claim(
        id="activation-dominates",
        title="Activation aligns better than every NFR",
        source=f"{PAPER}, Sec. IV-A, Fig. 2a",
        statement=(
            "Weighting by the activation at layer L − N consistently outperforms the N-level cascade of every NFR, 1 "
            "≤ N < L."
        ),
        premises=("dense bias-free ReLU stacks, a positive output explained", "wherever both alignments are defined"),
        examine=printed,
        control=BrokenPremise(premise="orthogonal neurons, but of unequal norms", examine=examine_unequal_norms),
        restored=RestoredPremise(premise="one hidden layer, orthogonal and of equal norms", examine=examine_orthogonal),
        blind=ONE_COUNTEREXAMPLE,
    ),
    Claim(
        id="activation-dominates-repair",
        title="Activation aligns better than every NFR on average",
        source="repair of activation-dominates",
        statement=(
            "In random Gaussian stacks the mean α of Activation at layer L − N is above that of the N-level cascade of "
            "GBP, RectGrad and z⁺, for 1 ≤ N < L. In every network whose first layer is orthogonal with equal norms, "
            "Activation there is at least as aligned as the (L − 1)-level cascade of any rule."
        ),
        premises=PREMISES,
        examine=repair,
        control=BrokenPremise(premise="a first layer of unequal norms", examine=examine_unequal_first_layer),
        notices=(
            "zplus-leaks-5",
            "gbp-leaks-5",
            "biases-5",
            "activation-is-root",
            "activation-is-one",
            "cascade-off-by-one",
        ),
        blind="Activation keeps its lead over RectGrad at another quantile, and where every α is smaller.",
        repairs="activation-dominates",
    ),
)
