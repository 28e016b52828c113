"""Deep networks measured draw by draw: settings, sources, draws and the resumable run."""

__all__ = ["draws", "names", "networks", "parts", "populations", "run", "settings", "sources"]
