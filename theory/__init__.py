"""Witness 1: what should happen. Closed forms, derivations, predictions; no sampling, no torch."""

__all__ = ["cascade", "families", "filtering", "finite_width", "limit", "numerics", "rivals", "weighting"]
