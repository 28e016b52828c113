"""CIFAR-10's Python batches: pickles, read without letting them call anything.

A batch is a dictionary with `data`, a `(n, 3072)` array of bytes, and `labels`, n integers 0 … 9. NumPy's own
constructors are not safe in a stranger's hands (`ndarray(1, object, buffer)` makes a pointer of any bytes), so they are
replaced by two classes that only remember what they were given.
"""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int64, UInt8

from nfrlab.simulations.dense.arrays import Array
from nfrlab.simulations.images import open_file

PIXELS = 3 * 32 * 32
HEAVIEST = 10**9
"""Bytes of a file; a batch has 31 million."""


class _Kind:
    """Stands for a NumPy dtype."""

    def __init__(self, code: Any, *_: Any) -> None:
        self.code = code

    def __setstate__(self, _: Any) -> None: ...


@dataclass
class _Array:
    """Stands for a NumPy array: its bytes, and how to read them."""

    shape: Any = None
    kind: Any = None
    order: Any = None
    raw: Any = None

    def __setstate__(self, state: Any) -> None:
        _, self.shape, self.kind, fortran, self.raw = state
        self.order = "F" if fortran else "C"

    def bytes(self) -> Array:
        """The array. Raises `ValueError` unless it is one of bytes."""
        if not isinstance(self.kind, _Kind) or self.kind.code not in ("u1", "|u1", b"u1", b"|u1"):
            raise ValueError("not an array of bytes")
        return np.frombuffer(self.raw, dtype=np.uint8).reshape(self.shape, order=self.order)


KNOWN = {
    ("_reconstruct", "multiarray"): lambda *_: _Array(),
    ("_frombuffer", "numeric"): lambda raw, kind, shape, order: _Array(shape, kind, order, raw),
    ("ndarray", "numpy"): _Array,
    ("dtype", "numpy"): _Kind,
    ("encode", "_codecs"): lambda text, _: text.encode("latin1"),
}


class _Reader(pickle.Unpickler):
    """Knows the few names that a batch needs, whatever Python and NumPy wrote it, and no other."""

    def find_class(self, module: str, name: str) -> Any:
        """The stand-in for a name. Raises `UnpicklingError` for an unknown one."""
        top, _, last = module.rpartition(".")
        if (name, last) not in KNOWN or top not in ("", "numpy.core", "numpy._core"):
            raise pickle.UnpicklingError(f"{module}.{name} is not allowed")
        return KNOWN[name, last]


def read_batch(file: Path) -> tuple[UInt8[Array, "n 3 32 32"], Int64[Array, " n"]]:
    """Images and labels of one batch file.

    Raises `ValueError` for a file that is missing, too large, or no file at all, holds anything but plain data, or is
    no batch of CIFAR-10.
    """
    try:
        with open_file(file) as opened:
            if opened.seek(0, 2) > HEAVIEST:
                raise ValueError(f"it has more than {HEAVIEST:,} bytes")
            opened.seek(0)
            found = _Reader(opened, encoding="bytes").load()
        data, labels = (found[key] if key in found else found[key.decode()] for key in (b"data", b"labels"))
        pixels, numbers = data.bytes(), np.array(labels, dtype=np.int64)
    except Exception as error:  # damage makes a pickle raise whatever it stumbles over
        raise ValueError(
            f"{file} is no CIFAR-10 batch ({error}); expected the pickle that comes in cifar-10-python.tar.gz"
        ) from error
    if pixels.shape != (len(numbers), PIXELS) or np.any((numbers < 0) | (numbers > 9)):
        raise ValueError(f"{file} is no CIFAR-10 batch: its images are (n, 3072) bytes, its labels n numbers 0 … 9")
    return pixels.reshape(-1, 3, 32, 32), numbers
