"""What the searches draw: small integers, in shapes that shrink to the smallest network that does the job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import lazy_loader
import numpy as np

from nfrlab.simulations.dense.arrays import Array
from nfrlab.verify.examine.exact.statement import Case, Parameters, to_fractions

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

hypothesis = lazy_loader.load("hypothesis")

Entries = range | tuple[int, ...]
"""Integers to draw from, consecutive or listed, those first that shrinking is to prefer."""
SMALL = range(-3, 4)
"""From which entries are drawn where nothing else is said."""
NON_NEGATIVE = range(4)
POSITIVE = range(1, 5)
NON_POSITIVE = range(-3, 1)
NEGATIVE = range(-3, 0)
NOT_ZERO = 1, -1, 2, -2, 3, -3
RECTGRAD_LEVEL = Fraction(9, 10)
"""The quantile at which RectGrad cuts."""


def integers(entries: Entries) -> SearchStrategy[int]:
    """Any of these integers; of consecutive ones shrinking prefers the one nearest to 0."""
    st = hypothesis.strategies
    return st.integers(entries[0], entries[-1]) if isinstance(entries, range) else st.sampled_from(entries)


def parameters(**entries: Entries | SearchStrategy[Any]) -> SearchStrategy[Parameters]:
    """Parameters by name: integers from a range, or whatever a strategy draws."""
    return hypothesis.strategies.fixed_dictionaries(
        {name: integers(given) if isinstance(given, (range, tuple)) else given for name, given in entries.items()}
    )


def vector(n: int, entries: Entries = SMALL) -> SearchStrategy[list[int]]:
    """A vector of n entries."""
    return hypothesis.strategies.lists(integers(entries), min_size=n, max_size=n)


def constant(value: int) -> SearchStrategy[int]:
    """This integer and no other."""
    return hypothesis.strategies.just(value)


def distinct_vector(n: int, entries: range) -> SearchStrategy[list[int]]:
    """A vector of n different entries."""
    return hypothesis.strategies.lists(integers(entries), min_size=n, max_size=n, unique=True)


def short_vector(most: int, entries: range = SMALL) -> SearchStrategy[list[int]]:
    """A vector of 2 to `most` entries."""
    return hypothesis.strategies.lists(integers(entries), min_size=2, max_size=most)


def led_vector(lead: Sequence[Entries], n: int, rest: Entries = SMALL) -> SearchStrategy[tuple[int, ...]]:
    """A vector of n entries, the first ones drawn each from its own of `lead`, the others from `rest`."""
    entries = [*lead, *[rest] * n][:n]
    return hypothesis.strategies.tuples(*map(integers, entries))


def matrix(d: int, N: int) -> SearchStrategy[list[list[int]]]:
    """A d × N matrix of small integers."""
    return hypothesis.strategies.lists(vector(N), min_size=d, max_size=d)


Shapes = tuple["SearchStrategy[Parameters]", ...]
"""What a search draws parameters from, the smallest shapes first."""
SHAPES = ((1, 1), (1, 2), (2, 1), (2, 2), (2, 3), (3, 2), (3, 3))
"""(d, N) of the small layers that are searched."""


def small_layer(
    x: Entries = SMALL,
    r: Entries = SMALL,
    lead: Mapping[str, Sequence[Entries]] = MappingProxyType({}),
    biased: bool = False,
    shapes: Sequence[tuple[int, int]] = SHAPES,
    **extra: Entries,
) -> Shapes:
    """The parameters of layers of every shape (d, N): `x ∈ Z^d`, `W ∈ Z^{d×N}`, `r ∈ Z^N`.

    Their neurons are turned to the active side, but for the last of several, so that a layer is seldom silent.

    Parameters
    ----------
    x, r
        From which integers the entries of x and r are drawn.
    lead
        From which the first entries of x, of r, and of the first neuron w are drawn instead, one after the other.
    biased
        Whether there is a bias `b ∈ Z^N`.
    shapes
        The shapes (d, N), the smallest first.
    extra
        Further integers by name, and what they are drawn from.
    """

    def of_shape(d: int, N: int) -> SearchStrategy[Parameters]:
        bias = {"b": vector(N)} if biased else {}
        first = [led_vector([lead["w"][i]], N) for i in range(min(d, len(lead.get("w", ()))))]
        W = hypothesis.strategies.tuples(*first, *[vector(N)] * (d - len(first)))
        by_name = {"x": led_vector(lead.get("x", ()), d, x), "W": W, "r": led_vector(lead.get("r", ()), N, r)}
        drawn = parameters(**by_name, **bias, **extra)
        return drawn.map(lambda layer: turned_active(layer, all_but=int(N > 1)))

    return tuple(of_shape(d, N) for d, N in shapes)


def turned_active(layer: Parameters, all_but: int) -> Parameters:
    """The parameters of a layer with every neuron w_j, b_j of negative z_j turned to −w_j, −b_j.

    The last `all_but` neurons stay as they are.
    """
    W = np.array(layer["W"])
    z = np.array(layer["x"]) @ W + np.array(layer.get("b", 0))
    sign = np.where((z < 0) & (np.arange(W.shape[1]) < W.shape[1] - all_but), -1, 1)
    bias = {"b": (sign * layer["b"]).tolist()} if "b" in layer else {}
    return layer | {"W": (sign * W).tolist()} | bias


def as_case(drawn: Parameters) -> Case:
    """The case whose numbers are the parameters themselves, exactly."""
    return {name: to_fractions(value) for name, value in drawn.items()}


def orthogonal_layer(
    z: Sequence[Entries] = (POSITIVE, POSITIVE),
    r: Sequence[Entries] = (),
    scales: range | None = None,
    **extra: Entries,
) -> Shapes:
    """The parameters of `from_rotation`, two neurons and three, drawn through their pre-activations.

    The rotation is a complex integer or an integer quaternion, never 0, and x such that neurons are as active as z.

    Parameters
    ----------
    z, r
        From which integers z_1, z_2, … and r_1, r_2, … are drawn, one after the other; further ones from `SMALL`.
    scales
        From which integers the columns' lengths are drawn, in units of the rotation's; None for equal ones.
    extra
        Further integers by name, and what they are drawn from.
    """

    def of_dimension(n: int) -> SearchStrategy[Parameters]:
        lengths = {} if scales is None else {"scales": vector(n, scales)}
        rotation = led_vector([POSITIVE], 2 if n == 2 else 4)
        drawn = parameters(rotation=rotation, z=led_vector(z, n), r=led_vector(r, n), **lengths, **extra)
        return drawn.map(with_input)

    return of_dimension(2), of_dimension(3)


def with_input(drawn: Parameters) -> Parameters:
    """The parameters with the input `x = Q z`, Q the rotation: `Wᵀx` has the signs of z, without scales it is ∝ z."""
    x = rotation_matrix(drawn["rotation"]) @ np.array(drawn["z"])
    return {name: value for name, value in drawn.items() if name != "z"} | {"x": x.tolist()}


def rotated_layer(x: Entries = SMALL, r: Entries = SMALL) -> Shapes:
    """The parameters of `from_rotation` with any x ∈ Z^n, whatever is active, and r ∈ Z^n, n = 2, 3."""
    return tuple(
        parameters(rotation=led_vector([POSITIVE], entries), x=vector(n, x), r=vector(n, r))
        for n, entries in ((2, 2), (3, 4))
    )


def from_rotation(drawn: Parameters) -> Case:
    """The case that the parameters of `orthogonal_layer` stand for: W has orthogonal columns.

    Their norm is |p + qi| for the complex integer p + qi, and a² + b² + c² + d² for the quaternion a + bi + cj + dk;
    with `scales` among the parameters each is longer by its own.
    """
    case = as_case(drawn)
    case["W"] = rotation_matrix(case.pop("rotation")) * case.pop("scales", 1)
    return case


def rotation_matrix(rotation: Sequence[Any] | Array) -> Array:
    """A rotation times a number, of the plane from a complex integer, of space from a quaternion."""
    if len(rotation) == 2:
        p, q = rotation
        return np.array([[p, -q], [q, p]], dtype=object)
    a, b, c, d = rotation
    return np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a - b * b + c * c - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a - b * b - c * c + d * d],
        ],
        dtype=object,
    )


def equal_norm_layer(**extra: Entries) -> Shapes:
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
