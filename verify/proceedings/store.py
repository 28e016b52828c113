"""`verdicts.json`: versioned, merged claim by claim, replaced atomically."""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Callable, Mapping
from errno import EISDIR
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nfrlab.simulations.files import one_writer, require_space, write_atomically
from nfrlab.simulations.sealed import Damaged, read_dataset
from nfrlab.verify.proceedings.schema import read_json, require, schema_of

if TYPE_CHECKING:
    import xarray as xr

MEASUREMENTS = "bridge"
"""The folder of the bridge's results, inside that of the verdicts."""
SCHEMA_VERSION = 1
Stored = Mapping[str, Mapping[str, Any]]
"""Verdicts as JSON has them, by claim."""
SCHEMA = Path(__file__).parent / "verdicts.schema.json"
SPACE = 48 << 10
"""Bytes that a verdict takes on the disk, about, with its part of the report and a copy while the file is replaced."""


def json_value(value: Any) -> Any:
    """A value as JSON has it: NumPy scalars, tuples and enums as plain values, numbers that are not finite as null."""
    if isinstance(value, Mapping):
        return {str(key): json_value(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [json_value(entry) for entry in value]
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else None
    return None if value is None else str(value)


def prepare(out: Path, claims: int = 0) -> None:
    """Make the output folder and see that it can be written to, with space for the verdicts on so many claims.

    Raises `ValueError` where it cannot.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out):
            pass
        if (out / "report.html").is_dir():
            raise IsADirectoryError(EISDIR, "report.html is a folder there")
        stored = sum(file.stat().st_size for file in (out / "verdicts.json", out / "report.html") if file.is_file())
    except OSError as error:
        raise ValueError(f"cannot write to --out {out} ({error.strerror}); name a folder that is writable") from error
    require_space(out, SPACE * claims + stored, "the verdicts")


def read(out: Path) -> dict[str, dict[str, Any]]:
    """The verdicts stored in `out`, by claim id; none where there is no file.

    Raises `ValueError` for a file that is no verdicts file of this version, with the first place where it is none.
    """
    path = out / "verdicts.json"
    try:
        stored = read_json(path, "verdicts")
    except ValueError as error:
        raise ValueError(
            f"{path} is not a verdicts file of nfrlab: {error}; move it away or name another --out"
        ) from error
    return {} if stored is None else {verdict["id"]: verdict for verdict in stored["verdicts"]}


def write(out: Path, verdicts: Mapping[str, Mapping[str, Any]], order: list[str]) -> None:
    """Store the verdicts whose ids are in `order`, in that order; one of a claim no longer known is dropped."""
    listed = [json_value(verdicts[id]) for id in order if id in verdicts]
    document = {"schema_version": SCHEMA_VERSION, "verdicts": listed}
    write_atomically(out / "verdicts.json", json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False) + "\n")


def merge(out: Path, new: Stored, order: Callable[[Stored], list[str]]) -> dict[str, dict[str, Any]]:
    """Add verdicts to those that are stored by then, whoever stored them, and return all.

    `order` lists the ids that are kept, in their order. Raises `ValueError` as `read` does and for a verdict that the
    schema does not allow, as one from outside may be; and `OSError` where the disk is full.
    """
    added = {id: json_value(verdict) for id, verdict in new.items()}
    for id, verdict in added.items():
        try:
            require({"schema_version": SCHEMA_VERSION, "verdicts": [verdict]}, schema_of("verdicts"))
        except ValueError as error:
            raise ValueError(f"the verdict on {id} cannot be stored: {error}") from error
    with one_writer(out):
        stored = read(out) | added
        write(out, stored, order(stored))
    return stored


def datasets(folder: Path) -> dict[str, xr.Dataset]:
    """The datasets in a folder, by name; none where there is no folder. Raises `ValueError` for a damaged one."""
    found = {}
    for path in sorted(folder.glob("*.nc")):
        try:
            dataset = read_dataset(path)
        except (OSError, ValueError, KeyError) as error:
            reason = str(error) if isinstance(error, Damaged) else f"{path} cannot be read"
            raise ValueError(f"{reason}; delete it and run 'nfrlab bridge' again") from error
        if dataset is not None:
            found[path.stem] = dataset
    return found
