"""The samplers: shapes, exact norms and angles of the frames, the same names as the theory."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfrlab.simulations.dense import weights
from nfrlab.theory import families

SHAPES = st.tuples(st.integers(1, 7), st.integers(1, 20), st.integers(0, 2**32 - 1))


def test_theory_and_simulation_know_the_same_families() -> None:
    """Catches a family that only one witness speaks of."""
    assert set(weights.FAMILIES) == set(families.FAMILIES) != set()


@pytest.mark.parametrize("name", weights.FAMILIES)
@given(SHAPES)
def test_shape_and_reproducibility(name: str, shape: tuple[int, int, int]) -> None:
    """Catches a transposed matrix, a sampler that ignores its generator, and values that are not finite."""
    d, N, seed = shape
    W = weights.sample(name, d, N, np.random.default_rng(seed))
    assert W.shape == (d, N)
    assert np.all(np.isfinite(W))
    np.testing.assert_array_equal(W, weights.sample(name, d, N, np.random.default_rng(seed)))


@given(SHAPES)
def test_norms_and_angles(shape: tuple[int, int, int]) -> None:
    """Catches frames that are not orthonormal within a block, tilted ones whose cosine is not ½, and wrong radii."""
    d, N, seed = shape
    rng = np.random.default_rng(seed)
    for name in ("sphere", "axis", "haar", "tilted"):
        np.testing.assert_allclose(np.linalg.norm(weights.sample(name, d, N, rng), axis=0), np.sqrt(d), rtol=1e-12)
    radii = np.linalg.norm(weights.sample("ring", d, N, rng), axis=0) / np.sqrt(d)
    assert np.all((radii > 0.8 - 1e-12) & (radii < 1.2 + 1e-12))
    n = min(d, N)
    for name, cosine in (("haar", 0.0), ("tilted", 0.5)):
        block = weights.sample(name, d, N, rng)[:, :n]
        gram = block.T @ block / d
        np.testing.assert_allclose(gram, (1 - cosine) * np.eye(n) + cosine, rtol=0, atol=1e-12)
    assert set(np.unique(weights.sample("sparse", d, N, rng))) <= {-1.0, 0.0, 1.0}
    assert np.all(np.count_nonzero(weights.sample("axis", d, N, rng), axis=0) == 1)


def test_haar_frames_are_uniform() -> None:
    """Catches a QR frame whose signs are not made uniform: every entry of it must be symmetric about 0."""
    rng = np.random.default_rng(7)
    frames = np.array([weights.orthonormal(3, 2, rng) for _ in range(4000)])
    positive = (frames > 0).sum(axis=0)
    assert np.all(np.abs(positive - 2000) < 2000 * 0.11)  # 7 standard deviations of Bin(4000, ½) are 221


def test_bad_requests() -> None:
    """Catches silent defaults."""
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="unknown weight family 'normal'"):
        weights.sample("normal", 2, 2, rng)
    with pytest.raises(ValueError, match="need d ≥ 1"):
        weights.sample("gaussian", 0, 2, rng)
    with pytest.raises(ValueError, match="at most d = 2"):
        weights.orthonormal(2, 3, rng)
