"""Networks by name, their weights and checkpoints, and training."""
