"""Numerics that the closed forms rest on: vectors, quadrature, ball arithmetic, branch and bound, derivations."""

__all__ = ["balls", "branch_and_bound", "proof", "quadrature", "vectors"]
