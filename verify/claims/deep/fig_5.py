"""Fig. 5: top layers randomised, or most of their weights removed."""

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

SOURCE = f"{PAPER}, Fig. 5 and Sec. IV-B"
KEPT, LOST = Claimed.between(-0.1, 2.0), Claimed.between(-2.0, -0.1, resolution=0.05)
"""What is claimed of the change of α: a loss of no more than 0.1, and one of 0.1 or more."""
COMMON_FACTOR = "Before and after have a factor of α in common: down to a third it changes nothing."
READINGS = {
    "cross": "of every kernel the first row and the first column",
    "corner": "of every kernel the entry in the first row and column",
    "matrix": "the first row and column of the matrix of kernels",
}
"""What a removal may be taken to keep."""


def networks_with_changes(measured: Measured) -> dict[str, xr.Dataset]:
    """The networks whose top layers were changed."""
    return networks_with(measured, "alpha_changed")


def changes_of_alpha(
    exam: Examination, change: str, rule: str = "", everything_removed: bool = False
) -> dict[str, xr.DataArray]:
    """α after a change of the top layers minus α before, by rule, number of layers and network.

    A zero map counts as α = 0, and the statement says how many there are. Draws that overflow have no α.

    Parameters
    ----------
    exam
        The examination.
    change
        The change: "random", or a reading of the removal.
    rule
        Stands for the rule afterwards, where a premise is broken.
    everything_removed
        Every weight of the changed layers is removed: all maps are zero.
    """
    found = {}
    for data in networks_with_changes(exam.measured).values():
        alpha = data["alpha_changed"].sel(change=change, drop=True)
        for name in measured_filters(data, "alpha_changed"):
            before = alpha.sel(changed=0, rule=name, drop=True)
            for k in (int(k) for k in data["changed"].values if k):
                after = alpha.sel(changed=k, rule=rule or name, drop=True)
                zero = after.isnull() & before.notnull() | everything_removed
                title = f"{change}, top {k} layers, {name}, {data.attrs['title']}"
                found[f"{title} ({int(zero.sum())} of {zero.size} maps are zero)"] = after.where(~zero, 0) - before
    return found


def kept_evidence(exam: Examination, rule: str = "") -> list[Evidence]:
    """The median change of α by random weights, held against a loss of no more than 0.1.

    `rule` stands for the rule afterwards.
    """
    return medians_over_draws(exam, changes_of_alpha(exam, "random", rule), KEPT)


def lost_evidence(exam: Examination, change: str, everything_removed: bool = False) -> list[Evidence]:
    """The median change of α by a removal, held against a loss of 0.1 or more."""
    return medians_over_draws(exam, changes_of_alpha(exam, change, everything_removed=everything_removed), LOST)


CLAIMS = (
    *claims_everywhere(
        Claim(
            id="fig-5-random",
            title="Randomising the top layers does not destroy alignment",
            source=SOURCE,
            statement=(
                "“Weight randomizations do not disrupt the cascade alignment process”: with the top 3 or 8 layers "
                "replaced by Gaussian weights of the same size α falls by no more than 0.1 in the median, for every "
                "rule and network; a map that is zero counts as α = 0."
            ),
            premises=PREMISES,
            examine=kept_evidence,
            control=BrokenPremise(
                premise="a filter blind to signs after the change: every second neuron's relevance removed",
                examine=partial(kept_evidence, rule="blind-filter"),
            ),
            blind=COMMON_FACTOR,
        ),
        networks_with_changes,
        changes_top=True,
    ),
    *(
        claim
        for reading, words in READINGS.items()
        for claim in claims_everywhere(
            Claim(
                id=f"fig-5-removal-{reading}",
                title=f"Removing weights destroys alignment: {reading}",
                source=SOURCE,
                statement=(
                    f"“The removal operation leads to a marked loss of alignment”: with only {words} kept, and 0.25 % "
                    "of a linear layer's inputs, in the top 3 or 8 layers, α falls by 0.1 or more in the median "
                    "(margin 0.05), for every rule and network; a map that is zero counts as α = 0."
                ),
                premises=PREMISES,
                examine=partial(lost_evidence, change=reading),
                control=BrokenPremise(
                    premise="weights are removed: random ones of the same size are put in their place",
                    examine=partial(lost_evidence, change="random"),
                ),
                restored=RestoredPremise(
                    premise="every weight of the changed layers is removed",
                    examine=partial(lost_evidence, change=reading, everything_removed=True),
                ),
                blind=COMMON_FACTOR,
            ),
            networks_with_changes,
            changes_top=True,
        )[: None if reading == "cross" else 1]
    ),
)
