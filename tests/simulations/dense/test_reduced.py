"""The reduced samplers draw from the law of direct sampling, in one rectangle and streamed, in constant memory.

Laws are compared by their distribution functions F and G. From samples of n and m, with D the largest distance of the
empirical ones, `sup|F − G|` lies in D ± (the two DKW–Massart radii) with probability ≥ 1 − α: an interval that excludes
0 refutes equality, one inside [−δ, δ] confirms it within δ, anything else is undecided, and fails as well.
"""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Callable, Iterator
from importlib.util import module_from_spec, spec_from_file_location
from math import ceil
from types import ModuleType
from typing import Any

import jaxtyping
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nfrlab.simulations.dense import montecarlo, reduced, weights
from nfrlab.simulations.dense.reduced import sampler
from nfrlab.simulations.dense.reduced.invariant import RELEVANCES
from nfrlab.simulations.dense.reduced.polar import INVARIANT_FAMILIES, Floats
from nfrlab.simulations.dense.reduced.selection import order_statistic
from nfrlab.simulations.seeds import seed_sequence
from nfrlab.verify.court.evidence import Claimed, Finding, decide
from nfrlab.verify.intervals import dkw_radius

BUDGET = 5e-7  # the probability that any check of this file errs; tests/test_polar.py has as much
DELTA = 0.08

Case = tuple[str, dict[str, float], str]
CASES: list[Case] = [
    ("grad", {}, "normal"),
    ("gbp", {}, "normal"),
    ("deconv", {}, "normal"),
    ("rectgrad", {"q": 0.9}, "normal"),
    ("rectgrad", {"q": 0.5}, "normal"),  # the quantile is a zero, mostly
    ("rectgrad", {"q": 0.1}, "normal"),  # negative, mostly
    ("rectgrad-constant", {"tau": 0.5}, "normal"),
    ("rectgrad-constant", {"tau": -0.5}, "normal"),
    ("constant", {}, "normal"),
    ("activation", {}, "normal"),
    ("grad", {}, "absolute"),
    ("grad", {}, "constant"),
    ("gbp", {}, "rectified"),
    ("deconv", {}, "constant"),
    ("rectgrad", {"q": 0.9}, "rectified"),
    ("rectgrad", {"q": 0.5}, "absolute"),
    ("rectgrad", {"q": 0.1}, "constant"),
    ("rectgrad-constant", {"tau": -0.5}, "rectified"),
    ("gbp", {}, "laplace"),
    ("grad", {}, "laplace"),
]
SHAPES = {  # (d, N): N < d, N > d with a remainder, N = 1; and the cases tried there
    (2, 3): CASES[:10],
    (3, 1): CASES[:10],
    (3, 8): CASES,
    (27, 30): CASES[:10],
    (784, 4): CASES,
}
STREAMED: list[tuple[str, int, int, int, list[int]]] = [  # family, d, N, TILE < N, cases; all thresholds are exact,
    ("gaussian", 5, 24, 16, [1, 2, 9, 3, 4]),  # see `test_ranks_are_exact`: their law is tried once or twice a family
    ("sphere", 3, 24, 16, [1, 2, 9, 5]),
    ("haar", 7, 40, 16, [1, 2, 9, 4]),  # frames that fit: two at once, the last one smaller
    ("haar", 40, 60, 16, [1, 2, 9, 3]),  # frames that do not fit: in pieces, the second frame smaller
]
STREAMED_CASES = [(family, d, N, tile, CASES[place]) for family, d, N, tile, places in STREAMED for place in places]
CHECKS = {
    "direct": len(INVARIANT_FAMILIES) * sum(map(len, SHAPES.values())) * 3,
    "streamed": len(STREAMED_CASES) * 3,
    "radial": 3 * 3,
}


def generator(*path: str | int) -> np.random.Generator:
    """The generator of one test."""
    return np.random.default_rng(seed_sequence(0, "tests", "reduced", *path))


def alpha(group: str) -> float:
    """What one check of a group may spend; all checks of all groups sum to `BUDGET`."""
    return BUDGET / len(CHECKS) / CHECKS[group]


