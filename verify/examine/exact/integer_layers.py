"""What the searches draw: small integers, in shapes that shrink to the smallest network that does the job."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import lazy_loader
import numpy as np

from nfrlab.verify.examine.exact.search import Case, Parameters, exact

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

hypothesis = lazy_loader.load("hypothesis")

SMALL = range(-3, 4)
NON_NEGATIVE = range(4)
POSITIVE = range(1, 5)
NON_POSITIVE = range(-3, 1)
RECTGRAD_LEVEL = Fraction(9, 10)
"""The quantile at which RectGrad cuts."""


def integers(entries: range) -> SearchStrategy[int]:
    """Any of these integers, the simplest 0."""
    return hypothesis.strategies.integers(entries[0], entries[-1])


def parameters(**entries: range | SearchStrategy[Any]) -> SearchStrategy[Parameters]:
    """Parameters by name: integers from a range, or whatever a strategy draws."""
    return hypothesis.strategies.fixed_dictionaries(
        {name: integers(given) if isinstance(given, range) else given for name, given in entries.items()}
    )


def vector(n: int, entries: range = SMALL) -> SearchStrategy[list[int]]:
    """A vector of n entries."""
    return hypothesis.strategies.lists(integers(entries), min_size=n, max_size=n)


def constant(value: int) -> SearchStrategy[int]:
    """This integer."""
    return hypothesis.strategies.just(value)


def distinct(n: int, entries: range) -> SearchStrategy[list[int]]:
    """A vector of n different entries."""
    return hypothesis.strategies.lists(integers(entries), min_size=n, max_size=n, unique=True)


def short_vector(most: int, entries: range = SMALL) -> SearchStrategy[list[int]]:
    """A vector of 1 to `most` entries."""
    return hypothesis.strategies.lists(integers(entries), min_size=1, max_size=most)


def matrix(d: int, N: int) -> SearchStrategy[list[list[int]]]:
    """A d × N matrix of small integers."""
    return hypothesis.strategies.lists(vector(N), min_size=d, max_size=d)


Shapes = tuple["SearchStrategy[Parameters]", ...]
SHAPES = ((1, 1), (1, 2), (2, 1), (2, 2), (2, 3), (3, 2), (3, 3))


def small_layer(x: range = SMALL, r: range = SMALL, biased: bool = False, **extra: range) -> Shapes:
    """`x ∈ Z^d`, `W ∈ Z^{d×N}`, `r ∈ Z^N` (and a bias `b ∈ Z^N`), the smallest shapes first, and further numbers
    by name.
    """

    def of_shape(d: int, N: int) -> SearchStrategy[Parameters]:
        bias = {"b": vector(N)} if biased else {}
        return parameters(x=vector(d, x), W=matrix(d, N), r=vector(N, r), **bias, **extra)

    return tuple(of_shape(d, N) for d, N in SHAPES)


def as_case(drawn: Parameters) -> Case:
    """Every parameter as exact numbers."""
    return {name: exact(value) for name, value in drawn.items()}


def orthogonal(x: range = SMALL, r: range = SMALL, **extra: range) -> Shapes:
    """A rotation by a complex integer in Z², then by an integer quaternion in Z³: the parameters of `from_rotation`."""

    def of_dimension(n: int) -> SearchStrategy[Parameters]:
        rotation = vector(2 if n == 2 else 4)
        return parameters(rotation=rotation, x=vector(n, x), r=vector(n, r), **extra)

    return of_dimension(2), of_dimension(3)


def from_rotation(drawn: Parameters) -> Case:
    """`W` with orthogonal columns of equal norm: of p + qi, |p + qi|; of the quaternion a + bi + cj + dk, its
    square norm.
    """
    case = as_case(drawn)
    rotation = case.pop("rotation")
    if len(rotation) == 2:
        p, q = rotation
        case["W"] = np.array([[p, -q], [q, p]], dtype=object)
        return case
    a, b, c, d = rotation
    case["W"] = np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a - b * b + c * c - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a - b * b - c * c + d * d],
        ],
        dtype=object,
    )
    return case


def equal_norms(**extra: range) -> Shapes:
    """n columns that are signed permutations of one vector in Z^n, n = 2, 3: equal norms, hardly ever orthogonal."""

    def of_dimension(n: int) -> SearchStrategy[Parameters]:
        st = hypothesis.strategies
        signs = st.lists(st.sampled_from([1, -1]), min_size=n, max_size=n)
        columns = vector(n).flatmap(lambda v: st.lists(st.tuples(st.permutations(v), signs), min_size=n, max_size=n))
        return parameters(columns=columns, x=vector(n), r=vector(n), **extra)

    return of_dimension(2), of_dimension(3)


def from_columns(drawn: Parameters) -> Case:
    """The matrix of `equal_norms`."""
    case = {name: exact(value) for name, value in drawn.items() if name != "columns"}
    signed = [[p * s for p, s in zip(*column, strict=True)] for column in drawn["columns"]]
    case["W"] = exact(np.array(signed, dtype=object).T)
    return case


def orthogonal_columns(case: Case, equal: bool = True) -> bool:
    """Whether the columns of W are non-zero, pairwise orthogonal and (unless told otherwise) of equal norm, exactly."""
    gram = case["W"].T @ case["W"]
    n = len(gram)
    pairwise = all(gram[i, j] == 0 for i in range(n) for j in range(i))
    return bool(pairwise and all(gram[i, i] > 0 for i in range(n))) and (
        not equal or all(gram[i, i] == gram[0, 0] for i in range(n))
    )
