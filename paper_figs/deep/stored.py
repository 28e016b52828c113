"""What the figures of deep networks share: stored results, medians with bands over the draws, maps as images."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from textwrap import fill

import numpy as np
import numpy.typing as npt
import xarray as xr
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nfrlab.theory.numerics.vectors import cosine

Floats = npt.NDArray[np.floating]
RULES = {"gbp": "GBP", "rectgrad": "RectGrad", "zplus": "z⁺"}
WEIGHTS = {"gaussian": "random", "trained": "trained", "built": "as built"}
NETWORKS = {
    "vgg16": "VGG16",
    "resnet18": "ResNet18",
    "vgg16-cifar10": "VGG16 for CIFAR-10",
    "cifar": "ResNet20 for CIFAR-10",
    "digits": "small VGG for digits",
    "stack": "fully connected, for digits",
}
LAST = "cifar", "digits", "stack"
ON_DIGITS = "digits", "stack"
DIGITS = "scikit-learn digits"
QUANTILES = 0.1, 0.5, 0.9
BRIGHTEST = 0.995
LETTERS, ENTRY = 12.0, 1.7
"""Letters of a title on an inch, and inches that an entry of a legend takes."""
MEDIANS = "Lines: medians over draws of network and image; bands: 10–90 % of the draws"


class MissingResults(ValueError):
    """What a figure needs is not stored."""

    def __init__(self, what: str):
        super().__init__(f"no stored {what}; run 'nfrlab bridge' to measure them")


@dataclass(frozen=True)
class Stored:
    """What `nfrlab bridge` left, by setting: effects of every draw, and the maps of draw 0.

    `pictures` hold, besides what was stored, `photograph(y, x, colour)`: the image as it was before normalisation.
    """

    numbers: Mapping[str, xr.Dataset]
    pictures: Mapping[str, xr.Dataset]

    def settings(self, variables: Sequence[str], pictured: Sequence[str] = ()) -> list[str]:
        """The settings NETWORK-gaussian, -trained and -built in which all of this is stored; by network, random first.

        `variables` are names of measured numbers, `pictured` names of stored maps. Raises `MissingResults` where there
        is no such setting.
        """
        names = [name for name in self.numbers if name.rpartition("-")[2] in WEIGHTS]
        found = [name for name in sorted(names, key=place) if self.holds(name, variables, pictured)]
        if not found:
            raise MissingResults(
                " and ".join((*variables, *(f"pictures' {name}" for name in pictured))) + " of any network"
            )
        return found

    def images(self, names: Sequence[str]) -> str:
        """What images these settings were measured on, in words; each source once."""
        return "; ".join(dict.fromkeys(images(self.numbers[name]) for name in names))

    def holds(self, name: str, variables: Sequence[str], pictured: Sequence[str] = ()) -> bool:
        """Whether all of these numbers and maps are stored of a setting."""
        numbers, pictures = (stored.get(name, xr.Dataset()) for stored in (self.numbers, self.pictures))
        return all(v in numbers for v in variables) and all(v in pictures for v in pictured)


def network(name: str) -> str:
    """The network of a setting."""
    return name.rpartition("-")[0]


def place(name: str) -> tuple[bool, int, str, bool, str]:
    """Order of the settings: VGG16, other networks by name, then the small ones; random weights before others."""
    of = network(name)
    return of != "vgg16", LAST.index(of) + 1 if of in LAST else 0, of, not name.endswith("-gaussian"), name


def main_settings(names: Sequence[str]) -> list[str]:
    """Of settings in order: those of the first network and, where it is random, of the next that is not."""
    own = next((network(name) for name in names if name.endswith(("-trained", "-built"))), "")
    return [name for name in names if network(name) in {network(names[0]), own}]


def images(data: xr.Dataset) -> str:
    """What images a setting was measured on, in words, and their size where it is known."""
    side = json.loads(data.attrs.get("setting", "{}")).get("side")
    source = DIGITS if data.attrs["network"] in ON_DIGITS else PurePath(data.attrs["images"]).name
    return source + (f", {side} × {side}" if side else "")


def heading(stored: Stored, name: str, between: str = ", ") -> str:
    """Network, weights and number of draws of a setting: `VGG16, random, n = 50`."""
    weights = WEIGHTS.get(name.rpartition("-")[2], "random")
    words = NETWORKS.get(network(name), network(name)), weights, f"n = {stored.numbers[name].sizes['draw']}"
    return between.join(words)


def rules(data: Iterable[xr.Dataset]) -> dict[str, str]:
    """The rules measured in all of these settings. Raises `MissingResults` where they share none."""
    measured = [set(setting["rule"].values.tolist()) for setting in data]
    found = {rule: label for rule, label in RULES.items() if all(rule in names for names in measured)}
    if not found:
        raise MissingResults("results of one rule in all of the figure's settings")
    return found


def quantiles(values: xr.DataArray) -> Float[Floats, "3 ..."]:
    """10 %, 50 % and 90 % over the draws that have a value; NaN where none has."""
    drawn = values.transpose("draw", ...).values

    def of(column: Float[Floats, " draw"]) -> Float[Floats, " 3"]:
        kept = column[~np.isnan(column)]
        return np.quantile(kept, QUANTILES) if len(kept) else np.full(3, np.nan)

    return np.apply_along_axis(of, 0, drawn)


def draw_band(axes: Axes, x: Sequence[float] | Floats, values: xr.DataArray, **style: object) -> None:
    """Medians against x as a line, 10–90 % of the draws as a band; where there are but two x, markers with bars."""
    low, middle, high = quantiles(values)
    if len(middle) == 2:
        draw_bars(axes, x, values, **style | {"fmt": "o", "linestyle": "none"})
        return
    (line,) = axes.plot(x, middle, **style)  # type: ignore[arg-type]
    axes.fill_between(x, low, high, color=line.get_color(), alpha=0.13, linewidth=0)


def draw_bars(axes: Axes, x: Sequence[float] | Floats, values: xr.DataArray, **style: object) -> None:
    """Medians as markers, 10–90 % of the draws as bars."""
    low, middle, high = quantiles(values)
    around = np.array([middle - low, high - middle])
    axes.errorbar(x, middle, around, **{"linewidth": 0.9, "markersize": 3.5} | style)  # type: ignore[arg-type]


def set_alpha_axis(axes: Iterable[Axes], values: Iterable[xr.DataArray]) -> None:
    """All axes from 0 to 1, or from as low a quarter as the band of any of the shown `values` reaches."""
    lowest = min((float(q[~np.isnan(q)].min(initial=0)) for q in map(quantiles, values)), default=0.0)
    bottom = 0.0 if lowest > -0.03 else np.floor(4 * lowest) / 4
    for panel in axes:
        panel.set_ylim(bottom - 0.03, 1.03)


def map_image(R: Float[Floats, "C H W"]) -> Float[Floats, "H W 3"]:
    """A signed map as an image: 0 is mid-grey, and ± the 99.5 % quantile of its non-zero |R| are white and black in
    each channel, so that every map has the same contrast. One channel is shown in grey; a map of zeros is grey.
    """
    size = np.abs(R[R != 0])
    scale = float(np.quantile(size, BRIGHTEST)) if size.size else 1.0
    shown = np.clip(0.5 + 0.5 * (R / scale), 0, 1).transpose(1, 2, 0)
    return np.broadcast_to(shown, (*shown.shape[:2], 3))


def draw_tile(axes: Axes, image: Float[Floats, "H W 3"], below: str = "") -> None:
    """An image without ticks, and a line beneath it."""
    axes.imshow(image, interpolation="nearest")
    axes.set_xlabel(below, fontsize=6.5, labelpad=1.5)
    hide_frame(axes)


def draw_map(axes: Axes, R: Float[Floats, "C H W"], x: Float[Floats, "C H W"], more: str = "") -> None:
    """A map R with its α with x beneath it, and `more` after that; a dash where there is no map."""
    if np.isfinite(R).all():
        alpha = cosine(R.ravel().astype(np.float64), x.ravel().astype(np.float64))
        below = "α undefined" if np.isnan(alpha) else f"α = {alpha:.2f}"
        draw_tile(axes, map_image(R), (below + more).replace("-", "−"))
    else:
        axes.text(0.5, 0.5, "—", ha="center", va="center", color="0.5")
        axes.set_box_aspect(1)
        hide_frame(axes)


def hide_frame(axes: Axes) -> None:
    """No ticks, no grid, no frame."""
    axes.set(xticks=[], yticks=[])
    axes.grid(False)
    axes.spines[:].set_visible(False)


def add_title(figure: Figure, title: str) -> None:
    """A title of as many lines as the figure is narrow."""
    width = int(LETTERS * figure.get_figwidth())
    figure.suptitle("\n".join(fill(line, width) for line in title.splitlines()), fontsize=9)


def add_legend(figure: Figure, axes: Iterable[Axes], columns: int) -> None:
    """One legend for all, below the panels, in at most so many columns as fit."""
    entries = {
        label: handle for panel in axes for handle, label in zip(*panel.get_legend_handles_labels(), strict=True)
    }
    columns = max(1, min(columns, int(figure.get_figwidth() / ENTRY)))
    figure.legend(list(entries.values()), list(entries), loc="outside lower center", ncols=columns, fontsize=7.5)
