"""What becomes of a file: its pixels as plain NumPy and Pillow say, or the sentence that refuses it."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image, ImageCms, ImageFile

from nfrlab.simulations.images import UnusableImage, decode, read
from nfrlab.simulations.images.decoding import DARK, FIRST_FRAME, ON_WHITE, TURNED

SIDE = 24
ROW, COLUMN = np.mgrid[:SIDE, :SIDE]
RAMP = np.stack([ROW * COLUMN, ROW * (SIDE - COLUMN), COLUMN * (SIDE - ROW)], axis=2) * 255 // SIDE**2
RGB = RAMP.astype(np.uint8)
"""A photograph that has no symmetry."""
DISC = (ROW - 11) ** 2 + (COLUMN - 12) ** 2 < 60
WILD = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
"""Colours that nobody sees, since they are transparent."""
HIDDEN = np.where(DISC[..., None], RGB, WILD)
SEEN = np.where(DISC[..., None], RGB, 255)
GREY16 = (ROW * 2621 + COLUMN * 97).astype(np.uint16)


def grey(pixels: np.ndarray) -> np.ndarray:
    """One channel as three."""
    return np.dstack([pixels] * 3)


def saved(image: np.ndarray | Image.Image, form: str, **options: Any) -> bytes:
    """A file in memory."""
    buffer = io.BytesIO()
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(buffer, form, **options)
    return buffer.getvalue()


def png(
    samples: np.ndarray, colour: int, bits: int, *more: tuple[bytes, bytes], size: tuple[int, int] = (SIDE, SIDE)
) -> bytes:
    """A PNG written by hand: `samples` are the bytes of its rows; `more` chunks before its pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + row.tobytes() for row in samples)
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", *size, bits, colour, 0, 0, 0)), *more]
    chunks += [(b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(kind, data) for kind, data in chunks)


def tiff(data: bytes, *, bits: int, white_is_zero: bool = False, kind: int = 1, samples: int = 1) -> bytes:
    """A TIFF of one strip written by hand; `kind` 1: without sign, 2: with sign, 3: floating point."""
    entries = [(256, SIDE), (257, SIDE), (258, bits), (259, 1), (262, 2 if samples == 3 else int(not white_is_zero))]
    entries += [(273, 8), (277, samples), (278, SIDE), (279, len(data)), (339, kind)]
    table = struct.pack("<H", len(entries))
    for tag, value in entries:
        if tag in (258, 339) and samples == 3:
            table += struct.pack("<HHII", tag, 3, 3, 8 + len(data) + (0 if tag == 258 else 6))
        else:
            table += struct.pack("<HHII", tag, 4, 1, value)
    ends = struct.pack("<3H3H", *[bits] * 3, *[kind] * 3) if samples == 3 else b""
    return b"II*\0" + struct.pack("<I", 8 + len(data) + len(ends)) + data + ends + table + b"\0" * 4


def packed12(values: np.ndarray) -> bytes:
    """Pairs of 12-bit numbers in three bytes, the first one's high bits first."""
    first, second = values.reshape(-1, 2).T.astype(int)
    return np.stack([first >> 4, (first & 15) << 4 | second >> 8, second & 255], axis=1).astype(np.uint8).tobytes()


def deepened(avif: bytes) -> bytes:
    """An AVIF that says of itself that it has 10 bits."""
    data = bytearray(avif)
    data[data.index(b"av1C") + 6] |= 0x40
    channels = data.index(b"pixi") + 8
    data[channels + 1 : channels + 4] = 10, 10, 10
    return bytes(data)


def as_pillow(data: bytes, mode: str = "RGB") -> np.ndarray:
    """What plain Pillow reads, for formats that lose something."""
    return np.asarray(Image.open(io.BytesIO(data)).convert(mode)) / 255


def turned(form: str, orientation: int, **options: Any) -> bytes:
    """The photograph with EXIF's orientation."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return saved(RGB, form, exif=exif, **options)


FRAMES = [Image.fromarray(np.roll(RGB, 5 * k, axis=1)) for k in range(3)]
PALETTE = Image.fromarray(RGB).quantize(16)
LAB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
JPEG = saved(RGB, "JPEG", quality=95)
EYE = np.eye(SIDE, dtype=np.uint8)


@dataclass(frozen=True)
class Accepted:
    """The file holds these pixels in [0, 1], with this said of it."""

    data: bytes
    pixels: np.ndarray
    remarks: tuple[str, ...] = ()
    within: float = 0.0
    name: str = "a.png"


@dataclass(frozen=True)
class Refused:
    """The file is refused by a sentence with these words in it."""

    data: bytes
    words: str
    name: str = "a.png"


UNREADABLE = "is not a readable image; remove it or replace it by a valid one"
ZERO = "is all zero; alignment with a zero image is undefined, remove it"
DEPTH_LOST = "has 16 bits a channel, of which 8 would be left; save it with 8, or in grey"
TOO_LARGE = "has more than 100,000,000 pixels; scale it down"
NO_WHITE = "does not say which of them is white; rescale it to floats in [0, 1], or to 8 or 16 bits without sign"

CASES: dict[str, Accepted | Refused] = {
    # transparency
    "rgba": Accepted(saved(np.dstack([HIDDEN, DISC * np.uint8(255)]), "PNG"), SEEN / 255, (ON_WHITE,)),
    "opaque rgba": Accepted(saved(np.dstack([RGB, EYE * 0 + 255]), "PNG"), RGB / 255),
    "grey and alpha": Accepted(
        saved(Image.fromarray(np.dstack([HIDDEN[..., 0], DISC * np.uint8(255)])), "PNG"),
        grey(SEEN[..., 0]) / 255,
        (ON_WHITE,),
    ),
    "palette with a transparent colour": Accepted(
        saved(PALETTE, "PNG", transparency=0),
        np.where(np.asarray(PALETTE)[..., None] == 0, 255, np.asarray(PALETTE.convert("RGB"))) / 255,
        (ON_WHITE,),
    ),
    "transparent colour of rgb": Accepted(
        saved(RGB, "PNG", transparency=tuple(int(v) for v in RGB[3, 4])),
        np.where(np.all(RGB[3, 4] == RGB, axis=2)[..., None], 255, RGB) / 255,
        (ON_WHITE,),
    ),
    "transparent grey of 2 bits": Accepted(
        png(np.full((SIDE, SIDE // 4), 0b00011011, np.uint8), 0, 2, (b"tRNS", b"\0\1")),
        grey(np.tile([0, 255, 170, 255], (SIDE, SIDE // 4))) / 255,
        (ON_WHITE,),
    ),
    "transparent grey of 16 bits": Accepted(
        png(GREY16.astype(">u2"), 0, 16, (b"tRNS", struct.pack(">H", GREY16[9, 9]))),
        grey(np.where(GREY16[9, 9] == GREY16, 65535, GREY16)) / 65535,
    ),
    "transparent webp": Accepted(
        saved(np.dstack([HIDDEN, DISC * np.uint8(255)]), "WEBP", lossless=True, exact=True),
        SEEN / 255,
        (ON_WHITE,),
        name="a.webp",
    ),
    "transparent gif": Accepted(
        saved(PALETTE, "GIF", transparency=3),
        np.where(np.asarray(PALETTE)[..., None] == 3, 255, np.asarray(PALETTE.convert("RGB"))) / 255,
        (ON_WHITE,),
        name="a.gif",
    ),
    "wholly transparent": Refused(saved(np.dstack([RGB, EYE * 0]), "PNG"), "is wholly transparent; remove it"),
    # depth
    "16-bit grey": Accepted(saved(GREY16, "PNG"), grey(GREY16) / 65535),
    "16-bit grey tiff": Accepted(saved(GREY16, "TIFF"), grey(GREY16) / 65535, name="a.tif"),
    "16-bit grey tiff, big-endian": Accepted(
        saved(Image.frombytes("I;16B", (SIDE, SIDE), GREY16.astype(">u2").tobytes()), "TIFF"),
        grey(GREY16) / 65535,
        name="a.tif",
    ),
    "16-bit grey tiff, 0 is white": Accepted(
        tiff(GREY16.tobytes(), bits=16, white_is_zero=True), grey(65535 - GREY16) / 65535, name="a.tif"
    ),
    "8-bit grey tiff, 0 is white": Accepted(
        tiff(RGB[..., 0].tobytes(), bits=8, white_is_zero=True), grey(255 - RGB[..., 0]) / 255, name="a.tif"
    ),
    "12 bits in 16": Accepted(saved(GREY16 // 16, "PNG"), grey(GREY16 // 16) / 65535, (DARK,)),
    "12-bit tiff": Accepted(
        tiff(packed12(GREY16 // 16), bits=12), grey(GREY16 // 16) / 4095, within=1e-7, name="a.tif"
    ),
    "pgm of 16 bits": Accepted(
        b"P5 24 24 65535\n" + GREY16.astype(">u2").tobytes(), grey(GREY16) / 65535, name="a.pgm"
    ),
    "pgm of 10 bits": Accepted(
        b"P5 24 24 1023\n" + (GREY16 // 64).astype(">u2").tobytes(),
        grey(GREY16 // 64) / 1023,
        within=0.51 / 65535,
        name="a.pgm",
    ),
    "plain pgm of 4 bits": Accepted(
        b"P2 24 24 15\n" + " ".join(map(str, (RGB[..., 0] // 16).ravel())).encode(),
        grey(RGB[..., 0] // 16) / 15,
        within=0.51 / 255,
        name="a.pgm",
    ),
    "pbm": Accepted(b"P1 24 24\n" + " ".join(map(str, EYE.ravel())).encode(), grey(1 - EYE), name="a.pbm"),
    "16-bit rgb": Refused(png(np.repeat(RGB, 2, axis=2).reshape(SIDE, -1), 2, 16), DEPTH_LOST),
    "16-bit grey and alpha": Refused(png(np.repeat(RGB[..., :2], 2, axis=2).reshape(SIDE, -1), 4, 16), DEPTH_LOST),
    "16-bit rgb tiff": Refused(tiff(RGB.astype("<u2").tobytes(), bits=16, samples=3), DEPTH_LOST, name="a.tif"),
    "16-bit ppm": Refused(b"P6 24 24 65535\n" + RGB.astype(">u2").tobytes(), DEPTH_LOST, name="a.ppm"),
    "10-bit avif": Refused(
        deepened(saved(RGB, "AVIF")),
        "has 10 bits a channel, of which 8 would be left",
        name="a.avif",
    ),
    "int32": Refused(saved(RGB[..., 0].astype(np.int32), "TIFF"), NO_WHITE, name="a.tif"),
    "int16": Refused(tiff(GREY16.tobytes(), bits=16, kind=2), NO_WHITE, name="a.tif"),
    "floats in [0, 1]": Accepted(
        saved((RGB[..., 0] / np.float32(255)), "TIFF"), grey(RGB[..., 0] / np.float32(255)), name="a.tif"
    ),
    "floats, 0 is white": Accepted(
        tiff((RGB[..., 0] / np.float32(255)).tobytes(), bits=32, kind=3, white_is_zero=True),
        grey(1 - RGB[..., 0] / np.float32(255)),
        name="a.tif",
    ),
    "floats to 255": Refused(saved(RGB[..., 0].astype(np.float32), "TIFF"), "outside [0, 1]; rescale it", "a.tif"),
    "negative floats": Refused(saved(GREY16 * np.float32(-1e-5), "TIFF"), "outside [0, 1]; rescale it", "a.tif"),
    "nan": Refused(saved(EYE * np.float32(np.nan), "TIFF"), "has NaN or infinite pixels", "a.tif"),
    "1 bit": Accepted(saved(Image.fromarray(EYE * 255).convert("1"), "PNG"), grey(EYE)),
    # which way up
    "exif 6": Accepted(turned("JPEG", 6, quality=95), np.rot90(as_pillow(JPEG), -1), (TURNED,), name="a.jpg"),
    "exif 1": Accepted(turned("JPEG", 1, quality=95), as_pillow(JPEG), name="a.jpg"),
    "exif 0, which means nothing": Accepted(turned("PNG", 0), RGB / 255),
    # several pictures
    "animated gif": Accepted(
        saved(FRAMES[0], "GIF", save_all=True, append_images=FRAMES[1:]),
        as_pillow(saved(FRAMES[0], "GIF")),
        (FIRST_FRAME,),
        name="a.gif",
    ),
    "animated webp": Accepted(
        saved(FRAMES[0], "WEBP", save_all=True, append_images=FRAMES[1:], lossless=True),
        RGB / 255,
        (FIRST_FRAME,),
        name="a.webp",
    ),
    "animated png": Accepted(
        saved(FRAMES[0], "PNG", save_all=True, append_images=FRAMES[1:]), RGB / 255, (FIRST_FRAME,)
    ),
    "tiff of pages": Accepted(
        saved(FRAMES[0], "TIFF", save_all=True, append_images=FRAMES[1:]), RGB / 255, (FIRST_FRAME,), name="a.tif"
    ),
    "mpo": Accepted(
        saved(FRAMES[0], "MPO", save_all=True, append_images=FRAMES[1:], quality=95), as_pillow(JPEG), name="a.jpg"
    ),
    "black first frame": Refused(
        saved(Image.new("RGB", (SIDE, SIDE)), "GIF", save_all=True, append_images=FRAMES),
        "is all zero in its first frame",
        "a.gif",
    ),
    # colours
    "grey": Accepted(saved(RGB[..., 1], "PNG"), grey(RGB[..., 1]) / 255),
    "palette": Accepted(saved(PALETTE, "PNG"), np.asarray(PALETTE.convert("RGB")) / 255),
    "cmyk": Accepted(
        saved(Image.frombytes("CMYK", (SIDE, SIDE), np.dstack([255 - RGB, EYE * 0]).tobytes()), "TIFF"),
        RGB / 255,
        name="a.tif",
    ),
    "cmyk jpeg": Accepted(
        saved(Image.fromarray(RGB).convert("CMYK"), "JPEG", quality=95),
        as_pillow(saved(Image.fromarray(RGB).convert("CMYK"), "JPEG", quality=95)),
        name="a.jpg",
    ),
    "lab": Accepted(
        saved(Image.fromarray(RGB).convert("LAB"), "TIFF"),
        np.asarray(Image.fromarray(RGB).convert("LAB").convert("RGB")) / 255,
        name="a.tif",
    ),
    "icc": Accepted(saved(RGB, "PNG", icc_profile=LAB), RGB / 255),
    "white": Accepted(saved(RGB * 0 + 255, "PNG"), RGB * 0 + 1.0),
    "imagenet's mean": Accepted(
        saved(RGB * 0 + np.uint8([124, 116, 104]), "PNG"), RGB * 0 + np.array([124, 116, 104]) / 255
    ),
    # names and formats
    "png called jpg": Accepted(saved(RGB, "PNG"), RGB / 255, name="a.jpg"),
    "jfif": Accepted(JPEG, as_pillow(JPEG), name="a.jfif"),
    "avif": Accepted(saved(RGB, "AVIF"), as_pillow(saved(RGB, "AVIF")), name="a.avif"),
    "bmp": Accepted(saved(RGB, "BMP"), RGB / 255, name="a.bmp"),
    "name that is not UTF-8": Accepted(saved(RGB, "PNG"), RGB / 255, name=os.fsdecode(b"\xff\n.png")),
    "eps called png": Refused(saved(RGB, "EPS"), UNREADABLE),
    # sizes
    "8 × 8": Accepted(saved(RGB[8:16, 8:16], "PNG"), RGB[8:16, 8:16] / 255),
    "7 × 7": Refused(saved(RGB[8:15, 8:15], "PNG"), "is 7×7; images must be at least 8×8"),
    "one pixel wide": Refused(saved(RGB[8:9], "PNG"), "is 24×1; images must be at least 8×8"),
    "strip": Refused(saved(np.tile(RGB[8:16], (1, 9, 1)), "PNG"), "is 216×8, more than 20 times as long as wide; crop"),
    "100 megapixels and a row": Refused(png(EYE[:0], 2, 8, size=(10000, 10001)), TOO_LARGE),
    "bomb": Refused(png(EYE[:0], 2, 8, size=(2**31 - 1, 2**31 - 1)), TOO_LARGE),
    # nothing to see, or damaged
    "zero": Refused(saved(RGB * 0, "PNG"), ZERO),
    "nearly zero": Refused(saved(RGB * (EYE * (ROW == 5))[..., None], "PNG"), "all zero but for less than 1 %"),
    "empty": Refused(b"", UNREADABLE),
    "truncated": Refused(JPEG[: len(JPEG) // 2], UNREADABLE, "a.jpg"),
    "text": Refused(b"version https://git-lfs.github.com/spec/v1\n", UNREADABLE),
}


@pytest.mark.parametrize("case", CASES)
def test_what_becomes_of_a_file(case: str, tmp_path: Path) -> None:
    """Catches hidden colours shown, depths confused, pictures on their side, and files refused or read by mistake."""
    wanted = CASES[case]
    file = tmp_path / wanted.name
    file.write_bytes(wanted.data)
    if isinstance(wanted, Refused):
        with pytest.raises(UnusableImage) as refusal:
            read(file)
        assert str(refusal.value).startswith(f"{file} ")
        assert wanted.words in str(refusal.value)
    else:
        np.testing.assert_allclose(read(file), wanted.pixels, rtol=0, atol=wanted.within)
        assert decode(file).remarks == wanted.remarks


def by_definition(stored: np.ndarray, orientation: int) -> np.ndarray:
    """What EXIF means, pixel by pixel: where the stored 0th row and the stored 0th column are seen."""
    row, column = {
        1: ("top", "left"),
        2: ("top", "right"),
        3: ("bottom", "right"),
        4: ("bottom", "left"),
        5: ("left", "top"),
        6: ("right", "top"),
        7: ("right", "bottom"),
        8: ("left", "bottom"),
    }[orientation]
    rows, columns = stored.shape[:2]
    across = row in ("left", "right")
    seen = np.zeros((columns, rows, 3) if across else stored.shape)
    for i in range(rows):
        for j in range(columns):
            from_row = i if row in ("top", "left") else rows - 1 - i
            from_column = j if column in ("top", "left") else columns - 1 - j
            seen[(from_column, from_row) if across else (from_row, from_column)] = stored[i, j]
    return seen


@given(
    arrays(np.uint8, st.tuples(st.integers(8, 11), st.integers(8, 11), st.just(3)), elements=st.integers(1, 255)),
    st.integers(1, 8),
    st.sampled_from([("PNG", {}), ("TIFF", {}), ("TIFF", {"compression": "tiff_lzw"}), ("WEBP", {"lossless": True})]),
)
@settings(max_examples=60)
def test_every_orientation_in_every_format(
    tmp_path_factory: pytest.TempPathFactory, stored: np.ndarray, orientation: int, form: tuple[str, dict[str, Any]]
) -> None:
    """Catches an orientation that is applied twice (Pillow does so in TIFF), not at all, or the wrong way round."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = tmp_path_factory.getbasetemp() / "turned"
    file.write_bytes(saved(stored, form[0], exif=exif, **form[1]))
    np.testing.assert_array_equal(np.round(read(file) * 255), by_definition(stored, orientation))


@given(arrays(np.uint8, (9, 8, 4)), st.sampled_from(["PNG", "TIFF", "WEBP"]))
@settings(max_examples=60)
def test_transparency_is_put_on_white(tmp_path_factory: pytest.TempPathFactory, rgba: np.ndarray, form: str) -> None:
    """Catches colours shown that are transparent, and half transparent ones on another ground than white."""
    file = tmp_path_factory.getbasetemp() / "transparent"
    rgba[0, 0, 3] = 255
    file.write_bytes(saved(rgba, form, **({"lossless": True, "exact": True} if form == "WEBP" else {})))
    opacity = rgba[..., 3:] / 255
    seen = opacity * rgba[..., :3] + (1 - opacity) * 255
    assert np.abs(decode(file).pixels - seen).max() <= 1
    np.testing.assert_array_equal(decode(file).pixels[0, 0], rgba[0, 0, :3])


@given(arrays(np.uint16, (8, 9)), st.sampled_from(["PNG", "TIFF"]))
def test_sixteen_bits_keep_every_bit(tmp_path_factory: pytest.TempPathFactory, pixels: np.ndarray, form: str) -> None:
    """Catches 16 bits that pass through 8, and a white that is not 65,535."""
    file = tmp_path_factory.getbasetemp() / "deep"
    pixels[:2, :2] = 40000
    file.write_bytes(saved(pixels, form))
    np.testing.assert_array_equal(read(file), grey(pixels) / 65535)


WHOLE = {
    "PNG": saved(RGB, "PNG"),
    "palette PNG": saved(PALETTE, "PNG", transparency=0),
    "16-bit PNG": saved(GREY16, "PNG"),
    "JPEG": turned("JPEG", 6),
    "GIF": saved(FRAMES[0], "GIF", save_all=True, append_images=FRAMES[1:]),
    "TIFF": turned("TIFF", 3),
    "LZW TIFF": saved(RGB, "TIFF", compression="tiff_lzw"),
    "WEBP": turned("WEBP", 8),
    "AVIF": saved(RGB, "AVIF"),
    "BMP": saved(RGB, "BMP"),
    "PPM": saved(RGB, "PPM"),
    "PGM": saved(GREY16, "PPM"),
}


@given(
    st.sampled_from(sorted(WHOLE)),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=4),
    st.floats(0, 1),
    st.booleans(),
)
@settings(max_examples=300)
@example("TIFF", [], 0.0, False)
def test_damage_ends_in_one_sentence(
    tmp_path_factory: pytest.TempPathFactory, form: str, bytes_changed: list[tuple[float, int]], kept: float, cut: bool
) -> None:
    """Catches a traceback, a hang, a warning, or pixels outside [0, 1], whatever bytes are changed or cut off."""
    data = bytearray(WHOLE[form])
    for place, value in bytes_changed:
        data[int(place * (len(data) - 1))] = value
    file = tmp_path_factory.getbasetemp() / "damaged"
    file.write_bytes(data[: int(kept * len(data))] if cut else data)
    try:
        pixels = read(file)
    except UnusableImage as refusal:
        told, pixels = str(refusal), np.zeros((8, 8, 3))
    else:
        told = f"{file} is read"
    assert told.startswith(f"{file} ")
    assert "\n" not in told
    assert pixels.ndim == 3
    assert pixels.min() >= 0
    assert pixels.max() <= 1


