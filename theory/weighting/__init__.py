"""Theorem 2: how the weighting of the neurons orders alignments."""

__all__ = ["angles", "frames", "gram", "near_orthogonal", "ordering", "orthant", "orthogonal_neurons", "proofs"]
