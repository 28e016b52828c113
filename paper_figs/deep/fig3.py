"""Fig. 3: three laws of the weights, and the maps that VGG16 has with each."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nfrlab.paper_figs.deep.stored import (
    Floats,
    MissingResults,
    Stored,
    add_title,
    draw_map,
    draw_tile,
    images,
    quantiles,
    rules,
)

NETWORK = "vgg16"
LAWS = {"gaussian": "Gaussian", "ring": "ring", "uniform-raw": "U[−1, 1]"}
INSTEAD = {"uniform-raw": "uniform"}
POINTS = 400


def figure(stored: Stored) -> Figure:
    """A row a law: neurons in the plane, the image, and the map r_0 of every rule with its α, draw 0.

    Raises `MissingResults` naming the settings that have no pictures.
    """
    names = {law: setting(stored, law) for law in LAWS}
    missing = [f"{NETWORK}-{law}" for law, name in names.items() if not stored.holds(name, ["alpha"], ["map"])]
    if missing:
        raise MissingResults(f"α and pictures of {', '.join(missing)}")
    shown = rules(stored.numbers[name] for name in names.values())
    drawing = Figure(figsize=(3.6 + 1.6 * len(shown), 6.2))
    grid = drawing.subplots(len(LAWS), len(shown) + 2)
    for row, (law, name) in zip(grid, names.items(), strict=True):
        draw_neurons(row[0], law)
        row[0].set_ylabel(LAWS[law] if name.endswith(law) else f"{LAWS[law]}, scaled per layer", fontsize=9)
        draw_maps(row[1:], stored, name, shown)
    titles = "neurons $w_j$,\nhere in two dimensions", "image x", *(f"{rule}, $r_0$" for rule in shown.values())
    for axes, title in zip(grid[0], titles, strict=True):
        axes.set_title(title, fontsize=8.5)
    some = stored.numbers[names["gaussian"]]
    add_title(drawing, f"Fig. 3. VGG16, random weights; {images(some)}. Maps of draw 0, grey is 0")
    return drawing


def setting(stored: Stored, law: str) -> str:
    """The setting of a law.

    Of U[−1, 1] as printed, where it has no pictures, that of U[−1, 1] with its scale set per layer: its r_0 differs by
    a factor only.
    """
    name = f"{NETWORK}-{law}"
    if law in INSTEAD and not stored.holds(name, ["alpha"], ["map"]):
        other = f"{NETWORK}-{INSTEAD[law]}"
        return other if stored.holds(other, ["alpha"], ["map"]) else name
    return name


def neurons(law: str) -> Float[Floats, "points 2"]:
    """Neurons of a law in the plane, E‖w‖² ≈ 1; the ring has radius 1 ± 0.2, as in the laboratory."""
    rng = np.random.default_rng(0)
    if law == "gaussian":
        return rng.normal(0, 0.5**0.5, (POINTS, 2))
    if law == "uniform-raw":
        return rng.uniform(-1, 1, (POINTS, 2))
    angle, radius = rng.uniform(0, 2 * np.pi, POINTS), rng.uniform(0.8, 1.2, POINTS)
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])


def draw_neurons(axes: Axes, law: str) -> None:
    """Neurons of a law as dots in the plane."""
    axes.plot(*neurons(law).T, ".", color="C0", markersize=2)
    axes.set(xlim=(-2, 2), ylim=(-2, 2), aspect="equal", xticks=[], yticks=[])
    axes.spines[:].set_visible(False)


def draw_maps(row: list[Axes], stored: Stored, name: str, shown: Iterable[str]) -> None:
    """The image, and the map of every rule, with its α and the median over the draws."""
    pictures, alpha = stored.pictures[name], stored.numbers[name]["alpha"].isel(level=-1)
    draw_tile(row[0], pictures["photograph"].values)
    for axes, rule in zip(row[1:], shown, strict=True):
        draws = alpha.sel(rule=rule)
        R = pictures["map"].sel({"method": rule, "bottom": "without"}).values
        draw_map(axes, R, pictures["image"].values, f"; median {quantiles(draws)[1]:.2f}, n = {draws.sizes['draw']}")
