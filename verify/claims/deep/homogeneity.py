"""Homogeneity: `f = ⟨∇f, x⟩`, on which the theory rests, and what biases do to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from nfrlab.verify.claims.premises import PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination, Measured
from nfrlab.verify.court.evidence import Claimed, Evidence
from nfrlab.verify.examine.measured import WITH_BIASES, both, having, on_deep_networks
from nfrlab.verify.examine.over_draws import medians_over_draws

if TYPE_CHECKING:
    import xarray as xr

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
    return medians_over_draws(exam, values, Claimed.between(-most, most))


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
            id="homogeneity-with-bias",
            title="f = ⟨∇f, x⟩, with biases as without",
            source=SOURCE,
            statement=(
                "The theory ignores biases: on networks as they are used, f(x) = ⟨∇f(x), x⟩ within 1 %, so that LRP-z "
                "is Grad⊙Input and its relevance sums to f, in the median."
            ),
            premises=WITH_BIASES,
            examine=lost,
            control=BrokenPremise(premise="a factor 2: f in place of f/2", examine=lambda exam: lost(exam, 2.0)),
        ),
        biased,
    ),
    on_deep_networks(
        Claim(
            id="homogeneity-with-bias-repair",
            title="f = ⟨∇f, x⟩ + Σ_l ⟨M_l b_l, r_l⟩",
            source="repair of homogeneity",
            statement=(
                "What ⟨∇f, x⟩ misses of f is what the gradient hands to the biases, Σ_l ⟨M_l b_l, r_l⟩, within 0.1 % "
                "of f, on every network, and nothing without biases."
            ),
            premises=WITH_BIASES,
            examine=not_explained,
            control=BrokenPremise(
                premise="half of the biases forgotten", examine=lambda exam: not_explained(exam, 0.5)
            ),
            repairs="homogeneity-with-bias",
        ),
        biased,
    ),
)
