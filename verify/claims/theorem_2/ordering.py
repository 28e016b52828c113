"""Theorem 2's ordering on Gaussian weights, N/d from small to large: in the mean, and draw by draw."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np
from jaxtyping import Float

from nfrlab.simulations.dense import reduced
from nfrlab.simulations.dense.arrays import Array
from nfrlab.simulations.dense.reduced import pairs
from nfrlab.theory.families import FAMILIES
from nfrlab.theory.weighting.ordering import ORDER, REVERSAL_ERROR, gaussian_law, reversal_probability
from nfrlab.theory.weighting.proofs import ordering as ordering_proofs
from nfrlab.verify import intervals
from nfrlab.verify.claims.premises import ONE_COUNTEREXAMPLE, PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination, RestoredPremise
from nfrlab.verify.court.evidence import Claimed, Evidence
from nfrlab.verify.examine.derivation import derivation_evidence
from nfrlab.verify.examine.exact.integer_layers import (
    POSITIVE,
    Shapes,
    as_case,
    from_rotation,
    has_orthogonal_columns,
    orthogonal_layer,
    small_layer,
)
from nfrlab.verify.examine.exact.search import search
from nfrlab.verify.examine.exact.statement import Case, Draw, ExactStatement, Parameters
from nfrlab.verify.examine.exact.weightings import gradient_map, inequality, passed_whole
from nfrlab.verify.examine.stated_draws import gaussian_input, image_patch, random_layer_draw
from nfrlab.verify.examine.statistics import mean_evidence, predicted_mean, predicted_proportion

MEAN_ORDER = "the mean α is ordered gradient < random positive < constant < Activation"
QUICK = (2, 2), (2, 20), (3, 3), (27, 27), (27, 270), (784, 8), (784, 784)
FULL = (*QUICK, (2, 200), (3, 300), (27, 2700), (784, 7840), (150_528, 1505))
"""(d, N) where the order of the means is examined."""
MEANS = (2, 20), (27, 27), (784, 784)
"""(d, N) where the mean of positive weights is examined."""
DELTA_MEAN = 0.005
"""Resolution of that mean."""
PILOT = 1000
"""Networks from which a standard deviation is estimated, to plan the sample."""
HEAVY = 27, 135
"""(d, N) of the layer with heavy tails."""
RATES = (2, 2), (2, 20), (3, 30), (9, 18), (27, 27), (784, 784)
RATES_FULL = (*RATES, (2, 100), (3, 100), (9, 90), (17, 170), (150_528, 1505))
"""(d, N) where the probability of a reversal is examined."""
WHOLE = 3
"""Up to this d networks are drawn whole."""
SEVERAL = 3
"""Shapes from this one on have d, N ≥ 2: with one of either, every two maps are parallel or opposite."""
SWAPPED = {"constant": "positive", "positive": "constant"}


def sample_differences(
    d: int, N: int, n: int, rng: np.random.Generator, family: str = "gaussian"
) -> Float[Array, "n 3"]:
    """α of each weighting of `ORDER` less that of the one before it, a row a network, where all are defined."""
    alpha = pairs.alignments(ORDER, d, N, n, rng, family, whole=not FAMILIES[family].gaussian)
    return np.diff(alpha[~np.isnan(alpha).any(axis=1)], axis=1)


def order_evidence(
    exam: Examination, points: tuple[tuple[int, int], ...], family: str = "gaussian", first: int = 0
) -> list[Evidence]:
    """At each (d, N) the three mean differences, from number `first` on, held against > 0.

    Sizes are planned from the gaps that the theory predicts for Gaussian weights and from the spread in a separate
    pilot sample, with a fifth to spare; as that spread is an estimate, no power is recorded. Half of the budget is
    spent.
    """
    widths = 2.0, 1.0, 1.0
    miss = exam.budget.spend((len(widths) - first) * len(points), 0.5)
    found = []
    for d, N in points:
        name = f"{family}, d = {d}, N = {N}"
        means = [gaussian_law(weighting, d, N).mean for weighting in ORDER]
        spread = 1.2 * sample_differences(d, N, PILOT, exam.rng(f"pilot {name}"), family).std(axis=0)
        plan = [
            intervals.bernstein_plan(miss, sd, 2 * width, high - low)
            for sd, width, (low, high) in zip(spread, widths, pairwise(means), strict=True)
        ][first:]
        n = int(1.05 * max(plan) / (1 - 0.5**N))
        values = sample_differences(d, N, n, exam.rng(name), family)
        for column, width, (below, above) in list(zip(values.T, widths, pairwise(ORDER), strict=True))[first:]:
            text, claimed = f"E[α of {above} − α of {below}] > 0: {name}", Claimed.between(0.0, width)
            details = {"mean": float(column.mean())}
            found.append(mean_evidence(text, column, claimed, miss, -width, width, details=details))
    return found


def positive_mean_evidence(exam: Examination) -> list[Evidence]:
    """The mean α of positive weights, of which no other claim speaks, held against its law. Half of the budget."""
    miss = exam.budget.spend(len(MEANS), 0.5)
    found = []
    for d, N in MEANS:
        law, name = gaussian_law("positive", d, N), f"E α, positive weights, d = {d}, N = {N}"
        n = int(1.05 * intervals.bernstein_plan(miss, law.sd, 1.0, DELTA_MEAN * 0.8) / (1 - law.undefined))
        values = reduced.alignments("gbp", "gaussian", d, N, n, exam.rng(name), "absolute")
        found.append(predicted_mean(name, values[~np.isnan(values)], law.mean, DELTA_MEAN, miss))
    return found


def examine_means(exam: Examination) -> list[Evidence]:
    """The derivation, the order of the sampled means, and the mean of positive weights against its law."""
    return [
        derivation_evidence(ordering_proofs.mean_order),
        *order_evidence(exam, exam.pick(QUICK, FULL)),
        *positive_mean_evidence(exam),
    ]


def examine_heavy_tails(exam: Examination) -> list[Evidence]:
    """Activation's place above constant weights, for neurons whose lengths have heavy tails: isotropic all the same."""
    return order_evidence(exam, (HEAVY,), "student", first=2)


