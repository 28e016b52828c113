"""Samplers of a few scalars per neuron, where weights and rule are rotation invariant: the law of whole weights."""

from nfrlab.simulations.dense.reduced.sampler import alignments, parts

__all__ = ["alignments", "parts"]
