"""Tests of simulations/bridge."""
