"""Images as tensors: the preparation every ImageNet network expects, crops, CIFAR-10 in both of its forms."""

from __future__ import annotations

import io
import os
import pickle
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from sklearn.datasets import load_digits

torch = pytest.importorskip("torch")

from nfrlab.simulations.deep.inputs import archives, images
from nfrlab.simulations.deep.inputs.batches import read_batch
from nfrlab.simulations.images import IMAGENET_MEAN, IMAGENET_SD, photographs

DATA = os.environ.get("NFRLAB_DATA")
SIDES = st.integers(8, 80)


def noise(h: int, w: int, seed: int = 0) -> np.ndarray:
    """A smooth and noisy photograph in bytes."""
    rng = np.random.default_rng(seed)
    ramp = 127 * (np.sin(np.arange(h) / 5)[:, None, None] + np.cos(np.arange(w) / 7)[None, :, None])
    return np.clip(ramp + rng.integers(0, 256, (h, w, 3)), 0, 255).astype(np.uint8)


def torchvisions_way(image: np.ndarray, size: int) -> np.ndarray:
    """Resize, CenterCrop, ToTensor, Normalize of torchvision's reference, on Pillow as it does it."""
    h, w = image.shape[:2]
    short = round(256 * size / 224)
    scaled = (short, int(short * h / w)) if w <= h else (int(short * w / h), short)
    whole = Image.fromarray(image).resize(scaled, Image.Resampling.BILINEAR)
    left, top = round((whole.width - size) / 2.0), round((whole.height - size) / 2.0)
    crop = np.asarray(whole.crop((left, top, left + size, top + size))) / 255
    return ((crop - IMAGENET_MEAN) / IMAGENET_SD).transpose(2, 0, 1)[None]


@given(SIDES, SIDES, st.sampled_from([8, 21, 32, 56]), st.integers(0, 9))
def test_preparation_is_imagenets(h: int, w: int, size: int, seed: int) -> None:
    """Catches width and height exchanged, a crop off by one, no antialiasing, channels mixed up: Pillow's resizing in
    bytes, which rounds twice, by at most half a level each and once more for its 8-bit coefficients.
    """
    image = noise(h, w, seed)
    wanted = torchvisions_way(image, size)
    found = images.prepare(image / 255.0, size)
    assert found.shape == (1, 3, size, size)
    assert found.dtype == torch.float32
    levels = (found[0].permute(1, 2, 0).numpy() - wanted[0].transpose(1, 2, 0)) * IMAGENET_SD * 255
    assert np.abs(levels).max() < 1.6


def test_the_default_needs_no_download() -> None:
    """Catches photographs of scikit-learn that do not come out at the size of VGG16."""
    for photograph in photographs().images:
        x = images.prepare(photograph)
        assert x.shape == (1, 3, 224, 224)
        assert torch.isfinite(x).all()


@given(SIDES, SIDES, st.integers(8, 40), st.integers(0, 2**32))
def test_draws_are_crops_of_the_scaled_image(h: int, w: int, size: int, seed: int) -> None:
    """Catches a crop that leaves the image, is not one of its windows, or is not the same for the same seed."""
    image = noise(h, w) / 255.0
    x = images.normalise(images.cropped(image, size, np.random.default_rng(seed)))
    assert torch.equal(x, images.normalise(images.cropped(image, size, np.random.default_rng(seed))))
    whole = images.normalise(images.resized(image, size))
    windows = whole.unfold(2, size, 1).unfold(3, size, 1)[0].permute(1, 2, 0, 3, 4).flatten(0, 1)
    assert any(torch.equal(window, seen) for window in windows for seen in (x[0], x[0].flip(2)))


