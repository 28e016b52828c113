"""What the deep engine does to be quick changes no number: each shortcut against the long way."""

from __future__ import annotations

import platform
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from nfrlab.simulations.deep.engine import quantiles, weighted
from nfrlab.simulations.deep.engine.backward import attribution
from nfrlab.simulations.deep.engine.cascades import cascades
from nfrlab.simulations.deep.engine.graph import Graph, Node
from nfrlab.simulations.deep.engine.named_rules import rule
from nfrlab.simulations.deep.engine.ops import Flatten, MaxPool, ReLU
from nfrlab.simulations.deep.engine.weighted import Conv, Linear

SEEDS = st.integers(0, 2**32 - 1)


def normal(*shape: int, seed: int = 0) -> Any:
    """Normal numbers in float64."""
    return torch.from_numpy(np.random.default_rng(seed).standard_normal(shape))


def small_network(seed: int = 0) -> Graph:
    """Two convolutions with a pool, and two linear maps."""
    weights = normal(4, 3, 3, 3, seed=seed), normal(4, 4, 3, 3, seed=seed + 1)
    dense = normal(6, 16, seed=seed + 2), normal(5, 6, seed=seed + 3)
    stack = (
        Conv(weights[0], normal(4, seed=seed), padding=(1, 1)), ReLU(), MaxPool((2, 2), (2, 2)),
        Conv(weights[1], padding=(1, 1)), ReLU(), MaxPool((2, 2), (2, 2)), Flatten(),
        Linear(dense[0], normal(6, seed=seed)), ReLU(), Linear(dense[1]),
    )  # fmt: skip
    return Graph(tuple(Node(str(i), op, (i - 1,)) for i, op in enumerate(stack)))


@given(seed=SEEDS, n=st.integers(1, 2000), q=st.floats(0, 1), levels=st.sampled_from([2, 5, 10**6]))
def test_the_quantile_is_numpys(seed: int, n: int, q: float, levels: int) -> None:
    """Catches a wrong order statistic, at ties, ends and in rows shorter than a sample."""
    v = np.random.default_rng(seed).integers(0, levels, (2, n)) - levels / 3
    np.testing.assert_allclose(quantiles.quantile(torch.from_numpy(v), q), np.quantile(v, q, axis=1), rtol=1e-12)


def test_an_unlucky_guess_does_no_harm() -> None:
    """Catches a tail that begins above the entry looked for: the sample sees only the largest entries."""
    v = normal(1, 3000)
    v[:, :: quantiles.SAMPLE] = 100.0
    assert quantiles.quantile(v, 0.5) == torch.from_numpy(np.quantile(v.numpy(), 0.5, axis=1))


def test_nans_count_as_largest_in_every_precision() -> None:
    """Catches a NaN that shifts the ranks, and the way of other precisions and devices."""
    v = torch.tensor([[3.0, torch.nan, 1.0, 2.0, 4.0]])
    for dtype in (torch.float64, torch.float32, torch.float16):
        assert quantiles.order_statistics(v.to(dtype), 0, 3).tolist() == [[1.0], [4.0]]
        assert quantiles.quantile(v.to(dtype), 1.0).isnan().all()


@pytest.mark.parametrize("negative", [1e-3, 1e-9, 1e-14])
def test_a_small_negative_part_keeps_its_digits(negative: float) -> None:
    """Catches `Z⁻ = z − Z⁺` where nothing of Z⁻ is left: the weight `−negative` alone takes `−β R`."""
    graph = Graph((Node("fc", Linear(torch.tensor([[1.0, -negative]], dtype=torch.float64)), (-1,)),))
    x = torch.ones(1, 2, dtype=torch.float64)
    R = attribution(graph.forward(x), rule("lrp-alpha-beta"))
    np.testing.assert_allclose(R, (1 - negative) * np.array([[2.0, -1.0]]), rtol=1e-12)


