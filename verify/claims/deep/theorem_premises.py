"""The premises of Theorems 1 and 2 in deep networks, layer by layer."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from nfrlab.verify.claims.premises import PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination, Measured, RestoredPremise
from nfrlab.verify.court.evidence import Claimed, Evidence
from nfrlab.verify.examine.measured import PREMISES, claim_on_built_in, claims_everywhere, networks_with
from nfrlab.verify.examine.over_draws import numbers_of_networks

if TYPE_CHECKING:
    import xarray as xr

Claims = Mapping[str, Claimed]
AT_MOST = {
    "cosine_rms": Claimed.between(0, 1.5),
    "mean": Claimed.between(0, 1.5),
    "spread": Claimed.between(0, 2.5),
}
"""What is claimed of each number in a trained network."""
AS_BY_CHANCE = AT_MOST | {"cosine_rms": Claimed.within(1, 0.1)}
"""What is claimed in a random one."""
WORDS = {
    "cosine_rms": "√d · RMS cos(w_i, w_j)",
    "mean": "‖mean of the neurons‖ in units of chance",
    "spread": "largest over smallest second moment of an eighth of the inputs",
}
LARGE = 1000
"""Layers with fewer weights say nothing of their law and are left out."""


def large_layers(data: xr.Dataset, values: xr.DataArray, name: str) -> dict[str, xr.DataArray]:
    """The values of every layer of a network but the small ones, by a statement that begins with `name`."""
    large = (data["fan_in"] * data["width"]).isel(draw=0) >= LARGE
    return {
        f"{name}, layer {int(layer)}, {data.attrs['title']}": values.sel(layer=layer, drop=True)
        for layer in data["layer"].values
        if bool(large.sel(layer=layer))
    }


def isotropy_evidence(exam: Examination, weights: str, claims: Claims) -> list[Evidence]:
    """Cosines, mean and second moments of the neurons of every layer, held against what is claimed of each."""
    evidence = []
    for key, claimed in claims.items():
        found: dict[str, xr.DataArray] = {}
        for data in networks_with(exam.measured, "cosine", weights).values():
            found |= large_layers(data, data[key], WORDS[key])
        evidence += numbers_of_networks(exam, found, claimed, 1 / len(claims))
    return evidence


def off_centre_evidence(exam: Examination, weights: str) -> list[Evidence]:
    """The mean of the neurons when half of the RMS weight is added to all weights, held against ≤ 1.5."""
    found: dict[str, xr.DataArray] = {}
    for data in networks_with(exam.measured, "cosine", weights).values():
        found |= large_layers(data, data["mean_shifted"].sel(shift=0.5, drop=True), WORDS["mean"])
    return numbers_of_networks(exam, found, AT_MOST["mean"])


def random_networks(measured: Measured) -> dict[str, xr.Dataset]:
    """The random networks whose neurons were measured."""
    return networks_with(measured, "cosine", "random")


def trained_networks(measured: Measured) -> dict[str, xr.Dataset]:
    """The trained networks whose neurons were measured."""
    return networks_with(measured, "cosine", "trained")


def control(weights: str) -> BrokenPremise:
    """Networks with these weights whose neurons are not centred."""
    return BrokenPremise(
        premise="weights of mean zero: half of the RMS weight is added to all of them",
        examine=partial(off_centre_evidence, weights=weights),
    )


CLAIMS = (
    *claims_everywhere(
        Claim(
            id="theorem-premises-deep",
            title="The premises of both theorems hold in trained networks",
            source=f"{PAPER}, Theorems 1 and 2, Sec. IV-A",
            statement=(
                "At every layer of a trained network of 1,000 weights or more neurons are as isotropic, centred and "
                "orthogonal as chance would have it: √d times the RMS cosine and the size of their mean in units of "
                "chance are at most 1.5, and the second moments of the eighths of the input differ by a factor of at "
                "most 2.5."
            ),
            premises=PREMISES,
            examine=partial(isotropy_evidence, weights="trained", claims=AT_MOST),
            control=control("trained"),
            restored=RestoredPremise(
                premise="weights as they were before training: random ones",
                examine=partial(isotropy_evidence, weights="random", claims=AT_MOST),
            ),
            blind=(
                "Refuted by many layers at once: larger cosines refute it all the more; only a change that brings "
                "every layer of every trained network within its bounds is noticed."
            ),
        ),
        trained_networks,
    ),
    claim_on_built_in(
        Claim(
            id="theorem-premises-deep-repair",
            title="The premises hold in random Gaussian networks",
            source="repair of the premises of Theorems 1 and 2",
            statement=(
                "At every layer of a random Gaussian network of 1,000 weights or more √d times the RMS cosine is 1 "
                "(10 %), the size of the neurons' mean in units of chance at most 1.5, and the second moments of the "
                "eighths of the input differ by a factor of at most 2.5."
            ),
            premises=PREMISES,
            examine=partial(isotropy_evidence, weights="random", claims=AS_BY_CHANCE),
            control=control("random"),
            notices=("deep-premises-25",),
            repairs="theorem-premises-deep",
        ),
        random_networks,
    ),
)
