"""The claims, chapter by chapter; the ids of a module's claims begin with its name."""

from nfrlab.verify.claims import cascade, decisions, deep, definition_2, rivals, theorem_1, theorem_2

CHAPTERS = (definition_2, theorem_1, theorem_2, cascade, deep, decisions, rivals)
"""The chapters, in the order of the paper, and its rivals; each has its claims in `CLAIMS`."""

__all__ = ["CHAPTERS"]
