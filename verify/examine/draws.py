"""Measurements of draws → evidence: medians and rates with finite-sample intervals."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np
import numpy.typing as npt
import xarray as xr

from nfrlab.verify import intervals
from nfrlab.verify.court.budget import Ledger
from nfrlab.verify.court.claim import Examination
from nfrlab.verify.court.evidence import Evidence, Finding, Kind, decide

Floats = npt.NDArray[np.float64]
CHECKS = 64
"""Checks that a claim may be planned for."""

WRONG = 0.01
"""Share of draws on the wrong side of the margin up to which a median is decided with probability ≥ 0.99."""


def draws_needed() -> int:
    """Draws of a setting, planned beforehand: of 64 medians each is decided with probability ≥ 0.99 where at most 1 %
    of the draws fall on the wrong side.
    """
    return planned(Ledger().allotment / CHECKS)


@cache
def planned(alpha: float) -> int:
    """The same for a median at level 1 − α."""
    return intervals.median_plan(alpha, WRONG)


def median_evidence(
    exam: Examination,
    values: Mapping[str, xr.DataArray],
    claimed: intervals.Interval,
    delta: float,
    share: float = 1.0,
    undefined: float | None = None,
) -> list[Evidence]:
    """For each statement the interval of the median over the draws against the claimed range, with margin δ.

    A draw without a value (a zero map, an overflow) counts as `undefined`, or is left out where that is None; where
    that leaves too few for an interval, though all draws would be enough, nothing is said.
    """
    alpha = exam.ledger.draw(max(1, len(values)), share)
    return [_median(text, array, alpha, claimed, delta, undefined) for text, array in values.items()]


def _median(
    text: str, array: xr.DataArray, alpha: float, claimed: intervals.Interval, delta: float, undefined: float | None
) -> Evidence:
    found = np.asarray(array.values, dtype=float).ravel()
    missing = int(np.isnan(found).sum())
    kept = found[~np.isnan(found)] if undefined is None else np.nan_to_num(found, nan=undefined)
    interval = intervals.median(kept, alpha) if len(kept) else (-np.inf, np.inf)
    enough = intervals.median_rank(len(kept), alpha) >= 1 or intervals.median_rank(len(found), alpha) < 1
    return Evidence(
        Kind.BRIDGE,
        text,
        decide(interval, claimed, delta) if enough else Finding.SILENT,
        "distribution-free interval of the median over draws of network and image",
        alpha=alpha,
        delta=delta,
        n=len(kept),
        interval=interval,
        claimed=claimed,
        power=0.99 if len(kept) >= planned(alpha) else None,
        details={"median": float(np.median(kept)) if len(kept) else None, "undefined": missing},
    )


def rate_evidence(
    exam: Examination,
    events: Mapping[str, npt.NDArray[np.bool_]],
    claimed: intervals.Interval,
    delta: float,
    share: float = 1.0,
) -> list[Evidence]:
    """For each statement the Clopper–Pearson interval of a probability against the claimed range, with margin δ."""
    alpha = exam.ledger.draw(max(1, len(events)), share)
    found = []
    for text, happened in events.items():
        n, successes = happened.size, int(happened.sum())
        interval = intervals.clopper_pearson(successes, n, alpha)
        found.append(
            Evidence(
                Kind.BRIDGE,
                text,
                decide(interval, claimed, delta),
                "Clopper–Pearson over draws of network and image",
                alpha=alpha,
                delta=delta,
                n=n,
                interval=interval,
                claimed=claimed,
                details={"rate": successes / n if n else None},
            )
        )
    return found
