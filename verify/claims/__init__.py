"""The claims, chapter by chapter; a module's name begins the ids of its claims."""

from nfrlab.verify.claims import cascade, deep, definition_2, theorem_1, theorem_2

CHAPTERS = (definition_2, theorem_1, theorem_2, cascade, deep)
"""In the order of the paper."""

__all__ = ["CHAPTERS"]
