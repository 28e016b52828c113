"""Theorem 1: one hidden layer aligns with the input."""
