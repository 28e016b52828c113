"""Sixt, Granz & Landgraf 2020: what lies above the converged part does not matter, neither the class nor weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination, Measured, RestoredPremise
from nfrlab.verify.court.evidence import Claimed, Evidence
from nfrlab.verify.examine.measured import Find
from nfrlab.verify.examine.over_draws import medians_over_draws
from nfrlab.verify.examine.rivals import claims_on_rivals
from nfrlab.verify.examine.similarity import IMAGE, PREMISES, kept, networks_with_maps

if TYPE_CHECKING:
    import xarray as xr

SOURCE = "Sixt, Granz & Landgraf 2020 (arXiv 1912.09818)"
CONVERGED, APART = ("gbp", "rectgrad:q=0.98", "zplus"), ("grad", "lrp-z")
SAME, RANGE = Claimed.between(0.95, 2.0), Claimed.between(0.4, 0.8, resolution=0.05)
"""“Very close to 1” has no number of theirs; the others are printed as 0.4 to 0.8."""
BLIND = "It compares maps with each other: a factor common to all of them changes nothing."


def classes_evidence(exam: Examination, maps: Mapping[str, str], metric: str, claimed: Claimed) -> list[Evidence]:
    """How alike the maps of two classes are; for the names of `maps` their values stand in."""
    found = {
        f"two classes, {metric}: {name}, {data.attrs['title']}": data["between_classes"]
        .sel(map=used, metric=metric, drop=True)
        .fillna(0)
        for data in networks_with_maps(exam.measured, "between_classes", {*maps, *maps.values()}).values()
        for name, used in maps.items()
    }
    return medians_over_draws(exam, found, claimed)


def changes_evidence(exam: Examination, maps: Mapping[str, str], order: str) -> list[Evidence]:
    """The cosine of maps with the top quarter of the layers changed and not; for the names their values stand in.

    The statement says how many maps are zero.
    """
    found = {}
    for data in networks_with_maps(exam.measured, "similarity", {*maps, *maps.values()}).values():
        for name, used in maps.items():
            zero = data["similarity"].sel(map=used, metric="cosine", stop=1, order=order, explained="held").isnull()
            words = f"top quarter, {order}: {name}, {data.attrs['title']}"
            found[f"{words} ({int(zero.sum())} of {zero.size} maps are zero)"] = kept(data, used, "cosine", 1, order)
    return medians_over_draws(exam, found, SAME)


def networks_with_classes(measured: Measured) -> Mapping[str, xr.Dataset]:
    """The trained networks whose maps of two classes were compared."""
    return networks_with_maps(measured, "between_classes", (IMAGE, "deconv", *CONVERGED, *APART))


def networks_changed(measured: Measured) -> Mapping[str, xr.Dataset]:
    """The trained networks whose top layers were changed."""
    return networks_with_maps(measured, "similarity", (IMAGE, "grad", *CONVERGED))


def converging_claims(
    *, id: str, title: str, source: str, statement: str, evidence: Callable[..., list[Evidence]], networks: Find
) -> tuple[Claim, ...]:
    """A claim on how alike the maps of converging rules stay, of which `statement` names the number."""
    return claims_on_rivals(
        Claim(
            id=id,
            title=title,
            source=f"{SOURCE}, {source}",
            statement=f"{', '.join(CONVERGED)}: {statement} is 0.95 or more, in every trained network.",
            premises=PREMISES,
            examine=partial(evidence, maps={name: name for name in CONVERGED}),
            control=BrokenPremise(
                premise="nothing is filtered: the plain gradient",
                examine=partial(evidence, maps=dict.fromkeys(CONVERGED, "grad")),
            ),
            restored=RestoredPremise(
                premise="the image itself in the place of the maps",
                examine=partial(evidence, maps=dict.fromkeys(CONVERGED, IMAGE)),
            ),
            blind=BLIND,
        ),
        networks,
    )


def same_class_claims(*, id: str, title: str, metric: str, words: str) -> tuple[Claim, ...]:
    """The claim that converging rules give one map for two classes, by a metric."""
    return converging_claims(
        id=id,
        title=title,
        source="random logit",
        statement=f"the {words} of the maps of the largest output's class and of another one",
        evidence=partial(classes_evidence, metric=metric, claimed=SAME),
        networks=networks_with_classes,
    )


def changed_claims(*, id: str, title: str, order: str, words: str) -> tuple[Claim, ...]:
    """The claim that converging rules give the same map when the top quarter of the layers is changed."""
    return converging_claims(
        id=id,
        title=title,
        source="parameter randomisation, and what their Theorem 1 implies",
        statement=f"with the top quarter of the layers {words} the cosine of the map with its original",
        evidence=partial(changes_evidence, order=order),
        networks=networks_changed,
    )


CLAIMS = (
    *same_class_claims(
        id="sixt-above-classes",
        title="Converging rules: two classes have one map",
        metric="SSIM",
        words="SSIM (two-dimensional, maps of mean square 1)",
    ),
    *same_class_claims(
        id="sixt-above-cosine",
        title="Converging rules: two classes have one map, its sign included",
        metric="cosine",
        words="cosine, with its sign,",
    ),
    *claims_on_rivals(
        Claim(
            id="sixt-above-apart",
            title="Gradient and LRP-z: two classes have maps that are somewhat alike",
            source=f"{SOURCE}, random logit",
            statement=(
                "Gradient and LRP-z: the SSIM of the maps of the largest output's class and of another one is 0.4 to "
                "0.8 (margin 0.05), in every trained network."
            ),
            premises=PREMISES,
            examine=partial(classes_evidence, maps={name: name for name in APART}, metric="SSIM", claimed=RANGE),
            control=BrokenPremise(
                premise="the class is another one: the image itself in the place of the maps",
                examine=partial(classes_evidence, maps=dict.fromkeys(APART, IMAGE), metric="SSIM", claimed=RANGE),
            ),
            restored=RestoredPremise(
                premise="relevance is rectified on the way: Deconvnet in their place",
                examine=partial(classes_evidence, maps=dict.fromkeys(APART, "deconv"), metric="SSIM", claimed=RANGE),
            ),
            blind=BLIND,
        ),
        networks_with_classes,
    ),
    *changed_claims(
        id="sixt-above-random",
        title="Converging rules: random weights above do not matter",
        order="cascading",
        words="randomised",
    ),
    *changed_claims(
        id="sixt-above-removal",
        title="Converging rules: weights above do not matter, were there none",
        order="removal",
        words="robbed of most weights (of a kernel its first row and column stay, of a linear map 0.25 %)",
    ),
)
