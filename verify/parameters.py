"""What the searches draw: small integers, in shapes that shrink to the smallest network that does the job."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from verify.exact import Case, Parameters, exact

SMALL = st.integers(-3, 3)
NON_NEGATIVE = st.integers(0, 3)
POSITIVE = st.integers(1, 4)


def vector(n: int, entries: SearchStrategy[int] = SMALL) -> SearchStrategy[list[int]]:
    """A vector of n entries."""
    return st.lists(entries, min_size=n, max_size=n)


def matrix(d: int, N: int) -> SearchStrategy[list[list[int]]]:
    """A d × N matrix of small integers."""
    return st.lists(vector(N), min_size=d, max_size=d)


def small_layer(
    x: SearchStrategy[int] = SMALL, r: SearchStrategy[int] = SMALL, **extra: SearchStrategy[Any]
) -> SearchStrategy[Parameters]:
    """`x ∈ Z^d`, `W ∈ Z^{d×N}`, `r ∈ Z^N`, d, N ≤ 3, and further numbers by name."""
    return st.tuples(st.integers(1, 3), st.integers(1, 3)).flatmap(
        lambda shape: st.fixed_dictionaries(
            {"x": vector(shape[0], x), "W": matrix(*shape), "r": vector(shape[1], r), **extra}
        )
    )


def small_biased_layer(**extra: SearchStrategy[Any]) -> SearchStrategy[Parameters]:
    """The same with a bias `b` per neuron: the broken premise of every bias-free statement."""
    return st.tuples(st.integers(1, 3), st.integers(1, 3)).flatmap(
        lambda shape: st.fixed_dictionaries(
            {"x": vector(shape[0]), "W": matrix(*shape), "r": vector(shape[1]), "b": vector(shape[1]), **extra}
        )
    )


def as_case(parameters: Parameters) -> Case:
    """Every parameter as exact numbers."""
    return {name: exact(value) for name, value in parameters.items()}


def orthogonal(**extra: SearchStrategy[Any]) -> SearchStrategy[Parameters]:
    """An integer quaternion, x ∈ Z³, relevances of three neurons: the parameters of `from_quaternion`."""
    return st.fixed_dictionaries({"quaternion": vector(4), "x": vector(3), "r": vector(3), **extra})


def from_quaternion(parameters: Parameters) -> Case:
    """`W ∈ Q^{3×3}` with orthogonal columns of equal norm |q|², the rotation of the quaternion q = (a, b, c, d)."""
    case = as_case(parameters)
    a, b, c, d = case.pop("quaternion")
    case["W"] = np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a - b * b + c * c - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a - b * b - c * c + d * d],
        ],
        dtype=object,
    )
    return case


def equal_norms(**extra: SearchStrategy[Any]) -> SearchStrategy[Parameters]:
    """Three columns that are signed permutations of one integer vector: equal norms, hardly ever orthogonal."""
    base = vector(3)
    columns = base.flatmap(
        lambda v: st.lists(
            st.tuples(st.permutations(v), vector(3, st.sampled_from([1, -1]))), min_size=3, max_size=3
        )
    )
    return st.fixed_dictionaries({"columns": columns, "x": vector(3), "r": vector(3), **extra})


def from_columns(parameters: Parameters) -> Case:
    """The matrix of `equal_norms`."""
    case = {name: exact(value) for name, value in parameters.items() if name != "columns"}
    signed = [[p * s for p, s in zip(*column, strict=True)] for column in parameters["columns"]]
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