def sizes(group: str, ratio: int, delta: float = DELTA, power: float = 0.99) -> tuple[int, int]:
    """The least n, with m = ratio · n, for which true equality is confirmed within δ in *all* checks of the group
    with probability ≥ `power`.

    The interval reaches to D + r_n(α/2) + r_m(α/2), and under equality D ≤ r_n(β/2) + r_m(β/2) with probability
    ≥ 1 − β, by DKW again, for a β of (1 − power) / checks. All radii are multiples of 1/√n.
    """
    beta = (1 - power) / CHECKS[group]
    reach = sum(dkw_radius(k, level / 2) for k in (1, ratio) for level in (alpha(group), beta))
    n = ceil((reach / delta) ** 2)
    return n, ratio * n


def distance(a: Floats, b: Floats) -> float:
    """`sup_t |F_a(t) − F_b(t)|` of two samples: F_a is constant between its jumps and F_b monotone, so it is reached at
    a jump of F_a or just before one.
    """
    a, b = np.sort(a), np.sort(b)
    gaps = (np.searchsorted(a, a, side) / len(a) - np.searchsorted(b, a, side) / len(b) for side in ("left", "right"))
    return max(float(np.abs(gap).max()) for gap in gaps)


def statistics(along: Floats, across: Floats) -> dict[str, Floats]:
    """α, along and across as they are compared.

    A zero map has no α (NaN): it counts as the value −2, an outcome like any other. Rounding to 6 decimals is the same
    function of both samples, so equal laws stay equal; it puts an atom (a frame that passes whole has across = 0,
    α = 1) in one place, where the two routes miss it by the root of a rounding error, about 1e-8, each in its own way.
    """
    length = np.sqrt(along**2 + across**2)
    ratio = np.divide(along, length, where=length > 0, out=np.full(len(length), -2.0))
    return {"α": ratio.round(6), "along": along.round(6), "across": across.round(6)}


def findings(group: str, one: tuple[Floats, Floats], other: tuple[Floats, Floats]) -> dict[str, tuple[Finding, float]]:
    """Equality of the laws of α, along and across: what is found and the distance observed."""
    first, second, out = statistics(*one), statistics(*other), {}
    for name in first:
        D = distance(first[name], second[name])
        radii = sum(dkw_radius(len(sample[name]), alpha(group) / 2) for sample in (first, second))
        out[name] = (decide((D - radii, D + radii), Claimed.exactly(0, DELTA)), D)
    return out


def layers(family: str, d: int, N: int, n: int, rng: np.random.Generator) -> Floats:
    """n weight matrices as `weights.sample` draws them; all at once where columns are independent."""
    if family == "haar":
        return np.stack([weights.sample(family, d, N, rng) for _ in range(n)])
    return weights.sample(family, d, n * N, rng).reshape(d, n, N).swapaxes(0, 1)


def passed(rule: str, options: dict[str, float], c: Floats, r: Floats) -> Floats:
    """s of `R = Σ_j s_j w_j` as the rule is defined, from c = w·x̂ and r, for layers in rows."""
    A = np.maximum(c, 0)
    if rule in ("constant", "activation"):
        return A if rule == "activation" else np.where(c > 0, 1.0, 0.0)
    if rule in ("gbp", "deconv"):
        return np.where((c > 0) | (rule == "deconv"), np.maximum(r, 0), 0)
    tau = options.get("tau", -np.inf)
    if rule == "rectgrad":
        tau = np.quantile(A * r, options["q"], axis=1, keepdims=True)
    return np.where((c > 0) & (A * r > tau), r, 0)


def direct(
    family: str, d: int, N: int, n: int, cases: list[Case], rng: np.random.Generator
) -> list[tuple[Floats, Floats]]:
    """(along, across) of n direct trials of every case: the same weights serve all, as weights are what costs."""
    x = rng.standard_normal(d)
    unit, out = x / np.linalg.norm(x), [(np.empty(n), np.empty(n)) for _ in cases]
    for first in range(0, n, 500):
        W = layers(family, d, N, min(500, n - first), rng)
        c = unit @ W
        V = W - unit[:, None] * c[:, None, :]
        gram = V.swapaxes(1, 2) @ V
        r = {name: np.stack([draw(N, rng) for _ in W]) for name, draw in montecarlo.RELEVANCES.items()}
        for (rule, options, relevance), (along, across) in zip(cases, out, strict=True):
            s = passed(rule, options, c, r[relevance])
            along[first : first + 500] = np.einsum("tn,tn->t", s, c)
            across[first : first + 500] = np.sqrt(np.maximum(np.einsum("tn,tnk,tk->t", s, gram, s), 0))
    return out


