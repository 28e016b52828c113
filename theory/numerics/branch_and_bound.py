"""Certified minima of a function over a box: branch and bound in ball arithmetic (Arb)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

import lazy_loader

from nfrlab.theory.numerics.balls import PRECISION

if TYPE_CHECKING:
    import flint
else:
    flint = lazy_loader.load("flint")

Box = tuple[tuple[float, float], ...]
Function = Callable[..., "flint.arb"]


@dataclass(frozen=True)
class Minimum:
    """`low ≤ min f ≤ high`, where `high` is an upper bound of f(point)."""

    low: float
    high: float
    point: tuple[float, ...]


def minimum(f: Function, box: Sequence[tuple[float, float]], tolerance: float, most: int = 200_000) -> Minimum:
    """The minimum of f over a box, to within `tolerance`.

    The box of least lower bound is halved along its longest side until `high − low ≤ tolerance`. Raises `ValueError`
    when more than `most` boxes do not settle it.

    Parameters
    ----------
    f
        Takes one ball per coordinate and returns an enclosure of its values; an infinite one, or NaN, bounds nothing.
    box
        The (low, high) of every coordinate.
    tolerance
        The largest `high − low` of the minimum that is returned.
    most
        The number of boxes after which to give up.
    """
    flint.ctx.prec = PRECISION
    start: Box = tuple(box)
    best, point = _value(f, start)
    boxes = [(_lower(f, start), start)]
    heapify(boxes)
    for _ in range(most):
        least, current = heappop(boxes)
        if best - least <= tolerance:
            return Minimum(least, best, point)
        for half in _halves(current):
            middle, at = _value(f, half)
            if middle < best:
                best, point = middle, at
            if (low := _lower(f, half)) <= best:  # else the half cannot hold the minimum
                heappush(boxes, (max(low, least), half))
    raise ValueError(f"no certified minimum within {tolerance} from {most} boxes")


def _ball(low: float, high: float) -> flint.arb:
    """The ball of an interval, a little wider for the rounding of its centre."""
    return flint.arb((low + high) / 2, (high - low) / 2 + 1e-17)


def _lower(f: Function, box: Box) -> float:
    """A lower bound of f over the box, rounded down."""
    value = f(*(_ball(*side) for side in box))
    return float(value.lower()) - 1e-15 if value.is_finite() else float("-inf")


def _value(f: Function, box: Box) -> tuple[float, tuple[float, ...]]:
    """An upper bound of f at the centre of the box, and that centre."""
    centre = tuple((low + high) / 2 for low, high in box)
    value = f(*(flint.arb(c) for c in centre))
    return (float(value.upper()) + 1e-15 if value.is_finite() else float("inf")), centre


def _halves(box: Box) -> tuple[Box, Box]:
    """The two halves of a box along its longest side."""
    side = max(range(len(box)), key=lambda k: box[k][1] - box[k][0])
    low, high = box[side]
    middle = (low + high) / 2
    return (
        (*box[:side], (low, middle), *box[side + 1 :]),
        (*box[:side], (middle, high), *box[side + 1 :]),
    )
