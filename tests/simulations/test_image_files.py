"""Which files of a folder are images: none is passed over without a word, none is waited for, none counts twice."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from nfrlab.simulations.images import files, files_under, image_files, shown

PICTURE = Image.linear_gradient("L").convert("RGB").resize((16, 16))


@pytest.fixture(autouse=True)
def no_endless_wait() -> Iterator[None]:
    """A pipe that is opened would be waited for: the alarm ends the test."""
    signal.alarm(60)
    yield
    signal.alarm(0)


def write(path: Path, form: str = "PNG") -> Path:
    """An image in a folder that is made for it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    PICTURE.save(path, form)
    return path


def names(folder: Path) -> list[str]:
    """The images under a folder, relative to it."""
    return [str(file.relative_to(folder)) for file in image_files(folder)]


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("a.jfif", "JPEG"),
        ("a.JPG", "JPEG"),
        ("a.jpe", "JPEG"),
        ("a.avif", "AVIF"),
        ("a.pgm", "PPM"),
        ("a.apng", "PNG"),
        ("a.dib", "DIB"),
        ("no suffix", "PNG"),
        ("a.jpg~", "JPEG"),
        ("a.download", "WEBP"),
        ("a.data", "GIF"),
        ("a.0", "AVIF"),
        ("album.jpg/a.png", "PNG"),
        ("Ünï côdé 画像.png", "PNG"),
    ],
)
def test_an_image_is_found_by_suffix_or_by_first_bytes(name: str, form: str, tmp_path: Path) -> None:
    """Catches images that could be read and are skipped, for their suffix is another one."""
    write(tmp_path / name, form)
    assert names(tmp_path) == [name]


@pytest.mark.parametrize(
    "name",
    [
        *(".thumbs/t.png", "._photo.jpg", ".hidden.png", "deep/.cache/a.png", ".DS_Store"),
        *("notes.txt", "README", "labels.csv", "Thumbs.db", "BMW.txt"),
    ],
)
def test_what_is_hidden_or_no_image_is_left_out(name: str, tmp_path: Path) -> None:
    """Catches thumbnails and resource forks that are refused or, worse, measured; and texts taken for images."""
    write(tmp_path / "a.png")
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"BM is no bitmap, P5 no pgm, and this no image at all: it is a text of one line or two.\n")
    assert names(tmp_path) == ["a.png"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("d.heic", b"\0" * 99),
        ("d.HEIF", b""),
        ("d.jxl", b""),
        ("d.svg", b"<svg/>"),
        ("d.nef", b"II*\0" + b"\0" * 99),
        ("raw of an unknown camera", b"II*\0" + b"\0" * 99),
        ("phone", b"\0\0\0\x20ftypheic" + b"\0" * 99),
        ("d.xyz", b"8BPS" + b"\0" * 99),
    ],
)
def test_an_image_of_a_kind_that_is_not_read_is_named(name: str, content: bytes, tmp_path: Path) -> None:
    """Catches a photograph that is left out without a word, and a raw file whose thumbnail passes for it."""
    write(tmp_path / "a.png")
    (tmp_path / name).write_bytes(content)
    sentence = f"{tmp_path / name} is an image of a kind that is not read; convert it to PNG or JPEG, or take it out"
    with pytest.raises(ValueError, match="of a kind that is not read") as refusal:
        image_files(tmp_path)
    assert str(refusal.value).startswith(sentence)
    (tmp_path / "e.heic").write_bytes(b"")
    (tmp_path / "f.heic").write_bytes(b"")
    with pytest.raises(ValueError, match=r"\(and 2 more like it\) is an image of a kind"):
        image_files(tmp_path)


