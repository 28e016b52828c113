"""Witness 2: what does happen. Networks, backward rules, sampling; no formula from `theory`."""

__all__ = ["bridge", "deep", "dense", "files", "images", "network_names", "resumable", "seeds", "sweep", "workers"]
