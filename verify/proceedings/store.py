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

from nfrlab.simulations.files import one_writer, write_atomically

if TYPE_CHECKING:
    import xarray as xr

MEASUREMENTS = "bridge"
"""The folder of the bridge's results, inside that of the verdicts."""
SCHEMA_VERSION = 1
Stored = Mapping[str, Mapping[str, Any]]
"""Verdicts as JSON has them, by claim."""
SCHEMA = Path(__file__).parent / "verdicts.schema.json"


def schema() -> dict[str, Any]:
    """The JSON Schema of `verdicts.json`."""
    return dict(json.loads(SCHEMA.read_text(encoding="utf-8")))


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


def prepare(out: Path) -> None:
    """Make the output folder and see that it can be written to. Raises `ValueError` where it cannot."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out):
            pass
        if (out / "report.html").is_dir():
            raise IsADirectoryError(EISDIR, "report.html is a folder there")
    except OSError as error:
        raise ValueError(f"cannot write to --out {out} ({error.strerror}); name a folder that is writable") from error


def read(out: Path) -> dict[str, dict[str, Any]]:
    """The verdicts stored in `out`, by claim id; none where there is no file.

    Raises `ValueError` for a file that is no verdicts file of this version.
    """
    path = out / "verdicts.json"
    needed = set(schema()["$defs"]["verdict"]["required"])
    try:
        if not path.exists():
            return {}
        stored = json.loads(path.read_text(encoding="utf-8"))
        if stored["schema_version"] != SCHEMA_VERSION:
            raise ValueError(f"{path} has schema version {stored['schema_version']}, expected {SCHEMA_VERSION}")
        if any(needed - set(verdict) for verdict in stored["verdicts"]):
            raise KeyError("a verdict is incomplete")
        return {verdict["id"]: verdict for verdict in stored["verdicts"]}
    except (OSError, json.JSONDecodeError, KeyError, TypeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is not a verdicts file of nfrlab; move it away or name another --out") from error


def write(out: Path, verdicts: Mapping[str, Mapping[str, Any]], order: list[str]) -> None:
    """Store the verdicts whose ids are in `order`, in that order; one of a claim no longer known is dropped."""
    listed = [json_value(verdicts[id]) for id in order if id in verdicts]
    document = {"schema_version": SCHEMA_VERSION, "verdicts": listed}
    write_atomically(out / "verdicts.json", json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False) + "\n")


def merge(out: Path, new: Stored, order: Callable[[Stored], list[str]]) -> dict[str, dict[str, Any]]:
    """Add verdicts to those that are stored by then, whoever stored them, and return all.

    `order` lists the ids that are kept, in their order. Raises `ValueError` as `read` does, and `OSError` where the
    disk is full.
    """
    with one_writer(out):
        stored = read(out) | {id: json_value(verdict) for id, verdict in new.items()}
        write(out, stored, order(stored))
    return stored


def datasets(folder: Path) -> dict[str, xr.Dataset]:
    """The datasets in a folder, by name; none where there is no folder. Raises `ValueError` for a damaged one."""
    found = {}
    for path in sorted(folder.glob("*.nc")):
        import xarray as xr

        try:
            found[path.stem] = xr.load_dataset(path, engine="h5netcdf")
        except (OSError, ValueError, KeyError) as error:
            raise ValueError(f"{path} cannot be read; delete it and run 'nfrlab bridge' again") from error
    return found
