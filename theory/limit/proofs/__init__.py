"""The derivations behind the limits."""

__all__ = ["all_ones", "anisotropy", "bounds", "boxes", "direction", "no_mean", "spread", "worst_alignment"]
