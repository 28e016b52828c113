"""A statement about finitely many rational numbers, and the cases that it is about.

A *case* is a dictionary of named numbers, vectors and matrices of `Fraction`, built from *parameters* (small integers).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from jaxtyping import Shaped

from nfrlab.simulations.dense.arrays import Array
from nfrlab.simulations.images import ImageSet

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

Case = dict[str, Any]
Parameters = dict[str, Any]
Draw = Callable[[np.random.Generator, ImageSet], Parameters]


def to_fractions(values: Any) -> Any:
    """Nested lists or arrays of numbers or strings as an object array of `Fraction`; a scalar as a `Fraction`."""
    if isinstance(values, (list, tuple, np.ndarray)):
        array = np.asarray(values, dtype=object)
        return np.array([Fraction(entry) for entry in array.ravel()], dtype=object).reshape(array.shape)
    return Fraction(values)


def to_strings(case: Mapping[str, Any]) -> dict[str, Any]:
    """The numbers of a case as nested lists of strings such as '3/5'."""
    return {
        name: [str(v) for v in value]
        if isinstance(value, np.ndarray) and value.ndim == 1
        else [[str(v) for v in row] for row in value]
        if isinstance(value, np.ndarray)
        else str(value)
        for name, value in case.items()
    }


def from_strings(numbers: Mapping[str, Any]) -> Case:
    """The case whose numbers `to_strings` turned into strings."""
    return {name: to_fractions(value) for name, value in numbers.items()}


def signed_square_alignment(R: Shaped[Array, " d"], x: Shaped[Array, " d"]) -> Fraction | None:
    """`sign(α) α²` of α = cos(R, x) as a rational number, ordered as α is; None where R or x is 0."""
    inner, squares = R @ x, (R @ R) * (x @ x)
    return None if squares == 0 else Fraction(inner * abs(inner)) / squares


def to_alignment(square: Fraction | None) -> float:
    """α from its signed square; NaN from None."""
    return float("nan") if square is None else float(np.sign(float(square)) * abs(float(square)) ** 0.5)


def never(case: Case) -> bool:
    """Return False, for every case."""
    return False


T = TypeVar("T")


def once(f: Callable[[Case], T]) -> Callable[[Case], T]:
    """Return f, remembered for the case at hand: what a statement asks of one case again and again."""
    last: list[tuple[Case, T]] = []

    def of(case: Case) -> T:
        if not last or last[0][0] is not case:
            last[:] = [(case, f(case))]
        return last[0][1]

    return of


@dataclass(frozen=True)
class ExactStatement:
    """The statement that `holds(case)` for every admissible case.

    Attributes
    ----------
    text
        The statement in words.
    parameters, build
        Strategies of growing size, and what turns the parameters that they draw into a case.
    admissible
        Checks the premises on the case alone.
    holds
        The printed statement, evaluated with the simulation's rules.
    sides
        Numbers to print beside a counterexample.
    size
        How large a violation is; 0 for a strictness that fails with equality.
    perturbed
        The parameters that a generic perturbation moves.
    second
        The statement evaluated by the theory's closed form, where there is one.
    agree
        Whether simulation and closed form come to the same numbers, where these can be compared exactly.
    tied
        Whether a case says nothing: both sides are equal, or what the statement asks for is not there.
    draws
        The stated draws of parameters under which the reach of a violation is measured, by name.
    """

    text: str
    parameters: tuple[SearchStrategy[Parameters], ...]
    build: Callable[[Parameters], Case]
    admissible: Callable[[Case], bool]
    holds: Callable[[Case], bool]
    sides: Callable[[Case], dict[str, Any]]
    size: Callable[[Case], float]
    perturbed: tuple[str, ...]
    second: Callable[[Case], bool] | None = None
    agree: Callable[[Case], bool] | None = None
    tied: Callable[[Case], bool] = never
    draws: Mapping[str, Draw] = field(default_factory=dict)

    def violated(self, case: Case) -> bool:
        """Return whether this case satisfies the premises and breaks the statement."""
        return self.admissible(case) and not self.holds(case)

    def disputed(self, case: Case) -> bool:
        """Return whether simulation and closed form disagree on an admissible case: on the statement or on numbers."""
        return (self.agree is not None and not self.agree(case)) or (
            self.second is not None and self.second(case) != self.holds(case)
        )
