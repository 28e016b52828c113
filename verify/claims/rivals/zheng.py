"""Zheng, Sang & Xu 2025 against their rivals: do two maps agree because both align with the input?

If two maps have nothing in common but what each shares with x, the mean of their cosine is the product of their α.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from nfrlab.verify.claims.premises import PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination, Measured, RestoredPremise
from nfrlab.verify.court.evidence import Claimed, Evidence
from nfrlab.verify.examine.over_draws import medians_over_draws
from nfrlab.verify.examine.rivals import PREMISES, claims_on_rivals, from_the_top, rivals_with

if TYPE_CHECKING:
    import xarray as xr

RULES = ("gbp", "rectgrad:q=0.98", "zplus")
SOURCE = f"a reading of {PAPER}, Sec. IV-B, against Sixt et al. 2020"
EXPLAINED = Claimed.between(-0.05, 0.05)
"""What is claimed of the cosine less the product of the alignments."""
NEAR_ZERO = "Where α is near 0, and with it the product, it says no more than that the cosine is small."
UNFILTERED = "nothing is filtered: the product of the plain gradient's alignments"


def at_the_input(data: xr.Dataset, variable: str, rule: str) -> xr.DataArray:
    """What was measured of the modified gradients of a rule at the input, from vectors that entered at the output."""
    found = from_the_top(data, variable, rule, "gradient")
    return found.sel(layer=0, drop=True) if "layer" in found.dims else found


def unexplained_evidence(
    exam: Examination, networks: int, explaining: str = "", connected: bool = False, rules: Sequence[str] = RULES
) -> list[Evidence]:
    """The mean cosine of two maps of one image less the product of their alignments with it, held against ± 0.05.

    The maps are of one network, or of two `networks`, which are convolutional, or `connected` fully; `explaining` is a
    rule whose alignments stand in.
    """
    cosine, product = {1: ("csc_mean", "alpha_pairs"), 2: ("between_networks", "alpha_between")}[networks]
    found = {
        f"cos(r_0, r_0′) − α α′: {rule}, {data.attrs['title']}": at_the_input(data, cosine, rule)
        - at_the_input(data, product, explaining or rule)
        for data in compared(exam.measured, connected).values()
        for rule in rules
        if rule in data["rule"].values
    }
    return medians_over_draws(exam, found, EXPLAINED)


def compared(measured: Measured, connected: bool = False) -> dict[str, xr.Dataset]:
    """The networks in which maps were compared with each other: convolutional ones, or those `connected` fully."""
    return rivals_with(measured, "between_networks", ("grad", "gbp"), connected=connected)


CONNECTED = RestoredPremise(
    premise=(
        "GBP in two random networks whose layers are fully connected: nothing but the image tells one pixel from "
        "another (z⁺ prefers the all-ones vector there too)"
    ),
    examine=partial(unexplained_evidence, networks=2, connected=True, rules=("gbp",)),
)

CLAIMS = (
    *claims_on_rivals(
        Claim(
            id="zheng-one-network",
            title="Two maps of one network agree because both align with the image",
            source=SOURCE,
            statement=(
                "Whatever vectors entered at the output, two maps r_0 of a negative filtering rule have nothing in "
                "common but their alignment: the mean of their cosine is the product α α′, within 0.05, for GBP, "
                "RectGrad and z⁺ in every network, in the median."
            ),
            premises=PREMISES,
            examine=partial(unexplained_evidence, networks=1),
            control=BrokenPremise(
                premise=UNFILTERED, examine=partial(unexplained_evidence, networks=1, explaining="grad")
            ),
            restored=CONNECTED,
            blind=NEAR_ZERO,
        ),
        compared,
    ),
    *claims_on_rivals(
        Claim(
            id="zheng-two-networks",
            title="Maps of two networks agree because both align with the image",
            source=SOURCE,
            statement=(
                "The map of a network and that of a random one, at one image, have nothing in common but their "
                "alignment: the mean of their cosine is the product α α′, within 0.05, for GBP, RectGrad and z⁺, in "
                "the median. This is how the paper explains that maps hardly change when weights are randomised."
            ),
            premises=PREMISES,
            examine=partial(unexplained_evidence, networks=2),
            control=BrokenPremise(
                premise=UNFILTERED,
                examine=partial(unexplained_evidence, networks=2, explaining="grad"),
            ),
            restored=CONNECTED,
            blind=NEAR_ZERO,
        ),
        compared,
    ),
)
