"""Guarantees and sample sizes: every interval covers with probability ≥ 1 − α."""

from nfrlab.verify.intervals.fixed import (
    BettingSequence,
    Floats,
    Interval,
    bernstein_plan,
    clopper_pearson,
    dkw_radius,
    empirical_bernstein,
    hoeffding,
    median,
    median_plan,
    median_rank,
)

__all__ = [
    "BettingSequence",
    "Floats",
    "Interval",
    "bernstein_plan",
    "clopper_pearson",
    "dkw_radius",
    "empirical_bernstein",
    "hoeffding",
    "median",
    "median_plan",
    "median_rank",
]
