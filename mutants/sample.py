"""Which mutants are tried: the first of each room in the order that the seed gives them."""

from __future__ import annotations

from pathlib import Path

from mutants.mutate import Mutant, mutants_of
from mutants.scratch import tracked

ROOMS = ("theory", "simulations", "verify/claims", "verify")
"""Where faults are put; a file belongs to the longest of these that its path begins with."""


def room_of(file: str) -> str | None:
    """The room of a file of code; `None` for other files."""
    rooms = [room for room in ROOMS if file.startswith(f"{room}/") and file.endswith(".py")]
    return max(rooms, key=len, default=None)


def sample(root: Path, rooms: list[str], each: int, seed: int, only: str = "") -> list[tuple[str, Mutant]]:
    """The first `each` mutants of each room, of files whose path begins with `only`."""
    found: dict[str, list[Mutant]] = {room: [] for room in rooms}
    for file in tracked(root):
        room = room_of(file)
        if room in found and file.startswith(only):
            found[room] += mutants_of(root, file)
    return [
        (room, mutant)
        for room, mutants in found.items()
        for mutant in sorted(mutants, key=lambda mutant: mutant.order(seed))[:each]
    ]
