"""A user's network rewritten into the engine's graph."""

__all__ = ["comparison", "folding", "forms", "known_calls", "rewrite", "unwrapping"]
