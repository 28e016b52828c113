"""What z⁺ maps align with: in one layer the all-ones direction, x only through the bottom process; in stacks too."""

from __future__ import annotations

from math import log

import numpy as np
import scipy
from jaxtyping import Float

from nfrlab.simulations.dense import alignment, rule
from nfrlab.simulations.dense.arrays import Array
from nfrlab.simulations.dense.montecarlo import hidden_maps, rectified
from nfrlab.simulations.dense.reduced.stacks import angles
from nfrlab.simulations.images import normalise
from nfrlab.theory.families import FAMILIES
from nfrlab.theory.limit.all_ones import FORMS, alignments, log_rate, tangent_to_ones
from nfrlab.theory.limit.proofs import all_ones as all_ones_proofs
from nfrlab.verify import intervals
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination
from nfrlab.verify.court.evidence import Claimed, Evidence
from nfrlab.verify.examine.derivation import derivation_evidence
from nfrlab.verify.examine.statistics import median_evidence

DELTA = 0.02
"""Margin of a cosine."""
RATE_MARGIN, ONES_MARGIN = 0.25, 0.3
"""Margins in ln tan²: of its change a layer, and of r_0 beside the all-ones vector."""
QUICK: dict[str, tuple[int, ...]] = {"constant": (192, *(128,) * 4)}
FULL = QUICK | {"longer": (192, *(256,) * 5), "varied": (192, 256, 128, 512, 256)}
"""Widths of stacks from the input up, by name."""
CASES = ("zplus-filter", "normal"), ("zplus-gradient", "absolute")
OTHERS = ("zplus-filter", "absolute"), ("zplus-gradient", "normal")
"""(form, relevance) in stacks."""
SKIPPED = {"absolute": 1, "normal": 2}
"""Layers that a relevance has to pass before the rate holds."""
QUARTILES = 1.349
"""The distance between the quartiles of N(0, 1)."""
MOST_WRONG = 0.3
"""Under broken premises pilots scatter: plan as if no larger share were on the wrong side."""
Inputs = dict[str, Float[Array, " d"]]


def real_inputs(exam: Examination) -> Inputs:
    """Whole images scaled down, as they are, and patches under ImageNet's normalisation, of growing dimension."""
    rng = exam.rng("inputs")
    inputs: Inputs = {}
    for side in exam.pick((3, 8), (3, 8, 16, 32)):
        inputs[f"image frame, d = {3 * side**2}"] = exam.images.frame(side, rng)
        inputs[f"normalised patch, d = {3 * side**2}"] = normalise(exam.images.patch(side, rng))
    return inputs


def layer_width(d: int) -> int:
    """The width N of the one layer; larger where d is small, as single cosines vary more there."""
    return 4096 if d < 100 else 1024


def predicted_median_evidence(
    statement: str,
    values: Float[Array, " n"],
    predicted: float,
    margin: float,
    miss: float,
    power: float | None = None,
) -> Evidence:
    """A median held against its predicted value, ± a margin.

    Parameters
    ----------
    statement
        What the median is of.
    values
        The sample.
    predicted, margin
        The predicted median, and the margin within which it is claimed.
    miss
        The error probability of the interval.
    power
        The power, where n was planned for it.
    """
    return median_evidence(
        f"{statement} = {predicted:.4f} ± {margin}",
        values,
        Claimed.exactly(predicted, margin),
        miss,
        power=power,
        details={"predicted": predicted, "median": float(np.median(values))},
    )


def one_layer_evidence(exam: Examination, where: str = "", drawn: str = "") -> list[Evidence]:
    """`cos(r_0, x)` and `cos(x ⊙ r_0, x)` of both forms, held against the theory.

    At the inputs whose name contains `where`; with `drawn`, weights of that family are drawn in place of the others.
    The number of networks lets one cosine in ten lie outside the margin on one side.
    """
    points = [
        (family, name, x, form)
        for family in exam.pick(("gaussian",), ("gaussian", "uniform"))
        for name, x in real_inputs(exam).items()
        for form in FORMS
        if where in name and (FAMILIES[family].gaussian or len(x) < 1000)
    ]
    miss = exam.budget.spend(2 * len(points))
    n, found = intervals.median_plan(miss, 0.1), []
    for family, name, x, form in points:
        point, N = f"{form}, {drawn or family}, {name}", layer_width(len(x))
        maps = hidden_maps(rule(form), drawn or family, x, N, n, exam.rng(point), rectified, bottom=False)
        bare, with_bottom = alignments(form, FAMILIES[family], x, N)
        first = np.array([alignment(r, x) for r in maps])
        second = np.array([alignment(x * r, x) for r in maps])
        found += [
            predicted_median_evidence(f"cos(r_0, x), {point}", first, bare, DELTA, miss),
            predicted_median_evidence(f"cos(x ⊙ r_0, x), {point}", second, with_bottom, DELTA, miss),
        ]
    return found


def examine_bottom_process(exam: Examination) -> list[Evidence]:
    """The derivation, and one layer at real images of growing dimension."""
    return [derivation_evidence(all_ones_proofs.one_layer), *one_layer_evidence(exam)]


def stack_evidence(exam: Examination, cases: tuple[tuple[str, str], ...], tried: str | None = None) -> list[Evidence]:
    """Two numbers of every stack examined, held against the theory.

    They are the mean change of `ln tan²` of the angle between two maps a layer, below the first layer that the
    relevance meets (signed: the second), and `ln tan²` of the angle between r_0 and the all-ones vector.

    Parameters
    ----------
    exam
        The examination.
    cases
        (form, relevance) of the claimed law.
    tried
        The rule that is sampled in place of the form, where a premise is broken.
    """
    points = [(name, widths, *case) for name, widths in exam.pick(QUICK, FULL).items() for case in cases]
    miss = exam.budget.spend(2 * len(points))
    return [piece for point in points for piece in _stack(exam, *point, tried, miss)]


