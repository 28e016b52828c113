"""How alike two maps are, against loops over pixels, windows and cells, SciPy, and what the metrics must not notice."""

from __future__ import annotations

from itertools import product
from math import atan2, hypot, pi, sqrt
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare, pearsonr, spearmanr

torch = pytest.importorskip("torch")

from nfrlab.simulations.deep.similarity import METRICS, similarities
from nfrlab.simulations.deep.similarity.chance import shifted
from nfrlab.simulations.deep.similarity.orientations import cell_side
from nfrlab.simulations.deep.similarity.structure import structural_similarity

Floats = npt.NDArray[np.float64]
SEEDS = st.integers(0, 2**32 - 1)
SIDES = st.tuples(st.integers(8, 13), st.integers(8, 13))

pytestmark = pytest.mark.usefixtures("one_thread")


def pair(seed: int, sides: tuple[int, int], ties: bool = False) -> tuple[Floats, Floats]:
    """Two maps of two channels that have something in common; with `ties` of whole numbers, zeros among them."""
    rng = np.random.default_rng(seed)
    common, one, other = rng.standard_normal((3, 2, *sides))
    maps = common + one, common + other
    return tuple(np.round(m) for m in maps) if ties else maps  # type: ignore[return-value]


def of(name: str, one: Floats, other: Floats) -> float:
    """A metric of one pair."""
    return float(METRICS[name](torch.from_numpy(one)[None], torch.from_numpy(other)[None]))


def ssim(u: Floats, v: Floats) -> float:
    """Wang et al., eq. 13, window by window, with variances over n − 1."""
    c1, c2 = (0.01 * 2) ** 2, (0.03 * 2) ** 2
    found = []
    for i, j in product(range(u.shape[0] - 4), range(u.shape[1] - 4)):
        a, b = u[i : i + 5, j : j + 5].ravel(), v[i : i + 5, j : j + 5].ravel()
        c = np.cov(a, b)
        luminance = (2 * a.mean() * b.mean() + c1) / (a.mean() ** 2 + b.mean() ** 2 + c1)
        found.append(luminance * (2 * c[0, 1] + c2) / (c[0, 0] + c[1, 1] + c2))
    return float(np.mean(found))


