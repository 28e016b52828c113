"""Activation above every NFR (Fig. 2a). In dense stacks."""

from __future__ import annotations

from fractions import Fraction

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
    Stacks,
    difference,
    in_orthogonal_stacks,
    levels,
    over_rules,
    squares,
    statement,
)
from nfrlab.verify.examine.derivation import derived
from nfrlab.verify.examine.exact.search import ExactStatement, search


def dominated(name: str, reverse: bool = False) -> ExactStatement:
    """Activation at layer L − N is at least as aligned as the N-level cascade, 1 ≤ N < L."""

    def pairs(layers: Layers) -> list[tuple[Fraction | None, Fraction | None]]:
        x, L = layers[0].a, len(layers)
        by_rule = squares(levels(layers, RULES[name])[1:-1], x)
        by_activation = squares([activation(layers, L - N) for N in range(1, L)], x)
        both = zip(by_rule, by_activation, strict=True)
        return [(b, a) if reverse else (a, b) for a, b in both]

    return statement(f"Activation {'≤' if reverse else '≥'} {name} at every cascade level", pairs)


def above(name: str, stacks: Stacks, sign: int = 1) -> Checks:
    """Activation minus the rule at levels 1 … L − 1."""
    word = "" if sign == 1 else "reversed: "
    return [
        (
            f"{word}E[α of Activation − α of {name}] ≥ 0 at level {N}",
            stacks,
            difference(DEPTH + N, N, sign),
        )
        for N in range(1, DEPTH)  # at level L Activation is the input itself
    ]


def dominance(exam: Examination) -> list[Evidence]:
    """Pathwise for each rule."""
    return [piece for name in RULES for piece in search(dominated(name), exam, name, 1 / len(RULES))]


def activation_at_the_first_layer(name: str) -> ExactStatement:
    """Activation at an orthogonal first layer is at least as aligned as whatever the rule brings there."""

    def pairs(layers: Layers) -> list[tuple[Fraction | None, Fraction | None]]:
        by_rule, by_activation = squares(
            [cascade(layers, RULES[name], len(layers) - 1), activation(layers, 1)], layers[0].a
        )
        return [(by_rule, by_activation)]

    text = f"α of Activation at layer 1 ≥ α of the (L − 1)-level cascade of {name}"
    return in_orthogonal_stacks(statement(text, pairs), text)


def dominance_repair(exam: Examination) -> list[Evidence]:
    """Proven at an orthogonal first layer, with searches that have to fail; on average at every level of random
    stacks.
    """
    searches = [
        piece for name in RULES for piece in search(activation_at_the_first_layer(name), exam, f"orthogonal {name}")
    ]
    return [derived(orthogonal_proofs.lagrange), *searches, *over_rules(above)(exam)]


below = over_rules(lambda name, stacks: above(name, stacks, sign=-1))
CLAIMS = (
    Claim(
        id="activation-dominates",
        title="Activation is above every NFR",
        source=f"{PAPER}, Sec. IV-A, Fig. 2a",
        statement=(
            "Weighting by the activation at layer L − N consistently outperforms the N-level cascade of every NFR, 1 "
            "≤ N < L."
        ),
        premises=("dense bias-free ReLU stacks, a positive output explained", "wherever both alignments are defined"),
        examine=dominance,
        control=BrokenPremise(
            premise="turned round: ≤", examine=lambda exam: search(dominated("GBP", reverse=True), exam, "reversed")
        ),
    ),
    Claim(
        id="activation-dominates-repair",
        title="Activation is above every NFR on average",
        source="repair of activation-dominates",
        statement=(
            "In random Gaussian stacks the mean α of Activation at layer L − N is at least that of the N-level "
            "cascade of GBP, RectGrad and z⁺, for 1 ≤ N < L. In every network whose first layer is orthogonal with "
            "equal norms, Activation there is at least as aligned as the (L − 1)-level cascade of any rule."
        ),
        premises=PREMISES,
        examine=dominance_repair,
        control=BrokenPremise(premise="Activation claimed to be below", examine=below),
        repairs="activation-dominates",
    ),
)
