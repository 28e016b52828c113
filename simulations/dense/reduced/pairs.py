"""Several weightings on one and the same network: their alignments drawn together, so that they can be compared.

Two routes. *Whole*: weights are drawn and multiplied, for any family. *Reduced*, for Gaussian weights: with z = Wᵀx̂
the maps `R_i = W s_i` have the parts `⟨s_i, z⟩` along x̂ and `V S` beside it, V of i.i.d. N(0, 1) entries in d − 1
rows. With `S = Q U` (QR) V Q has such entries too, and the triangular factor of its QR is Bartlett's: N(0, 1) above
the diagonal, χ_{d−1}, χ_{d−2}, … on it. So the lengths of `V S` take N + O(1) numbers a network, whatever d is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float

from nfrlab.simulations.dense.arrays import Array, relu
from nfrlab.simulations.dense.weights import sample

TILE = 1 << 20
Weights = Callable[[Array, Array], Array]
WEIGHTINGS: dict[str, Weights] = {  # from the activation and a relevance r of N(0, 1)
    "activation": lambda A, r: A,
    "constant": lambda A, r: (A > 0) * 1.0,
    "positive": lambda A, r: (A > 0) * np.abs(r),
    "gbp": lambda A, r: (A > 0) * relu(r),
    "deconv": lambda A, r: relu(r),
    "grad": lambda A, r: (A > 0) * r,
}


def alignments(
    weightings: Sequence[str],
    d: int,
    N: int,
    trials: int,
    rng: np.random.Generator,
    family: str = "gaussian",
    whole: bool = False,
) -> Float[Array, "trials m"]:
    """α of every weighting on each of `trials` networks, one relevance for all of them; NaN where a map is zero.

    Raises `ValueError` for an unknown weighting, for frames that are more than one or tilted, and for a reduced draw of
    weights that are not Gaussian.

    Parameters
    ----------
    weightings
        Names of `WEIGHTINGS`; drawn whole also "best", the combination of the active neurons that is nearest to x.
    d, N
        Inputs and neurons of a network.
    family
        Where the weights are drawn from; "haar" is one frame, N ≤ d.
    whole
        Whether weights are drawn and multiplied, for any family, or reduced, for Gaussian ones.
    """
    unknown = [name for name in weightings if name not in WEIGHTINGS and not (whole and name == "best")]
    if unknown:
        known = ", ".join((*WEIGHTINGS, "best") if whole else WEIGHTINGS)
        raise ValueError(f"unknown weighting '{unknown[0]}'; known ones: {known}")
    if not whole and family != "gaussian":
        raise ValueError(f"only Gaussian weights have a reduced draw of pairs, not '{family}'")
    if family == "tilted" or (family == "haar" and d < N):
        raise ValueError(f"pairs need independent neurons or one Haar frame, not {N} '{family}' neurons in R^{d}")
    at_once = max(1, TILE // (N * (d if whole else len(weightings))))
    sizes = [min(at_once, trials - first) for first in range(0, trials, at_once)]
    route = _whole if whole else _reduced
    return np.concatenate([route(weightings, family, d, N, n, rng) for n in sizes])


def _weighted(weightings: Sequence[str], z: Array, rng: np.random.Generator) -> Float[Array, "trials N m"]:
    """The weightings s_i as columns; zeros for "best"."""
    A, r = relu(z), rng.standard_normal(z.shape)
    return np.stack([WEIGHTINGS[name](A, r) if name in WEIGHTINGS else 0 * A for name in weightings], axis=2)


def _whole(weightings: Sequence[str], family: str, d: int, N: int, n: int, rng: np.random.Generator) -> Array:
    W = _frames(d, N, n, rng) if family == "haar" else _independent(family, d, N, n, rng)
    x = np.full(d, d**-0.5)
    z = np.einsum("tdn,d->tn", W, x)
    S = _weighted(weightings, z, rng)
    for i in (i for i, name in enumerate(weightings) if name == "best"):
        S[:, :, i] = _nearest(W * (z > 0)[:, None, :], x)
    maps = W @ S
    return _cosine(np.einsum("tdm,d->tm", maps, x), np.linalg.norm(maps, axis=1))


def _nearest(W: Float[Array, "n d N"], x: Float[Array, " d"]) -> Float[Array, "n N"]:
    """The shortest s that brings W s nearest to x, by least squares from the singular values; 0 for a zero column."""
    return np.asarray(np.linalg.pinv(W, rcond=1e-12) @ x)


def _frames(d: int, N: int, n: int, rng: np.random.Generator) -> Float[Array, "n d N"]:
    """n Haar frames times √d, as `weights.haar` draws them one by one."""
    Q, U = np.linalg.qr(rng.standard_normal((n, d, N)))
    return np.sqrt(d) * Q * np.sign(np.einsum("tii->ti", U))[:, None, :]


def _independent(family: str, d: int, N: int, n: int, rng: np.random.Generator) -> Float[Array, "n d N"]:
    """n layers at once from a family of independent neurons."""
    return sample(family, d, N * n, rng).reshape(d, n, N).transpose(1, 0, 2)


def _reduced(weightings: Sequence[str], family: str, d: int, N: int, n: int, rng: np.random.Generator) -> Array:
    z = rng.standard_normal((n, N))
    S = _weighted(weightings, z, rng)
    along = np.einsum("tnm,tn->tm", S, z)
    U: Array = np.asarray(np.linalg.qr(S, mode="r"))
    beside = np.linalg.norm(_bartlett(d - 1, U.shape[1], n, rng) @ U, axis=1)
    return _cosine(along, np.hypot(along, beside))


def _bartlett(rows: int, columns: int, n: int, rng: np.random.Generator) -> Float[Array, "n p m"]:
    """The triangular factor of `rows × columns` matrices of i.i.d. N(0, 1) entries."""
    p = min(rows, columns)
    above = np.triu(rng.standard_normal((n, p, columns)), 1)
    for i in range(p):
        above[:, i, i] = np.sqrt(rng.chisquare(rows - i, n))
    return above


def _cosine(along: Array, length: Array) -> Float[Array, "trials m"]:
    with np.errstate(invalid="ignore"):
        return along / np.where(length > 0, length, np.nan)
