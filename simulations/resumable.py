"""Long runs that survive a kill: alone in their folder, and each stored piece named by the code that it comes from."""

from __future__ import annotations

import json
import platform
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from nfrlab.simulations.files import sweep_parts

WINGS = Path(__file__).parents[1]
"""The folder that holds the wings: the repository, or the package `nfrlab` where it is installed from a wheel."""


class Stopped(RuntimeError):
    """The run could not go on; what it had finished is kept, and the same command resumes."""


def source_files(patterns: Sequence[str], leaving_out: Sequence[str] = ()) -> list[Path]:
    """The files named by glob patterns relative to `WINGS`, in name order, but for those that `leaving_out` names.

    Raises `LookupError` for a pattern that matches no file: a module that has moved must not drop out unnoticed.
    """

    def matches(pattern: str) -> set[Path]:
        files = set(WINGS.glob(pattern))
        if not files:
            raise LookupError(f"no file matches {pattern}; name the place that the code has moved to")
        return files

    found = set().union(*map(matches, patterns))
    return sorted(found.difference(*map(matches, leaving_out)))


def code_digest(patterns: Sequence[str], *versions: str, leaving_out: Sequence[str] = ()) -> str:
    """16 hex digits of the SHA-256 of `versions` and of the content of `source_files(patterns, leaving_out)`.

    It is part of the name of every stored number, so that other code never takes it for its own.
    """
    digest = sha256(" ".join(versions).encode())
    for file in source_files(patterns, leaving_out):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def installed_versions() -> str:
    """As JSON, what numbers of deep networks depend on besides the code: stored with every measurement."""
    packages = {name: version(name) for name in ("nfrlab", "torch", "numpy")}
    return json.dumps(packages | {"python": platform.python_version()})


@contextmanager
def exclusive_folder(
    out: Path, inner: Sequence[str], kept: Callable[[], str], reason: Callable[[Exception], str | None]
) -> Iterator[None]:
    """The folder `out`, held by this run alone and cleared of what killed runs left half written.

    Raises `Stopped`, with one sentence, where another run holds the folder, for an error that has a `reason`, and where
    the disk refuses; any other error passes.

    Parameters
    ----------
    out
        Made where it is not there; its file `.lock` is held until the end.
    inner
        Names of folders in it, made and cleared too.
    kept
        Says what the run has finished so far, as the end of a sentence.
    reason
        The sentence for an error that the caller foresees, None for any other.
    """
    from filelock import FileLock, Timeout

    folders = (out, *(out / name for name in inner))
    try:
        for folder in folders:
            folder.mkdir(parents=True, exist_ok=True)
        with FileLock(out / ".lock", timeout=0):
            for folder in folders:
                sweep_parts(folder)
            yield
    except Timeout as error:
        raise Stopped(f"another run is writing to {out}; wait for it or name another folder") from error
    except Exception as error:
        if sentence := reason(error):  # before OSError: lost connections and time-outs are of that kind too
            raise Stopped(sentence) from error
        if isinstance(error, OSError):
            raise Stopped(f"cannot write to {out}: {error.strerror or error}; {kept()}") from error
        raise


def lacks_memory(error: Exception) -> bool:
    """Whether a worker was killed, or an allocation failed: PyTorch says so in a `RuntimeError`."""
    phrases = ("out of memory", "allocate memory")
    from concurrent.futures.process import BrokenProcessPool

    said = isinstance(error, RuntimeError) and any(phrase in str(error).lower() for phrase in phrases)
    return said or isinstance(error, BrokenProcessPool | MemoryError)
