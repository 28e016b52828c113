"""Definition 2's inequality 13 in deep networks, with and without biases."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from nfrlab.simulations.bridge.settings import CIFAR_VGG16
from nfrlab.verify.claims.premises import PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination, Measured
from nfrlab.verify.court.evidence import Claimed, Evidence
from nfrlab.verify.examine.measured import PREMISES, WITH_BIASES, claim_on_built_in, claims_on_both, networks_with
from nfrlab.verify.examine.over_draws import rates_over_draws

if TYPE_CHECKING:
    import xarray as xr

SOURCE = f"{PAPER}, Def. 2, ineq. 13, Prop. 1–3"
ROUNDING = 1e-5
"""Relative margins of this size are equalities in float32."""

ALWAYS = Claimed.between(0.95, 1.0, resolution=0.35)
"""What is claimed of how often an event happens."""
CHAINS = ("vgg16", CIFAR_VGG16, "digits")
"""Networks without residual additions, into which a branch may bring negative contributions alone."""


@dataclass(frozen=True)
class Event:
    """What may be true of a draw's relative margins at every layer; `words` begins the statement of its evidence."""

    words: str
    of_layers: Callable[[xr.DataArray], xr.DataArray]

    def happens(self, margin: xr.DataArray) -> npt.NDArray[np.bool_]:
        """Return in which draws it is true at every layer; where no relevance arrives the margin counts as 0."""
        return np.asarray(self.of_layers(margin.fillna(0)).all("layer").values)


STRICT = Event("Per draw: ineq. 13 holds, strictly, at every layer.", lambda margin: margin > ROUNDING)
NEVER_LESS = Event("Per draw: it is nowhere violated.", lambda margin: margin > -ROUNDING)
EQUALITY = Event("Per draw: both sides are equal at every layer.", lambda margin: abs(margin) < ROUNDING)

Check = tuple[str, str, Event]
"""A rule as it is named, the rule that is evaluated, and an event."""
REPAIRED: Sequence[Check] = [("gbp", "gbp", NEVER_LESS), ("zplus", "zplus", EQUALITY)]
REVERSED_STRICT: Sequence[Check] = [("gbp", "gbp-reversed", STRICT)]
REVERSED: Sequence[Check] = [("gbp", "gbp-reversed", NEVER_LESS)]


def hidden_margins(data: xr.Dataset, rule: str) -> xr.DataArray:
    """A rule's relative margins below the output layer, which the rules at ReLUs leave alone."""
    return data["margin"].sel(rule=rule).isel(layer=slice(0, -1))


def networks_with_margins(measured: Measured, biases: bool | None = None) -> dict[str, xr.Dataset]:
    """The networks whose margins were measured; those with or without biases only where asked."""
    return {
        name: data
        for name, data in networks_with(measured, "margin").items()
        if biases is None or biases == bool((abs(data["lost_to_bias"]) > 0).any())
    }


def rates_evidence(exam: Examination, checks: Sequence[Check], biases: bool | None = None) -> list[Evidence]:
    """For each check and network in how many draws the event happens at every layer, held against 95 % or more.

    z⁺ loses the relevance of a linear branch whose contributions are all negative: the equality is said of chains only.
    """
    events = {}
    for data in networks_with_margins(exam.measured, biases).values():
        for name, rule, event in checks:
            said = event is not EQUALITY or data.attrs["network"] in CHAINS
            if said and rule in data["margin"]["rule"].values:
                events[f"{event.words} {name}, {data.attrs['title']}"] = event.happens(hidden_margins(data, rule))
    return rates_over_draws(exam, events, ALWAYS)


def printed(exam: Examination) -> list[Evidence]:
    """In how many draws ineq. 13 holds strictly at every layer, for every rule."""
    return rates_evidence(exam, [(rule, rule, STRICT) for rule in ("gbp", "rectgrad", "zplus")])


CLAIMS = (
    *claims_on_both(
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
            examine=printed,
            control=BrokenPremise(
                premise="GBP's filter reversed", examine=partial(rates_evidence, checks=REVERSED_STRICT)
            ),
        ),
        networks_with_margins,
    ),
    claim_on_built_in(
        Claim(
            id="eq-13-deep-repair",
            title="Without biases GBP never lowers ⟨A, ·⟩, and z⁺ keeps it",
            source="repair of ineq. 13 in deep networks",
            statement=(
                "In deep networks without biases GBP's margin is nowhere negative; in those without residual "
                "additions z⁺'s is zero at every layer (conserved relevance): in 95 % of draws or more (margin 0.35)."
            ),
            premises=PREMISES,
            examine=partial(rates_evidence, checks=REPAIRED, biases=False),
            control=BrokenPremise(
                premise="GBP's filter reversed", examine=partial(rates_evidence, checks=REVERSED, biases=False)
            ),
            repairs="eq-13-deep",
        ),
        lambda measured: networks_with_margins(measured, biases=False),
    ),
)