def gaussian_layer_draws(constant: bool) -> dict[str, Draw]:
    """Draws of 8 Gaussian neurons at image patches and at Gaussian inputs, those for r = 1 of several dimensions."""
    inputs = {f"Gaussian x, d = {d}": gaussian_input(d) for d in ((2, 9, 27) if constant else (2,))}
    inputs["image patches, d = 12"] = image_patch
    return {name: random_layer_draw(x_of, positive_relevance=True) for name, x_of in inputs.items()}


def with_constant_relevance(build: Callable[[Parameters], Case]) -> Callable[[Parameters], Case]:
    """What builds the same case with r = 1 in place of what was drawn."""

    def built(parameters: Parameters) -> Case:
        case = build(parameters)
        return case | {"r": 0 * case["r"] + 1}

    return built


@dataclass(frozen=True)
class Neurons:
    """What layers are searched: parameters, the case that they stand for, and the premise on it."""

    where: str
    layers: Shapes
    build: Callable[[Parameters], Case]
    premise: Callable[[Case], bool]

    def statement(self, constant: bool, draws: dict[str, Draw] | None = None) -> ExactStatement:
        """The statement that α(A) ≥ α(r), with `constant` for r = 1, else for r > 0."""
        return inequality(
            f"{self.where}α(A) ≥ α(r), {'r = 1' if constant else 'r > 0'}",
            gradient_map,
            self.layers,
            with_constant_relevance(self.build) if constant else self.build,
            self.premise,
            draws,
            perturbed=("x", "W") if constant else ("x", "W", "r"),
            closed=passed_whole if self.where else None,
        )

    def searches(self, exam: Examination) -> list[Evidence]:
        """Both searches."""
        both = (self.statement(constant=True), "constant"), (self.statement(constant=False), "positive")
        return [piece for statement, point in both for piece in search(statement, exam, point)]


def printed(exam: Examination) -> list[Evidence]:
    """Constant weights, then positive ones: searches for a counterexample, and how often a Gaussian layer is one."""
    neurons = Neurons("", small_layer(r=POSITIVE)[SEVERAL:], as_case, lambda case: True)
    constant = neurons.statement(True, gaussian_layer_draws(constant=True))
    positive = neurons.statement(False, gaussian_layer_draws(constant=False))
    return [*search(constant, exam, "constant", 0.5), *search(positive, exam, "positive", 0.5)]


def examine_orthogonal(exam: Examination) -> list[Evidence]:
    """The searches over orthogonal neurons of equal norm, Theorem 2's premise."""
    layers = orthogonal_layer(r=[range(1, 8)] * 3)
    return Neurons("orthogonal: ", layers, from_rotation, has_orthogonal_columns).searches(exam)


def examine_unequal_norms(exam: Examination) -> list[Evidence]:
    """The searches over orthogonal neurons of any norms."""
    layers = orthogonal_layer(r=[range(1, 8)] * 3, scales=POSITIVE)
    premise = partial(has_orthogonal_columns, equal=False)
    return Neurons("orthogonal, unequal norms: ", layers, from_rotation, premise).searches(exam)


