"""A break is as large as it says: measured in its world, from what comes out there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import xarray as xr

from nfrlab.simulations.dense import alignment, layer, rules, sample, weights
from nfrlab.simulations.dense.montecarlo import RELEVANCES
from nfrlab.verify.breaks import BREAKS, broken

X = np.array([1.0, -2.0, 3.0])
W = np.array([[1.0, -1.0, 0.5, 0.25], [0.5, 1.0, -1.0, -0.5], [1.0, 0.0, 0.5, 0.75]])
R = np.array([1.0, -2.0, -0.5, 3.0])
MEAN_LENGTH = np.abs(W).sum(axis=0) / np.sqrt(3)
Measure = Callable[[], Any]


def rng() -> np.random.Generator:
    """The same random numbers each time."""
    return np.random.default_rng(3)


def leak(rule: rules.Step) -> Measure:
    """The share of what a rule filters that it passes all the same."""
    here = layer(X, W)
    kept = rule(here, R)
    filtered = rules.grad(here, R) - kept
    return lambda: float((rule(here, R) - kept) @ filtered / (filtered @ filtered))


def level() -> float:
    """The share of neurons that RectGrad drops, of 2001 with the contributions 0, 1, …."""
    r = np.arange(2001.0)
    passed = float(rules.rectgrad_quantile(layer(np.ones(1), np.ones((1, 2001))), r)[0])
    return 1 - float(np.searchsorted(np.cumsum(r[::-1]), passed) + 1) / 2000


def width_of_ring() -> float:
    """The width of the radii of `ring`, of which 1 stays the middle."""
    low, high = weights.RING_BAND
    assert low + high == pytest.approx(2)
    return high - low


ADDED: dict[str, Measure] = {
    "gbp-leaks": leak(rules.gbp),
    "zplus-leaks": leak(rules.zplus_filter),
    "biases": lambda: layer(X, W).b / MEAN_LENGTH,
    "relevance": lambda: RELEVANCES["normal"](50, rng()),
    "quantile": level,
}
"""What a break changes by as much as its size."""

SCALED: dict[str, Measure] = {
    "axis": lambda: sample("gaussian", 3, 5, rng())[0],
    "alpha": lambda: alignment(W[:, 0], X),
    "dof": lambda: weights.STUDENT_DOF,
    "shift": lambda: weights.SHIFT,
    "cosine": lambda: weights.FRAME_COSINE,
    "sparse": lambda: weights.SPARSE_RATE,
    "power": lambda: weights.POWER,
    "ring": width_of_ring,
}
"""What a break makes larger, or smaller, by a share of its size."""


def measured(id: str) -> Any:
    """The size of a break of the simulations."""
    name, _ = id.rsplit("-", 1)
    measure = {**ADDED, **SCALED}[name]
    before = measure()
    with broken(id):
        after = measure()
    return np.abs(after - before if name in ADDED else after / before - 1)


@pytest.mark.parametrize("id", [id for id in BREAKS if id.rsplit("-", 1)[0] in {*ADDED, *SCALED}])
def test_a_break_is_of_its_size(id: str) -> None:
    """Catches a break that is smaller or larger than it says: the power that a claim declares would be another."""
    assert measured(id) == pytest.approx(BREAKS[id].size, abs=1e-3 if "quantile" in id else 1e-9)


def test_no_break_is_left_out() -> None:
    """Catches a break whose size nobody measures; an exchange is of size 1, and measurements have their own test."""
    for id, each in BREAKS.items():
        assert each.size == 1 or each.distort or id.rsplit("-", 1)[0] in {*ADDED, *SCALED}, id


@pytest.mark.parametrize(
    ("id", "variable", "other"),
    [
        ("deep-alpha-5", "alpha_map", "margin"),
        ("deep-alpha-20", "alpha", "cosine"),
        ("deep-signs-10", "margin", "alpha"),
        ("deep-premises-25", "norm_sd", "alpha"),
        ("deep-premises-25", "cosine_rms", "margin"),
    ],
)
def test_measurements_are_off_by_the_size(id: str, variable: str, other: str) -> None:
    """Catches a distortion of another size than the break states, and one of what it does not name."""
    ones = xr.Dataset({name: ("draw", np.ones(60)) for name in (variable, other)})
    distort = BREAKS[id].distort
    assert distort is not None
    found = distort({"one": ones})["one"]
    size = (found[variable] < 0).mean() if "signs" in id else abs(found[variable] - 1)
    np.testing.assert_allclose(size, BREAKS[id].size, rtol=1e-9)
    assert found[other].identical(ones[other])
