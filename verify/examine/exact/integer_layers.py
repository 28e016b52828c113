"""What the searches draw: small integers, in shapes that shrink to the smallest network that does the job."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import lazy_loader
import numpy as np

from nfrlab.verify.examine.exact.search import Case, Parameters, to_fractions

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

hypothesis = lazy_loader.load("hypothesis")

SMALL = range(-3, 4)
"""From which entries are drawn where nothing else is said."""
NON_NEGATIVE = range(4)
POSITIVE = range(1, 5)
NON_POSITIVE = range(-3, 1)
RECTGRAD_LEVEL = Fraction(9, 10)
"""The quantile at which RectGrad cuts."""


def integers(entries: range) -> SearchStrategy[int]:
    """Any of these integers; the one that shrinking prefers is nearest to 0."""
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
    """This integer and no other."""
    return hypothesis.strategies.just(value)


def distinct_vector(n: int, entries: range) -> SearchStrategy[list[int]]:
    """A vector of n different entries."""
    return hypothesis.strategies.lists(integers(entries), min_size=n, max_size=n, unique=True)


def short_vector(most: int, entries: range = SMALL) -> SearchStrategy[list[int]]:
    """A vector of 1 to `most` entries."""
    return hypothesis.strategies.lists(integers(entries), min_size=1, max_size=most)


def matrix(d: int, N: int) -> SearchStrategy[list[list[int]]]:
    """A d × N matrix of small integers."""
    return hypothesis.strategies.lists(vector(N), min_size=d, max_size=d)


Shapes = tuple["SearchStrategy[Parameters]", ...]
"""What a search draws parameters from, the smallest shapes first."""
SHAPES = ((1, 1), (1, 2), (2, 1), (2, 2), (2, 3), (3, 2), (3, 3))
"""(d, N) of the small layers that are searched."""


def small_layer(x: range = SMALL, r: range = SMALL, biased: bool = False, **extra: range) -> Shapes:
    """The parameters of a layer of every shape in `SHAPES`: `x ∈ Z^d`, `W ∈ Z^{d×N}`, `r ∈ Z^N`.

    Parameters
    ----------
    x, r
        From which integers the entries of x and r are drawn.
    biased
        Whether there is a bias `b ∈ Z^N`.
    extra
        Further integers by name, and what they are drawn from.
    """

    def of_shape(d: int, N: int) -> SearchStrategy[Parameters]:
        bias = {"b": vector(N)} if biased else {}
        return parameters(x=vector(d, x), W=matrix(d, N), r=vector(N, r), **bias, **extra)

    return tuple(of_shape(d, N) for d, N in SHAPES)


def as_case(drawn: Parameters) -> Case:
    """The case whose numbers are the parameters themselves, exactly."""
    return {name: to_fractions(value) for name, value in drawn.items()}


def orthogonal_layer(x: range = SMALL, r: range = SMALL, **extra: range) -> Shapes:
    """The parameters of `from_rotation`: a complex integer for two neurons, an integer quaternion for three.

    With `x ∈ Z^n` and `r ∈ Z^n` drawn from the given integers, and further integers by name.
    """

    def of_dimension(n: int) -> SearchStrategy[Parameters]:
        rotation = vector(2 if n == 2 else 4)
        return parameters(rotation=rotation, x=vector(n, x), r=vector(n, r), **extra)

    return of_dimension(2), of_dimension(3)


def from_rotation(drawn: Parameters) -> Case:
    """The case that the parameters of `orthogonal_layer` stand for: W has orthogonal columns of equal norm.

    The norm is |p + qi| for the complex integer p + qi, and a² + b² + c² + d² for the quaternion a + bi + cj + dk.
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


def equal_norm_layer(**extra: range) -> Shapes:
    """The parameters of `from_columns`: n signed permutations of one vector in Z^n, n = 2, 3.

    As columns they have equal norms and are hardly ever orthogonal. With `x ∈ Z^n`, `r ∈ Z^n`, and further integers.
    """

    def of_dimension(n: int) -> SearchStrategy[Parameters]:
        st = hypothesis.strategies
        signs = st.lists(st.sampled_from([1, -1]), min_size=n, max_size=n)
        columns = vector(n).flatmap(lambda v: st.lists(st.tuples(st.permutations(v), signs), min_size=n, max_size=n))
        return parameters(columns=columns, x=vector(n), r=vector(n), **extra)

    return of_dimension(2), of_dimension(3)


def from_columns(drawn: Parameters) -> Case:
    """The case that the parameters of `equal_norm_layer` stand for."""
    case = {name: to_fractions(value) for name, value in drawn.items() if name != "columns"}
    signed = [[p * s for p, s in zip(*column, strict=True)] for column in drawn["columns"]]
    case["W"] = to_fractions(np.array(signed, dtype=object).T)
    return case


def has_orthogonal_columns(case: Case, equal: bool = True) -> bool:
    """Whether the columns of W are non-zero, pairwise orthogonal and, if `equal`, of equal norm, exactly."""
    gram = case["W"].T @ case["W"]
    n = len(gram)
    pairwise = all(gram[i, j] == 0 for i in range(n) for j in range(i))
    return bool(pairwise and all(gram[i, i] > 0 for i in range(n))) and (
        not equal or all(gram[i, i] == gram[0, 0] for i in range(n))
    )
