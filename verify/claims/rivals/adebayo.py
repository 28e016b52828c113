"""Adebayo et al. 2018: does a map change when the network's layers are randomised? And what others made of it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from nfrlab.simulations.bridge.compared import PRODUCT
from nfrlab.verify.court.evidence import Claimed
from nfrlab.verify.examine.similarity import IMAGE, LAST, PRINTED, Of, chance, claims_on_maps, kept

if TYPE_CHECKING:
    import xarray as xr

SOURCE = "Adebayo et al. 2018 (arXiv 1810.03292 v3)"
HALF = 2
NOT_MORE, LESS = Claimed.between(-2.0, 0.1), Claimed.between(-2.0, -0.05)
"""What is claimed of a difference of similarities: no more than 0.1; a fall by 0.05 or more."""
MORE, HALFWAY = Claimed.between(0.05, 20.0), Claimed.between(0.5, 2.0)
ZERO, EXPLAINED = Claimed.between(-0.1, 0.1), Claimed.between(-0.15, 0.15)
DETECTOR = "the map depends on the network: the image itself in its place"


def above_chance(data: xr.Dataset, metric: str, map: str) -> xr.DataArray:
    """By how much a map is more like its original, every layer randomised, than like another image's."""
    return kept(data, map, metric, LAST) - chance(data, map, metric)


def noise_above_chance(data: xr.Dataset, metric: str) -> xr.DataArray:
    """By how much the gradient's map is more like noise than like another image's."""
    return chance(data, "grad", metric, "noise") - chance(data, "grad", metric)


def share_kept(data: xr.Dataset, metric: str, map: str, stop: int = HALF) -> xr.DataArray:
    """How far from chance to 1 a map's similarity is, layers randomised from the top."""
    by_chance = chance(data, map, metric)
    return (kept(data, map, metric, stop) - by_chance) / (1 - by_chance)


def fall(data: xr.Dataset, metric: str, map: str) -> xr.DataArray:
    """The similarity with every layer randomised less that with the upper half."""
    return kept(data, map, metric, LAST) - kept(data, map, metric, HALF)


def fall_of_all(data: xr.Dataset, metric: str) -> xr.DataArray:
    """The gradient's similarity with every layer randomised less that with none, 1."""
    return kept(data, "grad", metric, LAST) - 1


def bottom_below_top(data: xr.Dataset, metric: str, map: str, stop: int = 1) -> xr.DataArray:
    """The similarity with the lowest layers of a stop randomised, less that with the highest quarter."""
    return kept(data, map, metric, stop, "bottom-up") - kept(data, map, metric, 1)


def product_kept(data: xr.Dataset, metric: str) -> xr.DataArray:
    """How alike Gradient ⊙ Input is to its original with every layer randomised."""
    return kept(data, PRODUCT, metric, LAST)


def product_and_noise(data: xr.Dataset, metric: str) -> xr.DataArray:
    """How alike Gradient ⊙ Input is to noise."""
    return chance(data, PRODUCT, metric, "noise")


def above_products(data: xr.Dataset, metric: str, map: str) -> xr.DataArray:
    """The similarity with every layer randomised less that of x ⊙ u and x ⊙ v, u and v noise."""
    return kept(data, map, metric, LAST) - data["similarity_of_products"].sel(metric=metric, drop=True)


def no_difference(data: xr.Dataset, metric: str) -> xr.DataArray:
    """Zero: of two products of the image and noise."""
    products = data["similarity_of_products"].sel(metric=metric, drop=True)
    return products - products


def entropy_gained(data: xr.Dataset, metric: str, map: str, before: str = "") -> xr.DataArray:
    """eMPRT of a map less that of the gradient: the entropy that it gains in random networks, as a share of what it had
    `before`, by default itself.
    """
    return entropy_share(data, map, before or map) - entropy_share(data, "grad", "grad")


def entropy_share(data: xr.Dataset, after: str, before: str) -> xr.DataArray:
    """`(H(random) − H(own)) / H(own)`."""
    H = data["entropy"]
    own = H.sel(weights="own", map=before, drop=True)
    return (H.sel(weights="random", map=after, drop=True) - own) / own


SIGNED, ABSOLUTE = PRINTED[:1], PRINTED[1:2]
ENTROPY = ("entropy",)

