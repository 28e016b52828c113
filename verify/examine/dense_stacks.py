"""Dense stacks on trial: exact statements about small integer ones, means over random Gaussian ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial

import numpy as np

from nfrlab.simulations.dense import Layer, Network, Rule, activation, alignment, cascade, rule
from nfrlab.simulations.dense.arrays import Array
from nfrlab.simulations.dense.montecarlo import gaussian_stack
from nfrlab.simulations.dense.trained import digits_network
from nfrlab.simulations.images import ImageSet, digit, normalise
from nfrlab.verify.court.claim import Examination
from nfrlab.verify.court.evidence import Claimed, Evidence
from nfrlab.verify.examine.exact.integer_layers import SMALL, Shapes, as_case, matrix, parameters, vector
from nfrlab.verify.examine.exact.search import (
    Case,
    Draw,
    ExactStatement,
    Parameters,
    signed_square_alignment,
    to_alignment,
)
from nfrlab.verify.examine.stated_draws import dyadic
from nfrlab.verify.examine.statistics import sequential_evidence

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


def levels(layers: Layers, used: Rule) -> list[Array]:
    """The maps `r_0` of the N-level cascades, N = 0 … L."""
    return [cascade(layers, used, N) for N in range(len(layers) + 1)]


def squares(maps: list[Array], x: Array) -> list[Fraction | None]:
    """Signed squared alignments, exactly."""
    return [signed_square_alignment(R, x) for R in maps]


def drop(pairs: list[tuple[Fraction | None, Fraction | None]]) -> float:
    """The largest loss of alignment from the first to the second of a pair, where both are defined; 0 if none loses."""
    return max((to_alignment(a) - to_alignment(b) for a, b in pairs if a is not None and b is not None), default=0.0)


def stack_parameters() -> Shapes:
    """Integer stacks 2–2–1, 2–2–2–1 and their input."""
    one_hidden = parameters(x=vector(2), W1=matrix(2, 2), W2=matrix(2, 1))
    return one_hidden, parameters(x=vector(2), W1=matrix(2, 2), W2=matrix(2, 2), W3=matrix(2, 1))


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


def mean_checks(exam: Examination, checks: Checks, share: float = 1.0) -> list[Evidence]:
    """Each difference's mean against [0, ∞) with margin δ = 0.02, by betting on shared draws."""
    miss = exam.budget.spend(len(checks), share)
    drawn: dict[tuple[Stacks, int], Array] = {}

    def draw(stacks: Stacks, compare: Difference, block: int) -> Array:
        if (stacks, block) not in drawn:
            drawn[stacks, block] = stacks.rows(exam, block)
        return compare(drawn[stacks, block])

    return [
        sequential_evidence(
            text, partial(draw, stacks, compare), (-2, 2), Claimed.between(0, 2, resolution=DELTA), miss, sd=0.25
        )
        for text, stacks, compare in checks
    ]


def over_rules(checks: Callable[[str, Stacks], Checks]) -> Callable[[Examination], list[Evidence]]:
    """The same checks for each of the three rules, on image patches."""
    return lambda exam: mean_checks(exam, [c for name, used in RULES.items() for c in checks(name, Stacks(used))])


def orthogonal_first_layer() -> Shapes:
    """x ∈ Z², W_1 a rotation, W_2 ∈ Z^{2×2}, W_3 ∈ Z^{2×1}."""
    return (parameters(p=SMALL, q=SMALL, x=vector(2), W2=matrix(2, 2), W3=matrix(2, 1)),)


def from_orthogonal(drawn: Parameters) -> Case:
    """The stack of `orthogonal_first_layer`."""
    case = as_case(drawn)
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


PREMISES = (
    f"bias-free Gaussian stacks {'–'.join(map(str, WIDTHS))}, weights N(0, 2/d)",
    "x an image patch, the largest output explained; a zero map counts as α = 0",
)
