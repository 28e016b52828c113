"""Nie, Zhang & Patel 2018: max-pooling makes DeconvNet recover the image, and leaves GBP and saliency as they are."""

from __future__ import annotations

from functools import partial

import numpy as np

from nfrlab.simulations.dense.convolution import Convolution
from nfrlab.simulations.dense.montecarlo import Relevance, absolute, normal
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination, RestoredPremise
from nfrlab.verify.court.evidence import Claimed, Evidence
from nfrlab.verify.examine.convolutions import Image, Networks, Number, network_medians, photograph

SOURCE = "Nie, Zhang & Patel 2018 (arXiv 1805.07039), max-pooling"
SIDE, FILTERS = 12, (64, 1000)
"""Of the image; of the networks in profile quick and full."""
PLAIN = Convolution()
STRIDED = {"every second position, no maximum": Convolution(stride=2)}
SMALL = {"2×2 at stride 2": Convolution(window=2, step=2)}
LARGE = {"9×9 at stride 1": Convolution(window=9)}
"""Theirs in print is 9×9 at stride 1; 2×2 is VGG's."""
NOISE, RECOVERS, EQUAL = Claimed.between(-0.1, 0.1), Claimed.between(0.2, 1.0), Claimed.between(-0.05, 0.05)
SPREAD = 0.36
"""Share of the differences of two networks' α that may lie beyond ± 0.05, for as many of them to be drawn as decide."""
FEW = 0.1
"""The same of the α of one network, beyond ± 0.1 or below 0.2."""
PREMISES = (
    "input, 3×3 convolution with ReLU, a maximum over windows, linear logits; all weights i.i.d. N(0, 1), no biases",
    f"N = {FILTERS[0]} filters (profile full: {FILTERS[1]:,}), fresh ones in every network; a photograph of "
    f"{SIDE}×{SIDE}×3 pixels less its mean, zeros outside",
)
Windows = dict[str, Convolution]


def one_alpha(rule: str, networks: Networks, x: Image, rng: np.random.Generator) -> float:
    """α of a rule's map in one network."""
    return float(networks.alphas((rule,), x, rng)[0])


def behind_gbp(networks: Networks, x: Image, rng: np.random.Generator) -> float:
    """By how much α of GBP is above that of DeconvNet in one network."""
    gbp, deconv = networks.alphas(("gbp", "deconv"), x, rng)
    return float(gbp - deconv)


def alpha_evidence(exam: Examination, windows: Windows, claimed: Claimed) -> list[Evidence]:
    """The median α of DeconvNet."""
    x, N = photograph(exam, SIDE), exam.pick(*FILTERS)
    numbers: dict[str, Number] = {
        f"median α: deconv, {name}, N = {N:,}": partial(one_alpha, "deconv", Networks(convolution, N), x)
        for name, convolution in windows.items()
    }
    return network_medians(exam, numbers, claimed, wrong=FEW)


def like_gbp_evidence(exam: Examination, windows: Windows) -> list[Evidence]:
    """The median of α of GBP less α of DeconvNet in the same network, held against ± 0.05."""
    x, N = photograph(exam, SIDE), exam.pick(*FILTERS)
    numbers: dict[str, Number] = {
        f"median of α: gbp − deconv, {name}, N = {N:,}": partial(behind_gbp, Networks(convolution, N), x)
        for name, convolution in windows.items()
    }
    return network_medians(exam, numbers, EQUAL)


def unaffected_evidence(
    exam: Examination, rule: str, windows: Windows, relevance: Relevance = normal
) -> list[Evidence]:
    """The median of α with pooling less α of another network without, held against ± 0.05."""
    x, N = photograph(exam, SIDE), exam.pick(*FILTERS)
    plain = Networks(PLAIN, N, relevance=relevance)

    def change(convolution: Convolution, rng: np.random.Generator) -> float:
        pooled = Networks(convolution, N, relevance=relevance)
        return one_alpha(rule, pooled, x, rng) - one_alpha(rule, plain, x, rng)

    numbers: dict[str, Number] = {
        f"median of α: {rule}, {name}, − without, N = {N:,}": partial(change, convolution)
        for name, convolution in windows.items()
    }
    return network_medians(exam, numbers, EQUAL, wrong=SPREAD)


