"""Theorem 1 as N → ∞: the limit direction of every weight family, and how far it can lie from the input."""

__all__ = ["all_ones", "anisotropy", "chambers", "direction", "proofs", "spread", "worst_alignment", "worst_searched"]
