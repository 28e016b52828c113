"""Tests of paper_figs."""