def test_links_are_followed_and_nothing_counts_twice(tmp_path: Path) -> None:
    """Catches linked folders that are skipped, loops that never end, and one image that passes for several."""
    folder, elsewhere = tmp_path / "folder", tmp_path / "elsewhere"
    write(folder / "b" / "b.png")
    write(elsewhere / "c.png")
    (folder / "all").symlink_to(elsewhere)
    (folder / "up").symlink_to(folder)
    (folder / "b" / "round").symlink_to(folder / "b")
    (elsewhere / "back").symlink_to(folder)
    assert names(folder) == ["all/c.png", "b/b.png"]
    (folder / "a.png").symlink_to(folder / "b" / "b.png")
    os.link(elsewhere / "c.png", folder / "d.png")
    assert names(folder) == ["a.png", "all/c.png"]
    assert len(files_under(folder)) == 4


def test_links_that_lead_nowhere_are_named(tmp_path: Path) -> None:
    """Catches a dangling or self-referring link that is skipped, or ends in a traceback."""
    write(tmp_path / "ok.png")
    for name, target in (("gone.png", "nothing.png"), ("train", "not mounted"), ("itself.png", "itself.png")):
        link = tmp_path / name
        link.symlink_to(tmp_path / target)
        with pytest.raises(ValueError, match=rf"{name} is a link that leads nowhere; mend it or remove it"):
            image_files(tmp_path)
        link.unlink()


def test_a_pipe_is_refused_under_an_images_name_and_never_opened(tmp_path: Path) -> None:
    """Catches a wait without end for a pipe to speak."""
    write(tmp_path / "a.png")
    os.mkfifo(tmp_path / "pipe")
    assert names(tmp_path) == ["a.png"]
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(ValueError, match=r"pipe\.jpg is a pipe or device, not a file; take it out of the folder"):
        image_files(tmp_path)


@pytest.mark.parametrize("folder", ["nowhere", "file.png", "pipe", "/dev/null", "n" * 300])
def test_what_is_no_folder_is_refused(folder: str, tmp_path: Path) -> None:
    """Catches a traceback for a folder that is none."""
    write(tmp_path / "file.png")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ValueError, match=r"--images needs a folder of images") as refusal:
        image_files(tmp_path / folder)
    assert folder in str(refusal.value)


def test_a_folder_without_images_says_what_was_expected(tmp_path: Path) -> None:
    """Catches an empty set of images."""
    with pytest.raises(ValueError, match=r"no image in .*; expected files ending in \.apng, \.avif"):
        image_files(tmp_path)


def test_a_folder_that_cannot_be_entered_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches images behind a closed door that are left out without a word."""
    write(tmp_path / "a.png")
    write(tmp_path / "closed" / "b.png")
    usual = os.listdir

    def closed(path: Path) -> list[str]:
        if path.name == "closed":
            raise PermissionError(13, "Permission denied", str(path))
        return usual(path)

    monkeypatch.setattr(files.os, "listdir", closed)
    with pytest.raises(ValueError, match=r"closed cannot be read \(Permission denied\); --images needs a folder"):
        image_files(tmp_path)


def test_a_folder_of_too_many_files_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches a walk through a whole disk."""
    monkeypatch.setattr(files, "MOST", 3)
    for k in range(3):
        write(tmp_path / f"{k}.png")
    assert len(image_files(tmp_path)) == 3
    (tmp_path / "notes.txt").write_text("one more")
    with pytest.raises(ValueError, match="holds more than 3 files; name a folder with fewer"):
        image_files(tmp_path)


def test_names_that_are_not_utf_8(tmp_path: Path) -> None:
    """Catches a folder that results could not name, a file that is refused for its name, and a message of two lines."""
    odd = tmp_path / os.fsdecode(b"odd\xff")
    try:
        write(odd / "a.png")
    except OSError:
        pytest.skip("this file system takes UTF-8 alone")
    with pytest.raises(ValueError, match=r"the name of .*odd\\xff is not UTF-8, results could not tell it; rename it"):
        image_files(odd)
    plain = tmp_path / "plain"
    file = write(plain / os.fsdecode(b"\xfe\n.png"))
    assert image_files(plain) == [file]
    assert shown(file) == rf"{plain}/\xfe\n.png"
