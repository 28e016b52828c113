"""The premises of Theorems 1 and 2 in deep networks, layer by layer."""

from __future__ import annotations

import xarray as xr

from verify.bridge.evidence import median_evidence
from verify.claim import BrokenPremise, Claim, Examination, Measured
from verify.claims.common import PAPER
from verify.claims.deep.common import PREMISES, both, having, on_deep_networks
from verify.evidence import Evidence, Kind

WIDEST = (0.0, 1.5)
STATISTICS = {
    "cosine_rms": "√d · RMS cos(w_i, w_j)",
    "mean": "‖mean of the neurons‖ in units of chance",
    "spread": "largest over smallest second moment of an eighth of the inputs",
}


def isotropic(exam: Examination, weights: str, of_sizes: bool = False) -> list[Evidence]:
    """Layer by layer: cosines, mean and second moments as of isotropic centred neurons, within a factor 1.5."""
    found = {}
    for own in having(exam.measured, "cosine", weights).values():
        for layer in own["layer"].values:
            name = f"layer {int(layer)}, {own.attrs['title']}"
            if of_sizes:
                scaled = own["cosine_of_sizes"] * own["fan_in"] ** 0.5
                found[f"√d · mean cos(|w_i|, |w_j|), {name}"] = scaled.sel(layer=layer)
            else:
                found |= {f"{words}, {name}": own[key].sel(layer=layer) for key, words in STATISTICS.items()}
    return median_evidence(exam, found, WIDEST, 0.0)


def random_networks(measured: Measured) -> dict[str, xr.Dataset]:
    """Random networks whose neurons were measured."""
    return having(measured, "cosine", "random")


def trained_networks(measured: Measured) -> dict[str, xr.Dataset]:
    """Trained ones."""
    return having(measured, "cosine", "trained")


CONTROL = "signs of the weights removed"

CLAIMS = (
    *both(
        Claim(
            "theorem-premises-deep",
            "The premises of both theorems hold in trained networks",
            f"{PAPER}, Theorems 1 and 2, Sec. IV-A",
            "At every layer of a trained network neurons are as isotropic, centred and orthogonal as chance would "
            "have it: √d times "
            "the RMS cosine, the size of their mean in units of chance, and the ratio of second moments of parts of "
            "the input are at "
            "most 1.5.",
            PREMISES,
            (Kind.BRIDGE,),
            lambda exam: isotropic(exam, "trained"),
            BrokenPremise(CONTROL, lambda exam: isotropic(exam, "trained", of_sizes=True)),
        ),
        trained_networks,
    ),
    on_deep_networks(
        Claim(
            "theorem-premises-deep-repair",
            "The premises hold in random Gaussian networks",
            "repair of the premises of Theorems 1 and 2",
            "The same at every layer of random Gaussian networks.",
            PREMISES,
            (Kind.BRIDGE,),
            lambda exam: isotropic(exam, "random"),
            BrokenPremise(CONTROL, lambda exam: isotropic(exam, "random", of_sizes=True)),
            repairs="theorem-premises-deep",
        ),
        random_networks,
    ),
)
