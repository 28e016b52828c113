"""Fig. 8: Key Information Sufficiency and Insertion: how well does each tell right decisions from wrong ones?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nfrlab.paper_figs.deep.stored import NETWORKS, Floats, MissingResults, Stored, add_title, plain

BEGINNING, BACKDOORS = "decisions-", "decisions-backdoors"
DEFAULT, KEPT = "element-wise-anew-no-bias-normalised", "element-wise-kept-no-bias-normalised"
PANELS = (
    ("(a) KIS", "s", "reading", DEFAULT),
    ("(b) Insertion", "s_kept", "mask", "insertion"),
    ("(c) Insertion-ABS", "s_kept", "mask", "insertion-abs"),
    ("(d) KIS, class kept", "s", "reading", KEPT),
)
SCORES = (
    ("largest probability", "probability", None, None),
    ("KIS of the map", "s", "reading", DEFAULT),
    ("KIS, class kept", "s", "reading", KEPT),
    ("Insertion", "s_kept", "mask", "insertion"),
    ("Insertion-ABS", "s_kept", "mask", "insertion-abs"),
    ("KIS of edges", "s_fed", "input", "edges"),
    ("KIS of another image", "s_fed", "input", "other image"),
    ("KIS of noise", "s_fed", "input", "noise"),
    ("KIS of one colour", "s_fed", "input", "constant"),
    ("KIS, random network", "s_fed", "input", "random network"),
    ("KIS, second class", "s_fed", "input", "second class"),
)
BINS = np.linspace(-1.5, 1.0, 51).tolist()
COLOURS = {"right": "C0", "wrong": "C3"}


def figure(stored: Stored) -> Figure:
    """A row a network: four histograms of S, and the AUC of S beside its nulls. Raises `MissingResults`."""
    found = {name: data for name, data in stored.numbers.items() if name.startswith(BEGINNING) and name != BACKDOORS}
    found = {name: data for name, data in found.items() if enough(data)}
    if not found:
        raise MissingResults("decisions of any network: nfrlab decisions")
    drawing = Figure(figsize=(13.5, 2.9 * len(found) + 0.4))
    grid = drawing.subplots(len(found), 5, squeeze=False, width_ratios=(1, 1, 1, 1, 1.1))
    for row, data in zip(grid, found.values(), strict=True):
        draw_network(row, data)
    add_title(
        drawing,
        "Fig. 8. S of right and wrong decisions, densities; right: area under the curve of each score that tells them "
        "apart, nulls in grey",
    )
    return drawing


def enough(data: xr.Dataset) -> bool:
    """Whether twenty decisions are right and twenty wrong: fewer have no histogram."""
    right = int(data["right"].sum())
    return min(right, data.sizes["image"] - right) >= 20


def draw_network(row: Float[Floats, " 5"] | np.ndarray, data: xr.Dataset) -> None:
    """The panels of one network."""
    good = data["right"].values == 1
    for axes, (title, variable, axis, label) in zip(row, PANELS, strict=False):
        values = data[variable].sel({axis: label}).values
        shown = np.clip(values, BINS[0], BINS[-1])
        draw_densities(axes, {"right": shown[good], "wrong": shown[~good]})
        axes.set_title(f"{title}: AUC {auc(values, good):.2f}", fontsize=8.5)
    network = str(data.attrs["network"])
    row[0].set_ylabel(f"{NETWORKS.get(network, plain(network))}\n{good.mean():.1%} of {len(good):,} right", fontsize=8)
    row[0].legend(fontsize=7, loc="upper left")
    draw_scores(row[4], data, good)


def draw_densities(axes: Axes, groups: Mapping[str, np.ndarray]) -> None:
    """The density of each group, and the line S = 0."""
    for name, values in groups.items():
        axes.hist(values, BINS, density=True, histtype="stepfilled", alpha=0.45, color=COLOURS[name], label=name)
    axes.axvline(0, color="0.5", linewidth=0.8, linestyle=":")
    axes.set_xlabel("S", fontsize=8)
    axes.set_yticks([])


def draw_scores(axes: Axes, data: xr.Dataset, good: np.ndarray) -> None:
    """The AUC of every score, one below the other."""
    for place, (_, variable, axis, label) in enumerate(SCORES):
        values = data[variable].sel({axis: label}) if axis else data[variable]
        axes.plot(auc(values.values, good), place, "D", color="0.6" if variable == "s_fed" else "k", markersize=4.5)
    axes.axvline(0.5, color="0.5", linewidth=0.8, linestyle=":")
    axes.set_yticks(range(len(SCORES)), [words for words, *_ in SCORES], fontsize=7)
    axes.yaxis.tick_right()
    axes.set_ylim(len(SCORES) - 0.5, -0.5)
    axes.set_xlim(0.4, 1.0)
    axes.set_xlabel("AUC", fontsize=8)


def auc(values: Float[Floats, " n"], good: np.ndarray) -> float:
    """P(S of a right decision > S of a wrong one), ties counting a half."""
    ranks = np.searchsorted(np.sort(values), values, "left") + np.searchsorted(np.sort(values), values, "right")
    n, m = int(good.sum()), int((~good).sum())
    return float((ranks[good].sum() / 2 + n / 2 - n * (n + 1) / 2) / (n * m))
