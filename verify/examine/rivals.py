"""What the claims of the paper's rivals share: the measurements made for them, and how rules are compared there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from nfrlab.simulations.bridge.rival_settings import RIVALS
from nfrlab.simulations.network_names import BODY, SQUEEZENET
from nfrlab.verify.court.claim import Claim, Measured
from nfrlab.verify.examine.measured import BUILT_IN, Find, claim_on, networks_with, of_network

if TYPE_CHECKING:
    import xarray as xr

RUN = "measurements for the rivals; run: nfrlab rivals"
FULLY_CONNECTED = "stack"
"""The network whose layers see the whole image."""
RELEVANCE = ("zplus", "lrp-", "deeplift-")
"""How the names of rules begin that distribute relevance."""
PREMISES = (
    "random weights are Gaussian, E w² = 2/d, without biases, fresh in every draw; trained ones have their biases",
    "networks: random VGG16; a VGG trained on digits and, where it is there, a ResNet-20 trained on CIFAR-10; random "
    "ones beside them on the same images; a random fully connected one",
    "images are random digits, test images of CIFAR-10 or random crops of photographs; a statement is about the median "
    "over draws of network and image, of every network and rule",
    "in place of the relevance five vectors N(0, I) enter at the output; of a rule that distributes relevance the "
    "relevance is compared, of others the modified gradient",
)


def rivals_with(
    measured: Measured, variable: str, rules: Iterable[str], weights: str = "", connected: bool = False
) -> dict[str, xr.Dataset]:
    """The networks of which `variable` was measured with all of these rules: convolutional ones, or those that are
    `connected` fully; with `weights`, "random" or "trained", only those.
    """
    return {
        name: data
        for name, data in networks_with(measured, variable, weights).items()
        if (data.attrs["network"] == FULLY_CONNECTED) == connected
        and {*rules} <= {str(rule) for rule in data[variable]["rule"].values}
    }


def form_of(rule: str) -> str:
    """What Sixt et al. compare: the relevance of a rule that distributes it, the modified gradient of any other."""
    return "relevance" if rule.startswith(RELEVANCE) else "gradient"


def from_the_top(data: xr.Dataset, variable: str, rule: str, form: str = "") -> xr.DataArray:
    """What was measured of a rule's vectors that entered at the output, in this form or the one that is compared."""
    found = data[variable].sel(rule=rule, form=form or form_of(rule), drop=True)
    return found.sel(start=int(data["start"].max()), drop=True) if "start" in found.dims else found


def built_in_rivals(measured: Measured) -> dict[str, xr.Dataset]:
    """What was measured for the rivals on the networks of the built-in plan."""
    of_plan = tuple(f"{RIVALS}{name}" for name in (*BUILT_IN, f"{FULLY_CONNECTED}-"))
    found = {name: data for name, data in measured.items() if name.startswith(of_plan) and "image" in data.coords}
    return {name: data for name, data in found.items() if data.attrs["network"] != BODY}


def rivals_of(network: str, measured: Measured) -> dict[str, xr.Dataset]:
    """What was measured for the rivals on one network, and on the fully connected one beside it."""
    beside = {
        name: data
        for name, data in measured.items()
        if name.startswith(f"{RIVALS}{FULLY_CONNECTED}-") and "image" in data.coords
    }
    return beside | of_network(f"{RIVALS}{network}", measured)


def rival_claim_on(claim: Claim, network: str) -> Claim:
    """The claim `<id>@<network>`, judged from what was measured for the rivals on this network alone."""
    return claim_on(claim, network, partial(rivals_of, network), "nfrlab rivals", RIVALS)


def claims_on_rivals(claim: Claim, find: Find, networks: Sequence[str] = (SQUEEZENET,)) -> tuple[Claim, ...]:
    """The claim judged from the built-in networks, and from those with ImageNet's weights."""
    built_in = replace(claim, scope=built_in_rivals, missing=lambda measured: "" if find(measured) else RUN)
    return built_in, *(rival_claim_on(built_in, network) for network in networks)
