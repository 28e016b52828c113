"""Homogeneity: `f = ⟨∇f, x⟩`, on which the theory rests, and what biases do to it."""

from __future__ import annotations

from collections.abc import Callable

import xarray as xr

from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination, Measured
from nfrlab.verify.court.evidence import Evidence, Kind
from nfrlab.verify.examine.derivation import PAPER
from nfrlab.verify.examine.draws import median_evidence
from nfrlab.verify.examine.measured import WITH_BIASES, both, having, on_deep_networks

SMALL, ROUNDING = 0.01, 1e-3
SOURCE = f"{PAPER}, Sec. III-A (biases are ignored) and text after Prop. 3 (LRP-z is Grad⊙Input)"


def weighed(measured: Measured) -> dict[str, xr.Dataset]:
    """Networks in which ⟨A_l, r_l⟩ was measured."""
    return having(measured, "lost")


def biased(measured: Measured) -> dict[str, xr.Dataset]:
    """Those with biases."""
    return {name: own for name, own in weighed(measured).items() if bool((abs(own["lost_to_bias"]) > 0).any())}


def at_input(
    exam: Examination,
    found: dict[str, xr.Dataset],
    value: Callable[[xr.Dataset], xr.DataArray],
    text: str,
    most: float,
) -> list[Evidence]:
    """Of every network: the value at the input is at most this, up to its sign."""
    values = {f"{text}: {own.attrs['title']}": value(own).sel(level=0) for own in found.values()}
    return median_evidence(exam, values, (-most, most), 0.0)


def lost(exam: Examination, factor: float = 1.0) -> list[Evidence]:
    """What ⟨∇f, x⟩ misses of f; a factor breaks the statement."""
    return at_input(exam, weighed(exam.measured), lambda own: factor - 1 + own["lost"], "(f − ⟨∇f, x⟩)/f", SMALL)


def not_explained(exam: Examination, factor: float = 1.0) -> list[Evidence]:
    """What ⟨∇f, x⟩ misses of f, less what the biases hold."""
    return at_input(
        exam,
        weighed(exam.measured),
        lambda own: own["lost"] - factor * own["lost_to_bias"],
        "(f − ⟨∇f, x⟩ − Σ⟨M b, r⟩)/f",
        ROUNDING,
    )


CLAIMS = (
    *both(
        Claim(
            "homogeneity-with-bias",
            "f = ⟨∇f, x⟩, with biases as without",
            SOURCE,
            "The theory ignores biases: on networks as they are used, f(x) = ⟨∇f(x), x⟩ within 1 %, so that LRP-z is "
            "Grad⊙Input and its relevance sums to f, in the median.",
            WITH_BIASES,
            (Kind.BRIDGE,),
            lost,
            BrokenPremise("a factor 2: f in place of f/2", lambda exam: lost(exam, 2.0)),
        ),
        biased,
    ),
    on_deep_networks(
        Claim(
            "homogeneity-with-bias-repair",
            "f = ⟨∇f, x⟩ + Σ_l ⟨M_l b_l, r_l⟩",
            "repair of homogeneity",
            "What ⟨∇f, x⟩ misses of f is what the gradient hands to the biases, Σ_l ⟨M_l b_l, r_l⟩, within 0.1 % of "
            "f, on every network, and nothing without biases.",
            WITH_BIASES,
            (Kind.BRIDGE,),
            not_explained,
            BrokenPremise("half of the biases forgotten", lambda exam: not_explained(exam, 0.5)),
            repairs="homogeneity-with-bias",
        ),
        biased,
    ),
)
