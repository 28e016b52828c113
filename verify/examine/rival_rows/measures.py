"""The numbers of the table's rows: which network stands for all, and what is taken from its measurements."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nfrlab.simulations.bridge.rival_settings import RIVALS
from nfrlab.verify.court.claim import Measured
from nfrlab.verify.examine.measured import depth
from nfrlab.verify.examine.rival_rows import one_convolution, one_layer
from nfrlab.verify.examine.rival_rows.sampled import SAMPLED
from nfrlab.verify.examine.rivals import from_the_top, rivals_with
from nfrlab.verify.examine.similarity import LAST, chance, kept, networks_with_maps

if TYPE_CHECKING:
    import xarray as xr

FIRST = ("squeezenet1_0", "vgg16", "cifar", "digits")
"""Which network stands for all, of those that were measured: how their names begin, the first that is there."""


@dataclass(frozen=True)
class Numbers:
    """What a row measured: one number a draw, of which network, and what was known beforehand."""

    values: xr.DataArray
    network: str
    known: Mapping[str, float] = field(default_factory=dict)


Measure = Callable[[Measured], Numbers | None]
"""From all measurements to the numbers of a row; None where they were not made."""


def chosen(found: Mapping[str, xr.Dataset]) -> xr.Dataset | None:
    """The network that stands for all."""
    names = [name for first in FIRST for name in found if name.removeprefix(RIVALS).startswith(first)]
    return found[names[0]] if names else next(iter(found.values()), None)


def title(data: xr.Dataset) -> str:
    """What a network is called."""
    return str(data.attrs["title"])


def one_wide_layer(family: str, rule: str, less: str = "", size: bool = False) -> Measure:
    """α in one layer; `less` that of another family, or in `size`."""

    def measure(measured: Measured) -> Numbers | None:
        if SAMPLED not in measured:
            return None
        alpha = measured[SAMPLED]["layer_alpha"].sel(rule=rule, drop=True)
        values = alpha.sel(family=family, drop=True) - (alpha.sel(family=less, drop=True) if less else 0)
        known = {"entries": one_layer.entries()}
        return Numbers(abs(values) if size else values, f"one dense layer, {family}", known)

    return measure


def convolution(variable: str) -> Measure:
    """A number of random networks of one convolution."""

    def measure(measured: Measured) -> Numbers | None:
        if SAMPLED not in measured:
            return None
        known = {"entries": 3 * one_convolution.SIDE**2}
        return Numbers(measured[SAMPLED][variable], "one convolution, gaussian", known)

    return measure


def after_attack(rule: str) -> Measure:
    """The cosine of a rule's map with that at the attacked image, of the class that the network sees there; trained."""

    def measure(measured: Measured) -> Numbers | None:
        data = chosen(rivals_with(measured, "class_cosine", [rule], "trained"))
        if data is None:
            return None
        return Numbers(data["class_cosine"].sel(rule=rule, instead="flipped", drop=True), title(data))

    return measure


def common_direction(rule: str, weights: str, target: str = "activation") -> Measure:
    """|cos| of the leading direction of a rule's maps r_0 with the image, or with another target."""

    def measure(measured: Measured) -> Numbers | None:
        data = chosen(rivals_with(measured, "direction", [rule], weights))
        if data is None:
            return None
        found = from_the_top(data, "direction", rule, "gradient").sel(layer=0, target=target, drop=True)
        return Numbers(found, title(data))

    return measure


def agreement_of_maps(rule: str, weights: str = "random", connected: bool = False) -> Measure:
    """The mean cosine of a rule's maps that began as different vectors, each turned towards the image."""

    def measure(measured: Measured) -> Numbers | None:
        data = chosen(rivals_with(measured, "csc_mean", [rule], weights, connected))
        if data is None:
            return None
        at = {"layer": 0}
        product = from_the_top(data, "alpha_pairs", rule).sel(at, drop=True)
        values = from_the_top(data, "csc_mean", rule).sel(at, drop=True)
        return Numbers(values, title(data), {"product": float(product.median())})

    return measure


