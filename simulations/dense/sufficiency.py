"""Key Information Sufficiency on arrays of any numbers, fractions included: eq. 20, as it is printed."""

from __future__ import annotations

from jaxtyping import Shaped

from nfrlab.simulations.dense.arrays import Array


def as_input(R: Shaped[Array, ...], x: Shaped[Array, ...]) -> Shaped[Array, ...]:
    """`R̃ = (R − min R)(max x − min x)/(max R − min R) + min x`; of a constant map `min x` everywhere."""
    size = R.max() - R.min()
    return (R - R.min()) * (x.max() - x.min()) / size + x.min() if size else 0 * R + x.min()


def sufficiency(before: Shaped[Array, " D"], after: Shaped[Array, " D"]) -> object:
    """`1 − ‖after − before‖₁ / ‖before‖₁` of products of weights and features. Raises `ZeroDivisionError` for 0."""
    return 1 - abs(after - before).sum() / abs(before).sum()
