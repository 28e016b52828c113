"""Stacks of layers on trial: dense and orthogonal ones exactly, wide random ones against the law and each other."""

__all__ = ["dense", "differences", "gaussian", "orthogonal"]