def agreement_in_size(rule: str) -> Measure:
    """The median |cos| of a rule's maps that began as different vectors, random weights."""

    def measure(measured: Measured) -> Numbers | None:
        data = chosen(rivals_with(measured, "csc", [rule], "random"))
        if data is None:
            return None
        return Numbers(from_the_top(data, "csc", rule).sel(kind="map", layer=0, drop=True), title(data))

    return measure


def similarity_of(map: str, metric: str, order: str, stop: int, less: tuple[str, int] | None = None) -> Measure:
    """How alike a rule's map is to that of the network with layers randomised, in a trained network; `less` that in
    another order and at another stop.
    """

    def measure(measured: Measured) -> Numbers | None:
        data = chosen(networks_with_maps(measured, "similarity", (map,)))
        if data is None:
            return None
        values = kept(data, map, metric, stop, order)
        return Numbers(values - kept(data, map, metric, less[1], less[0]) if less else values, title(data))

    return measure


def above_noise(measured: Measured) -> Numbers | None:
    """SSIM of GBP's map with that of the network with every layer randomised, less that with noise; trained."""
    data = chosen(networks_with_maps(measured, "similarity", ("gbp",)))
    if data is None:
        return None
    return Numbers(kept(data, "gbp", "SSIM", LAST) - chance(data, "gbp", "SSIM", "noise"), title(data))


def not_measured(measured: Measured) -> Numbers | None:
    """Nothing: what is missing, the row says."""
    return None


def between_classes(map: str, metric: str) -> Measure:
    """How alike a rule's maps of two classes are in a trained network."""

    def measure(measured: Measured) -> Numbers | None:
        data = chosen(networks_with_maps(measured, "between_classes", (map,)))
        if data is None:
            return None
        return Numbers(data["between_classes"].sel(map=map, metric=metric, drop=True).fillna(0), title(data))

    return measure


def agreement_between_rules(slower: str, faster: str) -> Measure:
    """How much more, at the positions of layer 1, the maps of one rule agree than those of another."""

    def measure(measured: Measured) -> Numbers | None:
        data = chosen(rivals_with(measured, "csc", [slower, faster]))
        if data is None:
            return None
        one, other = (from_the_top(data, "csc", rule).sel(kind="position", layer=1) for rule in (slower, faster))
        return Numbers((one - other).drop_vars(("kind", "layer")), title(data))

    return measure


def removal(measured: Measured) -> Numbers | None:
    """The change of GBP's α where all but a cross of each kernel is removed from the top three layers."""
    data = chosen(rivals_with(measured, "alpha_changed", ["gbp"], "trained"))
    if data is None:
        return None
    alpha = data["alpha_changed"].sel(rule="gbp", change="cross", drop=True)
    return Numbers(alpha.sel(changed=3, drop=True) - alpha.sel(changed=0, drop=True), title(data))


def extremes(measured: Measured) -> Numbers | None:
    """The cosine of GBP's maps of the largest and the smallest activations of layer L − 1."""
    data = chosen(rivals_with(measured, "between", ["gbp"], "trained"))
    if data is None:
        return None
    top = int(data["between"].dropna("layer", how="all")["layer"].max())
    return Numbers(data["between"].sel(rule="gbp", layer=top, drop=True), title(data))


def rise(measured: Measured) -> Numbers | None:
    """GBP's α with the rule in all layers less that with the rule in the top half of them, random weights."""
    found = rivals_with(measured, "alpha", ["gbp"], "random")
    data = chosen({name: data for name, data in found.items() if data["alpha"].sel(rule="gbp").notnull().all()})
    if data is None:
        return None
    alpha = data["alpha"].sel(rule="gbp", drop=True)
    return Numbers(alpha.sel(level=depth(data), drop=True) - alpha.sel(level=depth(data) // 2, drop=True), title(data))
