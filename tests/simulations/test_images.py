"""Where real inputs come from."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nfrlab.simulations import images

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
    with pytest.raises(ValueError, match="all zero"):
        images.ImageSet("dark", (almost_dark,)).patch(2, np.random.default_rng(0))


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