@pytest.fixture
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shapes are checked in all other tests; here the checks would take most of the time."""
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)


@pytest.fixture
def unhooked(fast: None, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The sampler once more, past the import hook, which compiles the checks of inner functions at every call."""
    spec = spec_from_file_location("unhooked", sampler.__file__)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "unhooked", module)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("family", INVARIANT_FAMILIES)
def test_direct_is_montecarlo(family: str, fast: None) -> None:
    """Catches a reference that is not `montecarlo.parts`: from the same weights and relevances, the same numbers."""
    for (d, N), cases in SHAPES.items():
        x = generator("x", d).standard_normal(d)
        for rule, options, relevance in cases:
            given = montecarlo.parts(rule, family, x, N, 5, generator(family, d), relevance, **options)
            rng, unit = generator(family, d), x / np.linalg.norm(x)
            drawn = "constant" if rule in ("constant", "activation") else relevance
            for along, across in zip(*given, strict=True):
                W = weights.sample(family, d, N, rng)
                c, r = unit @ W, montecarlo.RELEVANCES[drawn](N, rng)
                s = passed(rule, options, c[None], r[None])[0]
                np.testing.assert_allclose(along, s @ c, rtol=1e-12, atol=1e-12)
                np.testing.assert_allclose(across, np.linalg.norm(W @ s - (s @ c) * unit), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("d", "N"), SHAPES)
@pytest.mark.parametrize("family", INVARIANT_FAMILIES)
def test_law_of_direct_sampling(family: str, d: int, N: int, fast: None) -> None:
    """Catches a reduced sampler whose α, along or across has another law than maps from weights drawn whole."""
    cases, (n, m), failures = SHAPES[d, N], sizes("direct", 3), []
    references = direct(family, d, N, n, cases, generator("direct", family, d, N))
    for place, ((rule, options, relevance), reference) in enumerate(zip(cases, references, strict=True)):
        drawn = reduced.parts(rule, family, d, N, m, generator("reduced", family, d, N, place), relevance, **options)
        for name, (finding, D) in findings("direct", reference, drawn).items():
            if finding is not Finding.SUPPORTS:
                failures.append(f"{rule} {options} {relevance}: law of {name} {finding}, distance {D:.3f}")
    assert not failures, "\n".join(failures)


@pytest.mark.parametrize(("family", "d", "N", "tile", "case"), STREAMED_CASES)
def test_law_of_streams(family: str, d: int, N: int, tile: int, case: Case, unhooked: Any) -> None:
    """Catches a layer that does not fit a rectangle being added up otherwise than one that does."""
    (rule, options, relevance), (n, m) = case, sizes("streamed", 12)
    path = (family, d, rule, str(options))
    whole = unhooked.parts(rule, family, d, N, m, generator("whole", *path), relevance, **options)
    unhooked.TILE = tile
    streamed = unhooked.parts(rule, family, d, N, n, generator("stream", *path), relevance, **options)
    for name, (finding, D) in findings("streamed", streamed, whole).items():
        assert finding is Finding.SUPPORTS, f"law of {name} {finding}, distance {D:.3f}"


