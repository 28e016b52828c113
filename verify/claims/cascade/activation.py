"""Activation lies above every NFR (Fig. 2a): in dense stacks."""

from __future__ import annotations

from nfrlab.simulations.dense import activation, cascade
from nfrlab.theory.weighting.proofs import orthogonal_neurons as orthogonal_proofs
from nfrlab.verify.claims.premises import PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination
from nfrlab.verify.court.evidence import Evidence
from nfrlab.verify.examine.dense_stacks import (
    DEPTH,
    PREMISES,
    RULES,
    Checks,
    Layers,
    Pairs,
    Stacks,
    cascade_maps,
    column_difference,
    examination_over_rules,
    ordered_pairs_statement,
    restrict_to_orthogonal_stacks,
    squared_alignments,
)
from nfrlab.verify.examine.derivation import derivation_evidence
from nfrlab.verify.examine.exact.search import search
from nfrlab.verify.examine.exact.statement import ExactStatement


def dominance_statement(name: str, reverse: bool = False) -> ExactStatement:
    """The statement that Activation at layer L − N is at least as aligned as the N-level cascade, 1 ≤ N < L.

    With `reverse`, that it is at most as aligned.
    """

    def pairs(layers: Layers) -> Pairs:
        x, L = layers[0].a, len(layers)
        by_rule = squared_alignments(cascade_maps(layers, RULES[name])[1:-1], x)
        by_activation = squared_alignments([activation(layers, L - N) for N in range(1, L)], x)
        both = zip(by_rule, by_activation, strict=True)
        return [(b, a) if reverse else (a, b) for a, b in both]

    return ordered_pairs_statement(f"Activation {'≤' if reverse else '≥'} {name} at every cascade level", pairs)


def lead_checks(name: str, stacks: Stacks, sign: int = 1) -> Checks:
    """The mean lead of Activation over a rule at levels 1 … L − 1; with `sign` −1 it is claimed not to be positive."""
    word = "" if sign == 1 else "reversed: "
    return [
        (
            f"{word}E[α of Activation − α of {name}] ≥ 0 at level {N}",
            stacks,
            column_difference(DEPTH + N, N, sign),
        )
        for N in range(1, DEPTH)  # at level L Activation is the input itself
    ]


def printed(exam: Examination) -> list[Evidence]:
    """A search for each rule, stack by stack."""
    return [piece for name in RULES for piece in search(dominance_statement(name), exam, name, 1 / len(RULES))]


def first_layer_statement(name: str) -> ExactStatement:
    """The statement that Activation at an orthogonal first layer is as aligned as whatever the rule brings there."""

    def pairs(layers: Layers) -> Pairs:
        maps = [cascade(layers, RULES[name], len(layers) - 1), activation(layers, 1)]
        by_rule, by_activation = squared_alignments(maps, layers[0].a)
        return [(by_rule, by_activation)]

    text = f"α of Activation at layer 1 ≥ α of the (L − 1)-level cascade of {name}"
    return restrict_to_orthogonal_stacks(ordered_pairs_statement(text, pairs), text)


def repair(exam: Examination) -> list[Evidence]:
    """Proven at an orthogonal first layer, with searches that have to fail; sampled at every level of random stacks."""
    searches = [piece for name in RULES for piece in search(first_layer_statement(name), exam, f"orthogonal {name}")]
    return [derivation_evidence(orthogonal_proofs.lagrange), *searches, *examination_over_rules(lead_checks)(exam)]


examine_reversed_lead = examination_over_rules(lambda name, stacks: lead_checks(name, stacks, sign=-1))
"""Activation claimed to lie below each rule, on average."""

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
        control=BrokenPremise(
            premise="turned round: ≤",
            examine=lambda exam: search(dominance_statement("GBP", reverse=True), exam, "reversed"),
        ),
    ),
    Claim(
        id="activation-dominates-repair",
        title="Activation aligns better than every NFR on average",
        source="repair of activation-dominates",
        statement=(
            "In random Gaussian stacks the mean α of Activation at layer L − N is at least that of the N-level "
            "cascade of GBP, RectGrad and z⁺, for 1 ≤ N < L. In every network whose first layer is orthogonal with "
            "equal norms, Activation there is at least as aligned as the (L − 1)-level cascade of any rule."
        ),
        premises=PREMISES,
        examine=repair,
        control=BrokenPremise(premise="Activation claimed to be below", examine=examine_reversed_lead),
        repairs="activation-dominates",
    ),
)
