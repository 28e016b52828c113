"""Tests of simulations/sweep."""
