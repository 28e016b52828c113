"""Relevances of one stack: drawn without weights they have the law of whole stacks; many at once are one at a time."""

from __future__ import annotations

from functools import partial
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kstest

from nfrlab.simulations.dense import backward, rule, rules
from nfrlab.simulations.dense import layer as passed_layer
from nfrlab.simulations.dense.converging import (
    chain_sizes,
    column_stochastic,
    mean_size_between,
    parts_of,
    stack_sizes,
    stratified,
)
from nfrlab.simulations.dense.montecarlo import gaussian_stack
from nfrlab.simulations.dense.reduced.converging import means_between, pair_means

SIX = 6  # standard errors
VECTORS = 3
WIDTHS = 3, 4, 5


def whole_stack(name: str, rng: np.random.Generator) -> list[np.ndarray]:
    """Cosines of the pairs of relevances that the engine carries down one stack, layer by layer."""
    layers = gaussian_stack((*WIDTHS, 1), rng).forward(rng.standard_normal(WIDTHS[0]))[:-1]
    carried, found = rng.standard_normal((VECTORS, WIDTHS[-1])), []
    for number in range(len(layers), 0, -1):
        carried = np.array([backward(layers, rule(name), r, start=number, stop=number - 1) for r in carried])
        length = np.linalg.norm(carried, axis=1, keepdims=True)
        carried = carried / np.where(length > 0, length, 1)
        found.append((carried @ carried.T)[np.triu_indices(VECTORS, 1)])
    return found


@pytest.mark.parametrize("name", ["grad", "gbp", "deconv"])
def test_reduced_relevances_have_the_law_of_whole_stacks(name: str) -> None:
    """Catches a part along the activation, a covariance of rests or a mask that whole stacks do not have, in layers of
    three to five neurons, many of which are closed: mean cosines and their squares, six standard errors.
    """
    rng = np.random.default_rng(5)
    cosines = np.array([whole_stack(name, rng) for _ in range(250)])
    for power in (1, 2):
        whole = (cosines**power).mean(axis=2)
        reduced = pair_means(name, WIDTHS, VECTORS, 10_000, np.random.default_rng(6), power=power)
        error = np.sqrt(whole.var(axis=0) / len(whole) + reduced.var(axis=0) / len(reduced))
        assert np.all(np.abs(whole.mean(axis=0) - reduced.mean(axis=0)) < SIX * error)
        assert np.all(error < 0.04)


def test_maps_of_two_stacks() -> None:
    """Catches two stacks that share more than the input: E cos of their maps is (E α)², α from whole stacks."""
    rng, alphas = np.random.default_rng(7), []
    for _ in range(800):
        layers = gaussian_stack((*WIDTHS, 1), rng).forward(np.eye(WIDTHS[0])[0])[:-1]
        r = backward(layers, rule("gbp"), rng.standard_normal(WIDTHS[-1]))
        alphas.append(r[0] / np.linalg.norm(r) if r.any() else 0.0)
    found = means_between("gbp", WIDTHS, VECTORS, 10_000, np.random.default_rng(8))[:, 0]
    mean, error = float(np.mean(alphas)), float(np.std(alphas)) / np.sqrt(len(alphas))
    assert found.mean() == pytest.approx(mean**2, abs=SIX * (2 * mean * error + found.std() / 100))


def test_a_mean_cosine_is_bounded_below() -> None:
    """Catches an observation below −1/(v − 1), on which the court's intervals rely."""
    found = pair_means("grad", (1, 1), 2, 500, np.random.default_rng(9))
    assert found.min() >= -1 - 1e-9
    assert pair_means("grad", (2, 2), 4, 500, np.random.default_rng(9)).min() >= -1 / 3 - 1e-9


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1), st.sampled_from([rules.zplus, rules.lrp_z, partial(rules.lrp_alpha_beta, alpha=3)]))
def test_many_relevances_at_once_are_one_at_a_time(seed: int, step: rules.Step) -> None:
    """Catches a share taken along the wrong axis, square layers of as many relevances as neurons among them."""
    rng = np.random.default_rng(seed)
    d, n, many = rng.integers(1, 5, 3)
    here = passed_layer(rng.standard_normal(d), rng.standard_normal((d, n)))
    R = rng.standard_normal((n, many))
    np.testing.assert_allclose(step(here, R), np.array([step(here, r) for r in R.T]).T, atol=1e-12)


