"""Fig. 4: cascades of VGG16 under other laws of the weights; the paper's three above, further ones below."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from nfrlab.paper_figs import palette
from nfrlab.paper_figs.deep.stored import (
    MEDIANS,
    MissingResults,
    Stored,
    add_title,
    draw_band,
    images,
    rules,
    set_alpha_axis,
)

NETWORK = "vgg16"
PAPER = {
    "gaussian": "Gaussian",
    "ring": "ring",
    "uniform": "U[−1, 1], scaled per layer",
    "uniform-raw": "U[−1, 1] as printed, float32",
    "uniform-raw-float64": "U[−1, 1] as printed, float64",
}
FURTHER = {
    "gaussian": "Gaussian",
    "uniform01": "U[0, 1]",
    "laplace": "Laplace",
    "sparse": "sparse",
    "powerlaw": "power-law covariance",
    "shifted": "shifted mean",
    "default-biased": "PyTorch's default, biases",
}
Laws = Mapping[str, str]
"""What the figure calls each law of the weights."""

BESIDE = 0.25  # of a level, between the laws of which only the ends were measured


def figure(stored: Stored) -> Figure:
    """A column a rule: α of r_0 against the number of substituted layers.

    Raises `MissingResults` where Gaussian weights or all others are missing.
    """
    rows = [row for laws in (PAPER, FURTHER) if len(row := stored_laws(stored, laws)) > 1 and "gaussian" in row]
    if not rows:
        others = ", ".join(f"{NETWORK}-{law}" for law in PAPER if law != "gaussian")
        raise MissingResults(f"α of {NETWORK}-gaussian beside that of one of {others}")
    data = [stored.numbers[f"{NETWORK}-{law}"] for laws in rows for law in laws]
    shown = rules(data)
    drawing = Figure(figsize=(2.8 + 2.8 * len(shown), 0.8 + 3.0 * len(rows)))
    grid = drawing.subplots(len(rows), len(shown), squeeze=False)
    for panels, laws in zip(grid, rows, strict=True):
        for axes, rule in zip(panels, shown, strict=True):
            draw_panel(axes, stored, laws, rule)
        panels[0].set_ylabel("input alignment α of $r_0$", fontsize=8.5)
        panels[-1].legend(fontsize=7, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    set_alpha_axis(grid.ravel(), (setting["alpha"].sel(rule=list(shown)) for setting in data))
    for axes, label in zip(grid[0], shown.values(), strict=True):
        axes.set_title(label, fontsize=9)
    add_title(drawing, f"Fig. 4. VGG16, random weights; {images(data[0])}. {MEDIANS}")
    return drawing


def stored_laws(stored: Stored, laws: Laws) -> dict[str, str]:
    """The laws whose α is stored."""
    return {law: label for law, label in laws.items() if stored.holds(f"{NETWORK}-{law}", ["alpha"])}


def draw_panel(axes: Axes, stored: Stored, laws: Laws, rule: str) -> None:
    """One rule under every law; laws of which only the ends were measured stand side by side."""
    for number, (law, label) in enumerate(laws.items()):
        colour, dashes = palette.FAMILIES[law]
        data = stored.numbers[f"{NETWORK}-{law}"]
        named = f"{label} (n = {data.sizes['draw']})"
        alpha = data["alpha"].sel(rule=rule).dropna("level", how="all")
        beside = BESIDE * (number - len(laws) / 2) if alpha.sizes["level"] == 2 else 0.0
        draw_band(axes, alpha["level"].values + beside, alpha, color=colour, linestyle=dashes, label=named)
    axes.set_xlabel("substituted layers N, from the output down", fontsize=8)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
