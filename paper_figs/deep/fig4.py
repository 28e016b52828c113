"""Fig. 4: cascades of VGG16 under other laws of the weights; the paper's three above, further ones below."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from nfrlab.paper_figs.deep.stored import MEDIANS, MissingResults, Stored, alpha_axis, band, images, rules

NETWORK = "vgg16"
PAPER = {
    "gaussian": ("Gaussian", "C0", "-"),
    "ring": ("ring", "C2", (0, (5, 2))),
    "uniform": ("U[−1, 1], scaled per layer", "C1", "-"),
    "uniform-raw": ("U[−1, 1] as printed, float32", "C4", (0, (4, 2))),
    "uniform-raw-float64": ("U[−1, 1] as printed, float64", "k", (0, (1, 1.5))),
}
FURTHER = {
    "gaussian": ("Gaussian", "C0", "-"),
    "uniform01": ("U[0, 1]", "C1", "-"),
    "laplace": ("Laplace", "C2", "-"),
    "sparse": ("sparse", "C3", "-"),
    "powerlaw": ("power-law covariance", "C4", "-"),
    "shifted": ("shifted mean", "C5", "-"),
    "default-biased": ("PyTorch's default, biases", "k", (0, (4, 2))),
}
Laws = Mapping[str, tuple[str, str, object]]

BESIDE = 0.25


def figure(stored: Stored) -> Figure:
    """A column a rule: α of r_0 against the number of substituted layers.

    Raises `MissingResults` where Gaussian weights or all others are missing.
    """
    rows = [row for laws in (PAPER, FURTHER) if len(row := there(stored, laws)) > 1 and "gaussian" in row]
    if not rows:
        others = ", ".join(f"{NETWORK}-{law}" for law in PAPER if law != "gaussian")
        raise MissingResults(f"α of {NETWORK}-gaussian beside that of one of {others}")
    data = [stored.numbers[f"{NETWORK}-{law}"] for laws in rows for law in laws]
    shown = rules(data)
    drawn = Figure(figsize=(2.8 + 2.8 * len(shown), 0.8 + 3.0 * len(rows)))
    grid = drawn.subplots(len(rows), len(shown), squeeze=False)
    for own, laws in zip(grid, rows, strict=True):
        for axes, rule in zip(own, shown, strict=True):
            panel(axes, stored, laws, rule)
        own[0].set_ylabel("input alignment α of $r_0$", fontsize=8.5)
        own[-1].legend(fontsize=7, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    alpha_axis(grid.ravel(), (own["alpha"].sel(rule=list(shown)) for own in data))
    for axes, label in zip(grid[0], shown.values(), strict=True):
        axes.set_title(label, fontsize=9)
    drawn.suptitle(f"Fig. 4. VGG16, random weights; {images(data[0])}. {MEDIANS}", fontsize=9)
    return drawn


def there(stored: Stored, laws: Laws) -> dict[str, tuple[str, str, object]]:
    """The laws whose α is stored."""
    return {law: look for law, look in laws.items() if stored.holds(f"{NETWORK}-{law}", ["alpha"])}


def panel(axes: Axes, stored: Stored, laws: Laws, rule: str) -> None:
    """One rule under every law; where only the ends were measured, side by side."""
    for number, (law, (label, colour, dashes)) in enumerate(laws.items()):
        data = stored.numbers[f"{NETWORK}-{law}"]
        named = f"{label} (n = {data.sizes['draw']})"
        alpha = data["alpha"].sel(rule=rule).dropna("level", how="all")
        beside = BESIDE * (number - len(laws) / 2) if alpha.sizes["level"] == 2 else 0.0
        band(axes, alpha["level"].values + beside, alpha, color=colour, linestyle=dashes, label=named)
    axes.set_xlabel("substituted layers N, from the output down", fontsize=8)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
