"""Fig. 5: top layers randomised, or most of their weights removed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from nfrlab.verify.claims.premises import PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination, Measured
from nfrlab.verify.court.evidence import Claimed, Evidence
from nfrlab.verify.examine.measured import PREMISES, claims_on_both, measured_filters, networks_with
from nfrlab.verify.examine.over_draws import medians_over_draws

if TYPE_CHECKING:
    import xarray as xr

SOURCE = f"{PAPER}, Fig. 5 and Sec. IV-B"
KEPT, LOST = Claimed.between(-0.1, 2.0), Claimed.between(-2.0, -0.1, resolution=0.05)
"""What is claimed of the change of α: a loss of no more than 0.1, and one of 0.1 or more."""
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
    exam: Examination, change: str, least: int = 1, most: int = 99, rule: str = ""
) -> dict[str, xr.DataArray]:
    """α after a change of the top layers minus α before, by rule, number of layers and network.

    Parameters
    ----------
    exam
        The examination.
    change
        The change: "random", or a reading of the removal.
    least, most
        The numbers of changed layers that are looked at.
    rule
        Stands for the rule afterwards, where a premise is broken.
    """
    found = {}
    for data in networks_with_changes(exam.measured).values():
        for name in measured_filters(data, "alpha_changed"):
            before = data["alpha_changed"].sel(change=change, changed=0, rule=name)
            for k in (int(k) for k in data["changed"].values if least <= k <= most):
                after = data["alpha_changed"].sel(change=change, changed=k, rule=rule or name)
                title = f"{change}, top {k} layers, {name}, {data.attrs['title']}"
                found[title] = after.drop_vars(("changed", "rule")) - before.drop_vars(("changed", "rule"))
    return found


def kept_evidence(exam: Examination, change: str = "random", rule: str = "") -> list[Evidence]:
    """The median change of α, held against a loss of no more than 0.1; `rule` stands for the rule afterwards."""
    return medians_over_draws(exam, changes_of_alpha(exam, change, rule=rule), KEPT)


def lost_evidence(exam: Examination, change: str, least: int = 1, most: int = 99) -> list[Evidence]:
    """The median change of α, held against a loss of 0.1 or more; zero maps are left out, then counted as α = 0.

    `least` and `most` bound the number of changed layers.
    """
    found = changes_of_alpha(exam, change, least, most)
    before = {
        f"{change}, top {k} layers, {name}, {data.attrs['title']}": data["alpha_changed"].sel(
            change=change, changed=0, rule=name, drop=True
        )
        for data in networks_with_changes(exam.measured).values()
        for name in measured_filters(data, "alpha_changed")
        for k in (int(k) for k in data["changed"].values if least <= k <= most)
    }
    counted = {f"zero maps counted: {title}": found[title].fillna(-before[title]) for title in found}
    without = {f"zero maps left out: {title}": difference for title, difference in found.items()}
    return medians_over_draws(exam, without | counted, LOST)


CLAIMS = (
    *claims_on_both(
        Claim(
            id="fig-5-random",
            title="Randomising the top layers does not destroy alignment",
            source=SOURCE,
            statement=(
                "“Weight randomizations do not disrupt the cascade alignment process”: with the top 3 or 8 layers "
                "replaced by Gaussian weights of the same size α falls by no more than 0.1 in the median, for every "
                "rule and network."
            ),
            premises=PREMISES,
            examine=kept_evidence,
            control=BrokenPremise(
                premise="GBP's filter reversed after the change", examine=partial(kept_evidence, rule="gbp-reversed")
            ),
        ),
        networks_with_changes,
    ),
    *(
        claim
        for reading, words in READINGS.items()
        for claim in claims_on_both(
            Claim(
                id=f"fig-5-removal-{reading}",
                title=f"Removing weights destroys alignment: {reading}",
                source=SOURCE,
                statement=(
                    f"“The removal operation leads to a marked loss of alignment”: with only {words} kept, and 0.25 % "
                    "of a linear layer's inputs, in the top 3 or 8 layers, α falls by 0.1 or more in the median, for "
                    "every rule and network, zero maps left out and counted as α = 0."
                ),
                premises=PREMISES,
                examine=partial(lost_evidence, change=reading),
                control=BrokenPremise(
                    premise="nothing removed", examine=partial(lost_evidence, change=reading, least=0, most=0)
                ),
            ),
            networks_with_changes,
        )[: 2 if reading == "cross" else 1]
    ),
)
