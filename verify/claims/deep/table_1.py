"""Table I: random maps resemble the image, trained ones its edges."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from nfrlab.verify.claims.premises import PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination, Measured
from nfrlab.verify.court.evidence import Claimed, Evidence
from nfrlab.verify.examine.measured import PREMISES, claim_on_built_in, claims_on_both, networks_with
from nfrlab.verify.examine.over_draws import medians_over_draws

if TYPE_CHECKING:
    import xarray as xr

SOURCE = f"{PAPER}, Table I and Sec. IV-A"
METHODS = ("gbp", "rectgrad", "zplus", "dtd", "activation")
RESEMBLES, EDGES = Claimed.between(0.2, 1.0, resolution=0.05), Claimed.between(0.05, 2.0)


def lead_over_chance(data: xr.Dataset, methods: tuple[str, ...], target: str, other: str) -> dict[str, xr.DataArray]:
    """By method, α with `target` minus α with `other`, which is what there is by chance.

    Of maps without their bottom process.
    """
    alpha = data["alpha_map"].sel(bottom="without", drop=True)
    gain = alpha.sel(target=target, drop=True) - alpha.sel(target=other, drop=True)
    return {
        f"α with the {target} − with the {other}, {method}, {data.attrs['title']}": gain.sel(
            {"method": method}, drop=True
        )
        for method in methods
    }


def networks_with_maps(weights: str) -> Callable[[Measured], dict[str, xr.Dataset]]:
    """What finds the networks, with random or trained weights, whose maps were compared with images."""
    return lambda measured: networks_with(measured, "alpha_map", weights)


def resemblance_evidence(exam: Examination, methods: tuple[str, ...] = METHODS) -> list[Evidence]:
    """On random networks the median α of every method's map with the image, held against ≥ 0.2."""
    found: dict[str, xr.DataArray] = {}
    for data in networks_with_maps("random")(exam.measured).values():
        alpha = data["alpha_map"].sel(bottom="without", drop=True)
        for method in methods:
            of_method = alpha.sel({"method": method}, drop=True)
            chance = float(of_method.sel(target="other image").median())
            name = f"α with the image (with other images {chance:.2f}), {method}, {data.attrs['title']}"
            found[name] = of_method.sel(target="image", drop=True)
    return medians_over_draws(exam, found, RESEMBLES)


def edge_evidence(exam: Examination, exchanged: bool = False) -> list[Evidence]:
    """On trained networks the median lead of α with the edges over chance, held against ≥ 0.05.

    `exchanged`: the edges of the image and those of other images change places.
    """
    pair = ("other edges", "edges") if exchanged else ("edges", "other edges")
    found: dict[str, xr.DataArray] = {}
    for data in networks_with_maps("trained")(exam.measured).values():
        found |= lead_over_chance(data, METHODS, *pair)
    return medians_over_draws(exam, found, EDGES)


CLAIMS = (
    claim_on_built_in(
        Claim(
            id="table-1-random",
            title="Maps of random networks resemble the image",
            source=SOURCE,
            statement=(
                "“For untrained models with random weights, the results of these methods effectively align with the "
                "input image” without their bottom process: the median of α with the image is 0.2 or more (margin "
                "0.05), for GBP, RectGrad, LRP (α1β0), DTD and Activation, on every network; what other images give "
                "stands beside it."
            ),
            premises=PREMISES,
            examine=resemblance_evidence,
            control=BrokenPremise(
                premise="the plain gradient", examine=lambda exam: resemblance_evidence(exam, ("grad-input",))
            ),
        ),
        networks_with_maps("random"),
    ),
    *claims_on_both(
        Claim(
            id="table-1-trained",
            title="Maps of trained networks keep the edges",
            source=SOURCE,
            statement=(
                "“In pretrained model attribution focuses on edge information of the target objects”: without their "
                "bottom process the median of α between the size of the map and the image's edge strength is above "
                "the mean with the edges of four other images by 0.05 or more, for every method and network."
            ),
            premises=PREMISES,
            examine=edge_evidence,
            control=BrokenPremise(
                premise="the edges of other images", examine=lambda exam: edge_evidence(exam, exchanged=True)
            ),
        ),
        networks_with_maps("trained"),
    ),
)
