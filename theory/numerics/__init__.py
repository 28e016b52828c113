"""Numerics that the closed forms rest on: vectors, certified quadrature, ball arithmetic, branch and bound."""
