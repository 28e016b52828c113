"""The corollary that more NFR layers give a better alignment: in dense stacks."""

from __future__ import annotations

from itertools import pairwise

from nfrlab.simulations.dense import cascade, rule
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
    mean_difference_evidence,
    ordered_pairs_statement,
    restrict_to_orthogonal_stacks,
    squared_alignments,
)
from nfrlab.verify.examine.derivation import derivation_evidence
from nfrlab.verify.examine.exact.search import search
from nfrlab.verify.examine.exact.statement import ExactStatement


def rise_statement(name: str, reverse: bool = False) -> ExactStatement:
    """The statement that α never falls (with `reverse`: never rises) from one level of the cascade to the next."""

    def pairs(layers: Layers) -> Pairs:
        squares = squared_alignments(cascade_maps(layers, RULES[name]), layers[0].a)
        return [(b, a) if reverse else (a, b) for a, b in pairwise(squares)]

    return ordered_pairs_statement(
        f"{name}: α of the (N+1)-level cascade {'≤' if reverse else '≥'} α of the N-level one", pairs
    )


def rise_checks(name: str, stacks: Stacks, sign: int = 1, first: int = 0) -> Checks:
    """The mean of `α_{N+1} − α_N` at every level from `first`; with `sign` −1 it is claimed not to be positive."""
    word = "" if sign == 1 else "reversed: "
    return [
        (
            f"{word}{name}: E[α at level {N + 1} − α at level {N}] ≥ 0",
            stacks,
            column_difference(N + 1, N, sign),
        )
        for N in range(first, DEPTH)
    ]


def rise_checks_where_rule_acts(name: str, stacks: Stacks, sign: int = 1) -> Checks:
    """The checks at every level, but for the first of GBP and RectGrad.

    They leave the linear output alone, so that α cannot change there.
    """
    return rise_checks(name, stacks, sign, first=0 if name == "z⁺" else 1)


def printed(exam: Examination) -> list[Evidence]:
    """A search for each rule, stack by stack; and z⁺'s filter form on signed images, sampled at the input layer."""
    at_input = rise_checks(
        "z⁺ filter form, normalised patches", Stacks(rule("zplus-filter"), signed=True), first=DEPTH - 1
    )
    pathwise = [piece for name in RULES for piece in search(rise_statement(name), exam, name, 0.25)]
    return [*pathwise, *mean_difference_evidence(exam, at_input, 0.25)]


def last_level_statement() -> ExactStatement:
    """The statement that GBP's last substitution, in an orthogonal first layer, does not lower α."""

    def pairs(layers: Layers) -> Pairs:
        maps = [cascade(layers, RULES["GBP"], N) for N in (len(layers) - 1, len(layers))]
        before, after = squared_alignments(maps, layers[0].a)
        return [(before, after)]

    text = "α of GBP at level L ≥ α at level L − 1"
    return restrict_to_orthogonal_stacks(ordered_pairs_statement(text, pairs), text)


def repair(exam: Examination) -> list[Evidence]:
    """Proven at an orthogonal first layer, with a search that has to fail; sampled at every level of random stacks."""
    proven = [
        derivation_evidence(orthogonal_proofs.filtering_orthogonal),
        *search(last_level_statement(), exam, "orthogonal"),
    ]
    return [*proven, *examination_over_rules(rise_checks_where_rule_acts)(exam)]


examine_fall = examination_over_rules(lambda name, stacks: rise_checks_where_rule_acts(name, stacks, sign=-1))
"""α claimed to fall with every level, on average."""

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
        control=BrokenPremise(
            premise="turned round: α never rises",
            examine=lambda exam: search(rise_statement("GBP", reverse=True), exam, "reversed"),
        ),
    ),
    Claim(
        id="cascade-repair",
        title="More NFR layers, better alignment on average",
        source="repair of the cascade corollary",
        statement=(
            "In random Gaussian stacks the mean of α (of r_0, without bottom process) does not fall from one level to "
            "the next, for GBP, RectGrad and the exact z⁺ rule with inputs ≥ 0. In every network whose first layer is "
            "orthogonal GBP's last substitution does not lower α."
        ),
        premises=PREMISES,
        examine=repair,
        control=BrokenPremise(premise="alignment claimed to fall", examine=examine_fall),
        repairs="cascade",
    ),
)
