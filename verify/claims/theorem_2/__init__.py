"""Theorem 2: Activation aligns best."""
