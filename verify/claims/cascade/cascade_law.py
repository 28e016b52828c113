"""The cascade law: α of every N-level cascade of wide random stacks, and how fast it becomes right."""

from __future__ import annotations

from dataclasses import replace

from nfrlab.theory.cascade.proofs import step as proofs
from nfrlab.theory.cascade.recursion import activation_second_order, cascade_alphas
from nfrlab.verify.claims.premises import GAUSSIAN_STACKS, WITHOUT_WEIGHTS
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination
from nfrlab.verify.court.evidence import Claimed, Evidence
from nfrlab.verify.examine.derivation import derivation_evidence
from nfrlab.verify.examine.stacks.gaussian import (
    FULL,
    QUICK,
    Prediction,
    Stack,
    Widths,
    cascade_law_evidence,
    exponent_evidence,
    predictions,
)

TITLES = {
    "grad": "Cascade law: the plain gradient",
    "gbp": "Cascade law: GBP",
    "rectgrad": "Cascade law: RectGrad",
    "activation": "Cascade law: Activation",
}
MARGIN, SHARE = 0.005, 0.02
"""Of a mean α; of the gradient's mean |α| at one hidden layer, as a share of it. The statements print them."""


ERRORS = {"grad": 0.0003, "gbp": 0.003, "rectgrad": 0.003, "activation": 0.0024}
"""The law's own errors at width 512, to depth 16, at d = 2 … 3,000, found with chains of T drawn without the house."""


def examined_stacks(exam: Examination, rule: str) -> list[Stack]:
    """The stacks of every width profile."""
    return [Stack(name, rule, widths) for name, widths in exam.pick(QUICK, FULL).items()]


def law_predictions(rule: str, widths: Widths) -> list[Prediction]:
    """What the law says of a stack, level by level.

    Level 1 of GBP and RectGrad, which is the gradient, is left out at a small input. For the gradient itself, whose map
    is one at every level, the mean of α and that of |α|; at one hidden layer the law is exact, and tried more sharply.
    """
    if rule != "grad":
        first_left_out = rule != "activation" and widths[0] < 100
        return predictions(rule, widths)[1 if first_left_out else 0 :]
    value = float(cascade_alphas("activation", widths)[0])
    margin, slack = (SHARE * value, 0.0) if len(widths) == 2 else (MARGIN, 0.2)
    size = Prediction(0, value, margin, slack=slack, signed=False)
    return [*predictions("grad", widths)[:1], size]


def examine_law(exam: Examination, rule: str) -> list[Evidence]:
    """The derivation, and samples of every level of every profile."""
    trial = [(stack, law_predictions(rule, stack.widths)) for stack in examined_stacks(exam, rule)]
    return [derivation_evidence(proofs.recursion), *cascade_law_evidence(exam, trial)]


def examine_positive_output(exam: Examination) -> list[Evidence]:
    """Output weights |N(0, 1)|, with which the gradient aligns after all."""
    widths = QUICK["constant, depth 4"]
    return cascade_law_evidence(
        exam, [(Stack("positive output", "grad", widths, positive=True), law_predictions("grad", widths))]
    )


def examine_absolute_value(exam: Examination) -> list[Evidence]:
    """GBP's law claimed where |·| stands for the ReLU on the way back, at the levels at which GBP acts."""
    widths = QUICK["constant, depth 4"]
    claimed = law_predictions("gbp", widths)[1:]
    return cascade_law_evidence(exam, [(Stack("|·| on the way back", "absolute", widths), claimed)])


def examine_other_quantile(exam: Examination) -> list[Evidence]:
    """The law of the 90 % quantile claimed where the 85 % one is used, at the levels at which the two differ."""
    widths = QUICK["constant, depth 4"]
    claimed = law_predictions("rectgrad", widths)[2:]
    return cascade_law_evidence(exam, [(Stack("85 %", "rectgrad", widths, options={"q": 0.85}), claimed)])


def examine_root(exam: Examination) -> list[Evidence]:
    """Activation's law claimed where √A is put in, at the layers where that tells; the rule √A has one level more."""
    widths = QUICK["constant, depth 4"]
    inside = law_predictions("activation", widths)[2:-1]
    claimed = [replace(predicted, level=predicted.level + 1) for predicted in inside]
    return cascade_law_evidence(exam, [(Stack("√A put in", "root", widths), claimed)])


CONTROLS = {
    "grad": BrokenPremise(premise="output weights of non-zero mean", examine=examine_positive_output),
    "gbp": BrokenPremise(premise="ReLU replaced by |·| on the way back", examine=examine_absolute_value),
    "rectgrad": BrokenPremise(
        premise="another quantile: 90 % in the law, 85 % in the stack", examine=examine_other_quantile
    ),
    "activation": BrokenPremise(premise="√A put in for A", examine=examine_root),
}
NOTICES = {
    "grad": ("alpha-2", "alpha-5", "alpha-20"),
    "gbp": (
        "alpha-2",
        "alpha-5",
        "gbp-leaks-5",
        "alpha-20",
        "gbp-leaks-20",
        "cascade-off-by-one",
        "gbp-is-gradient",
    ),
    "rectgrad": ("alpha-2", "alpha-5", "quantile-85", "alpha-20", "quantile-70", "cascade-off-by-one"),
    "activation": ("alpha-2", "alpha-5", "alpha-20", "cascade-off-by-one", "activation-is-one", "activation-is-root"),
}