@pytest.mark.parametrize("name", ["zplus", "lrp-alpha-beta"])
@pytest.mark.parametrize("cached", [1, 13, 50])
def test_blocks_of_neurons_make_one_map(name: str, cached: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches a neuron left out, or taken twice, where linear maps are taken in parts."""
    graph, x = small_network(), normal(2, 3, 8, 8)
    whole = attribution(graph.forward(x), rule(name))
    monkeypatch.setattr(weighted, "CACHED", cached)
    np.testing.assert_allclose(attribution(graph.forward(x), rule(name)), whole, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("groups", [1, 2, 3])
def test_signed_inputs_laid_side_by_side(groups: int) -> None:
    """Catches channels of one group that end up in another."""
    op, a = Conv(normal(6, 2, 3, 3), groups=groups), normal(2, 2 * groups, 5, 5)
    both = op.doubled()
    laid = op.side_by_side(a.clamp(min=0), -a.clamp(max=0))
    np.testing.assert_allclose(both.product(laid, both.weight), op.product(a, op.weight), rtol=1e-12, atol=1e-12)
    halves = both.apart(laid)
    assert torch.equal(halves[0] - halves[1], a)


@given(
    seed=SEEDS,
    stride=st.integers(1, 3),
    padding=st.integers(0, 2),
    dilation=st.integers(1, 2),
    channels=st.sampled_from([1, weighted.NARROW, weighted.NARROW + 1]),
)
def test_narrow_convolutions_are_transposed(seed: int, stride: int, padding: int, dilation: int, channels: int) -> None:
    """Catches windows that are folded back to the wrong places: `⟨W a, r⟩ = ⟨a, Wᵀ r⟩`."""
    op = Conv(normal(3, channels, 3, 2, seed=seed), None, (stride, 1), (padding, 1), (dilation, 1))
    a = normal(2, channels, 9, 6, seed=seed + 1)
    z = op.product(a, op.weight)
    r = normal(*z.shape, seed=seed + 2)
    below = op.pull(r, op.weight, a.shape)
    assert below.shape == a.shape
    np.testing.assert_allclose((a * below).sum(), (z * r).sum(), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", ["gbp", "rectgrad", "zplus", "dtd"])
def test_a_trace_for_one_way_down(name: str) -> None:
    """Catches a trace that forgets too early, keeps what was passed, or answers after it was used up."""
    graph, x = small_network(), normal(2, 3, 8, 8)
    how = rule(name, low=-9.0, high=9.0) if name == "dtd" else rule(name)
    trace = graph.forward(x, once=True)
    assert torch.equal(attribution(trace, how), attribution(graph.forward(x), how))
    assert not trace.records
    for again in (lambda: attribution(trace, how), lambda: trace.output, lambda: trace.activation(1)):
        with pytest.raises(ValueError, match="used up"):
            again()


@pytest.mark.parametrize("name", ["grad", "gbp", "lrp-alpha-beta"])
def test_cascades_in_parts(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches levels or images that change places where maps do not fit one pass."""
    graph, x = small_network(), normal(5, 3, 8, 8)
    whole = cascades(graph.forward(x), rule(name))
    for rows in (1, 2, 3):
        monkeypatch.setattr(sys.modules[cascades.__module__], "BUFFER", rows * 4 * 8 * 8 * 8)
        np.testing.assert_allclose(cascades(graph.forward(x), rule(name)), whole, rtol=1e-9, atol=1e-12)


FAULTS = """
import resource, sys, torch
from nfrlab.simulations.deep.engine.memory import keep_freed_memory
if sys.argv[1] == "kept":
    assert keep_freed_memory()
def use():
    buffers = [torch.ones(5 * 2**20) for _ in range(4)]
use()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
use()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc's allocator is what is set")
def test_freed_memory_is_there_again() -> None:
    """Catches a setting that glibc does not have or take: four buffers of 20 MB are mapped page by page once more.

    One of them may be, where the heap's top lies badly; without the setting all are.
    """
    faults = [
        int(subprocess.run([sys.executable, "-c", FAULTS, how], check=True, capture_output=True).stdout)
        for how in ("default", "kept")
    ]
    assert faults[1] < faults[0] / 2
