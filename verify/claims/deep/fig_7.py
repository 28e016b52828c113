"""Fig. 7 and Table I's last column: which information of the input is lost at which layer."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from nfrlab.simulations.network_names import BODY, SQUEEZENET
from nfrlab.verify.claims.premises import PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination, Measured
from nfrlab.verify.court.evidence import Claimed, Evidence
from nfrlab.verify.examine.measured import PREMISES, claim_on, claim_on_built_in, claim_on_imagenet, networks_with
from nfrlab.verify.examine.over_draws import medians_over_draws

if TYPE_CHECKING:
    import xarray as xr

LOSS = {"trained": 0.1, "random": 0.05}
"""The least that α is claimed to fall."""
COMPONENTS = {"colour": "colour", "coarse": "background (coarse luminance)"}


def coloured_networks(measured: Measured, weights: str) -> dict[str, xr.Dataset]:
    """The networks of colour images, with these weights, whose layers were compared."""
    compared = networks_with(measured, "kept", weights)
    return {name: data for name, data in compared.items() if bool(data["kept"].sel(component="colour").notnull().any())}


def fading_evidence(
    exam: Examination, weights: str, components: Sequence[str] = tuple(COMPONENTS), first: int = 0
) -> list[Evidence]:
    """The fall of α with each component from layer 1 to layer L, held against ≥ 0.05, in trained networks ≥ 0.1.

    `first` is the place of the first layer among all, −2 for the one before the last.
    """
    falls = {}
    for data in coloured_networks(exam.measured, weights).values():
        for component in components:
            alpha = data["kept"].sel(component=component, drop=True)
            start, end = (alpha.isel(layer=place) for place in (first, -1))
            name = f"{COMPONENTS[component]} kept, layer {int(start['layer'])} − layer L: {data.attrs['title']}"
            falls[name] = start.drop_vars("layer") - end.drop_vars("layer")
    return medians_over_draws(exam, falls, Claimed.between(LOSS[weights], 2))


def claim(*, weights: str, id: str, title: str, aside: str = "") -> Claim:
    """The claim on networks with these weights; `aside` is said of them in the statement."""
    return Claim(
        id=id,
        title=title,
        source=f"{PAPER}, Fig. 7, Sec. IV-A and V-A",
        statement=(
            f"“Color and background information gradually fade”: in {weights} networks on colour images{aside} the "
            "alignment of Activation's map with the colour of the image, and with its coarse luminance, falls by "
            f"{LOSS[weights]} or more from layer 1 to layer L, in the median."
        ),
        premises=PREMISES,
        examine=partial(fading_evidence, weights=weights),
        control=BrokenPremise(
            premise="many layers between: a single one, L − 1 in place of 1, of colour",
            examine=partial(fading_evidence, weights=weights, components=("colour",), first=-2),
        ),
        blind="A fall does not know the size of α: a factor common to all of them, down to a half, changes nothing.",
    )


TRAINED = claim(weights="trained", id="fig-7-cascade", title="Colour and background fade with the layers")
RANDOM = claim(
    weights="random",
    id="fig-7-cascade-random",
    title="Colour and background fade in random networks too",
    aside=", though they have learned nothing,",
)

IN_COLOUR = claim_on_built_in(
    TRAINED,
    partial(coloured_networks, weights="trained"),
    "a trained network of colour images; set NFRLAB_DATA and run: nfrlab bridge",
)

CLAIMS = (
    IN_COLOUR,
    claim_on_built_in(RANDOM, partial(coloured_networks, weights="random")),
    claim_on_imagenet(TRAINED, partial(coloured_networks, weights="trained")),
    claim_on(IN_COLOUR, SQUEEZENET),
    claim_on(IN_COLOUR, BODY),
)