def test_draws_reach_every_window_and_both_directions() -> None:
    """Catches a flip that never happens or always, and a border that is never drawn."""
    ramp = np.tile(np.linspace(0, 1, 40)[None, :, None], (32, 1, 3))
    rng = np.random.default_rng(0)
    seen = set()
    for _ in range(400):
        x = images.normalise(images.cropped(ramp, 28, rng))[0, 0, 0]
        seen.add((bool(x[0] < x[-1]), round(float(x.min()), 3)))
    assert len(seen) == 2 * (40 - 28 + 1)  # every left edge, in both directions


def test_normalise_is_per_channel() -> None:
    """Catches channels mixed up: ImageNet's mean maps to 0, one standard deviation more to 1."""
    mean = torch.tensor(IMAGENET_MEAN).reshape(1, 3, 1, 1)
    sd = torch.tensor(IMAGENET_SD).reshape(1, 3, 1, 1)
    assert images.normalise(mean.expand(1, 3, 2, 2)).abs().max() < 1e-12
    torch.testing.assert_close(images.normalise(mean + sd), torch.ones(1, 3, 1, 1, dtype=torch.float64))


def test_digits_are_scikit_learns() -> None:
    """Catches pixels in another order, a normalisation that is not the digits' own, and labels that do not belong."""
    data = images.digits()
    x = data.x()
    assert x.shape == (1797, 1, 16, 16)
    assert abs(float(x.mean())) < 2e-3
    assert abs(float(x.std()) - 1) < 2e-3
    found = load_digits()
    assert data.labels.tolist() == found.target.tolist()
    np.testing.assert_array_equal(np.round(data.pixels[:, 0, 1::2, ::2].double().numpy() * 16 / 255), found.images)


def batch(n: int, seed: int, protocol: int, key: type = bytes, **other: Any) -> tuple[bytes, np.ndarray, list[int]]:
    """A batch as CIFAR-10's authors pickle it."""
    rng = np.random.default_rng(seed)
    pixels, labels = rng.integers(0, 256, (n, 3072), dtype=np.uint8), [int(k) for k in rng.integers(0, 10, n)]
    content = {"batch_label": "one", "labels": labels, "data": pixels, "filenames": ["a.png"] * n} | other
    made = {name.encode() if key is bytes else name: value for name, value in content.items()}
    return pickle.dumps(made, protocol=protocol), pixels, labels


@given(st.integers(1, 6), st.integers(0, 2**32), st.integers(0, 5), st.sampled_from([bytes, str]))
@settings(max_examples=40)
def test_batches_of_every_python(tmp_path_factory: Any, n: int, seed: int, protocol: int, key: type) -> None:
    """Catches a pickle protocol that the reader does not know, and pixels in another order."""
    file = tmp_path_factory.getbasetemp() / "batch"
    content, pixels, labels = batch(n, seed, protocol, key)
    file.write_bytes(content)
    found, numbers = read_batch(file)
    np.testing.assert_array_equal(found, pixels.reshape(n, 3, 32, 32))
    assert numbers.tolist() == labels


def test_batches_as_python_2_wrote_them(tmp_path: Path) -> None:
    """Catches the original files, whose strings are bytes and whose NumPy is called numpy.core."""
    raw = bytes(range(256)) * 12
    file = tmp_path / "batch"
    file.write_bytes(
        b"\x80\x02}(U\x04datacnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
        b"(K\x01K\x01M\x00\x0c\x86cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
        b"\x89T\x00\x0c\x00\x00" + raw + b"tbU\x06labels](K\x07eu."
    )
    pixels, labels = read_batch(file)
    assert pixels.tobytes() == raw
    assert labels.tolist() == [7]


class Evil:
    def __init__(self, *what: Any) -> None:
        self.what = what

    def __reduce__(self) -> Any:
        return self.what


