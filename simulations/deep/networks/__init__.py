"""Networks by name, their weights and checkpoints, and training."""

__all__ = ["checkpoints", "learning", "models", "named", "plain", "trained", "weights"]
