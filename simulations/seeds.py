"""Random numbers: one root seed, spawned by (claim, point, block), so that any block can be run again alone."""

from zlib import crc32

import numpy as np

MOST = 2**128 - 1
"""As many seeds as NumPy's generators tell apart."""


def seed_sequence(root: int, *path: str | int) -> np.random.SeedSequence:
    """The seed sequence of `path` under `root`; words are hashed (CRC-32), numbers taken as they are.

    Raises `ValueError` unless 0 ≤ root < 2¹²⁸.
    """
    if not 0 <= root <= MOST:
        raise ValueError(f"a seed is a whole number from 0 to 2¹²⁸ − 1, got {root}")
    key = tuple(crc32(part.encode()) if isinstance(part, str) else part for part in path)
    return np.random.SeedSequence(root, spawn_key=key)
