"""The derivations behind the limits."""

__all__ = ["all_ones", "anisotropy", "bounds", "direction", "spread", "worst_alignment"]
