"""Theorem 1 at a width N: the law of the alignment α, and how wide is wide enough."""

__all__ = [
    "heavy_tails",
    "hyperplanes",
    "law",
    "mixture",
    "one_neuron",
    "proofs",
    "rate",
    "rectgrad",
    "self_normalised",
]
