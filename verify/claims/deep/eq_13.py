"""Definition 2's inequality 13 in deep networks, with and without biases."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from nfrlab.verify.claims.premises import PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination, Measured, RestoredPremise
from nfrlab.verify.court.evidence import Claimed, Evidence
from nfrlab.verify.examine.measured import (
    CHAINS,
    PREMISES,
    WITH_BIASES,
    claim_on_built_in,
    claims_everywhere,
    networks_with,
)
from nfrlab.verify.examine.over_draws import always_over_draws, rates_over_draws

if TYPE_CHECKING:
    import xarray as xr

SOURCE = f"{PAPER}, Def. 2, ineq. 13, Prop. 1–3"
ROUNDING = 1e-5
"""Relative margins of this size are equalities in float32."""

OFTEN = Claimed.between(0.95, 1.0, resolution=0.35)
"""What is claimed of how often an event happens, where it is not claimed of every draw: 50 draws can tell."""


@dataclass(frozen=True)
class Event:
    """What may be true of a draw's relative margins at every layer; `words` begins the statement of its evidence."""

    words: str
    of_layers: Callable[[xr.DataArray], xr.DataArray]

    def happens(self, margin: xr.DataArray) -> xr.DataArray:
        """Return in which draws it is true at every layer; where no relevance arrives the margin counts as 0."""
        return self.of_layers(margin.fillna(0)).all("layer")


STRICT = Event("Per draw: ineq. 13 holds, strictly, at every layer.", lambda margin: margin > ROUNDING)
NEVER_LESS = Event("Per draw: it is nowhere violated.", lambda margin: margin > -ROUNDING)
EQUALITY = Event("Per draw: both sides are equal at every layer.", lambda margin: abs(margin) < ROUNDING)

Check = tuple[str, str, Event]
"""A rule as it is named, the rule that is evaluated, and an event."""
PRINTED: Sequence[Check] = [(rule, rule, STRICT) for rule in ("gbp", "rectgrad", "zplus")]
REPAIRED: Sequence[Check] = [("gbp", "gbp", NEVER_LESS), ("zplus", "zplus", EQUALITY)]
BLIND_STRICT: Sequence[Check] = [("blind filter", "blind-filter", STRICT)]
BLIND: Sequence[Check] = [("blind filter", "blind-filter", NEVER_LESS)]
BLIND_TO_SIGNS = "a filter blind to signs: every second neuron's relevance removed"


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


def events(exam: Examination, checks: Sequence[Check], biases: bool | None = None) -> dict[str, xr.DataArray]:
    """For each check and network in which draws the event happens at every layer.

    z⁺ loses the relevance of a linear branch whose contributions are all negative: the equality is said of chains only.
    """
    found = {}
    for data in networks_with_margins(exam.measured, biases).values():
        for name, rule, event in checks:
            said = event is not EQUALITY or data.attrs["network"] in CHAINS
            if said and rule in data["margin"]["rule"].values:
                found[f"{event.words} {name}, {data.attrs['title']}"] = event.happens(hidden_margins(data, rule))
    return found


def often_evidence(exam: Examination, checks: Sequence[Check], biases: bool | None = None) -> list[Evidence]:
    """In how many draws each event happens at every layer, held against 95 % or more."""
    return rates_over_draws(exam, events(exam, checks, biases), OFTEN)


def always_evidence(exam: Examination, checks: Sequence[Check]) -> list[Evidence]:
    """Whether each event happens at every layer in every draw of the networks without biases."""
    return always_over_draws(exam, events(exam, checks, biases=False))


CLAIMS = (
    *claims_everywhere(
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
            examine=partial(often_evidence, checks=PRINTED),
            control=BrokenPremise(premise=BLIND_TO_SIGNS, examine=partial(often_evidence, checks=BLIND_STRICT)),
            restored=RestoredPremise(
                premise="no biases, and the rule is GBP",
                examine=partial(often_evidence, checks=PRINTED[:1], biases=False),
            ),
            blind=(
                "Refuted by rules and networks that violate it in most draws: turned signs of other margins change "
                "nothing, nor does any α."
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
                "additions z⁺'s is zero at every layer (conserved relevance): in every draw, of which a single one "
                "refutes; without one the share of such draws is above 0.6."
            ),
            premises=PREMISES,
            examine=partial(always_evidence, checks=REPAIRED),
            control=BrokenPremise(premise=BLIND_TO_SIGNS, examine=partial(always_evidence, checks=BLIND)),
            notices=("deep-signs-10",),
            blind="It looks at both sides of ineq. 13, not at maps: no error in an α is noticed.",
            repairs="eq-13-deep",
        ),
        lambda measured: networks_with_margins(measured, biases=False),
    ),
)
