"""Theorem 1 as N → ∞: the limit direction of every weight family, and how far it can lie from the input."""
