"""The figures of the bridge: what is drawn is what was stored, what is missing is named, same bytes twice."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from typer.testing import CliRunner

from nfrlab.paper_figs.deep import fig2, fig3, fig4, fig5, fig6, fig7, table1
from nfrlab.paper_figs.deep.fig3 import neurons
from nfrlab.paper_figs.deep.stored import MissingResults, Stored, main_settings, map_image, quantiles
from nfrlab.paper_figs.render import STYLE
from nfrlab.simulations.images import IMAGENET_MEAN, IMAGENET_SD
from nfrlab.simulations.sealed import write_dataset
from nfrlab.verify.cli import app
from nfrlab.verify.exhibits.stored import FIGURES, OF_BRIDGE, draw, load, photograph

L, DRAWS, SIDE = 5, 7, 12
FILTERS = ["gbp", "rectgrad", "zplus"]
METHODS = ["grad-input", "gbp", "rectgrad", "zplus", "dtd", "activation"]
CHANGES = ["random", "cross", "corner", "matrix"]
LAYERS, LEVELS = list(range(1, L + 1)), list(range(L + 1))
COORDINATES: dict[str, Sequence[object]] = {
    "rule": [*FILTERS, "blind-filter"],
    "level": LEVELS,
    "layer": LAYERS,
    "method": METHODS,
    "bottom": ["with", "without"],
    "target": ["image", "edges", "other image", "other edges"],
    "component": ["image", "luminance", "colour", "coarse", "middle", "fine"],
    "part": ["top", "bottom", "all"],
    "change": CHANGES,
    "changed": [0, 3, 8],
}
SHAPES = {
    "alpha": ("rule", "level"),
    "alpha_activation": ("layer",),
    "alpha_activation_pooled": ("layer",),
    "alpha_map": ("method", "bottom", "target"),
    "fan_in": ("layer",),
    "cosine": ("layer",),
    "norm": ("layer",),
    "norm_sd": ("layer",),
    "kept": ("component", "layer"),
    "alpha_part": ("rule", "layer", "part"),
    "between": ("rule", "layer"),
    "alpha_changed": ("change", "changed", "rule"),
}


def numbers(name: str, seed: int = 0) -> xr.Dataset:
    """Random numbers in [0, 1) of every effect, fan-ins apart; in (−1, 0] for the control."""
    rng = np.random.default_rng([seed, *name.encode()])
    data = {
        variable: (("draw", *dims), rng.random((DRAWS, *(len(COORDINATES[dim]) for dim in dims))))
        for variable, dims in SHAPES.items()
    }
    network, _, kind = name.partition("-")
    found = xr.Dataset(data, {dim: list(values) for dim, values in COORDINATES.items()})
    for variable in ("alpha", "alpha_part", "between", "alpha_changed"):
        found[variable].loc[{"rule": "blind-filter"}] *= -1
    found["fan_in"][:] = [27, 64, 100, 400, 30]
    attributes = {
        "network": network,
        "weights": "trained" if kind == "trained" else "random",
        "images": "a/folder/flowers",
    }
    return found.assign_attrs(attributes | {"setting": '{"side": 12}', "seed": 0})


def pictures(name: str, channels: int = 3) -> xr.Dataset:
    """Random maps; DTD has none without a bottom process."""
    rng = np.random.default_rng(list(name.encode()))
    pixels = "channel", "y", "x"
    sizes: dict[str, Sequence[object]] = {
        "method": METHODS,
        "bottom": ["with", "without"],
        "layer": LAYERS,
        "rule": FILTERS,
        "change": CHANGES,
    }
    dims = {
        "image": (),
        "map": ("method", "bottom"),
        "activation_map": ("layer",),
        "changed_map": ("rule", "change"),
    }
    data = {
        variable: ((*axes, *pixels), rng.standard_normal((*(len(sizes[d]) for d in axes), channels, SIDE, SIDE)))
        for variable, axes in dims.items()
    }
    found = xr.Dataset(data, sizes, {"removed": 3}).astype(np.float32)
    found["map"].loc[{"method": "dtd", "bottom": "without"}] = np.nan
    found["map"].loc[{"method": "activation", "bottom": "with"}] = np.nan
    return found


NAMES = ("vgg16-gaussian", "vgg16-ring", "vgg16-uniform-raw", "vgg16-laplace", "digits-gaussian", "digits-trained")


@pytest.fixture(scope="module", name="data")
def stored() -> Stored:
    """Six settings with everything."""
    maps = {name: pictures(name, 1 if name.startswith("digits") else 3) for name in NAMES}
    shown = {name: data.assign(photograph=photograph(data["image"])) for name, data in maps.items()}
    return Stored({name: numbers(name) for name in NAMES}, shown)


def on_disk(folder: Path, names: Sequence[str] = NAMES) -> Path:
    """The six settings as files."""
    (folder / "pictures").mkdir(parents=True)
    for name in names:
        write_dataset(folder / f"{name}.nc", numbers(name))
        maps = pictures(name, 1 if name.startswith("digits") else 3)
        write_dataset(folder / "pictures" / f"{name}.nc", maps)
    return folder


def medians(array: xr.DataArray) -> np.ndarray:
    """The middle one of the seven draws, by sorting."""
    return np.asarray(np.sort(array.transpose("draw", ...).values, axis=0)[DRAWS // 2])


def line(axes: Axes, label: str) -> tuple[list[float], np.ndarray]:
    """x and y of the one line of that label, as `plot` or `errorbar` drew it."""
    lines = [one for one in axes.lines if one.get_label() == label]
    lines += [bars[0] for bars in axes.containers if bars.get_label() == label]
    (found,) = lines
    return np.asarray(found.get_xdata()).tolist(), np.asarray(found.get_ydata())


def titled(figure: Figure, title: str) -> Axes:
    """The one panel of that title."""
    (found,) = [axes for axes in figure.axes if axes.get_title() == title]
    return found


def test_fig2_is_what_was_stored(data: Stored) -> None:
    """Catches another rule's or network's α, means for medians, and Activation drawn at its layer's number."""
    (a_vgg, a_digits, b_vgg, *_), measured = fig2.figure(data).axes, data.numbers
    x, y = line(a_vgg, "z⁺, random")
    assert x == LEVELS
    np.testing.assert_array_equal(y, medians(measured["vgg16-gaussian"]["alpha"].sel(rule="zplus")))
    x, y = line(a_digits, "Activation, trained")
    assert x == [L - layer for layer in LAYERS]
    np.testing.assert_array_equal(y, medians(measured["digits-trained"]["alpha_activation"]))
    x, y = line(a_digits, "Activation after pooling, trained")
    assert x == [L - layer for layer in LAYERS]
    np.testing.assert_array_equal(y, medians(measured["digits-trained"]["alpha_activation_pooled"]))
    np.testing.assert_array_equal(line(b_vgg, "random")[1], medians(measured["vgg16-gaussian"]["cosine"]))
    assert a_vgg.get_title() == "VGG16, random, n = 7\nflowers, 12 × 12"
    assert a_digits.get_title().endswith("\nscikit-learn digits, 12 × 12")
    assert not any("reversed" in label for label in a_vgg.get_legend_handles_labels()[1])


