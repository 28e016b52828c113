"""What the paper calls “sufficiently large”: the law of α at every N and d, rule by rule, against exact sampling."""

from __future__ import annotations

from dataclasses import replace

from nfrlab.theory.families import FAMILIES
from nfrlab.theory.finite_width.law import ISOTROPIC, alignment_law
from nfrlab.theory.finite_width.mixture import AlignmentLaw
from nfrlab.theory.finite_width.proofs import heavy_tails as tail_proofs
from nfrlab.theory.finite_width.proofs import law as law_proofs
from nfrlab.theory.finite_width.proofs import rate as rate_proofs
from nfrlab.theory.finite_width.rate import kappa
from nfrlab.theory.numerics import balls
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination
from nfrlab.verify.court.evidence import Claimed, Evidence, Kind
from nfrlab.verify.examine.derivation import derivation_evidence
from nfrlab.verify.examine.finite_width import (
    GAP,
    SMALLEST,
    gap_evidence,
    law_evidence,
    means_evidence,
    slope_evidence,
    tail_evidence,
)

Point = tuple[str, int, int]
"""(family, d, N) of a layer."""
QUICK: tuple[Point, ...] = (
    ("gaussian", 784, 8),
    ("gaussian", 784, 200),
    ("student", 27, 27),
    ("sphere", 27, 12),
    ("ring", 784, 12),
)
RATIOS = 0.01, 0.1, 1, 10, 100
FULL: tuple[Point, ...] = (
    *QUICK,
    *(("gaussian", d, round(d * x)) for d in (2, 3, 27, 784) for x in RATIOS if 1 <= d * x <= 10_000),
    ("gaussian", 27, 9),
    ("sphere", 3, 30),
    *(("gaussian", 2, N) for N in (1, 14, 2000, 20_000)),
    ("gaussian", 27, 27_000),
    *(("gaussian", 150_528, N) for N in (8, 1505)),
    *((family, d, N) for family in ("student", "sphere", "ring") for d, N in ((2, 2), (2, 8), (3, 300), (27, 270))),
    *((family, 784, 784) for family in ("student", "sphere", "ring")),
    *((family, d, N) for family in ("student", "sphere", "ring") for d, N in ((2, 200), (2, 20_000), (27, 2700))),
    ("student", 5, 3000),
)
SLOWEST: tuple[Point, ...] = ("student", 10, 20_001), ("student", 30, 20_001)
"""Beside them, in profile full for Activation, whose mean rises most slowly at Student weights."""
WIDEST = 12, 120_000
"""(d, N) of the layers, N/d = 10⁴, whose gap 1 − α is examined; d is the least for RectGrad on spheres and rings."""
WIDEST_QUICK = {"constant": ("gaussian", "student", "ring"), "gbp": ("gaussian", "student", "sphere")}
SCALE_MIXTURES = "gaussian", "student"
"""Families tried there in profile quick, by these rules and by others; profile full tries all."""
HEAVY: tuple[Point, ...] = ("student", 10, 1000), ("student", 10, 20_001)
"""Layers whose smallest α are examined, where single neurons make them; in profile quick the first, for Activation."""
LAPLACE: tuple[Point, ...] = ("gaussian", 27, 27), ("student", 784, 78), ("sphere", 27, 270)
"""Where GBP's hidden relevance is Laplace."""
WIDE = {"constant": 150_528, "gbp": 150_528, "activation": 150_528, "rectgrad": 15_053}
"""N of the layers at d = 150,528 whose mean alone is examined."""
HAAR = (27, 9), (784, 784), (150_528, 1505)
"""(d, N) of the Haar frames."""
WHOLE = 2, 14
"""(d, N) where matching two moments is worst: there weights are also drawn whole."""
CONSTANT = {"activation": "2", "constant": "π", "gbp": "π²", "rectgrad": "10.19"}
"""κ of Gaussian weights, in words."""

NOTICES = {
    "grad": ("alpha-5",),
    "constant": ("alpha-2", "dof-5"),
    "gbp": ("alpha-2", "gbp-leaks-5"),
    "rectgrad": ("alpha-2", "quantile-85"),
    "activation": ("alpha-2", "dof-5", "activation-is-one", "activation-is-root"),
}
"""The breaks that the claim on a rule notices."""
TITLES = {
    "grad": "The plain gradient aligns with nothing",
    "constant": "How α grows with the width: constant weights",
    "gbp": "How α grows with the width: GBP",
    "rectgrad": "How α grows with the width: RectGrad",
    "activation": "How α grows with the width: Activation",
}


