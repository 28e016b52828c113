"""Fig. 6: the largest and the smallest activations of a layer."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from nfrlab.verify.claims.premises import PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination, Measured, RestoredPremise
from nfrlab.verify.court.evidence import Claimed, Evidence
from nfrlab.verify.examine.measured import PREMISES, claims_everywhere, measured_filters, networks_with
from nfrlab.verify.examine.over_draws import medians_over_draws

if TYPE_CHECKING:
    import xarray as xr

NOTABLE, VANISHED = Claimed.between(-1.0, 0.9), Claimed.between(0.9, 1.0, resolution=0.05)
"""What is claimed of the cosine between the two maps from a low layer, and from a high one."""
BLIND = "blind-filter"
AGREE = Claimed.between(-0.05, 0.05)
"""What is claimed of the difference of their alignments."""


def networks_with_parts(measured: Measured) -> dict[str, xr.Dataset]:
    """The networks whose largest and smallest activations were carried down."""
    return networks_with(measured, "between")


def last_layer(data: xr.Dataset) -> int:
    """L − 1, the highest layer whose activations were carried down."""
    return int(data["between"].dropna("layer", how="all")["layer"].max())


def convergence_evidence(exam: Examination, by_size: bool = True) -> list[Evidence]:
    """The cosine between the two maps, held against < 0.9 from layer 1 and against > 0.9 from the last layer but one.

    From the latter the difference of their alignments, held against ± 0.05. Not `by_size` the two maps from there are
    those of two halves of the activations that chance has made.
    """
    low, high, equal = {}, {}, {}
    for data in networks_with_parts(exam.measured).values():
        top = last_layer(data)
        for rule in measured_filters(data, "between"):
            name = f"{rule}, {data.attrs['title']}"
            low[f"cosine between the maps, layer 1: {name}"] = data["between"].sel(rule=rule, layer=1)
            if by_size:
                cosine, alpha = data["between"].sel(layer=top), data["alpha_part"].sel(layer=top).rename(part="of")
                pair, words = ("top", "bottom"), "α of the top − of the bottom 10 %"
            else:
                cosine, alpha = data["by_chance"], data["alpha_half"].rename(half="of")
                pair, words = ("one", "other"), "α of one half − of the other"
            high[f"cosine between the maps, layer {top}: {name}"] = cosine.sel(rule=rule)
            one, other = (alpha.sel(rule=rule, of=part, drop=True) for part in pair)
            equal[f"{words}, layer {top}: {name}"] = one - other
    return [
        *medians_over_draws(exam, low, NOTABLE, share=0.3),
        *medians_over_draws(exam, high, VANISHED, share=0.3),
        *medians_over_draws(exam, equal, AGREE, share=0.3),
    ]


def blind_evidence(exam: Examination) -> list[Evidence]:
    """The cosine between the two maps from the last layer but one, carried down by a filter that is blind to signs.

    With a map that is zero nothing has anything in common.
    """
    networks = networks_with_parts(exam.measured).values()
    high = {
        f"cosine between the maps, layer {last_layer(data)}: {BLIND}, {data.attrs['title']}": data["between"].sel(
            rule=BLIND, layer=last_layer(data)
        )
        for data in networks
    }
    return medians_over_draws(exam, high, VANISHED, undefined=0.0)


# Of VGG16's body 254 photographs decide nothing: from layer 12 RectGrad's median is 0.82, and 0.85 is in the way.
CLAIMS = claims_everywhere(
    Claim(
        id="fig-6",
        title="Large and small activations give one map from high layers, two from low ones",
        source=f"{PAPER}, Fig. 6 and Sec. IV-B",
        statement=(
            "“A notable difference between the explanations of large and small activations shows in the bottom "
            "layers. However, this difference diminishes to zero in higher layers”: the cosine between the maps of "
            "the top and the bottom 10 % of the non-zero activations is below 0.9 from layer 1 and above 0.9 from "
            "layer L − 1 (margin 0.05), where their α agree within 0.05, for every rule and network, in the median."
        ),
        premises=PREMISES,
        examine=convergence_evidence,
        control=BrokenPremise(
            premise="a filter blind to signs on the way down: every second neuron's relevance removed",
            examine=blind_evidence,
        ),
        restored=RestoredPremise(
            premise="from layer L − 1 two halves of the activations that chance has made, not size",
            examine=partial(convergence_evidence, by_size=False),
        ),
        blind="It compares two maps with each other: a factor common to their α changes nothing.",
    ),
    networks_with_parts,
)[:3]