CLAIMS = (
    *claims_on_maps(
        id="adebayo-gradient-passes",
        title="Gradient: nothing of the map is left in a random network",
        source=f"{SOURCE}, Sec. 4: “pass”",
        statement=(
            "Gradient: with every layer randomised the map is no more like its original than like another image's map, "
            "by 0.1 or less, in each of their four metrics and every trained network."
        ),
        claimed=NOT_MORE,
        of=Of(partial(above_chance, map="grad"), "gradient, above chance"),
        control=(DETECTOR, Of(partial(above_chance, map=IMAGE), "image, above chance")),
        restored=("noise in the place of the random network's map", Of(noise_above_chance, "noise, above chance")),
    ),
    *claims_on_maps(
        id="adebayo-gbp-stays",
        title="GBP: the upper half of the layers hardly matters",
        source=f"{SOURCE}, Sec. 4 and footnote 5: “invariant to higher layers”",
        statement=(
            "GBP: with the upper half of the layers randomised the map is nearer to its original than to chance: half "
            "of the way or more from the similarity of two images' maps to 1, in each of their four metrics and every "
            "trained network."
        ),
        claimed=HALFWAY,
        of=Of(partial(share_kept, map="gbp"), "GBP, share kept"),
        control=(
            "signs are filtered: the plain gradient, and the lower half is randomised as well",
            Of(partial(share_kept, map="grad", stop=LAST), "gradient, share kept of all"),
        ),
        restored=(
            "the image itself in the place of the map",
            Of(partial(share_kept, map=IMAGE), "image, share kept"),
        ),
    ),
    *claims_on_maps(
        id="adebayo-gbp-lowest",
        title="GBP: lower layers do change the map",
        source=f"{SOURCE}, footnote 5 of v3, which withdraws “entirely invariant”",
        statement=(
            "GBP: with every layer randomised the map is less like its original than with the upper half, by 0.05 or "
            "more, in each of their four metrics and every trained network."
        ),
        claimed=LESS,
        of=Of(partial(fall, map="gbp"), "GBP, all − upper half"),
        control=(DETECTOR, Of(partial(fall, map=IMAGE), "image, all − upper half")),
        restored=("the plain gradient, beside no layer randomised", Of(fall_of_all, "gradient, all − none")),
    ),
    *claims_on_maps(
        id="adebayo-gbp-bottom-up",
        title="GBP: the lowest layers matter more than the highest",
        source=f"{SOURCE}, footnote 5 of v3; Binder et al. 2023",
        statement=(
            "GBP: with the lowest quarter of the layers randomised the map is less like its original than with the "
            "highest quarter, by 0.05 or more, in each of their four metrics and every trained network."
        ),
        claimed=LESS,
        of=Of(partial(bottom_below_top, map="gbp"), "GBP, lowest − highest quarter"),
        control=(DETECTOR, Of(partial(bottom_below_top, map=IMAGE), "image, lowest − highest quarter")),
        restored=(
            "every layer randomised in the place of the lowest quarter",
            Of(partial(bottom_below_top, map="gbp", stop=LAST), "GBP, all − highest quarter"),
        ),
    ),
    *claims_on_maps(
        id="adebayo-product-signed",
        title="Gradient ⊙ Input: with signs, nothing of the map is left",
        source=f"{SOURCE}, Sec. 4; with signs kept as Sundararajan & Taly 2018 repair it",
        statement=(
            "Gradient ⊙ Input, of networks without biases integrated gradients: with every layer randomised the rank "
            "correlation with the original, signs kept, is 0 within 0.1, in every trained network."
        ),
        claimed=ZERO,
        of=Of(product_kept, "Gradient ⊙ Input", SIGNED),
        control=("signs are kept", Of(product_kept, "Gradient ⊙ Input", ABSOLUTE)),
        restored=(
            "noise in the place of the random network's map",
            Of(product_and_noise, "Gradient ⊙ Input and noise", SIGNED),
        ),
    ),
    *claims_on_maps(
        id="adebayo-product-input",
        title="Gradient ⊙ Input: without signs, the input explains what is left",
        source=f"{SOURCE}, Sec. 5.2 and Fig. 19",
        statement=(
            "Gradient ⊙ Input: with every layer randomised the rank correlation with the original, signs dropped, is "
            "that of x ⊙ u and x ⊙ v, u and v noise, within 0.15, in every trained network."
        ),
        claimed=EXPLAINED,
        of=Of(partial(above_products, map=PRODUCT), "Gradient ⊙ Input − noise ⊙ input", ABSOLUTE),
        control=(
            "the map has the input as a factor: the image itself in its place",
            Of(partial(above_products, map=IMAGE), "image − noise ⊙ input", ABSOLUTE),
        ),
        restored=("both gradients are noise", Of(no_difference, "noise ⊙ input", ABSOLUTE)),
    ),
    *claims_on_maps(
        id="adebayo-entropy",
        title="eMPRT: GBP's map gains more disorder in random networks than the gradient's",
        source="Hedström et al. 2024, Efficient MPRT, VGG16 and ResNet-18",
        statement=(
            "GBP: the entropy of the map's histogram (100 steps from the least to the greatest entry), every layer "
            "randomised, is above the original's by a larger share than the gradient's, by 0.05 or more, in every "
            "trained network."
        ),
        claimed=MORE,
        of=Of(partial(entropy_gained, map="gbp"), "GBP − gradient", ENTROPY),
        control=(
            "signs are filtered: Gradient ⊙ Input",
            Of(partial(entropy_gained, map=PRODUCT), "Gradient ⊙ Input − gradient", ENTROPY),
        ),
        restored=(
            "the map before is the image itself",
            Of(partial(entropy_gained, map="gbp", before=IMAGE), "image to GBP − gradient", ENTROPY),
        ),
    ),
)
