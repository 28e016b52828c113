"""Networks by name, their weights and checkpoints, and training."""

__all__ = ["checkpoints", "fitting", "learning", "models", "named", "plain", "trained", "weights"]
