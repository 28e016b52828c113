"""Which files of a folder are images, by suffix or by first bytes; none is passed over without a word."""

from __future__ import annotations

import os
import re
import stat
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

SUFFIXES = frozenset(
    f".{name}"
    for name in (
        *("apng", "avif", "bmp", "dib", "gif", "jfif", "jpe", "jpeg", "jpg"),
        *("pbm", "pfm", "pgm", "png", "pnm", "ppm", "tif", "tiff", "webp"),
    )
)
"""Of images that are read; what is in the file decides what it is."""
UNREAD = frozenset(
    f".{name}"
    for name in (
        *("dcm", "dds", "eps", "exr", "hdr", "heic", "heif", "hif", "icns", "ico", "j2k", "jp2", "jxl", "jxr"),
        *("pcx", "psd", "qoi", "sgi", "svg", "tga", "xbm", "xcf", "xpm"),
        *("3fr", "arw", "cr2", "cr3", "dng", "erf", "iiq", "kdc", "nef", "nrw", "orf", "pef", "raf", "raw", "rw2"),
        *("srw", "x3f"),
    )
)
"""Of images that are not read. Cameras' raw files hold a small picture that would pass for the image."""

BEGINS_AS_READ = re.compile(rb"\x89PNG\r\n\x1a\n|\xff\xd8\xff|GIF8[79]a|RIFF.{4}WEBP|.{4}ftypavi[fs]", re.DOTALL)
BEGINS_AS_UNREAD = re.compile(rb"II[*+]\0|MM\0[*+]|.{4}ftyp(?:he[iv]|m[is]f1)|\0\0\0\x0c(?:JXL |jP  )|8BPS", re.DOTALL)
"""Under a name that is no image's TIFF is not read: most raw files of cameras are TIFF."""

MOST = 1_000_000
"""Files in a folder."""


class UnusableImage(ValueError):
    """One sentence: the file, what is wrong with it, and what to do."""


def shown(path: Path) -> str:
    """A path in one line that can be printed: what cannot, bytes that are no UTF-8 included, is escaped."""
    return "".join(c if c.isprintable() else repr(c.encode(errors="surrogateescape"))[2:-1] for c in str(path))


def image_files(folder: Path) -> list[Path]:
    """The files of images under `folder`, in name order, a file that two names or links lead to once.

    Raises `ValueError` as `files_under` does, and where there is no image.
    """
    files = files_under(folder)
    if not files:
        raise ValueError(f"no image in {shown(folder)}; expected files ending in {', '.join(sorted(SUFFIXES))}")
    first = {_identity(os.stat(file)): file for file in reversed(files)}
    return sorted(first.values())


def files_under(folder: Path) -> list[Path]:
    """The files of images under `folder`, in name order; links are followed, each folder is entered once.

    What is hidden (`.name`) is left out, and what is no image. Raises `ValueError` when `folder` is none, its name is
    not UTF-8, or it holds more than a million files, an image of a kind that is not read, a link that leads nowhere, or
    a pipe or device under an image's name; and where a folder in it cannot be read.
    """
    try:
        str(folder).encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"the name of {shown(folder)} is not UTF-8, results could not tell it; rename it") from error
    try:
        if not folder.is_dir():
            raise ValueError(f"--images needs a folder of images, {shown(folder)} is none")
        files = [(file, _is_read(file)) for file in _walk(folder)]
    except OSError as error:
        place = shown(Path(error.filename or folder))
        raise ValueError(f"{place} cannot be read ({error.strerror}); --images needs a folder of images") from error
    if unread := sorted(file for file, read in files if read is False):
        more = "" if len(unread) == 1 else f" (and {len(unread) - 1} more like it)"
        raise ValueError(
            f"{shown(unread[0])}{more} is an image of a kind that is not read; convert it to PNG or JPEG, or take it "
            "out of the folder"
        )
    return sorted(file for file, read in files if read)


def _walk(folder: Path) -> Iterator[Path]:
    """All that is under a folder and neither hidden nor a folder: first without links to folders, then through them.

    Raises `OSError` where it cannot be read, `ValueError` for a million files and links that lead nowhere.
    """
    waiting, entered, count = deque([folder]), set[tuple[int, int]](), 0
    while waiting:
        here = waiting.popleft()
        if (identity := _identity(os.stat(here))) in entered:
            continue
        entered.add(identity)
        for name in sorted(os.listdir(here)):
            path = here / name
            if name.startswith("."):
                continue
            count += 1
            if count > MOST:
                raise ValueError(f"{shown(folder)} holds more than {MOST:,} files; name a folder with fewer")
            if path.is_symlink() and not path.exists():
                raise ValueError(f"{shown(path)} is a link that leads nowhere; mend it or remove it")
            if not path.is_dir():
                yield path
            elif path.is_symlink():
                waiting.append(path)
            else:
                waiting.appendleft(path)


def _is_read(file: Path) -> bool | None:
    """Whether a file is an image that is read, or one that is not; None for what is no image.

    Raises `ValueError` for what has an image's name and is no file.
    """
    suffix, regular = file.suffix.lower(), stat.S_ISREG(file.stat().st_mode)
    if suffix in UNREAD:
        return False
    if suffix in SUFFIXES:
        if not regular:
            raise ValueError(f"{shown(file)} is a pipe or device, not a file; take it out of the folder")
        return True
    if not regular or file.stat().st_size < 16 or not os.access(file, os.R_OK):
        return None
    with open_file(file) as opened:
        begin = opened.read(16)
    return True if BEGINS_AS_READ.match(begin) else False if BEGINS_AS_UNREAD.match(begin) else None


def _identity(found: os.stat_result) -> tuple[int, int]:
    """What two names of one file or folder have in common."""
    return found.st_dev, found.st_ino


def open_file(file: Path) -> BinaryIO:
    """A file opened to be read.

    Raises `UnusableImage` for a pipe or device, which could keep the reader for ever, and for what cannot be opened.
    """

    def regular_only(path: str, flags: int) -> int:
        handle = os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise UnusableImage(f"{shown(file)} is a pipe or device, not a file; name a file")
        return handle

    try:
        return open(file, "rb", opener=regular_only)
    except OSError as error:
        raise UnusableImage(f"{shown(file)} cannot be read ({error.strerror}); name images that can") from error
