"""What follows from the cascade law: where α rises with every level, and where it falls."""

from __future__ import annotations

from nfrlab.theory.cascade.proofs import order as proofs
from nfrlab.theory.cascade.recursion import crossing, shares
from nfrlab.verify.claims.premises import GAUSSIAN_STACKS, PAPER, WITHOUT_WEIGHTS
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination, RestoredPremise
from nfrlab.verify.court.evidence import Evidence
from nfrlab.verify.examine.derivation import derivation_evidence
from nfrlab.verify.examine.stacks.differences import (
    Difference,
    Shape,
    by_the_law,
    in_order,
    not_negative,
    positive,
    rises,
)
from nfrlab.verify.examine.stacks.gaussian import FALLS, FULL, QUICK, SMALL, SMALL_EQUAL, SMALL_UNEVEN, Widths

CROSSING, SHARE_OF_A_TENTH = 0.9528, 0.3249
"""k*, and the largest share of a rule that passes a tenth of the neurons, to four digits."""
DELTA, MARGIN = 0.005, 0.01
"""Resolution of a mean rise, and the margin within which the law gives it."""
DELTA_ORDER = 0.03
"""Resolution of a stochastic order: by how much a distribution function may exceed the other."""
WIDENED: Widths = (784, 512, 1024, 1024)
"""`FALLS` with its narrow layer twice as wide: there k stays below k*."""
PUBLISHED = {"q": 0.98}
"""RectGrad's quantile in its published code."""


def examine_rises(exam: Examination, *shapes: Widths) -> list[Evidence]:
    """GBP and RectGrad at every level, mean rise ≥ 0."""
    trial = [Shape(widths, [*rises("gbp", widths), *rises("rectgrad", widths)]) for widths in shapes]
    return not_negative(exam, trial, DELTA)


def examine_published_quantile(exam: Examination) -> list[Evidence]:
    """RectGrad's last level in the stack that widens upwards, where its quantile tells."""
    return not_negative(exam, [Shape(FALLS, rises("rectgrad", FALLS)[-1:], PUBLISHED)], DELTA)


def repair_for_gbp(exam: Examination) -> list[Evidence]:
    """The derivation; the order and its strictness in narrow stacks; the size of the rises in wide ones."""
    narrow = [Shape(widths, rises("gbp", widths)) for widths in (SMALL, SMALL_UNEVEN)]
    wide = (SMALL_EQUAL, *exam.pick((), (QUICK["bottleneck"], FALLS)))
    return [
        derivation_evidence(proofs.rises),
        *positive(exam, narrow, 1 / 3),
        *in_order(exam, narrow, DELTA_ORDER, 1 / 3),
        *by_the_law(exam, [Shape(widths, rises("gbp", widths)) for widths in wide], MARGIN, 1 / 3),
    ]


def examine_dropping_what_helps(exam: Examination) -> list[Evidence]:
    """RectGrad, which drops neurons with A_j r_j > 0, too: at the narrow layer below a wide one."""
    fall = [Shape(SMALL_UNEVEN, rises("rectgrad", SMALL_UNEVEN)[1:2])]
    return [*positive(exam, fall, 1 / 2), *in_order(exam, fall, DELTA_ORDER, 1 / 2)]


def change_evidence(exam: Examination, shapes: tuple[Widths, ...], **options: float) -> list[Evidence]:
    """Every mean change of RectGrad's α against that of the law at the 90 % quantile, whose sign is that of k* − k."""
    star = crossing()

    def note(shape: Shape, change: Difference) -> str:
        k, _ = shares("rectgrad", shape.widths)[change.below.level - 1]
        return f", k = {k:.3f}, k* = {star:.3f}: {'rises' if k < star else 'falls'}"

    trial = [Shape(widths, rises("rectgrad", widths), options) for widths in shapes]
    return by_the_law(exam, trial, MARGIN, note=note)


