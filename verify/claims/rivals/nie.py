"""Nie, Zhang & Patel 2018, Theorem 1: GBP of a random convolution gives the image back.

Of one patch it is the claim `thm-1-gbp`, and its law at N filters `law-gbp`; that ring and uniform weights do as well
as Gaussian ones is `limit-ring` and `limit-uniform`, on deep networks `fig-4-…`; that edges are what remains after
training is `table-1-trained`. New here is the whole map of overlapping patches.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
from jaxtyping import Float

from nfrlab.simulations.dense.arrays import Array
from nfrlab.simulations.dense.convolution import Convolution
from nfrlab.simulations.dense.weights import gaussian
from nfrlab.theory.limit.overlapping_patches import limit_alignment, limit_map
from nfrlab.theory.limit.proofs import direction as direction_proofs
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination, RestoredPremise
from nfrlab.verify.court.evidence import Claimed, Evidence
from nfrlab.verify.examine.convolutions import Image, Networks, Number, network_medians, pictures
from nfrlab.verify.examine.derivation import derivation_evidence

SOURCE = "Nie, Zhang & Patel 2018 (arXiv 1805.07039), Theorem 1"
SIDE, FILTERS, CLASSES = 8, 2000, 10
"""Of the images, in each of their networks, and of its logits."""
NETWORKS = Networks(Convolution(side=3), FILTERS)
RECOVERED = Claimed.between(0.98, 1.0)
"""What is claimed of the median α."""
FACTOR = 1.5
PREMISES = (
    "input, 3×3 convolution with ReLU, linear logits; all weights i.i.d. N(0, 1), without biases",
    f"images of {SIDE}×{SIDE}×3 pixels, zeros outside: random, a photograph less its mean; profile full: two more",
    f"N → ∞; 'the map ≈ x' read as lim α = 1 of the whole map, sampled as median α ≥ 0.98 at N = {FILTERS:,}",
)


def one_colour_longer(d: int, N: int, rng: np.random.Generator) -> Float[Array, "d N"]:
    """Gaussian filters whose weights at the first of three colours are `FACTOR` times as large."""
    W = gaussian(d, N, rng)
    W[::3] *= FACTOR
    return W


def recovery_evidence(exam: Examination, networks: Networks = NETWORKS, contrast: bool = True) -> list[Evidence]:
    """The median α of the whole GBP map, held against ≥ 0.98: with the image or, not of its `contrast`, its limit."""
    numbers: dict[str, Number] = {}
    for name, x in pictures(exam, SIDE).items():
        target, limit = (x, limit_alignment(x, 3)) if contrast else (limit_map(x, 3), 1.0)
        text = f"median α of the map, N = {FILTERS:,} (in the limit {limit:.3f}): {name}, {said_of(networks)}"
        numbers[text] = partial(one_alpha, networks, x, target)
    return network_medians(exam, numbers, RECOVERED)


def said_of(networks: Networks) -> str:
    """Which logit is explained."""
    return "any logit" if networks.classes == 1 else f"the largest of {networks.classes} logits"


def one_alpha(networks: Networks, x: Image, target: Image, rng: np.random.Generator) -> float:
    """α of GBP's map in one network."""
    return float(networks.alphas(("gbp",), x, rng, target)[0])


def signs_evidence(exam: Examination) -> list[Evidence]:
    """The same at an image of ±1 on a torus, whose patches all have one length."""
    networks = replace(NETWORKS, convolution=Convolution(side=3, torus=True))
    x = exam.rng("signs").choice((-1.0, 1.0), (SIDE, SIDE, 3))
    text = f"median α of the map, N = {FILTERS:,}: random signs on a torus"
    return network_medians(exam, {text: partial(one_alpha, networks, x, x)}, RECOVERED)


def limit_evidence(exam: Examination) -> list[Evidence]:
    """The derivation, and α with the predicted limit, of any logit and of the largest."""
    largest = replace(NETWORKS, classes=CLASSES)
    numbers = {
        f"median α of the map with its limit, N = {FILTERS:,}: {name}, {said_of(networks)}": partial(
            one_alpha, networks, x, limit_map(x, 3)
        )
        for name, x in pictures(exam, SIDE).items()
        for networks in (NETWORKS, largest)
    }
    return [
        derivation_evidence(direction_proofs.isotropic_half_space_mean),
        *network_medians(exam, numbers, RECOVERED),
    ]


CLAIMS = (
    Claim(
        id="nie-gbp",
        title="GBP of a random convolution gives the image back",
        source=SOURCE,
        statement=(
            "In a random three-layer convolutional network with N filters, N large, the GBP map of every class is the "
            "image up to scale."
        ),
        premises=PREMISES,
        examine=recovery_evidence,
        control=BrokenPremise(
            premise=f"the filters' weights at one colour × {FACTOR}",
            examine=partial(recovery_evidence, networks=replace(NETWORKS, sampler=one_colour_longer)),
        ),
        restored=RestoredPremise(
            premise="an image of random signs on a torus: all patches of one length, every pixel in equally many",
            examine=signs_evidence,
        ),
        notices=("alpha-2", "gbp-is-gradient"),
        blind="Refuted because the contrast of patches is lost: what only scatters the map more refutes it as well.",
    ),
    Claim(
        id="nie-gbp-repair",
        title="GBP of a random convolution gives back every patch at one length",
        source=f"makes {SOURCE} a statement on the whole map",
        statement=(
            "As N → ∞ the GBP map of every class, the largest logit's too, is Σ_i D_iᵀ x_i/‖x_i‖ up to scale, x_i the "
            "patches: every pixel of the image times the sum of 1/‖x_i‖ over the patches that hold it. So what is "
            "lost is the contrast between parts of the image, not their pattern."
        ),
        premises=PREMISES,
        examine=limit_evidence,
        control=BrokenPremise(
            premise=f"the filters' weights at one colour × {FACTOR}",
            examine=partial(recovery_evidence, networks=replace(NETWORKS, sampler=one_colour_longer), contrast=False),
        ),
        notices=("alpha-2", "gbp-is-gradient"),
        blind=(
            "A longer first weight of every filter turns each patch alike, and its neighbours turn it back; a leak of "
            "GBP, another law of independent weights or a mean of the logits' weights keeps the limit."
        ),
        repairs="nie-gbp",
    ),
)
