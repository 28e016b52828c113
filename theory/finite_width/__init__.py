"""Theorem 1 at a width N: the law of the alignment α, and how wide is wide enough."""
