"""The corollary that more NFR layers give a better alignment: in dense stacks."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from nfrlab.simulations.dense import cascade, rule
from nfrlab.theory.numerics.vectors import positive_part
from nfrlab.theory.weighting.proofs import orthogonal_neurons as orthogonal_proofs
from nfrlab.verify.claims.premises import ONE_COUNTEREXAMPLE, PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination, RestoredPremise
from nfrlab.verify.court.evidence import Evidence
from nfrlab.verify.examine.derivation import derivation_evidence
from nfrlab.verify.examine.exact.integer_layers import Shapes
from nfrlab.verify.examine.exact.search import search
from nfrlab.verify.examine.exact.statement import Case, ExactStatement, Parameters
from nfrlab.verify.examine.stacks.dense import (
    DELTA,
    DEPTH,
    DRAWS,
    PREMISES,
    RULES,
    Checks,
    Layers,
    Pairs,
    Stacks,
    biased_stacks,
    cascade_maps,
    column_difference,
    in_dispute,
    mean_difference_evidence,
    ordered_pairs_statement,
    rising_means_evidence,
    squared_alignments,
    stack_parameters,
)
from nfrlab.verify.examine.stacks.orthogonal import (
    from_non_negative_stack,
    from_orthogonal_stack,
    non_negative_stacks,
    orthogonal_stacks,
    predicted_alignment,
    relevance_above,
)


def rise_statement(name: str, stacks: Shapes, where: str = "", **further: Any) -> ExactStatement:
    """The statement that α never falls from one level to the next; arguments as in `examine.stacks.dense`."""

    def pairs(layers: Layers) -> Pairs:
        return list(pairwise(squared_alignments(cascade_maps(layers, RULES[name]), layers[0].a)))

    text = f"{where}{name}: α of the (N+1)-level cascade ≥ α of the N-level one"
    return ordered_pairs_statement(text, pairs, stacks, **further)


def rise_checks(name: str, stacks: Stacks, first: int = 0, order: str = "≥") -> Checks:
    """The mean of `α_{N+1} − α_N` at every level from `first`, printed as claimed to be `order` 0."""
    return [
        (f"{name}: E[α at level {N + 1} − α at level {N}] {order} 0", stacks, column_difference(N + 1, N))
        for N in range(first, DEPTH)
    ]


def rise_checks_where_rule_acts(name: str, stacks: Stacks) -> Checks:
    """The checks at every level, but for the first of GBP and RectGrad.

    They leave the linear output alone, so that α cannot change there.
    """
    return rise_checks(name, stacks, first=0 if name == "z⁺" else 1, order=">")


def signed_inputs(order: str = "≥") -> Checks:
    """The last rise of z⁺'s filter form on signed images."""
    stacks = Stacks(rule("zplus-filter"), signed=True)
    return rise_checks("z⁺ filter form, normalised patches", stacks, first=DEPTH - 1, order=order)


def printed(exam: Examination) -> list[Evidence]:
    """A search for each rule, stack by stack; and z⁺'s filter form on signed images, sampled at the input layer."""
    statements = {name: rise_statement(name, stack_parameters(), draws=DRAWS) for name in RULES}
    pathwise = [piece for name in RULES for piece in search(statements[name], exam, name, 0.25)]
    return [*pathwise, *mean_difference_evidence(exam, signed_inputs(), 0.25)]


def predicted_levels(acting: int) -> Callable[[Case], Pairs]:
    """The pairs of levels 0 to 2 of a stack with one hidden layer: what filters acts from level `acting` on."""

    def levels(case: Case) -> Pairs:
        r = relevance_above(case)
        before, after = predicted_alignment(case, r), predicted_alignment(case, positive_part(r))
        return list(pairwise([before] * acting + [after] * (3 - acting)))

    return levels


def examine_orthogonal(exam: Examination) -> list[Evidence]:
    """The searches in stacks whose hidden neurons are orthogonal, one of either relevance; z⁺ on images as they are.

    RectGrad's quantile of two neurons passes the one of positive relevance, as GBP does; z⁺ drops the other one at the
    output, and W_1 ≥ 0 whole.
    """
    worlds: dict[str, tuple[Shapes, Callable[[Parameters], Case], int]] = {
        "GBP": (orthogonal_stacks(), from_orthogonal_stack, 2),
        "RectGrad": (orthogonal_stacks(), from_orthogonal_stack, 2),
        "z⁺": (non_negative_stacks(), from_non_negative_stack, 1),
    }
    searches = [
        piece
        for name, (stacks, build, acting) in worlds.items()
        for piece in search(
            rise_statement(name, stacks, "orthogonal: ", build=build, predicted=predicted_levels(acting)), exam, name
        )
    ]
    return [*searches, *mean_difference_evidence(exam, rise_checks("z⁺", Stacks(RULES["z⁺"]), first=DEPTH - 1))]


