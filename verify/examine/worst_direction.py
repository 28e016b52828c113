"""A search for worse directions than the certified ones, in dimensions where nothing is certified."""

from __future__ import annotations

import numpy as np
import scipy

from nfrlab.simulations.dense.arrays import Array
from nfrlab.theory.limit import worst_alignment
from nfrlab.theory.numerics import quadrature
from nfrlab.theory.numerics.vectors import cosine
from nfrlab.verify.court.claim import Examination
from nfrlab.verify.court.evidence import Evidence, Finding, Kind

SPREAD = 4.0  # no coordinate below e^−4 of the largest


def entries(z: Array) -> Array:
    """Positive x of largest entry 1 from any real z."""
    return np.asarray(np.exp(np.maximum(z - z.max(), -SPREAD)))


def alignment(name: str, z: Array) -> float:
    """α_∞ at `entries(z)` by quadrature."""
    x = entries(z)
    mean, _ = quadrature.laplace_trapezoid(x) if name == "laplace" else quadrature.box_trapezoid(x, -1, 1)
    return cosine(mean, x)


def multi_start(name: str, d: int, starts: int, rng: np.random.Generator) -> tuple[float, Array]:
    """(α_∞, x): the least of U[−1, 1] or Laplace entries that quasi-Newton descents from random x end at, x falling."""
    found = [
        scipy.optimize.minimize(
            lambda z: alignment(name, z), rng.normal(0, 1, d), method="L-BFGS-B", options={"maxiter": 60}
        )
        for _ in range(starts)
    ]
    best = min(found, key=lambda end: float(end.fun))
    return float(best.fun), np.sort(entries(best.x))[::-1]


def proven_floor(exam: Examination, name: str, d: int) -> float:
    """What α_∞ is proven not to fall below: the certified minimum of U[−1, 1] in R³, in profile full; else the floor
    of every d.
    """
    certified = exam.pick(None, 3) == d and name == "uniform"
    return worst_alignment.worst(name, d).low if certified else worst_alignment.FLOOR[name]


def worse(exam: Examination, name: str, d: int, starts: int) -> Evidence:
    """The least α_∞ found in dimension d, against the proven floor; silent if above."""
    least, x = multi_start(name, d, starts, exam.rng(f"descent {d}"))
    floor = proven_floor(exam, name, d)
    return Evidence(
        kind=Kind.SEARCH,
        statement=f"{name}, d = {d}: no x with α_∞ below {floor:.6f}",
        finding=Finding.REFUTES if least < floor - 1e-9 else Finding.SILENT,
        method="quasi-Newton descents from random x",
        n=starts,
        details={
            "least": least,
            "approached as d grows": worst_alignment.bulk_minimum(name).high,
            "x": [float(t) for t in x],
        },
    )
