"""From measurements of draws of network and image to evidence: medians and rates with finite-sample intervals.

Draws of one network and one image are a cluster and count once, with the median of their numbers. n is the number of
clusters, and `details` say how many different networks and images they are made of. Images are drawn without
replacement: the count of those below the median is then hypergeometric, whose tail is lighter than the binomial's
(Uhlmann 1966), so that intervals for independent draws cover all the more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from nfrlab.verify import intervals
from nfrlab.verify.court.budget import Budget
from nfrlab.verify.court.claim import Examination
from nfrlab.verify.court.evidence import Claimed, Evidence, Finding, Kind, decide

if TYPE_CHECKING:
    import xarray as xr

CHECKS = 64
"""Number of checks of one claim that draws are planned for."""

WRONG = 0.01
"""Share of draws on the wrong side of the margin up to which a median is decided with probability ≥ 0.99."""

CERTAIN = Claimed.exactly(1.0, 0.4)
"""What is claimed of how often an event happens that is claimed of every draw, as close as 50 draws can tell."""


def draws_needed() -> int:
    """Draws of a setting, planned beforehand for `CHECKS` medians.

    With so many each is decided with probability ≥ 0.99 where at most 1 % of the draws fall on the wrong side.
    """
    return planned_draws(Budget().allotment / CHECKS)


@cache
def planned_draws(miss: float) -> int:
    """Draws that one median needs at the error probability `miss`."""
    return intervals.median_plan(miss, WRONG)


@dataclass(frozen=True)
class Clusters:
    """One number for every different pair of network and image, and how many of both there are."""

    values: npt.NDArray[np.float64]
    networks: int
    images: int

    @property
    def words(self) -> str:
        """How many of what: `50 pairs of 50 networks and 2 images`."""
        return f"{len(self.values)} pairs of {counted(self.networks, 'network')} and {counted(self.images, 'image')}"


def counted(n: int, noun: str) -> str:
    """`1 network`, `2 networks`."""
    return f"{n} {noun}{'s' * (n != 1)}"


def clusters(array: xr.DataArray) -> Clusters:
    """The medians of an array's draws by their coordinates `network` and `image`; NaN where every draw of one is."""
    values = np.asarray(array.values, dtype=float)
    pairs = np.stack([np.asarray(array[name].values) for name in ("network", "image")], axis=1)
    different, of = np.unique(pairs, axis=0, return_inverse=True)
    groups = [values[of.ravel() == k] for k in range(len(different))]
    middle = [np.median(group[~np.isnan(group)]) if not np.all(np.isnan(group)) else np.nan for group in groups]
    networks, images = (len(np.unique(column)) for column in different.T)
    return Clusters(np.array(middle), networks, images)


def medians_over_draws(
    exam: Examination,
    values: Mapping[str, xr.DataArray],
    claimed: Claimed,
    share: float = 1.0,
    undefined: float | None = None,
) -> list[Evidence]:
    """For each statement the interval of the median over the draws, held against what is claimed.

    All of a call hold at once: they share one error probability.

    Parameters
    ----------
    exam
        Pays for the intervals from its budget.
    values
        By statement, one number a draw, with its `network` and `image`; NaN where there is none: an overflow.
    claimed
        What is claimed of every median.
    share
        The share of the budget that all intervals may spend together.
    undefined
        The value that a draw without one counts as. With None it is left out; where that leaves too few for an
        interval, though all draws would be enough, the evidence is silent.
    """
    miss = exam.budget.spend(max(1, len(values)), share)
    return [_median(text, array, miss, claimed, undefined) for text, array in values.items()]


def _median(text: str, array: xr.DataArray, miss: float, claimed: Claimed, undefined: float | None) -> Evidence:
    found = clusters(array if undefined is None else array.fillna(undefined))
    missing = int(np.isnan(array.values).sum())
    kept = found.values[~np.isnan(found.values)]
    interval = intervals.median(kept, miss) if len(kept) else (-np.inf, np.inf)
    # too few draws altogether leave a median undecided; values missing from enough draws say nothing of it
    enough = intervals.median_rank(len(kept), miss) >= 1 or intervals.median_rank(len(found.values), miss) < 1
    return Evidence(
        kind=Kind.BRIDGE,
        statement=text,
        finding=decide(interval, claimed) if enough else Finding.SILENT,
        method=f"distribution-free interval of the median over {found.words}",
        miss=miss,
        n=len(kept),
        interval=interval,
        claimed=claimed,
        power=0.99 if len(kept) >= planned_draws(miss) else None,
        details={
            "median": float(np.median(kept)) if len(kept) else None,
            "undefined": missing,
            "networks": found.networks,
            "images": found.images,
        },
    )


