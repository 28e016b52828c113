"""`nfrlab decisions` and `nfrlab failures` from outside: a user's network, photographs and labels, and a backdoor."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from PIL import Image

torch = pytest.importorskip("torch")

from nfrlab.simulations.bridge import labelled
from nfrlab.simulations.bridge.sources import Sources
from nfrlab.simulations.deep.backdoors import attacking
from nfrlab.simulations.deep.inputs import images
from nfrlab.simulations.deep.networks import checkpoints, models, weights
from nfrlab.simulations.sealed import read_dataset
from nfrlab.verify.commands.parts import backdoors
from nfrlab.verify.commands.parts.backdoors import Training
from nfrlab.verify.examine.decisions import BACKDOORS
from tests.support.cifar import write_cifar
from tests.verify.test_cli import in_process

NETWORK = """
import torch
from torch import nn

def build():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, stride=2), nn.ReLU(), nn.Conv2d(8, 16, 3, stride=2), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 4),
    )
"""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a network, eight photographs and their classes; no NFRLAB_DATA."""
    rng = np.random.default_rng(0)
    (tmp_path / "net.py").write_text(NETWORK)
    (tmp_path / "eight-photos").mkdir()
    for i in range(8):
        Image.fromarray(rng.integers(256, size=(40, 48, 3), dtype=np.uint8)).save(
            tmp_path / "eight-photos" / f"{i}.png"
        )
    (tmp_path / "eight-labels.csv").write_text("".join(f"{i}.png,{i % 4}\n" for i in range(8)))
    monkeypatch.delenv("NFRLAB_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    torch.set_num_threads(1)
    return tmp_path


OWN = (
    "--model",
    "net.py:build",
    "--images",
    "eight-photos",
    "--labels",
    "eight-labels.csv",
    "--size",
    "32",
    "--out",
    "out",
)


def stored(folder: Path, name: str) -> xr.Dataset:
    """What a command left."""
    found = read_dataset(folder / "out" / "bridge" / f"{name}.nc")
    assert found is not None
    return found


def test_a_users_network_is_measured_on_its_photographs(own: Path) -> None:
    """Catches photographs without their classes, classes of other files, numbers that are not stored or not printed,
    and a command that cannot be typed again.
    """
    done = in_process("decisions", *OWN, "--quick")
    assert done.exit_code == 0, done.stderr
    data = stored(own, "decisions-net_build")
    assert data.sizes["image"] == 8
    assert sorted(data["label"].values.tolist()) == [0, 0, 1, 1, 2, 2, 3, 3]
    given = "--model net.py:build --images eight-photos --labels eight-labels.csv --rule gbp --size 32"
    assert data.attrs["command"] == f"nfrlab decisions --quick --seed 0 {given}"
    told = [data.attrs[name] for name in ("title", "weights", "checkpoint")]
    assert told == ["net_build, as built", "built", "as built"]
    right = (data["decided"] == data["label"]).values
    assert np.array_equal(data["right"].values == 1, right)
    assert f"{right.mean():.1%} of 8 decisions are right" in done.stdout
    for words in ("largest probability", "S of edges", "S where is kept: insertion-abs", "RISE deletion"):
        assert words in done.stdout
    np.testing.assert_allclose(data["s_fed"].sel(input="image"), 1, atol=2e-3)


def test_failures_are_followed_and_drawn(own: Path) -> None:
    """Catches images that are right among the failures, layers that are not there, and a sheet that is not drawn."""
    done = in_process("failures", *OWN)
    assert done.exit_code in (0, 1), done.stderr
    data = stored(own, "failures-net_build")
    assert data["kept"].sizes["layer"] == len(data["layer"]) == 3
    assert "cosine of two classes" in done.stdout
    assert (own / "out" / "bridge" / "figures" / "failures-net_build.png").stat().st_size > 10_000
    assert "fig-7-failures" in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("decisions", "--model", "vgg19"), "unknown --model 'vgg19'"),
        (("decisions", "--model", "resnet20"), "photographs are needed: --images FOLDER"),
        (("decisions", "--model", "cifar"), "needs CIFAR-10's images"),
        (("decisions", "--model", "net.py:build", "--images", "eight-photos"), "has a known class; give --labels FILE"),
        (("failures", "--count", "-1"), "--count"),
        (("decisions", "--rule", "gpb", "--quick"), "gpb"),
    ],
)
def test_what_cannot_be_measured_is_refused(own: Path, words: tuple[str, ...], said: str) -> None:
    """Catches a traceback, and a refusal that does not say what to do."""
    done = in_process(*words, "--out", "out")
    assert (done.exit_code, said in done.stderr) == (2, True), done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_images_come_in_random_order_with_their_classes() -> None:
    """Catches images sorted by class, whose neighbours are of one class, and labels of other images."""
    data = labelled.images_for("digits", Sources(Path("none")), 0, 16)
    assert len(data.y) == 397
    assert len(set(data.y[:30].tolist())) > 5
    digits = images.digits()
    for i in range(5):
        (same,) = torch.nonzero((digits.x() == data.x(torch.tensor([i]))).flatten(1).all(1))[:1, 0].tolist()
        assert int(digits.labels[same]) == int(data.y[i])
    again = labelled.images_for("digits", Sources(Path("none")), 0, 16)
    assert torch.equal(again.y, data.y)
    assert not torch.equal(labelled.images_for("digits", Sources(Path("none")), 1, 16).y, data.y)


