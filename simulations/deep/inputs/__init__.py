"""Images as tensors."""

__all__ = ["batches", "images"]
