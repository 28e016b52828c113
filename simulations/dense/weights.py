"""Samplers of the weight families: `W ∈ R^{d×N}`, one neuron per column. What they *are* is stated in
`theory.families`.

Columns are independent except in the two frame families, where the columns of one block of at most `d` are drawn
together and blocks are independent.
"""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float

from nfrlab.simulations.dense.arrays import Array

Sampler = Callable[[int, int, np.random.Generator], Array]

RING_BAND = (0.8, 1.2)
STUDENT_DOF = 3.0
SPARSE_RATE = 0.1
SHIFT = 0.25
POWER = 1.0
FRAME_COSINE = 0.5


def gaussian(d: int, N: int, rng: np.random.Generator) -> Float[Array, "d N"]:
    """Entries i.i.d. N(0, 1)."""
    return rng.standard_normal((d, N))


def sphere(d: int, N: int, rng: np.random.Generator) -> Float[Array, "d N"]:
    """Uniform on the sphere of radius √d."""
    w = rng.standard_normal((d, N))
    return w * (np.sqrt(d) / np.linalg.norm(w, axis=0))


def ring(d: int, N: int, rng: np.random.Generator) -> Float[Array, "d N"]:
    """Uniform direction, radius uniform in [0.8, 1.2]·√d."""
    return sphere(d, N, rng) * rng.uniform(*RING_BAND, size=N)


def student(d: int, N: int, rng: np.random.Generator) -> Float[Array, "d N"]:
    """Multivariate t with 3 degrees of freedom: `g · √(3 / χ²₃)`, isotropic with a heavy-tailed radius."""
    return gaussian(d, N, rng) * np.sqrt(STUDENT_DOF / rng.chisquare(STUDENT_DOF, size=N))


def uniform(d: int, N: int, rng: np.random.Generator) -> Float[Array, "d N"]:
    """Entries i.i.d. U[−1, 1]."""
    return rng.uniform(-1, 1, (d, N))


def uniform01(d: int, N: int, rng: np.random.Generator) -> Float[Array, "d N"]:
    """Entries i.i.d. U[0, 1]."""
    return rng.uniform(0, 1, (d, N))


def laplace(d: int, N: int, rng: np.random.Generator) -> Float[Array, "d N"]:
    """Entries i.i.d. Laplace with scale 1."""
    return rng.laplace(size=(d, N))


def cauchy(d: int, N: int, rng: np.random.Generator) -> Float[Array, "d N"]:
    """Entries i.i.d. standard Cauchy."""
    return rng.standard_cauchy((d, N))


def sparse(d: int, N: int, rng: np.random.Generator) -> Float[Array, "d N"]:
    """Entries i.i.d.: ±1 with probability 0.05 each, else 0."""
    u = rng.random((d, N))
    return (u < SPARSE_RATE / 2).astype(float) - (u > 1 - SPARSE_RATE / 2)


def axis(d: int, N: int, rng: np.random.Generator) -> Float[Array, "d N"]:
    """One coordinate axis per neuron: `±√d e_i`, `i` and the sign uniform."""
    W = np.zeros((d, N))
    W[rng.integers(d, size=N), np.arange(N)] = rng.choice((-np.sqrt(d), np.sqrt(d)), size=N)
    return W


def powerlaw(d: int, N: int, rng: np.random.Generator) -> Float[Array, "d N"]:
    """Gaussian with diagonal covariance ∝ 1/i, of trace d."""
    variance = np.arange(1, d + 1) ** -POWER
    return np.sqrt(variance * d / variance.sum())[:, None] * gaussian(d, N, rng)


def shifted(d: int, N: int, rng: np.random.Generator) -> Float[Array, "d N"]:
    """Entries i.i.d. N(1/4, 1)."""
    return SHIFT + gaussian(d, N, rng)


def orthonormal(d: int, n: int, rng: np.random.Generator) -> Float[Array, "d n"]:
    """A Haar frame: `n ≤ d` orthonormal columns, uniform among all such. Raises `ValueError` for `n > d`."""
    if n > d:
        raise ValueError(f"at most d = {d} vectors can be orthonormal in R^{d}, got {n}")
    return haar_frames(1, d, n, rng)[0]


def haar_frames(count: int, d: int, n: int, rng: np.random.Generator) -> Float[Array, "count d n"]:
    """Independent Haar frames of `n ≤ d` columns: of a Gaussian matrix the Q whose R has a positive diagonal."""
    Q, R = np.linalg.qr(rng.standard_normal((count, d, n)))
    return Q * np.sign(np.diagonal(R, axis1=1, axis2=2))[:, None, :]


def beside(frames: Sequence[Float[Array, "_ d _"]]) -> Float[Array, "d N"]:
    """The columns of all frames, one frame beside the other."""
    return np.concatenate([np.moveaxis(some, 0, 1).reshape(some.shape[1], -1) for some in frames], axis=1)


def blocks(d: int, N: int) -> list[tuple[int, int]]:
    """(number of frames, columns of each): N columns in as many frames of d as fit, and one of what is left."""
    return [(count, n) for count, n in ((N // d, d), (1, N % d)) if count and n]


def haar(d: int, N: int, rng: np.random.Generator) -> Float[Array, "d N"]:
    """Haar orthonormal frames times √d, in independent blocks of at most d columns."""
    return np.sqrt(d) * beside([haar_frames(count, d, n, rng) for count, n in blocks(d, N)])


def tilted(d: int, N: int, rng: np.random.Generator) -> Float[Array, "d N"]:
    """Equal-norm, non-orthogonal frames: in each block every two columns have cosine 1/2; norms √d."""
    drawn = []
    for count, n in blocks(d, N):
        apart, common = np.sqrt(1 - FRAME_COSINE), np.sqrt(1 + (n - 1) * FRAME_COSINE)
        root = apart * np.eye(n) + (common - apart) / n * np.ones((n, n))  # root² has 1 on the diagonal, else 1/2
        drawn.append(haar_frames(count, d, n, rng) @ root)
    return np.sqrt(d) * beside(drawn)


FAMILIES: dict[str, Sampler] = {
    family.__name__: family
    for family in (
        gaussian,
        sphere,
        ring,
        student,
        haar,
        tilted,
        uniform,
        uniform01,
        laplace,
        cauchy,
        sparse,
        axis,
        powerlaw,
        shifted,
    )
}


def sample(family: str, d: int, N: int, rng: np.random.Generator) -> Float[Array, "d N"]:
    """Draw `W ∈ R^{d×N}` from the family. Raises `ValueError` for an unknown family or an empty shape."""
    if family not in FAMILIES:
        raise ValueError(f"unknown weight family '{family}'; known families: {', '.join(FAMILIES)}")
    if d < 1 or N < 1:
        raise ValueError(f"weights need d ≥ 1 and N ≥ 1, got d = {d}, N = {N}")
    return FAMILIES[family](d, N, rng)
