"""What the claims on Fig. 8 and 9 share: which measurements they look at, and how scores and peaks are judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nfrlab.simulations.dense.arrays import Array
from nfrlab.simulations.sealed import read_dataset
from nfrlab.verify.court.claim import Examination, Measured
from nfrlab.verify.court.evidence import Claimed, Evidence, Kind
from nfrlab.verify.intervals.betting import bets
from nfrlab.verify.intervals.fixed import clopper_pearson, hoeffding
from nfrlab.verify.intervals.separation import auc, block_means, blocks, within_strata
from nfrlab.verify.intervals.unimodality import certified_dip, chosen, valley

if TYPE_CHECKING:
    import xarray as xr

BEGINNING = "decisions-"
"""How the names of these measurements begin."""
BACKDOORS = f"{BEGINNING}backdoors"
FAILURES = "failures-"
"""How the names of what `nfrlab failures` measured begin."""
TRACKED = (f"{FAILURES}cifar",)
NETWORKS = f"{BEGINNING}cifar", f"{BEGINNING}resnet18-w16"
"""What Fig. 8 is judged from: two networks that learned CIFAR-10, on its 10,000 test images."""
ON_IMAGENET = f"{BEGINNING}squeezenet1_0"
"""The network that meets ImageNet's images, as the caption of Fig. 8 says."""
ATTACKS = {"badnet": "BadNet", "dynamic": "Dynamic", "inputaware": "InputAware", "wanet": "WaNet"}
SHIPPED = Path(__file__).parents[1] / "measured"
"""Measurements that lie in the repository, so that the verdicts can be had without the networks."""
WANTED = "measurements of decisions; run: nfrlab decisions"
DIP = 1_000
"""Observations of which the dip is computed: it takes seconds."""
DECILES = 10
PREMISES = (
    "the map is GBP's, without a bottom process, of the class that the network decides on; R̃ has the range of the "
    "normalised image; products are element-wise, the class of v* is decided anew, the bias is left out: of sixteen "
    "readings the default",
    "images that the networks did not learn, all of CIFAR-10's test set in random order, compressed; networks: a "
    "ResNet-20 that others trained, and a ResNet18 of base width 16 that nfrlab train taught",
    "an AUC is P(S of a right decision > S of a wrong one), ties counting a half; strong means 0.80 or more, weak 0.65 "
    "or less",
)
Score = Callable[["xr.Dataset"], Array]
"""A number for every image, from what was measured on them."""


@cache
def shipped() -> Mapping[str, xr.Dataset]:
    """What lies in the repository, by name."""
    found = {path.stem: read_dataset(path) for path in sorted(SHIPPED.glob("*.nc"))}
    return {name: data for name, data in found.items() if data is not None}


def of_networks(measured: Measured) -> dict[str, xr.Dataset]:
    """What was measured on the networks of Fig. 8: here, if all of it is there, or what is shipped."""
    return available(measured, NETWORKS)


def of_imagenet(measured: Measured) -> dict[str, xr.Dataset]:
    """What was measured on the network of ImageNet, and beside it on those of CIFAR-10: here, or what is shipped."""
    return available(measured, (ON_IMAGENET, *NETWORKS))


def of_failures(measured: Measured) -> dict[str, xr.Dataset]:
    """What was measured of failures: here, or what is shipped."""
    return available(measured, TRACKED)


def of_backdoors(measured: Measured) -> dict[str, xr.Dataset]:
    """What was measured on networks with a backdoor: here, if it is of every attack, or what is shipped."""
    return available({name: data for name, data in measured.items() if is_of_every_attack(data)}, (BACKDOORS,))


def is_of_every_attack(data: xr.Dataset) -> bool:
    """Whether there is a network with each of the four backdoors that began with the clean one."""
    return "attack" in data.coords and set(data["attack"].values[~data["scratch"].values]) == set(ATTACKS)


def available(measured: Measured, names: tuple[str, ...]) -> dict[str, xr.Dataset]:
    """These measurements, all from one place."""
    place = measured if all(name in measured for name in names) else shipped()
    return {name: place[name] for name in names if name in place}


def missing(measured: Measured) -> str:
    """What is missing where nothing was measured, and nothing is shipped."""
    return "" if measured else WANTED


def reading(name: str) -> Score:
    """S in one of its sixteen readings."""
    return lambda data: data["s"].sel(reading=name).values


def fed(name: str) -> Score:
    """S of what is fed in the place of the map."""
    return lambda data: data["s_fed"].sel(input=name).values


def masked(name: str) -> Score:
    """S of an image of which a part is kept."""
    return lambda data: data["s_kept"].sel(mask=name).values


def column(name: str) -> Score:
    """A number that was measured beside S."""
    return lambda data: data[name].values


def peaks_evidence(exam: Examination, score: Score, words: str) -> list[Evidence]:
    """Whether a score has a peak below zero and one above: three intervals, chosen on half of the images and judged on
    the other half.
    """
    miss = exam.budget.spend(len(exam.measured))
    found = []
    for name, data in exam.measured.items():
        s = exam.rng(name).permutation(score(data))
        half = len(s) // 2
        three = chosen(s[:half])
        found.append(
            Evidence.from_interval(
                Kind.BRIDGE,
                f"{words}, {data.attrs['title']}: ln(density of the lower peak / density between the peaks)",
                valley(s[half:], three, miss),
                Claimed.between(0.0, np.inf),
                "three intervals, chosen on one half of the images and judged on the other by Clopper–Pearson",
                n=len(s) - half,
                miss=miss,
                details={
                    "peak below": list(three.left),
                    "valley": list(three.middle),
                    "peak above": list(three.right),
                    "share above 0": round(float(np.mean(s > 0)), 4),
                    f"certified dip of {DIP}": round(certified_dip(s[:DIP], miss), 4),
                },
            )
        )
    return found