def examined_layers(rule: str, full: bool) -> list[Point]:
    """(family, d, N) of the layers at which a rule's law is examined, in profile quick or full.

    The gradient's law is exact, the same at every N, and costly at small d. RectGrad's begins at N = 8 and, beside
    scale mixtures, at d = 12; of it, profile quick leaves out the costliest families.
    """
    chosen = dict.fromkeys((*FULL, *(SLOWEST if rule == "activation" else ())) if full else QUICK)
    if rule == "grad":
        return [(family, d, N) for family, d, N in chosen if d >= 784 and N <= 100]
    if rule == "rectgrad":
        known = [(family, d, N) for family, d, N in chosen if N >= 8 and (d >= 12 or FAMILIES[family].scale_mixture)]
        return known if full else [point for point in known if point[0] in ("gaussian", "sphere")]
    return list(chosen)


def predicted_laws(exam: Examination, rule: str) -> list[AlignmentLaw]:
    """The rule's law at every layer examined and, for Activation, on Haar frames."""
    isotropic = [alignment_law(rule, *point) for point in examined_layers(rule, exam.pick(False, True))]
    frames = exam.pick(HAAR[:1], HAAR)
    return isotropic + [alignment_law(rule, "haar", d, N) for d, N in frames if rule == "activation"]


def examine_law(exam: Examination, rule: str) -> list[Evidence]:
    """The derivations, the constant κ, the law held against samples, and its exponent."""
    whole = [alignment_law(rule, "gaussian", *WHOLE)] if exam.pick(rule == "gbp", True) else []
    slope = [] if rule == "grad" else [slope_evidence(exam, rule, "gaussian", -1.0, 0.025)]
    if rule == "activation":  # of Student weights s b = λ² z has an infinite second moment, so α rises more slowly
        slope.append(slope_evidence(exam, rule, "student", -2 / 3, 0.025))
    share = 1.0 if rule == "grad" else 0.8
    derivations = [derivation_evidence(law_proofs.alignment_law), derivation_evidence(rate_proofs.isotropic_law)]
    if rule == "activation":
        derivations.append(derivation_evidence(tail_proofs.one_large_neuron))
    sampled = law_evidence(exam, predicted_laws(exam, rule), direct=whole, share=share)
    return [
        *derivations,
        *kappa_evidence(rule),
        *sampled,
        *laplace_relevance_evidence(exam, rule),
        *wide_layer_evidence(exam, rule),
        *smallest_evidence(exam, rule),
        *slope,
    ]


def kappa_evidence(rule: str) -> list[Evidence]:
    """κ of Gaussian weights: the derivation, and the certified closed form held against quadrature over neurons.

    Nothing for the plain gradient, which has no such constant.
    """
    if rule == "grad":
        return []
    interval = balls.endpoints(balls.kappa(rule, "gaussian", 784))
    value = kappa(rule, "gaussian", 784)
    enclosed = Evidence.from_interval(
        Kind.ENCLOSURE,
        f"κ = {interval[0]:.8f}: {rule}, Gaussian weights",
        interval,
        Claimed.between(value * (1 - 1e-6), value * (1 + 1e-6)),
        "closed form in ball arithmetic against quadrature over neurons",
    )
    return [derivation_evidence(rate_proofs.constants), enclosed]


def laplace_relevance_evidence(exam: Examination, rule: str) -> list[Evidence]:
    """GBP's law with a hidden relevance that is Laplace: symmetric but not normal. Nothing for other rules."""
    if rule != "gbp":
        return []
    laws = [alignment_law(rule, *point, relevance="laplace") for point in exam.pick(LAPLACE[:1], LAPLACE)]
    return law_evidence(exam, laws, "laplace", share=0.05)


def smallest_evidence(exam: Examination, rule: str) -> list[Evidence]:
    """The smallest α at Student weights, for Activation and in profile full for every rule but the plain gradient."""
    if rule not in (WIDE if exam.profile == "full" else ("activation",)):
        return []
    return tail_evidence(exam, [alignment_law(rule, *point) for point in exam.pick(HEAVY[:1], HEAVY)], 0.025)