def test_stratified_relevances_are_normal() -> None:
    """Catches a set whose entries or sums are not those of N(0, I), or whose sums leave an interval empty."""
    rng = np.random.default_rng(10)
    v = np.hstack([stratified(6, 8, rng) for _ in range(3000)])
    assert kstest(v[2], "norm").pvalue > 1e-6
    assert kstest(v.sum(axis=0) / np.sqrt(6), "norm").pvalue > 1e-6
    np.testing.assert_allclose(v @ v.T / v.shape[1], np.eye(6), atol=SIX * 2 / np.sqrt(v.shape[1]))
    sums = np.sort(stratified(6, 8, rng).sum(axis=0) / np.sqrt(6))
    quartiles = np.searchsorted(sums, [-0.6745, 0, 0.6745])
    assert quartiles.tolist() == [2, 4, 6]


def test_sizes_by_pairs() -> None:
    """Catches pairs within a set, and a sign that is kept: |cos| of one of each half, one by one."""
    R = np.random.default_rng(11).standard_normal((5, 6)).astype(np.float32)
    pairs = [abs(u @ v) / np.linalg.norm(u) / np.linalg.norm(v) for u in R.T[:3] for v in R.T[3:]]
    assert mean_size_between(R) == pytest.approx(np.mean(pairs), abs=1e-6)


def test_whole_stacks_of_zplus() -> None:
    """Catches layers carried in the wrong order or weights of another law: independent relevances of the engine."""
    rng, found = np.random.default_rng(12), []
    widths = 6, 3, 5
    for _ in range(500):
        layers = gaussian_stack((*widths, 1), rng).forward(rng.standard_normal(widths[0]))[:-1]
        pair = rng.standard_normal((2, widths[-1]))
        steps = []
        for number in range(len(layers), 0, -1):
            pair = [backward(layers, rule("zplus"), r, start=number, stop=number - 1) for r in pair]
            lengths = [np.linalg.norm(r) for r in pair]
            steps.append(abs(pair[0] @ pair[1]) / np.prod(lengths) if min(lengths) > 0 else 0.0)
        found.append(steps)
    many = np.array([stack_sizes([rule("zplus")], widths, 4, rng)[0] for _ in range(500)])
    one = np.array(found)
    error = np.sqrt(one.var(axis=0) / len(one) + many.var(axis=0) / len(many))
    assert np.all(np.abs(one.mean(axis=0) - many.mean(axis=0)) < SIX * error)


def test_chains_multiply_what_they_name() -> None:
    """Catches a chain that reuses another's vectors, and matrices that are not those of their name."""
    W = np.random.default_rng(13).standard_normal((4, 3)).astype(np.float32)
    assert column_stochastic(W).sum(axis=0) == pytest.approx(np.ones(3), abs=1e-6)
    np.testing.assert_allclose(parts_of(2.0)(W), np.maximum(W, 0) + 2 * W, atol=1e-6)
    widths = 30, 20, 10
    both = chain_sizes([np.abs, np.asarray], widths, 5, np.random.default_rng(14))
    for made, row in zip((np.abs, np.asarray), both, strict=True):
        np.testing.assert_array_equal(chain_sizes([made], widths, 5, np.random.default_rng(14))[0], row)
    assert len([*pairwise(widths)]) == both.shape[1]


@pytest.mark.parametrize(
    ("name", "widths", "named"), [("zplus", (3, 3), "zplus"), ("gbp", (3,), "widths"), ("gbp", (3, 0), "widths")]
)
def test_refused_relevances(name: str, widths: tuple[int, ...], named: str) -> None:
    """Catches numbers for a rule that has no reduced law, and for a stack without a layer."""
    with pytest.raises(ValueError, match=named):
        pair_means(name, widths, 2, 3, np.random.default_rng(0))
