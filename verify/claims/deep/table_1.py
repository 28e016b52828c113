"""Table I: random maps resemble the image, trained ones its edges."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from nfrlab.verify.claims.premises import PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination, Measured
from nfrlab.verify.court.evidence import Claimed, Evidence
from nfrlab.verify.examine.measured import PREMISES, both, having, on_deep_networks
from nfrlab.verify.examine.over_draws import medians_over_draws

if TYPE_CHECKING:
    import xarray as xr

SOURCE = f"{PAPER}, Table I and Sec. IV-A"
METHODS = ("gbp", "rectgrad", "zplus", "dtd", "activation")
RESEMBLES, EDGES = Claimed.between(0.2, 1.0, resolution=0.05), Claimed.between(0.05, 2.0)


def leads(own: xr.Dataset, methods: tuple[str, ...], target: str, other: str) -> dict[str, xr.DataArray]:
    """α of the map without its bottom process with `target` minus α with `other`, what there is by chance."""
    alpha = own["alpha_map"].sel(bottom="without", drop=True)
    gain = alpha.sel(target=target, drop=True) - alpha.sel(target=other, drop=True)
    return {
        f"α with the {target} − with the {other}, {method}, {own.attrs['title']}": gain.sel(
            {"method": method}, drop=True
        )
        for method in methods
    }


def mapped(weights: str) -> Callable[[Measured], dict[str, xr.Dataset]]:
    """Networks whose maps were compared with images."""
    return lambda measured: having(measured, "alpha_map", weights)


def random_resembles(exam: Examination, methods: tuple[str, ...] = METHODS) -> list[Evidence]:
    """Random networks: α with the image at 0.2 or more."""
    found: dict[str, xr.DataArray] = {}
    for own in mapped("random")(exam.measured).values():
        alpha = own["alpha_map"].sel(bottom="without", drop=True)
        for method in methods:
            of = alpha.sel({"method": method}, drop=True)
            chance = float(of.sel(target="other image").median())
            name = f"α with the image (with other images {chance:.2f}), {method}, {own.attrs['title']}"
            found[name] = of.sel(target="image", drop=True)
    return medians_over_draws(exam, found, RESEMBLES)


def trained_edges(exam: Examination, exchanged: bool = False) -> list[Evidence]:
    """Trained networks: the edges, by 0.05 or more above chance."""
    pair = ("other edges", "edges") if exchanged else ("edges", "other edges")
    found: dict[str, xr.DataArray] = {}
    for own in mapped("trained")(exam.measured).values():
        found |= leads(own, METHODS, *pair)
    return medians_over_draws(exam, found, EDGES)


CLAIMS = (
    on_deep_networks(
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
            examine=random_resembles,
            control=BrokenPremise(
                premise="the plain gradient", examine=lambda exam: random_resembles(exam, ("grad-input",))
            ),
        ),
        mapped("random"),
    ),
    *both(
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
            examine=trained_edges,
            control=BrokenPremise(
                premise="the edges of other images", examine=lambda exam: trained_edges(exam, exchanged=True)
            ),
        ),
        mapped("trained"),
    ),
)