COMPLAINTS = """
import os, sys
from pathlib import Path
from nfrlab.simulations.images import UnusableImage, read
for name in sys.argv[1:]:
    try:
        read(Path(name))
    except UnusableImage as refusal:
        print(refusal)
os.write(2, b"heard")
"""


def test_decoders_keep_their_complaints_to_themselves(tmp_path: Path) -> None:
    """Catches lines of libtiff or Pillow's log on standard error, and a standard error that is lost afterwards."""
    damaged = bytearray(WHOLE["LZW TIFF"])
    damaged[8:200] = b"\xff" * 192
    (tmp_path / "a.tif").write_bytes(damaged)
    of_many_samples = tiff(RGB[..., 0].tobytes(), bits=8).replace(
        struct.pack("<HHII", 277, 4, 1, 1), struct.pack("<HHII", 277, 4, 1, 999)
    )
    (tmp_path / "b.tif").write_bytes(of_many_samples)
    command = [sys.executable, "-c", COMPLAINTS, tmp_path / "a.tif", tmp_path / "b.tif"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == "heard"
    assert [line.endswith(UNREADABLE) for line in done.stdout.splitlines()] == [True, True]


def test_half_an_image_is_none_whatever_pillow_was_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches a user's `LOAD_TRUNCATED_IMAGES = True` that turns half of a photograph into grey without a word."""
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    (tmp_path / "half.jpg").write_bytes(JPEG[: len(JPEG) // 2])
    with pytest.raises(UnusableImage, match=UNREADABLE):
        read(tmp_path / "half.jpg")
    assert ImageFile.LOAD_TRUNCATED_IMAGES


@pytest.mark.parametrize("form", ["EPS", "TGA", "PCX", "SGI", "ICO"])
def test_only_formats_of_images_are_tried(form: str, tmp_path: Path) -> None:
    """Catches a file whose ending says PNG, handed to any decoder that Pillow has: that of EPS runs a program."""
    stream = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)).save(stream, form)
    (tmp_path / "a.png").write_bytes(stream.getvalue())
    with pytest.raises(UnusableImage, match=UNREADABLE):
        read(tmp_path / "a.png")


def test_what_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches a traceback, or a wait without end, at a file that is gone, a pipe, a device, or a failing disk."""
    os.mkfifo(tmp_path / "pipe.png")
    for file, words in (
        (tmp_path / "gone.png", r"gone.png cannot be read \(No such file"),
        (tmp_path / "pipe.png", "pipe.png is a pipe or device, not a file"),
        (Path("/dev/zero"), "/dev/zero is a pipe or device, not a file"),
    ):
        with pytest.raises(UnusableImage, match=words):
            read(file)

    def failing(*_: object, **__: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Image, "open", failing)
    (tmp_path / "a.png").write_bytes(WHOLE["PNG"])
    with pytest.raises(UnusableImage, match=r"a\.png cannot be read \(Input/output error\)"):
        read(tmp_path / "a.png")


def test_a_file_that_is_too_heavy_is_refused(tmp_path: Path) -> None:
    """Catches gigabytes read into memory: the file is a hole."""
    with (tmp_path / "hole.png").open("wb") as file:
        file.write(WHOLE["PNG"])
        file.truncate(2**30 + 1)
    with pytest.raises(UnusableImage, match=r"hole\.png has more than 1,073,741,824 bytes; save it as PNG or JPEG"):
        read(tmp_path / "hole.png")


OUT_OF_MEMORY = """
import resource, sys
from pathlib import Path
from nfrlab.simulations.images import UnusableImage, decode
from nfrlab.simulations.images import pictures
with open("/proc/self/statm") as file:
    used = int(file.read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 80_000_000, resource.RLIM_INFINITY))
try:
    decode(Path(sys.argv[1]))
except UnusableImage as refusal:
    print(refusal)
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc to know the memory in use")
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_lack_of_memory_is_called_that(mode: str, tmp_path: Path) -> None:
    """Catches a sound photograph that is called unreadable where memory does not suffice."""
    file = tmp_path / "large.png"
    Image.new(mode, (9900, 9900), 7 if mode == "L" else (7,) * len(mode)).save(file, compress_level=1)
    done = subprocess.run([sys.executable, "-c", OUT_OF_MEMORY, file], capture_output=True, text=True, check=True)
    assert done.stdout == f"memory does not suffice to decode {file}; use smaller images, or fewer --jobs\n"
