"""S, eq. 20, where its value follows from the equation: of the image itself, of multiples, of a small output."""

from __future__ import annotations

from fractions import Fraction
from typing import TypeVar

N = TypeVar("N", float, Fraction)


def of_multiple(c: N) -> N:
    """S where the features on R̃ are c times those on x: `1 − |c − 1|`, so 0 for features that vanish or double."""
    return 1 - abs(c - 1)


def of_small_output(f: N) -> N:
    """S in the scalar reading, `v A = f` with `v = (1, f − 1)`, `A = (1, 1)` and `A* = (1, 0)`: `2 − 1/f`, f in (0, 1].

    Below any bound where f is small: no entry of v, A or A* is larger than 1.
    """
    return 2 - 1 / f
