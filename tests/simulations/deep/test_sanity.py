"""The plainest sanity checks, against SciPy and maps that are made one by one."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chisquare, spearmanr

torch = pytest.importorskip("torch")

from torch import nn

from nfrlab.simulations.deep.effects import sanity
from nfrlab.simulations.deep.engine.backward import backward
from nfrlab.simulations.deep.engine.named_rules import rule
from nfrlab.simulations.deep.maps import attribution
from nfrlab.simulations.deep.reading.rewrite import rewrite

RULES = ("grad", "gbp", "zplus", "rectgrad:q=0.5")


def network(classes: int = 4) -> nn.Sequential:
    """Two hidden layers of normal weights, in float64."""
    torch.manual_seed(0)
    layers = nn.Flatten(), nn.Linear(48, 40), nn.ReLU(), nn.Linear(40, 30), nn.ReLU(), nn.Linear(30, classes)
    return nn.Sequential(*layers).double().eval()


def image(seed: int = 1) -> torch.Tensor:
    """Of 3 × 4 × 4 normal numbers."""
    return torch.randn(1, 3, 4, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def test_numbers_are_those_of_maps_made_one_by_one() -> None:
    """Catches another class of the random network than of the network, an image in the place of a map, a rank
    correlation of absolute values.
    """
    module, x = network(), image()
    trace = rewrite(module, x).forward(x)
    found = sanity.measure(trace, RULES, torch.Generator().manual_seed(5))["sanity"]
    k = int(trace.output.argmax())
    for name in RULES:
        used = rule("rectgrad", q=0.5) if ":" in name else rule(name)
        map = backward(trace, used).numpy().ravel()
        others = [attribution(module, x, used, target=c, bottom=False).numpy().ravel() for c in range(4) if c != k]
        at = found.sel(rule=name)
        got = at.sel(beside="another class").values
        wanted = [(map @ o / np.linalg.norm(map) / np.linalg.norm(o), spearmanr(map, o).statistic) for o in others]
        assert min(np.abs(got - np.array(pair)).max() for pair in wanted) < 1e-10
        pixels = x.numpy().ravel()
        cosine = map @ pixels / np.linalg.norm(map) / np.linalg.norm(pixels)
        np.testing.assert_allclose(at.sel(beside="the image").values, [cosine, spearmanr(map, pixels).statistic])


def test_the_random_network_has_no_weight_in_common() -> None:
    """Catches a layer that keeps its weights: the gradients of independent networks are nearly orthogonal."""
    values = []
    for seed in range(40):
        trace = rewrite(network(), image(seed)).forward(image(seed))
        found = sanity.measure(trace, ("grad",), torch.Generator().manual_seed(seed))["sanity"]
        values.append(float(found.sel(rule="grad", beside="randomised network", measure="cosine")))
    assert abs(np.mean(values)) < 4 / np.sqrt(48 * 40)


def test_another_class_is_another_one_and_any() -> None:
    """Catches the same class, and one that never comes."""
    rng, k = torch.Generator().manual_seed(0), torch.tensor([2])
    drawn = [int(sanity.another_class(k, 5, rng)) for _ in range(800)]
    counts = np.bincount(drawn, minlength=5)
    assert counts[2] == 0
    assert chisquare(counts[[0, 1, 3, 4]]).pvalue > 1e-6
    assert sanity.another_class(k, 1, rng) is None


def test_what_is_not_defined_is_not_a_number() -> None:
    """Catches an error, or a zero, for a network of one output and for maps that are zero."""
    x = image()
    trace = rewrite(network(1), x).forward(x)
    found = sanity.measure(trace, ("grad",), torch.Generator().manual_seed(0))["sanity"]
    assert bool(found.sel(beside="another class").isnull().all())
    assert bool(found.sel(beside="the image").notnull().all())
    assert bool(sanity.cosine(torch.zeros(1, 3), torch.ones(1, 3)).isnan().all())
    assert bool(sanity.rank_correlation(torch.zeros(1, 3), torch.arange(3.0)[None]).isnan().all())
