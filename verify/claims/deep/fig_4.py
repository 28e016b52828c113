"""Fig. 3 and 4: Gaussian, ring and uniform weights on VGG16, in every reading of “uniform”."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from nfrlab.simulations.bridge.settings import FILTERS, MORE, MORE_DRAWS
from nfrlab.verify.claims.premises import PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination, Measured
from nfrlab.verify.court.evidence import Claimed, Evidence
from nfrlab.verify.examine.measured import PREMISES, RANDOM_VGG16, comparable, depth, on_deep_networks, quarters
from nfrlab.verify.examine.over_draws import medians_over_draws, rates_over_draws

if TYPE_CHECKING:
    import xarray as xr

EQUAL, WORSE = Claimed.between(-0.05, 0.05), Claimed.between(-2.0, -0.05)
LOSS, OFTEN = 0.1, Claimed.between(0.2, 1.0)
SOURCE = f"{PAPER}, Fig. 4 and Sec. IV-B"
UNIFORM = (
    "vgg16-uniform-raw",
    "vgg16-uniform-raw-float64",
    "vgg16-uniform",
    "vgg16-uniform-more",
    "vgg16-default-biased",
)
WITH_MEAN = ("vgg16-uniform01", "vgg16-shifted")
CENTRED = ("vgg16-uniform", "vgg16-uniform-more", "vgg16-laplace", "vgg16-sparse")
UNEQUAL = ("vgg16-powerlaw",)
COUPLED = (
    *PREMISES,
    "families share images and, where they can, normal numbers, draw by draw; “worse”: by 0.05 or more in the median",
)


def beside(measured: Measured, names: tuple[str, ...], rules: tuple[str, ...] = FILTERS) -> dict[str, xr.Dataset]:
    """The settings among `names` of which α was measured for one of the rules, and can be compared with Gaussian
    weights.
    """
    gaussian = measured.get(RANDOM_VGG16)
    found = {
        name: measured[name]
        for name in names
        if gaussian is not None and name in measured and comparable(gaussian, measured[name])
    }
    return {name: own for name, own in found.items() if "alpha" in own and set(rules) & set(own["rule"].values)}


def paired(measured: Measured, own: xr.Dataset) -> tuple[xr.Dataset, xr.Dataset]:
    """A family beside Gaussian weights, on the draws that both have: of these there are more at the ends alone."""
    few, more = measured[RANDOM_VGG16], measured.get(MORE.name)
    enough = own.sizes["draw"] <= few.sizes["draw"]
    gaussian = few if more is None or enough or not comparable(few, more) else more
    both = slice(min(own.sizes["draw"], gaussian.sizes["draw"]))
    return own.isel(draw=both), gaussian.isel(draw=both)


def differences(
    exam: Examination, names: tuple[str, ...], rules: tuple[str, ...], plain: bool = False
) -> dict[str, xr.DataArray]:
    """α of a family minus α of Gaussian weights, for the rule alone and at the quarters that both have; for the rule
    alone from the setting with more draws, where there is one.

    `plain`: only there, the gradient in place of the family's rule, a broken premise.
    """
    found, there = {}, beside(exam.measured, names)
    for name, family in there.items():
        own, gaussian = paired(exam.measured, family)
        top, known = depth(gaussian), own["alpha"].dropna("level", how="all")["level"].values
        last = top - 1 if f"{name}{MORE_DRAWS}" in there else top
        levels = [k for k in ([top] if plain else quarters(gaussian)[1:]) if k in known and k <= last]
        for rule in (rule for rule in rules if rule in own["rule"].values):
            for level in levels:
                at = own["alpha"].sel(rule=rule, level=0 if plain else level, drop=True)
                difference = at - gaussian["alpha"].sel(rule=rule, level=level, drop=True)
                found[f"α of {own.attrs['title']} − of Gaussian weights, {rule}, N = {level}"] = difference
    return found


def equal(exam: Examination, names: tuple[str, ...], plain: bool = False) -> list[Evidence]:
    """Within 0.05 of Gaussian weights, for every rule."""
    return medians_over_draws(exam, differences(exam, names, FILTERS, plain), EQUAL)


def worse(exam: Examination, names: tuple[str, ...], rules: tuple[str, ...]) -> list[Evidence]:
    """Below Gaussian weights by 0.05 or more."""
    return medians_over_draws(exam, differences(exam, names, rules), WORSE)


def often_worse(exam: Examination, names: tuple[str, ...]) -> list[Evidence]:
    """Below Gaussian weights by 0.1 or more in a fifth of the draws or more: whether depends on the image."""
    lost = {name: (change < -LOSS).values for name, change in differences(exam, names, FILTERS).items()}
    return rates_over_draws(exam, lost, OFTEN)


def naively_worse(exam: Examination, names: tuple[str, ...]) -> list[Evidence]:
    """The same where α is computed in float32 without scaling, what overflows counted as no alignment."""
    found = {}
    for own, gaussian in (paired(exam.measured, family) for family in beside(exam.measured, names).values()):
        last = depth(gaussian)
        for rule in (rule for rule in FILTERS if rule in own["rule"].values):
            title = f"α of {own.attrs['title']} as computed without scaling − of Gaussian weights, {rule}, N = {last}"
            alpha = own["alpha_naive"].sel(rule=rule, level=last).fillna(0)
            found[title] = alpha - gaussian["alpha_naive"].sel(rule=rule, level=last)
    return medians_over_draws(exam, found, WORSE)


def family_claim(
    id: str,
    title: str,
    statement: str,
    names: tuple[str, ...],
    examine: Callable[..., list[Evidence]],
    control: BrokenPremise,
    repairs: str | None = None,
    rules: tuple[str, ...] = FILTERS,
) -> Claim:
    """A claim about families of weights on VGG16, beside Gaussian ones and, in most controls, a ring."""
    whole = partial(examine, names=names)
    claim = Claim(
        id=id,
        title=title,
        source=SOURCE,
        statement=statement,
        premises=COUPLED,
        examine=whole,
        control=control,
        repairs=repairs,
    )
    return on_deep_networks(claim, lambda measured: beside(measured, RING, rules) and beside(measured, names, rules))


PLAIN = "the plain gradient in place of the family's rule"
CENTRE = "independent entries of mean zero and one variance: Laplace"
RING, LAPLACE, PRINTED = ("vgg16-ring", "vgg16-ring-more"), ("vgg16-laplace",), ("vgg16-uniform-raw",)

CLAIMS = (
    family_claim(
        "fig-4-ring-equals-gaussian",
        "Ring weights align like Gaussian ones",
        "“Ring randomization provides similar alignment performance to Gaussian randomization”: for every rule the "
        "median difference in α is within ± 0.05.",
        RING,
        equal,
        BrokenPremise(premise=PLAIN, examine=partial(equal, names=RING, plain=True)),
    ),
    *(
        family_claim(
            f"fig-4-uniform-worse-{rule}",
            f"Uniform weights align significantly worse: {rule}",
            "“Uniform randomization performs significantly worse across all NFR methods”: with entries U[−1, 1], as "
            "printed (not scaled, float32 and float64), scaled per layer, or as PyTorch initialises (with biases), α "
            "is lower by 0.05 or more.",
            UNIFORM,
            partial(worse, rules=(rule,)),
            BrokenPremise(premise="isotropic weights: a ring", examine=partial(worse, names=RING, rules=(rule,))),
            rules=(rule,),
        )
        for rule in FILTERS
    ),
    family_claim(
        "fig-4-centred-families-equal",
        "Centred independent entries align like Gaussian ones",
        "What the one-layer law predicts at photographs: with independent entries of mean zero and one variance "
        "(uniform, Laplace, sparse, scaled per layer) α is within ± 0.05 of Gaussian weights', for every rule: "
        "rotation invariance is not what matters.",
        CENTRED,
        equal,
        BrokenPremise(premise=PLAIN, examine=partial(equal, names=CENTRED, plain=True)),
        repairs="fig-4-uniform-worse-gbp",
    ),
    family_claim(
        "fig-4-overflow",
        "What Fig. 4 shows is what an overflow would show",
        "With entries U[−1, 1] as printed, not scaled, α is lower by 0.05 or more for every rule *if* it is computed "
        "in float32 by squaring before scaling, where ‖R‖² overflows (counted as α = 0).",
        PRINTED,
        naively_worse,
        BrokenPremise(
            premise="the same computation on scaled weights: a ring", examine=partial(naively_worse, names=RING)
        ),
    ),
    family_claim(
        "fig-4-mean-worse",
        "A mean other than zero aligns worse",
        "With entries U[0, 1] or N(1/4, 1), scaled per layer, α is lower than with Gaussian weights by 0.1 or more in "
        "a fifth of the draws or more, for every rule: how much lower depends on the image.",
        WITH_MEAN,
        often_worse,
        BrokenPremise(premise=CENTRE, examine=partial(often_worse, names=LAPLACE)),
    ),
    family_claim(
        "fig-4-unequal-variances-worse",
        "Unequal variances align worse",
        "With a covariance that falls like 1/i over a neuron's weights α is lower than with Gaussian weights by 0.1 "
        "or more in a fifth of the draws or more, for every rule.",
        UNEQUAL,
        often_worse,
        BrokenPremise(premise=CENTRE, examine=partial(often_worse, names=LAPLACE)),
    ),
)
