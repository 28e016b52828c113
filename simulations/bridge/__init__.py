"""Deep networks measured draw by draw: settings, sources, draws and the resumable run."""
