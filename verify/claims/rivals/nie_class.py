"""Nie, Zhang & Patel 2018 on trained networks: the maps of GBP and DeconvNet know no class, that of the gradient does.

Two unrelated maps of length 1 are √2 apart; "the same" is read as closer than half of that, a cosine of 0.75 or more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination, Measured
from nfrlab.verify.court.evidence import Claimed, Evidence
from nfrlab.verify.examine.over_draws import medians_over_draws
from nfrlab.verify.examine.rivals import claims_on_rivals, rivals_with

if TYPE_CHECKING:
    import xarray as xr

SOURCE = "Nie, Zhang & Patel 2018 (arXiv 1805.07039), trained networks"
MASKED, SALIENCY = ("gbp", "deconv"), ("grad",)
SAME = Claimed.between(0.75, 1.0)
LITTLE, MUCH = Claimed.between(-2.0, 0.2), Claimed.between(0.2, 2.0)
"""What is claimed of the cosine that is lost by a flip, beyond what noise of that size costs."""
PREMISES = (
    "trained networks, with their biases: a VGG on digits and, where it is there, a ResNet-20 on CIFAR-10",
    "the map r_0 of the class with the largest output; a statement is about the median over draws of an image, in "
    "every network",
)
ATTACK = (
    *PREMISES,
    "the attack is one step along the signs of the gradient of f_j − f_k, j the class next to k, with the smallest ε = "
    "1/256, 1/128, … 1/4 of the image's range that flips the class; images that none flips are left out",
    "beside it the same image with ± ε at random, and the map of its class there",
)
UNFILTERED = "nothing is filtered and no mask left out: the plain gradient"


def cosines(data: xr.Dataset, rule: str, instead: str) -> xr.DataArray:
    """The cosine of a rule's map with the map there is `instead`."""
    return data["class_cosine"].sel(rule=rule, instead=instead, drop=True)


def logit_evidence(exam: Examination, rules: Sequence[str]) -> list[Evidence]:
    """The median cosine of the maps of two classes, held against ≥ 0.75."""
    found = {
        f"cos of the maps of two classes: {rule}, {data.attrs['title']}": cosines(data, rule, "another class")
        for data in trained(exam.measured).values()
        for rule in rules
    }
    return medians_over_draws(exam, found, SAME)


def flip_evidence(exam: Examination, rules: Sequence[str], claimed: Claimed) -> list[Evidence]:
    """By how much the cosine with the map before is lower after a flip of the class than after noise as large."""
    found = {
        f"cos after noise − after a flip: {rule}, {data.attrs['title']}": cosines(data, rule, "noise")
        - cosines(data, rule, "flipped")
        for data in trained(exam.measured).values()
        for rule in rules
    }
    return medians_over_draws(exam, found, claimed)


def trained(measured: Measured) -> Mapping[str, xr.Dataset]:
    """The trained networks in which the maps of several classes were compared."""
    return rivals_with(measured, "class_cosine", (*MASKED, *SALIENCY), "trained")


CLAIMS = (
    *claims_on_rivals(
        Claim(
            id="nie-class-logit",
            title="GBP and DeconvNet show the same for every class",
            source=SOURCE,
            statement=(
                "GBP and DeconvNet are not class sensitive: the maps of an image's class and of any other one are the "
                "same, their cosine 0.75 or more."
            ),
            premises=PREMISES,
            examine=partial(logit_evidence, rules=MASKED),
            control=BrokenPremise(premise=UNFILTERED, examine=partial(logit_evidence, rules=SALIENCY)),
            blind="It compares maps with each other: a factor common to all of them changes nothing.",
        ),
        trained,
    ),
    *claims_on_rivals(
        Claim(
            id="nie-class-attack",
            title="GBP and DeconvNet do not notice that the class has flipped",
            source=f"{SOURCE}, adversarial examples",
            statement=(
                "An attack that flips the class leaves the maps of GBP and DeconvNet as they are: their cosine with "
                "the map before is lower than after noise of the attack's size by 0.2 at most."
            ),
            premises=ATTACK,
            examine=partial(flip_evidence, rules=MASKED, claimed=LITTLE),
            control=BrokenPremise(premise=UNFILTERED, examine=partial(flip_evidence, rules=SALIENCY, claimed=LITTLE)),
            blind="A difference of two cosines: what lowers both alike is not seen.",
        ),
        trained,
    ),
    *claims_on_rivals(
        Claim(
            id="nie-class-saliency",
            title="The saliency map notices that the class has flipped",
            source=f"{SOURCE}, adversarial examples",
            statement=(
                "An attack that flips the class changes the saliency map much: its cosine with the map before is lower "
                "than after noise of the attack's size by 0.2 or more."
            ),
            premises=ATTACK,
            examine=partial(flip_evidence, rules=SALIENCY, claimed=MUCH),
            control=BrokenPremise(
                premise="negative relevance is filtered: GBP",
                examine=partial(flip_evidence, rules=("gbp",), claimed=MUCH),
            ),
            blind="A difference of two cosines: what lowers both alike is not seen.",
        ),
        trained,
    ),
)
