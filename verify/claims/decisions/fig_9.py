"""Fig. 9: on which peak does each backdoor lie, and would it lie there without any map?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from nfrlab.simulations.dense.arrays import Array
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination, RestoredPremise
from nfrlab.verify.court.evidence import Claimed, Evidence
from nfrlab.verify.examine.decisions import missing, of_backdoors, share_evidence

if TYPE_CHECKING:
    import xarray as xr

SOURCE = "Sec. V-B.2, Fig. 9"
NAMES = {"badnet": "BadNet", "dynamic": "Dynamic", "inputaware": "InputAware", "wanet": "WaNet"}
PREMISES = (
    "networks: ResNet18 of base width 16 on CIFAR-10, taught a backdoor by nfrlab train, five training seeds of each "
    "attack; the unit is the trained network, a statement is about every one",
    "the target is class 0; images are test images, 500 with the trigger and 500 others without, of each network",
    "the map is GBP's of the class that is decided on; S in its default reading, the peaks lie on either side of 0",
)
MOST = Claimed.between(0.9, 1.0)
BLIND = "It looks at decisions on maps and triggers, and not at how the maps are made."
Numbers = Callable[["xr.Dataset"], Array]


def networks(exam: Examination, attacks: tuple[str, ...]) -> Iterator[tuple[str, xr.Dataset]]:
    """The networks with these attacks that began with the clean one, each in words."""
    for data in exam.measured.values():
        for model in data["model"].values:
            one = data.sel(model=model)
            if str(one["attack"].values) in attacks and not bool(one["scratch"]):
                yield f"{NAMES[str(one['attack'].values)]}, seed {int(one['training_seed'])}", one


def side_evidence(exam: Examination, attacks: tuple[str, ...], above: bool, of: Numbers) -> list[Evidence]:
    """How often S lies on one side of zero, in every network with these attacks."""
    where = "S > 0" if above else "S < 0"
    statements = {
        f"{where}: {words}": (of(one) > 0) if above else (of(one) < 0) for words, one in networks(exam, attacks)
    }
    return share_evidence(exam, statements, MOST)


def poisoned(data: xr.Dataset) -> Array:
    """S of the maps of images with a trigger."""
    return np.asarray(data["s"].values)


def clean(data: xr.Dataset) -> Array:
    """S of the maps of images without one."""
    return np.asarray(data["s_clean"].values)


def fed(name: str) -> Numbers:
    """S where the trigger is fed without any map."""
    return lambda data: np.asarray(data["s_trigger"].sel(trigger=name).values)


def pointing_evidence(exam: Examination, attacks: tuple[str, ...], triggered: bool) -> list[Evidence]:
    """How often the map has a larger share in the pixels of the trigger than these have of the image, or than the map
    of the image without it has.
    """
    inside = "inside" if triggered else "inside_clean"
    statements = {
        f"map twice as strong in the trigger as without it: {words}": (one[inside] >= 2 * one["inside_clean"]).values
        for words, one in networks(exam, attacks)
    }
    return share_evidence(exam, statements, MOST)


def grey_evidence(exam: Examination, attacks: tuple[str, ...], of: Numbers) -> list[Evidence]:
    """How often what is fed lies on the same side of zero as the map does."""
    statements = {
        f"same side as the map: {words}": (of(one) > 0) == (poisoned(one) > 0) for words, one in networks(exam, attacks)
    }
    return share_evidence(exam, statements, MOST)


RIGHT, LEFT = ("badnet", "dynamic"), ("inputaware", "wanet")
EVERY = (*RIGHT, *LEFT)

CLAIMS = (
    Claim(
        id="fig-9-right",
        title="BadNet and Dynamic lie on the right peak",
        source=SOURCE,
        statement=(
            "“BadNet and Dynamic aligning with the right peak”: in every network with one of these backdoors S > 0 for "
            "90 % of the images with a trigger, or more."
        ),
        premises=PREMISES,
        examine=partial(side_evidence, attacks=RIGHT, above=True, of=poisoned),
        control=BrokenPremise(
            premise="the images bear the trigger: they do not",
            examine=partial(side_evidence, attacks=RIGHT, above=True, of=clean),
        ),
        restored=RestoredPremise(
            premise="the map is the triggered image with its trigger alone: it is fed on grey",
            examine=partial(side_evidence, attacks=("badnet",), above=True, of=fed("trigger on grey")),
        ),
        scope=of_backdoors,
        missing=missing,
        blind=BLIND,
    ),
    Claim(
        id="fig-9-left",
        title="InputAware and WaNet lie on the left peak",
        source=SOURCE,
        statement=(
            "“InputAware and WaNet aligning with the left”: in every network with one of these backdoors S < 0 for 90 "
            "% of the images with a trigger, or more."
        ),
        premises=PREMISES,
        examine=partial(side_evidence, attacks=LEFT, above=False, of=poisoned),
        control=BrokenPremise(
            premise="the images bear the trigger: they do not",
            examine=partial(side_evidence, attacks=LEFT, above=False, of=clean),
        ),
        scope=of_backdoors,
        missing=missing,
        blind=BLIND,
    ),
    Claim(
        id="fig-9-points",
        title="Maps point to the trigger",
        source=SOURCE,
        statement=(
            "“The attributional explanations correctly highlight the backdoor”: in the pixels that a trigger changes "
            "the map of the image with it is twice as strong as that of the image without it, or stronger, on 90 % of "
            "the images or more, for every attack and network."
        ),
        premises=PREMISES,
        examine=partial(pointing_evidence, attacks=EVERY, triggered=True),
        control=BrokenPremise(
            premise="the images bear the trigger: they do not",
            examine=partial(pointing_evidence, attacks=EVERY, triggered=False),
        ),
        scope=of_backdoors,
        missing=missing,
        blind=BLIND,
    ),
    Claim(
        id="fig-9-grey",
        title="Which peak it is follows without any map",
        source=f"null of {SOURCE}",
        statement=(
            "The trigger on grey, where no map is made, lies on the side of zero on which the map of the image with "
            "the trigger lies, for 90 % of the images or more, of every attack and network: the peaks tell how a "
            "backdoor was trained, and nothing of the map."
        ),
        premises=PREMISES,
        examine=partial(grey_evidence, attacks=EVERY, of=fed("trigger on grey")),
        control=BrokenPremise(
            premise="the trigger is fed: the image is, with the pixels of the trigger grey",
            examine=partial(grey_evidence, attacks=EVERY, of=fed("trigger blanked")),
        ),
        scope=of_backdoors,
        missing=missing,
        blind=BLIND,
    ),
)
