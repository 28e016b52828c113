"""What channels contribute, against sums over weights one by one."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn

from nfrlab.simulations.deep.effects import channels
from nfrlab.simulations.deep.reading.rewrite import rewrite


def network() -> nn.Sequential:
    """A convolution of 20 filters, one of 10 after a maximum, and two linear layers, with biases, in float64."""
    torch.manual_seed(1)
    layers = (
        nn.Conv2d(2, 20, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(20, 10, 3),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(10, 30),
        nn.ReLU(),
        nn.Linear(30, 5),
    )
    return nn.Sequential(*layers).double().eval()


def test_shares_are_those_of_sums_over_weights() -> None:
    """Catches biases that count, channels chosen by their largest entry, or sums before their size is taken."""
    module, x = network(), torch.randn(1, 2, 6, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    found = channels.measure(rewrite(module, x).forward(x), torch.Generator().manual_seed(0))["contributed"]
    assert found["above"].values.tolist() == [2, 3, 4]
    with torch.no_grad():
        a = module[2](module[1](module[0](x)))[0].numpy()
        W = module[3].weight.numpy()
        top = sorted(range(20), key=lambda c: -a[c].sum())[:2]
        kept, rest = 0.0, 0.0
        for n in range(10):
            both = [0.0, 0.0]
            for c in range(20):
                both[c not in top] += sum(W[n, c, i, j] * a[c, i, j] for i in range(3) for j in range(3))
            kept, rest = kept + abs(both[0]), rest + abs(both[1])
    own = found.sel(weights="own", channels="largest")
    assert float(own.sel(above=2)) == pytest.approx(kept / (kept + rest), rel=1e-10)
    with torch.no_grad():
        a = module[:8](x)[0].numpy()
        W = module[8].weight.numpy()
    top = np.argsort(-a)[:3]
    parts = np.abs(W[:, top] @ a[top]).sum(), np.abs(np.delete(W, top, 1) @ np.delete(a, top)).sum()
    assert float(own.sel(above=4)) == pytest.approx(parts[0] / sum(parts), rel=1e-10)


def test_random_weights_are_other_ones_and_any_channels_too() -> None:
    """Catches weights that stay, and a tenth that is always the same."""
    module, x = network(), torch.randn(1, 2, 6, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    trace = rewrite(module, x).forward(x)
    one, other = (
        channels.measure(trace, torch.Generator().manual_seed(seed))["contributed"].sel(above=2) for seed in (0, 1)
    )
    same = one == other
    assert bool(same.sel(weights="own", channels="largest"))
    assert int(same.sum()) == 1
    assert float(one.sel(weights="own", channels="largest")) != float(one.sel(weights="random", channels="largest"))


def test_a_tenth_is_at_least_one() -> None:
    """Catches no channel at all of a few, and a layer without channels below that has a share."""
    assert [channels.tenth(torch.zeros(1, n)) for n in (1, 3, 14, 16, 200)] == [1, 1, 1, 2, 20]
    flat = nn.Sequential(nn.Flatten(), nn.ReLU(), nn.Linear(8, 3)).double().eval()
    x = torch.ones(1, 2, 2, 2, dtype=torch.float64)
    assert not channels.measure(rewrite(flat, x).forward(x), torch.Generator()).data_vars


def test_nothing_contributed_has_no_share() -> None:
    """Catches 0/0 that counts as a share."""
    module, x = network(), torch.zeros(1, 2, 6, 6, dtype=torch.float64)
    with torch.no_grad():
        module[0].bias.zero_()
    found = channels.measure(rewrite(module, x).forward(x), torch.Generator())["contributed"]
    assert bool(found.sel(above=2).isnull().all())
