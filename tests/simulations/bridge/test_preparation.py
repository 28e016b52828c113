"""How photographs become what a network reads, and which class is explained."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

torch = pytest.importorskip("torch")

from nfrlab.simulations.bridge import populations
from nfrlab.simulations.bridge.preparation import Preparation, own_function
from nfrlab.simulations.bridge.run import Part
from nfrlab.simulations.bridge.settings import Setting
from nfrlab.simulations.bridge.sources import Draw, Sources
from nfrlab.simulations.deep.inputs import images

SEED = np.random.SeedSequence(3)
DRAW = Draw(Setting("some-gaussian", "vgg16", side=16), 0, 0, Sources(Path("nowhere")))
OWN = """
import numpy, torch

def plain(image):
    assert image.mode == "RGB"
    pixels = torch.from_numpy(numpy.array(image)).float()
    return pixels.permute(2, 0, 1)[:, :8, :9] / 255

def noisy(image):
    return plain(image)[None] + torch.rand(3, 8, 9)

def whole(image):
    return torch.zeros(3, 4, 4, dtype=torch.uint8)

def several(image):
    return torch.zeros(2, 3, 4, 4)

def stops(image):
    raise SystemExit(0)

seven = 7
"""


def photograph(h: int = 40, w: int = 50) -> np.ndarray:
    """Noise in bytes."""
    return np.random.default_rng(0).integers(0, 256, (h, w, 3), dtype=np.uint8)


def test_by_default_it_is_imagenets() -> None:
    """Catches numbers of earlier runs that change where nothing was asked for: the same crop, to the last bit."""
    expected = images.normalise(images.cropped(photograph(), 24, np.random.default_rng(SEED)))
    assert torch.equal(Preparation()(photograph(), 24, SEED), expected)


@given(
    st.tuples(*[st.floats(-1, 1)] * 3),
    st.tuples(*[st.floats(0.1, 2)] * 3),
    st.booleans(),
)
@settings(max_examples=20)
def test_mean_and_sd_are_those_that_were_asked_for(mean: tuple[float, ...], sd: tuple[float, ...], one: bool) -> None:
    """Catches a channel with another's mean, and one number that is not taken for all channels."""
    mean, sd = (mean[:1], sd[:1]) if one else (mean, sd)
    x = Preparation(mean, sd)(photograph(), 24, SEED)
    back = x * torch.tensor(sd)[:, None, None] + torch.tensor(mean)[:, None, None]
    crop = images.cropped(photograph(), 24, np.random.default_rng(SEED))
    torch.testing.assert_close(back, crop, atol=1e-5, rtol=0)


def test_grey_is_what_pillow_calls_grey() -> None:
    """Catches another weighting of the colours, and a channel too many."""
    image = photograph(32, 32)
    x = Preparation((0.0,), (1.0,), channels=1)(image, 28, SEED)
    assert x.shape == (1, 1, 28, 28)
    grey = np.asarray(Image.fromarray(image).convert("L"))
    expected = images.cropped(np.repeat(grey[..., None], 3, axis=2), 28, np.random.default_rng(SEED))[:, :1]
    assert (x - expected).abs().max() < 1.5 / 255


@pytest.mark.parametrize(
    "wrong", [{"mean": (0.5, 0.5)}, {"sd": (1.0, 0.0, 1.0)}, {"mean": (np.nan,) * 3}, {"channels": 1}]
)
def test_what_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    """Catches a division by zero, and numbers for other channels than there are."""
    with pytest.raises(ValueError, match="--mean"):
        Preparation(**wrong)


@pytest.fixture
def own(tmp_path: Path) -> str:
    """A user's file with functions of images."""
    own_function.cache_clear()
    (tmp_path / "prepare.py").write_text(OWN)
    return f"{tmp_path / 'prepare.py'}:"


def test_a_function_does_all_of_it(own: str) -> None:
    """Catches a crop, a mean or a resize that is added to what a user's function does."""
    x = Preparation(function=f"{own}plain")(photograph(), 24, SEED)
    assert torch.equal(x[0], torch.from_numpy(photograph()[:8, :9]).permute(2, 0, 1) / 255)


