"""Fig. 9: on which peak does each backdoor lie, and would it lie there without any map?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from nfrlab.simulations.dense.arrays import Array
from nfrlab.verify.court.claim import Examination
from nfrlab.verify.court.evidence import Claimed, Evidence
from nfrlab.verify.examine.decisions import share_evidence

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
