"""The corollary: more NFR layers, better alignment. In dense stacks."""

from __future__ import annotations

from fractions import Fraction
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
    Stacks,
    difference,
    in_orthogonal_stacks,
    levels,
    mean_checks,
    over_rules,
    squares,
    statement,
)
from nfrlab.verify.examine.derivation import derived
from nfrlab.verify.examine.exact.search import ExactStatement, search


def rises(name: str, reverse: bool = False) -> ExactStatement:
    """α of the cascade never falls (with `reverse`: never rises) from one level to the next."""

    def pairs(layers: Layers) -> list[tuple[Fraction | None, Fraction | None]]:
        found = squares(levels(layers, RULES[name]), layers[0].a)
        return [(b, a) if reverse else (a, b) for a, b in pairwise(found)]

    return statement(f"{name}: α of the (N+1)-level cascade {'≤' if reverse else '≥'} α of the N-level one", pairs)


def rising(name: str, stacks: Stacks, sign: int = 1, first: int = 0) -> Checks:
    """`α_{N+1} − α_N` at every level from `first` (with `sign` −1: the reverse)."""
    word = "" if sign == 1 else "reversed: "
    return [
        (
            f"{word}{name}: E[α at level {N + 1} − α at level {N}] ≥ 0",
            stacks,
            difference(N + 1, N, sign),
        )
        for N in range(first, DEPTH)
    ]


def rising_where_it_acts(name: str, stacks: Stacks, sign: int = 1) -> Checks:
    """Every level but the first for GBP and RectGrad, which leave the linear output alone: there α cannot change."""
    return rising(name, stacks, sign, first=0 if name == "z⁺" else 1)


def corollary(exam: Examination) -> list[Evidence]:
    """Pathwise for each rule; and on average at the input layer for z⁺ in the paper's filter form on signed images."""
    at_input = rising("z⁺ filter form, normalised patches", Stacks(rule("zplus-filter"), signed=True), first=DEPTH - 1)
    pathwise = [piece for name in RULES for piece in search(rises(name), exam, name, 0.25)]
    return [*pathwise, *mean_checks(exam, at_input, 0.25)]


def last_level_rises() -> ExactStatement:
    """GBP's last substitution, in an orthogonal first layer, does not lower α."""
    used = RULES["GBP"]

    def pairs(layers: Layers) -> list[tuple[Fraction | None, Fraction | None]]:
        before, after = squares([cascade(layers, used, N) for N in (len(layers) - 1, len(layers))], layers[0].a)
        return [(before, after)]

    text = "α of GBP at level L ≥ α at level L − 1"
    return in_orthogonal_stacks(statement(text, pairs), text)


def corollary_repair(exam: Examination) -> list[Evidence]:
    """Proven at an orthogonal first layer, with a search that has to fail; on average at every level of random
    stacks.
    """
    proven = [derived(orthogonal_proofs.filtering_orthogonal), *search(last_level_rises(), exam, "orthogonal")]
    return [*proven, *over_rules(rising_where_it_acts)(exam)]


falling = over_rules(lambda name, stacks: rising_where_it_acts(name, stacks, sign=-1))
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
        examine=corollary,
        control=BrokenPremise(
            premise="turned round: α never rises",
            examine=lambda exam: search(rises("GBP", reverse=True), exam, "reversed"),
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
        examine=corollary_repair,
        control=BrokenPremise(premise="alignment claimed to fall", examine=falling),
        repairs="cascade",
    ),
)
