"""VGG16 learns CIFAR-10: the training on a small VGG and digits, and `nfrlab train` from outside."""

from __future__ import annotations

import shutil
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")

from safetensors import safe_open
from safetensors.torch import load_file, save_file

from nfrlab.simulations.bridge.settings import plan
from nfrlab.simulations.deep.inputs import images
from nfrlab.simulations.deep.networks import checkpoints, learning, models, weights
from nfrlab.verify.commands import train
from nfrlab.verify.commands.parts import epochs
from nfrlab.verify.commands.parts.deep_options import LEARNED, training_side
from nfrlab.verify.commands.parts.epochs import print_epoch
from tests.verify.test_cli import in_process

PLAN = (8, models.POOL, 16, models.POOL)


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def small_network(channels: int, norm: bool) -> models.VGG:
    """A VGG of three layers."""
    module = models.VGG(PLAN, (16,), 10, channels, pool=2, bias=True, norm=norm).eval()
    weights.randomise(module, "gaussian", np.random.SeedSequence(1))
    return module


def few(number: int) -> images.Labelled:
    """The first digits."""
    whole = images.digits()
    return replace(whole, pixels=whole.pixels[:number], labels=whole.labels[:number])


def test_training_learns_and_is_repeatable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches a loss that does not fall, labels that miss their images, and random numbers that are not the seed's."""
    monkeypatch.setattr(learning, "BATCH", 50)
    monkeypatch.setattr(learning, "RATE", 0.1)
    monkeypatch.setattr(learning, "varied", lambda x, rng: x)
    found, accuracies = [], []
    for seed in (0, 0, 1):
        module = small_network(1, norm=True)
        epochs = list(learning.fit(module, few(1500), few(1500), 4, seed))
        found.append(torch.cat([p.detach().flatten() for p in module.parameters()]))
        accuracies.append([epoch.accuracy for epoch in epochs])
        assert [epoch.number for epoch in epochs] == [1, 2, 3, 4]
        assert epochs[-1].loss < 0.5 * epochs[0].loss
    assert accuracies[0][-1] > 0.8  # a tenth by chance
    assert torch.equal(found[0], found[1])
    assert not torch.equal(found[0], found[2])


def test_training_that_diverges_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches a network of NaN that is kept."""
    monkeypatch.setattr(learning, "RATE", 1e30)
    with pytest.raises(ValueError, match="diverged in epoch"):
        list(learning.fit(small_network(1, norm=True), few(500), few(10), 3, 0))


def test_folded_networks_are_the_same_function() -> None:
    """Catches weights on the wrong layer, a batch normalisation left out and a bias forgotten."""
    module = small_network(1, norm=True)
    list(learning.fit(module, few(500), few(10), 1, 0))
    plain = learning.folded(module.eval(), small_network(1, norm=False), few(1).x())
    assert not any(isinstance(part, torch.nn.BatchNorm2d) for part in plain.modules())
    x = few(200).x()
    with torch.no_grad():
        torch.testing.assert_close(plain(x), module(x), rtol=1e-4, atol=1e-4)


def test_images_are_flipped_and_shifted_and_nothing_else() -> None:
    """Catches one shift for a whole batch, pixels that wrap around, channels shifted apart, and shifts that are too
    large or never occur.
    """
    x = torch.zeros(400, 2, 16, 16)
    x[:, 0, 7, 5], x[:, 1, 7, 5] = 1, 2
    found = learning.varied(x, torch.Generator().manual_seed(0))
    assert found.shape == x.shape
    assert torch.equal(found[:, 1], 2 * found[:, 0])
    assert torch.equal(found[:, 0].sum(dim=(1, 2)), torch.ones(400))
    _, row, column = torch.nonzero(found[:, 0], as_tuple=True)
    assert set(row.tolist()) == set(range(3, 12))
    assert set(column.tolist()) == set(range(1, 15))  # 5 ± 4, and flipped 10 ± 4
    edge = torch.ones(50, 1, 16, 16)
    moved = learning.varied(edge, torch.Generator().manual_seed(0))
    assert float(moved.min()) == 0


def test_batches_hold_every_image_once_enlarged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches images seen twice, labels in another order, and a size that is not asked for."""
    monkeypatch.setattr(learning, "varied", lambda x, rng: x)
    data = replace(few(500), side=32)
    found = list(learning.batches(data, torch.Generator().manual_seed(0)))
    assert [tuple(x.shape) for x, _, _ in found] == [(250, 1, 32, 32)] * 2
    assert not torch.equal(torch.cat([y for _, y, _ in found]), data.labels)
    seen = {(int(y), x.sum().item()) for xs, ys, _ in found for x, y in zip(xs, ys, strict=True)}
    assert seen == {(int(y), x.sum().item()) for x, y in zip(data.x(), data.labels, strict=True)}


