"""Theorem 2: how the weighting of the neurons orders alignments."""