CLAIMS = (
    Claim(
        id="nie-pooling-without",
        title="DeconvNet without pooling has nothing of the image",
        source=SOURCE,
        statement="Without max-pooling the DeconvNet map of a random convolution is noise: its median α is 0 ± 0.1.",
        premises=PREMISES,
        examine=partial(alpha_evidence, windows={"no pooling": PLAIN} | STRIDED, claimed=NOISE),
        control=BrokenPremise(
            premise="a maximum over windows", examine=partial(alpha_evidence, windows=SMALL | LARGE, claimed=NOISE)
        ),
        blind="An α of 0 stays 0 under every change of scale, and of the other rules.",
    ),
    Claim(
        id="nie-pooling-recovers",
        title="Max-pooling makes DeconvNet recover the image",
        source=SOURCE,
        statement="With max-pooling DeconvNet recovers the image partly: its median α is 0.2 or more.",
        premises=PREMISES,
        examine=partial(alpha_evidence, windows=SMALL | LARGE, claimed=RECOVERS),
        control=BrokenPremise(
            premise="positions left out, no maximum",
            examine=partial(alpha_evidence, windows=STRIDED, claimed=RECOVERS),
        ),
        blind="A factor common to all α is noticed only where it takes the smallest of them below 0.2.",
    ),
    Claim(
        id="nie-pooling-like-gbp",
        title="With max-pooling DeconvNet behaves like GBP",
        source=SOURCE,
        statement=(
            "With max-pooling DeconvNet behaves like GBP: in one network their α agree within 0.05, for windows of "
            "2×2 and of 9×9."
        ),
        premises=PREMISES,
        examine=partial(like_gbp_evidence, windows=SMALL | LARGE),
        control=BrokenPremise(
            premise="positions left out, no maximum", examine=partial(like_gbp_evidence, windows=STRIDED)
        ),
        restored=RestoredPremise(
            premise="windows of 9×9 alone, where the maximum of 81 is never below 0",
            examine=partial(like_gbp_evidence, windows=LARGE),
        ),
        notices=("gbp-leaks-20", "gbp-is-gradient"),
        blind="A factor common to both α changes little; and so does a longer axis, which both see.",
    ),
    Claim(
        id="nie-pooling-saliency",
        title="Max-pooling leaves the saliency map as it is",
        source=SOURCE,
        statement="Max-pooling does not affect the plain gradient: its α with and without agree within 0.05.",
        premises=PREMISES,
        examine=partial(unaffected_evidence, rule="grad", windows=SMALL | LARGE),
        control=BrokenPremise(
            premise="the logits' weights |N(0, 1)|",
            examine=partial(unaffected_evidence, rule="grad", windows=SMALL | LARGE, relevance=absolute),
        ),
        notices=("relevance-20",),
        blind="Both α are 0, and stay 0 whatever the weights' length, an axis of theirs, or a factor of α.",
    ),
    Claim(
        id="nie-pooling-gbp",
        title="Max-pooling leaves GBP as it is",
        source=SOURCE,
        statement=(
            "Max-pooling does not affect GBP: its α with and without agree within 0.05, for windows of 2×2 and 9×9."
        ),
        premises=PREMISES,
        examine=partial(unaffected_evidence, rule="gbp", windows=SMALL | LARGE),
        control=BrokenPremise(
            premise="positions left out, no maximum",
            examine=partial(unaffected_evidence, rule="gbp", windows=STRIDED),
        ),
        restored=RestoredPremise(
            premise="nothing is filtered: the saliency map",
            examine=partial(unaffected_evidence, rule="grad", windows=SMALL | LARGE),
        ),
        notices=("relevance-20", "gbp-is-gradient"),
        blind="The drop of α is far larger than its margin: what changes both α by little leaves it.",
    ),
)
