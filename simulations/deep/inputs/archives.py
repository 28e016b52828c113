"""A tar archive unpacked for a while, within bounds: it may come from anywhere."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any, cast

LARGEST, MOST = 2**30, 200_000
"""Bytes that an archive may unpack to, and files that it may hold; CIFAR-10 has 60,000 in 0.2 · 10⁹ bytes."""
PACKERS: tuple[tuple[bytes, Callable[..., Any]], ...] = (
    (b"\x1f\x8b", gzip.open),
    (b"BZh", bz2.open),
    (b"\xfd7zXZ\0", lzma.open),
)


class _TooLarge(Exception):
    """The archive unpacks to more than it may."""


class _Bounded:
    """A stream that ends with `_TooLarge` where its reader wants more than it may hold: no header's word is taken."""

    def __init__(self, stream: io.BufferedIOBase) -> None:
        self.stream = stream

    def read(self, size: int) -> bytes:
        """The next `size` bytes."""
        if self.stream.tell() + size > LARGEST:
            raise _TooLarge
        return self.stream.read(size)

    def seek(self, position: int) -> int:
        """Go to `position`."""
        if position > LARGEST:
            raise _TooLarge
        return self.stream.seek(position)

    def tell(self) -> int:
        """Where it is."""
        return self.stream.tell()


@contextmanager
def unpacked(archive: Path, part: str) -> Iterator[Path]:
    """A folder, gone at the end, with the members of a tar archive that lie in a folder called `part`.

    Raises `ValueError`, by the archive's name, for one that is damaged, unpacks to more than a gibibyte, holds more
    than 200,000 files, links or devices that lead out of it or to what it does not hold; and for a `ValueError` within.
    """
    expected = f"expected a tar archive of {part}/<class>/*.jpg"
    with ExitStack() as until_the_end:
        try:
            folder = until_the_end.enter_context(TemporaryDirectory())
            _unpack(archive, part, folder)
        except _TooLarge as error:
            bounds = f"more than {LARGEST:,} bytes or {MOST:,} files"
            raise ValueError(f"{archive} unpacks to {bounds}; {expected}") from error
        except KeyError as error:
            raise ValueError(f"{archive} has a link to what it does not hold ({error.args[0]}); {expected}") from error
        except MemoryError as error:
            raise ValueError(f"memory does not suffice to unpack {archive}; {expected}") from error
        except (tarfile.TarError, EOFError, OSError, ValueError, zlib.error, lzma.LZMAError) as error:
            raise ValueError(f"{archive} cannot be unpacked ({error}); {expected}") from error
        try:
            yield Path(folder)
        except ValueError as error:
            raise ValueError(str(error).replace(folder, str(archive))) from error


def _unpack(archive: Path, part: str, folder: str) -> None:
    with archive.open("rb") as file:
        begin = file.read(6)
    opened = next((opener for magic, opener in PACKERS if begin.startswith(magic)), open)(archive, "rb")
    with opened, tarfile.open(fileobj=cast(IO[bytes], _Bounded(opened)), mode="r:") as tar:
        tar.extractall(folder, _members(tar, part), filter="data")


def _members(tar: tarfile.TarFile, part: str) -> list[tarfile.TarInfo]:
    found = []
    for count, member in enumerate(tar):
        if count >= MOST:
            raise _TooLarge
        if f"{part}/" in member.name:
            found.append(member)
    return found
