"""Statements about finitely many rational numbers: the search for a counterexample, and what it searches."""

from nfrlab.verify.examine.exact.search import search
from nfrlab.verify.examine.exact.statement import Case, Draw, ExactStatement, Parameters

__all__ = ["Case", "Draw", "ExactStatement", "Parameters", "search"]
