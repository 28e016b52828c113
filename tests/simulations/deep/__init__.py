"""Tests of simulations/deep."""
