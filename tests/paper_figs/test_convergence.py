"""The convergence figures: the plotted data against the sweep, the theory's curve against sampling, the same bytes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

from nfrlab.paper_figs import alpha_against_width, convergence, gap_against_width, mean_over_trials
from nfrlab.paper_figs.render import render
from nfrlab.simulations import sweep
from nfrlab.simulations.sweep.blocks import point_input
from nfrlab.theory.families import FAMILIES
from nfrlab.theory.finite_width.law import alignment_law
from nfrlab.theory.limit.direction import gbp_alignment, gbp_limit
from nfrlab.verify.exhibits.convergence import Plan, plan, prefixes, trial_alphas, with_input

NFRLAB = Path(sys.executable).parent / "nfrlab"
RULES, NAMES = ("gbp", "activation"), ("powerlaw", "gaussian")


@pytest.fixture(scope="module")
def small() -> Plan:
    return plan(RULES, NAMES, 12, 2048, 300, "photograph", 3)


@pytest.fixture(scope="module")
def data(small: Plan, tmp_path_factory: pytest.TempPathFactory) -> xr.Dataset:
    return with_input(sweep.run(small.grid, tmp_path_factory.mktemp("sweep")), small)


@pytest.fixture(scope="module")
def over_trials(small: Plan) -> xr.Dataset:
    return prefixes(Plan(small.grid, 64, 512))


@given(st.floats(-2, 0), st.floats(0.01, 0.9), st.lists(st.floats(1e-6, 1e-3), min_size=7, max_size=7))
def test_slope_of_a_power_law(exponent: float, scale: float, errors: list[float]) -> None:
    """Catches a slope of the wrong sign, of the wrong axes, in another base, or weighted into a bias."""
    N = 2.0 ** np.arange(4, 11)
    slope, error = convergence.fitted_slope(N, 1 - scale * (N / 16) ** exponent, np.array(errors))
    assert slope == pytest.approx(exponent, abs=1e-6)
    assert error > 0


def test_slope_error_is_its_spread() -> None:
    """Catches a standard error that is off by a factor: 4,000 noisy curves have slopes with that standard deviation."""
    rng, N = np.random.default_rng(0), 2.0 ** np.arange(4, 11)
    gap, error = 1 / N, 0.02 / N
    fits = [convergence.fitted_slope(N, 1 - gap + error * rng.standard_normal(7), error) for _ in range(4000)]
    slopes, errors = zip(*fits, strict=True)
    assert np.std(slopes) == pytest.approx(np.mean(errors), rel=0.1)  # s.d. of an s.d. from 4,000: 1.1 %


def test_summary_pools_the_seeds(tmp_path: Path) -> None:
    """Catches seeds that are averaged without their counts, or a spread between seeds that is dropped."""
    both = sweep.run(sweep.Spec(("gbp",), ("sphere",), (3,), (1, 8), (0, 1), trials=64), tmp_path)
    _, mean, error = convergence.summary(both, "gbp", "sphere")
    for k in range(2):
        n, means, M2 = (both[name].values[0, 0, 0, k] for name in ("n", "mean", "M2"))
        assert n[0] != n[1] or k == 1  # half of all N = 1 maps are zero
        pooled = (n * means).sum() / n.sum()
        squares = M2.sum() + (n * (means - pooled) ** 2).sum()
        assert mean[k] == pytest.approx(pooled, rel=1e-12)
        assert error[k] == pytest.approx(np.sqrt(squares / (n.sum() - 1) / n.sum()), rel=1e-12)


@pytest.mark.parametrize("d", [3, 27])
@pytest.mark.parametrize("name", ["gaussian", "sphere", "ring"])
def test_first_order_law_is_exact_for_isotropic_weights(name: str, d: int, tmp_path: Path) -> None:
    """Catches a coefficient of 1/N that is off by 2 %, for instance by d/(d − 1): 1 − α at N = 100 d, as a ratio."""
    grid = sweep.Spec(("gbp",), (name,), (d,), (100 * d,), trials=40_000)
    _, mean, error = convergence.summary(sweep.run(grid, tmp_path), "gbp", name)
    predicted = 1 - gbp_alignment(FAMILIES[name], np.ones(d), 100.0 * d)
    second_order = 5 / 100  # (κ/N)² against κ/N, κ = π² d / 2
    assert (1 - mean[0]) / predicted == pytest.approx(1, abs=second_order + 6 * error[0] / predicted)
    assert d > 3 or abs((1 - mean[0]) / (predicted * d / (d - 1)) - 1) > 0.2


@pytest.mark.parametrize("name", ["uniform", "axis", "powerlaw", "laplace", "sparse"])
def test_first_order_law_elsewhere(name: str, tmp_path: Path) -> None:
    """Catches a curve without its limit or without the root: it misses at most a quarter of the way to α_∞."""
    grid = sweep.Spec(("gbp",), (name,), (12,), (192, 768, 3072), trials=2000, x="photograph")
    N, mean, error = convergence.summary(sweep.run(grid, tmp_path), "gbp", name)
    x = point_input(next(iter(grid.points())))
    limit = gbp_limit(FAMILIES[name], x).value
    predicted = np.array([gbp_alignment(FAMILIES[name], x, float(width)) for width in N])
    assert np.all(np.abs(mean - predicted) <= 0.25 * (limit - predicted) + 6 * error)


@pytest.mark.parametrize("name", ["haar", "tilted", "shifted", "uniform01"])
def test_first_order_law_is_refused(name: str) -> None:
    """Catches a curve where the law does not hold: neurons drawn together, or with a mean."""
    with pytest.raises(ValueError, match=name):
        gbp_alignment(FAMILIES[name], np.ones(3), 64.0)


def test_plotted_curves_are_the_stored_ones(data: xr.Dataset) -> None:
    """Catches a median drawn from another rule, family or share, a missing band, limit or law."""
    figure = alpha_against_width.figure(data)
    assert [axes.get_title() for axes in figure.axes] == ["gaussian (isotropic)", "powerlaw (not isotropic)"]
    for axes, name in zip(figure.axes, ("gaussian", "powerlaw"), strict=True):
        lines = {line.get_label(): line for line in axes.lines}
        for rule in RULES:
            own = data["quantile"].sel(rule=rule, family=name, share=0.5).values.ravel()
            np.testing.assert_array_equal(lines[rule].get_ydata(), own)
            np.testing.assert_array_equal(lines[rule].get_xdata(), data["N"].values)
        limit = gbp_limit(FAMILIES[name], data["input"].values).value
        assert set(lines["theory: limit α∞ of GBP"].get_ydata()) == {limit}
        laws = [line.get_ydata() for line in axes.lines if line.get_label() == "theory"]
        if name == "gaussian":
            wanted = [[alignment_law(rule, name, 12, int(N)).quantile(0.5) for N in data["N"].values] for rule in RULES]
        else:
            wanted = [[gbp_alignment(FAMILIES[name], data["input"].values, float(N)) for N in data["N"].values]]
        np.testing.assert_array_equal(laws, wanted)
        edges = [np.sort(band.get_paths()[0].vertices[:, 1]) for band in axes.collections]
        assert len(edges) == 2 * len(RULES)
        for band, (low, high) in zip(edges, [pair for _ in RULES for pair in convergence.BANDS], strict=True):
            rule = RULES[[id(edge) for edge in edges].index(id(band)) // 2]
            curves = data["quantile"].sel(rule=rule, family=name, share=[low, high]).values
            assert (band[0], band[-1]) == (curves.min(), curves.max())


def test_gap_falls_for_isotropic_weights_and_stops_otherwise(data: xr.Dataset) -> None:
    """Catches 1 − α drawn as α, and slopes in the wrong panel: −1 for Gaussian weights, flat for a power law."""
    figure = gap_against_width.figure(data)
    for axes, name in zip(figure.axes, ("gaussian", "powerlaw"), strict=True):
        N, mean, error = convergence.summary(data, "activation", name)
        line = next(line for line in axes.lines if str(line.get_label()).startswith("activation"))
        np.testing.assert_array_equal(line.get_ydata(), 1 - mean)
        slope, uncertainty = convergence.fitted_slope(N, mean, error)
        assert abs(slope - {"gaussian": -1, "powerlaw": 0}[name]) < 0.05 + 5 * uncertainty


def test_prefixes_are_of_one_run(small: Plan, over_trials: xr.Dataset) -> None:
    """Catches prefixes that are drawn anew, and sequences that forget what they had ruled out."""
    alpha = trial_alphas(Plan(small.grid, 64, 512), "gbp", "powerlaw")
    own = over_trials.sel(rule="gbp", family="powerlaw")
    for n, mean in zip(own["n"].values, own["mean"].values, strict=True):
        assert mean == pytest.approx(np.nanmean(alpha[:n]), rel=1e-12)
    low, high = over_trials["low"].values, over_trials["high"].values
    assert np.all(np.diff(low) >= 0)
    assert np.all(np.diff(high) <= 0)
    assert np.all((low <= over_trials["mean"].values[..., -1:]) & (over_trials["mean"].values[..., -1:] <= high))
    assert np.all(high[..., -1] - low[..., -1] < 0.6)


def test_plotted_prefixes_are_the_stored_ones(over_trials: xr.Dataset) -> None:
    """Catches confidence sequences of another rule or family."""
    figure = mean_over_trials.figure(over_trials)
    for axes, name in zip(figure.axes, ("gaussian", "powerlaw"), strict=True):
        for line, rule in zip((line for line in axes.lines if line.get_label() in RULES), RULES, strict=True):
            np.testing.assert_array_equal(line.get_ydata(), over_trials["mean"].sel(rule=rule, family=name))


DRAWN: dict[str, Callable[[xr.Dataset, xr.Dataset], Figure]] = {
    "alpha": lambda data, _: alpha_against_width.figure(data),
    "gap": lambda data, _: gap_against_width.figure(data),
    "mean": lambda _, over: mean_over_trials.figure(over),
}


@pytest.mark.parametrize("name", DRAWN)
def test_same_bytes_for_the_same_data(name: str, data: xr.Dataset, over_trials: xr.Dataset) -> None:
    """Catches dates, random ids and leftovers of an earlier figure in the picture."""
    first = render(lambda: DRAWN[name](data, over_trials))
    assert first == render(lambda: DRAWN[name](data, over_trials))
    assert first["png"].startswith(b"\x89PNG")
    assert b"<svg" in first["svg"]


def test_command(tmp_path: Path) -> None:
    """Catches a command that leaves out a figure or its data, and pictures that depend on the process."""
    small = ["--d", "3", "--most", "128", "--trials", "20", "--rule", "gbp", "--family", "ring", "--family", "cauchy"]
    written = []
    for out in (tmp_path / "a", tmp_path / "b"):
        command = [NFRLAB, "converge", *small, "--jobs", "1", "--out", out]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert done.stderr == ""
        written.append({file.name: file.read_bytes() for file in sorted(out.iterdir()) if file.is_file()})
    assert written[0] == written[1]
    names = "alpha_against_width", "gap_against_width", "mean_over_trials"
    assert {f"{name}.{suffix}" for name in names for suffix in ("svg", "png")} < set(written[0])
    assert {"converge.nc", "prefixes.nc", "sweep.nc"} < set(written[0])


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--most", "100"], "--most"),
        (["--rule", "gradcam"], "gradcam"),
        (["--family", "normal"], "normal"),
        (["--d", "28"], "photograph"),
        (["--x", "cat"], "cat"),
        (["--trials", "0"], "trials"),
        (["--seed", "-1"], "seed"),
    ],
)
def test_refusals(words: list[str], named: str, tmp_path: Path) -> None:
    """Catches a traceback, or work begun, where the request cannot be met."""
    done = subprocess.run(
        [NFRLAB, "converge", *words, "--out", tmp_path / "out"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert named in done.stderr
    assert not (tmp_path / "out").exists()