def repair_for_rectgrad(exam: Examination) -> list[Evidence]:
    """The derivation, and samples of every change."""
    shapes = (SMALL_EQUAL, FALLS, *exam.pick((), (FULL["constant, depth 8"],)))
    return [derivation_evidence(proofs.rectgrad_falls), *change_evidence(exam, shapes)]


CLAIMS = (
    Claim(
        id="cascade-rises",
        title="In wide random stacks α rises with every layer of the rule",
        source=f"{PAPER}, Sec. IV-A, corollary of Theorems 1 and 2; in the wide-layer law",
        statement=(
            "Mean α of the (N+1)-level cascade is at least that of the N-level one, for GBP and RectGrad (90 % "
            "quantile), whatever the widths."
        ),
        premises=(GAUSSIAN_STACKS, f"widths {'–'.join(map(str, SMALL_EQUAL))} and {'–'.join(map(str, FALLS))}"),
        examine=lambda exam: examine_rises(exam, SMALL_EQUAL, FALLS),
        control=BrokenPremise(
            premise="RectGrad at the 98 % quantile of its published code", examine=examine_published_quantile
        ),
        restored=RestoredPremise(
            premise=f"a narrow layer twice as wide, {'–'.join(map(str, WIDENED))}: k < k* everywhere",
            examine=lambda exam: examine_rises(exam, SMALL_EQUAL, WIDENED),
        ),
        notices=("quantile-85", "quantile-70"),
        blind=(
            "what leaves RectGrad's one fall a fall: another GBP, a smaller α, levels that are off by one; "
            + WITHOUT_WEIGHTS
        ),
    ),
    Claim(
        id="cascade-rises-gbp",
        title="GBP: α rises with every level, at every width",
        source="repair of cascade-rises; holds for every rule that drops only neurons with A_j r_j ≤ 0",
        statement=(
            "In Gaussian stacks of any widths α of GBP's (N+1)-level cascade is stochastically at least that of the "
            f"N-level one, and its mean larger; in wide layers by what the cascade law says, within {MARGIN}."
        ),
        premises=(GAUSSIAN_STACKS, "from the first ReLU layer on that the rule meets: 1 ≤ N < L"),
        examine=repair_for_gbp,
        control=BrokenPremise(
            premise="a rule that drops neurons with A_j r_j > 0, too: RectGrad", examine=examine_dropping_what_helps
        ),
        notices=("alpha-5", "gbp-leaks-5", "alpha-20", "gbp-leaks-20", "cascade-off-by-one", "gbp-is-gradient"),
        blind="an α smaller by 2 %, which the margin admits; " + WITHOUT_WEIGHTS,
        repairs="cascade-rises",
    ),
    Claim(
        id="cascade-rises-rectgrad",
        title="RectGrad: α rises where the signal is weak, and falls where it is strong",
        source="repair of cascade-rises",
        statement=(
            f"At the k examined, RectGrad (90 % quantile) at one more layer raises mean α where k < k* = {CROSSING} "
            f"and lowers it where k > k*, k² = 2T²/n, by what the cascade law says, within {MARGIN}; it falls, proven, "
            f"for k > 1.37. No rule that passes a tenth of the neurons has a share above {SHARE_OF_A_TENTH}."
        ),
        premises=(GAUSSIAN_STACKS, "wide layers, 1 ≤ N < L; k* from quadrature"),
        examine=repair_for_rectgrad,
        control=BrokenPremise(
            premise="RectGrad at the 98 % quantile of its published code",
            examine=lambda exam: change_evidence(exam, (SMALL_EQUAL, FALLS), **PUBLISHED),
        ),
        notices=("alpha-5", "quantile-85", "alpha-20", "quantile-70", "cascade-off-by-one"),
        blind="an α smaller by 2 %, which the margin admits; " + WITHOUT_WEIGHTS,
        repairs="cascade-rises",
    ),
)