def hog(p: Floats, cell: int) -> Floats:
    """The histogram of every cell, pixel by pixel."""
    height, width = p.shape
    rows, columns = height // cell, width // cell
    found = np.zeros((rows, columns, 9))
    for y, x in product(range(rows * cell), range(columns * cell)):
        g_y = p[min(y + 1, height - 1), x] - p[max(y - 1, 0), x]
        g_x = p[y, min(x + 1, width - 1)] - p[y, max(x - 1, 0)]
        step = min(int((atan2(g_y, g_x) % pi) / (pi / 9)), 8)
        found[y // cell, x // cell, step] += hypot(g_x, g_y)
    norms = np.linalg.norm(found, axis=-1, keepdims=True)
    return np.divide(found, norms, out=np.zeros_like(found), where=norms > 0)


ORACLES: dict[str, Any] = {
    "cosine": lambda u, v: np.sum(u * v) / sqrt(np.sum(u * u) * np.sum(v * v)),
    "distance": lambda u, v: np.linalg.norm(u / np.linalg.norm(u) - v / np.linalg.norm(v)),
    "rank correlation": lambda u, v: spearmanr(u.ravel(), v.ravel()).statistic,
    "absolute rank correlation": lambda u, v: spearmanr(abs(u).ravel(), abs(v).ravel()).statistic,
    "SSIM": lambda u, v: ssim(*(m.sum(axis=0) / sqrt(np.mean(m.sum(axis=0) ** 2)) for m in (u, v))),
    "SSIM by the largest": lambda u, v: ssim(*(m.sum(axis=0) / abs(m.sum(axis=0)).max() for m in (u, v))),
    "HOG": lambda u, v: pearsonr(*(hog(m.sum(axis=0), cell_side(m.shape)).ravel() for m in (u, v))).statistic,
}


@pytest.mark.parametrize("name", METRICS)
@given(SEEDS, SIDES, st.booleans())
@settings(max_examples=8)
def test_metrics_are_what_they_say(name: str, seed: int, sides: tuple[int, int], ties: bool) -> None:
    """Catches signs that are lost or kept, ties in the order of the pixels, windows of another side or over the border,
    variances over n, rows for columns, and a direction in the wrong cell.
    """
    one, other = pair(seed, sides, ties and name != "HOG")  # a direction on the border of two steps is anybody's
    assert of(name, one, other) == pytest.approx(ORACLES[name](one, other), abs=1e-10)


@given(SEEDS)
@settings(max_examples=5)
def test_a_batch_is_its_pairs_one_by_one(seed: int) -> None:
    """Catches maps of a batch that mix, metrics in another order than their names, and one map beside a batch."""
    maps = torch.from_numpy(np.stack([*pair(seed, (9, 8)), *pair(seed + 1, (9, 8))]))
    got = similarities(maps[:1], maps)
    for row, map in zip(got, maps, strict=True):
        wanted = [of(name, maps[0].numpy(), map.numpy()) for name in METRICS]
        np.testing.assert_allclose(row, wanted, atol=1e-12)
    np.testing.assert_allclose(got[0], [0.0 if name == "distance" else 1.0 for name in METRICS], atol=1e-7)


@pytest.mark.parametrize("name", METRICS)
@given(SEEDS, st.sampled_from([1e-30, 1e-3, 1e20]))
@settings(max_examples=5)
def test_the_scale_of_a_map_says_nothing(name: str, seed: int, scale: float) -> None:
    """Catches constants that are added to maps as they come, and squares that underflow, in float32."""
    one, other = (m.astype(np.float32) for m in pair(seed, (8, 8)))
    exact = of(name, one, other)
    assert of(name, one, np.float32(scale) * other) == pytest.approx(exact, abs=1e-4)


def test_what_is_not_defined_is_not_a_number() -> None:
    """Catches a zero map that is like every other, or unlike it; and a rank correlation of NaN."""
    map = torch.from_numpy(pair(0, (8, 8))[0])[None]
    assert bool(similarities(map, torch.zeros_like(map)).isnan().all())
    broken = map.clone()
    broken[0, 0, 0, 0] = torch.nan
    assert bool(similarities(map, broken).isnan().all())
    constant = similarities(map, torch.ones_like(map))[0]
    undefined = [name for name, value in zip(METRICS, constant, strict=True) if bool(value.isnan())]
    assert undefined == ["rank correlation", "absolute rank correlation", "HOG"]
    with pytest.raises(ValueError, match="5 × 5 pixels or more, got 4 × 9"):
        structural_similarity(torch.ones(1, 1, 4, 9), torch.ones(1, 1, 4, 9))


def test_cells_are_sixteen_pixels_of_224() -> None:
    """Catches cells that are not those of Adebayo et al., and of small maps too few of them."""
    sides = [(224, 224), (229, 300), (32, 40), (16, 16), (8, 8)]
    assert [cell_side((1, *side)) for side in sides] == [16, 16, 4, 4, 4]


def test_a_map_is_shifted_far_and_anywhere() -> None:
    """Catches values that are lost, a shift that leaves the map near its place, and places that never come."""
    map = torch.arange(96.0).view(1, 1, 8, 12)
    rng = torch.Generator().manual_seed(0)
    places = []
    for _ in range(2000):
        moved = shifted(map, rng)
        assert sorted(moved.flatten().tolist()) == map.flatten().tolist()
        y, x = divmod(int((moved == 0).flatten().nonzero()), 12)
        assert bool((moved == map.roll((y, x), dims=(-2, -1))).all())
        places.append((y, x))
    rows, columns = (np.bincount(of) for of in zip(*places, strict=True))
    assert not rows[:2].any()
    assert not columns[:3].any()
    assert (len(rows), len(columns)) == (7, 10)
    assert min(chisquare(rows[2:]).pvalue, chisquare(columns[3:]).pvalue) > 1e-6