def wide_layer_evidence(exam: Examination, rule: str) -> list[Evidence]:
    """The gap at N/d = 10⁴, in profile full for every family, and there a mean at the dimension of an ImageNet image.

    Nothing for the plain gradient, whose law is the same at every N.
    """
    if rule not in WIDE:
        return []
    families = exam.pick(WIDEST_QUICK.get(rule, SCALE_MIXTURES), ISOTROPIC)
    gaps = gap_evidence(exam, [alignment_law(rule, family, *WIDEST) for family in families], 0.05)
    if exam.profile == "quick":
        return gaps
    return gaps + means_evidence(exam, [alignment_law(rule, "gaussian", 150_528, WIDE[rule])], 0.05)


def mean_alone(exam: Examination, law: AlignmentLaw, relevance: str = "normal") -> list[Evidence]:
    """The mean of α held against a law's: where a constant is off by little, the distribution hardly shows it."""
    return law_evidence(exam, [law], relevance)[:1]


def examine_wrong_constant(exam: Examination, rule: str) -> list[Evidence]:
    """The law with a κ smaller by 2 %, where α feels it most: at α = 1/√3."""
    law = alignment_law(rule, "gaussian", 27, round(kappa(rule, "gaussian", 27) * 26 / 2))
    return mean_alone(exam, replace(law, c=1.02 * law.c))


def examine_relevance_with_mean(exam: Examination, rule: str) -> list[Evidence]:
    """The law for symmetric relevance claimed where r = |N(0, 1)|."""
    return law_evidence(exam, [alignment_law(rule, "gaussian", 784, 8)], relevance="absolute")


def broken_premise(rule: str) -> BrokenPremise:
    """The negative control of a rule's claim."""
    if rule == "grad":
        return BrokenPremise(
            premise="relevance of non-zero mean", examine=lambda exam: examine_relevance_with_mean(exam, rule)
        )
    return BrokenPremise(premise="the constant wrong by 2 %", examine=lambda exam: examine_wrong_constant(exam, rule))


def statement(rule: str) -> str:
    """What is claimed of a rule; the plain gradient, whose law is the same at every N, has no wide layers."""
    law = (
        "α of r_0 follows the law α = T/√(T² + H), H ~ χ²_{d−1} beside x̂, at the points examined: mean within 0.002, "
        "distribution within 0.02 (at d = 2 0.025)"
    )
    if rule not in WIDE:
        return f"{law}."
    return (
        f"{law}; at N/d = 10⁴ the median of 1 − α within {GAP[0]:.0%} (full profile: {GAP[1]:.0%}), at Student weights "
        f"the smallest α, {SMALLEST:.1%} of them, within a factor of 2. For Gaussian weights 1 − E α → "
        f"{CONSTANT[rule]}(d − 1)/2N."
    )


def points(rule: str) -> str:
    """Where a rule's law is examined, in words."""
    quick = ", ".join(f"{family} ({d:,}, {N:,})" for family, d, N in examined_layers(rule, full=False))
    full = f"examined at (d, N) = {quick}; profile full: {len(examined_layers(rule, full=True))} points"
    if rule not in WIDE:
        return full
    families = ", ".join(WIDEST_QUICK.get(rule, SCALE_MIXTURES))
    tail = " and ".join(f"({d}, {N:,})" for _, d, N in HEAVY)
    return (
        f"{full}, d = 2 … 150,528 (there N/d ≤ 1), N/d = 1/100 … 10⁴ for every family; the gap at (12, 120,000): "
        f"{families}, profile full: every family; the smallest α at student {tail}: "
        + ("the first, profile full: both" if rule == "activation" else "profile full")
    )


def claim(rule: str) -> Claim:
    """The claim `law-<rule>`."""
    return Claim(
        id=f"law-{rule}",
        title=TITLES[rule],
        source="makes Theorem 1's 'N sufficiently large' a law",
        statement=statement(rule),
        premises=(
            "one hidden layer of Gaussian, Student, sphere or ring weights (Activation: also one Haar frame, N ≤ d)",
            "hidden relevance i.i.d. N(0, 1), independent of the weights (GBP: also Laplace); constant: r = 1; "
            "Activation: r = A",
            "given R ≠ 0",
            points(rule),
        ),
        examine=lambda exam: examine_law(exam, rule),
        control=broken_premise(rule),
        notices=NOTICES[rule],
        blind=(
            "Layers are drawn by their invariants, which know no axis and no bias; where weights are drawn whole (GBP, "
            "d = 2) these move the distribution by less than its margin."
        ),
    )


CLAIMS = tuple(claim(rule) for rule in TITLES)
