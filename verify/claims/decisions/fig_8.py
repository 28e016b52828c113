"""Fig. 8: has Key Information Sufficiency two peaks, and of what are they made?"""

from __future__ import annotations

from functools import partial

import numpy as np

from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination, RestoredPremise
from nfrlab.verify.court.evidence import Claimed, Evidence
from nfrlab.verify.examine.decisions import (
    NETWORKS,
    ON_IMAGENET,
    PREMISES,
    Score,
    fed,
    missing,
    of_imagenet,
    of_networks,
    peaks_evidence,
    reading,
    share_evidence,
)

SOURCE = "Sec. V-B.1, Fig. 8a"
ANEW, KEPT = reading("element-wise-anew-no-bias-normalised"), reading("element-wise-kept-no-bias-normalised")
BLIND = "It looks at the network's decisions on maps, and not at how the maps are made."


def types_evidence(exam: Examination, kept: bool) -> list[Evidence]:
    """How often S is positive just where the class that is decided on stays the same."""
    score = KEPT if kept else ANEW
    statements = {
        f"S > 0 exactly where the class stays the same, {data.attrs['title']}": (score(data) > 0)
        == (data["same"].sel(space="normalised").values == 1)
        for data in exam.measured.values()
    }
    return share_evidence(exam, statements, Claimed.between(0.95, 1.0))


def above_evidence(exam: Examination, networks: tuple[str, ...], score: Score) -> list[Evidence]:
    """How often S is positive on these networks."""
    statements = {
        f"S > 0, {exam.measured[name].attrs['title']}": np.asarray(score(exam.measured[name]) > 0) for name in networks
    }
    return share_evidence(exam, statements, Claimed.between(0.1, 1.0))


def below_evidence(exam: Examination, score: Score) -> list[Evidence]:
    """How often S is negative."""
    statements = {f"S < 0, {data.attrs['title']}": np.asarray(score(data) < 0) for data in exam.measured.values()}
    return share_evidence(exam, statements, Claimed.between(0.1, 1.0))


CLAIMS = (
    Claim(
        id="fig-8-peaks",
        title="KIS has one peak above zero and another below",
        source=SOURCE,
        statement=(
            "“The results display a clear bimodal distribution, with one peak above zero and another below”: the law "
            "of S is not unimodal, its density is lower between two intervals on either side of zero than in both, and "
            "the lower peak has a twentieth of the density of the higher one or more."
        ),
        premises=PREMISES,
        examine=partial(peaks_evidence, score=ANEW, words="S"),
        control=BrokenPremise(
            premise="the class of v* is decided anew: it is kept",
            examine=partial(peaks_evidence, score=KEPT, words="S with the class kept"),
        ),
        scope=of_networks,
        missing=missing,
        blind=BLIND,
    ),
    Claim(
        id="fig-8-imagenet",
        title="On ImageNet, too, KIS has a peak above zero",
        source="caption of Fig. 8",
        statement=(
            "“On the ImageNet Validation Set”, where the text says CIFAR-10: one of the two peaks lies above zero, on "
            "10 % of the images or more S is positive."
        ),
        premises=(
            PREMISES[0],
            "SqueezeNet 1.0 trained on ImageNet, 64 % right, on 254 images of ImageNet, one a class, at 224 × 224",
        ),
        examine=partial(above_evidence, networks=(ON_IMAGENET,), score=ANEW),
        control=BrokenPremise(
            premise="the map is fed back: noise is",
            examine=partial(above_evidence, networks=(ON_IMAGENET,), score=fed("noise")),
        ),
        restored=RestoredPremise(
            premise="the images are ImageNet's: they are CIFAR-10's, and the networks for these",
            examine=partial(above_evidence, networks=NETWORKS, score=ANEW),
        ),
        scope=of_imagenet,
        missing=missing,
        blind=BLIND,
    ),
    Claim(
        id="fig-8-types",
        title="The two peaks are two types of decisions on the same class",
        source=SOURCE,
        statement=(
            "“Two distinct decision-making types”: with the class kept, v* = v, the decision changes significantly on "
            "some images, on 10 % or more S is negative."
        ),
        premises=PREMISES,
        examine=partial(below_evidence, score=KEPT),
        control=BrokenPremise(
            premise="R̃ has the range of the normalised image: it has that of its pixels",
            examine=partial(below_evidence, score=reading("element-wise-kept-no-bias-pixels")),
        ),
        restored=RestoredPremise(
            premise="the class of v* is decided anew",
            examine=partial(below_evidence, score=ANEW),
        ),
        scope=of_networks,
        missing=missing,
        blind=BLIND,
    ),
    Claim(
        id="fig-8-types-repair",
        title="The peaks are whether the map is given the class of the image",
        source=f"repair of {SOURCE}",
        statement=(
            "S is positive exactly where the class decided on R̃ is that of the image: on 95 % of the images or more."
        ),
        premises=PREMISES,
        examine=partial(types_evidence, kept=False),
        control=BrokenPremise(
            premise="the class of v* is decided anew: it is kept",
            examine=partial(types_evidence, kept=True),
        ),
        scope=of_networks,
        missing=missing,
        repairs="fig-8-types",
        blind=BLIND,
    ),
)
