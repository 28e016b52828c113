"""Tests of simulations/dense."""
