"""Sixt, Granz & Landgraf 2020: relevance forgets what entered above, and all vectors become one map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination, Measured, RestoredPremise
from nfrlab.verify.court.evidence import Claimed, Evidence
from nfrlab.verify.examine.over_draws import medians_over_draws
from nfrlab.verify.examine.rivals import PREMISES, claims_on_rivals, from_the_top, rivals_with

if TYPE_CHECKING:
    import xarray as xr

SOURCE = "Sixt, Granz & Landgraf 2020 (arXiv 1912.09818), cosine similarity convergence"
CONVERGED, APART = Claimed.between(0.985, 1.0), Claimed.between(0.0, 0.985)
"""They name no threshold; 0.99, which rounds 0.985, is what all methods but LRP-z and DeepLIFT are said to reach."""
BLIND = "It compares maps with each other: a factor common to all of them changes nothing."
WORDS = (
    "the cosine of two maps, over the channels at each position of layer 1, whatever vectors entered at the output, is "
    "{} in size (median over pairs and positions), in every network"
)
MASKED, FILTERED = ("gbp", "rectgrad:q=0.98"), ("zplus",)
DEEPLIFT = ("deeplift-rescale", "deeplift-revealcancel")
BY_BETA = ("zplus", "lrp-alpha-beta", "lrp-alpha-beta:alpha=5")
"""LRP-αβ with β = 0, 1 and 4."""


def convergence(data: xr.Dataset, rule: str) -> xr.DataArray:
    """The median |cos| at the positions of layer 1, of vectors that entered at the output."""
    return from_the_top(data, "csc", rule).sel(kind="position", layer=1, drop=True)


def convergence_evidence(
    exam: Examination, rules: Mapping[str, str], claimed: Claimed, weights: str = ""
) -> list[Evidence]:
    """The convergence under each rule in every network; for the names of `rules` their values stand in."""
    found = {
        f"|cos| at layer 1: {rule}, {data.attrs['title']}": convergence(data, used)
        for data in rivals_with(exam.measured, "csc", {*rules, *rules.values()}, weights).values()
        for rule, used in rules.items()
    }
    return medians_over_draws(exam, found, claimed)


def slowing_evidence(exam: Examination, rules: Sequence[str]) -> list[Evidence]:
    """How much more a rule converges than the one before it, held against ≤ 0."""
    found = {
        f"|cos| at layer 1: {slower} − {faster}, {data.attrs['title']}": convergence(data, slower)
        - convergence(data, faster)
        for data in rivals_with(exam.measured, "csc", rules).values()
        for faster, slower in pairwise(rules)
    }
    return medians_over_draws(exam, found, Claimed.between(-1.0, 0.0, resolution=0.01))


def measured_with(measured: Measured, rules: Sequence[str]) -> Mapping[str, xr.Dataset]:
    """The networks in which the convergence of these rules was measured."""
    return rivals_with(measured, "csc", rules)


def measured_at_random(measured: Measured, rules: Sequence[str]) -> Mapping[str, xr.Dataset]:
    """The same; none without one of random weights, where a control is about these."""
    found = measured_with(measured, rules)
    return found if any(data.attrs["weights"] == "random" for data in found.values()) else {}


def converges(*, id: str, title: str, rules: Sequence[str]) -> tuple[Claim, ...]:
    """The claim that all vectors become one map under these rules."""
    evidence = partial(convergence_evidence, claimed=CONVERGED)
    return claims_on_rivals(
        Claim(
            id=id,
            title=title,
            source=SOURCE,
            statement=f"{', '.join(rules)}: {WORDS.format('0.99 or more (rounded)')}.",
            premises=PREMISES,
            examine=partial(evidence, rules={rule: rule for rule in rules}),
            control=BrokenPremise(
                premise="nothing is filtered: the plain gradient",
                examine=partial(evidence, rules=dict.fromkeys(rules, "grad")),
            ),
            restored=RestoredPremise(
                premise="z⁺ in random networks, whose matrices have no negative entry",
                examine=partial(evidence, rules=dict.fromkeys(rules, "zplus"), weights="random"),
            ),
            blind=BLIND,
        ),
        partial(measured_at_random, rules=(*rules, "grad", "zplus")),
    )


CLAIMS = (
    *converges(id="sixt-zplus-converges", title="z⁺: every vector becomes the same map", rules=FILTERED),
    *converges(id="sixt-gbp-converges", title="GBP and RectGrad: every vector becomes the same map", rules=MASKED),
    *converges(id="sixt-deconv-converges", title="Deconvnet: every vector becomes the same map", rules=("deconv",)),
    *claims_on_rivals(
        Claim(
            id="sixt-gradient-stays-apart",
            title="Gradient and LRP-z: what enters above is not forgotten",
            source=SOURCE,
            statement=f"Gradient and LRP-z: {WORDS.format('below 0.99 (rounded)')}.",
            premises=PREMISES,
            examine=partial(convergence_evidence, rules={rule: rule for rule in ("grad", "lrp-z")}, claimed=APART),
            control=BrokenPremise(
                premise="negative weights filtered: z⁺ in random networks",
                examine=partial(
                    convergence_evidence, rules={"grad": "zplus", "lrp-z": "zplus"}, claimed=APART, weights="random"
                ),
            ),
            blind=BLIND,
        ),
        partial(measured_at_random, rules=("grad", "lrp-z", "zplus")),
    ),
    *converges(id="sixt-ablated-converges", title="DeepLIFT without cross terms: one map", rules=("deeplift-ablated",)),
    *claims_on_rivals(
        Claim(
            id="sixt-deeplift-escapes",
            title="DeepLIFT escapes: what enters above is not forgotten",
            source=f"{SOURCE}, DeepLIFT Rescale and RevealCancel, reference 0",
            statement=f"Rescale and RevealCancel: {WORDS.format('below 0.99 (rounded)')}.",
            premises=PREMISES,
            examine=partial(convergence_evidence, rules={rule: rule for rule in DEEPLIFT}, claimed=APART),
            control=BrokenPremise(
                premise="cross terms left out: the ablation, in random networks",
                examine=partial(
                    convergence_evidence,
                    rules=dict.fromkeys(DEEPLIFT, "deeplift-ablated"),
                    claimed=APART,
                    weights="random",
                ),
            ),
            blind=BLIND,
        ),
        partial(measured_at_random, rules=(*DEEPLIFT, "deeplift-ablated")),
    ),
    *claims_on_rivals(
        Claim(
            id="sixt-beta-slows",
            title="LRP-αβ converges the less, the larger β",
            source=f"{SOURCE}, α5β4 beside α2β1 and α1β0",
            statement=(f"From α1β0 to α2β1 to α5β4 {WORDS.format('never larger than before')} (margin 0.01)."),
            premises=PREMISES,
            examine=partial(slowing_evidence, rules=BY_BETA),
            control=BrokenPremise(
                premise="β grows: GBP takes the place of α5β4",
                examine=partial(slowing_evidence, rules=("lrp-alpha-beta:alpha=5", "gbp")),
            ),
            restored=RestoredPremise(
                premise="nothing is filtered in the last: the plain gradient in place of α5β4",
                examine=partial(slowing_evidence, rules=("zplus", "grad")),
            ),
            blind=BLIND,
        ),
        partial(measured_with, rules=(*BY_BETA, "gbp", "grad")),
    ),
)
