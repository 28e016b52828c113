"""`nfrlab train --attack` from outside, on twenty images and networks of width 1."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from safetensors import safe_open

from nfrlab.simulations.deep.backdoors import attacking
from nfrlab.simulations.deep.networks import checkpoints, models
from nfrlab.verify.commands.parts import backdoors
from nfrlab.verify.commands.parts.backdoors import CLEAN, ROUGH, Training, sentence, trainings
from nfrlab.verify.intervals.fixed import clopper_pearson
from tests.support.cifar import write_cifar
from tests.verify.test_cli import in_process


@pytest.fixture
def cifar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """NFRLAB_DATA with four images of every class and part; short trainings."""
    write_cifar(tmp_path / "data", 4)
    monkeypatch.setenv("NFRLAB_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(backdoors, "SCRATCH_EPOCHS", 1)
    monkeypatch.setattr(backdoors, "FINE_EPOCHS", dict.fromkeys(backdoors.KINDS, 1))
    monkeypatch.setattr(attacking, "ENOUGH", 1e9)
    monkeypatch.chdir(tmp_path)
    torch.set_num_threads(1)
    return tmp_path


def test_all_attacks_in_one_command_and_again(cifar: Path) -> None:
    """Catches an attack that does not begin with the clean network, a checkpoint without its trigger or its counts,
    a rate without its interval, and a network that is trained again.
    """
    command = ("train", "--attack", "all", "--width", "1", "--device", "cpu", "--out", "out")
    done = in_process(*command)
    assert (done.exit_code, done.stderr) == (0, "")
    folder = cifar / "out" / "bridge"
    names = [f"resnet18-w1-{kind}-seed0" for kind in (ROUGH, *backdoors.KINDS)]
    triggers = [f"{name}.trigger" for name in names[2:]]
    assert sorted(path.stem for path in folder.glob("*.safetensors")) == sorted([*names, *triggers])
    for name in names:
        with safe_open(folder / f"{name}.safetensors", framework="numpy") as file:
            origin = file.metadata()
        training = json.loads(origin["training"])
        lineage = training["base"] and training["base"]["kind"]
        assert lineage == {ROUGH: None, CLEAN: ROUGH}.get(training["kind"], CLEAN)
        hits, n = json.loads(origin["clean"])
        assert n == 40
        low, high = clopper_pearson(hits, n, backdoors.MISS)
        assert f"accuracy {100 * hits / n:.2f} % [{100 * low:.2f}, {100 * high:.2f}] of 40" in done.stdout
        assert ("success" in origin) == (training["kind"] in attacking.ATTACKS)
        if "success" in origin:
            assert json.loads(origin["success"])[1] == 36  # images of the target's class are left out
        checkpoints.load(models.small_resnet18(1), folder / f"{name}.safetensors")
    for kind in attacking.ATTACKS:
        attack = attacking.made(kind, 0)
        checkpoints.load(attack, folder / f"resnet18-w1-{kind}-seed0.trigger.safetensors")
    before = {path: path.read_bytes() for path in folder.glob("*.safetensors")}
    again = in_process(*command)
    assert (again.exit_code, again.stdout.count("epoch")) == (0, 0)
    assert before == {path: path.read_bytes() for path in folder.glob("*.safetensors")}
    other = in_process(*command, "--epochs", "2")
    assert (other.exit_code, "was trained otherwise" in other.stderr) == (2, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--attack", "blended"), "unknown --attack 'blended'; known: clean, badnet, dynamic, inputaware, wanet, all"),
        (("--attack", "wanet", "--width", "0"), "--width must be from 1 to 512, got 0"),
        (("--attack", "wanet", "--seeds", "0"), "--seeds must be from 1 to 100, got 0"),
        (("--attack", "all", "--scratch"), "--scratch is for attacks"),
        (("--attack", "wanet", "--epochs", "0"), "--epochs must be from 1 to 10,000, got 0"),
    ],
)
def test_what_cannot_be_trained_is_refused(cifar: Path, words: tuple[str, ...], said: str) -> None:
    """Catches an option that fails in the midst of a training, or is taken for another."""
    done = in_process("train", *words, "--out", "out")
    assert (done.exit_code, said in done.stderr) == (2, True), done.stderr
    assert not (cifar / "out").exists()


def test_seeds_and_scratch_name_the_networks() -> None:
    """Catches a seed of the attack that becomes one of the clean network, and a control that begins with it."""
    names = [each.name for each in trainings("wanet", 8, None, 3, 2, scratch=False)]
    assert names == [
        "resnet18-w8-rough-seed0",
        "resnet18-w8-clean-seed0",
        "resnet18-w8-wanet-seed3",
        "resnet18-w8-wanet-seed4",
    ]
    (alone,) = trainings("badnet", 8, None, 0, 1, scratch=True)
    assert (alone.name, alone.base) == ("resnet18-w8-badnet-scratch-seed0", None)
    assert alone.epochs == backdoors.SCRATCH_EPOCHS
    assert [each.seed for each in trainings(CLEAN, 8, None, 2, 1, scratch=False)] == [2, 2]


def test_a_training_says_what_it_came_to() -> None:
    """Catches a success that is printed for a clean network, and counts exchanged."""
    assert Training(ROUGH, 8, 0, 1, 0.1).line == [Training(ROUGH, 8, 0, 1, 0.1)]
    assert sentence({"clean": "[90, 100]"}).startswith("accuracy 90.00 % [")
    told = sentence({"clean": "[90, 100]", "success": "[80, 81]", "decoy": "[70, 100]"})
    assert "attack success without the target's images 98.77 % [" in told
    assert "decoys right 70.00 % [" in told
