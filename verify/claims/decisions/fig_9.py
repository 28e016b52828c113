"""Fig. 9: on which peak does each backdoor lie, and would it lie there without any map?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from nfrlab.simulations.dense.arrays import Array
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination, RestoredPremise
from nfrlab.verify.court.evidence import Claimed, Evidence
from nfrlab.verify.examine.decisions import ATTACKS, missing, of_backdoors, share_evidence

if TYPE_CHECKING:
    import xarray as xr

SOURCE = "Sec. V-B.2, Fig. 9"
LOOKED_AT = 0
"""The training seed of the networks that were looked at before the statements were worded: they are not judged."""
PREMISES = (
    "networks: ResNet18 of base width 16 on CIFAR-10, compressed, taught a backdoor by nfrlab train in few epochs; the "
    "unit is the trained network, a statement is about every one; those of training seed 0 served to word it",
    "success without the target's images: BadNet 95 %, Dynamic 98 to 99 %, WaNet 93 to 97 %, InputAware 70 to 77 %; "
    "with another image's trigger about half of the images are given another class",
    "the target is class 0; images are test images, 2,000 with the trigger and 2,000 others without, of each network",
    "the map is GBP's of the class that is decided on; S in its default reading, the peaks lie on either side of 0; to "
    "lie on a peak means: S has its sign on 90 % of the images or more",
)
MOST = Claimed.between(0.9, 1.0)
BLIND = "It looks at decisions on maps and triggers, and not at how the maps are made."
PATCHES = ("badnet", "dynamic")
Numbers = Callable[["xr.Dataset"], Array]


def networks(exam: Examination, attacks: tuple[str, ...]) -> Iterator[tuple[str, xr.Dataset]]:
    """The networks with these attacks that began with the clean one and are fresh, each in words."""
    for data in exam.measured.values():
        for model in data["model"].values:
            one = data.sel(model=model)
            fresh = int(one["training_seed"]) != LOOKED_AT and not bool(one["scratch"])
            if str(one["attack"].values) in attacks and fresh:
                yield f"{ATTACKS[str(one['attack'].values)]}, seed {int(one['training_seed'])}", one


def side_evidence(exam: Examination, attack: str, above: bool, of: Numbers) -> list[Evidence]:
    """How often S lies on one side of zero, in every network with this attack."""
    where = "S > 0" if above else "S < 0"
    statements = {
        f"{where}: {words}": (of(one) > 0) if above else (of(one) < 0) for words, one in networks(exam, (attack,))
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
    """How often the map is twice as strong in the pixels of the trigger as that of the image without it is there."""
    inside = "inside" if triggered else "inside_clean"
    statements = {
        f"map twice as strong in the trigger as without it: {words}": (one[inside] >= 2 * one["inside_clean"]).values
        for words, one in networks(exam, attacks)
    }
    return share_evidence(exam, statements, MOST)


def grey_evidence(exam: Examination, of: Numbers) -> list[Evidence]:
    """How often what is fed lies on the same side of zero as the map does."""
    statements = {
        f"same side as the map: {words}": (of(one) > 0) == (poisoned(one) > 0)
        for words, one in networks(exam, ("badnet",))
    }
    return share_evidence(exam, statements, MOST)


def peak_claim(attack: str, above: bool, control: BrokenPremise, restored: RestoredPremise | None = None) -> Claim:
    """The claim that an attack lies on the right peak, or on the left one."""
    side, printed = (
        ("right", "BadNet and Dynamic aligning with the right peak")
        if above
        else ("left", "and InputAware and WaNet aligning with the left")
    )
    return Claim(
        id=f"fig-9-{attack}",
        title=f"{ATTACKS[attack]} lies on the {side} peak",
        source=SOURCE,
        statement=(
            f"“{printed}”: in every network with the backdoor {ATTACKS[attack]} S {'> 0' if above else '< 0'} on 90 % "
            "of the images with a trigger, or more."
        ),
        premises=PREMISES,
        examine=partial(side_evidence, attack=attack, above=above, of=poisoned),
        control=control,
        restored=restored,
        scope=of_backdoors,
        missing=missing,
        blind=BLIND,
    )


def blanked(attack: str) -> BrokenPremise:
    """The control of the right peak: what is left without the trigger."""
    return BrokenPremise(
        premise="the trigger is there: its pixels are grey, and no map is fed",
        examine=partial(side_evidence, attack=attack, above=True, of=fed("trigger blanked")),
    )


EVERY_MAP_A_PATCH = RestoredPremise(
    premise="to the network every map bears a trigger, and the image does not: Dynamic's, on images without one",
    examine=partial(side_evidence, attack="dynamic", above=False, of=clean),
)

CLAIMS = (
    peak_claim("badnet", above=True, control=blanked("badnet")),
    peak_claim(
        "dynamic",
        above=True,
        control=blanked("dynamic"),
        restored=RestoredPremise(
            premise="the map is the trigger alone: it is fed on grey",
            examine=partial(side_evidence, attack="dynamic", above=True, of=fed("trigger on grey")),
        ),
    ),
    peak_claim(
        "inputaware",
        above=False,
        control=BrokenPremise(
            premise="the trigger is made for its image: it is BadNet's, the same for all",
            examine=partial(side_evidence, attack="badnet", above=False, of=poisoned),
        ),
        restored=EVERY_MAP_A_PATCH,
    ),
    peak_claim(
        "wanet",
        above=False,
        control=BrokenPremise(
            premise="the images bear the trigger: they do not",
            examine=partial(side_evidence, attack="wanet", above=False, of=clean),
        ),
        restored=EVERY_MAP_A_PATCH,
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
        examine=partial(pointing_evidence, attacks=tuple(ATTACKS), triggered=True),
        control=BrokenPremise(
            premise="the images bear the trigger: they do not",
            examine=partial(pointing_evidence, attacks=tuple(ATTACKS), triggered=False),
        ),
        restored=RestoredPremise(
            premise="the trigger is a patch: BadNet and Dynamic alone",
            examine=partial(pointing_evidence, attacks=PATCHES, triggered=True),
        ),
        scope=of_backdoors,
        missing=missing,
        blind=BLIND,
    ),
    Claim(
        id="fig-9-grey",
        title="BadNet's peak needs no map",
        source=f"null of {SOURCE}",
        statement=(
            "BadNet: the trigger on grey, where no map is made, lies on the side of zero on which the map of the image "
            "with the trigger lies, on 90 % of the images or more: the peak tells how the backdoor was trained."
        ),
        premises=PREMISES,
        examine=partial(grey_evidence, of=fed("trigger on grey")),
        control=BrokenPremise(
            premise="the trigger is fed: the image is, with the pixels of the trigger grey",
            examine=partial(grey_evidence, of=fed("trigger blanked")),
        ),
        scope=of_backdoors,
        missing=missing,
        blind=BLIND,
    ),
)
