"""The trial itself: registry, claims from outside it, trial, store and schema."""

__all__ = ["outside", "registry", "store", "trial"]
