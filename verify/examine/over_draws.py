"""From measurements of draws of network and image to evidence: medians and rates with finite-sample intervals."""

from __future__ import annotations

from collections.abc import Mapping
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


def draws_needed() -> int:
    """Draws of a setting, planned beforehand for `CHECKS` medians.

    With so many each is decided with probability ≥ 0.99 where at most 1 % of the draws fall on the wrong side.
    """
    return planned_draws(Budget().allotment / CHECKS)


@cache
def planned_draws(miss: float) -> int:
    """Draws that one median needs at the error probability `miss`."""
    return intervals.median_plan(miss, WRONG)


def medians_over_draws(
    exam: Examination,
    values: Mapping[str, xr.DataArray],
    claimed: Claimed,
    share: float = 1.0,
    undefined: float | None = None,
) -> list[Evidence]:
    """For each statement the interval of the median over the draws, held against what is claimed.

    Parameters
    ----------
    exam
        Pays for the intervals from its budget.
    values
        By statement, one number a draw; NaN where there is none: a zero map, an overflow.
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
    values = np.asarray(array.values, dtype=float).ravel()
    missing = int(np.isnan(values).sum())
    kept = values[~np.isnan(values)] if undefined is None else np.nan_to_num(values, nan=undefined)
    interval = intervals.median(kept, miss) if len(kept) else (-np.inf, np.inf)
    # too few draws altogether leave a median undecided; values missing from enough draws say nothing of it
    enough = intervals.median_rank(len(kept), miss) >= 1 or intervals.median_rank(len(values), miss) < 1
    return Evidence(
        kind=Kind.BRIDGE,
        statement=text,
        finding=decide(interval, claimed) if enough else Finding.SILENT,
        method="distribution-free interval of the median over draws of network and image",
        miss=miss,
        n=len(kept),
        interval=interval,
        claimed=claimed,
        power=0.99 if len(kept) >= planned_draws(miss) else None,
        details={"median": float(np.median(kept)) if len(kept) else None, "undefined": missing},
    )


def rates_over_draws(
    exam: Examination, events: Mapping[str, npt.NDArray[np.bool_]], claimed: Claimed, share: float = 1.0
) -> list[Evidence]:
    """For each statement the Clopper–Pearson interval of a probability over the draws, held against what is claimed.

    `events` says by statement in which draws the event happened; all intervals together spend `share` of the budget.
    """
    miss = exam.budget.spend(max(1, len(events)), share)
    return [_rate(text, happened, miss, claimed) for text, happened in events.items()]


def _rate(text: str, happened: npt.NDArray[np.bool_], miss: float, claimed: Claimed) -> Evidence:
    n, hits = happened.size, int(happened.sum())
    return Evidence.from_interval(
        Kind.BRIDGE,
        text,
        intervals.clopper_pearson(hits, n, miss),
        claimed,
        "Clopper–Pearson over draws of network and image",
        miss=miss,
        n=n,
        details={"rate": hits / n if n else None},
    )
