"""Fig. 3 and 4: Gaussian, ring and uniform weights on VGG16, in every reading of “uniform”."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from nfrlab.simulations.bridge.settings import FILTERS, MORE, MORE_DRAWS
from nfrlab.verify.claims.premises import PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination, Measured, RestoredPremise
from nfrlab.verify.court.evidence import Claimed, Evidence
from nfrlab.verify.examine.measured import PREMISES, RANDOM_VGG16, are_comparable, claim_on_built_in, depth, quarters
from nfrlab.verify.examine.over_draws import medians_over_draws, rates_over_draws

if TYPE_CHECKING:
    import xarray as xr

EQUAL, WORSE = Claimed.between(-0.05, 0.05), Claimed.between(-2.0, -0.05)
"""What is claimed of the median difference from Gaussian weights."""
LOSS, OFTEN = 0.1, Claimed.between(0.2, 1.0)
"""A loss of α that counts, and how often it is claimed to occur."""
SOURCE = f"{PAPER}, Fig. 4 and Sec. IV-B"
RING, LAPLACE = ("vgg16-ring", "vgg16-ring-more"), ("vgg16-laplace",)
PRINTED = ("vgg16-uniform-raw",)
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
"""Settings of the bridge."""

COMMON_FACTOR = "A comparison of two families does not see a factor common to the α of both."
PLAIN = "the plain gradient in place of the family's rule"
CENTRE = "independent entries of mean zero and one variance: Laplace"
COUPLED = (
    *PREMISES,
    "families share images and, where they can, normal numbers, draw by draw; “worse”: by 0.05 or more in the median",
)


def comparable_settings(
    measured: Measured, settings: tuple[str, ...], rules: tuple[str, ...] = FILTERS
) -> dict[str, xr.Dataset]:
    """Those of `settings` that were measured for one of the rules and can be compared with Gaussian weights."""
    gaussian = measured.get(RANDOM_VGG16)
    comparable = {
        name: measured[name]
        for name in settings
        if gaussian is not None and name in measured and are_comparable(gaussian, measured[name])
    }
    return {
        name: data for name, data in comparable.items() if "alpha" in data and set(rules) & set(data["rule"].values)
    }


def common_draws(measured: Measured, data: xr.Dataset) -> tuple[xr.Dataset, xr.Dataset]:
    """A family beside Gaussian weights, on the draws that both have.

    Where the family has more draws than the whole cascade of Gaussian weights, they come from the setting that measured
    its ends alone, on more of them.
    """
    few, more = measured[RANDOM_VGG16], measured.get(MORE.name)
    enough = data.sizes["draw"] <= few.sizes["draw"]
    gaussian = few if more is None or enough or not are_comparable(few, more) else more
    common = slice(min(data.sizes["draw"], gaussian.sizes["draw"]))
    return data.isel(draw=common), gaussian.isel(draw=common)


def differences(
    exam: Examination, settings: tuple[str, ...], rules: tuple[str, ...], plain: bool = False
) -> dict[str, xr.DataArray]:
    """α of a family minus α of Gaussian weights, for the rule alone and at the quarters that both have.

    For the rule alone it is taken from the setting with more draws, where there is one.

    Parameters
    ----------
    exam
        The examination.
    settings, rules
        What to compare, and for which rules.
    plain
        For the rule alone, the gradient in place of the family's rule: a broken premise.
    """
    found, comparable = {}, comparable_settings(exam.measured, settings)
    for name, family in comparable.items():
        data, gaussian = common_draws(exam.measured, family)
        top, known = depth(gaussian), data["alpha"].dropna("level", how="all")["level"].values
        last = top - 1 if f"{name}{MORE_DRAWS}" in comparable else top
        levels = [k for k in ([top] if plain else quarters(gaussian)[1:]) if k in known and k <= last]
        for rule in (rule for rule in rules if rule in data["rule"].values):
            for level in levels:
                of_family = data["alpha"].sel(rule=rule, level=0 if plain else level, drop=True)
                of_gaussian = gaussian["alpha"].sel(rule=rule, level=level, drop=True)
                statement = f"α of {data.attrs['title']} − of Gaussian weights, {rule}, N = {level}"
                found[statement] = of_family - of_gaussian
    return found


def equality_evidence(exam: Examination, settings: tuple[str, ...], plain: bool = False) -> list[Evidence]:
    """The median difference from Gaussian weights, for every rule, held against ± 0.05."""
    return medians_over_draws(exam, differences(exam, settings, FILTERS, plain), EQUAL)


def worse_evidence(exam: Examination, settings: tuple[str, ...], rules: tuple[str, ...]) -> list[Evidence]:
    """The median difference from Gaussian weights, held against ≤ −0.05."""
    return medians_over_draws(exam, differences(exam, settings, rules), WORSE)


def often_worse_evidence(exam: Examination, settings: tuple[str, ...]) -> list[Evidence]:
    """How often α is below that of Gaussian weights by more than 0.1, held against a fifth of the draws or more."""
    lost = {name: change < -LOSS for name, change in differences(exam, settings, FILTERS).items()}
    return rates_over_draws(exam, lost, OFTEN)


def naively_worse_evidence(
    exam: Examination, settings: tuple[str, ...], rules: tuple[str, ...] = FILTERS
) -> list[Evidence]:
    """The median difference where α is computed in float32 without scaling, held against ≤ −0.05.

    What overflows counts as no alignment.
    """
    found = {}
    for family in comparable_settings(exam.measured, settings).values():
        data, gaussian = common_draws(exam.measured, family)
        last = depth(gaussian)
        for rule in (rule for rule in rules if rule in data["rule"].values):
            title = f"α of {data.attrs['title']} as computed without scaling − of Gaussian weights, {rule}, N = {last}"
            alpha = data["alpha_naive"].sel(rule=rule, level=last, drop=True).fillna(0)
            found[title] = alpha - gaussian["alpha_naive"].sel(rule=rule, level=last, drop=True)
    return medians_over_draws(exam, found, WORSE)


def family_claim(
    *,
    id: str,
    title: str,
    statement: str,
    settings: tuple[str, ...],
    examine: Callable[..., list[Evidence]],
    control: BrokenPremise,
    restored: RestoredPremise | None = None,
    blind: str = "",
    repairs: str | None = None,
    rules: tuple[str, ...] = FILTERS,
) -> Claim:
    """A claim about families of weights on VGG16, beside Gaussian ones and, in most controls, a ring.

    Parameters
    ----------
    id, title, statement, control, restored, blind, repairs
        As in `Claim`.
    settings
        The bridge's settings that are examined.
    examine
        The examination; it takes `settings`.
    rules
        The rules of which at least one must have been measured.
    """
    claim = Claim(
        id=id,
        title=title,
        source=SOURCE,
        statement=statement,
        premises=COUPLED,
        examine=partial(examine, settings=settings),
        control=control,
        restored=restored,
        blind=blind,
        repairs=repairs,
    )
    return claim_on_built_in(
        claim,
        lambda measured: comparable_settings(measured, RING, rules) and comparable_settings(measured, settings, rules),
    )


CLAIMS = (
    family_claim(
        id="fig-4-ring-equals-gaussian",
        title="Ring weights align like Gaussian ones",
        statement=(
            "“Ring randomization provides similar alignment performance to Gaussian randomization”: for every rule "
            "the median difference in α is within ± 0.05."
        ),
        settings=RING,
        examine=equality_evidence,
        control=BrokenPremise(premise=PLAIN, examine=partial(equality_evidence, settings=RING, plain=True)),
        blind=COMMON_FACTOR,
    ),
    *(
        family_claim(
            id=f"fig-4-uniform-worse-{rule}",
            title=f"Uniform weights align significantly worse: {rule}",
            statement=(
                "“Uniform randomization performs significantly worse across all NFR methods”: with entries U[−1, 1], "
                "as printed (not scaled, float32 and float64), scaled per layer, or as PyTorch initialises (with "
                "biases), α is lower by 0.05 or more."
            ),
            settings=UNIFORM,
            examine=partial(worse_evidence, rules=(rule,)),
            control=BrokenPremise(
                premise="isotropic weights: a ring", examine=partial(worse_evidence, settings=RING, rules=(rule,))
            ),
            restored=RestoredPremise(
                premise="α computed in float32 by squaring before scaling, weights as printed",
                examine=partial(naively_worse_evidence, settings=PRINTED, rules=(rule,)),
            ),
            blind=COMMON_FACTOR,
            rules=(rule,),
        )
        for rule in FILTERS
    ),
    family_claim(
        id="fig-4-centred-families-equal",
        title="Centred independent entries align like Gaussian ones",
        statement=(
            "What the one-layer law predicts at photographs: with independent entries of mean zero and one variance "
            "(uniform, Laplace, sparse, scaled per layer) α is within ± 0.05 of Gaussian weights', for every rule: "
            "rotation invariance is not what matters."
        ),
        settings=CENTRED,
        examine=equality_evidence,
        control=BrokenPremise(premise=PLAIN, examine=partial(equality_evidence, settings=CENTRED, plain=True)),
        blind=COMMON_FACTOR,
        repairs="fig-4-uniform-worse-gbp",
    ),
    family_claim(
        id="fig-4-overflow",
        title="What Fig. 4 shows is what an overflow would show",
        statement=(
            "With entries U[−1, 1] as printed, not scaled, α is lower by 0.05 or more for every rule *if* it is "
            "computed in float32 by squaring before scaling, where ‖R‖² overflows (counted as α = 0)."
        ),
        settings=PRINTED,
        examine=naively_worse_evidence,
        control=BrokenPremise(
            premise="the same computation on scaled weights: a ring",
            examine=partial(naively_worse_evidence, settings=RING),
        ),
        blind="An overflow does not know the size of α: a factor common to all of them changes nothing.",
    ),
    family_claim(
        id="fig-4-mean-worse",
        title="Weights whose mean is not zero align worse",
        statement=(
            "With entries U[0, 1] or N(1/4, 1), scaled per layer, α is lower than with Gaussian weights by 0.1 or "
            "more in a fifth of the draws or more, for every rule: how much lower depends on the image."
        ),
        settings=WITH_MEAN,
        examine=often_worse_evidence,
        control=BrokenPremise(premise=CENTRE, examine=partial(often_worse_evidence, settings=LAPLACE)),
        blind=COMMON_FACTOR,
    ),
    family_claim(
        id="fig-4-unequal-variances-worse",
        title="Weights of unequal variances align worse",
        statement=(
            "With a covariance that falls like 1/i over a neuron's weights α is lower than with Gaussian weights by "
            "0.1 or more in a fifth of the draws or more, for every rule."
        ),
        settings=UNEQUAL,
        examine=often_worse_evidence,
        control=BrokenPremise(premise=CENTRE, examine=partial(often_worse_evidence, settings=LAPLACE)),
        blind=COMMON_FACTOR,
    ),
)
