"""The samples that figures show, and the figures as files."""

__all__ = ["anisotropy", "cascade_profiles", "convergence", "fig1", "ordering", "stored", "write"]
