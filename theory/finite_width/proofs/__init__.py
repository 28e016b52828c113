"""The derivations behind the law at finite width."""

__all__ = ["law", "rate"]
