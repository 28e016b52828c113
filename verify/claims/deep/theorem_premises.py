"""The premises of Theorems 1 and 2 in deep networks, layer by layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nfrlab.verify.claims.premises import PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination, Measured
from nfrlab.verify.court.evidence import Claimed, Evidence
from nfrlab.verify.examine.measured import PREMISES, claim_on_built_in, claims_on_both, networks_with
from nfrlab.verify.examine.over_draws import medians_over_draws

if TYPE_CHECKING:
    import xarray as xr

BOUNDS = {"cosine_rms": 1.5, "mean": 1.5, "spread": 2.5}
"""What each number is claimed to be at most."""
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
        f"{name}, layer {int(layer)}, {data.attrs['title']}": values.sel(layer=layer)
        for layer in data["layer"].values
        if bool(large.sel(layer=layer))
    }


def isotropy_evidence(exam: Examination, weights: str) -> list[Evidence]:
    """Cosines, mean and second moments of the neurons of every layer, held against what isotropic centred ones have."""
    evidence = []
    for key, bound in BOUNDS.items():
        found: dict[str, xr.DataArray] = {}
        for data in networks_with(exam.measured, "cosine", weights).values():
            found |= large_layers(data, data[key], WORDS[key])
        evidence += medians_over_draws(exam, found, Claimed.between(0, bound), 1 / len(BOUNDS))
    return evidence


def cosines_of_sizes_evidence(exam: Examination, weights: str) -> list[Evidence]:
    """The cosines of neurons without the signs of their weights, in units of chance, held against ≤ 1.5."""
    found: dict[str, xr.DataArray] = {}
    for data in networks_with(exam.measured, "cosine", weights).values():
        found |= large_layers(data, data["cosine_of_sizes"] * data["fan_in"] ** 0.5, "√d · mean cos(|w_i|, |w_j|)")
    return medians_over_draws(exam, found, Claimed.between(0, BOUNDS["cosine_rms"]))


def random_networks(measured: Measured) -> dict[str, xr.Dataset]:
    """The random networks whose neurons were measured."""
    return networks_with(measured, "cosine", "random")


def trained_networks(measured: Measured) -> dict[str, xr.Dataset]:
    """The trained networks whose neurons were measured."""
    return networks_with(measured, "cosine", "trained")


CONTROL = "signs of the weights removed"

CLAIMS = (
    *claims_on_both(
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
            examine=lambda exam: isotropy_evidence(exam, "trained"),
            control=BrokenPremise(premise=CONTROL, examine=lambda exam: cosines_of_sizes_evidence(exam, "trained")),
        ),
        trained_networks,
    ),
    claim_on_built_in(
        Claim(
            id="theorem-premises-deep-repair",
            title="The premises hold in random Gaussian networks",
            source="repair of the premises of Theorems 1 and 2",
            statement="The same at every layer of random Gaussian networks.",
            premises=PREMISES,
            examine=lambda exam: isotropy_evidence(exam, "random"),
            control=BrokenPremise(premise=CONTROL, examine=lambda exam: cosines_of_sizes_evidence(exam, "random")),
            repairs="theorem-premises-deep",
        ),
        random_networks,
    ),
)