def test_enlarged_images_are_bilinear() -> None:
    """Catches images left small, and corners that move: a constant stays, a ramp stays a ramp inside."""
    ramp = torch.arange(32.0).expand(1, 1, 32, 32)
    data = replace(few(1), side=224)
    wide = data.enlarged(ramp)
    assert wide.shape == (1, 1, 224, 224)
    torch.testing.assert_close(wide[0, 0, :, 3::7], ramp[0, 0, :1].expand(224, 32))
    assert torch.equal(few(1).enlarged(ramp), ramp)


# The command


@pytest.fixture
def cifar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """NFRLAB_DATA with two images of every class and part, and networks that are quick to train."""
    for k, name in enumerate(images.CIFAR_CLASSES):
        for part in ("train", "test"):
            folder = tmp_path / "data" / "cifar10" / part / name
            folder.mkdir(parents=True)
            for i in range(2):
                Image.new("RGB", (32, 32), (25 * k, 0, 100 * i)).save(folder / f"{i:04}.png")
    monkeypatch.setenv("NFRLAB_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(models, "vgg16_bn", lambda classes: small_network(3, norm=True))
    monkeypatch.setattr(models, "vgg16", lambda classes: small_network(3, norm=False))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_what_was_learned_is_kept_with_its_origin(cifar: Path) -> None:
    """Catches a checkpoint that is not what was measured, and one of which nobody can say where it comes from."""
    done = in_process("train", "--size", "40", "--epochs", "2", "--device", "cpu", "--seed", "3", "--out", "out")
    assert (done.exit_code, done.stderr) == (0, "")
    path = cifar / "out" / "bridge" / LEARNED[0]
    with safe_open(path, framework="numpy") as file:
        origin = file.metadata()
    assert (origin["side"], origin["epochs"], origin["seed"], origin["images"]) == ("40", "2", "3", "cifar10")
    module = small_network(3, norm=False)
    module.load_state_dict(load_file(path))
    test = replace(images.cifar10(cifar / "data" / "cifar10"), side=40)
    right = (module(test.x()).argmax(dim=1) == test.labels).double().mean()
    assert float(origin["accuracy"]) == float(right)
    assert f"accuracy on the test images: {100 * right:.2f} %" in done.stdout
    assert done.stdout.count("epoch ") == 2
    assert training_side(path) == 40


def test_a_training_that_stops_goes_on_where_it_was(cifar: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches epochs that are lost to Ctrl-C or trained again, other weights after it, a finished training that is lost
    to a full disk, and epochs that are taken for those of another seed.
    """
    arguments = ("train", "--size", "32", "--epochs", "3", "--device", "cpu")
    assert in_process(*arguments, "--out", "whole").exit_code == 0
    usual = print_epoch
    with monkeypatch.context() as patched:

        def interrupt(number: int, loss: float, accuracy: float) -> None:
            usual(number, loss, accuracy)
            if number == 2:
                raise KeyboardInterrupt

        patched.setattr(epochs, "print_epoch", interrupt)
        done = in_process(*arguments, "--out", "out")
    assert (done.exit_code, done.stderr) == (
        130,
        "nfrlab: interrupted; finished epochs are kept, the same command resumes\n",
    )
    other = in_process(*arguments, "--seed", "1", "--out", "out")
    assert (other.exit_code, other.stdout.count("epoch ")) == (0, 3)
    with monkeypatch.context() as patched:

        def full(path: Path, content: bytes) -> None:
            raise OSError(28, "No space left on device")

        patched.setattr(train, "write_atomically", full)
        done = in_process(*arguments, "--out", "out")
    told = f"nfrlab: cannot write to out/bridge: No space left on device; {epochs.KEPT}\n"
    assert (done.exit_code, done.stderr, done.stdout.count("epoch ")) == (2, told, 1)
    done = in_process(*arguments, "--out", "out")
    assert (done.exit_code, done.stderr, done.stdout.count("epoch ")) == (0, "", 0)
    for name in LEARNED:
        trained = [(cifar / out / "bridge" / name).read_bytes() for out in ("out", "whole")]
        assert sha256(trained[0]).hexdigest() == sha256(trained[1]).hexdigest()
    assert not (cifar / "out" / "bridge" / "epochs").exists()


def test_a_disk_without_the_space_is_refused_before_the_training(cifar: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches a training that nobody can store."""
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1000))
    done = in_process("train", "--size", "32", "--epochs", "3", "--out", "out")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "has 0.0 MiB of disk left, the training will take some" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_changed_checkpoint_of_ours_is_not_believed(cifar: Path) -> None:
    """Catches a bit of a weight that has turned over on the disk, and safetensors of others that are refused."""
    module = small_network(3, norm=False)
    content = checkpoints.sealed(module.state_dict(), {"side": "32"})
    path = cifar / "a.safetensors"
    path.write_bytes(content)
    assert training_side(path) == 32
    checkpoints.load(small_network(3, norm=False), path)
    for place in (len(content) - 1, len(content) // 2):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with pytest.raises(ValueError, match="is damaged or incomplete"):
            checkpoints.load(module, path)
    save_file(module.state_dict(), path, {"side": "32"})
    checkpoints.load(module, path)


@pytest.mark.parametrize(
    ("arguments", "naming"),
    [
        (("--size", "8"), "--size"),
        (("--epochs", "0"), "--epochs"),
        (("--seed", "-1"), "--seed"),
        (("--device", "tpu"), "'tpu'"),
        (("--out", "data/cifar10/test/dog/0000.png"), "cannot write to data/cifar10/test/dog/0000.png"),
    ],
)
def test_a_bad_option_is_refused(arguments: tuple[str, ...], naming: str, cifar: Path) -> None:
    """Catches a traceback, and an option that is only read after the training."""
    done = in_process("train", *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("nfrlab: ")
    assert naming in done.stderr


def test_without_cifar_it_says_what_is_missing(cifar: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches a traceback on a machine without the images."""
    monkeypatch.delenv("NFRLAB_DATA")
    done = in_process("train")
    assert done.exit_code == 2
    assert "NFRLAB_DATA" in done.stderr


def test_what_was_learned_joins_the_plan(tmp_path: Path) -> None:
    """Catches a trained VGG16 that nobody measures, at another size than it learned from, or in the quick run."""
    found = {setting.name: setting for setting in plan(False, False, 64, learned_at=48)}
    learned = [found[f"vgg16-cifar10-{kind}"] for kind in ("trained", "gaussian")]
    assert {setting.side for setting in learned} == {48}
    assert not [setting for setting in plan(False, True, 64) if setting.name.startswith("vgg16-cifar10")]
    assert plan(True, False, 64, learned_at=48) == plan(True, False, 64)
    save_file({"w": torch.zeros(1)}, tmp_path / "other.safetensors")
    (tmp_path / "damaged.safetensors").write_bytes(b"no")
    for name in ("other.safetensors", "damaged.safetensors"):
        with pytest.raises(ValueError, match="nfrlab train"):
            training_side(tmp_path / name)
    assert training_side(None) is None
