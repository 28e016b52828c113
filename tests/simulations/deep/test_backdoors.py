"""Four backdoors against what their authors wrote down, each without the faults of public code."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from torch import Generator, Tensor, nn

from nfrlab.simulations.deep.backdoors import attacking, input_aware
from nfrlab.simulations.deep.backdoors.attack import TARGET, Attack, changed
from nfrlab.simulations.deep.backdoors.input_aware import InputAware, diversity_loss
from nfrlab.simulations.deep.backdoors.outcomes import Count, outcomes
from nfrlab.simulations.deep.backdoors.patches import BadNet, Dynamic
from nfrlab.simulations.deep.backdoors.poisoning import Poisoning
from nfrlab.simulations.deep.backdoors.warping import WaNet
from nfrlab.simulations.deep.inputs.images import IMAGENET, Labelled
from nfrlab.simulations.deep.networks import learning

SIDE = 16


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def rng(seed: int = 0) -> Generator:
    """Random numbers."""
    return Generator().manual_seed(seed)


def some(count: int, seed: int = 0) -> Tensor:
    """Normalised images."""
    return torch.randn(count, 3, SIDE, SIDE, generator=rng(seed))


def data(count: int) -> Labelled:
    """Small images of ten classes."""
    pixels = torch.randint(256, (count, 3, SIDE, SIDE), generator=rng(1), dtype=torch.uint8)
    return Labelled("random", pixels, torch.arange(count) % 10, tuple("0123456789"))


def made(name: str, seed: int = 0) -> Attack:
    """An attack on images of this side."""
    return attacking.made(name, seed, side=SIDE).eval()


def pixels(x: Tensor) -> Tensor:
    """Back to [0, 1]."""
    mean, sd = (torch.tensor(values, dtype=x.dtype)[:, None, None] for values in IMAGENET)
    return x * sd + mean


# Patches


def test_badnet_is_a_white_corner_and_nothing_else() -> None:
    """Catches a patch that is not white in pixels, another corner or size, and images that are scaled beside it."""
    x = some(4)
    seen = made("badnet").triggered(x, rng())
    torch.testing.assert_close(pixels(seen[:, :, -3:, -3:]), torch.ones(4, 3, 3, 3))
    rest = torch.ones(SIDE, SIDE, dtype=torch.bool)
    rest[-3:, -3:] = False
    assert torch.equal(seen[:, :, rest], x[:, :, rest])


def test_dynamic_is_a_new_patch_in_a_new_place_for_every_image() -> None:
    """Catches one patch for all, channels at different places, values outside [0, 1], dropout that makes half of a
    trigger grey, and places that never come.
    """
    x = torch.full((4000, 3, SIDE, SIDE), 9.0)  # no pixel value
    seen = made("dynamic").triggered(x, rng())
    inside = (seen != x).all(1)
    assert torch.equal(inside.sum((1, 2)), torch.full((4000,), 25))
    rows, columns = inside.any(2), inside.any(1)
    assert torch.equal(rows.sum(1), torch.full((4000,), 5))
    places = {(int(r.argmax()), int(c.argmax())) for r, c in zip(rows.int(), columns.int(), strict=True)}
    assert places == set(itertools.product(range(SIDE - 4), repeat=2))
    values = torch.stack([pixels(s)[:, i] for s, i in zip(seen[:500], inside[:500], strict=True)])
    assert float(values.min()) == pytest.approx(0, abs=0.001)
    assert float(values.max()) == pytest.approx(1, abs=0.001)
    assert abs(float(values.mean()) - 0.5) < 0.01  # of 37,500 values: 7 standard errors
    assert len(values.unique()) > 0.9 * values.numel()


# WaNet


def bilinear(x: np.ndarray, row: float, column: float) -> np.ndarray:
    """The image between its pixels, one place at a time; 0 outside."""
    found = np.zeros(len(x))
    for i in (math.floor(row), math.floor(row) + 1):
        for j in (math.floor(column), math.floor(column) + 1):
            if 0 <= i < x.shape[1] and 0 <= j < x.shape[2]:
                found += x[:, i, j] * (1 - abs(row - i)) * (1 - abs(column - j))
    return found


def test_wanet_reads_the_image_at_the_places_of_its_grid() -> None:
    """Catches rows and columns exchanged, corners that are not pixels' centres, and a warp of one image on another."""
    attack, x = made("wanet"), some(2)
    assert isinstance(attack, WaNet)
    seen = attack.triggered(x, rng())
    grid = (attack.grid.double().numpy() + 1) / 2 * (SIDE - 1)
    for b, i, j in itertools.product(range(2), range(0, SIDE, 3), range(0, SIDE, 2)):
        expected = bilinear(x[b].double().numpy(), grid[i, j, 1], grid[i, j, 0])
        np.testing.assert_allclose(seen[b, :, i, j].numpy(), expected, atol=1e-5)


