"""Theorem 2 in closed form: alignment of `R = Σ_j s_j w_j` for orthogonal active neurons of equal norm c.

With `A_j = ⟨w_j, x⟩ > 0` on the active set, `α = ⟨s, A⟩ / (c ‖s‖ ‖x‖)`. By Cauchy–Schwarz no weighting beats `s ∝ A`,
whose alignment is `‖A‖ / (c ‖x‖)`; equality holds iff `s = tA`, `t > 0`. Nothing here asks for i.i.d. entries.
Derivations: `theory.weighting.proofs.orthogonal_neurons`.
"""

from jaxtyping import Float, Shaped

from nfrlab.theory.numerics.vectors import Array, Number, cosine


def orthogonal_alignment(s: Float[Array, " n"], A: Float[Array, " n"], column_norm: float, input_norm: float) -> float:
    """`⟨s, A⟩ / (c ‖s‖ ‖x‖)` for weights `s` on active neurons with activation `A`; NaN for `s = 0`."""
    return cosine(s, A) * float((A @ A) ** 0.5) / (column_norm * input_norm)


def orthogonal_square_alignment(
    s: Shaped[Array, " n"], A: Shaped[Array, " n"], column_squares: Shaped[Array, " n"], input_square: Number
) -> Number | None:
    """`sign(α) α² = ⟨s, A⟩ |⟨s, A⟩| / (Σ_j c_j² s_j² ‖x‖²)` for orthogonal active neurons of norms c_j; None for s = 0.

    Exact for Fractions.
    """
    along, length = (s * A).sum(), (column_squares * s * s).sum()
    return along * abs(along) / (length * input_square) if length else None


def activation_gain(s: Shaped[Array, " n"], A: Shaped[Array, " n"]) -> Number:
    """`‖A‖²‖s‖² − ⟨s, A⟩² = Σ_{i<j} (A_i s_j − A_j s_i)² ≥ 0` (Lagrange): zero iff `s` is parallel to `A`."""
    return (A * A).sum() * (s * s).sum() - (A * s).sum() ** 2
