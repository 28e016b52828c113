"""Definition 2: by how much a negative filtering rule raises `⟨A, ·⟩` above the gradient."""

__all__ = ["margins", "proofs"]