def test_what_is_random_in_a_function_is_drawn_from_the_seed(own: str) -> None:
    """Catches draws that cannot be made again, and ones that are all alike."""
    noisy = Preparation(function=f"{own}noisy")
    once, again, other = (noisy(photograph(), 24, np.random.SeedSequence(seed)) for seed in (1, 1, 2))
    assert torch.equal(once, again)
    assert not torch.equal(once, other)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("whole", "tensor .C, H, W. of floats"),
        ("several", "2 images for one"),
        ("stops", "SystemExit"),
        ("seven", "has to be a function"),
        ("absent", "absent"),
    ],
)
def test_a_function_that_makes_no_image_is_named(name: str, said: str, own: str) -> None:
    """Catches a traceback out of a user's file, silence where it ends the program, and bytes taken for an image."""
    with pytest.raises(ValueError, match=said):
        Preparation(function=own + name)(photograph(), 24, SEED)


def test_what_was_measured_is_kept_by_how_images_are_read(own: str, tmp_path: Path) -> None:
    """Catches yesterday's numbers for a changed mean, a changed function, or a changed class."""
    usual = Part(DRAW, "code").identity
    found = [usual]
    for changed in (
        replace(DRAW, sources=replace(DRAW.sources, preparation=Preparation((0.5,), (0.5,)))),
        replace(DRAW, sources=replace(DRAW.sources, preparation=Preparation(function=f"{own}plain"))),
        replace(DRAW, setting=replace(DRAW.setting, target="top-2")),
    ):
        found.append(Part(changed, "code").identity)
    (tmp_path / "prepare.py").write_text(OWN.replace("/ 255", "/ 254"))
    own_function.cache_clear()  # as a new process would begin
    populations.read_as.cache_clear()
    edited = replace(DRAW, sources=replace(DRAW.sources, preparation=Preparation(function=f"{own}plain")))
    assert len({*found, Part(edited, "code").identity}) == 5


# Which class


OUTPUTS = torch.tensor([[0.3, -1.0, 2.0, 0.7]])


@pytest.mark.parametrize(("target", "k"), [("top", None), ("top-2", 3), ("top-4", 1), ("0", 0), ("3", 3)])
def test_the_class_is_the_one_that_was_asked_for(target: str, k: int | None) -> None:
    """Catches places counted from 0, or classes counted from 1."""
    found = populations.target_classes(replace(DRAW, setting=replace(DRAW.setting, target=target)), OUTPUTS)
    assert (None if found is None else found.tolist()) == (None if k is None else [k])


@pytest.mark.parametrize("target", ["top-5", "4"])
def test_a_class_that_is_not_there_is_refused(target: str) -> None:
    """Catches an IndexError, or another class in its place."""
    with pytest.raises(ValueError, match=r"outputs|the network has 4"):
        populations.target_classes(replace(DRAW, setting=replace(DRAW.setting, target=target)), OUTPUTS)


def test_the_true_class_is_the_images(tmp_path: Path) -> None:
    """Catches the class of another image of a folder, and of another digit."""
    folder, labels = tmp_path / "images", tmp_path / "labels.csv"
    folder.mkdir()
    for i in range(5):
        Image.fromarray(photograph()).save(folder / f"photo {i}.png")
    labels.write_text("".join(f"photo {i}.png{comma} {10 * i}\n" for i, comma in enumerate(",;\t,;")))
    sources = Sources(tmp_path / "out", images=folder, labels=labels)
    for index in range(7):
        draw = replace(DRAW, index=index, sources=sources)
        assert populations.true_class(draw) == 10 * populations.image_number(draw)
    digit = replace(DRAW, setting=Setting("digits-gaussian", "digits", side=16), index=3)
    assert populations.true_class(digit) == int(images.digits().labels[populations.image_number(digit)])


@pytest.mark.parametrize(
    ("text", "said"),
    [("a.png\n", "line 1"), ("a.png,1\n\nb.png,one\n", "line 3"), ("a.png,1\na.png,2\n", "two classes")],
)
def test_labels_that_say_nothing_clear_are_refused(text: str, said: str, tmp_path: Path) -> None:
    """Catches a class that is guessed."""
    (tmp_path / "labels.csv").write_text(text)
    with pytest.raises(ValueError, match=said):
        populations.labels_in(tmp_path / "labels.csv")