def test_isotropic_cosine() -> None:
    """Catches a wrong constant beside Fig. 2b: two random directions in R³ have E|cos| = ½, in R² 2/π; and sampling."""
    assert fig2.isotropic_cosine(3) == pytest.approx(0.5)
    assert fig2.isotropic_cosine(2) == pytest.approx(2 / np.pi)
    w = np.random.default_rng(0).standard_normal((20_000, 27))
    cosines = np.abs(w[:, 0]) / np.linalg.norm(w, axis=1)
    assert fig2.isotropic_cosine(27) == pytest.approx(cosines.mean(), abs=5 * cosines.std() / 20_000**0.5)


def test_fig4_is_what_was_stored(data: Stored) -> None:
    """Catches families under each other's name, and a family without data drawn or demanded."""
    drawn = fig4.figure(data)
    axes = titled(drawn, "RectGrad")
    for label, name in (("Gaussian", "gaussian"), ("ring", "ring"), ("U[−1, 1] as printed, float32", "uniform-raw")):
        _, y = line(axes, f"{label} (n = 7)")
        np.testing.assert_array_equal(y, medians(data.numbers[f"vgg16-{name}"]["alpha"].sel(rule="rectgrad")))
    assert axes.get_legend_handles_labels()[1] == [
        f"{label} (n = 7)" for label in ("Gaussian", "ring", "U[−1, 1] as printed, float32")
    ]
    assert line(drawn.axes[3], "Laplace (n = 7)")[0] == LEVELS


