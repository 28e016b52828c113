"""Cascades in random stacks: the recursion of α through the layers."""

__all__ = ["proofs", "recursion"]
