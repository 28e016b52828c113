"""Maps of other classes and of attacked images, against maps that are made one by one."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn

from nfrlab.simulations.deep.effects import flips
from nfrlab.simulations.deep.engine.graph import Trace
from nfrlab.simulations.deep.engine.named_rules import rule
from nfrlab.simulations.deep.maps import attribution
from nfrlab.simulations.deep.reading.rewrite import rewrite

RULES = ("grad", "gbp", "deconv")


def network(outputs: int = 4) -> nn.Sequential:
    """Two hidden layers of normal weights, in float64."""
    torch.manual_seed(0)
    layers = nn.Flatten(), nn.Linear(48, 40), nn.ReLU(), nn.Linear(40, 30), nn.ReLU(), nn.Linear(30, outputs)
    return nn.Sequential(*layers).double().eval()


def image(seed: int = 1) -> torch.Tensor:
    """Of 3 × 4 × 4 normal numbers."""
    return torch.randn(1, 3, 4, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def trace_of(module: nn.Module, x: torch.Tensor) -> Trace:
    """The image in the network."""
    return rewrite(module, x).forward(x)


def stepped(module: nn.Module, x: torch.Tensor, size: float) -> torch.Tensor:
    """One step of a size along the signs of autograd's gradient of the margin."""
    leaf = x.clone().requires_grad_()
    f = module(leaf)[0]
    first, second = f.topk(2).indices
    (f[second] - f[first]).backward()
    assert leaf.grad is not None
    return x + size * (x.max() - x.min()) * leaf.grad.sign()


@pytest.mark.parametrize("seed", range(6))
def test_the_attack_is_the_smallest_step_that_flips(seed: int) -> None:
    """Catches a step against the gradient, along its entries, of a size that is not the image's, or one too large."""
    module, x = network(), image(seed)
    k = module(x).argmax(dim=1)
    size, there = flips.attack(trace_of(module, x), k)
    flipped = [each for each in flips.SIZES if bool(module(stepped(module, x, each)).argmax() != k)]
    assert size == flipped[0]
    assert there is not None
    torch.testing.assert_close(there.x, stepped(module, x, size))


def test_numbers_are_those_of_maps_made_one_by_one() -> None:
    """Catches the old class at the attacked image, another class there, and noise of another size."""
    module, x = network(), image()
    trace = trace_of(module, x)
    found = flips.measure(trace, RULES, torch.Generator().manual_seed(3))
    k, size = int(trace.output.argmax()), float(found["attack"])
    attacked = stepped(module, x, size)
    now = int(module(attacked).argmax())
    assert now != k
    for name in RULES:
        map, flipped = (
            attribution(module, at, rule(name), target=c, bottom=False).numpy().ravel()
            for at, c in ((x, k), (attacked, now))
        )
        got = found["class_cosine"].sel(rule=name)
        wanted = map @ flipped / np.linalg.norm(map) / np.linalg.norm(flipped)
        assert float(got.sel(instead="flipped")) == pytest.approx(wanted, abs=1e-10)
        others = [
            attribution(module, x, rule(name), target=c, bottom=False).numpy().ravel() for c in range(4) if c != k
        ]
        cosines = [map @ o / np.linalg.norm(map) / np.linalg.norm(o) for o in others]
        assert min(abs(float(got.sel(instead="another class")) - each) for each in cosines) < 1e-10


def test_noise_is_as_large_as_the_attack_and_random(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches noise of another size, the attack's signs again, and signs that are all alike."""
    module, x = network(), image()
    trace = trace_of(module, x)
    size, there = flips.attack(trace, trace.output.argmax(dim=1))
    assert there is not None
    seen: list[torch.Tensor] = []
    forward = type(trace.graph).forward

    def noted(self: object, at: torch.Tensor, once: bool = False) -> Trace:
        seen.append(at)
        return forward(trace.graph, at, once)

    monkeypatch.setattr(type(trace.graph), "forward", noted)
    flips.measure(trace, ("grad",), torch.Generator().manual_seed(0))
    step = (seen[-1] - x) / (size * (x.max() - x.min()))
    np.testing.assert_allclose(step.abs().numpy(), 1, rtol=1e-9)
    assert 8 < int((step > 0).sum()) < 40
    assert not torch.equal(step.sign(), (there.x - x).sign())


def test_what_is_not_defined_is_not_a_number() -> None:
    """Catches an error, or a zero, where there is one class, and where no attack flips it."""
    one = flips.measure(trace_of(network(1), image()), RULES, torch.Generator())
    assert bool(one["class_cosine"].isnull().all())
    assert np.isnan(float(one["attack"]))
    sure = network()
    with torch.no_grad():
        sure[-1].bias += torch.tensor([1e6, 0, 0, 0])
    found = flips.measure(trace_of(sure, image()), RULES, torch.Generator().manual_seed(0))
    assert np.isnan(float(found["attack"]))
    assert bool(found["class_cosine"].sel(instead=["flipped", "noise"]).isnull().all())
    assert bool(found["class_cosine"].sel(instead="another class").notnull().all())