def test_fig4_with_first_and_last_level_only(data: Stored) -> None:
    """Catches quick results that are drawn at the wrong N, or not at all: ring has α at the levels 0 and L only,
    whatever else was measured at others.
    """
    ends = data.numbers["vgg16-ring"].sel(level=[0, L])
    for measured in (ends, ends.reindex(level=range(L + 1))):
        axes = titled(fig4.figure(replace(data, numbers={**data.numbers, "vgg16-ring": measured})), "GBP")
        x, y = line(axes, "ring (n = 7)")
        np.testing.assert_allclose(x, [0, L], atol=0.99)
        assert x[1] - x[0] == L
        np.testing.assert_array_equal(y, medians(ends["alpha"].sel(rule="gbp")))


def test_fig5_and_fig6_are_what_was_stored(data: Stored) -> None:
    """Catches changes, parts or rules under each other's name."""
    measured = data.numbers["vgg16-gaussian"]
    against = titled(fig5.figure(data), "α of $r_0$ with x")
    _, y = line(against, "removal: corner kept")
    np.testing.assert_array_equal(y, medians(measured["alpha_changed"].sel(change="corner", rule="gbp")))
    axes = titled(fig6.figure(data), "z⁺")
    x, y = line(axes, "α: smallest 10 %")
    assert x == LAYERS
    np.testing.assert_array_equal(y, medians(measured["alpha_part"].sel(rule="zplus", part="bottom")))
    between = line(axes, "cosine between the maps of the largest and the smallest")[1]
    np.testing.assert_array_equal(between, medians(measured["between"].sel(rule="zplus")))


def test_the_control_is_not_drawn(data: Stored) -> None:
    """Catches an axis that reaches down to the control, GBP reversed, which no panel shows."""
    figures = fig2.figure(data), fig4.figure(data), fig5.figure(data), fig6.figure(data)
    panels = [axes for figure in figures for axes in figure.axes if axes.lines or axes.containers]
    assert len(panels) > 20
    assert all(axes.get_ylim()[0] > -0.1 for axes in panels)


def test_a_component_without_choice_is_left_out(data: Stored) -> None:
    """Catches a curve at ±1 that says nothing: the coarse part of a small image is its mean alone."""
    measured = data.numbers["vgg16-gaussian"].copy(deep=True)
    measured["kept"].loc[{"component": "coarse"}] = np.sign(measured["kept"].sel(component="coarse") - 0.5)
    below = fig7.figure(replace(data, numbers={**data.numbers, "vgg16-gaussian": measured})).axes[1]
    assert [line.get_color() for line in below.lines] == [
        colour for name, (_, colour, _) in fig7.COMPONENTS.items() if name != "coarse"
    ]
    assert below.get_ylim()[0] > -0.1


def test_fig5_counts_zero_maps(data: Stored) -> None:
    """Catches zero maps that vanish silently: two of seven draws are 29 %."""
    measured = data.numbers["vgg16-gaussian"].copy(deep=True)
    measured["alpha_changed"].loc[{"draw": [1, 4], "change": "cross", "changed": 8, "rule": "gbp"}] = np.nan
    found = fig5.figure(replace(data, numbers={**data.numbers, "vgg16-gaussian": measured}))
    (share,) = [text for text in titled(found, "α of $r_0$ with x").texts if "zero" in text.get_text()]
    assert share.get_text() == "29 % zero"


def test_table1_draws_the_nulls(data: Stored) -> None:
    """Catches a resemblance without its null beside it, and maps captioned with another method's α."""
    drawn, measured = table1.figure(data), data.numbers["vgg16-gaussian"]["alpha_map"]
    axes = titled(drawn, "α of the map with …")
    for target, label in (("image", "the image x"), ("other image", "by chance: other images")):
        _, y = line(axes, label)
        np.testing.assert_array_equal(y, medians(measured.sel({"target": target, "bottom": "with", "method": METHODS})))
    shown = data.pictures["vgg16-gaussian"]
    R, x = shown["map"].sel({"method": "dtd", "bottom": "with"}).values.ravel(), shown["image"].values.ravel()
    expected = (R * x).sum() / (R**2).sum() ** 0.5 / (x**2).sum() ** 0.5
    assert titled(drawn, "DTD").get_xlabel() == f"α = {expected:.2f}".replace("-", "−")
    assert [text.get_text() for text in titled(drawn, "Activation").texts] == ["—"]


