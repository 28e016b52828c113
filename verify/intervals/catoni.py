"""The mean of unbounded observations of which no more is known than a bound on their variance (Catoni 2012).

With `ψ(t) = sign(t) ln(1 + |t| + t²/2) ≤ ln(1 + t + t²/2)` an observation X of mean m and variance at most σ² has
`E exp ψ(a(X − m)) ≤ 1 + a²σ²/2`, and so has the mirror image. Hence by Markov's inequality, whatever the law,

    P(|Σ ψ(a(X_i − m))| ≥ n ln(1 + a²σ²/2) + ln(2/miss)) ≤ miss.

The m for which this sum is smaller are the interval: nearly as short as that of a normal law of known variance.
"""

from __future__ import annotations

from math import inf, log, log1p, sqrt

import numpy as np
from jaxtyping import Float

from nfrlab.verify.intervals.fixed import Floats, Interval, check_miss


def influence(t: Float[Floats, ...]) -> Float[Floats, ...]:
    """`ψ(t) = sign(t) ln(1 + |t| + t²/2)`."""
    return np.asarray(np.sign(t) * np.log1p(np.abs(t) + t**2 / 2))


def scale(n: int, miss: float) -> float:
    """`a σ = √(2 ln(2/miss)/n)`, for which the interval is shortest."""
    return sqrt(2 * log(2 / check_miss(miss)) / n)


def excess(deviations: Float[Floats, "*rows n"], sd: Float[Floats, "*rows"], miss: float) -> Float[Floats, "*rows"]:
    """`Σ ψ(a X_i)` of n deviations from a supposed mean, in units of the bound: beyond ±1 that mean is excluded.

    `sd` bounds the standard deviation of each row. Raises `ValueError` for none or for one that is not positive.
    """
    n, sd = deviations.shape[-1], np.asarray(sd, dtype=float)
    if n == 0 or not np.all(sd > 0):
        raise ValueError("needs observations, and a positive bound on their standard deviation")
    a = scale(n, miss)
    return np.asarray(influence(a / sd[..., None] * deviations).sum(axis=-1) / (n * log1p(a**2 / 2) + log(2 / miss)))


def catoni(sample: Float[Floats, " n"], sd: float, miss: float) -> Interval:
    """Interval of the mean of observations whose standard deviation is at most `sd`, rounded outward by sd/1000.

    Raises `ValueError` for an empty sample, NaN or a bound that is not positive.
    """
    if len(sample) == 0 or np.any(np.isnan(sample)):
        raise ValueError("a sample that is empty or contains NaN has no mean")

    def end(sign: int) -> float:
        """Where the candidates on one side begin to be excluded, as far as they ever are."""
        inside, step = float(np.median(sample)), sd
        while abs(inside) < inf and sign * excess(sample - inside, np.array(sd), miss) > -1:
            inside, step = inside + sign * step, 2 * step
        outside, inside = inside, inside - sign * step / 2
        while abs(outside - inside) > sd / 1000:
            middle = (inside + outside) / 2
            excluded = sign * excess(sample - middle, np.array(sd), miss) <= -1
            inside, outside = (inside, middle) if excluded else (middle, outside)
        return outside

    return end(-1), end(1)


def catoni_reach(n: int, miss: float, power: float = 0.99) -> float:
    """How many σ from the mean both ends of the interval lie at most, with probability ≥ `power`; inf for n too small.

    An end at `m + s` needs `s − as²/2 ≤ aσ² + (ln(2/miss) + ln(2/(1 − power)))/an`.
    """
    a, logs = scale(n, miss), log(2 / miss)
    away = a * (1 + (1 + log(2 / (1 - power)) / logs) / 2)
    return (1 - sqrt(1 - 2 * a * away)) / a if 2 * a * away <= 1 else inf
