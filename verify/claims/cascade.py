"""The corollary: more NFR layers, better alignment; and Activation above every NFR. In random dense stacks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from itertools import pairwise

import numpy as np
from hypothesis import strategies as st

from simulations.images import ImageSet, digit, normalise
from simulations.onelayer import Layer, Network, Rule, activation, alignment, cascade, rule
from simulations.onelayer.arrays import Array
from simulations.onelayer.montecarlo import gaussian_stack
from simulations.onelayer.trained import digits_network
from theory import derivations
from verify.claim import BrokenPremise, Claim, Examination
from verify.claims.common import PAPER, derived
from verify.draws import dyadic
from verify.evidence import Evidence, Kind
from verify.exact import Case, Draw, ExactStatement, Parameters, search, signed_square_alignment, to_alignment
from verify.limits import mean_evidence
from verify.parameters import SMALL, Shapes, as_case, matrix, vector

WIDTHS = (27, 64, 64, 64, 10)
DEPTH = len(WIDTHS) - 1
DELTA = 0.02
RULES: dict[str, Rule] = {
    "GBP": rule("gbp"),
    "RectGrad": rule("rectgrad", q=Fraction(9, 10)),
    "z⁺": rule("zplus-gradient"),
}
Layers = tuple[Layer, ...]


def network(case: Case) -> Network:
    """The dense stack of a case: matrices W1, W2, … in order."""
    return Network(tuple(case[name] for name in sorted(case) if name.startswith("W")))


def levels(layers: Layers, used: Rule, r: Array | None = None) -> list[Array]:
    """The maps `r_0` of the N-level cascades, N = 0 … L."""
    return [cascade(layers, used, N, r if N else None) for N in range(len(layers) + 1)]


def squares(maps: list[Array], x: Array) -> list[Fraction | None]:
    """Signed squared alignments, exactly."""
    return [signed_square_alignment(R, x) for R in maps]


def drop(pairs: list[tuple[Fraction | None, Fraction | None]]) -> float:
    """The largest loss of alignment from the first to the second of a pair, where both are defined; 0 if none loses."""
    return max((to_alignment(a) - to_alignment(b) for a, b in pairs if a is not None and b is not None), default=0.0)


def stack_parameters() -> Shapes:
    """Integer stacks 2–2–1, 2–2–2–1 and their input."""
    one_hidden = {"x": vector(2), "W1": matrix(2, 2), "W2": matrix(2, 1)}
    two_hidden = {"x": vector(2), "W1": matrix(2, 2), "W2": matrix(2, 2), "W3": matrix(2, 1)}
    return st.fixed_dictionaries(one_hidden), st.fixed_dictionaries(two_hidden)


def random_stack(rng: np.random.Generator, images: ImageSet) -> Parameters:
    """A Gaussian stack 12–8–8–1 on a real image patch."""
    net = gaussian_stack((12, 8, 8, 1), rng)
    x = dyadic(images.patch(2, rng))
    return {"x": x} | {f"W{i}": dyadic(W, 8) for i, W in enumerate(net.weights, start=1)}


def digits_stack(rng: np.random.Generator, images: ImageSet) -> Parameters:
    """The digits network with its largest output, on a digit."""
    net, _ = digits_network()
    x = digit(rng)
    k = int(np.argmax(net.forward(x)[-1].z))
    *hidden, last = (dyadic(W, 6) for W in net.weights)
    return {"x": dyadic(x, 4)} | {f"W{i}": W for i, W in enumerate([*hidden, last[:, [k]]], start=1)}


DRAWS: dict[str, Draw] = {"random stacks, image patches": random_stack, "digits network": digits_stack}


def statement(text: str, pairs: Callable[[Layers], list[tuple[Fraction | None, Fraction | None]]]) -> ExactStatement:
    """In every pair of alignments the second is not the smaller one; for stacks with a positive output."""

    def compared(case: Case) -> list[tuple[Fraction | None, Fraction | None]]:
        return pairs(network(case).forward(case["x"]))

    return ExactStatement(
        text,
        stack_parameters(),
        as_case,
        admissible=lambda case: bool(network(case).forward(case["x"])[-1].z[0] > 0),
        holds=lambda case: all(a is None or b is None or b >= a for a, b in compared(case)),
        sides=lambda case: {
            "alphas": [[f"{to_alignment(a):.6f}", f"{to_alignment(b):.6f}"] for a, b in compared(case)]
        },
        size=lambda case: drop(compared(case)),
        perturbed=("x", "W1", "W2", "W3"),
        draws=DRAWS,
    )


def rises(name: str) -> ExactStatement:
    """α of the cascade never falls from one level to the next."""

    def pairs(layers: Layers) -> list[tuple[Fraction | None, Fraction | None]]:
        found = squares(levels(layers, RULES[name]), layers[0].a)
        return list(pairwise(found))

    return statement(f"{name}: α of the (N+1)-level cascade ≥ α of the N-level one", pairs)


def dominated(name: str) -> ExactStatement:
    """Activation at layer L − N is at least as aligned as the N-level cascade, N ≥ 1."""

    def pairs(layers: Layers) -> list[tuple[Fraction | None, Fraction | None]]:
        x, L = layers[0].a, len(layers)
        by_rule = squares(levels(layers, RULES[name])[1:], x)
        by_activation = squares([activation(layers, L - N) for N in range(1, L + 1)], x)
        return list(zip(by_rule, by_activation, strict=True))

    return statement(f"Activation ≥ {name} at every cascade level", pairs)


@dataclass(frozen=True)
class Stacks:
    """What is sampled: a rule on Gaussian stacks, x an image patch, as it is or normalised."""

    rule: Rule
    signed: bool = False

    def rows(self, exam: Examination, block: int, n: int = 250) -> Array:
        """n rows: α at levels 0 … L of the rule, then α of Activation at layers L − 1 … 0; fresh stack and patch each.

        The output explained is the largest one. An undefined α (a zero map) counts as 0, no alignment.
        """
        rng = exam.rng(f"stacks {self.rule.name} {self.signed}", block)
        rows = np.empty((n, 2 * DEPTH + 1))
        for row in rows:
            patch = exam.images.patch(3, rng)
            x = normalise(patch) if self.signed else patch
            net = gaussian_stack(WIDTHS, rng)
            k = int(np.argmax(net.forward(x)[-1].z))
            layers = Network((*net.weights[:-1], net.weights[-1][:, [k]])).forward(x)
            maps = [*levels(layers, self.rule), *(activation(layers, DEPTH - N) for N in range(1, DEPTH + 1))]
            row[:] = np.nan_to_num([alignment(R, x) for R in maps])
        return rows


Difference = Callable[[Array], Array]
Checks = list[tuple[str, Stacks, Difference]]


def difference(column: int, other: int, sign: int) -> Difference:
    """`sign` times column minus other column of the sampled rows."""
    return lambda rows: np.asarray(sign * (rows[:, column] - rows[:, other]))


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


def above(name: str, stacks: Stacks, sign: int = 1) -> Checks:
    """Activation minus the rule at levels 1 … L."""
    word = "" if sign == 1 else "reversed: "
    return [
        (
            f"{word}E[α of Activation − α of {name}] ≥ 0 at level {N}",
            stacks,
            difference(DEPTH + N, N, sign),
        )
        for N in range(1, DEPTH + 1)
    ]


def mean_checks(exam: Examination, checks: Checks, share: float = 1.0) -> list[Evidence]:
    """Each difference's mean against [0, ∞) with margin δ = 0.02, by betting on shared draws."""
    alpha = exam.ledger.draw(len(checks), share)
    drawn: dict[tuple[Stacks, int], Array] = {}

    def draw(stacks: Stacks, compare: Difference, block: int) -> Array:
        if (stacks, block) not in drawn:
            drawn[stacks, block] = stacks.rows(exam, block)
        return compare(drawn[stacks, block])

    return [
        mean_evidence(
            text,
            partial(draw, stacks, compare),
            (-2, 2),
            (0, 2),
            DELTA,
            alpha,
            sd=0.25,
        )
        for text, stacks, compare in checks
    ]


