"""Fig. 7: does tracking an image through the layers show where a decision fails?"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination, RestoredPremise
from nfrlab.verify.court.evidence import Claimed, Evidence
from nfrlab.verify.examine.decisions import missing, most_telling_evidence, of_failures

if TYPE_CHECKING:
    import xarray as xr

SHOWS = Claimed.between(0.7, 1.0)


def told_by_truth(exam: Examination) -> list[Evidence]:
    """The same where what is left of the image is 1 on right decisions and 0 on wrong ones."""

    def truth(data: xr.Dataset) -> xr.Dataset:
        return data.assign(kept=0 * data["kept"] + data["right"])

    exam.measured = {name: truth(data) for name, data in exam.measured.items()}
    return most_telling_evidence(exam, "kept", SHOWS)


CLAIMS = (
    Claim(
        id="fig-7-failures",
        title="Tracking the layers shows where a decision fails",
        source="Sec. V-A, Fig. 7",
        statement=(
            "What is lost on the way tells failures from successes: of the image, its luminance, colour, coarse, "
            "middle and fine frequencies and edges, from five layers, the component and layer that tell most have an "
            "AUC of 0.70 or more, right decisions against wrong ones."
        ),
        premises=(
            "what is left of a component: α between it in Activation's map from the layer and in the image, of edges "
            "between strengths",
            "a ResNet-20 that others trained, on all of CIFAR-10's test images in random order; they are compressed, "
            "and 81 % of its decisions on them are right",
        ),
        examine=partial(most_telling_evidence, variable="kept", claimed=SHOWS),
        control=BrokenPremise(
            premise="the network is the one that decides: one with random weights",
            examine=partial(most_telling_evidence, variable="kept_random", claimed=SHOWS),
        ),
        restored=RestoredPremise(
            premise="what is left is 1 on right decisions and 0 on wrong ones",
            examine=told_by_truth,
        ),
        scope=of_failures,
        missing=missing,
        blind="It looks at what is left of images, and not at how the maps are made.",
    ),
)
