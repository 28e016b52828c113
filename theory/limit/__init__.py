"""Theorem 1 as N → ∞: the limit direction of every weight family, and how far it can lie from the input."""

__all__ = [
    "all_ones",
    "anisotropy",
    "bulk_alignment",
    "chambers",
    "direction",
    "facts",
    "overlapping_patches",
    "proofs",
    "spread",
    "worst_alignment",
    "worst_searched",
]
