"""Convolutional networks with random weights, against a network that is walked through entry by entry."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfrlab.simulations.dense import attribution, layer, rule
from nfrlab.simulations.dense.convolution import Convolution, places, put_together, random_maps, windows
from nfrlab.simulations.dense.montecarlo import normal
from nfrlab.simulations.dense.weights import gaussian

RULES = ("grad", "gbp", "deconv")
seeds = st.integers(0, 2**32 - 1)
convolutions = st.builds(
    Convolution,
    side=st.integers(1, 4),
    stride=st.integers(1, 3),
    torus=st.booleans(),
    window=st.integers(1, 2),
    step=st.integers(1, 2),
)


def walked(x: np.ndarray, conv: Convolution, N: int, seed: int, classes: int) -> dict[str, np.ndarray]:
    """The maps by name, from a filter at one position after another; weights as `random_maps` draws them."""
    rng, (h, w, c), k = np.random.default_rng(seed), x.shape, conv.side
    filters = gaussian(k * k * c, N, rng)
    centres = [range(0, size, conv.stride) for size in (h, w)]
    z, pixels = {}, {}
    for i, j in product(range(len(centres[0])), range(len(centres[1]))):
        met = []
        for a, b, channel in product(range(k), range(k), range(c)):
            p, q = centres[0][i] + a - k // 2, centres[1][j] + b - k // 2
            if conv.torus:
                p, q = p % h, q % w
            met.append((p, q, channel) if 0 <= p < h and 0 <= q < w else None)
        pixels[i, j] = met
        for n in range(N):
            z[i, j, n] = sum(filters[e, n] * x[place] for e, place in enumerate(met) if place)
    tops = [range(0, len(each) - conv.window + 1, conv.step) for each in centres]
    won = {}
    for i, j, n in product(*tops, range(N)):
        inside = [(i + a, j + b, n) for a in range(conv.window) for b in range(conv.window)]
        won[i, j, n] = max(inside, key=lambda place: max(z[place], 0.0))
    logits = [normal(len(won), rng) for _ in range(classes)]
    values = [max(z[place], 0.0) for place in won.values()]
    v = max(logits, key=lambda each: sum(a * b for a, b in zip(each, values, strict=True)))
    r = dict.fromkeys(z, 0.0)
    for place, share in zip(won.values(), v, strict=True):
        r[place] += share
    passed = {
        "grad": lambda z, r: r if z > 0 else 0.0,
        "gbp": lambda z, r: max(r, 0.0) if z > 0 else 0.0,
        "deconv": lambda z, r: max(r, 0.0),
    }
    maps = {name: np.zeros_like(x) for name in RULES}
    for name, (i, j, n) in product(RULES, z):
        for e, place in enumerate(pixels[i, j]):
            if place:
                maps[name][place] += filters[e, n] * passed[name](z[i, j, n], r[i, j, n])
    return maps


@given(seeds, convolutions, st.integers(2, 5), st.integers(2, 5), st.integers(1, 2), st.integers(1, 3))
def test_maps_are_those_of_the_network_walked_through(
    seed: int, conv: Convolution, h: int, w: int, c: int, classes: int
) -> None:
    """Catches a patch put back elsewhere than it was cut out, a wrong edge, winner or window, a mask too many."""
    x = np.random.default_rng(seed).standard_normal((h, w, c))
    rows, columns = (len(range(0, size, conv.stride)) for size in (h, w))
    if conv.window > min(rows, columns):
        with pytest.raises(ValueError, match="does not fit"):
            random_maps(RULES, x, conv, 3, np.random.default_rng(seed), classes=classes)
        return
    found = random_maps(RULES, x, conv, 3, np.random.default_rng(seed), classes=classes)
    wanted = walked(x, conv, 3, seed, classes)
    for name, map in zip(RULES, found, strict=True):
        np.testing.assert_allclose(map, wanted[name], rtol=1e-9, atol=1e-9)


@given(seeds)
def test_one_patch_is_a_dense_layer(seed: int) -> None:
    """Catches a convolution whose rules are not those of the dense laboratory."""
    x = np.random.default_rng(seed).standard_normal((3, 3, 2))
    one = Convolution(side=3, stride=3)
    corner = np.pad(x[:2, :2], ((1, 0), (1, 0), (0, 0)))
    found = random_maps(RULES, x, one, 7, np.random.default_rng(seed))
    rng = np.random.default_rng(seed)
    hidden = layer(corner.ravel(), gaussian(18, 7, rng))
    r = normal(7, rng)
    for name, map in zip(RULES, found, strict=True):
        dense = attribution((hidden,), rule(name), r).reshape(3, 3, 2)
        np.testing.assert_allclose(map[:2, :2], dense[1:, 1:], rtol=1e-9, atol=1e-12)
        assert not map[2].any()


@given(seeds, convolutions)
def test_putting_together_is_the_transpose_of_cutting_out(seed: int, conv: Convolution) -> None:
    """Catches `D_iᵀ` that is not the transpose of `D_i`: ⟨D x, y⟩ = ⟨x, Dᵀ y⟩."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((4, 5, 2))
    at, _, _ = places(x.shape, conv)
    y = rng.standard_normal(at.shape)
    there, back = (np.append(x, 0)[at] * y).sum(), (x * put_together(y, at, x.shape)).sum()
    assert there == pytest.approx(back, rel=1e-9, abs=1e-9)


def test_windows_are_where_they_fit() -> None:
    """Catches windows that wrap around a row, and a step along one axis alone."""
    assert windows(3, 4, 2, 2).tolist() == [[0, 1, 4, 5], [2, 3, 6, 7]]
    assert windows(2, 2, 1, 1).tolist() == [[0], [1], [2], [3]]


@pytest.mark.parametrize("wrong", [{"side": 0}, {"stride": 0}, {"window": 0}, {"step": -1}])
def test_a_convolution_of_nothing_is_refused(wrong: dict[str, int]) -> None:
    """Catches a filter, window or step of no size."""
    with pytest.raises(ValueError, match="at least 1"):
        Convolution(**wrong)
