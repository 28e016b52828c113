"""The rivals' theories: what Sixt, Nie, Binder and Adebayo predict."""

__all__ = ["deeplift", "patterns", "predictions", "proofs"]
