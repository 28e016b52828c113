"""Dense stacks on trial: exact statements about small integer ones, means over random Gaussian ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

import numpy as np

from nfrlab.simulations.dense import Layer, Network, Rule, activation, alignment, cascade, rule
from nfrlab.simulations.dense.arrays import Array
from nfrlab.simulations.dense.montecarlo import gaussian_stack
from nfrlab.simulations.dense.trained import digits_network
from nfrlab.simulations.images import ImageSet, digit, normalise
from nfrlab.verify.court.claim import Examination
from nfrlab.verify.court.evidence import Claimed, Evidence, Finding
from nfrlab.verify.examine.exact.integer_layers import NOT_ZERO, Shapes, as_case, matrix, parameters, vector
from nfrlab.verify.examine.exact.statement import (
    Case,
    Draw,
    ExactStatement,
    Parameters,
    once,
    signed_square_alignment,
    to_alignment,
)
from nfrlab.verify.examine.stated_draws import dyadic
from nfrlab.verify.examine.statistics import sequential_evidence

WIDTHS = (27, 64, 64, 64, 10)
DEPTH = len(WIDTHS) - 1
DELTA = 0.02
"""Resolution of the claimed sign of a mean difference of alignments."""

RULES: dict[str, Rule] = {
    "GBP": rule("gbp"),
    "RectGrad": rule("rectgrad", q=Fraction(9, 10)),
    "z⁺": rule("zplus-gradient"),
}
PREMISES = (
    f"bias-free Gaussian stacks {'–'.join(map(str, WIDTHS))}, weights N(0, 2/d)",
    "x an image patch, the largest output explained; a zero map counts as α = 0",
)
Layers = tuple[Layer, ...]
Pairs = list[tuple[Fraction | None, Fraction | None]]
"""Signed squared alignments to compare; None where one is undefined."""


def network_of(case: Case) -> Network:
    """The dense stack of a case: matrices W1, W2, … in order, with a bias b1 of the first layer if it has one."""
    weights = tuple(case[name] for name in sorted(case) if name.startswith("W"))
    biases = (case["b1"], *(0 * W[0] for W in weights[1:])) if "b1" in case else None
    return Network(weights, biases)


def cascade_maps(layers: Layers, backward_rule: Rule) -> list[Array]:
    """The maps `r_0` of the N-level cascades of a rule, N = 0 … L."""
    return [cascade(layers, backward_rule, N) for N in range(len(layers) + 1)]


def squared_alignments(maps: list[Array], x: Array) -> list[Fraction | None]:
    """`sign(α) α²` of every map with x, exactly; None where α is undefined."""
    return [signed_square_alignment(R, x) for R in maps]


def largest_drop(pairs: Pairs) -> float:
    """The largest loss of alignment from the first to the second of a pair, where both are defined; 0 if none loses."""
    return max((to_alignment(a) - to_alignment(b) for a, b in pairs if a is not None and b is not None), default=0.0)


def stack_parameters() -> Shapes:
    """The parameters of integer stacks 2–2–1 and 2–2–2–1: their weights and their input."""
    one_hidden = parameters(x=vector(2), W1=matrix(2, 2), W2=matrix(2, 1))
    return one_hidden, parameters(x=vector(2), W1=matrix(2, 2), W2=matrix(2, 2), W3=matrix(2, 1))


def biased_stacks() -> Shapes:
    """The parameters of integer stacks 2–2–1 with hidden biases, none of them 0."""
    return (parameters(x=vector(2), W1=matrix(2, 2), b1=vector(2, NOT_ZERO), W2=matrix(2, 1)),)


def random_stack(rng: np.random.Generator, images: ImageSet) -> Parameters:
    """A Gaussian stack 12–8–8–1 on a real image patch."""
    net = gaussian_stack((12, 8, 8, 1), rng)
    x = dyadic(images.patch(2, rng))
    return {"x": x} | {f"W{i}": dyadic(W, 8) for i, W in enumerate(net.weights, start=1)}


def digits_stack(rng: np.random.Generator, images: ImageSet) -> Parameters:
    """The trained digits network, reduced to its largest output, at a random digit."""
    net, _ = digits_network()
    x = digit(rng)
    k = int(np.argmax(net.forward(x)[-1].z))
    *hidden, last = (dyadic(W, 6) for W in net.weights)
    return {"x": dyadic(x, 4)} | {f"W{i}": W for i, W in enumerate([*hidden, last[:, [k]]], start=1)}


DRAWS: dict[str, Draw] = {"random stacks, image patches": random_stack, "digits network": digits_stack}


def ordered_pairs_statement(
    text: str,
    pairs: Callable[[Layers], Pairs],
    stacks: Shapes,
    build: Callable[[Parameters], Case] = as_case,
    predicted: Callable[[Case], Pairs] | None = None,
    draws: Mapping[str, Draw] | None = None,
) -> ExactStatement:
    """The statement that in every pair of alignments the second is not the smaller one.

    Parameters
    ----------
    text
        The statement in words.
    pairs
        What to compare in a stack that x has passed through; a pair with an undefined alignment says nothing.
    stacks, build
        Parameters of stacks, and the case that they stand for.
    predicted
        The same pairs in closed form.
    draws
        Stated draws under which the reach of a violation is measured.
    """

    @once
    def layers(case: Case) -> Layers:
        return network_of(case).forward(case["x"])

    @once
    def compare(case: Case) -> Pairs:
        return pairs(layers(case))

    return ExactStatement(
        text,
        stacks,
        build,
        admissible=lambda case: bool(layers(case)[-1].z[0] > 0),
        holds=lambda case: all(a is None or b is None or b >= a for a, b in compare(case)),
        agree=None if predicted is None else lambda case: compare(case) == predicted(case),
        tied=lambda case: all(a is None or b is None or a == b for a, b in compare(case)),
        sides=lambda case: {"alphas": [[f"{to_alignment(a):.6f}", f"{to_alignment(b):.6f}"] for a, b in compare(case)]},
        size=lambda case: largest_drop(compare(case)),
        perturbed=("x", "W1", "W2", "W3"),
        draws=draws or {},
    )


@dataclass(frozen=True)
class Stacks:
    """What is sampled: a rule on Gaussian stacks of `WIDTHS`, x an image patch, with `signed` a normalised one."""

    rule: Rule
    signed: bool = False

    def sample(self, exam: Examination, block: int, n: int = 250) -> Array:
        """Return n rows of 2L + 1 numbers, each from a fresh stack and a fresh patch.

        They are α at levels 0 … L of the rule, then α of Activation at layers L − 1 … 0. The output explained is the
        largest one. An undefined α (a zero map) counts as 0, no alignment.
        """
        rng = exam.rng(f"stacks {self.rule.name} {self.signed}", block)
        rows = np.empty((n, 2 * DEPTH + 1))
        for row in rows:
            patch = exam.images.patch(3, rng)
            x = normalise(patch) if self.signed else patch
            net = gaussian_stack(WIDTHS, rng)
            k = int(np.argmax(net.forward(x)[-1].z))
            layers = Network((*net.weights[:-1], net.weights[-1][:, [k]])).forward(x)
            maps = [*cascade_maps(layers, self.rule), *(activation(layers, DEPTH - N) for N in range(1, DEPTH + 1))]
            row[:] = np.nan_to_num([alignment(R, x) for R in maps])
        return rows


Difference = Callable[[Array], Array]
"""From sampled rows to one number a row."""
Checks = list[tuple[str, Stacks, Difference]]
"""What is claimed not to be negative in the mean: its statement, what is sampled, and the number itself."""


def column_difference(column: int, other: int) -> Difference:
    """`rows[:, column] − rows[:, other]`."""
    return lambda rows: np.asarray(rows[:, column] - rows[:, other])


def mean_difference_evidence(
    exam: Examination, checks: Checks, share: float = 1.0, least: float = 0.0
) -> list[Evidence]:
    """The mean of each difference against [least, 2] with resolution δ = 0.02, by betting; equal stacks share draws.

    All checks together spend `share` of the budget. With least = δ only a mean above 0 is supported.
    """
    miss = exam.budget.spend(len(checks), share)
    drawn: dict[tuple[Stacks, int], Array] = {}

    def draw(stacks: Stacks, difference: Difference, block: int) -> Array:
        if (stacks, block) not in drawn:
            drawn[stacks, block] = stacks.sample(exam, block)
        return difference(drawn[stacks, block])

    claimed = Claimed.between(least, 2, resolution=DELTA)
    return [
        sequential_evidence(text, partial(draw, stacks, difference), (-2, 2), claimed, miss, sd=0.25)
        for text, stacks, difference in checks
    ]


def in_dispute(searched: Sequence[Evidence]) -> bool:
    """Whether a search found the simulation at odds with the closed form: then its means are not worth sampling."""
    return any(piece.finding is Finding.UNDECIDED for piece in searched)


def rising_means_evidence(exam: Examination, checks: Callable[[str, Stacks], Checks]) -> list[Evidence]:
    """For each of the three rules, on image patches: is the mean of each of its differences above 0?"""
    all_checks = [check for name in RULES for check in checks(name, Stacks(RULES[name]))]
    return mean_difference_evidence(exam, all_checks, least=DELTA)
