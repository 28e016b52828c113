"""Nie, Zhang & Patel 2018: a dense layer of 70,000 is worse than 64 filters, and depth changes nothing."""

from __future__ import annotations

from functools import partial

import numpy as np

from nfrlab.simulations.dense import reduced
from nfrlab.simulations.dense.convolution import Convolution
from nfrlab.simulations.dense.reduced.stacks import cascade_alignments
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination, RestoredPremise
from nfrlab.verify.court.evidence import Claimed, Evidence
from nfrlab.verify.examine.convolutions import Image, Networks, Number, network_medians, photograph

SOURCE = "Nie, Zhang & Patel 2018 (arXiv 1805.07039)"
SIDE, FILTERS, HIDDEN = 64, 64, 70_000
"""Of the image, filters of 7×7×3, and neurons of the fully connected network."""
OVERLAPPING, SIDE_BY_SIDE = Convolution(side=7), Convolution(side=7, stride=7)
AHEAD, FLAT = Claimed.between(0.0, 2.0), Claimed.between(-0.05, 0.05)
WIDTH, INPUT, DEEPER = 512, 256, (2, 4, 8)
"""Of every hidden layer and of the input, and the numbers of hidden layers that are compared with one."""
NARROW, WIDE = 128, 1024
"""The width of the first layer in the control, each of the next twice as wide, and the largest."""
SPREAD = 0.35
"""Share of the differences of two stacks that may lie beyond ± 0.05, for as many of them to be drawn as decide."""
Widths = tuple[int, ...]


def ahead(convolution: Convolution, x: Image, rng: np.random.Generator) -> float:
    """α of GBP's whole map in a convolution of 64 filters less that in a dense layer of 70,000 neurons.

    The latter has one law at every x: it is drawn by its invariants.
    """
    (alpha,) = Networks(convolution, FILTERS).alphas(("gbp",), x, rng)
    (dense,) = reduced.alignments("gbp", "gaussian", x.size, HIDDEN, 1, rng)
    return float(alpha - dense)


def ahead_evidence(exam: Examination, convolution: Convolution) -> list[Evidence]:
    """The median lead of the convolution, held against ≥ 0."""
    x = photograph(exam, SIDE)
    text = f"median of α: {FILTERS} filters of 7×7×3, stride {convolution.stride}, − {HIDDEN:,} dense, d = {x.size:,}"
    return network_medians(exam, {text: partial(ahead, convolution, x)}, AHEAD)


def equal_layers(depth: int) -> Widths:
    """The widths of the input and so many hidden layers of one width."""
    return INPUT, *[WIDTH] * depth


def growing_layers(depth: int) -> Widths:
    """The same with a narrow first layer and each of the next twice as wide, up to `WIDE`."""
    return INPUT, *(min(WIDE, NARROW * 2**layer) for layer in range(depth))


def depth_evidence(exam: Examination, rule: str = "gbp", growing: bool = False) -> list[Evidence]:
    """The median of α in deeper stacks less α in one with one hidden layer, held against ± 0.05."""
    widths = growing_layers if growing else equal_layers

    def deeper(depth: int, rng: np.random.Generator) -> float:
        deep, flat = (cascade_alignments(rule, widths(each), 1, rng)[0, -1] for each in (depth, 1))
        return float(deep - flat)

    numbers: dict[str, Number] = {
        f"median of α: {depth} hidden layers − one, {rule}": partial(deeper, depth) for depth in DEEPER
    }
    return network_medians(exam, numbers, FLAT, wrong=SPREAD)


CLAIMS = (
    Claim(
        id="nie-layers-dense",
        title="A dense layer of 70,000 neurons is worse than a convolution of 64 filters",
        source=f"{SOURCE}, fully connected networks",
        statement=(
            f"GBP in a fully connected network of {HIDDEN:,} hidden neurons recovers an image of 64×64×3 worse than in "
            f"a convolution of {FILTERS} filters of 7×7×3: the latter has the larger α, of the whole map."
        ),
        premises=(
            "one hidden layer, all weights i.i.d. N(0, 1), without biases (their hidden neurons have a bias of 1)",
            "a photograph of 64×64×3 pixels less its mean, zeros outside; stride 1, so that 49 patches overlap",
        ),
        examine=partial(ahead_evidence, convolution=OVERLAPPING),
        control=BrokenPremise(
            premise="the patches lie side by side: stride 7",
            examine=partial(ahead_evidence, convolution=SIDE_BY_SIDE),
        ),
        notices=("gbp-is-gradient",),
        blind="A difference of two α: a factor common to both keeps its sign, and both know the rule alike.",
    ),
    Claim(
        id="nie-layers-depth",
        title="Depth changes nothing",
        source=f"{SOURCE}, Proposition 1",
        statement=(
            "The statistics of GBP do not depend on the depth of a random network: α with 2, 4 and 8 hidden layers is "
            "that with one, within 0.05."
        ),
        premises=(
            f"dense ReLU stacks on {INPUT} inputs, hidden layers of {WIDTH} neurons, Gaussian weights, a random logit",
            "by how much α changes is the claim `cascade-law-gbp`",
        ),
        examine=depth_evidence,
        control=BrokenPremise(
            premise=f"layers grow upwards, {NARROW}, {2 * NARROW}, … {WIDE}",
            examine=partial(depth_evidence, growing=True),
        ),
        restored=RestoredPremise(
            premise="nothing is filtered: the saliency map", examine=partial(depth_evidence, rule="grad")
        ),
        notices=("gbp-is-gradient",),
        blind="A difference of two α, far beyond its margin: what changes either by little leaves it there.",
    ),
)
