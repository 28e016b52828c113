"""The limit of a convolution's maps, against patches that are cut out one by one, and against half-space means."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfrlab.theory.families import FAMILIES
from nfrlab.theory.limit.overlapping_patches import limit_alignment, limit_map, sums_over_squares

seeds, sides = st.integers(0, 2**32 - 1), st.sampled_from([1, 3, 5])


def patch_by_patch(x: np.ndarray, side: int, torus: bool) -> np.ndarray:
    """`Σ_i D_iᵀ μ(x_i)`, μ the half-space mean of Gaussian neurons, of length 1 for every patch."""
    (h, w, c), reach = x.shape, side // 2
    found, unit = np.zeros_like(x), (2 * np.pi) ** -0.5
    for i in range(h):
        for j in range(w):
            around = [(i + a, j + b) for a in range(-reach, reach + 1) for b in range(-reach, reach + 1)]
            inside = [(p % h, q % w) if torus else (p, q) for p, q in around]
            patch = [x[p, q] if 0 <= p < h and 0 <= q < w else np.zeros(c) for p, q in inside]
            flat = np.concatenate(patch)
            if not flat.any():
                continue
            mean = FAMILIES["gaussian"].half_space_mean(flat).value.reshape(-1, c) / unit
            for (p, q), part in zip(inside, mean, strict=True):
                if 0 <= p < h and 0 <= q < w:
                    found[p, q] += part
    return found


@given(seeds, sides, st.booleans(), st.integers(1, 6), st.integers(1, 6), st.integers(1, 3))
def test_the_limit_is_the_sum_of_half_space_means(seed: int, side: int, torus: bool, h: int, w: int, c: int) -> None:
    """Catches patches that weigh by their length, that are off by a pixel, or an edge of the wrong kind."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((h, w, c)) * (rng.random((h, w, 1)) < 0.7)
    np.testing.assert_allclose(limit_map(x, side, torus), patch_by_patch(x, side, torus), rtol=1e-9, atol=1e-12)


@given(seeds, sides)
def test_patches_of_one_length_on_a_torus_give_the_image(seed: int, side: int) -> None:
    """Catches an α_∞ below 1 where every patch has one length and covers as much as any other."""
    x = np.random.default_rng(seed).choice((-1.0, 1.0), (6, 7, 3))
    assert limit_alignment(x, side, torus=True) == pytest.approx(1, abs=1e-12)
    assert side == 1 or limit_alignment(x, side) < 1 - 1e-4


def test_contrast_is_lost() -> None:
    """Catches a limit that keeps how strong the halves of an image are: a faint half far from the other comes back as
    strong as it.
    """
    x = np.ones((3, 40, 1))
    x[:, 20:] = 1e-3
    found = limit_map(x, 3)[1, :, 0]
    assert found[30] == pytest.approx(found[9])


def test_an_even_side_is_refused() -> None:
    """Catches a square that has no centre."""
    with pytest.raises(ValueError, match="odd side"):
        sums_over_squares(np.ones((4, 4)), 2, torus=False)
