"""Peaks and AUC: against slow oracles, and their coverage."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from nfrlab.verify.intervals.separation import auc, block_means, blocks, within_strata
from nfrlab.verify.intervals.unimodality import LEAST, certified_dip, chosen, dip, valley

SAMPLES = st.lists(st.floats(-9, 9).map(lambda x: round(x, 2)), min_size=2, max_size=9)


def dip_by_linear_programs(sample: list[float]) -> float:
    """For every mode the least d for which a convex and a concave function stay within d of the steps."""
    x, counts = np.unique(sample, return_counts=True)
    upto = np.cumsum(counts) / counts.sum()
    before, m, best = upto - counts / counts.sum(), len(x), 1.0
    for j in range(m):
        left, size = j + 1, m + 2  # L_0 … L_j, R_j … R_{m−1}, d
        rows, limits = [], []

        def require(terms: dict[int, float], limit: float, rows: list = rows, limits: list = limits) -> None:
            row = np.zeros(m + 2)
            for place, factor in terms.items():
                row[place] += factor
            rows.append(row)
            limits.append(limit)

        d = size - 1
        for i in range(left):
            require({i: 1, d: -1}, before[i])
            if i < j:
                require({i: -1, d: -1}, -upto[i])
        for i in range(j, m):
            require({left + i - j: -1, d: -1}, -upto[i])
            if i > j:
                require({left + i - j: 1, d: -1}, before[i])
        require({left: 1, d: -1}, upto[j])
        require({j: 1, left: -1}, 0)  # the law may jump up at its mode
        for i in range(m - 2):
            s, t = x[i + 1] - x[i], x[i + 2] - x[i + 1]
            if i + 2 <= j:
                require({i: -1 / s, i + 1: 1 / s + 1 / t, i + 2: -1 / t}, 0)
            if i >= j:
                k = left + i - j
                require({k: 1 / s, k + 1: -1 / s - 1 / t, k + 2: 1 / t}, 0)
        if j > 0:
            require({0: 1, 1: -1}, 0)
        if j < m - 1:
            require({size - 3: 1, size - 2: -1}, 0)
        cost = np.zeros(size)
        cost[d] = 1
        best = min(best, linprog(cost, A_ub=np.array(rows), b_ub=limits, bounds=[(0, 1)] * size).fun)
    return best


@settings(max_examples=60, deadline=None)
@given(sample=SAMPLES)
def test_the_dip_is_the_distance_to_the_nearest_unimodal_law(sample: list[float]) -> None:
    """Catches a mode that may not jump, halves that do not meet, ties that count as one, and half of the distance."""
    assert dip(np.array(sample)) == pytest.approx(dip_by_linear_programs(sample), abs=1e-8)


def test_the_dip_is_that_of_the_library() -> None:
    """Catches the same on samples of hundreds, one and two peaks, with and without ties."""
    diptest = pytest.importorskip("diptest")
    rng = np.random.default_rng(0)
    for n in (40, 300):
        for apart in (0, 3):
            x = rng.normal(size=n) + apart * rng.integers(0, 2, n)
            for sample in (x, x.round(1)):
                assert dip(sample) == pytest.approx(diptest.dipstat(sample), abs=1e-9)


def test_the_dip_moves_no_further_than_the_law() -> None:
    """Catches a dip that is not 1-Lipschitz: of that its certificate lives. Points that move little, in order."""
    rng = np.random.default_rng(1)
    for _ in range(20):
        x, y = np.sort(rng.normal(size=(2, 60)), axis=1)
        steps = np.sort(np.concatenate([x, y]))
        distance = max(abs(np.mean(x <= t) - np.mean(y <= t)) for t in steps)
        assert abs(dip(x) - dip(y)) <= distance + 1e-9


def test_one_peak_is_never_certified_to_be_two() -> None:
    """Catches a certificate that misses more often than it says: uniform and normal laws, at a miss of 0.2."""
    rng = np.random.default_rng(2)
    samples = [rng.random(100) for _ in range(60)] + [rng.normal(size=100) for _ in range(60)]
    assert sum(certified_dip(x, 0.2) > 0 for x in samples) <= 12  # at most a fifth; far fewer in truth
    two = np.concatenate([rng.normal(-5, 1, 300), rng.normal(5, 1, 300)])
    assert certified_dip(two, 1e-9) > 0.005


def test_the_valley_covers_the_ratio_of_densities() -> None:
    """Catches intervals that are chosen and judged on the same data, widths left out, and one peak in place of the
    lower one: at a miss of 0.1, 300 samples of a law whose densities are known.
    """
    rng, missed = np.random.default_rng(3), 0
    edges, shares = np.array([-1.0, -0.5, -0.1, 0.1, 0.5, 1.0]), np.array([0.3, 0.2, 0.1, 0.15, 0.25])
    for _ in range(300):
        cells = rng.choice(5, size=400, p=shares)
        sample = edges[cells] + rng.random(400) * np.diff(edges)[cells]
        three = chosen(sample[:200], width=0.1)

        def density(interval: tuple[float, float]) -> float:
            middle = sum(interval) / 2
            cell = int(np.searchsorted(edges, middle) - 1)
            return float(shares[cell] / np.diff(edges)[cell]) if 0 <= cell < 5 else 0.0

        outer = density(three.left), density(three.right)
        truth = np.log(min(outer) / max(density(three.middle), LEAST * max(outer)))
        low, high = valley(sample[200:], three, 0.1)
        missed += not low - 1e-9 <= truth <= high + 1e-9
        assert three.left[1] <= three.middle[0] < three.middle[1] <= three.right[0]
    assert missed <= 30


def test_two_peaks_on_either_side_are_seen_and_one_is_refused() -> None:
    """Catches a test that says yes, or no, to everything."""
    rng = np.random.default_rng(4)
    two = rng.permutation(np.concatenate([rng.normal(-0.5, 0.1, 2000), rng.normal(0.5, 0.1, 1000)]))
    assert valley(two[:1500], chosen(two[1500:]), 1e-9)[0] > 1
    crumb = rng.permutation(np.concatenate([rng.normal(-0.5, 0.1, 100), rng.normal(0.5, 0.1, 20_000)]))
    assert valley(crumb[:10_000], chosen(crumb[10_000:]), 1e-9)[1] < 0
    for one in (rng.normal(0, 0.3, 40_000), rng.normal(0.5, 0.1, 40_000)):
        low, high = valley(one[:20_000], chosen(one[20_000:]), 1e-3)
        assert low < 0
        assert high < 0.3


@settings(max_examples=100, deadline=None)
@given(score=st.lists(st.integers(-3, 3), min_size=4, max_size=30), data=st.data())
def test_auc_counts_every_pair(score: list[int], data: st.DataObject) -> None:
    """Catches ties that count as won, or lost, and groups exchanged."""
    good = np.array(data.draw(st.lists(st.booleans(), min_size=len(score), max_size=len(score))))
    if good.all() or not good.any():
        with pytest.raises(ValueError, match="both groups"):
            auc(np.array(score, float), good)
        return
    wins = [(a > b) + 0.5 * (a == b) for a, g in zip(score, good, strict=True) for b, h in zip(score, good, strict=True)
            if g and not h]  # fmt: skip
    assert auc(np.array(score, float), good) == pytest.approx(np.mean(wins))


def test_blocks_are_disjoint_and_have_the_auc_as_their_mean() -> None:
    """Catches an image in two blocks, a block of its own kind, and means that are biased: over many shuffles they
    average to the AUC of all pairs.
    """
    rng = np.random.default_rng(5)
    good = rng.random(60) < 0.8
    score = rng.normal(size=60) + good
    found = []
    for _ in range(400):
        pairs = blocks(good, rng)
        used = [one for one, _ in pairs] + [int(i) for _, others in pairs for i in others]
        assert len(used) == len(set(used))
        assert all(not np.any(good[others] == good[one]) for one, others in pairs)
        found.append(block_means(score, good, pairs).mean())
    assert np.mean(found) == pytest.approx(auc(score, good), abs=0.01)
    assert block_means(score, ~good, blocks(~good, rng)).mean() == pytest.approx(1 - auc(score, good), abs=0.15)


def test_strata_compare_only_what_is_alike() -> None:
    """Catches pairs over strata: a score that is the stratum's number tells nothing within one."""
    rng = np.random.default_rng(6)
    stratum = rng.integers(0, 5, 400)
    good = rng.random(400) < 0.2 + 0.15 * stratum
    score = stratum.astype(float)
    pairs = within_strata(good, stratum, rng)
    assert set(block_means(score, good, pairs)) == {0.5}
    assert auc(score, good) > 0.65
    assert within_strata(np.ones(4, dtype=bool), np.arange(4), rng) == []
