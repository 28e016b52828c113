"""The state of long work in two files that are written in turn: one of them is whole at any moment.

Both take their space from the disk before the work begins, so that no disk that fills up later stops it.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from nfrlab.simulations.files import open_regular, require_space
from nfrlab.simulations.sealed import require_replaceable

NUMBER, LENGTH = slice(0, 8), slice(8, 16)
HEAD = 16 + sha256().digest_size
"""Bytes before a content: its number, its length, and the digest of both and of the content."""


@dataclass(frozen=True)
class Slots:
    """Two files `NAME.0` and `NAME.1` in a folder; content number k goes into file k mod 2."""

    folder: Path
    name: str

    @property
    def paths(self) -> tuple[Path, Path]:
        """The two files."""
        return self.folder / f"{self.name}.0", self.folder / f"{self.name}.1"

    def reserve(self, size: int, beside: int = 0) -> None:
        """Take the space for contents of at most `size` bytes from the disk, where so many bytes `beside` are left too.

        Raises `ValueError` where the disk has less, and `OSError` where it refuses.
        """
        for path in self.paths:
            require_replaceable(path)
            if path.is_symlink() or (path.exists() and not path.is_file()):
                path.unlink()
        there = [path.stat().st_size if path.exists() else 0 for path in self.paths]
        missing = [max(0, HEAD + size - has) for has in there]
        require_space(self.folder, sum(missing) + beside, "the training")
        for path, has, more in zip(self.paths, there, missing, strict=True):
            if more:
                with open(path, "ab") as file:
                    if hasattr(os, "posix_fallocate"):
                        os.posix_fallocate(file.fileno(), has, more)
                    else:
                        file.write(bytes(more))
                    os.fsync(file.fileno())

    def write(self, number: int, content: bytes | memoryview) -> None:
        """Store content number `number`; a kill in the midst of it leaves the one before."""
        begin = number.to_bytes(8, "big") + len(content).to_bytes(8, "big")
        digest = sha256(begin)
        digest.update(content)
        with open(self.paths[number % 2], "r+b") as file:
            file.write(begin + digest.digest())
            file.write(content)
            file.flush()
            os.fsync(file.fileno())

    def newest(self) -> tuple[int, bytes] | None:
        """Number and content of the newest whole file; None where there is none."""
        found = [each for path in self.paths if (each := _whole(path)) is not None]
        return max(found, default=None)

    def remove(self) -> None:
        """Remove both files, when the work is finished, and the folder that they leave empty."""
        for path in self.paths:
            path.unlink(missing_ok=True)
        with suppress(OSError):
            self.folder.rmdir()


def _whole(path: Path) -> tuple[int, bytes] | None:
    """Number and content of a file, None where there is none or it is damaged."""
    try:
        with open_regular(path) as file:
            head = file.read(HEAD)
            length = int.from_bytes(head[LENGTH], "big")
            if length > os.fstat(file.fileno()).st_size:
                return None
            content = file.read(length)
    except OSError:
        return None
    if sha256(head[:16] + content).digest() != head[16:]:
        return None
    return int.from_bytes(head[NUMBER], "big"), content