def claim(rule: str) -> Claim:
    """The claim `cascade-law-<rule>`."""
    return Claim(
        id=f"cascade-law-{rule}",
        title=TITLES[rule],
        source="the theorem that the paper's cascade corollary lacks",
        statement=(
            "In the stacks listed, hidden widths ≥ 512, depths 2–16, the mean α of every N-level cascade is that of "
            f"T²_(l−1) = n_(l−1) q(k), k² = 2 T_l²/n_(l−1), α = T_1/√(T_1² + χ²_(d−1)), within {MARGIN}"
            + (f"; so is the mean of |α|, at one hidden layer within {SHARE:.0%} of it." if rule == "grad" else ".")
        ),
        premises=(
            GAUSSIAN_STACKS,
            "widths from the input up: "
            + "; ".join(f"{name} {'–'.join(map(str, widths))}" for name, widths in QUICK.items()),
            "profile full: " + "; ".join(f"{name} {'–'.join(map(str, widths))}" for name, widths in FULL.items()),
            "inputs of d > 100 for level 1 of GBP and RectGrad, which is the gradient",
            f"the law's own error, which the margin holds: at width 512, to depth 16, at most {ERRORS[rule]}"
            + (" (|α|, taken to order 1/n)" if rule == "grad" else ", of order 1/n"),
            "a zero map counts as α = 0",
        ),
        examine=lambda exam: examine_law(exam, rule),
        control=CONTROLS[rule],
        notices=NOTICES[rule],
        blind=WITHOUT_WEIGHTS + ("; levels: the gradient's map is the same at each" if rule == "grad" else ""),
    )


def points_of_activation(exam: Examination, corrected: bool) -> list[tuple[Stack, list[Prediction]]]:
    """Activation in stacks n–n–n at growing n: mean α within 0.2/n of the law, with `corrected` to order 1/n."""
    found = []
    for n in exam.pick((16, 64), (16, 64, 256, 512)):
        widths = (n,) * 3
        first = cascade_alphas("activation", widths)
        values = {3 - h: activation_second_order(widths, h) if corrected else float(first[3 - h]) for h in (1, 2)}
        points = [Prediction(N, value, 0.2 / n, slack=0.2) for N, value in values.items()]
        found.append((Stack("n–n–n", "activation", widths), points))
    return found


def points_of_filters(exam: Examination) -> list[tuple[Stack, list[Prediction]]]:
    """GBP and RectGrad in stacks n–n–n at growing n: mean α within 1/n of the law."""
    return [
        (Stack("n–n–n", rule, (n,) * 3), [replace(p, margin=1 / n) for p in law_predictions(rule, (n,) * 3)[1:]])
        for rule in ("gbp", "rectgrad")
        for n in exam.pick((8, 32, 64), (8, 16, 32, 64, 128, 256, 512))
    ]


def error_exponent_evidence(exam: Examination, share: float) -> Evidence:
    """The exponent of the law's error, from Activation in stacks n–n, n = 16 and 64 (full: 128), against 1 ± 0.3."""
    ends = 16, exam.pick(64, 128)
    trial = []
    for n in ends:
        value = float(cascade_alphas("activation", (n, n))[1])
        trial.append((Stack("exponent, n–n", "activation", (n, n)), [Prediction(1, value, 0.06 / n, slack=0.0)]))
    small, large = cascade_law_evidence(exam, trial, share)
    return exponent_evidence(small, large, ends[1] / ends[0], Claimed.between(0.7, 1.3))


def examine_width_error(exam: Examination) -> list[Evidence]:
    """Order, coefficient and exponent of the law's error."""
    trial = points_of_activation(exam, corrected=True) + points_of_filters(exam)
    return [*cascade_law_evidence(exam, trial, 0.8), error_exponent_evidence(exam, 0.2)]


def examine_uncorrected_law(exam: Examination) -> list[Evidence]:
    """The law without its correction claimed right within 0.2/n, at the largest n."""
    return cascade_law_evidence(exam, points_of_activation(exam, corrected=False)[-1:])


CLAIMS = (
    *(claim(rule) for rule in TITLES),
    Claim(
        id="cascade-law-width",
        title="How fast the cascade law becomes exact as layers widen",
        source="finite width of the cascade law",
        statement=(
            "The law's error is of order 1/n in the width n: at most 1/n for GBP and RectGrad; for Activation its "
            "coefficient is that of 1/T²_(l−1) = 1/S + (S′/S)/T_l² to second order, S ~ χ²_K, S′ ~ χ²_(K−1), K ~ "
            "Bin(n, ½), within 0.2, its exponent 1 within 0.3."
        ),
        premises=(GAUSSIAN_STACKS, "stacks n–n–n, n from 8 (Activation: from 16) to 64; full profile: to 512"),
        examine=examine_width_error,
        control=BrokenPremise(premise="the correction of order 1/n left out", examine=examine_uncorrected_law),
        notices=(
            "alpha-2",
            "alpha-5",
            "gbp-leaks-5",
            "quantile-85",
            "alpha-20",
            "gbp-leaks-20",
            "quantile-70",
            "cascade-off-by-one",
            "activation-is-one",
            "activation-is-root",
            "gbp-is-gradient",
        ),
        blind=WITHOUT_WEIGHTS,
    ),
)
