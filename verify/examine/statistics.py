"""Probabilities, means and whole distributions against exact predictions, with sizes planned before sampling."""

from __future__ import annotations

from math import ceil, log, sqrt

import numpy as np
from jaxtyping import Float
from scipy.stats import binom

from nfrlab.simulations.dense.arrays import Array
from nfrlab.theory.finite_width.mixture import AlignmentLaw
from nfrlab.theory.weighting.frames import FrameLaw
from nfrlab.verify import intervals
from nfrlab.verify.court.evidence import Evidence, Kind, decide
from nfrlab.verify.examine.finite_width import POINTS, kolmogorov


def rate_plan(alpha: float, p: float, delta: float) -> int:
    """An n, the least up to 2 %, at which Clopper and Pearson's interval ends within δ of p with probability ≥ 0.99, if
    p is true: it does at both the 0.5 % and the 99.5 % quantile of the count, hence between them.
    """
    n = 10

    def inside(hits: float) -> bool:
        low, high = intervals.clopper_pearson(int(hits), n, alpha)
        return p - delta <= low and high <= p + delta

    # an interval that ends at 0 or 1 does so within δ only if p does
    while not all(inside(binom.ppf(q, n, p)) for q in (0.005, 0.995)):
        n = ceil(n * 1.02) + 1
    return n


def rate_evidence(
    statement: str, hits: int, n: int, alpha: float, predicted: float, delta: float, error: float = 0.0
) -> Evidence:
    """A probability against its prediction, margin δ; a prediction that may itself be off by `error` is refuted only
    from further away, and supported no sooner.
    """
    interval, claimed = intervals.clopper_pearson(hits, n, alpha), (predicted - error, predicted + error)
    return Evidence(
        Kind.MONTE_CARLO,
        f"{statement} = {predicted:.4g} ± {delta}",
        decide(interval, claimed, delta - error),
        "Clopper–Pearson",
        alpha=alpha,
        delta=delta - error,
        n=n,
        interval=interval,
        claimed=claimed,
        numerical_error=error,
        power=0.99,
        details={"share": hits / n},
    )


def mean_evidence(statement: str, values: Float[Array, " n"], alpha: float, predicted: float, delta: float) -> Evidence:
    """The mean of values in [0, 1] against its prediction, margin δ."""
    interval = intervals.empirical_bernstein(values, alpha, 0.0, 1.0)
    return Evidence(
        Kind.MONTE_CARLO,
        f"{statement} = {predicted:.5f} ± {delta}",
        decide(interval, (predicted, predicted), delta),
        "empirical Bernstein",
        alpha=alpha,
        delta=delta,
        n=len(values),
        interval=interval,
        claimed=(predicted, predicted),
        power=0.99,
        details={"mean": float(np.mean(values))},
    )


def distribution_plan(alpha: float, delta: float, points: int = POINTS) -> int:
    """The n at which, if the law is right, the interval of the distance ends within δ with probability ≥ 0.99: the
    empirical distribution strays by at most `√(ln 200/2n)`; n has room for that, for DKW's radius and for the grid.
    """
    return ceil(((sqrt(log(2 / alpha)) + sqrt(log(200))) / (delta - 1 / points)) ** 2 / 2)


def distribution_evidence(
    statement: str,
    values: Float[Array, " n"],
    law: AlignmentLaw | FrameLaw,
    alpha: float,
    delta: float,
    points: int = POINTS,
) -> Evidence:
    """`sup |F_n − F|` against 0, margin δ; F is evaluated at `points` of the values."""
    (least, most), radius = kolmogorov(values, law, points), intervals.dkw_radius(len(values), alpha)
    around = max(0.0, least - radius), min(1.0, most + radius)
    return Evidence(
        Kind.MONTE_CARLO,
        f"{statement} = 0 ± {delta}",
        decide(around, (0.0, 0.0), delta),
        "Dvoretzky–Kiefer–Wolfowitz",
        alpha=alpha,
        delta=delta,
        n=len(values),
        interval=around,
        claimed=(0.0, 0.0),
        power=0.99,
        details={"distance, at least": least, "at most": most},
    )
