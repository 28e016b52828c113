"""Table I: random maps resemble the image, trained ones its edges."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from nfrlab.verify.claims.premises import PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination, Measured, RestoredPremise
from nfrlab.verify.court.evidence import Claimed, Evidence
from nfrlab.verify.examine.measured import PREMISES, claim_on_built_in, claims_everywhere, networks_with
from nfrlab.verify.examine.over_draws import medians_over_draws

if TYPE_CHECKING:
    import xarray as xr

SOURCE = f"{PAPER}, Table I and Sec. IV-A"
METHODS = ("gbp", "rectgrad", "zplus", "dtd", "activation")
PLAIN = ("grad-input",)
NOTHING_FILTERED = "the rules filter nothing: the plain gradient"
RESEMBLES, EDGES = Claimed.between(0.35, 1.0, resolution=0.05), Claimed.between(0.05, 2.0)


def networks_with_maps(weights: str) -> Callable[[Measured], dict[str, xr.Dataset]]:
    """What finds the networks, with random or trained weights, whose maps were compared with images."""
    return lambda measured: networks_with(measured, "alpha_map", weights)


def alphas_without_bottom(data: xr.Dataset, method: str) -> xr.DataArray:
    """By target the α of a method's map without its bottom process."""
    return data["alpha_map"].sel({"method": method, "bottom": "without"}, drop=True)


def resemblance_evidence(exam: Examination, methods: tuple[str, ...] = METHODS) -> list[Evidence]:
    """On random networks the median α of every method's map with the image, held against ≥ 0.35."""
    found: dict[str, xr.DataArray] = {}
    for data in networks_with_maps("random")(exam.measured).values():
        for method in methods:
            alpha = alphas_without_bottom(data, method)
            chance = float(alpha.sel(target="other image").median())
            name = f"α with the image (with other images {chance:.2f}), {method}, {data.attrs['title']}"
            found[name] = alpha.sel(target="image", drop=True)
    return medians_over_draws(exam, found, RESEMBLES)


def lead_over_chance(alpha: xr.DataArray) -> xr.DataArray:
    """α with the edges minus that with the edges of other images, which is what there is by chance."""
    return alpha.sel(target="edges", drop=True) - alpha.sel(target="other edges", drop=True)


def edge_evidence(exam: Examination, methods: tuple[str, ...] = METHODS) -> list[Evidence]:
    """On trained networks the median lead of α with the edges over chance, held against ≥ 0.05."""
    found = {
        f"α with the edges − with the other edges, {method}, {data.attrs['title']}": lead_over_chance(
            alphas_without_bottom(data, method)
        )
        for data in networks_with_maps("trained")(exam.measured).values()
        for method in methods
    }
    return medians_over_draws(exam, found, EDGES)


def detector_evidence(exam: Examination) -> list[Evidence]:
    """The same of an edge detector's map, on the images that the trained networks meet."""
    found = {
        f"α with the edges − with the other edges, edge detector, images of {data.attrs['title']}": lead_over_chance(
            data["alpha_detector"]
        )
        for data in networks_with_maps("trained")(exam.measured).values()
    }
    return medians_over_draws(exam, found, EDGES)


CLAIMS = (
    claim_on_built_in(
        Claim(
            id="table-1-random",
            title="Maps of random networks resemble the image",
            source=SOURCE,
            statement=(
                "“For untrained models with random weights, the results of these methods effectively align with the "
                "input image” without their bottom process: the median of α with the image is 0.35 or more (margin "
                "0.05), which the plain gradient does not reach, for GBP, RectGrad, LRP (α1β0), DTD and Activation, "
                "on every network; what other images give stands beside it."
            ),
            premises=PREMISES,
            examine=resemblance_evidence,
            control=BrokenPremise(
                premise=NOTHING_FILTERED, examine=lambda exam: resemblance_evidence(exam, methods=PLAIN)
            ),
            blind="A factor common to all α is noticed only where it takes the smallest of them below 0.35.",
        ),
        networks_with_maps("random"),
    ),
    *claims_everywhere(
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
            control=BrokenPremise(premise=NOTHING_FILTERED, examine=lambda exam: edge_evidence(exam, methods=PLAIN)),
            restored=RestoredPremise(
                premise="the map is an edge detector's: Sobel's, of the image after a mean over 3×3 pixels",
                examine=detector_evidence,
            ),
            blind=(
                "Refuted where one method stays at chance: a factor common to all α leaves it there, and what happens "
                "to the other methods does not matter."
            ),
        ),
        networks_with_maps("trained"),
    ),
)
