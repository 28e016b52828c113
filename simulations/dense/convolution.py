"""Random networks of one convolution: input, filters with ReLU, a maximum over windows if there is one, linear logits.

A filter meets every patch with the same weights, `z_ij = x_i · w_j`, x_i the i-th patch. A map is what the patches hand
back, `R = Σ_i D_iᵀ W s_i`: D_i cuts patch i out of the image, s_i is the relevance there that the rule lets through.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from jaxtyping import Float

from nfrlab.simulations.dense.arrays import Array, relu
from nfrlab.simulations.dense.montecarlo import Relevance, normal
from nfrlab.simulations.dense.reduced.pairs import WEIGHTINGS
from nfrlab.simulations.dense.weights import Sampler, gaussian

Places = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Convolution:
    """Where filters lie, and over which windows the maximum is taken.

    Attributes
    ----------
    side, stride
        A filter covers side × side pixels around every `stride`-th pixel.
    torus
        Whether the image goes on at its opposite edge; else there are zeros outside of it.
    window, step
        A maximum over window × window positions, at every `step`-th one where it fits; 1 and 1 for none.

    Raises `ValueError` for a number below 1.
    """

    side: int = 3
    stride: int = 1
    torus: bool = False
    window: int = 1
    step: int = 1

    def __post_init__(self) -> None:
        sizes = self.side, self.stride, self.window, self.step
        if min(sizes) < 1:
            raise ValueError(f"side, stride, window and step of a convolution are at least 1, got {sizes}")

    @property
    def pools(self) -> bool:
        """Whether a maximum is taken of more than every position by itself."""
        return self.window > 1 or self.step > 1


def random_maps(
    rules: Sequence[str],
    x: Float[Array, "h w c"],
    convolution: Convolution,
    N: int,
    rng: np.random.Generator,
    *,
    sampler: Sampler = gaussian,
    relevance: Relevance = normal,
    classes: int = 1,
) -> Float[Array, "rules h w c"]:
    """The maps `r_0` of several rules at x, in one network of fresh weights.

    Raises `ValueError` for a window that is larger than what it is taken of.

    Parameters
    ----------
    rules
        Names of `reduced.pairs.WEIGHTINGS`.
    N
        Filters.
    sampler, relevance
        The laws of the filters' and of the logits' weights.
    classes
        Of so many logits the largest is explained.
    """
    at, rows, columns = places(x.shape, convolution)
    W = sampler(at.shape[1], N, rng)
    A = relu(np.append(x, 0)[at] @ W)
    won = winners(A, windows(rows, columns, convolution.window, convolution.step)) if convolution.pools else None
    pooled = A if won is None else np.take_along_axis(A, won, axis=0)
    logits = [relevance(pooled.size, rng).reshape(pooled.shape) for _ in range(classes)]
    v = logits[0] if classes == 1 else max(logits, key=lambda v: float((v * pooled).sum()))
    r = v if won is None else handed_down(v, won, len(A))
    return np.stack([put_together(WEIGHTINGS[name](A, r) @ W.T, at, x.shape) for name in rules])


@lru_cache(maxsize=16)
def places(shape: tuple[int, ...], convolution: Convolution) -> tuple[Places, int, int]:
    """For every patch the places of its entries in the flattened image, and the numbers of patches below and beside
    one another. A place outside of the image is that of one more entry behind the last.
    """
    height, width, channels = shape
    within = np.arange(convolution.side) - convolution.side // 2
    down, across = (np.arange(0, size, convolution.stride)[:, None] + within for size in (height, width))
    i, j, c = np.ix_(down.ravel(), across.ravel(), np.arange(channels))
    if convolution.torus:
        i, j = i % height, j % width
    inside = (i >= 0) & (i < height) & (j >= 0) & (j < width)
    found = np.where(inside, (i * width + j) * channels + c, height * width * channels)
    side = convolution.side
    patches = found.reshape(len(down), side, len(across), side, channels).swapaxes(1, 2)
    return patches.reshape(len(down) * len(across), side * side * channels), len(down), len(across)


def put_together(patches: Float[Array, "patches p"], at: Places, shape: tuple[int, ...]) -> Float[Array, "h w c"]:
    """`Σ_i D_iᵀ y_i`: every patch added where it was cut out; what lies outside of the image is dropped."""
    size = int(np.prod(shape))
    return np.bincount(at.ravel(), weights=patches.ravel(), minlength=size + 1)[:size].reshape(shape)


@lru_cache(maxsize=16)
def windows(rows: int, columns: int, window: int, step: int) -> Places:
    """The positions that belong to every window, a row each. Raises `ValueError` where no window fits."""
    if window > min(rows, columns):
        raise ValueError(f"a window of {window}×{window} does not fit into {rows}×{columns} positions")
    first = np.arange(rows * columns).reshape(rows, columns)[: rows - window + 1 : step, : columns - window + 1 : step]
    within = np.add.outer(columns * np.arange(window), np.arange(window))
    return np.add.outer(first.ravel(), within.ravel())


def winners(A: Float[Array, "positions N"], windows: Places) -> npt.NDArray[np.int64]:
    """For every window and filter the position of the maximum, the first one at a tie."""
    best = A[windows].argmax(axis=1)
    return np.take_along_axis(windows, best, axis=1)


def handed_down(
    v: Float[Array, "windows N"], won: npt.NDArray[np.int64], positions: int
) -> Float[Array, "positions N"]:
    """The relevance at every position: the sum of what arrives at the windows that it has won."""
    N = v.shape[1]
    return np.bincount((won * N + np.arange(N)).ravel(), v.ravel(), minlength=positions * N).reshape(positions, N)
