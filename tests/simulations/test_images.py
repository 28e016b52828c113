"""Where real inputs come from."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from sklearn.datasets import load_sample_images

from nfrlab.simulations import images
from nfrlab.simulations.images import decoding, sources

DATA = os.environ.get("NFRLAB_DATA")


def test_photographs_and_digits_ship_with_the_product() -> None:
    """Catches a default that needs the network or the development data."""
    shipped = images.photographs()
    assert len(shipped.images) == 2
    rng = np.random.default_rng(0)
    for x in (shipped.patch(3, rng), shipped.frame(4, rng), images.digit(rng)):
        assert np.all((x >= 0) & (x <= 1))
        assert np.any(x)
    assert shipped.patch(3, rng).shape == (27,)
    assert shipped.frame(4, rng).shape == (48,)


def test_normalise_is_per_channel() -> None:
    """Catches channels mixed up after flattening: ImageNet's mean maps to zero."""
    x = np.tile(images.IMAGENET_MEAN, 4)
    np.testing.assert_allclose(images.normalise(x), 0, atol=1e-15)
    np.testing.assert_allclose(images.normalise(x + np.tile(images.IMAGENET_SD, 4)), 1, rtol=1e-12)


def test_patch_is_a_window_of_the_image() -> None:
    """Catches rows and columns exchanged: the patch of a known gradient image."""
    height, width = 9, 12
    image = np.zeros((height, width, 3))
    image[..., 0] = np.arange(1, height + 1)[:, None] / 20
    image[..., 1] = np.arange(1, width + 1)[None, :] / 20
    patch = images.ImageSet("ramp", (image,)).patch(2, np.random.default_rng(1)).reshape(2, 2, 3)
    assert patch[1, 0, 0] - patch[0, 0, 0] == pytest.approx(0.05)
    assert patch[0, 1, 1] - patch[0, 0, 1] == pytest.approx(0.05)


def test_a_folder_is_read_in_name_order(tmp_path: Path) -> None:
    """Catches an order that depends on the file system, and grey or palette images read in a wrong shape."""
    Image.new("L", (9, 10), 255).save(tmp_path / "b.png")
    Image.new("RGB", (9, 10), (255, 0, 0)).save(tmp_path / "a.png")
    Image.new("RGB", (9, 10), (0, 0, 255)).convert("P").save(tmp_path / "c.png")
    found = images.folder(tmp_path)
    assert [image.shape for image in found.images] == [(10, 9, 3)] * 3
    np.testing.assert_array_equal(found.images[0][0, 0], [1, 0, 0])
    np.testing.assert_array_equal(found.images[1][0, 0], [1, 1, 1])


def test_sixteen_bits_are_not_clipped(tmp_path: Path) -> None:
    """Catches 16-bit images read as white: a ramp of 65,536 greys keeps its middle."""
    ramp = np.linspace(0, 65535, 256).astype(np.uint16).reshape(16, 16)
    Image.fromarray(ramp).save(tmp_path / "ramp.png")
    found = images.read(tmp_path / "ramp.png")
    assert found.shape == (16, 16, 3)
    assert abs(float(found[..., 1].mean()) - 0.5) < 0.01


def test_float_images_must_lie_in_the_unit_interval(tmp_path: Path) -> None:
    """Catches floating-point images on another scale, which would pass for very bright ones."""
    Image.fromarray(np.full((9, 9), 7.5, dtype=np.float32)).save(tmp_path / "bright.tif")
    with pytest.raises(ValueError, match=r"outside \[0, 1\]"):
        images.read(tmp_path / "bright.tif")


def test_dark_images_have_no_patch() -> None:
    """Catches an endless loop: an image set whose patches are all zero."""
    almost_dark = np.zeros((500, 500, 3))
    with pytest.raises(images.UnusableImage, match="all zero"):
        images.ImageSet("dark", (almost_dark,)).patch(2, np.random.default_rng(0))


def test_an_image_smaller_than_a_patch_is_named(tmp_path: Path) -> None:
    """Catches a traceback in mid-trial, where larger patches are asked for than the smallest image has."""
    Image.linear_gradient("L").resize((40, 12)).save(tmp_path / "low.png")
    found = images.folder(tmp_path)
    assert found.patch(12, np.random.default_rng(0)).shape == (432,)
    with pytest.raises(images.UnusableImage, match="has an image of less than 13×13"):
        found.patch(13, np.random.default_rng(0))
    with pytest.raises(images.UnusableImage, match=r"low\.png is 40×12; images must be at least 32×32 here"):
        found.check(at_least=32)


def box(channel: np.ndarray, size: int) -> np.ndarray:
    """Pillow's area averaging of one channel of floats."""
    return np.asarray(Image.fromarray(channel.astype(np.float32)).resize((size, size), Image.Resampling.BOX))