def test_fig7_is_what_was_stored(data: Stored) -> None:
    """Catches components under each other's name, and maps above another layer's number."""
    above, below = fig7.figure(data).axes[:2]
    for label, component in (("colour", "colour"), ("fine: above", "fine")):
        _, y = line(below, label)
        np.testing.assert_array_equal(y, medians(data.numbers["vgg16-gaussian"]["kept"].sel(component=component)))
    shown = np.asarray(above.images[0].get_array())
    width = shown.shape[1] // (L + 1)
    tiles = [shown[:, i * width + 1 : (i + 1) * width - 1] for i in range(L + 1)]
    np.testing.assert_array_equal(tiles[0], data.pictures["vgg16-gaussian"]["photograph"])
    np.testing.assert_array_equal(
        tiles[2], map_image(data.pictures["vgg16-gaussian"]["activation_map"].sel(layer=2).values)
    )


@pytest.mark.parametrize(
    ("figure", "without", "named"),
    [
        (table1.figure, ("alpha_map",), "alpha_map"),
        (fig2.figure, ("alpha",), "alpha"),
        (fig3.figure, ("map",), "vgg16-gaussian, vgg16-ring, vgg16-uniform-raw"),
        (fig4.figure, ("alpha",), "vgg16-gaussian"),
        (fig5.figure, ("changed_map",), "changed_map"),
        (fig6.figure, ("between",), "between"),
        (fig7.figure, ("kept",), "kept"),
    ],
)
def test_missing_data_are_named(
    data: Stored, figure: Callable[[Stored], Figure], without: tuple[str, ...], named: str
) -> None:
    """Catches an empty frame, a KeyError, and a refusal that does not say what to do."""
    less = Stored(
        {name: measured.drop_vars(without, errors="ignore") for name, measured in data.numbers.items()},
        {name: maps.drop_vars(without, errors="ignore") for name, maps in data.pictures.items()},
    )
    with pytest.raises(MissingResults, match=f"{named}.*run 'nfrlab bridge'") as refusal:
        figure(less)
    assert "\n" not in str(refusal.value)


def test_other_networks_fill_in() -> None:
    """Catches a user's network that is not drawn, trained before random, and the wrong trained stand-in."""
    data = {name: numbers(name) for name in ("digits-trained", "cifar-trained", "mine-gaussian", "cifar-gaussian")}
    found = Stored(data, {}).settings(["alpha"])
    assert found == ["mine-gaussian", "cifar-gaussian", "cifar-trained", "digits-trained"]
    assert main_settings(found) == ["mine-gaussian", "cifar-gaussian", "cifar-trained"]
    assert main_settings(["vgg16-gaussian", "vgg16-trained", "digits-trained"]) == ["vgg16-gaussian", "vgg16-trained"]


def test_fewer_rules(data: Stored) -> None:
    """Catches a KeyError, or an empty panel, after `nfrlab bridge --rules zplus`."""
    less = Stored(
        *({n: measured.sel(rule=["zplus"]) for n, measured in kept.items()} for kept in (data.numbers, data.pictures))
    )
    assert {axes.get_title() for axes in fig4.figure(less).axes} == {"z⁺", ""}
    assert {axes.get_title() for axes in fig6.figure(less).axes} == {"z⁺", ""}
    assert "GBP, $r_0$" not in {axes.get_title() for axes in fig3.figure(less).axes}
    assert not [text for text in fig2.figure(less).axes[0].get_legend_handles_labels()[1] if "GBP" in text]
    assert len(fig5.figure(less).axes) == 7 * 3


@given(st.lists(st.lists(st.floats(-1, 1) | st.just(np.nan), min_size=3, max_size=3), min_size=1, max_size=12))
def test_undefined_draws_are_left_out(rows: list[list[float]]) -> None:
    """Catches NaN that spreads or counts as 0, and a warning where no draw has a value; in plain Python."""
    found = quantiles(xr.DataArray(rows, dims=("draw", "layer")))
    for column in range(3):
        kept = sorted(row[column] for row in rows if not np.isnan(row[column]))
        for share, value in zip((0.1, 0.5, 0.9), found[:, column], strict=True):
            if not kept:
                assert np.isnan(value)
                continue
            position = share * (len(kept) - 1)
            low = int(position)
            high = min(low + 1, len(kept) - 1)
            assert value == pytest.approx(kept[low] + (position - low) * (kept[high] - kept[low]), abs=1e-12)


