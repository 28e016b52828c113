"""Fig. 1 and its animation: what the arrows are, where they are drawn, and the same bytes for the same seed."""

from __future__ import annotations

import io
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure
from PIL import Image

from nfrlab.paper_figs import fig1
from nfrlab.simulations.images import ImageSet, photographs
from nfrlab.verify.exhibits.fig1 import WIDTHS, draw, growth, largest_layer, plane

IMAGES = photographs()


def naive(x: np.ndarray, W: np.ndarray, r: np.ndarray, name: str) -> np.ndarray:
    """What each neuron passes, one at a time, from the definition of the rule."""
    columns = []
    for j in range(W.shape[1]):
        z = W[0, j] * x[0] + W[1, j] * x[1]
        s = {"grad": r[j], "gbp": max(r[j], 0.0), "constant": 1.0, "activation": z}[name]
        columns.append([s * W[0, j], s * W[1, j]] if z > 0 else [0.0, 0.0])
    return np.array(columns).T


@settings(max_examples=25)
@given(st.integers(0, 2**31), st.sampled_from(list(fig1.RULES)))
def test_contributions_are_the_rule_s(seed: int, name: str) -> None:
    """Catches an inactive neuron that passes something, and two rules with each other's name."""
    x, W, r = largest_layer(IMAGES, seed, WIDTHS[-1])
    found = plane(IMAGES, seed)
    np.testing.assert_allclose(found.contributions[name], naive(x, W[:, :8], r[:8], name), atol=1e-12)
    assert np.all(found.contributions[name][:, ~fig1.active_neurons(found.x, found.W)] == 0)


@pytest.mark.parametrize("seed", [0, 1])
def test_the_first_neurons_stay(seed: int) -> None:
    """Catches a layer that is drawn anew at each width, and maps of other neurons than those shown."""
    x, W, r = largest_layer(IMAGES, seed, WIDTHS[-1])
    grown = growth(IMAGES, seed)
    np.testing.assert_array_equal(grown.W[:, :8], plane(IMAGES, seed).W)
    assert grown.widths == (8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192)
    for name in fig1.RULES:
        whole = np.cumsum(naive(x, W, r, name), axis=1)
        np.testing.assert_allclose(grown.maps[name], whole[:, [N - 1 for N in WIDTHS]].T, atol=1e-8)


@given(st.floats(-180, 180), st.floats(-179.5, 179.5))
def test_turn_is_the_angle_between(start: float, by: float) -> None:
    """Catches an arc that is drawn the long way round, or in the wrong sense."""
    x, R = (np.array([np.cos(t), np.sin(t)]) for t in np.radians([start, start + by]))
    assert fig1.turn(x, 3 * R) == pytest.approx(by, abs=1e-6)


def test_what_is_plotted() -> None:
    """Catches α of another rule, in another place than its angle, and points of widths still to come."""
    grown = growth(IMAGES, 0)
    axes = Figure().add_subplot()
    fig1.draw_alphas(axes, grown, 64, fig1.bands(grown.widths))
    for line, name in zip([line for line in axes.lines if line.get_marker() == "o"], fig1.RULES, strict=True):
        R, unit = grown.maps[name][:4], grown.x / np.linalg.norm(grown.x)
        expected = np.degrees(np.arccos(R @ unit / np.linalg.norm(R, axis=1)))
        np.testing.assert_array_equal(line.get_xdata(), [8, 16, 32, 64])
        np.testing.assert_allclose(line.get_ydata(), expected, atol=1e-5)
    eight = plane(IMAGES, 0)
    panels = fig1.figure(eight).axes
    for axes, name in zip(panels[2:], fig1.RULES, strict=True):
        R = eight.contributions[name].sum(axis=1)
        alpha = R @ eight.x / np.linalg.norm(R) / np.linalg.norm(eight.x)
        assert f"α = {alpha:.4f}".replace("-", "−") in axes.get_title()


@pytest.mark.parametrize("name", ["gbp", "constant", "activation"])
def test_band_holds_nine_of_ten_layers(name: str) -> None:
    """Catches a band of another dimension, width or share: direct sampling, 4,000 layers, five standard errors."""
    rng, n, N = np.random.default_rng(0), 4000, 16
    z, y = rng.standard_normal((2, n, N))
    s = {"gbp": np.maximum(rng.standard_normal((n, N)), 0), "constant": np.ones((n, N)), "activation": z}[name]
    s = np.where(z > 0, s, 0)
    along, across = (s * z).sum(axis=1), (s * y).sum(axis=1)
    seen = np.hypot(along, across) > 0
    angles = np.degrees(np.arctan2(np.abs(across[seen]), along[seen]))
    high, low = fig1.bands([N])[name][:, 0]
    share = np.mean((low <= angles) & (angles <= high))
    assert share == pytest.approx(0.9, abs=5 * np.sqrt(0.09 / n))


def test_draws_the_same_bytes(tmp_path: Path, images: ImageSet) -> None:
    """Catches dates, leftovers of an earlier figure, a heavy animation, a missing picture, and an unused seed."""
    once, again = (draw(tmp_path / name, images, 0) for name in ("a", "b"))
    assert not np.array_equal(plane(images, 0).W, plane(images, 1).W)
    assert [path.name for path in once] == ["fig1.svg", "fig1.png", "fig1_animation.gif", "fig1_animation.png"]
    for first, second in zip(once, again, strict=True):
        assert first.read_bytes() == second.read_bytes()
    moving = Image.open(io.BytesIO(once[2].read_bytes()))
    assert (moving.n_frames, moving.size, moving.info["loop"]) == (len(WIDTHS), (800, 400), 0)
    assert once[2].stat().st_size < 2_000_000
    frames = []
    for number in range(moving.n_frames):
        moving.seek(number)
        frames.append(np.asarray(moving.convert("RGB"), dtype=int))
    assert all(np.any(before != after) for before, after in pairwise(frames))
    assert all(np.all(frame[0, 0] == 255) for frame in frames)
    sheet = np.asarray(Image.open(once[3]).convert("RGB"), dtype=int)
    assert sheet.shape == (6 * 400, 2 * 800, 3)
    assert np.mean(np.abs(sheet[:400, :800] - frames[0])) < 1


@pytest.mark.parametrize("seed", [4, 13])
def test_a_map_that_is_zero_has_no_arrow(seed: int) -> None:
    """Catches a direction of nothing: at these seeds none of the first eight neurons passes under GBP."""
    small = plane(IMAGES, seed)
    assert not np.any(small.contributions["gbp"])
    titles = [axes.get_title() for axes in fig1.figure(small).axes]
    assert sum("the map is zero" in title for title in titles) == 1
    assert next(iter(fig1.frames(growth(IMAGES, seed))))