@given(st.sampled_from([np.uint8, np.uint16, np.float32, float]), st.integers(1, 9), st.integers(0, 2**32))
def test_patches_and_frames_in_every_depth(depth: type, size: int, seed: int) -> None:
    """Catches windows that differ from those of the same image in float64, and depth that is lost on the way."""
    rng = np.random.default_rng(seed)
    white = {np.uint8: 255, np.uint16: 65535}.get(depth, 1)
    image = (rng.random((11, 14, 3 if depth in (np.uint8, float) else 1)) * white).astype(depth)
    image[0, 0] = white
    whole = np.broadcast_to(image.astype(float) / white, (11, 14, 3))
    found = images.ImageSet("noise", (image,))
    top, left = (
        (window := np.random.default_rng(seed)).integers(1) + window.integers(12 - size),
        window.integers(15 - size),
    )
    np.testing.assert_array_equal(
        found.patch(size, np.random.default_rng(seed)), whole[top : top + size, left : left + size].ravel()
    )
    np.testing.assert_array_equal(found.images[0], whole)
    frame = found.frame(size, np.random.default_rng(seed)).reshape(size, size, 3)
    averages = np.stack([box(whole[..., channel], size) for channel in range(3)], axis=2)
    assert np.abs(frame - averages).max() <= (1.01 / 255 if depth is np.uint8 else 1e-6)


def test_the_shipped_photographs_keep_their_numbers() -> None:
    """Catches another rounding on the way from bytes to numbers: they are k/255 in float64, and bytes/255 in frames."""
    china, flower = (photograph / 255.0 for photograph in load_sample_images().images)
    ours = images.photographs()
    for mine, theirs in zip(ours.images, (china, flower), strict=True):
        np.testing.assert_array_equal(mine, theirs)
        assert mine.dtype == float
    rng, again = np.random.default_rng(5), np.random.default_rng(5)
    for size in (1, 2, 8, 32, 5):
        image = (china, flower)[again.integers(2)]
        top, left = (int(again.integers(side - size + 1)) for side in image.shape[:2])
        np.testing.assert_array_equal(ours.patch(size, rng), image[top : top + size, left : left + size].ravel())
        whole = Image.fromarray(np.round(255 * (china, flower)[again.integers(2)]).astype(np.uint8))
        frame = np.asarray(whole.resize((size, size), Image.Resampling.BOX), dtype=float).ravel() / 255
        np.testing.assert_array_equal(ours.frame(size, rng), frame)


def test_every_image_is_decoded_once_and_kept_as_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches float64 in store, files that are decoded for every patch, and a store that outgrows its bound."""
    decoded: Counter[str] = Counter()

    def counting(file: Path) -> decoding.Decoded:
        decoded[file.name] += 1
        return decoding.examined(file)

    monkeypatch.setattr(sources, "examined", counting)
    for k in range(6):
        Image.linear_gradient("L").convert("RGB").rotate(60 * k).save(tmp_path / f"{k}.png")
    found, rng = images.image_set(tmp_path), np.random.default_rng(0)
    assert not decoded
    found.check()
    for _ in range(60):
        found.patch(3, rng)
        found.frame(3, rng)
    assert images.image_set(tmp_path) is found
    assert decoded == {f"{k}.png": 1 for k in range(6)}
    assert [image.nbytes for image in found.kept] == [256 * 256 * 3] * 6
    monkeypatch.setattr(sources, "KEPT", 3 * 256 * 256 * 3)
    few, rng = images.folder(tmp_path), np.random.default_rng(0)
    again = np.random.default_rng(0)
    for _ in range(60):
        np.testing.assert_array_equal(few.patch(3, rng), found.patch(3, again))
    assert len(few.kept._kept) == 3
    assert sum(decoded.values()) > 12


def test_what_was_done_to_images_is_counted(tmp_path: Path) -> None:
    """Catches transparency put on white, or a second frame left out, of which the user never hears."""
    gradient = Image.linear_gradient("L")
    gradient.convert("RGBA").save(tmp_path / "opaque.png")
    for name in ("one.png", "two.png"):
        Image.merge("LA", (gradient, gradient)).save(tmp_path / name)
    gradient.save(tmp_path / "moving.gif", save_all=True, append_images=[gradient.rotate(90)])
    assert images.folder(tmp_path).check() == {decoding.ON_WHITE: 2, decoding.FIRST_FRAME: 1}


MEMORY = """
import re, sys
from pathlib import Path
import numpy as np
from nfrlab.simulations.images import image_set, photographs
photographs().frame(8, np.random.default_rng(0))
peak = lambda: int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])  # kibibytes
before = peak()
rng, images = np.random.default_rng(0), image_set(Path(sys.argv[1]))
images.check()
for _ in range(50):
    images.patch(8, rng), images.frame(8, rng)
print(peak() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc to know the memory in use")
def test_photographs_take_little_memory(tmp_path: Path) -> None:
    """Catches photographs in float64: eight of 5 megapixels take 120 MB in bytes, and 960 in numbers."""
    for k in range(8):
        Image.linear_gradient("L").rotate(40 * k).convert("RGB").resize((2500, 2000)).save(tmp_path / f"{k}.jpg")
    done = subprocess.run([sys.executable, "-c", MEMORY, tmp_path], capture_output=True, text=True, check=True)
    assert 100_000 < int(done.stdout) < 260_000


@pytest.mark.data
@pytest.mark.skipif(DATA is None, reason="NFRLAB_DATA names no folder of development images")
def test_imagenet_sample_can_be_read() -> None:
    """Catches a reader that fails on real photographs of every size and mode."""
    sample = Path(str(DATA)) / "imagenet-sample"
    found = images.folder(sample)
    assert len(found.images) == len(list(sample.rglob("*.JPEG"))) >= 100
    rng = np.random.default_rng(0)
    for _ in range(50):
        assert found.frame(8, rng).shape == (192,)