def test_batches_that_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches a pickle that runs code or builds pointers, and damage that ends in a traceback."""
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "batch"
    evil = [
        Evil(os.mkdir, ("evil",)),
        Evil(np.ndarray, ((1,), "O", b"A" * 8)),
        Evil(eval, ("1",)),
        np.zeros((2, 3072)),
        np.zeros((2, 3072), dtype=object),
    ]
    contents = [batch(2, 0, 2, data=one)[0] for one in evil]
    whole = batch(2, 0, 2)[0]
    contents += [whole[:-900], b"", b"no pickle", pickle.dumps([1]), pickle.dumps({b"data": 1, b"labels": [1]})]
    contents += [batch(2, 0, 2, data=np.zeros((2, 3071), np.uint8))[0], batch(2, 0, 2, labels=[1, 10])[0]]
    contents += [batch(2, 0, 2, labels=[1])[0], batch(2, 0, 2, labels=["cat", "dog"])[0]]
    for content in contents:
        file.write_bytes(content)
        with pytest.raises(ValueError, match="is no CIFAR-10 batch"):
            read_batch(file)
    assert not (tmp_path / "evil").exists()
    with pytest.raises(ValueError, match="is no CIFAR-10 batch"):
        read_batch(tmp_path / "nowhere")


def write_folder(path: Path, part: str, counts: int, size: tuple[int, int] = (32, 32)) -> None:
    """`part/<class>/NNNN.png`; the red of an image is its class, the green its number."""
    for k, name in enumerate(images.CIFAR_CLASSES):
        (path / part / name).mkdir(parents=True)
        for i in range(counts):
            Image.new("RGB", size, (k, i, 200)).save(path / part / name / f"{i:04}.png")


def test_cifar_in_both_forms(tmp_path: Path) -> None:
    """Catches labels that do not belong to their images, the wrong part, and a `per_class` that takes the last ones."""
    write_folder(tmp_path / "folder", "test", 3)
    found = images.cifar10(tmp_path / "folder", "test", per_class=2)
    assert len(found) == 20
    assert found.classes == images.CIFAR_CLASSES
    assert torch.equal(found.pixels[:, 0, 5, 6].long(), found.labels)
    assert found.pixels[:, 1, 0, 0].unique().tolist() == [0, 1]
    inner = tmp_path / "batches" / images.CIFAR_FOLDER
    inner.mkdir(parents=True)
    pixels, labels = [], []
    for i in range(1, 6):
        content, some, numbers = batch(40, i, 2)
        (inner / f"data_batch_{i}").write_bytes(content)
        pixels.append(some)
        labels += numbers
    for path in (inner, inner.parent):
        found = images.cifar10(path, "train")
        assert found.labels.tolist() == labels
        np.testing.assert_array_equal(found.pixels.flatten(1).numpy(), np.concatenate(pixels))
    few = images.cifar10(inner, "train", per_class=3)
    assert torch.bincount(few.labels).tolist() == [3] * 10
    first = [i for i in range(200) if labels[:i].count(labels[i]) < 3]
    np.testing.assert_array_equal(few.pixels.flatten(1).numpy(), np.concatenate(pixels)[first])
    mean = torch.tensor(IMAGENET_MEAN).float()
    red = (few.pixels[:2, 0].float() / 255 - mean[0]) / IMAGENET_SD[0]
    torch.testing.assert_close(few.x(slice(2))[:, 0], red.float())


@pytest.mark.parametrize("suffix", ["tar", "tar.gz"])
def test_cifar_as_an_archive(suffix: str, tmp_path: Path) -> None:
    """Catches images of the other part, ones in another order than the folders', and a damaged archive's traceback."""
    for part, counts in (("train", 2), ("test", 3)):
        write_folder(tmp_path / "folder", part, counts)
    path = tmp_path / f"cifar.{suffix}"
    with tarfile.open(path, "w:gz" if suffix.endswith("gz") else "w") as tar:
        for part in ("train", "test"):
            tar.add(tmp_path / "folder" / part, part)
    for part, per_class in (("train", None), ("test", 2)):
        found, wanted = (images.cifar10(place, part, per_class) for place in (path, tmp_path / "folder"))
        assert torch.equal(found.pixels, wanted.pixels)
        assert torch.equal(found.labels, wanted.labels)
        assert found.source == str(path)
    damaged = path.read_bytes()[: path.stat().st_size // 2]
    for content in (damaged, b"no archive"):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"cifar\.tar.* cannot be unpacked|is not CIFAR-10|every class needs one"):
            images.cifar10(path)


def archive(path: Path, *members: tuple[str, bytes | tarfile.TarInfo], **options: Any) -> Path:
    """A tar archive of files by name and content, or of members of another kind."""
    with tarfile.open(path, "w:gz", **options) as tar:
        for name, content in members:
            info = content if isinstance(content, tarfile.TarInfo) else tarfile.TarInfo(name)
            info.name = name
            if isinstance(content, bytes):
                info.size = len(content)
            tar.addfile(info, io.BytesIO(content) if isinstance(content, bytes) else None)
    return path


def link(kind: bytes, target: str) -> tarfile.TarInfo:
    """A link of an archive."""
    info = tarfile.TarInfo()
    info.type, info.linkname = kind, target
    return info


def test_archives_that_are_hostile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches a traceback, a full disk or memory, a wait, a link that leads out, and a message without the archive."""
    monkeypatch.setattr(archives, "LARGEST", 1 << 20)
    monkeypatch.setattr(archives, "MOST", 8)
    cat = "test/cat/a.png"
    long = {"comment": "x" * (2 << 20)}
    for name, words, members, options in (
        ("dangling", "has a link to what it does not hold", [(cat, link(tarfile.LNKTYPE, "test/gone.png"))], {}),
        ("outside", "cannot be unpacked", [(cat, link(tarfile.SYMTYPE, "/etc/passwd"))], {}),
        ("nowhere", r"test/cat/a\.png is a link that leads nowhere", [(cat, link(tarfile.SYMTYPE, "b.png"))], {}),
        ("pipe", "cannot be unpacked", [(cat, link(tarfile.FIFOTYPE, ""))], {}),
        ("heavy", "unpacks to more than 1,048,576 bytes or 8 files", [(cat, bytes(2 << 20))], {}),
        ("unnamed", "unpacks to more than 1,048,576 bytes or 8 files", [("b", bytes(2 << 20)), (cat, b"")], {}),
        ("many", "unpacks to more than 1,048,576 bytes or 8 files", [(f"test/cat/{k}", b"") for k in range(9)], {}),
        ("header", "unpacks to more than 1,048,576 bytes or 8 files", [(cat, b"")], {"pax_headers": long}),
        ("damaged", r"test/cat/a\.png is not a readable image", [(cat, b"no image")], {}),
    ):
        path = archive(tmp_path / f"{name}.tar.gz", *members, **options)
        with pytest.raises(ValueError, match=words) as refusal:
            images.cifar10(path)
        assert str(refusal.value).startswith(str(path)), name


