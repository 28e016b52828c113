"""Files that are there whole or not at all."""

from __future__ import annotations

import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

PART = ".part"
UNFINISHED = re.compile(r"\..+\.[a-z0-9_]{8}\.part")  # as `write_atomically` names them


def write_atomically(path: Path, content: str | bytes) -> None:
    """Replace `path` by `content` in one step, on the disk before it has its name: a reader, or a run resumed after a
    kill, sees the old file or the new one, never a part.

    What a kill can leave behind is an unnamed part, `.{name}.….part`. Raises `OSError` where the disk is full.
    """
    data = content.encode() if isinstance(content, str) else content
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=PART)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


class NotWritable(ValueError):
    """One sentence: the folder, and what its disk refuses."""


def open_regular(path: Path) -> BinaryIO:
    """A file opened to be read. Raises `OSError` for what is none: a folder, and a pipe or device, which could keep the
    reader for ever.
    """

    def regular_only(name: str, flags: int) -> int:
        handle = os.open(name, flags | getattr(os, "O_NONBLOCK", 0))
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise OSError(None, "not a regular file")
        return handle

    return open(path, "rb", opener=regular_only)


def read_file(path: Path, most: int = 1 << 24) -> bytes:
    """The content of a regular file. Raises as `open_regular`, and `ValueError` for more than `most` bytes."""
    with open_regular(path) as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise ValueError(f"{path} holds more than {most:,} bytes, and can be no file of this kind")
    return data


@contextmanager
def one_writer(folder: Path) -> Iterator[None]:
    """Between reading a file of the folder and replacing it nobody else does: what two commands add is both there.

    What killed ones left unfinished is removed. Held for moments. Raises `OSError` where the folder refuses, and
    `NotWritable` after a minute.
    """
    from filelock import FileLock, Timeout

    try:
        with FileLock(folder / ".writing", timeout=60):
            sweep_parts(folder)
            yield
    except Timeout as error:
        raise NotWritable(f"another command holds {folder / '.writing'}; end it, or name another folder") from error


@contextmanager
def writable(folder: Path) -> Iterator[None]:
    """What the disk refuses becomes a `NotWritable`."""
    try:
        yield
    except OSError as error:
        raise NotWritable(f"{folder} cannot be written ({error.strerror or error}); name a folder that can") from error


def require_space(folder: Path, needed: int, purpose: str) -> None:
    """Ask the disk of `folder`, which is there or yet to be made, for the space that long work will need, in bytes.

    Raises `ValueError` where it has less.
    """
    places = folder, *folder.absolute().parents  # the name of the first may be too long for the disk
    there = next(place for place in places if os.path.exists(place))
    free = shutil.disk_usage(there).free
    if free < needed:
        raise ValueError(
            f"{folder} has {free / 2**20:.1f} MiB of disk left, {purpose} will take some {needed / 2**20:.1f}; make "
            "room there, or name another folder"
        )


def sweep_parts(folder: Path) -> None:
    """Remove what killed runs left unfinished in `folder`."""
    for path in folder.iterdir():
        if UNFINISHED.fullmatch(path.name):
            path.unlink(missing_ok=True)