def over_rules(checks: Callable[[str, Stacks], Checks]) -> Callable[[Examination], list[Evidence]]:
    """The same checks for each of the three rules, on image patches."""
    return lambda exam: mean_checks(exam, [c for name, used in RULES.items() for c in checks(name, Stacks(used))])


def corollary(exam: Examination) -> list[Evidence]:
    """Pathwise for each rule; and on average at the input layer for z⁺ in the paper's filter form on signed images."""
    at_input = rising("z⁺ filter form, normalised patches", Stacks(rule("zplus-filter"), signed=True), first=DEPTH - 1)
    pathwise = [piece for name in RULES for piece in search(rises(name), exam, name, 0.25)]
    return [*pathwise, *mean_checks(exam, at_input, 0.25)]


def dominance(exam: Examination) -> list[Evidence]:
    """Pathwise for each rule."""
    return [piece for name in RULES for piece in search(dominated(name), exam, name, 1 / len(RULES))]


def orthogonal_first_layer() -> Shapes:
    """x ∈ Z², W_1 a rotation, W_2 ∈ Z^{2×2}, W_3 ∈ Z^{2×1}."""
    return (st.fixed_dictionaries({"p": SMALL, "q": SMALL, "x": vector(2), "W2": matrix(2, 2), "W3": matrix(2, 1)}),)


def from_orthogonal(parameters: Parameters) -> Case:
    """The stack of `orthogonal_first_layer`."""
    case = as_case(parameters)
    p, q = case.pop("p"), case.pop("q")
    return case | {"W1": np.array([[p, -q], [q, p]], dtype=object)}