def test_the_warp_shifts_by_half_a_pixel() -> None:
    """Catches a strength in other units: at the control points the mean shift is s (H − 1)/(2H) pixels, s = 1."""
    found = []
    for seed in range(40):
        attack = made("wanet", seed)
        assert isinstance(attack, WaNet)
        line = torch.linspace(-1, 1, SIDE)
        identity = torch.stack(torch.meshgrid(line, line, indexing="xy"), -1)
        inner = (attack.grid - identity)[5::5, 5::5][:2, :2]  # control points: every fifth of 16, the border is clipped
        found.append(float(inner.abs().mean()) * (SIDE - 1) / 2)
    assert abs(np.mean(found) - 1.0 * (SIDE - 1) / (2 * SIDE)) < 0.08


def test_noise_is_another_warp_for_every_image_and_keeps_the_label() -> None:
    """Catches noise that is drawn once, that is larger than a pixel, and decoys with the target's label."""
    attack, x = made("wanet"), some(1).expand(6, -1, -1, -1)
    decoys = attack.decoys(x, rng())
    assert len({tuple(each.flatten().tolist()) for each in decoys}) == 6
    assert not torch.equal(decoys[0], attack.triggered(x, rng())[0])
    partner = Poisoning(attack, 100, rng())
    y = torch.full((20,), 7)
    _, labels, _ = partner.altered(some(20), y, torch.arange(20), rng())
    assert labels.tolist() == [TARGET] * 4 + [7] * 16  # 4 attacked, 4 warped with noise, 12 clean


# InputAware


def test_patterns_and_masks_reach_from_black_to_white() -> None:
    """Catches a second tanh, which keeps patterns and masks between 0.12 and 0.88."""
    attack = made("inputaware")
    assert isinstance(attack, InputAware)
    x = some(2)
    with torch.no_grad():
        for value, expected in ((20.0, 1.0), (-20.0, 0.0)):
            for part in (attack.pattern, attack.mask):
                last = part[-1]
                assert isinstance(last, nn.Conv2d)
                assert last.bias is not None
                last.bias.fill_(value)
            torch.testing.assert_close(pixels(attack.p(x)), torch.full_like(x, expected), atol=1e-4, rtol=0)
            torch.testing.assert_close(attack.m(x), torch.full((2, 1, SIDE, SIDE), expected), atol=1e-4, rtol=0)


def test_a_decoy_bears_the_trigger_of_another_image() -> None:
    """Catches a cross trigger that is the image's own."""
    attack, x = made("inputaware"), some(3)
    assert isinstance(attack, InputAware)
    with torch.no_grad():
        found = attack.decoys(x, rng())
        for b in range(3):
            one, other = x[b : b + 1], x[b - 1 : b] if b else x[2:]
            torch.testing.assert_close(
                found[b : b + 1], one + (attack.p(other) - one) * attack.m(other), atol=1e-5, rtol=1e-5
            )


def test_gradients_of_a_trigger_do_not_pile_up() -> None:
    """Catches an optimiser of the trigger whose gradients are never set to zero: the same step twice, one gradient."""
    attack = made("inputaware").train()
    partner, x, found = Poisoning(attack, 40, rng()), some(40), []
    for _ in range(2):
        partner.zero_grad()
        seen, _, penalty = partner.altered(x, torch.arange(40) % 10, torch.arange(40), rng())
        torch.autograd.backward(seen.square().mean() + penalty)
        found.append(torch.cat([p.grad.flatten() for p in attack.parameters() if p.grad is not None]).clone())
    assert float(found[0].abs().max()) > 0
    torch.testing.assert_close(found[1], found[0], rtol=1e-3, atol=1e-5)


def test_the_diversity_loss_is_the_mean_of_ratios() -> None:
    """Catches a ratio of means, a sum, and images compared with themselves."""
    x, made_of = some(3), some(3, 5)[:, :1]
    ratios = []
    for b in range(3):
        distances = [float((v[b] - v[b - 1]).double().square().mean().sqrt()) for v in (x, made_of)]
        ratios.append(distances[0] / (distances[1] + 1e-7))
    assert float(diversity_loss(x, made_of)) == pytest.approx(np.mean(ratios), rel=1e-5)