def numbers_of_networks(
    exam: Examination, values: Mapping[str, xr.DataArray], claimed: Claimed, share: float = 1.0
) -> list[Evidence]:
    """For each statement a number of the network alone, the same at every image, held against what is claimed.

    That of one network is compared as it is; of several, by the interval of the median over them. Takes the arguments
    of `medians_over_draws`. Raises `ValueError` for a number that changes with the image.
    """
    found = {text: by_network(array) for text, array in values.items()}
    miss = exam.budget.spend(max(1, sum(len(numbers) > 1 for numbers in found.values())), share)
    return [
        _of_one(text, float(numbers[0]), claimed)
        if len(numbers) == 1
        else Evidence.from_interval(
            Kind.BRIDGE,
            text,
            intervals.median(numbers, miss),
            claimed,
            f"distribution-free interval of the median over {counted(len(numbers), 'network')}",
            miss=miss,
            n=len(numbers),
            power=0.99 if len(numbers) >= planned_draws(miss) else None,
            details={"median": float(np.median(numbers)), "networks": len(numbers)},
        )
        for text, numbers in found.items()
    ]


def by_network(array: xr.DataArray) -> npt.NDArray[np.float64]:
    """One number for every network. Raises `ValueError` where draws of one network disagree."""
    values, of = np.asarray(array.values, dtype=float), np.asarray(array["network"].values)
    numbers = [np.unique(values[of == network]) for network in np.unique(of)]
    if any(len(different) != 1 for different in numbers):
        raise ValueError(f"{array.name} is no number of the network alone: it changes with the image")
    return np.concatenate(numbers)


def _of_one(text: str, number: float, claimed: Claimed) -> Evidence:
    return Evidence(
        kind=Kind.BRIDGE,
        statement=f"{text}: {number:.4g}",
        finding=Finding.UNDECIDED if np.isnan(number) else decide((number, number), claimed),
        method="exactly, without an interval: a number of one network, the same at every image",
        n=1,
        claimed=claimed,
        details={"value": number, "networks": 1},
    )


def rates_over_draws(
    exam: Examination, events: Mapping[str, xr.DataArray], claimed: Claimed, share: float = 1.0
) -> list[Evidence]:
    """For each statement the Clopper–Pearson interval of a probability over the draws, held against what is claimed.

    `events` say by statement in which draws the event happened, 1 or 0, with their `network` and `image`; of a cluster
    with several draws, in most of them. All intervals together spend `share` of the budget.
    """
    miss = exam.budget.spend(max(1, len(events)), share)
    return [_rate(text, happened, miss, claimed) for text, happened in events.items()]


def _rate(text: str, happened: xr.DataArray, miss: float, claimed: Claimed) -> Evidence:
    found = clusters(happened)
    n, hits = len(found.values), int((found.values > 0.5).sum())
    return Evidence.from_interval(
        Kind.BRIDGE,
        text,
        intervals.clopper_pearson(hits, n, miss),
        claimed,
        f"Clopper–Pearson over {found.words}",
        miss=miss,
        n=n,
        details={"rate": hits / n if n else None, "networks": found.networks, "images": found.images},
    )


def always_over_draws(exam: Examination, events: Mapping[str, xr.DataArray], share: float = 1.0) -> list[Evidence]:
    """For each statement whether an event happened in every draw, as is claimed: a single one without it refutes.

    Where there is none, its rate has to be above 0.6 by the interval of `rates_over_draws`.
    """
    return [
        piece
        if piece.details["rate"] == 1
        else replace(
            piece,
            finding=Finding.REFUTES,
            method=f"a counterexample is one: {piece.method}",
            counterexample={"draws": first_without(events[piece.statement])},
        )
        for piece in rates_over_draws(exam, events, CERTAIN, share)
    ]


def first_without(happened: xr.DataArray) -> list[str]:
    """The numbers of the first draws, five at most, in which the event did not happen."""
    return [str(i) for i in np.flatnonzero(np.asarray(happened.values) < 0.5)[:5]]
