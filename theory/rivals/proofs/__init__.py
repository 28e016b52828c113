"""The derivations behind what the rivals predict."""

__all__ = ["deeplift", "patterns"]
