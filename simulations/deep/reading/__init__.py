"""A user's network rewritten into the engine's graph."""

__all__ = ["folding", "forms", "known_calls", "rewrite"]