def auc_evidence(exam: Examination, words: str, score: Score, claimed: Claimed) -> list[Evidence]:
    """The AUC of a score, right decisions against wrong ones, by disjoint blocks."""
    miss = exam.budget.spend(len(exam.measured))
    found = []
    for name, data in exam.measured.items():
        good, values = data["right"].values == 1, score(data)
        means = block_means(values, good, pairs_of(exam, name, data))
        found.append(
            Evidence.from_interval(
                Kind.BRIDGE,
                f"AUC of {words}, {data.attrs['title']}",
                bets(means, miss, 0, 1),
                claimed,
                "disjoint blocks, betting",
                n=len(means),
                miss=miss,
                details={"AUC of all pairs": round(auc(values, good), 4)},
            )
        )
    return found


def within_evidence(
    exam: Examination, words: str, score: Score, claimed: Claimed, strata: tuple[str, ...]
) -> list[Evidence]:
    """The same among images that are alike in one respect, for each of several."""
    miss = exam.budget.spend(len(exam.measured) * len(strata))
    found = []
    for name, data in exam.measured.items():
        good, values = data["right"].values == 1, score(data)
        for kind in strata:
            pairs = within_strata(good, STRATA[kind](data), exam.rng(f"blocks of {name} within {kind}"))
            means = block_means(values, good, pairs)
            found.append(
                Evidence.from_interval(
                    Kind.BRIDGE,
                    f"AUC of {words} within {kind}, {data.attrs['title']}",
                    hoeffding(means, miss),
                    claimed,
                    "disjoint blocks of images of one kind, Hoeffding",
                    n=len(means),
                    miss=miss,
                    details={"mean of the blocks": round(float(means.mean()), 4)},
                )
            )
    return found


def deciles(values: Array) -> Array:
    """In which tenth of all values each lies, from 0."""
    return np.digitize(values, np.quantile(values, np.arange(1, DECILES) / DECILES))


STRATA: Mapping[str, Score] = {
    "deciles of the margin": lambda data: deciles(data["margin"].values),
    "the class decided on": lambda data: data["decided"].values.astype(int),
    "the two peaks": lambda data: data["same"].sel(space="normalised").values.astype(int),
}
"""In what images may be alike: a number for every image, equal where they are."""


def difference_evidence(
    exam: Examination, pairs: Mapping[str, tuple[Score, Score]], claimed: Claimed
) -> list[Evidence]:
    """The AUC of one score less that of another, on the same blocks."""
    miss = exam.budget.spend(len(pairs) * len(exam.measured))
    found = []
    for name, data in exam.measured.items():
        good = data["right"].values == 1
        common = pairs_of(exam, name, data)
        for words, (one, other) in pairs.items():
            means = [block_means(score(data), good, common) for score in (one, other)]
            found.append(
                Evidence.from_interval(
                    Kind.BRIDGE,
                    f"AUC of {words}, {data.attrs['title']}",
                    bets(means[0] - means[1], miss, -1, 1),
                    claimed,
                    "disjoint blocks, both scores on each, betting",
                    n=len(means[0]),
                    miss=miss,
                    details={"AUCs of all pairs": [round(auc(score(data), good), 4) for score in (one, other)]},
                )
            )
    return found


def pairs_of(exam: Examination, name: str, data: xr.Dataset) -> list[tuple[int, Array]]:
    """Disjoint blocks of right and wrong decisions, the same for every score."""
    return blocks(data["right"].values == 1, exam.rng(f"blocks of {name}"))


def share_evidence(exam: Examination, statements: Mapping[str, Array], claimed: Claimed) -> list[Evidence]:
    """How often something is so, for every statement: an array of true and false."""
    miss = exam.budget.spend(len(statements))
    return [
        Evidence.from_interval(
            Kind.BRIDGE,
            words,
            clopper_pearson(int(np.sum(holds)), len(holds), miss),
            claimed,
            "Clopper–Pearson",
            n=len(holds),
            miss=miss,
        )
        for words, holds in statements.items()
    ]


def most_telling_evidence(exam: Examination, variable: str, claimed: Claimed) -> list[Evidence]:
    """The AUC of the component and layer that tell right decisions from wrong ones best: chosen on half of the images,
    judged on the other half. Large or small values may be the right ones.
    """
    miss = exam.budget.spend(len(exam.measured))
    found = []
    for name, data in exam.measured.items():
        order = exam.rng(name).permutation(data.sizes["image"])
        one, other = (data.isel(image=half) for half in np.array_split(order, 2))
        scores = one[variable].stack(place=("information", "layer")).transpose("place", "image")
        good = one["right"].values == 1
        told = {place: auc(scores.sel(place=place).values, good) - 0.5 for place in scores["place"].values}
        best = max(told, key=lambda place: abs(told[place]))
        values = np.sign(told[best]) * other[variable].sel(information=best[0], layer=best[1]).values
        good = other["right"].values == 1
        means = block_means(values, good, blocks(good, exam.rng(f"blocks of {name}")))
        found.append(
            Evidence.from_interval(
                Kind.BRIDGE,
                f"AUC of what is left of the image where it tells most, {data.attrs['title']}",
                bets(means, miss, 0, 1),
                claimed,
                "the place is chosen on one half of the images and judged on the other: disjoint blocks, betting",
                n=len(means),
                miss=miss,
                details={"place": f"{best[0]}, layer {best[1]}", "AUC of all pairs": round(auc(values, good), 4)},
            )
        )
    return found
