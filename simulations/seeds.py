"""Random numbers: one root seed, spawned by (claim, point, block), so that any block can be run again alone."""

from zlib import crc32

import numpy as np


def seed_sequence(root: int, *path: str | int) -> np.random.SeedSequence:
    """The seed sequence of `path` under `root`; words are hashed (CRC-32), numbers taken as they are.

    Raises `ValueError` for a negative seed.
    """
    if root < 0:
        raise ValueError(f"a seed is a non-negative integer, got {root}")
    key = tuple(crc32(part.encode()) if isinstance(part, str) else part for part in path)
    return np.random.SeedSequence(root, spawn_key=key)
