"""Fig. 7 and Table I's last column: which information of the input is lost at which layer."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from nfrlab.verify.claims.premises import PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination, Measured
from nfrlab.verify.court.evidence import Claimed, Evidence
from nfrlab.verify.examine.measured import PREMISES, having, on_deep_networks, on_imagenet
from nfrlab.verify.examine.over_draws import medians_over_draws

if TYPE_CHECKING:
    import xarray as xr

LOSS = {"trained": 0.1, "random": 0.0}
COMPONENTS = {"colour": "colour", "coarse": "background (coarse luminance)"}


def coloured(measured: Measured, weights: str) -> dict[str, xr.Dataset]:
    """Networks of colour images whose layers were compared."""
    found = having(measured, "kept", weights)
    return {name: own for name, own in found.items() if bool(own["kept"].sel(component="colour").notnull().any())}


def fades(exam: Examination, weights: str, sign: int = 1) -> list[Evidence]:
    """From layer 1 to layer L the α of each component falls, in trained networks by 0.1 or more; −1: from L to 1."""
    falls = {}
    for own in coloured(exam.measured, weights).values():
        for component, words in COMPONENTS.items():
            alpha = own["kept"].sel(component=component)
            falls[f"{words} kept, layer 1 − layer L: {own.attrs['title']}"] = sign * (
                alpha.isel(layer=0) - alpha.isel(layer=-1)
            )
    return medians_over_draws(exam, falls, Claimed.between(LOSS[weights], 2))


def claim(weights: str, id: str, title: str, why: str) -> Claim:
    """The statement on networks with these weights."""
    return Claim(
        id=id,
        title=title,
        source=f"{PAPER}, Fig. 7, Sec. IV-A and V-A",
        statement=(
            f"“Color and background information gradually fade”: in {weights} networks on colour images{why} the "
            "alignment of Activation's map with the colour of the image, and with its coarse luminance, "
            f"falls{' by 0.1 or more' if LOSS[weights] else ''} from layer 1 to layer L, in the median."
        ),
        premises=PREMISES,
        examine=partial(fades, weights=weights),
        control=BrokenPremise(
            premise="layers counted from the output", examine=partial(fades, weights=weights, sign=-1)
        ),
    )


TRAINED = claim("trained", "fig-7-cascade", "Colour and background fade with the layers", "")
RANDOM = claim(
    "random",
    "fig-7-cascade-random",
    "Colour and background fade in random networks too",
    ", though they have learned nothing,",
)

CLAIMS = (
    on_deep_networks(
        TRAINED,
        partial(coloured, weights="trained"),
        "a trained network of colour images; set NFRLAB_DATA and run: nfrlab bridge",
    ),
    on_deep_networks(RANDOM, partial(coloured, weights="random")),
    on_imagenet(TRAINED, partial(coloured, weights="trained")),
)