def examine_biased(exam: Examination) -> list[Evidence]:
    """The searches in stacks with hidden biases."""
    statements = {name: rise_statement(name, biased_stacks(), "biases: ") for name in RULES}
    return [piece for name in RULES for piece in search(statements[name], exam, name)]


def last_level_statement(where: str, stacks: Shapes, **further: Any) -> ExactStatement:
    """The statement that GBP's last substitution, in the first layer, does not lower α."""

    def pairs(layers: Layers) -> Pairs:
        maps = [cascade(layers, RULES["GBP"], N) for N in (len(layers) - 1, len(layers))]
        before, after = squared_alignments(maps, layers[0].a)
        return [(before, after)]

    return ordered_pairs_statement(f"{where}: α of GBP at level L ≥ α at level L − 1", pairs, stacks, **further)


def predicted_last_level(case: Case) -> Pairs:
    """α of GBP at levels L − 1 and L, in closed form: whole relevance and its positive part at the first layer."""
    r = relevance_above(case)
    return [(predicted_alignment(case, r), predicted_alignment(case, positive_part(r)))]


def repair(exam: Examination) -> list[Evidence]:
    """Proven at an orthogonal first layer, with a search that has to fail; sampled at every level of random stacks."""
    stacks = orthogonal_stacks(deep=True)
    statement = last_level_statement(
        "orthogonal first layer", stacks, build=from_orthogonal_stack, predicted=predicted_last_level
    )
    searched = search(statement, exam, "orthogonal")
    sampled = [] if in_dispute(searched) else rising_means_evidence(exam, rise_checks_where_rule_acts)
    return [derivation_evidence(orthogonal_proofs.filtering_orthogonal), *searched, *sampled]


def examine_broken_premises(exam: Examination) -> list[Evidence]:
    """A first layer that is not orthogonal; and z⁺, in its filter form, on signed images."""
    return [
        *search(last_level_statement("any first layer", stack_parameters()), exam, "orthogonal"),
        *mean_difference_evidence(exam, signed_inputs(">"), least=DELTA),
    ]


CLAIMS = (
    Claim(
        id="cascade",
        title="More NFR layers, better alignment",
        source=f"{PAPER}, Sec. IV-A, Def. 3, corollary of Theorems 1 and 2",
        statement=(
            "Using the NFR in more layers gives a better input alignment: α of the (N+1)-level cascade ≥ α of the "
            "N-level one, for GBP, RectGrad (90 % quantile) and z⁺."
        ),
        premises=("dense bias-free ReLU stacks, a positive output explained", "wherever both alignments are defined"),
        examine=printed,
        control=BrokenPremise(premise="hidden biases added", examine=examine_biased),
        restored=RestoredPremise(
            premise="one hidden layer of orthogonal neurons, one of either relevance; x ≥ 0 for z⁺",
            examine=examine_orthogonal,
        ),
        blind=ONE_COUNTEREXAMPLE,
    ),
    Claim(
        id="cascade-repair",
        title="More NFR layers, better alignment on average",
        source="repair of the cascade corollary",
        statement=(
            "In random Gaussian stacks the mean of α (of r_0, without bottom process) rises from one level to the next "
            "where the rule acts, for GBP, RectGrad and the exact z⁺ rule with inputs ≥ 0. In every network whose "
            "first layer is orthogonal GBP's last substitution does not lower α."
        ),
        premises=PREMISES,
        examine=repair,
        control=BrokenPremise(
            premise="a first layer that is not orthogonal; z⁺ in filter form, on signed inputs",
            examine=examine_broken_premises,
        ),
        notices=("gbp-leaks-5", "cascade-off-by-one", "gbp-is-gradient"),
        blind="Means still rise with RectGrad at another quantile, with a z⁺ that leaks, and where every α is smaller.",
        repairs="cascade",
    ),
)