def in_orthogonal_stacks(exact: ExactStatement, pairs: str) -> ExactStatement:
    """The same statement for stacks whose first layer is orthogonal, at the level where that decides."""
    return replace(
        exact,
        text=f"orthogonal first layer: {pairs}",
        parameters=orthogonal_first_layer(),
        build=from_orthogonal,
        draws={},
    )


def last_level_rises() -> ExactStatement:
    """GBP's last substitution, in an orthogonal first layer, does not lower α."""
    used = RULES["GBP"]

    def pairs(layers: Layers) -> list[tuple[Fraction | None, Fraction | None]]:
        before, after = squares([cascade(layers, used, N) for N in (len(layers) - 1, len(layers))], layers[0].a)
        return [(before, after)]

    text = "α of GBP at level L ≥ α at level L − 1"
    return in_orthogonal_stacks(statement(text, pairs), text)


def activation_at_the_first_layer(name: str) -> ExactStatement:
    """Activation at an orthogonal first layer is at least as aligned as whatever the rule brings there."""

    def pairs(layers: Layers) -> list[tuple[Fraction | None, Fraction | None]]:
        by_rule, by_activation = squares(
            [cascade(layers, RULES[name], len(layers) - 1), activation(layers, 1)], layers[0].a
        )
        return [(by_rule, by_activation)]

    text = f"α of Activation at layer 1 ≥ α of the (L − 1)-level cascade of {name}"
    return in_orthogonal_stacks(statement(text, pairs), text)


def corollary_repair(exam: Examination) -> list[Evidence]:
    """Proven at an orthogonal first layer, with a search that has to fail; on average at every level of random
    stacks.
    """
    proven = [derived(derivations.filtering_orthogonal), *search(last_level_rises(), exam, "orthogonal")]
    return [*proven, *over_rules(rising)(exam)]


def dominance_repair(exam: Examination) -> list[Evidence]:
    """Proven at an orthogonal first layer, with searches that have to fail; on average at every level of random
    stacks.
    """
    searches = [
        piece for name in RULES for piece in search(activation_at_the_first_layer(name), exam, f"orthogonal {name}")
    ]
    return [derived(derivations.lagrange), *searches, *over_rules(above)(exam)]


falling = over_rules(lambda name, stacks: rising(name, stacks, sign=-1))
below = over_rules(lambda name, stacks: above(name, stacks, sign=-1))

PREMISES = (
    f"bias-free Gaussian stacks {'–'.join(map(str, WIDTHS))}, weights N(0, 2/d)",
    "x an image patch, the largest output explained",
)
CLAIMS = (
    Claim(
        "cascade",
        "More NFR layers, better alignment",
        f"{PAPER}, Sec. IV-A, Def. 3, corollary of Theorems 1 and 2",
        "Using the NFR in more layers gives a better input alignment: α of the (N+1)-level cascade ≥ α of the "
        "N-level one, for GBP, RectGrad (90 % quantile) and z⁺.",
        ("dense bias-free ReLU stacks, a positive output explained", "wherever both alignments are defined"),
        (Kind.SEARCH, Kind.REACH, Kind.MONTE_CARLO),
        corollary,
        BrokenPremise("alignment claimed to fall on average", falling),
    ),
    Claim(
        "cascade-repair",
        "More NFR layers, better alignment on average",
        "repair of the cascade corollary",
        "In random Gaussian stacks the mean of α (of r_0, without bottom process) does not fall from one level "
        "to the next, for GBP, RectGrad and the exact z⁺ rule with inputs ≥ 0.",
        PREMISES,
        (Kind.DERIVATION, Kind.SEARCH, Kind.MONTE_CARLO),
        corollary_repair,
        BrokenPremise("alignment claimed to fall", falling),
        repairs="cascade",
    ),
    Claim(
        "activation-dominates",
        "Activation is above every NFR",
        f"{PAPER}, Sec. IV-A, Fig. 2a",
        "Weighting by the activation at layer L − N consistently outperforms the N-level cascade of every NFR, N ≥ 1.",
        ("dense bias-free ReLU stacks, a positive output explained", "wherever both alignments are defined"),
        (Kind.SEARCH, Kind.REACH),
        dominance,
        BrokenPremise("Activation claimed to be below on average", below),
    ),
    Claim(
        "activation-dominates-repair",
        "Activation is above every NFR on average",
        "repair of activation-dominates",
        "In random Gaussian stacks the mean α of Activation at layer L − N is at least that of the N-level "
        "cascade of GBP, RectGrad and z⁺, for every N ≥ 1.",
        PREMISES,
        (Kind.DERIVATION, Kind.SEARCH, Kind.MONTE_CARLO),
        dominance_repair,
        BrokenPremise("Activation claimed to be below", below),
        repairs="activation-dominates",
    ),
)