def test_objects_are_looked_for_where_masks_say(own: Path) -> None:
    """Catches masks of other images, dark for bright, and a share that is not held against chance."""
    (own / "eight-masks").mkdir()
    for i in range(8):
        mask = np.zeros((40, 48), dtype=np.uint8)
        mask[:, 24:] = 255
        Image.fromarray(mask).save(own / "eight-masks" / f"{i}.png")
    done = in_process("failures", *OWN, "--masks", "eight-masks")
    assert done.exit_code in (0, 1), done.stderr
    shares = stored(own, "failures-net_build")["on_object"]
    assert float(shares.min()) > 0.5
    assert float(shares.max()) < 2.01  # half of the pixels: twice at most
    assert "share on the object" in done.stdout
    (own / "eight-masks").rename(own / "seven-masks")
    (own / "seven-masks" / "3.png").unlink()
    done = in_process("failures", *OWN, "--masks", "seven-masks")
    assert (done.exit_code, "has no mask for" in done.stderr) == (2, True)


def test_photographs_of_imagenet_are_known_by_their_names(tmp_path: Path) -> None:
    """Catches a list that is read without its numbers, and a class by the order of the files."""
    (tmp_path / "imagenet-classes.txt").write_text("0\tn01440764\ttench\n7\tn01514668\tcock\n")
    names = ["n01514668_cock.JPEG", "n01440764_tench.JPEG", "cat.jpg"]
    found = labelled.imagenet_labels(tmp_path / "sample", names)
    assert found == {"n01514668_cock.JPEG": 7, "n01440764_tench.JPEG": 0}


def test_networks_with_a_backdoor_are_measured_with_their_trigger(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches a trigger of another network, images that are poisoned and counted as clean, and counts of the training
    that are lost.
    """
    write_cifar(own / "data", 2)
    monkeypatch.setenv("NFRLAB_DATA", str(own / "data"))
    bridge = own / "out" / "bridge"
    bridge.mkdir(parents=True)
    for seed, kind in enumerate(("badnet", "wanet")):
        training = Training(kind, 2, seed, 1, 0.1)
        module = models.small_resnet18(2)
        weights.randomise(module, "gaussian", np.random.SeedSequence(seed))
        origin = {"training": training.words, "clean": "[9, 10]", "success": "[8, 9]"}
        path = bridge / f"{training.name}.safetensors"
        path.write_bytes(checkpoints.sealed(module.state_dict(), origin))
        attack = attacking.made(kind, seed)
        trigger = bridge / f"{training.name}.trigger.safetensors"
        trigger.write_bytes(checkpoints.sealed(attack.state_dict(), origin))
    done = in_process("decisions", "--model", "digits", "--count", "6", "--out", "out")
    assert done.exit_code == 0, done.stderr
    data = stored(own, BACKDOORS)
    assert data["attack"].values.tolist() == ["badnet", "wanet"]
    assert data["scratch"].values.tolist() == [True, True]
    assert data["counted"].sel(outcome="success").values.tolist() == [[8, 9], [8, 9]]
    np.testing.assert_allclose(data["pixels"].isel(model=0), 9 / 1024, atol=2e-3)
    assert float((data["s"] - data["s_clean"]).std()) > 0
    assert json.loads(data.attrs["setting"]) == {"side": 32}
    assert "resnet18-w2-wanet-scratch-seed1" in done.stdout
    assert backdoors.SIDE == 32
