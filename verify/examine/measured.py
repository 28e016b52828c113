"""What the claims on deep networks share: which networks they look at, and what is missing where they cannot.

A dataset is what the bridge measured in one setting: an array for each variable, along `draw` and, as the variable asks
for, along `rule`, `level` (N = 0 … L layers replaced) and `layer` (1 … L from the input). Its coordinates `network` and
`image` number what a draw is made of; datasets without them are of an older bridge and count as not measured.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from itertools import product
from typing import TYPE_CHECKING

from nfrlab.simulations.bridge.settings import CIFAR_VGG16, FILTERS, IMAGENET, MORE_DRAWS
from nfrlab.simulations.network_names import BODY, MEDIUM_VGG16, SMALL_VGG16, SQUEEZENET
from nfrlab.verify.court.claim import Claim, Measured

if TYPE_CHECKING:
    import xarray as xr

Scope = Callable[[Measured], Measured]
"""The part of the measurements that a claim is judged from."""
Find = Callable[[Measured], Mapping[str, object]]
"""What a claim looks at among the measurements; empty where there is nothing to examine."""
BRIDGE = "measurements of deep networks; run: nfrlab bridge"
WEIGHTS = "VGG16's ImageNet weights; run: nfrlab bridge --model vgg16 --weights PATH"
ALIAS = {SQUEEZENET: "SqueezeNet trained on ImageNet", BODY: "VGG16 body, fine-tuned to edges"}
WANTED = {network: f"{words}, and photographs; set NFRLAB_DATA and run:" for network, words in ALIAS.items()}
"""Networks with weights from ImageNet, in words, and what is missing where they are."""
BUILT_IN = ("vgg16-", "digits-", "cifar-")
RANDOM_VGG16 = "vgg16-gaussian"
CHAINS = "vgg16", SMALL_VGG16, MEDIUM_VGG16, CIFAR_VGG16, BODY, "digits"
"""Networks without residual additions."""
ORIGIN = "seed", "images", "device", "code_version"
"""Attributes in which comparable measurements agree."""
PREMISES = (
    "random weights are Gaussian, E w² = 2/d, without biases, fresh in every draw; trained ones have their biases",
    "images are random digits, test images of CIFAR-10 or random crops of photographs, one each of different images "
    "while there are any (without a folder there are two photographs); a statement is about the median over draws of "
    "network and image, n counts different pairs; one about several networks, rules or layers is about every one of "
    "them, their intervals hold at once",
    "networks: random VGG16; a VGG trained on digits and, where they are there, a ResNet-20 and a VGG16 trained on "
    "CIFAR-10 on its images, else on crops of the photographs",
)

WITH_BIASES = (
    "random weights are Gaussian, E w² = 2/d, without biases, or PyTorch's initialisation with biases, fresh in every "
    "draw; trained ones have their biases",
    *PREMISES[1:],
)


def built_in_networks(measured: Measured) -> dict[str, xr.Dataset]:
    """What was measured on the networks of the built-in plan; ImageNet's weights are the user's."""
    return {
        name: data
        for name, data in measured.items()
        if name.startswith(BUILT_IN) and name != IMAGENET and data.attrs["network"] != BODY and "image" in data.coords
    }


def networks_with(measured: Measured, variable: str, weights: str = "") -> dict[str, xr.Dataset]:
    """The networks of which `variable` was measured; with `weights`, "random" or "trained", only those.

    A network is there once, in the setting with more draws.
    """
    found = {
        name: data for name, data in measured.items() if variable in data and weights in ("", data.attrs["weights"])
    }
    return {name: data for name, data in found.items() if f"{name}{MORE_DRAWS}" not in found}


def chains_with(measured: Measured, variable: str, weights: str = "") -> dict[str, xr.Dataset]:
    """Those of `networks_with` that have no residual additions."""
    found = networks_with(measured, variable, weights)
    return {name: data for name, data in found.items() if data.attrs["network"] in CHAINS}


def are_comparable(one: xr.Dataset, other: xr.Dataset) -> bool:
    """Whether both were measured on the same images, at one size, with one seed, on one device and by the same code.

    They need not be: a folder may hold what several runs left.
    """
    origins = (
        (*(data.attrs.get(name) for name in ORIGIN), json.loads(data.attrs.get("setting", "{}")).get("side"))
        for data in (one, other)
    )
    return len(set(origins)) == 1


def random_and_trained(measured: Measured, variable: str) -> dict[str, tuple[xr.Dataset, xr.Dataset]]:
    """By network the measurements with Gaussian weights, those with more draws if there are two, and after training."""
    pairs = {}
    for name, trained in networks_with(measured, variable, "trained").items():
        gaussian = f"{name.removesuffix(MORE_DRAWS).removesuffix('-trained')}-gaussian"
        for random in (measured[each] for each in (gaussian, f"{gaussian}{MORE_DRAWS}") if each in measured):
            if variable in random and are_comparable(random, trained):
                pairs[str(trained.attrs["network"])] = random, trained
    return pairs


def on_common_draws(random: xr.Dataset, trained: xr.Dataset) -> tuple[xr.Dataset, xr.Dataset]:
    """Both on the draws, and so the images, that they have in common.

    Of their pairs the random network makes the difference: its number is that of the pair.
    """
    common = slice(min(random.sizes["draw"], trained.sizes["draw"]))
    one, other = random.isel(draw=common), trained.isel(draw=common)
    return one, other.assign_coords(network=one["network"])


def measured_filters(data: xr.Dataset, variable: str = "alpha") -> list[str]:
    """The filtering rules for which `variable` was measured."""
    return [str(rule) for rule in data[variable]["rule"].values if str(rule) in FILTERS]


def depth(data: xr.Dataset) -> int:
    """L, the number of layers in which a rule can be replaced."""
    return int(data["level"].max())


def quarters(data: xr.Dataset) -> list[int]:
    """The levels nearest to 0, L/4, L/2, 3L/4 and L."""
    return [round(depth(data) * share) for share in (0, 0.25, 0.5, 0.75, 1)]


def alpha_of_activation(data: xr.Dataset, level: int) -> xr.DataArray:
    """α of Activation put at layer L − N, N = `level`: what stands beside the N-level cascade of a rule.

    At N = L it is that of the input with itself, 1.
    """
    if level == depth(data):
        return ones_like(data["alpha_activation"].isel(layer=0, drop=True))
    return data["alpha_activation"].sel(layer=depth(data) - level, drop=True)


def ones_like(values: xr.DataArray) -> xr.DataArray:
    """The array with 1 in place of every value."""
    import xarray as xr

    return xr.ones_like(values)


def pool(values: Mapping[str, xr.DataArray]) -> xr.DataArray:
    """The arrays side by side, along a new dimension `of`; their own scalar coordinates are dropped."""
    import xarray as xr

    alike = [value.drop_vars([name for name in value.coords if value[name].ndim == 0]) for value in values.values()]
    return xr.concat(alike, "of", coords="minimal", compat="override")


def minimum_of_each_draw(array: xr.DataArray) -> xr.DataArray:
    """The smallest value of every draw, over all other dimensions; NaN where any is undefined."""
    others = [dim for dim in array.dims if dim != "draw"]
    return array.min(others, skipna=False)


def imagenet_and_random(measured: Measured) -> dict[str, xr.Dataset]:
    """What was measured on VGG16 with ImageNet weights, and on random VGG16."""
    return {
        name: measured[name]
        for name in (IMAGENET, RANDOM_VGG16)
        if name in measured and "image" in measured[name].coords
    }


def claim_on_built_in(claim: Claim, find: Find, what: str = BRIDGE) -> Claim:
    """The claim judged from the built-in networks; NOT RUN for want of `what` where `find` finds none among them."""
    return replace(claim, scope=built_in_networks, missing=lambda measured: "" if find(measured) else what)


def claim_on_imagenet(claim: Claim, find: Find) -> Claim:
    """The claim `<id>-imagenet`, judged from VGG16 with ImageNet weights and, beside it, random VGG16."""

    def missing(measured: Measured) -> str:
        return "" if IMAGENET in measured and find(measured) else WEIGHTS

    return replace(
        claim,
        id=f"{claim.id}-imagenet",
        title=f"{claim.title}: VGG16 trained on ImageNet",
        scope=imagenet_and_random,
        missing=missing,
        repairs=None,
    )


def of_network(network: str, measured: Measured) -> dict[str, xr.Dataset]:
    """What was measured on one network. One that came as it was built, of which nothing is known, counts as trained."""
    found = {}
    for weights, more in product(("trained", "built", "gaussian"), ("", MORE_DRAWS)):
        name = f"{network}-{weights}{more}"
        if name in measured and "image" in measured[name].coords:
            known = measured[name].attrs["weights"].replace("built", "trained")
            found[name.replace("-built", "-trained")] = measured[name].assign_attrs(weights=known)
    return found


def claim_on(
    claim: Claim, network: str, scope: Scope | None = None, command: str = "nfrlab bridge", beginning: str = ""
) -> Claim:
    """The claim `<id>@<network>`: what is said of the built-in networks, judged from this one and random ones like it.

    NOT RUN where it finds nothing there that it speaks of, and without ImageNet's weights where it is about them.
    `scope` is what was measured of the network, by the `command`, in settings whose names have this `beginning`.
    """
    wanted = f"{WANTED[network]} {command}" if network in WANTED else ""

    def missing(measured: Measured) -> str:
        if wanted and f"{beginning}{network}-trained" not in measured:
            return wanted
        return claim.missing(measured) and (wanted or f"measurements of {network}; run: {command} --model {network}")

    return replace(
        claim,
        id=f"{claim.id}@{network}",
        title=f"{claim.title}: {ALIAS.get(network, network)}",
        scope=scope or partial(of_network, network),
        missing=missing,
        repairs=claim.repairs and f"{claim.repairs}@{network}",
    )


def claims_everywhere(claim: Claim, find: Find, changes_top: bool = False) -> tuple[Claim, ...]:
    """The claim judged from the built-in networks; from VGG16 with ImageNet weights; from SqueezeNet; and from VGG16's
    body, but for claims that change the top layers, where a classifier would be.
    """
    built_in = claim_on_built_in(claim, find)
    networks = (SQUEEZENET,) if changes_top else (SQUEEZENET, BODY)
    return built_in, claim_on_imagenet(claim, find), *(claim_on(built_in, network) for network in networks)
