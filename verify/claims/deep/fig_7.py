"""Fig. 7 and Table I's last column: which information of the input is lost at which layer."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from nfrlab.verify.claims.premises import PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination, Measured
from nfrlab.verify.court.evidence import Claimed, Evidence
from nfrlab.verify.examine.measured import PREMISES, claim_on_built_in, claim_on_imagenet, networks_with
from nfrlab.verify.examine.over_draws import medians_over_draws

if TYPE_CHECKING:
    import xarray as xr

LOSS = {"trained": 0.1, "random": 0.0}
"""The least that α is claimed to fall."""
COMPONENTS = {"colour": "colour", "coarse": "background (coarse luminance)"}


def coloured_networks(measured: Measured, weights: str) -> dict[str, xr.Dataset]:
    """The networks of colour images, with these weights, whose layers were compared."""
    compared = networks_with(measured, "kept", weights)
    return {name: data for name, data in compared.items() if bool(data["kept"].sel(component="colour").notnull().any())}


def fading_evidence(exam: Examination, weights: str, sign: int = 1) -> list[Evidence]:
    """The fall of α with each component from layer 1 to layer L, held against > 0, in trained networks ≥ 0.1.

    With `sign` −1 the fall from layer L to layer 1.
    """
    falls = {}
    for data in coloured_networks(exam.measured, weights).values():
        for component, words in COMPONENTS.items():
            alpha = data["kept"].sel(component=component)
            fall = alpha.isel(layer=0) - alpha.isel(layer=-1)
            falls[f"{words} kept, layer 1 − layer L: {data.attrs['title']}"] = sign * fall
    return medians_over_draws(exam, falls, Claimed.between(LOSS[weights], 2))


def claim(*, weights: str, id: str, title: str, aside: str = "") -> Claim:
    """The claim on networks with these weights; `aside` is said of them in the statement."""
    return Claim(
        id=id,
        title=title,
        source=f"{PAPER}, Fig. 7, Sec. IV-A and V-A",
        statement=(
            f"“Color and background information gradually fade”: in {weights} networks on colour images{aside} the "
            "alignment of Activation's map with the colour of the image, and with its coarse luminance, "
            f"falls{' by 0.1 or more' if LOSS[weights] else ''} from layer 1 to layer L, in the median."
        ),
        premises=PREMISES,
        examine=partial(fading_evidence, weights=weights),
        control=BrokenPremise(
            premise="layers counted from the output", examine=partial(fading_evidence, weights=weights, sign=-1)
        ),
    )


TRAINED = claim(weights="trained", id="fig-7-cascade", title="Colour and background fade with the layers")
RANDOM = claim(
    weights="random",
    id="fig-7-cascade-random",
    title="Colour and background fade in random networks too",
    aside=", though they have learned nothing,",
)

CLAIMS = (
    claim_on_built_in(
        TRAINED,
        partial(coloured_networks, weights="trained"),
        "a trained network of colour images; set NFRLAB_DATA and run: nfrlab bridge",
    ),
    claim_on_built_in(RANDOM, partial(coloured_networks, weights="random")),
    claim_on_imagenet(TRAINED, partial(coloured_networks, weights="trained")),
)
