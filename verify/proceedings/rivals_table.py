"""The table of the rivals: what each theory predicts, what was measured, and who is right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import inf

import numpy as np

from nfrlab.theory.rivals.predictions import THEORIES, Prediction
from nfrlab.verify import intervals
from nfrlab.verify.court.budget import Budget
from nfrlab.verify.court.claim import Measured
from nfrlab.verify.examine.over_draws import clusters
from nfrlab.verify.examine.rival_rows import ROWS, Row
from nfrlab.verify.intervals.fixed import Interval


class Score(StrEnum):
    """How a prediction fares: the interval lies inside its range, outside of it, or across its border."""

    RIGHT = "right"
    WRONG = "wrong"
    OPEN = "open"


@dataclass(frozen=True)
class RowResult:
    """A row as it came out: the median over n pairs of network and image, its interval, and what was predicted."""

    row: Row
    predictions: Mapping[str, Prediction]
    median: float | None = None
    interval: Interval = (-inf, inf)
    n: int = 0
    network: str = ""

    @property
    def measured(self) -> bool:
        """Whether there is a number."""
        return self.median is not None

    def score(self, theory: str) -> Score | None:
        """How a theory fares; None where it predicts nothing, or nothing was measured."""
        prediction = self.predictions.get(theory)
        if prediction is None or not self.measured:
            return None
        low, high = self.interval
        if high < prediction.low or low > prediction.high:
            return Score.WRONG
        return Score.RIGHT if prediction.low <= low and high <= prediction.high else Score.OPEN


def row_results(measured: Measured) -> list[RowResult]:
    """Every row: predicted from what is known beforehand, then measured.

    The intervals of all rows hold at once with the error probability of one claim.
    """
    miss = Budget().spend(len(ROWS))
    return [row_result(row, measured, miss) for row in ROWS]


def row_result(row: Row, measured: Measured, miss: float) -> RowResult:
    """One row, its interval at the error probability `miss`."""
    numbers = row.measure(measured)
    known = {} if numbers is None else numbers.known
    predictions = predicted(row.id, known)
    if numbers is None:
        return RowResult(row, predictions)
    values = clusters(numbers.values).values
    kept = values[~np.isnan(values)]
    if not len(kept):
        return RowResult(row, predictions)
    return RowResult(row, predictions, float(np.median(kept)), intervals.median(kept, miss), len(kept), numbers.network)


def predicted(id: str, known: Mapping[str, float]) -> dict[str, Prediction]:
    """By theory what it predicts of a row; without a theory that is silent, or that lacks what has to be known."""
    found = {}
    for theory, predictions in THEORIES.items():
        if id in predictions:
            try:
                found[theory] = predictions[id](known)
            except KeyError:
                continue
    return found


def tally(found: list[RowResult]) -> dict[str, dict[Score, int]]:
    """By theory how often it is right, wrong, and neither yet, of the rows of which it predicts something."""
    return {
        theory: {score: sum(each.score(theory) is score for each in found) for score in Score} for theory in THEORIES
    }
