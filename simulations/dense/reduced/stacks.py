"""Exact reduced sampling of wide random ReLU stacks: α of every cascade level from Gaussian vectors, without weights.

In a bias-free stack with i.i.d. Gaussian weights the pre-activations of a layer are i.i.d. normal given the activation
below it, up to scale; and given both, what the layer's weights do beside that activation is i.i.d. normal too. So the
relevance that reaches a layer can be drawn as its part along the activation, known exactly, plus a Gaussian vector
beside it: O(Σ n_l) numbers a trial instead of O(Σ n_l n_{l−1}), the same law. Scales play no part, nor do neurons that
the ReLU mask closes: these are not even drawn, their number is binomial.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from jaxtyping import Bool, Float

from nfrlab.simulations.dense.montecarlo import RELEVANCES, gaussian_stack
from nfrlab.simulations.dense.propagate import Rule, backward

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Rows = Float[Floats, "trials open"]
Weighting = Callable[..., Rows]
TILE = 1 << 15


def gradient(A: Rows, r: Rows, n: int) -> Rows:
    """The plain gradient passes everything."""
    return r


def guided(A: Rows, r: Rows, n: int) -> Rows:
    """GBP: `relu(r)`."""
    return np.maximum(r, 0)


def absolute(A: Rows, r: Rows, n: int) -> Rows:
    """`|r|`: no rule of the paper, what GBP becomes with |·| for its ReLU."""
    return np.abs(r)


def own_activation(A: Rows, r: Rows, n: int) -> Rows:
    """Activation: A, whatever arrives."""
    return A


def root_of_activation(A: Rows, r: Rows, n: int) -> Rows:
    """√A, whatever arrives: no rule of the paper, a rival close to Activation."""
    return np.sqrt(A)


def rectified(A: Rows, r: Rows, n: int, q: float = 0.9) -> Rows:
    """RectGrad: `r 1(A r > τ)`, τ the q-quantile of `A r` over all n neurons; the closed ones contribute zeros.

    What exceeds the interpolated quantile is what exceeds the order statistic below it, the j-th largest.
    """
    contribution = A * r
    j = n - int(q * (n - 1))
    filled = np.where(A > 0, contribution, -np.inf)
    tau = largest(filled, np.full(len(A), j))
    if np.any(tau <= 0):  # zeros lie at the quantile, or above it with some of the negative contributions
        closed = n - np.count_nonzero(A > 0, axis=1)
        tau = np.maximum(tau, np.minimum(np.where(j > closed, largest(filled, j - closed), 0.0), 0.0))
    return r * (contribution > tau[:, None])


def largest(values: Rows, rank: npt.NDArray[np.int64]) -> Float[Floats, " trials"]:
    """The value of each row that is its `rank`-th largest, −∞ beyond the last."""
    width = values.shape[1]
    place = np.clip(width - rank, 0, width - 1)
    ordered = np.partition(values, np.unique(place), axis=1)
    return np.where(rank <= width, ordered[np.arange(len(values)), place], -np.inf)


WEIGHTINGS: dict[str, Weighting] = {
    "grad": gradient,
    "gbp": guided,
    "rectgrad": rectified,
    "activation": own_activation,
    "absolute": absolute,
    "root": root_of_activation,
}


def cascade_alignments(
    rule: str,
    widths: tuple[int, ...],
    trials: int,
    rng: np.random.Generator,
    positive: bool = False,
    **parameters: Any,
) -> Float[Floats, "trials levels"]:
    """α of the maps `r_0` of the N-level cascades, N = 0 … L, in each of `trials` random stacks; 0 for a zero map.

    Activation at level N is put in at layer L − N; at the output it is f.

    Raises `ValueError` for an unknown rule and for an empty layer.

    Parameters
    ----------
    rule
        One of `WEIGHTINGS`.
    widths
        Of the input and the L − 1 ReLU layers; one linear output with i.i.d. N(0, 1) weights is explained.
    positive
        Whether the output weights are replaced by their absolute values.
    parameters
        Those of the rule: `q` of RectGrad.
    """
    if rule not in WEIGHTINGS:
        raise ValueError(f"no reduced stacks for '{rule}'; there are for {', '.join(WEIGHTINGS)}")
    if len(widths) < 2 or min(widths) < 1:
        raise ValueError(f"a stack needs an input and hidden layers, all of width ≥ 1, got widths {widths}")
    at_once = max(1, TILE // max(widths[1:]))
    sizes = [min(at_once, trials - first) for first in range(0, trials, at_once)]
    return np.concatenate([_alignments(rule, widths, size, rng, positive, parameters) for size in sizes])


def _alignments(
    rule: str,
    widths: tuple[int, ...],
    trials: int,
    rng: np.random.Generator,
    positive: bool,
    parameters: dict[str, Any],
) -> Float[Floats, "trials levels"]:
    """A tile of trials: down the stack, the part T of every level along the activation, in units of the rest's."""
    carried, levels = np.empty(0), np.empty((0, trials))
    for n in widths[:0:-1]:
        A, g, is_open = open_neurons(n, trials, rng)
        norm = np.sqrt(np.einsum("tn,tn->t", A, A))
        with np.errstate(invalid="ignore", divide="ignore"):
            unit = A / norm[:, None]
            if not len(levels):
                r = np.abs(g) * is_open if positive else g
                levels = part(A, r)[None]
            else:
                g -= np.einsum("tn,tn->t", unit, g)[:, None] * unit
                levels = levels * norm / np.sqrt(levels**2 + np.einsum("tn,tn->t", g, g))  # s = T Â + g on the mask
                r = carried[:, None] * unit + g  # arrives along A with a known part, beside it as noise
            carried = part(A, WEIGHTINGS[rule](A, r, n, **parameters))
        levels = np.vstack([levels, carried])
    # No mask closes an input: beside x the map is noise in all d − 1 directions.
    beside = rng.chisquare(widths[0] - 1, trials) if widths[0] > 1 else np.zeros(trials)
    with np.errstate(invalid="ignore"):
        alpha = np.nan_to_num(levels / np.sqrt(levels**2 + beside)).T
    first, rest = alpha[:, :1], alpha[:, 1:]
    if rule == "activation":
        return np.hstack([np.abs(first), rest, np.ones((trials, 1))])
    return np.hstack([first, first, rest])


