"""Small stacks whose first layer is orthogonal, drawn as such, and what the theory says of them in closed form.

Both neurons of the first layer are active, at A. A neuron above them has the weights `(vA_2/A_1 + e, −v)`, e > 0: it is
active, too, and with v > 0 it sends down one relevance of either sign.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from nfrlab.simulations.dense.arrays import Array
from nfrlab.theory.numerics.vectors import positive_part
from nfrlab.verify.examine.exact.integer_layers import (
    NON_NEGATIVE,
    POSITIVE,
    Shapes,
    led_vector,
    parameters,
    rotation_matrix,
    vector,
)
from nfrlab.verify.examine.exact.statement import Case, Parameters, to_fractions
from nfrlab.verify.examine.exact.weightings import passed_whole, predicted_square


def orthogonal_stacks(scales: range = POSITIVE, v: range = POSITIVE, deep: bool = False) -> Shapes:
    """The parameters of stacks 2–2–1 and, if `deep`, 2–2–2–1: W_1 a rotation with columns of these lengths."""
    above = {"v": v, "e": POSITIVE}
    first = {"rotation": led_vector([POSITIVE], 2), "scales": vector(2, scales), "z": vector(2, POSITIVE)}
    one_hidden = parameters(**first, **above)
    two_hidden = parameters(**first, **above, beside=vector(2), top=led_vector([POSITIVE], 2))
    return (one_hidden, two_hidden) if deep else (one_hidden,)


def from_orthogonal_stack(drawn: Parameters) -> Case:
    """The case that the parameters of `orthogonal_stacks` stand for.

    In the deeper one a second neuron beside the first, any `beside`, is above; the output weighs the two by `top`.
    """
    Q = rotation_matrix(to_fractions(drawn["rotation"]))
    W1, x = Q * to_fractions(drawn["scales"]), Q @ to_fractions(drawn["z"])
    W2 = mixed_weights(W1.T @ x, drawn)
    if "top" not in drawn:
        return {"x": x, "W1": W1, "W2": W2}
    return {"x": x, "W1": W1, "W2": np.column_stack([W2, to_fractions(drawn["beside"])]), "W3": column(drawn["top"])}


def column(entries: list[int]) -> Array:
    """A matrix of one column."""
    return np.asarray(to_fractions(list(entries))[:, None])


def mixed_weights(A: Array, drawn: Parameters) -> Array:
    """The weights `(vA_2/A_1 + e, −v)` of one neuron above two of activation A."""
    v, e = Fraction(drawn["v"]), Fraction(drawn["e"])
    return np.array([[v * A[1] / A[0] + e], [-v]], dtype=object)


def non_negative_stacks() -> Shapes:
    """The parameters of stacks 4–2–1 with x ≥ 0 and W_1 ≥ 0 of two columns of disjoint support."""
    x, weights = vector(4, POSITIVE), led_vector([POSITIVE, NON_NEGATIVE, POSITIVE], 4, NON_NEGATIVE)
    return (parameters(x=x, weights=weights, v=POSITIVE, e=POSITIVE),)


def from_non_negative_stack(drawn: Parameters) -> Case:
    """The case that the parameters of `non_negative_stacks` stand for."""
    p, q, s, t = drawn["weights"]
    x, W1 = to_fractions(drawn["x"]), to_fractions([[p, 0], [q, 0], [0, s], [0, t]])
    return {"x": x, "W1": W1, "W2": mixed_weights(W1.T @ x, drawn)}


def relevance_above(case: Case) -> Array:
    """What GBP brings to the first layer's neurons: W_2 of one output, `W_2 M_2 W_3⁺` of a hidden layer, eq. 6."""
    if "W3" not in case:
        return np.asarray(case["W2"][:, 0])
    A = positive_part(case["W1"].T @ case["x"])
    on = case["W2"].T @ A > 0
    return np.asarray(case["W2"] @ (on * positive_part(case["W3"][:, 0])))


def predicted_alignment(case: Case, s: Array) -> Fraction | None:
    """`sign(α) α²` of what the first layer's neurons hand down of s, in closed form."""
    return predicted_square({"x": case["x"], "W": case["W1"]}, s, passed_whole)