def reversal_evidence(
    exam: Examination, points: tuple[tuple[int, int], ...], predicted: dict[str, str] | None = None
) -> list[Evidence]:
    """P(α(s) > α of Activation | K ≥ 1), K neurons active, held against the theory, for constant and for positive s.

    Sizes are planned for the truth within the theory's error that is nearest to ½ (none is above), where the interval
    is widest: it ends within δ of the prediction, error included.

    Parameters
    ----------
    exam
        The examination.
    points
        (d, N) of the layers.
    predicted
        Whose theory stands for a weighting's, where a premise is broken.
    """
    miss, delta = exam.budget.spend(2 * len(points)), exam.pick(0.015, 0.01)
    found = []
    for d, N in points:
        theory = {s: reversal_probability(predicted[s] if predicted else s, d, N) for s in SWAPPED}
        hardest = min(0.5, max(theory.values()) + REVERSAL_ERROR)
        n = int(1.05 * intervals.rate_plan(miss, hardest, delta - REVERSAL_ERROR) / (1 - 0.5**N))
        rng, whole = exam.rng(f"{d} {N}"), d <= WHOLE
        values = pairs.alignments(("activation", *theory), d, N, n, rng, whole=whole)
        values = values[~np.isnan(values).any(axis=1)]
        for column, (weighting, p) in zip(values.T[1:], theory.items(), strict=True):
            lost = int(np.sum(column > values[:, 0] + 1e-12))
            drawn = "weights drawn whole" if whole else "reduced"
            text = f"P({weighting} above Activation), d = {d}, N = {N}, {drawn}"
            found.append(predicted_proportion(text, lost, len(values), p, delta, miss, REVERSAL_ERROR))
    return found


def repair(exam: Examination) -> list[Evidence]:
    """The derivation, and the probability of a reversal at small and large d and N/d."""
    return [derivation_evidence(ordering_proofs.reversal), *reversal_evidence(exam, exam.pick(RATES, RATES_FULL))]


CLAIMS = (
    Claim(
        id="ordering-means",
        title="At no N/d do the means change places",
        source="Theorem 2 beyond N ≤ d",
        statement=f"On Gaussian weights {MEAN_ORDER}, at every N ≥ 2 and d ≥ 2.",
        premises=(
            "i.i.d. Gaussian weights, any N ≥ 2 and d ≥ 2; means given R ≠ 0",
            "gradient: r i.i.d. N(0, 1); random positive: r = |N(0, 1)|; constant: r = 1",
            "sampled at (d, N) among " + ", ".join(f"({d:,}, {N:,})" for d, N in FULL),
        ),
        examine=examine_means,
        control=BrokenPremise(premise="lengths of heavy tails: multivariate t", examine=examine_heavy_tails),
        notices=("alpha-2", "activation-is-one"),
        blind="√A for A keeps the order of the means; law-activation notices it.",
    ),
    Claim(
        id="ordering-pathwise",
        title="Theorem 2 on Gaussian weights, draw by draw",
        source=f"{PAPER}, Theorem 2 and the text after it",
        statement=(
            "On Gaussian weights, in place of orthogonal ones, α(R_a, x) ≥ α(R_b, x) for r_a = A and r_b constant or "
            "i.i.d. positive."
        ),
        premises=(
            "weights of a law with a density: a violation on an open set has positive probability",
            "both maps non-zero",
        ),
        examine=printed,
        control=BrokenPremise(premise="orthogonal neurons, but of unequal norms", examine=examine_unequal_norms),
        restored=RestoredPremise(premise="neurons orthogonal and of equal norm", examine=examine_orthogonal),
        blind=ONE_COUNTEREXAMPLE,
    ),
    Claim(
        id="ordering-pathwise-repair",
        title="How often Theorem 2 fails on Gaussian weights",
        source="repair of Theorem 2 for Gaussian weights",
        statement=(
            "r_b at an angle φ < π/2 to A beats Activation with probability P(t_{d−1} > ½ √(d − 1) tan φ); averaged "
            "over the law of φ, for r_b constant or |N(0, 1)|, this is exact for N ≤ 64. As N → ∞ it tends to a limit "
            "that falls like e^(−0.0667 d) for constant and e^(−0.156 d) for positive weights."
        ),
        premises=(
            "i.i.d. Gaussian weights, given R ≠ 0",
            "examined at (d, N) among " + ", ".join(f"({d:,}, {N:,})" for d, N in RATES_FULL),
        ),
        examine=repair,
        control=BrokenPremise(
            premise="2/π for √(2/π) in the angle to A, and the reverse",
            examine=lambda exam: reversal_evidence(exam, RATES[1:3], SWAPPED),
        ),
        notices=("axis-20", "activation-is-root", "activation-is-one", "gaussian-is-laplace"),
        blind="One axis longer by 5 % changes the probability too little to be told; limit-gaussian notices it.",
        repairs="ordering-pathwise",
    ),
)