@pytest.mark.parametrize("case", [CASES[2], CASES[3], CASES[9]])
def test_any_radial_law(case: Case) -> None:
    """Catches a radial law of one's own, here √χ²_d, that is not added up as the family of that law, here Gaussian."""
    (rule, options, relevance), (n, m) = case, sizes("radial", 1)

    def rho(d: int, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
        return np.sqrt(rng.chisquare(d, shape))

    one = reduced.parts(rule, rho, 3, 8, n, generator("radial", rule), relevance, **options)
    other = reduced.parts(rule, "gaussian", 3, 8, m, generator("gaussian", rule), relevance, **options)
    for name, (finding, D) in findings("radial", one, other).items():
        assert finding is Finding.SUPPORTS, f"law of {name} {finding}, distance {D:.3f}"


@settings(max_examples=500)
@given(
    st.sampled_from(list(INVARIANT_FAMILIES)),
    st.integers(1, 90),
    st.integers(2, 12) | st.integers(1, 200),  # few: that the rank is just beside the zeros is likely
    st.sampled_from((0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 0.9, 1.0)),
    st.just("normal") | st.sampled_from(list(RELEVANCES)),
    st.sampled_from((1, 16, 64, sampler.TILE)),
    st.integers(0, 2**32 - 1),
)
def test_ranks_are_exact(family: str, d: int, N: int, q: float, relevance: str, tile: int, seed: int) -> None:
    """Catches a quantile of the wrong rank, of other neurons than those then added up, or blind to the zeros."""
    drawn, kept = 0, [np.empty(0)]

    def spied(d: int, trials: int, angles: np.random.Generator) -> Any:
        """The family's neurons, but those added up are noted."""
        cloud = family_of(d, trials, angles)
        coordinates, add, masks = cloud.coordinates, cloud.add, []

        def noted(s: Floats, c: Floats) -> None:
            nonlocal drawn
            drawn += np.count_nonzero(masks[-1])
            kept.append(s[s != 0])
            add(s, c)

        cloud.coordinates = lambda mask, rng: (masks.append(mask), coordinates(mask, rng))[1]
        cloud.add = noted
        return cloud

    family_of = INVARIANT_FAMILIES[family]
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(INVARIANT_FAMILIES, family, spied)
        patch.setattr(sampler, "TILE", tile)
        patch.setattr(jaxtyping.config, "jaxtyping_disable", True)
        reduced.parts("rectgrad", family, d, N, 1, np.random.default_rng(seed), relevance, q=q)
    s = np.concatenate(kept)
    above = N - 1 - int(q * (N - 1))  # values above the order statistic, were there no zeros among them
    if np.any(s < 0):  # it is negative: it and all below it are dropped, and nothing else that was drawn
        assert len(s) == drawn - (N - above)
    elif relevance in ("normal", "laplace"):
        assert len(s) <= above
    elif relevance != "constant" or d > 1:  # or all are tied, and rounding decides
        assert len(s) == min(drawn, above)  # it is positive, or zero because few are positive


class Endless(Exception):
    """A selection that never ends."""


def passes(values: Floats, cuts: list[int], most: int = 500) -> Callable[[], Iterator[Floats]]:
    """The stream of `values` in chunks; raises `Endless` when it is asked for more than `most` times."""
    asked = iter(range(most))

    def stream() -> Iterator[Floats]:
        if next(asked, None) is None:
            raise Endless
        return iter(np.split(values, cuts))

    return stream


@settings(max_examples=300)
@given(
    st.lists(st.integers(-3, 3) | st.floats(-1e9, 1e9), min_size=1, max_size=80),
    st.lists(st.integers(0, 80), max_size=6),
    st.integers(1, 40),
    st.data(),
)
def test_order_statistic(values: list[float], cuts: list[int], kept: int, data: st.DataObject) -> None:
    """Catches a rank off by one, values lost at a chunk's edge or among ties, and a search that does not end."""
    array = np.array(values, dtype=float)
    rank, total = data.draw(st.integers(0, len(array) - 1)), data.draw(st.sampled_from((None, len(array))))
    assert order_statistic(passes(array, sorted(cuts)), rank, kept, total) == np.sort(array)[rank]


@pytest.mark.parametrize("order", ["random", "ascending", "descending"])
@pytest.mark.parametrize("ties", [False, True])
def test_order_statistic_of_many(order: str, ties: bool) -> None:
    """Catches a bracket that does not narrow: where the first values mislead, or nearly all are the same."""
    rng, n = generator("many", order), 100_000
    values = np.where(rng.random(n) < 1e-4, rng.standard_normal(n), 5.0) if ties else rng.random(n)
    ordered = np.sort(values)
    values = {"random": values, "ascending": ordered, "descending": ordered[::-1].copy()}[order]
    for rank in (0, 1, 3, 1000, n // 2, n - 1000, n - 2, n - 1):
        for total in (None, n):
            stream = passes(values, list(range(7000, n, 7000)))
            assert order_statistic(stream, rank, 2000, total) == ordered[rank], (rank, total)


@pytest.mark.parametrize("rank", [-1, 5, 100])
@pytest.mark.parametrize(("kept", "total"), [(10, None), (10, 5), (2, None), (2, 5)])
def test_order_statistic_out_of_range(rank: int, kept: int, total: int | None) -> None:
    """Catches a wrong rank that is answered with some value all the same."""
    with pytest.raises(ValueError, match=f"rank {rank} does not exist among 5 values"):
        order_statistic(passes(np.arange(5.0), [2]), rank, kept, total)


def peak(run: Callable[[], Any]) -> int:
    """The most bytes that `run` held at once."""
    tracemalloc.start()
    try:
        run()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_order_statistic_keeps_little() -> None:
    """Catches a selection that keeps more than `kept` values and a chunk, give or take their sorted copies: 96 000
    bytes here, of the 8 000 000 that pass by.
    """

    def stream() -> Iterator[Floats]:
        return (np.random.default_rng(block).random(1000) for block in range(1000))

    for total in (None, 1_000_000):
        assert peak(lambda total=total: order_statistic(stream, 900_000, 2000, total)) < 8 * 4 * (2000 + 1000)


@pytest.mark.parametrize(
    ("family", "d"), [("gaussian", 784), ("sphere", 784), ("haar", 784), ("haar", 3), ("haar", 150_528)]
)
@pytest.mark.parametrize(("rule", "options"), [("gbp", {}), ("rectgrad", {"q": 0.9})])
def test_memory_does_not_grow(rule: str, options: dict[str, float], family: str, d: int) -> None:
    """Catches an array with an entry per neuron: 10⁶ neurons take no more than 10⁵, and less than a number each."""

    def peak_at(N: int) -> int:
        return peak(lambda: reduced.alignments(rule, family, d, N, 1, generator("memory", family, d), **options))

    peak_at(100)  # imports and caches
    few, many = peak_at(100_000), peak_at(1_000_000)
    assert many < 2 * few
    assert many < 4_000_000


@pytest.mark.parametrize("case", CASES[:11])
@pytest.mark.parametrize("family", INVARIANT_FAMILIES)
def test_same_seed_same_bits(family: str, case: Case) -> None:
    """Catches a sampler that reads anything but its generator, and an α that is not along / √(along² + across²)."""
    rule, options, relevance = case
    for d, N, trials in ((3, 7, 50), (5, 20_000, 1)):
        along, across = reduced.parts(rule, family, d, N, trials, generator("bits"), relevance, **options)
        again = reduced.parts(rule, family, d, N, trials, generator("bits"), relevance, **options)
        np.testing.assert_array_equal((along, across), again)
        given = reduced.alignments(rule, family, d, N, trials, generator("bits"), relevance, **options)
        expected = np.where(statistics(along, across)["α"] == -2, np.nan, along)
        np.testing.assert_allclose(given * np.hypot(along, across), expected, rtol=1e-12)
        assert np.any(along != reduced.parts(rule, family, d, N, trials, generator("other"), relevance, **options)[0])


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (("lrp-z", "gaussian", 3, 4, 1), {}, "rule 'lrp-z'.* grad, gbp"),
        (("gbp", "laplace", 3, 4, 1), {}, "family 'laplace'.* gaussian"),
        (("gbp", "gaussian", 0, 4, 1), {}, "d ≥ 1 and N ≥ 1, got d = 0, N = 4"),
        (("gbp", "gaussian", 3, 0, 1), {}, "d ≥ 1 and N ≥ 1, got d = 3, N = 0"),
        (("rectgrad", "gaussian", 3, 4, 1), {"q": 1.5}, r"in \[0, 1\], got 1.5"),
        (("rectgrad", "gaussian", 3, 4, 1), {"q": -0.1}, r"in \[0, 1\], got -0.1"),
        (("rectgrad", "gaussian", 3, 4, 1), {"q": float("nan")}, r"in \[0, 1\], got nan"),
        (("gbp", "gaussian", 3, 4, 1), {"relevance": "uniform"}, "relevance 'uniform'.* normal"),
    ],
)
def test_refusals(arguments: tuple[Any, ...], options: dict[str, Any], message: str) -> None:
    """Catches a request that has no reduced sampler and is answered all the same."""
    rule, family, d, N, trials = arguments
    for draw in (reduced.parts, reduced.alignments):
        with pytest.raises(ValueError, match=message):
            draw(rule, family, d, N, trials, generator("refused"), **options)