def test_classes_are_read_as_other_folders_are(tmp_path: Path) -> None:
    """Catches hidden folders that pass for classes, thumbnails for images, and depth that wraps round in a byte."""
    write_folder(tmp_path, "test", 2)
    (tmp_path / "test" / ".cache").mkdir()
    cat = tmp_path / "test" / "cat"
    (cat / "._0000.png").write_bytes(b"\0\5\x16\7")
    assert len(images.cifar10(tmp_path)) == 20
    with_alpha = Image.new("RGBA", (32, 32), (3, 1, 200, 0))
    with_alpha.putpixel((0, 0), (3, 1, 200, 255))
    with_alpha.save(cat / "0001.png")
    found = images.cifar10(tmp_path).pixels[7]
    assert found[:, 0, 0].tolist() == [3, 1, 200]
    assert found[:, 5, 5].tolist() == [255, 255, 255]
    Image.fromarray(np.full((32, 32), 300, np.uint16)).save(cat / "0001.png")
    with pytest.raises(ValueError, match=r"0001\.png has more than 8 bits a channel; save it with 8"):
        images.cifar10(tmp_path)
    (cat / "0001.png").unlink()
    os.mkfifo(cat / "0001.png")
    with pytest.raises(ValueError, match=r"0001\.png is a pipe or device, not a file"):
        images.cifar10(tmp_path)