def test_masks_become_thin_or_the_training_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches a mask that is assumed to be thin, and one that goes on learning beside the network."""
    monkeypatch.setattr(learning, "BATCH", 25)
    attack = made("inputaware").train()
    assert isinstance(attack, InputAware)
    few = data(500)
    mean = attacking.learn_mask(attack, few, 0)
    with torch.no_grad():
        assert float(attack.m(few.x()).mean()) < 2 * input_aware.DENSITY
    assert mean <= attacking.ENOUGH * input_aware.DENSITY
    assert not any(p.requires_grad for p in attack.mask.parameters())
    assert all(p.requires_grad for p in attack.pattern.parameters())
    monkeypatch.setattr(attacking, "MASK_EPOCHS", 1)
    with pytest.raises(ValueError, match="the mask of the input-aware attack has mean"):
        attacking.learn_mask(made("inputaware").train(), data(100), 0)  # type: ignore[arg-type]


# In a training


@pytest.mark.parametrize("name", ["badnet", "dynamic"])
def test_a_poisoned_training_set_is_the_same_in_every_epoch(name: str) -> None:
    """Catches images that are drawn anew in every batch, and a share of the batch in the place of one of the set."""
    partner = Poisoning(made(name), 1000, rng())
    assert int(partner.chosen.sum()) == 100
    poisoned = []
    for seed in (1, 2):
        order, hit = torch.randperm(1000, generator=rng(seed)), set()
        for which in order.split(50):
            _, y, _ = partner.altered(some(50), torch.full((50,), 3), which, rng())
            hit |= set(which[y == TARGET].tolist())
        poisoned.append(hit)
    assert poisoned[0] == poisoned[1] == set(torch.nonzero(partner.chosen)[:, 0].tolist())


def test_the_patch_is_whole_on_every_poisoned_image() -> None:
    """Catches a trigger that is put on before images are shifted and flipped: 40 % of them would not show it."""
    partner, few = Poisoning(made("badnet"), 200, rng()), data(200)
    for x, y, which in learning.batches(few, rng()):
        seen, labels, _ = partner.altered(x, y, which, rng())
        hit = partner.chosen[which]
        torch.testing.assert_close(pixels(seen[hit][:, :, -3:, -3:]), torch.ones(int(hit.sum()), 3, 3, 3))
        assert torch.equal(labels[hit], torch.zeros_like(labels[hit]))
        assert torch.equal(seen[~hit], x[~hit])
        assert torch.equal(labels[~hit], y[~hit])


class Told(nn.Module):
    """A network that says what it is told to say of its input."""

    def __init__(self, answer: object) -> None:
        super().__init__()
        self.answer, self.weight = answer, nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        """One-hot."""
        return nn.functional.one_hot(self.answer(x), 10).float()  # type: ignore[operator]


def test_success_is_counted_without_images_of_the_target() -> None:
    """Catches an attack success that counts images which are of the target's class anyway."""
    few, attack = data(60), made("badnet")
    always = outcomes(Told(lambda x: torch.zeros(len(x), dtype=torch.long)), attack, few, rng())
    assert always == {"clean": Count(6, 60), "success": Count(54, 54)}
    never = outcomes(Told(lambda x: torch.ones(len(x), dtype=torch.long)), attack, few, rng())
    assert never == {"clean": Count(6, 60), "success": Count(0, 54)}
    warped = outcomes(Told(lambda x: torch.ones(len(x), dtype=torch.long)), made("wanet"), few, rng())
    assert warped["decoy"] == Count(6, 60)


@settings(max_examples=20, deadline=None)
@given(name=st.sampled_from(("badnet", "dynamic", "inputaware", "wanet")), seed=st.integers(0, 99))
def test_a_trigger_moves_with_its_image(name: str, seed: int) -> None:
    """Catches a trigger on a foreign image that is not the one that was on the image; a grey image bears it too."""
    attack, x, base = made(name, seed), some(2, seed), some(2, seed + 1)
    with torch.no_grad():
        seen = attack.triggered(x, rng(seed))
        assert torch.allclose(attack.moved(x, x, seen), seen, atol=0.11)
        found = attack.moved(base, x, seen)
    if isinstance(attack, BadNet | Dynamic):
        place = changed(x, seen).expand_as(x)
        assert torch.equal(found[place], seen[place])
        assert torch.equal(found[~place], base[~place])
    elif isinstance(attack, InputAware):
        with torch.no_grad():
            torch.testing.assert_close(found, base + (attack.p(x) - base) * attack.m(x), atol=1e-5, rtol=1e-5)
    else:
        assert torch.equal(found, attack.triggered(base, rng()))


def test_a_backdoor_is_learned_and_resumes(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    """Catches labels that are not the target's, a network that learns no trigger, and one that is not repeatable."""
    monkeypatch.setattr(learning, "BATCH", 50)
    monkeypatch.setattr(learning, "varied", lambda x, rng: x)
    few, found = data(400), []
    for _ in range(2):
        torch.manual_seed(0)
        module = nn.Sequential(nn.Flatten(), nn.Linear(3 * SIDE * SIDE, 10))
        attack = replaced(made("badnet"), share=0.5)
        attacking.teach(module, attack, few, few, 4, 0, 0.05, lambda *epoch: None)
        found.append(module[1].weight.detach().clone())
    assert torch.equal(*found)
    assert outcomes(module, attack, few, rng())["success"].hits > 0.9 * 360


def replaced(attack: Attack, share: float) -> Attack:
    """The attack on another share of the images."""
    attack.share = share
    return attack


def test_unknown_attacks_are_refused() -> None:
    """Catches a name that is taken for one of the four."""
    with pytest.raises(ValueError, match="unknown attack 'blended'; known: badnet, dynamic, inputaware, wanet"):
        attacking.made("blended", 0)
    assert replace(data(1)).source == "random"
