"""The derivations behind the cascade law."""

__all__ = ["order", "step"]
