"""Homogeneity: `f = ⟨∇f, x⟩`, on which the theory rests, and what biases do to it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from nfrlab.verify.claims.premises import PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination, Measured, RestoredPremise
from nfrlab.verify.court.evidence import Claimed, Evidence
from nfrlab.verify.examine.measured import WITH_BIASES, claim_on_built_in, claims_everywhere, networks_with
from nfrlab.verify.examine.over_draws import medians_over_draws

if TYPE_CHECKING:
    import xarray as xr

SMALL, ROUNDING = 0.01, 1e-4
"""Shares of f: what may be missing at most, and what float32 makes of nothing."""
Networks = Callable[[Measured], "dict[str, xr.Dataset]"]
SOURCE = f"{PAPER}, Sec. III-A (biases are ignored) and text after Prop. 3 (LRP-z is Grad⊙Input)"


def networks_with_losses(measured: Measured) -> dict[str, xr.Dataset]:
    """The networks in which ⟨A_l, r_l⟩ was measured."""
    return networks_with(measured, "lost")


def biased_networks(measured: Measured) -> dict[str, xr.Dataset]:
    """The networks in which ⟨A_l, r_l⟩ was measured and biases hold some of it."""
    return {name: data for name, data in networks_with_losses(measured).items() if has_biases(data)}


def networks_without_biases(measured: Measured) -> dict[str, xr.Dataset]:
    """The networks in which ⟨A_l, r_l⟩ was measured and biases hold nothing of it."""
    return {name: data for name, data in networks_with_losses(measured).items() if not has_biases(data)}


def has_biases(data: xr.Dataset) -> bool:
    """Whether biases hold some of the relevance in any draw."""
    return bool((abs(data["lost_to_bias"]) > 0).any())


def loss_at_input_evidence(
    exam: Examination,
    value: Callable[[xr.Dataset], xr.DataArray],
    text: str,
    most: float,
    networks: Networks = networks_with_losses,
) -> list[Evidence]:
    """The median of a number at the input of some networks, held against ± `most`.

    Parameters
    ----------
    exam
        The examination.
    value
        The number, by level, of what was measured on a network.
    text
        What the number is, for the statement.
    most
        How large it is claimed to be at most.
    networks
        Which networks, of those that were measured.
    """
    chosen = networks(exam.measured).values()
    values = {f"{text}: {data.attrs['title']}": value(data).sel(level=0, drop=True) for data in chosen}
    return medians_over_draws(exam, values, Claimed.between(-most, most))


def loss_evidence(exam: Examination, networks: Networks = networks_with_losses, factor: float = 1.0) -> list[Evidence]:
    """What ⟨∇f, x⟩ misses of f, held against ± 1 %; `factor`, that of f, breaks the statement."""
    return loss_at_input_evidence(exam, lambda data: factor - 1 + data["lost"], "(f − ⟨∇f, x⟩)/f", SMALL, networks)


def unexplained_loss_evidence(
    exam: Examination, networks: Networks = networks_with_losses, factor: float = 1.0
) -> list[Evidence]:
    """What ⟨∇f, x⟩ misses of f, less `factor` times what the biases hold, held against ± 0.01 %."""

    def unexplained(data: xr.Dataset) -> xr.DataArray:
        return data["lost"] - factor * data["lost_to_bias"]

    return loss_at_input_evidence(exam, unexplained, "(f − ⟨∇f, x⟩ − Σ⟨M b, r⟩)/f", ROUNDING, networks)


CLAIMS = (
    *claims_everywhere(
        Claim(
            id="homogeneity-with-bias",
            title="f = ⟨∇f, x⟩, with biases as without",
            source=SOURCE,
            statement=(
                "The theory ignores biases: on networks as they are used, f(x) = ⟨∇f(x), x⟩ within 1 %, so that LRP-z "
                "is Grad⊙Input and its relevance sums to f, in the median."
            ),
            premises=WITH_BIASES,
            examine=loss_evidence,
            control=BrokenPremise(
                premise="a network of the first degree: f is 2 % larger", examine=partial(loss_evidence, factor=1.02)
            ),
            restored=RestoredPremise(
                premise="no biases", examine=partial(loss_evidence, networks=networks_without_biases)
            ),
            blind="It looks at f and its gradient, not at maps: no error in an α is noticed.",
        ),
        biased_networks,
    ),
    claim_on_built_in(
        Claim(
            id="homogeneity-with-bias-repair",
            title="f = ⟨∇f, x⟩ + Σ_l ⟨M_l b_l, r_l⟩",
            source="repair of homogeneity",
            statement=(
                "What ⟨∇f, x⟩ misses of f is what the gradient hands to the biases, Σ_l ⟨M_l b_l, r_l⟩, within 0.01 % "
                "of f, on every network, and nothing without biases."
            ),
            premises=WITH_BIASES,
            examine=unexplained_loss_evidence,
            control=BrokenPremise(
                premise="all biases counted: a twentieth of what they hold is forgotten",
                examine=partial(unexplained_loss_evidence, networks=biased_networks, factor=0.95),
            ),
            blind="It looks at f and its gradient, not at maps: no error in an α is noticed.",
            repairs="homogeneity-with-bias",
        ),
        biased_networks,
    ),
)
