"""The roots of many increasing functions at once, to the last bits: the quantiles and matches of the laws of α.

SciPy solves one equation at a time, or many at the price of loading all of its optimisers.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from nfrlab.theory.numerics.vectors import Array

STEPS = 200
"""Far more than bisection needs, which takes over wherever interpolation stalls."""


def roots(f: Callable[[Array], Array], low: Array, high: Array, xtol: float = 1e-13) -> Array:
    """The x at which every entry of f changes sign between `low` and `high`, to `xtol` or to rounding.

    Chandrupatla's method: inverse quadratic interpolation where the last three points promise it a monotone piece,
    bisection elsewhere (Adv. Eng. Software 28, 1997, 145–149).

    Parameters
    ----------
    f
        Maps the array of all x to the array of all values, entry by entry.
    low, high
        The ends of the brackets, of one shape.
    xtol
        The width at which a bracket is a root.

    Raises
    ------
    ValueError
        Where f has one sign at both ends.
    """
    new, old = np.array(high, dtype=float), np.array(low, dtype=float)
    f_new, f_old = f(new), f(old)
    if not (np.sign(f_new) * np.sign(f_old) <= 0).all():
        raise ValueError("a function has the same sign at both ends of its bracket")
    share = np.full_like(new, 0.5)
    for _ in range(STEPS):
        x = new + share * (old - new)
        f_x = f(x)
        # the bracket is [new, old], `last` the end it lost
        same = np.sign(f_x) == np.sign(f_new)
        last, f_last = np.where(same, new, old), np.where(same, f_new, f_old)
        old, f_old = np.where(same, old, new), np.where(same, f_old, f_new)
        new, f_new = x, f_x
        nearer = np.abs(f_new) < np.abs(f_old)
        best = np.where(nearer, new, old)
        width = np.abs(old - new)
        tolerance = 2 * np.finfo(float).eps * np.abs(best) + xtol / 2
        if ((width <= 2 * tolerance) | (f_new == 0) | (f_old == 0)).all():
            return best
        with np.errstate(divide="ignore", invalid="ignore"):
            xi, phi = (new - old) / (last - old), (f_new - f_old) / (f_last - f_old)
            monotone = (phi**2 < xi) & ((1 - phi) ** 2 < 1 - xi)
            share = f_new / (f_old - f_new) * f_last / (f_old - f_last) + (last - new) / (old - new) * f_new / (
                f_last - f_new
            ) * f_old / (f_last - f_old)
            least = np.minimum(tolerance / width, 0.5)
        share = np.where(monotone, np.clip(share, least, 1 - least), 0.5)
    return best
