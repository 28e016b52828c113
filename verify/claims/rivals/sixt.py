"""Sixt, Granz & Landgraf 2020: relevance forgets what entered above, and all vectors become one map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination, Measured, RestoredPremise
from nfrlab.verify.court.evidence import Claimed, Evidence
from nfrlab.verify.examine.over_draws import medians_over_draws
from nfrlab.verify.examine.rivals import PREMISES, claims_on_rivals, from_the_top, networks_with

if TYPE_CHECKING:
    import xarray as xr

SOURCE = "Sixt, Granz & Landgraf 2020 (arXiv 1912.09818), Sec. 5, Fig. 4 and 5"
CONVERGED = Claimed.between(0.99, 1.0)
APART = Claimed.between(0.0, 0.99)
"""They plot medians and give no threshold; 0.99 is what all methods but LRP-z and DeepLIFT are said to reach."""
SLOWER = Claimed.between(-1.0, 0.0, resolution=0.01)
BLIND = "It compares maps with each other: a factor common to all of them changes nothing."


def convergence(data: xr.Dataset, rule: str, layer: int = 1, kind: str = "position") -> xr.DataArray:
    """The median |cos| at a layer, of vectors that entered at the output."""
    return from_the_top(data, "csc", rule).sel(kind=kind, layer=layer, drop=True)


def convergence_evidence(
    exam: Examination, rules: Mapping[str, str], claimed: Claimed, kind: str = "position"
) -> list[Evidence]:
    """The convergence of each rule at layer 1 in every network; of `rules` the value stands in for the key."""
    found = {
        f"|cos|, {kind}, layer 1: {rule}, {data.attrs['title']}": convergence(data, used, kind=kind)
        for data in networks_with(exam.measured, "csc", *rules, *rules.values()).values()
        for rule, used in rules.items()
    }
    return medians_over_draws(exam, found, claimed)


def find(*rules: str) -> partial[Mapping[str, object]]:
    """The networks of which the convergence of these rules was measured."""
    return partial(_find, rules)


def _find(rules: Sequence[str], measured: Measured) -> Mapping[str, object]:
    return networks_with(measured, "csc", *rules)


def converges(*, id: str, title: str, words: str, rules: Sequence[str]) -> tuple[Claim, ...]:
    """The claim that all vectors become one map under these rules, with its controls."""
    themselves = {rule: rule for rule in rules}
    return claims_on_rivals(
        Claim(
            id=id,
            title=title,
            source=SOURCE,
            statement=(
                f"“Sufficiently converged”: the cosine of two maps of {words}, over the channels at each position of "
                "layer 1, is 0.99 or more in size, whatever vectors entered at the output (median over pairs and "
                "positions), in every network."
            ),
            premises=PREMISES,
            examine=partial(convergence_evidence, rules=themselves, claimed=CONVERGED),
            control=BrokenPremise(
                premise="nothing filtered: the plain gradient",
                examine=partial(convergence_evidence, rules=dict.fromkeys(rules, "grad"), claimed=CONVERGED),
            ),
            restored=RestoredPremise(
                premise="z⁺ in its place",
                examine=partial(convergence_evidence, rules=dict.fromkeys(rules, "zplus"), claimed=CONVERGED),
            ),
            blind=BLIND,
        ),
        find(*rules, "grad", "zplus"),
    )