def test_batches_that_cannot_be_waited_for(tmp_path: Path) -> None:
    """Catches a pipe that is waited for, and gigabytes that are read into memory."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ValueError, match=r"is no CIFAR-10 batch .*pipe or device"):
        read_batch(tmp_path / "pipe")
    with (tmp_path / "hole").open("wb") as file:
        file.truncate(10**9 + 1)
    with pytest.raises(ValueError, match=r"is no CIFAR-10 batch .*more than 1,000,000,000 bytes"):
        read_batch(tmp_path / "hole")


@given(SIDES, SIDES, st.sampled_from([np.uint8, np.uint16, np.float32]), st.integers(8, 40), st.integers(0, 2**32))
@settings(max_examples=30)
def test_crops_do_not_depend_on_how_an_image_is_kept(h: int, w: int, depth: type, size: int, seed: int) -> None:
    """Catches bytes whose quotients are rounded otherwise than float64's: the crops are the same to the bit."""
    rng = np.random.default_rng(seed)
    white = {np.uint8: 255, np.uint16: 65535}.get(depth, 1)
    kept = (rng.random((h, w, 3 if depth is np.uint8 else 1)) * white).astype(depth)
    whole = np.repeat(kept.astype(float) / white, 3 // kept.shape[2], axis=2)
    one, other = (images.normalise(images.cropped(image, size, np.random.default_rng(seed))) for image in (kept, whole))
    assert torch.equal(one, other)


def test_folders_that_are_not_cifar(tmp_path: Path) -> None:
    """Catches an error that does not say what is missing."""
    with pytest.raises(ValueError, match="is not CIFAR-10; expected cifar-10-batches-py or test/<class>"):
        images.cifar10(tmp_path)
    with pytest.raises(ValueError, match="parts train and test, got 'val'"):
        images.cifar10(tmp_path, "val")
    (tmp_path / "train").mkdir()
    with pytest.raises(ValueError, match="has no folders; expected one for every class"):
        images.cifar10(tmp_path, "train")
    (tmp_path / "train" / "cat").mkdir()
    with pytest.raises(ValueError, match=r"no image in .*cat; every class needs one"):
        images.cifar10(tmp_path, "train")
    Image.new("RGB", (32, 32)).save(tmp_path / "train" / "cat" / "a.png")
    with pytest.raises(ValueError, match="is not CIFAR-10; expected a folder of 32×32 images for every class"):
        images.cifar10(tmp_path, "train")
    write_folder(tmp_path, "test", 1, (30, 32))
    with pytest.raises(ValueError, match="is not CIFAR-10; expected a folder of 32×32 images"):
        images.cifar10(tmp_path)
    Image.new("RGB", (32, 30)).save(tmp_path / "test" / "cat" / "b.png")
    with pytest.raises(ValueError, match=r"cat.b\.png has another size than the first image"):
        images.cifar10(tmp_path)
    (tmp_path / "test" / "airplane" / "0000.png").write_bytes(b"no image")
    with pytest.raises(ValueError, match="is not a readable image"):
        images.cifar10(tmp_path)


@pytest.mark.data
@pytest.mark.skipif(DATA is None, reason="NFRLAB_DATA names no folder of development images")
def test_imagenet_photographs_are_prepared_as_usual() -> None:
    """Catches a preparation that is right for noise only: every tenth photograph of the sample against Pillow."""
    for file in sorted((Path(str(DATA)) / "imagenet-sample").iterdir())[::10]:
        with Image.open(file) as opened:
            image = np.asarray(opened.convert("RGB"))
        found, wanted = images.prepare(image / 255.0).numpy(), torchvisions_way(image, 224)
        assert np.abs((found - wanted)[0].transpose(1, 2, 0) * IMAGENET_SD * 255).max() < 1.6
