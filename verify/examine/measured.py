"""What the claims on deep networks share: which networks they look at, and what is missing where they cannot."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from nfrlab.simulations.bridge.settings import FILTERS, IMAGENET
from nfrlab.verify.court.claim import Claim, Measured

if TYPE_CHECKING:
    import xarray as xr

Find = Callable[[Measured], Mapping[str, object]]
BRIDGE = "measurements of deep networks; run: nfrlab bridge"
WEIGHTS = "VGG16's ImageNet weights; run: nfrlab bridge --model vgg16 --weights PATH"
BUILT_IN = ("vgg16-", "digits-", "cifar-")
RANDOM_VGG16 = "vgg16-gaussian"
ORIGIN = "seed", "images", "device", "code_version"
PREMISES = (
    "random weights are Gaussian, E w² = 2/d, without biases, fresh in every draw; trained ones have their biases",
    "images are random crops of the photographs, random digits, or test images of CIFAR-10; a statement is about the "
    "median over draws",
    "networks: random VGG16; a VGG trained on digits and, where they are there, a ResNet-20 and a VGG16 trained on "
    "CIFAR-10 on its images, else on crops of the photographs",
)

WITH_BIASES = (
    "random weights are Gaussian, E w² = 2/d, without biases, or PyTorch's initialisation with biases, fresh in every "
    "draw; trained ones have their biases",
    *PREMISES[1:],
)


def built_in(measured: Measured) -> dict[str, xr.Dataset]:
    """What was measured on the networks of the built-in plan."""
    return {name: own for name, own in measured.items() if name.startswith(BUILT_IN) and name != IMAGENET}


def having(measured: Measured, variable: str, weights: str = "") -> dict[str, xr.Dataset]:
    """The networks of which `variable` was measured, with random or trained weights only where asked."""
    return {name: own for name, own in measured.items() if variable in own and weights in ("", own.attrs["weights"])}


def comparable(one: xr.Dataset, other: xr.Dataset) -> bool:
    """Whether both were measured on the same images, at one size, with one seed, on one device and by the same code:
    a folder may hold what several runs left.
    """
    origins = (
        (*(own.attrs.get(name) for name in ORIGIN), json.loads(own.attrs.get("setting", "{}")).get("side"))
        for own in (one, other)
    )
    return len(set(origins)) == 1


def pairs(measured: Measured, variable: str) -> dict[str, tuple[xr.Dataset, xr.Dataset]]:
    """By network: with Gaussian weights, and trained, on the images that both met."""
    found = {}
    for name, trained in having(measured, variable, "trained").items():
        random = measured.get(f"{name.removesuffix('-trained')}-gaussian")
        if random is not None and variable in random and comparable(random, trained):
            both_met = slice(min(random.sizes["draw"], trained.sizes["draw"]))
            found[str(trained.attrs["network"])] = random.isel(draw=both_met), trained.isel(draw=both_met)
    return found


def filters(own: xr.Dataset, variable: str = "alpha") -> list[str]:
    """The filtering rules that were measured."""
    return [str(rule) for rule in own[variable]["rule"].values if str(rule) in FILTERS]


def depth(own: xr.Dataset) -> int:
    """L."""
    return int(own["level"].max())


def quarters(own: xr.Dataset) -> list[int]:
    """Levels 0, L/4, L/2, 3L/4 and L."""
    return [round(depth(own) * share) for share in (0, 0.25, 0.5, 0.75, 1)]


def activation_at(own: xr.Dataset, level: int) -> xr.DataArray:
    """α of Activation where N = `level` layers are replaced: from layer L − N; the input itself for N = L."""
    if level == depth(own):
        return ones_like(own["alpha_activation"].isel(layer=0, drop=True))
    return own["alpha_activation"].sel(layer=depth(own) - level, drop=True)


def ones_like(values: xr.DataArray) -> xr.DataArray:
    """1 in place of every value."""
    import xarray as xr

    return xr.ones_like(values)


def pooled(values: Mapping[str, xr.DataArray]) -> xr.DataArray:
    """Along a new dimension; what has no value in one of them has none."""
    import xarray as xr

    return xr.concat(
        [value.reset_coords(drop=True) for value in values.values()], "of", coords="minimal", compat="override"
    )


def smallest(array: xr.DataArray) -> xr.DataArray:
    """The smallest of every draw; NaN where one is undefined."""
    others = [dim for dim in array.dims if dim != "draw"]
    return array.min(others, skipna=False)


def beside_imagenet(measured: Measured) -> dict[str, xr.Dataset]:
    """What was measured on VGG16 with ImageNet weights, and on the random one."""
    return {name: measured[name] for name in (IMAGENET, RANDOM_VGG16) if name in measured}


def on_deep_networks(claim: Claim, find: Find, what: str = BRIDGE) -> Claim:
    """The claim, judged from the built-in networks; `what` is missing where nothing is found among them."""
    return replace(claim, scope=built_in, missing=lambda measured: "" if find(measured) else what)


def on_imagenet(claim: Claim, find: Find) -> Claim:
    """The same claim on VGG16 with ImageNet weights, beside the random one."""

    def missing(measured: Measured) -> str:
        return "" if IMAGENET in measured and find(measured) else WEIGHTS

    return replace(
        claim,
        id=f"{claim.id}-imagenet",
        title=f"{claim.title}: VGG16 trained on ImageNet",
        scope=beside_imagenet,
        missing=missing,
        repairs=None,
    )


def both(claim: Claim, find: Find) -> tuple[Claim, Claim]:
    """On the built-in networks, and on VGG16 with ImageNet weights."""
    return on_deep_networks(claim, find), on_imagenet(claim, find)
