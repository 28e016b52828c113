"""Binder et al. 2023 on networks: the largest channels go on contributing where a layer's weights become random.

That what is explained changes only to a degree for it, that noise scores best, and that rankings disagree, are
statements about the similarity of maps, not made here.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination, Measured
from nfrlab.verify.court.evidence import Claimed, Evidence
from nfrlab.verify.examine.over_draws import medians_over_draws
from nfrlab.verify.examine.rivals import PREMISES as OF_RIVALS
from nfrlab.verify.examine.rivals import claims_on_rivals

if TYPE_CHECKING:
    import xarray as xr

SOURCE = "Binder et al. 2023 (arXiv 2211.12486), top-down randomisation"
AHEAD, EQUAL = Claimed.between(0.1, 1.0), Claimed.between(-0.1, 0.1)
PREMISES = (
    *OF_RIVALS[:3],
    "what a tenth of the channels contributes: Σ|W a_kept| as a share of Σ|W a_kept| + Σ|W a_rest|, over neurons and "
    "positions, of every layer but the first, then their mean; random weights are Gaussian of the layer's mean square",
)


def contributed(data: xr.Dataset, weights: str, channels: str) -> xr.DataArray:
    """The share that these channels contribute through these weights, the mean over layers."""
    return data["contributed"].sel(weights=weights, channels=channels, drop=True).mean("above", skipna=False)


def lead_evidence(exam: Examination, channels: str = "largest") -> list[Evidence]:
    """Through random weights the share of the largest channels less that of any, held against ≥ 0.1.

    Other `channels` take the place of the largest; these through the layer's own weights, not to be the same twice.
    """
    weights = "random" if channels == "largest" else "own"
    found = {
        f"share of the {channels} channels − of any: {data.attrs['title']}": contributed(data, weights, channels)
        - contributed(data, "random", "any")
        for data in networks_with_channels(exam.measured).values()
    }
    return medians_over_draws(exam, found, AHEAD)


def kept_evidence(exam: Examination, channels: str = "largest") -> list[Evidence]:
    """The share of these channels through random weights less that of the largest through their own, against ± 0.1."""
    found = {
        f"share of the {channels} channels, random weights − own: {data.attrs['title']}": contributed(
            data, "random", channels
        )
        - contributed(data, "own", "largest")
        for data in networks_with_channels(exam.measured).values()
    }
    return medians_over_draws(exam, found, EQUAL)


def networks_with_channels(measured: Measured) -> dict[str, xr.Dataset]:
    """The networks of which it was measured what channels contribute."""
    return {name: data for name, data in measured.items() if "contributed" in data}


CLAIMS = (
    *claims_on_rivals(
        Claim(
            id="binder-kept",
            title="The largest channels contribute strongly to a randomised layer",
            source=SOURCE,
            statement=(
                "Channels with large activation keep a high probability to contribute strongly to a layer that is "
                "randomised: the tenth with the largest activations contributes more than any tenth, by 0.1 or more of "
                "the whole."
            ),
            premises=PREMISES,
            examine=lead_evidence,
            control=BrokenPremise(
                premise="any channels in place of the largest", examine=partial(lead_evidence, channels="any")
            ),
            blind="A difference of two shares: by which weights is not seen, only through which.",
        ),
        networks_with_channels,
    ),
    *claims_on_rivals(
        Claim(
            id="binder-kept-share",
            title="A randomised layer receives as much from the largest channels as before",
            source=SOURCE,
            statement=(
                "Randomisation from the top keeps who contributes: the share of the tenth with the largest activations "
                "is what it was with the layer's own weights, within 0.1."
            ),
            premises=PREMISES,
            examine=kept_evidence,
            control=BrokenPremise(
                premise="any channels in place of the largest, once the weights are random",
                examine=partial(kept_evidence, channels="any"),
            ),
            blind="A difference of two shares, each the mean over layers: layers that change against one another.",
        ),
        networks_with_channels,
    ),
)
