"""Fig. 5: top layers randomised, or most of their weights removed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from nfrlab.verify.claims.premises import PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination, Measured
from nfrlab.verify.court.evidence import Claimed, Evidence
from nfrlab.verify.examine.measured import PREMISES, both, filters, having
from nfrlab.verify.examine.over_draws import medians_over_draws

if TYPE_CHECKING:
    import xarray as xr

SOURCE = f"{PAPER}, Fig. 5 and Sec. IV-B"
KEPT, LOST = Claimed.between(-0.1, 2.0), Claimed.between(-2.0, -0.1, resolution=0.05)
READINGS = {
    "cross": "of every kernel the first row and the first column",
    "corner": "of every kernel the entry in the first row and column",
    "matrix": "the first row and column of the matrix of kernels",
}


def changed(measured: Measured) -> dict[str, xr.Dataset]:
    """Networks whose top layers were changed."""
    return having(measured, "alpha_changed")


def losses(exam: Examination, change: str, least: int = 1, most: int = 99, rule: str = "") -> dict[str, xr.DataArray]:
    """α after the change minus α before, by rule, number of layers and network; `rule` in place of the rule
    afterwards.
    """
    found = {}
    for own in changed(exam.measured).values():
        for name in filters(own, "alpha_changed"):
            before = own["alpha_changed"].sel(change=change, changed=0, rule=name)
            for k in (int(k) for k in own["changed"].values if least <= k <= most):
                after = own["alpha_changed"].sel(change=change, changed=k, rule=rule or name)
                title = f"{change}, top {k} layers, {name}, {own.attrs['title']}"
                found[title] = after.drop_vars(("changed", "rule")) - before.drop_vars(("changed", "rule"))
    return found


def kept(exam: Examination, change: str = "random", rule: str = "") -> list[Evidence]:
    """α falls by no more than 0.1."""
    return medians_over_draws(exam, losses(exam, change, rule=rule), KEPT)


def lost(exam: Examination, change: str, least: int = 1, most: int = 99) -> list[Evidence]:
    """α falls by 0.1 or more; zero maps are left out, then counted as α = 0."""
    found = losses(exam, change, least, most)
    before = {
        f"{change}, top {k} layers, {name}, {own.attrs['title']}": own["alpha_changed"].sel(
            change=change, changed=0, rule=name, drop=True
        )
        for own in changed(exam.measured).values()
        for name in filters(own, "alpha_changed")
        for k in (int(k) for k in own["changed"].values if least <= k <= most)
    }
    counted = {f"zero maps counted: {title}": found[title].fillna(-before[title]) for title in found}
    without = {f"zero maps left out: {title}": difference for title, difference in found.items()}
    return medians_over_draws(exam, without | counted, LOST)


CLAIMS = (
    *both(
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
            examine=kept,
            control=BrokenPremise(
                premise="GBP's filter reversed after the change", examine=partial(kept, rule="gbp-reversed")
            ),
        ),
        changed,
    ),
    *(
        claim
        for reading, words in READINGS.items()
        for claim in both(
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
                examine=partial(lost, change=reading),
                control=BrokenPremise(
                    premise="nothing removed", examine=partial(lost, change=reading, least=0, most=0)
                ),
            ),
            changed,
        )[: 2 if reading == "cross" else 1]
    ),
)
