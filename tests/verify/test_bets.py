"""Betting at one n, against a gambler who places one bet after the other."""

from __future__ import annotations

from math import log, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nfrlab.verify.intervals import bets
from nfrlab.verify.intervals.betting import CAP


def is_ruled_out(values: list[float], m: float, sign: int, miss: float) -> bool:
    """Whether a gambler who bets `sign` on the mean m of values in [0, 1] ever has 2/miss times what he began with."""
    capital, seen, squares = 1.0, 0.5, 0.25
    for t, x in enumerate(values, start=1):
        stake = sqrt(2 * log(2 / miss) / (len(values) * squares / t))
        most = CAP / m if sign > 0 else CAP / (1 - m)
        capital *= 1 + sign * min(stake, most) * (x - m)
        if capital >= 2 / miss:
            return True
        seen += x
        squares += (x - seen / (t + 1)) ** 2
    return False


def nearest_ruled_out(values: list[float], sign: int, miss: float) -> float:
    """The distance from the sample mean beyond which every candidate is ruled out; that of the bound, where none is."""
    centre = sum(values) / len(values)
    inside, outside = 0.0, centre if sign > 0 else 1 - centre
    for _ in range(60):
        middle = (inside + outside) / 2
        if 0 < centre - sign * middle < 1 and is_ruled_out(values, centre - sign * middle, sign, miss):
            outside = middle
        else:
            inside = middle
    return outside


@settings(max_examples=150)
@given(st.lists(st.integers(0, 10), min_size=1, max_size=12), st.sampled_from([0.9, 0.5, 0.1, 1e-3]))
def test_bets_end_where_the_gambler_wins(tenths: list[int], miss: float) -> None:
    """Catches another stake, variance or prior, and an end that is rounded inward, or outward by more than 1 %."""
    values = [n / 10 for n in tenths]
    centre, (low, high) = float(np.mean(values)), bets(np.array(values), miss, 0.0, 1.0)
    for sign, distance in ((1, centre - low), (-1, high - centre)):
        least = nearest_ruled_out(values, sign, miss)
        assert least * (1 - 1e-9) - 1e-12 <= distance <= least / 0.99 + 1e-12


def test_bets_scale_with_their_bounds() -> None:
    """Catches bounds that are taken for those of [0, 1]."""
    values = np.array([0.1, 0.7, 0.4, 0.9, 0.3, 0.2])
    low, high = bets(values, 0.2, 0.0, 1.0)
    assert bets(3 + 2 * values, 0.2, 3.0, 5.0) == pytest.approx((3 + 2 * low, 3 + 2 * high))
