"""What long runs share: a digest of all the code behind a number, a folder for one run, what stops it in a sentence."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest
from filelock import FileLock

from nfrlab.simulations import resumable
from nfrlab.simulations.bridge import run as bridge
from nfrlab.simulations.files import require_space
from nfrlab.simulations.resumable import (
    WINGS,
    Stopped,
    code_digest,
    exclusive_folder,
    lacks_memory,
    source_files,
)
from nfrlab.simulations.sweep import blocks as sweep
from tests.support.imports import imported_files
from tests.verify.test_cli import contents

NO_PART_IN_THE_NUMBERS = {
    "simulations/files.py",  # writes them
    "simulations/resumable.py",  # says whose they are
    "simulations/sealed.py",  # and whether they are whole
    "simulations/workers.py",  # where they are computed
    "simulations/bridge/settings.py",  # what is asked: a setting is itself part of the name of its draws
    "simulations/bridge/rival_settings.py",  # likewise
}


@pytest.mark.parametrize("pattern", [*bridge.CODE, bridge.LEARNING, *sweep.CODE])
def test_every_pattern_matches(pattern: str) -> None:
    """Catches a module that was moved and dropped, silently, out of the name of the numbers that it makes."""
    assert source_files((pattern,))


def test_every_pattern_of_the_trained_network_matches() -> None:
    """Catches a key of stored weights that no longer changes with the code that trains them."""
    trained = pytest.importorskip("nfrlab.simulations.deep.networks.trained")
    assert all(source_files((pattern,)) for pattern in trained.CODE)


@pytest.mark.parametrize(
    ("start", "code", "leaving_out"),
    [
        ("simulations/sweep/blocks.py", sweep.CODE, ()),
        ("simulations/bridge/draws.py", bridge.CODE, (bridge.LEARNING,)),
    ],
    ids=["sweep", "bridge"],
)
def test_code_version_is_of_all_the_code_that_numbers_come_from(
    start: str, code: Sequence[str], leaving_out: Sequence[str]
) -> None:
    """Catches a module whose change would leave stale blocks or draws trusted: what the measuring module imports,
    directly or through another, but for a few that have no part in the numbers.
    """
    seen = imported_files(WINGS / start, WINGS)
    assert len(seen) > 5
    missing = {str(file.relative_to(WINGS)) for file in seen - set(source_files(code, leaving_out))}
    assert missing <= NO_PART_IN_THE_NUMBERS


@pytest.fixture
def wings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three modules in place of the house."""
    for name in ("a.py", "room/b.py", "room/c.py"):
        (tmp_path / "wing" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "wing" / name).write_text(name)
    monkeypatch.setattr(resumable, "WINGS", tmp_path)
    return tmp_path


def test_digest_is_of_content_and_versions(wings: Path) -> None:
    """Catches a file, a version or an exception that does not count, and one that counts although it is left out."""
    patterns, c = ("wing/**/*.py",), "wing/room/c.py"
    before = code_digest(patterns, "1.0", "2.0")
    without = code_digest(patterns, "1.0", "2.0", leaving_out=(c,))
    others = [code_digest(patterns, "1.0", "2.1"), code_digest(("wing/*.py",), "1.0", "2.0"), without]
    assert len({before, *others}) == 4
    assert re.fullmatch("[0-9a-f]{16}", before)
    assert code_digest((*patterns, "wing/a.py"), "1.0", "2.0") == before
    (wings / c).write_text("changed")
    assert code_digest(patterns, "1.0", "2.0") != before
    assert code_digest(patterns, "1.0", "2.0", leaving_out=(c,)) == without


@pytest.mark.parametrize("leaving_out", [False, True])
def test_a_pattern_without_a_file_is_a_defect(leaving_out: bool, wings: Path) -> None:
    """Catches a digest that goes on without a file that has moved, or that no longer leaves one out."""
    gone = ("wing/room/gone.py",)
    with pytest.raises(LookupError, match="no file matches wing/room/gone"):
        code_digest(("wing/*.py",), leaving_out=gone) if leaving_out else code_digest(("wing/*.py", *gone))


def no_reason(error: Exception) -> None:
    """Of no error."""


def test_a_folder_is_made_cleared_and_held(tmp_path: Path) -> None:
    """Catches a folder that two runs hold, one that stays held after an error, and half-written files that stay."""
    out = tmp_path / "new" / "out"
    (out / "inner").mkdir(parents=True)
    for half in (out / ".a.nc.abcdefgh.part", out / "inner" / ".b.json.ijklmnop.part"):
        half.write_bytes(b"half")
    with exclusive_folder(out, ("inner", "other"), str, no_reason):
        assert contents(out).keys() <= {".lock"}
        assert (out / "other").is_dir()
        with (
            pytest.raises(Stopped, match=f"another run is writing to {re.escape(str(out))}; wait for it"),
            exclusive_folder(out, (), str, no_reason),
        ):
            pass
    with FileLock(out / ".lock", timeout=0):
        pass


def test_a_folder_is_made_wherever_it_is_to_be(tmp_path: Path) -> None:
    """Catches `--out a/b/c` that is refused because there is no a, and a folder within that is not made."""
    with exclusive_folder(tmp_path / "a" / "b" / "c", ("d/e",), str, no_reason):
        assert (tmp_path / "a" / "b" / "c" / "d" / "e").is_dir()


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (OSError(28, "No space left on device"), "cannot write to OUT: No space left on device; 3 are kept"),
        (OSError("odd"), "cannot write to OUT: odd; 3 are kept"),
        (TimeoutError("nobody came"), "nobody came, as foreseen"),
        (KeyError("a defect"), None),
        (KeyboardInterrupt(), None),
    ],
)
def test_what_stops_a_run_is_one_sentence(error: BaseException, sentence: str | None, tmp_path: Path) -> None:
    """Catches a time-out that is told as a full disk, a defect that is told as either, and one that is swallowed."""

    def reason(found: Exception) -> str | None:
        return f"{found}, as foreseen" if isinstance(found, TimeoutError) else None

    with (
        pytest.raises(type(error) if sentence is None else Stopped) as raised,
        exclusive_folder(tmp_path, (), lambda: "3 are kept", reason),
    ):
        raise error
    assert raised.value is error if sentence is None else str(raised.value) == sentence.replace("OUT", str(tmp_path))


def test_lack_of_memory_is_told_by_kind_or_words() -> None:
    """Catches a defect, or a user's sentence about memory, that is taken for a machine too small."""
    assert lacks_memory(MemoryError())
    assert lacks_memory(RuntimeError("CUDA out of memory"))
    assert not lacks_memory(RuntimeError("an illegal memory access"))
    assert not lacks_memory(ValueError("out of memory.png is no image"))


def test_the_disk_is_asked_where_the_folder_will_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches a folder yet to be made that cannot be asked, another disk than its own, a limit that is off by one."""
    asked = []

    def usage(path: Path) -> SimpleNamespace:
        asked.append(path)
        return SimpleNamespace(free=3 << 20)

    monkeypatch.setattr(shutil, "disk_usage", usage)
    require_space(tmp_path / "a" / "b", 3 << 20, "the work")
    with pytest.raises(ValueError, match=r"b has 3\.0 MiB of disk left, the work will take some 4\.0; make room there"):
        require_space(tmp_path / "a" / "b", 4 << 20, "the work")
    monkeypatch.chdir(tmp_path)
    require_space(Path("here"), 1, "the work")
    assert asked == [tmp_path, tmp_path, tmp_path]
