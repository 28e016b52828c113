"""Nie, Zhang & Patel 2018, Theorem 2: saliency map and DeconvNet of a random convolution are noise N(0, I).

A map is N(0, I) up to scale exactly if its direction is uniform: the square of its cosine with any fixed direction then
follows Beta(½, (d−1)/2). The part of this with the image, of a dense layer's gradient, is the claim `thm-1-raw`.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from nfrlab.simulations.dense import alignment
from nfrlab.simulations.dense.arrays import Array
from nfrlab.simulations.dense.convolution import Convolution
from nfrlab.verify import intervals
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination, RestoredPremise
from nfrlab.verify.court.evidence import Evidence
from nfrlab.verify.examine.convolutions import Image, Networks, photograph
from nfrlab.verify.examine.statistics import beta_law_evidence

SOURCE = "Nie, Zhang & Patel 2018 (arXiv 1805.07039), Theorem 2"
SIDE, FILTERS, DELTA = 5, 64, 0.1
"""Of the image, of the networks, and the margin of a distribution."""
OVERLAPPING, ONE_PATCH = Convolution(side=3, torus=True), Convolution(side=SIDE, stride=SIDE, torus=True)
OFF = 0.2
DIRECTIONS = ("the image", "one pixel", "one colour", "a vertical edge")
STATEMENT = (
    "In a random three-layer convolutional network with N filters, N large, {} is N(0, I) up to scale: the squared "
    "cosine with the image, with one pixel, with one colour and with an edge follows Beta(½, (d−1)/2) within 0.1."
)
PREMISES = (
    "input, 3×3 convolution with ReLU, linear logits; all weights i.i.d. N(0, 1), without biases",
    f"a photograph of {SIDE}×{SIDE}×3 pixels less its mean, on a torus, so that every pixel lies in equally many "
    f"patches; N = {FILTERS}",
)


def directions(x: Image) -> dict[str, Image]:
    """Fixed directions by name."""
    middle = len(x) // 2
    pixel, colour, edge = np.zeros_like(x), np.zeros_like(x), np.zeros_like(x)
    pixel[middle, middle, 0] = 1
    colour[:, :, 0] = 1
    edge[:, :middle], edge[:, middle + 1 :] = -1, 1
    return dict(zip(DIRECTIONS, (x, pixel, colour, edge), strict=True))


def off_centre(N: int, rng: np.random.Generator) -> Array:
    """Weights N(0.2, 1) of a logit."""
    return rng.standard_normal(N) + OFF


def noise_evidence(
    exam: Examination, rule: str, networks: Networks, along: tuple[str, ...] = DIRECTIONS
) -> list[Evidence]:
    """The law of the squared cosine of a rule's maps with every direction of `along`, against Beta, by DKW."""
    x = photograph(exam, SIDE)
    miss = exam.budget.spend(len(along))
    n, rng = intervals.distribution_plan(miss, DELTA, points=1 << 20), exam.rng(rule)
    maps = [networks.maps((rule,), x, rng)[0].ravel() for _ in range(n)]
    found = []
    for name in along:
        u = directions(x)[name].ravel()
        squares = np.sort([alignment(R, u) ** 2 for R in maps])
        text = f"the law of cos² with {name}: {rule}, d = {x.size}, N = {FILTERS}"
        found.append(beta_law_evidence(text, squares, x.size, DELTA, miss))
    return found


NETWORKS, CENTRE_LOST = Networks(OVERLAPPING, FILTERS), Networks(OVERLAPPING, FILTERS, relevance=off_centre)

CLAIMS = (
    Claim(
        id="nie-noise-gradient",
        title="The saliency map of a random convolution is noise",
        source=SOURCE,
        statement=STATEMENT.format("the plain gradient"),
        premises=PREMISES,
        examine=partial(noise_evidence, rule="grad", networks=NETWORKS),
        control=BrokenPremise(
            premise=f"the logits' weights are N({OFF}, 1)",
            examine=partial(noise_evidence, rule="grad", networks=CENTRE_LOST, along=("the image",)),
        ),
        notices=("relevance-20", "alpha-20"),
        blind="Noise stays noise whatever the length of the weights, or of one of their axes.",
    ),
    Claim(
        id="nie-noise-deconv",
        title="The DeconvNet map of a random convolution is noise",
        source=SOURCE,
        statement=STATEMENT.format("the DeconvNet map"),
        premises=PREMISES,
        examine=partial(noise_evidence, rule="deconv", networks=NETWORKS),
        control=BrokenPremise(
            premise=f"the logits' weights are N({OFF}, 1)",
            examine=partial(noise_evidence, rule="deconv", networks=CENTRE_LOST, along=("one colour",)),
        ),
        restored=RestoredPremise(
            premise="one filter covers the image: no patches that overlap",
            examine=partial(noise_evidence, rule="deconv", networks=Networks(ONE_PATCH, FILTERS)),
        ),
        notices=("alpha-20",),
        blind=(
            "Refuted by one colour: relu of a logit's weights has a mean, so that every filter is laid over the whole "
            "image, and its sum colours it. That outlives every break of weights or relevance."
        ),
    ),
)