@given(st.floats(1e-30, 1e30), st.integers(0, 100))
def test_maps_keep_their_sign_and_lose_their_scale(scale: float, seed: int) -> None:
    """Catches scaling from least to largest, which moves zero, and pictures that depend on a map's size."""
    R = np.random.default_rng(seed).standard_normal((3, 6, 5))
    R[:, 0] = 0
    shown = map_image(scale * R)
    np.testing.assert_allclose(shown, map_image(R), atol=1e-9)
    np.testing.assert_array_equal(shown[0], 0.5)
    np.testing.assert_array_equal(np.sign(shown - 0.5), np.sign(R).transpose(1, 2, 0))
    np.testing.assert_allclose(map_image(-R), 1 - map_image(R), atol=1e-12)
    np.testing.assert_array_equal(map_image(0 * R), 0.5)


def test_photographs_come_back() -> None:
    """Catches channels exchanged, and mean and s.d. taken the wrong way."""
    original = np.random.default_rng(0).random((4, 5, 3))
    x = xr.DataArray((original - IMAGENET_MEAN) / IMAGENET_SD, dims=("y", "x", "channel")).transpose(
        "channel", "y", "x"
    )
    np.testing.assert_allclose(photograph(x), original, atol=1e-12)
    grey = photograph(xr.DataArray(np.array([[[-1.0, 0.0, 3.0]]]), dims=("channel", "y", "x")))
    np.testing.assert_allclose(grey[0, :, 1], [0, 0.25, 1])


def test_neurons_of_fig3_have_the_laws_named() -> None:
    """Catches a disc or a circle for the ring, and a law without U[−1, 1]'s corners."""
    assert np.all(np.abs(np.linalg.norm(neurons("ring"), axis=1) - 1) <= 0.2)
    assert np.ptp(np.linalg.norm(neurons("ring"), axis=1)) > 0.3
    square = np.abs(neurons("uniform-raw"))
    assert square.max() <= 1
    assert np.linalg.norm(square, axis=1).max() > 1.3


def test_same_bytes_and_what_was_left_out(tmp_path: Path) -> None:
    """Catches dates in the bytes, a figure missing without a word, and a part of a file under its name."""
    results = on_disk(tmp_path / "results", ["vgg16-gaussian"])
    reasons: dict[str, MissingResults] = {}
    first = draw(results, tmp_path / "a", left_out=reasons.__setitem__)
    again = draw(results, tmp_path / "b", ["table1", "fig6"])
    assert [path.name for path in first] == [
        f"{name}.{suffix}" for name in OF_BRIDGE if name not in {"fig3", "fig4"} for suffix in ("svg", "png")
    ]
    assert set(reasons) == {"fig3", "fig4"}
    assert [(tmp_path / "a" / path.name).read_bytes() for path in again] == [path.read_bytes() for path in again]
    assert sorted((tmp_path / "a").iterdir()) == sorted(first)


def test_unreadable_results_are_refused(tmp_path: Path) -> None:
    """Catches a traceback for a damaged file."""
    (tmp_path / "vgg16-gaussian.nc").write_bytes(b"no netCDF")
    with pytest.raises(ValueError, match=r"vgg16-gaussian\.nc is damaged"):
        load(tmp_path)


@pytest.mark.parametrize("name", ["table1", "fig2", "fig5", "fig6", "fig7"])
def test_nothing_is_cut_off_with_one_network(name: str) -> None:
    """Catches a title or a legend that runs out of the picture of a single network."""
    maps = pictures("mine-gaussian")
    shown = {"mine-gaussian": maps.assign(photograph=photograph(maps["image"]))}
    with rc_context(fname=STYLE):
        figure = FIGURES[name](Stored({"mine-gaussian": numbers("mine-gaussian")}, shown))
        figure.canvas.draw()
    (title,) = [text for text in figure.texts if text.get_text() == figure.get_suptitle()]
    for end in (title.get_window_extent(), *(legend.get_window_extent() for legend in figure.legends)):
        assert figure.bbox.x0 <= end.x0
        assert end.x1 <= figure.bbox.x1


def test_figures_command(tmp_path: Path) -> None:
    """Catches a figure of the bridge that the command does not know, or misses with a traceback."""
    words = ["--results", str(on_disk(tmp_path / "results", ["digits-trained"])), "--out", str(tmp_path / "out")]
    done = CliRunner().invoke(app, ["figures", "fig6", *words])
    assert done.exit_code == 0, done.output
    assert {path.name for path in (tmp_path / "out").iterdir()} == {".lock", "fig6.png", "fig6.svg"}
    done = CliRunner().invoke(app, ["figures", "fig4", *words])
    assert done.exit_code == 2
    assert re.fullmatch(r"nfrlab: no stored α of vgg16-gaussian [^\n]*--results[^\n]*\n", done.stderr)
