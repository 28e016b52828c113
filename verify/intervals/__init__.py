"""Guarantees and sample sizes: every interval covers with probability ≥ 1 − miss."""

from nfrlab.verify.intervals.betting import BettingSequence, bets
from nfrlab.verify.intervals.fixed import (
    Floats,
    Interval,
    clopper_pearson,
    dkw_radius,
    empirical_bernstein,
    hoeffding,
    median,
    median_rank,
)
from nfrlab.verify.intervals.plans import (
    bernstein_plan,
    bets_plan,
    distribution_plan,
    median_plan,
    order_plan,
    rate_plan,
)

__all__ = [
    "BettingSequence",
    "Floats",
    "Interval",
    "bernstein_plan",
    "bets",
    "bets_plan",
    "clopper_pearson",
    "distribution_plan",
    "dkw_radius",
    "empirical_bernstein",
    "hoeffding",
    "median",
    "median_plan",
    "median_rank",
    "order_plan",
    "rate_plan",
]