def open_neurons(n: int, trials: int, rng: np.random.Generator) -> tuple[Rows, Rows, Bool[Mask, "trials open"]]:
    """(A, g, mask) of the neurons that the ReLU leaves open: `A = |N(0, 1)|`, g ~ N(0, 1), both 0 outside the mask."""
    number = rng.binomial(n, 0.5, trials)
    is_open = np.arange(max(1, number.max())) < number[:, None]
    A, g = np.abs(rng.standard_normal(is_open.shape)), rng.standard_normal(is_open.shape)
    A *= is_open
    g *= is_open
    return A, g, is_open


def part(A: Rows, s: Rows) -> Float[Floats, " trials"]:
    """`⟨A, s⟩ / ‖s‖`; NaN where nothing passes, and from there on."""
    return np.einsum("tn,tn->t", A, s) / np.sqrt(np.einsum("tn,tn->t", s, s))


def angles(
    back: Rule,
    widths: tuple[int, ...],
    trials: int,
    rng: np.random.Generator,
    relevance: str = "absolute",
    x: Float[Floats, " d"] | None = None,
) -> tuple[Float[Floats, "trials levels"], Float[Floats, " trials"]]:
    """Two relevances enter one random stack at its top ReLU layer: `tan²` of their angle there and below every layer,
    down to the input; and `tan²` between the first one's map r_0 and the all-ones vector. Weights are drawn whole.

    Parameters
    ----------
    back
        The rule that carries both down.
    widths
        Of the input and of the ReLU layers.
    relevance
        The law of both at the top, one of `montecarlo.RELEVANCES`.
    x
        The input; without one, a fresh `|N(0, I)|` in each trial.
    """
    between, to_ones = np.empty((trials, len(widths))), np.empty(trials)
    for trial in range(trials):
        net = gaussian_stack(widths, rng)
        top = len(widths) - 1
        at = np.abs(rng.standard_normal(widths[0])) if x is None else x
        layers = tuple(replace(each, rectified=True) for each in net.forward(at))
        one, other = (RELEVANCES[relevance](widths[-1], rng) for _ in range(2))
        between[trial, 0] = square_tangent(one, other)
        for layer in range(top, 0, -1):
            one, other = (backward(layers, back, r, start=layer, stop=layer - 1) for r in (one, other))
            between[trial, top - layer + 1] = square_tangent(one, other)
        to_ones[trial] = square_tangent(one, np.ones(widths[0]))
    return between, to_ones


def square_tangent(u: Float[Floats, " n"], v: Float[Floats, " n"]) -> float:
    """`tan²` of the angle between two lines, accurate for small ones."""
    unit = u / np.linalg.norm(u)
    along = unit @ v
    beside = v - along * unit
    beside -= (unit @ beside) * unit
    return float(beside @ beside / along**2)
