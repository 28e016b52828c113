"""Definition 2's inequality 13 in deep networks, with and without biases."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from nfrlab.simulations.bridge.settings import CIFAR_VGG16
from nfrlab.verify.claims.premises import PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination, Measured
from nfrlab.verify.court.evidence import Claimed, Evidence
from nfrlab.verify.examine.measured import PREMISES, WITH_BIASES, both, having, on_deep_networks
from nfrlab.verify.examine.over_draws import rates_over_draws

if TYPE_CHECKING:
    import xarray as xr

SOURCE = f"{PAPER}, Def. 2, ineq. 13, Prop. 1–3"
ROUNDING = 1e-5
"""Relative margins of this size are equalities in float32."""

ALWAYS = Claimed.between(0.95, 1.0, resolution=0.35)
CHAINS = ("vgg16", CIFAR_VGG16, "digits")
"""Networks without residual additions, into which a branch may bring negative contributions alone."""

Event = Callable[["xr.DataArray"], npt.NDArray[np.bool_]]


def hidden(own: xr.Dataset, rule: str) -> xr.DataArray:
    """Relative margins below the output layer, which the rules at ReLUs leave alone; where relevance arrives."""
    margin = own["margin"].sel(rule=rule)
    return margin.isel(layer=slice(0, -1))


def strict(margin: xr.DataArray) -> npt.NDArray[np.bool_]:
    """Per draw: ineq. 13 holds, strictly, at every layer."""
    return np.asarray((margin.fillna(0) > ROUNDING).all("layer").values)


def never_less(margin: xr.DataArray) -> npt.NDArray[np.bool_]:
    """Per draw: it is nowhere violated."""
    return np.asarray((margin.fillna(0) > -ROUNDING).all("layer").values)


def equality(margin: xr.DataArray) -> npt.NDArray[np.bool_]:
    """Per draw: both sides are equal at every layer."""
    return np.asarray((abs(margin.fillna(0)) < ROUNDING).all("layer").values)


def filtered(measured: Measured, biases: bool | None = None) -> dict[str, xr.Dataset]:
    """Networks whose margins were measured, with or without biases."""
    found = having(measured, "margin")
    return {
        name: own
        for name, own in found.items()
        if biases is None or biases == bool((abs(own["lost_to_bias"]) > 0).any())
    }


def rates(exam: Examination, checks: Sequence[tuple[str, str, Event]], biases: bool | None = None) -> list[Evidence]:
    """For each rule (as named, evaluated as a second name says): in how many draws the event happens at every layer.

    z⁺ loses the relevance of a linear branch whose contributions are all negative: the equality is said of chains only.
    """
    events = {}
    for own in filtered(exam.measured, biases).values():
        for name, rule, event in checks:
            said = event is not equality or own.attrs["network"] in CHAINS
            if said and rule in own["margin"]["rule"].values:
                events[f"{event.__doc__} {name}, {own.attrs['title']}"] = event(hidden(own, rule))
    return rates_over_draws(exam, events, ALWAYS)


def printed(rules: Sequence[str] = ("gbp", "rectgrad", "zplus")) -> Callable[[Examination], list[Evidence]]:
    """Every rule, strictly."""
    return partial(rates, checks=[(rule, rule, strict) for rule in rules])


REPAIRED = [("gbp", "gbp", never_less), ("zplus", "zplus", equality)]
BROKEN = [("gbp", "gbp-reversed", never_less)]

CLAIMS = (
    *both(
        Claim(
            id="eq-13-deep",
            title="Deep networks: every rule satisfies ineq. 13",
            source=SOURCE,
            statement=(
                "At every hidden layer of a deep network ⟨A_{l−1}, F(WM) r⟩ > ⟨A_{l−1}, W M r⟩, strictly, for GBP, "
                "RectGrad (90 %) and z⁺ with its own γ, r the rule's own relevance: in 95 % of draws or more (margin "
                "0.35)."
            ),
            premises=WITH_BIASES,
            examine=printed(),
            control=BrokenPremise(
                premise="GBP's filter reversed", examine=partial(rates, checks=[("gbp", "gbp-reversed", strict)])
            ),
        ),
        filtered,
    ),
    on_deep_networks(
        Claim(
            id="eq-13-deep-repair",
            title="Without biases GBP never lowers ⟨A, ·⟩, and z⁺ keeps it",
            source="repair of ineq. 13 in deep networks",
            statement=(
                "In deep networks without biases GBP's margin is nowhere negative; in those without residual "
                "additions z⁺'s is zero at every layer (conserved relevance): in 95 % of draws or more (margin 0.35)."
            ),
            premises=PREMISES,
            examine=partial(rates, checks=REPAIRED, biases=False),
            control=BrokenPremise(premise="GBP's filter reversed", examine=partial(rates, checks=BROKEN, biases=False)),
            repairs="eq-13-deep",
        ),
        lambda measured: filtered(measured, biases=False),
    ),
)
