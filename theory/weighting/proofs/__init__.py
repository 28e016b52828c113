"""The derivations behind Theorem 2: orthogonal neurons, nearly orthogonal ones, frames, Gram matrices, the order."""

__all__ = ["frames", "gram", "near_orthogonal", "ordering", "orthogonal_neurons"]
