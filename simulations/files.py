"""Files that are there whole or not at all."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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


@contextmanager
def one_writer(folder: Path) -> Iterator[None]:
    """Between reading a file of the folder and replacing it nobody else does: what two commands add is both there.

    Held for moments. Raises `OSError` where the folder refuses, and `ValueError` after a minute.
    """
    from filelock import FileLock, Timeout

    try:
        with FileLock(folder / ".writing", timeout=60):
            yield
    except Timeout as error:
        raise ValueError(f"another command holds {folder / '.writing'}; end it, or name another folder") from error


@contextmanager
def writable(folder: Path) -> Iterator[None]:
    """What the disk refuses becomes a `ValueError` that names the folder."""
    try:
        yield
    except OSError as error:
        raise ValueError(f"{folder} cannot be written ({error.strerror}); name a folder that can") from error


def sweep_parts(folder: Path) -> None:
    """Remove what killed runs left unfinished in `folder`."""
    for path in folder.iterdir():
        if UNFINISHED.fullmatch(path.name):
            path.unlink(missing_ok=True)
