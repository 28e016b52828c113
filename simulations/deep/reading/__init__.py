"""A user's network rewritten into the engine's graph."""