def _stack(
    exam: Examination,
    name: str,
    widths: tuple[int, ...],
    form: str,
    relevance: str,
    tried: str | None,
    miss: float,
) -> list[Evidence]:
    x = exam.images.frame(8, exam.rng(f"input {name}"))
    point = f"{tried or form}, {relevance} relevance, {name}: {'–'.join(map(str, widths))}"
    skipped = SKIPPED[relevance]
    layers = len(widths) - 1 - skipped

    def sample(part: str, n: int) -> tuple[Array, Array]:
        between, to_ones = angles(rule(tried or form), widths, n, exam.rng(f"{part} {point}"), relevance, x)
        return np.log(between[:, -1] / between[:, skipped]) / layers, np.log(to_ones)

    # n is planned from a pilot, for the rate: where the theory is off by at most half the margin (at width 128 it is
    # by 0.12) the median's interval ends inside
    low, high = np.quantile(sample("pilot", 60)[0], (0.25, 0.75))
    wrong = float(scipy.stats.norm.sf(0.5 * RATE_MARGIN / (1.2 * (high - low) / QUARTILES)))
    change, place = sample("trial", intervals.median_plan(miss, min(wrong, MOST_WRONG) if tried else wrong))
    rate = float(np.mean([log_rate(form, widths[i], widths[i - 1]) for i in range(layers, 0, -1)]))
    from_ones = log(tangent_to_ones(form, widths[1], x))
    text = f"ln tan² between r_0 and the all-ones vector, {point}"
    return [
        predicted_median_evidence(f"ln tan² a layer, {point}", change, rate, RATE_MARGIN, miss, 0.99),
        predicted_median_evidence(text, place, from_ones, ONES_MARGIN, miss),
    ]


def examine_stacks(exam: Examination) -> list[Evidence]:
    """The derivation, and both forms in stacks."""
    cases = exam.pick(CASES, (*CASES, *OTHERS))
    return [derivation_evidence(all_ones_proofs.stacks), *stack_evidence(exam, cases)]


def examine_signed_weights(exam: Examination) -> list[Evidence]:
    """The plain gradient, W in place of W⁺, held against the filter's rate."""
    return stack_evidence(exam, OTHERS[:1], tried="grad")


CLAIMS = (
    Claim(
        id="zplus-bottom",
        title="z⁺: it is the bottom process that resembles the input",
        source="extends Theorem 1 for z⁺",
        statement=(
            "In a wide layer r_0 of z⁺ is constant up to a ripple of order 1/√d: 1 + c x̂ in the filter form, sign(x) "
            "⊙ (1 + C|x̂| + Dx̂²) in the rule, C → (π/2) c and D = ½ for Gaussian weights; cos(r_0, x) and cos(x ⊙ r_0, "
            "x) follow from it within 0.02, the latter near 1 for the filter; for the rule it is that of |x| with x."
        ),
        premises=(
            "one hidden layer, i.i.d. Gaussian weights (full profile: also U[−1, 1] per entry)",
            f"relevance relu of N(0, 1), N = {layer_width(1000):,} (d = 27: {layer_width(27):,})",
            "x an image scaled down, and a normalised patch, d = 27, 192 (full profile: also 768, 3,072)",
        ),
        examine=examine_bottom_process,
        control=BrokenPremise(
            premise="entries not identically distributed: Gaussian, variances ∝ 1, 1/2, 1/3, …",
            examine=lambda exam: one_layer_evidence(exam, "image frame", "powerlaw"),
        ),
        notices=("alpha-5", "zplus-leaks-20"),
        blind=(
            "Of the law of an entry only σ/E|w| enters, and only the ripple: Laplace weights in place of Gaussian ones "
            "move both cosines by less than the margin."
        ),
    ),
    Claim(
        id="zplus-rank-one",
        title="z⁺ in stacks: two maps become one, the all-ones direction, at a known rate",
        source="the rank-1 limit of Sixt et al., with its rate",
        statement=(
            "Two relevances that enter a random stack approach one another under z⁺: ln tan² of the angle of their "
            f"maps changes by ln((π − 1) S) a layer within {RATE_MARGIN}, S = 2/n (filter) or π/n (rule) in a layer "
            "of n neurons, and r_0 lies at tan² = (π − 1) S + c²(1 − mean²/rms²)/n from the all-ones vector, within "
            f"{ONES_MARGIN} in ln tan², that is up to 35 % in tan². Leading-order laws: at width 128 they are off by a "
            "tenth to a sixth in ln tan², which intervals tell from 0."
        ),
        premises=(
            "bias-free Gaussian stacks, x an image scaled down",
            "relevance |N(0, 1)|, from the first layer below it on, and signed, N(0, 1), from the second; quick "
            "profile: the former for the rule, the latter for the filter",
            "widths " + ", ".join("–".join(map(str, widths)) for widths in QUICK.values()),
        ),
        examine=examine_stacks,
        control=BrokenPremise(premise="signed weights: the plain gradient", examine=examine_signed_weights),
        notices=("zplus-leaks-5",),
        blind=(
            "Maps forget on the way down what law their relevance had; and margins of a quarter and more in ln tan² "
            "hide what moves tan² by a fifth."
        ),
    ),
)
