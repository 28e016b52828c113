"""Stored results with the SHA-256 of content and name behind them: what has changed is known before a reader meets it.

HDF5 and NetCDF pass over what lies behind their end, so that the files open everywhere.
"""

from __future__ import annotations

from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from nfrlab.simulations.files import open_regular, write_atomically

if TYPE_CHECKING:
    import xarray as xr

MOST = 1 << 32
"""Bytes of a stored result."""


class Damaged(ValueError):
    """A stored result is not what was written, and cannot be trusted."""


def seal(content: bytes, name: str) -> bytes:
    """A content with the digest of it and of its name behind it."""
    return content + _digest(content, name)


def unseal(data: bytes, name: str) -> bytes:
    """The content of what `seal` gave. Raises `ValueError` where a bit of it has changed, or it is another's."""
    content, digest = data[: -sha256().digest_size], data[-sha256().digest_size :]
    if _digest(content, name) != digest:
        raise ValueError("damaged")
    return content


def _digest(content: bytes, name: str) -> bytes:
    whole = sha256(name.encode(errors="surrogateescape") + b"\0")
    whole.update(content)
    return whole.digest()


def read_regular(path: Path, most: int = MOST) -> bytes | None:
    """The bytes of a stored result; None where there is none.

    Raises `Damaged` for what is no file, cannot be read, or is of more than `most` bytes, and `ValueError` for a
    folder, which no result replaces.
    """
    try:
        with open_regular(path) as file:
            data = file.read(most + 1)
    except FileNotFoundError as error:
        if path.is_symlink():
            raise Damaged(f"{path} is a link that leads nowhere") from error
        return None
    except OSError as error:
        require_replaceable(path)
        raise Damaged(f"{path} cannot be read ({error.strerror})") from error
    if len(data) > most:
        raise Damaged(f"{path} has more than {most >> 20} MiB, which no such result has")
    return data


def read_sealed(path: Path) -> bytes | None:
    """The content of a sealed file; None where there is none. Raises as `read_regular`, and `Damaged` for a content
    that does not match its digest: it has changed, it is another file's, or nfrlab did not write it.
    """
    data = read_regular(path)
    try:
        return None if data is None else unseal(data, path.name)
    except ValueError as error:
        raise Damaged(f"{path} is damaged: its content does not match the digest behind it, or its name") from error


def write_dataset(path: Path, dataset: xr.Dataset) -> None:
    """Store a dataset as sealed NetCDF 4, whole or not at all. Raises `OSError` where the disk is full."""
    write_atomically(path, seal(bytes(dataset.to_netcdf(engine="h5netcdf")), path.name))


def read_dataset(path: Path) -> xr.Dataset | None:
    """What `write_dataset` stored, in memory; None where there is no file. Raises as `read_sealed`.

    HDF5 never meets a content that does not match its digest: on some it hangs.
    """
    content = read_sealed(path)
    if content is None:
        return None
    import xarray as xr

    return xr.load_dataset(BytesIO(content), engine="h5netcdf")


def require_replaceable(*paths: Path) -> None:
    """Raises `ValueError` that names a folder in the place of a result."""
    for path in paths:
        if path.is_dir():
            raise ValueError(f"{path} is a folder, where a result is to be stored; move it away")
