"""A search for worse directions than the certified ones, in dimensions where nothing is certified."""

from __future__ import annotations

import numpy as np
import scipy

from nfrlab.simulations.dense.arrays import Array
from nfrlab.theory.limit import bulk_alignment, worst_alignment
from nfrlab.theory.numerics import quadrature
from nfrlab.theory.numerics.vectors import cosine
from nfrlab.verify.court.claim import Examination
from nfrlab.verify.court.evidence import Evidence, Finding, Kind

SPREAD = 4.0
"""No coordinate is smaller than e^−4 of the largest, so that a descent stays in its dimension."""


def positive_input(z: Array) -> Array:
    """The positive x with largest entry 1 that stands for any real z: `x_i = e^max(z_i − max z, −SPREAD)`."""
    return np.asarray(np.exp(np.maximum(z - z.max(), -SPREAD)))


def limit_alignment_at(name: str, z: Array) -> float:
    """α_∞ of the family `name`, uniform or Laplace, at `positive_input(z)`, by quadrature."""
    x = positive_input(z)
    mean, _ = quadrature.laplace_trapezoid(x) if name == "laplace" else quadrature.box_trapezoid(x, -1, 1)
    return cosine(mean, x)


def find_least_alignment(name: str, d: int, starts: int, rng: np.random.Generator) -> tuple[float, Array]:
    """(α_∞, x): the least α_∞ at which quasi-Newton descents from random x end, and its x, entries falling.

    Parameters
    ----------
    name
        The family: uniform or Laplace.
    d
        The dimension.
    starts
        The number of descents.
    rng
        Draws where they start.
    """
    ends = [
        scipy.optimize.minimize(
            lambda z: limit_alignment_at(name, z), rng.normal(0, 1, d), method="L-BFGS-B", options={"maxiter": 60}
        )
        for _ in range(starts)
    ]
    best = min(ends, key=lambda end: float(end.fun))
    return float(best.fun), np.sort(positive_input(best.x))[::-1]


def proven_floor(exam: Examination, name: str, d: int) -> float:
    """What α_∞ is proven not to fall below in dimension d.

    The floor of the family for every d; in profile full, for U[−1, 1] in R³, the certified minimum.
    """
    certified = exam.pick(None, 3) == d and name == "uniform"
    return worst_alignment.worst(name, d).low if certified else worst_alignment.FLOOR[name]


def worse_direction_evidence(exam: Examination, name: str, d: int, starts: int) -> Evidence:
    """The least α_∞ that `starts` descents find in dimension d, against the proven floor; silent if it is above."""
    least, x = find_least_alignment(name, d, starts, exam.rng(f"descent {d}"))
    floor = proven_floor(exam, name, d)
    return Evidence(
        kind=Kind.SEARCH,
        statement=f"{name}, d = {d}: no x with α_∞ below {floor:.6f}",
        finding=Finding.REFUTES if least < floor - 1e-9 else Finding.SILENT,
        method="quasi-Newton descents from random x",
        n=starts,
        details={
            "least": least,
            "approached as d grows": bulk_alignment.bulk_minimum(name).high,
            "x": [float(t) for t in x],
        },
    )
