"""Public tools in a few lines: that what the claims reproduce is what it says, by loops and by plain PyTorch."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nfrlab.simulations.dense import Network, attribution, rule
from nfrlab.verify.examine import protocols

SEEDS = st.integers(0, 2**32 - 1)


@given(SEEDS, st.integers(1, 2))
@settings(max_examples=10)
def test_ssim_is_that_of_every_window(seed: int, dimensions: int) -> None:
    """Catches windows over the border, variances over n, and a window of another size in one dimension."""
    one, other = np.random.default_rng(seed).uniform(-1, 1, (2, *[9] * dimensions))
    found, c1, c2 = [], 0.0004, 0.0036
    for corner in np.ndindex(*[5] * dimensions):
        inside = tuple(slice(start, start + 5) for start in corner)
        u, v = one[inside].ravel(), other[inside].ravel()
        c = np.cov(u, v)
        both = (2 * u.mean() * v.mean() + c1) * (2 * c[0, 1] + c2)
        found.append(both / ((u.mean() ** 2 + v.mean() ** 2 + c1) * (c[0, 0] + c[1, 1] + c2)))
    assert protocols.structural_similarity(one, other, 5) == pytest.approx(np.mean(found), abs=1e-10)


@given(SEEDS, st.sampled_from([1.0, 2.0, 5.0]))
@settings(max_examples=10)
def test_relevance_is_shared_by_sign(seed: int, alpha: float) -> None:
    """Catches β for α, shares over the wrong axis, and a clip that is always or never there."""
    n, R = 5, np.random.default_rng(seed + 1).standard_normal((5, 2))
    rng = np.random.default_rng(seed)
    a, W = np.maximum(rng.standard_normal(n), 0), rng.standard_normal((n, n))
    wanted = np.zeros((n, 2))
    for i, j in np.ndindex(n, n):
        z = a * W[:, j]
        share = alpha * max(z[i], 0) / sum(max(v, 0) for v in z) if z[i] > 0 else 0
        share -= (alpha - 1) * z[i] / sum(min(v, 0) for v in z) if z[i] < 0 else 0
        wanted[i] += share * R[j]
    for clipped in (False, True):
        got = protocols.carried_by_alpha_beta(R, alpha, 1, np.random.default_rng(seed), clipped)
        kept = np.maximum(wanted, 0) if clipped else wanted
        largest = abs(kept).max(axis=0)
        np.testing.assert_allclose(got, kept / np.where(largest > 0, largest, 1), atol=1e-9)


def test_the_mean_is_that_of_the_steps() -> None:
    """Catches a mean over a wrong number of steps."""
    steps = [Fraction(1, 2), Fraction(1, 4)]
    assert protocols.mean_over_steps(steps, with_original=True) == Fraction(7, 12)
    assert protocols.mean_over_steps(steps, with_original=False) == Fraction(3, 8)


@pytest.mark.parametrize("functional", [False, True])
def test_hooks_on_modules_miss_functions(functional: bool) -> None:
    """Catches a reproduction that is not what hooks on ReLU modules do in PyTorch."""
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(3)
    weights = tuple(rng.standard_normal(shape) for shape in ((4, 6), (6, 5), (5, 1)))
    x = torch.from_numpy(rng.standard_normal(4)).requires_grad_()

    def guided(module: torch.nn.Module, into: object, out: tuple[torch.Tensor]) -> tuple[torch.Tensor]:
        return (torch.where(into[0] > 0, out[0].clamp(min=0), 0),)  # type: ignore[index]

    relus = [torch.nn.ReLU() for _ in weights[:-1]]
    for relu in relus:
        relu.register_full_backward_hook(guided)
    a = x
    for W, relu in zip(weights[:-1], relus, strict=True):
        z = torch.from_numpy(W).T @ a
        a = torch.relu(z) if functional else relu(z)
    (torch.from_numpy(weights[-1]).T @ a).sum().backward()
    layers = Network(weights).forward(x.detach().numpy())
    got = protocols.map_with_hooks(layers, "gbp", hooked=not functional)
    np.testing.assert_allclose(got, x.grad.numpy(), atol=1e-12)  # type: ignore[union-attr]
    assert np.allclose(got, attribution(layers, rule("grad"))) == functional
