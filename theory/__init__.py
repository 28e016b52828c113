"""Witness 1: what should happen. Closed forms, derivations, predictions; no sampling, no torch."""
