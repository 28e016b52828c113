"""What a network is called in seeds and file names: it must not depend on where a user's file lies."""

from __future__ import annotations

from pathlib import Path


def display_name(network: str) -> str:
    """`FILE_FUNCTION` of the network `FILE.py:FUNCTION`, whatever folder the file is in; any other name as it is."""
    file, _, function = network.rpartition(":")
    return f"{Path(file).stem}_{function}" if file else network
