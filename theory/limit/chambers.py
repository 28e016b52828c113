"""Sparse ±1 entries: μ(x) is constant on the chambers of the planes `w·x = 0`, `w ∈ {−1, 0, 1}^d`.

`cos(μ, ·)` is quasi-concave on a chamber, so its infimum there is approached at an extreme ray.
"""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
from jaxtyping import Float, Shaped

from nfrlab.theory.numerics.vectors import Array

SPARSE_RATE = 0.1  # of the non-zero entries


def sparse_direction(x: Shaped[Array, " d"]) -> Float[Array, " d"]:
    """`μ(x)` of sparse ±1 entries by a sum over all 3^d neurons, for an x ∈ R^d with integer entries."""
    neurons = np.array(list(product((-1, 0, 1), repeat=len(x))))
    weight = np.prod(np.where(neurons == 0, 1 - SPARSE_RATE, SPARSE_RATE / 2), axis=1)
    return np.asarray((weight * (neurons @ x > 0)) @ neurons)


def sparse_chambers(d: int) -> list[tuple[Array, Array]]:
    """(inner point, extreme rays) of every chamber within `x_1 > … > x_d > 0`, for d = 2 and 3.

    The rays are the lines in which d − 1 planes meet; each chamber is the cone of those on which no plane changes sign.
    """
    neurons = [w for w in product((-1, 0, 1), repeat=d) if w > (0,) * d]
    rays = {ray for chosen in combinations(neurons, d - 1) if (ray := _ordered_ray(chosen)) is not None}
    chambers: dict[tuple[int, ...], list[tuple[int, ...]]] = {}
    for corner in combinations(sorted(rays), d):
        inner = np.sum(corner, axis=0)  # a point inside the cone of these d rays
        signs = np.sign(np.array(neurons) @ inner)
        if np.all(signs):
            member = [ray for ray in rays if np.all(np.sign(np.array(neurons) @ ray) * signs >= 0)]
            if set(corner) <= set(member):  # else a plane passes between these rays
                chambers[tuple(signs)] = member
    return [(np.sum(member, axis=0), np.array(member)) for member in chambers.values()]


def _ordered_ray(planes: tuple[tuple[int, ...], ...]) -> tuple[int, ...] | None:
    """The integer vector orthogonal to d − 1 planes if it is unique and can be taken with x_1 ≥ … ≥ x_d ≥ 0."""
    first, last = np.array(planes[0]), np.array(planes[-1])
    ray = np.array([-first[1], first[0]]) if len(first) == 2 else np.cross(first, last)
    if not np.any(ray):
        return None
    ray = ray // np.gcd.reduce(ray) * (1 if ray.sum() > 0 else -1)
    return tuple(int(t) for t in ray) if np.all(np.diff(ray) <= 0) and ray[-1] >= 0 else None
