"""Fig. 2a: alignment against the number of replaced layers."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from nfrlab.verify.claims.premises import PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination, Measured
from nfrlab.verify.court.evidence import Claimed, Evidence
from nfrlab.verify.examine.measured import (
    PREMISES,
    activation_at,
    both,
    depth,
    filters,
    having,
    pairs,
    pooled,
    quarters,
    smallest,
)
from nfrlab.verify.examine.over_draws import medians_over_draws

if TYPE_CHECKING:
    import xarray as xr

HARDLY_FALLS, RISES = Claimed.between(-0.05, 2), Claimed.between(0.05, 2, resolution=0.05)
ABOVE, SIGNIFICANTLY_ABOVE = Claimed.between(0, 2, resolution=0.02), Claimed.between(0.1, 2)
REVERSED = "gbp-reversed"
SOURCE = f"{PAPER}, Fig. 2 (a) and Sec. IV-A"


def curves(own: xr.Dataset, levels: list[int]) -> dict[str, xr.DataArray]:
    """α at these levels, by rule and for Activation."""
    rules = {rule: own["alpha"].sel(rule=rule, level=levels) for rule in filters(own)}
    steps = {str(level): activation_at(own, level) for level in levels}
    return rules | {"activation": pooled(steps).rename(of="level")}


def rises(exam: Examination) -> list[Evidence]:
    """Of every rule and network: no quarter of the way down loses more than 0.05, and the whole way gains."""
    falls, gains = {}, {}
    for own in having(exam.measured, "alpha_activation").values():
        for rule, alpha in curves(own, quarters(own)).items():
            name = f"{rule}, {own.attrs['title']}"
            falls[f"smallest rise over a quarter of the layers: {name}"] = smallest(alpha.diff("level"))
            gains[f"rise from N = 0 to L = {depth(own)}: {name}"] = alpha.isel(level=-1) - alpha.isel(level=0)
    return [
        *medians_over_draws(exam, falls, HARDLY_FALLS, share=0.5),
        *medians_over_draws(exam, gains, RISES, share=0.5),
    ]


def reversed_rises(exam: Examination) -> list[Evidence]:
    """GBP that keeps what it should remove."""
    gains = {
        f"rise from N = 0 to L: {REVERSED}, {own.attrs['title']}": own["alpha"].sel(rule=REVERSED, level=depth(own))
        - own["alpha"].sel(rule=REVERSED, level=0)
        for own in having(exam.measured, "alpha_activation").values()
    }
    return medians_over_draws(exam, gains, RISES)


def random_above(exam: Examination, rule_of_random: str = "") -> list[Evidence]:
    """Half way down and all the way: random minus trained, on the same images."""
    found = {}
    for network, (random, trained) in pairs(exam.measured, "alpha_activation").items():
        levels = [depth(random)] if rule_of_random else [depth(random) // 2, depth(random)]
        for rule in filters(trained):
            for level in levels:
                at_random = random["alpha"].sel(rule=rule_of_random or rule, level=level)
                found[f"α of random − α of trained, {rule}, N = {level}, {network}"] = at_random - trained["alpha"].sel(
                    rule=rule, level=level
                )
    return medians_over_draws(exam, found, SIGNIFICANTLY_ABOVE)


def dominates(exam: Examination) -> list[Evidence]:
    """Of every network: the smallest lead of Activation over any rule at any N, 0 < N < L."""
    found = {}
    for own in having(exam.measured, "alpha_activation").values():
        levels = list(range(1, depth(own)))
        activation = pooled({str(level): activation_at(own, level) for level in levels}).rename(of="level")
        leads = activation.assign_coords(level=levels) - own["alpha"].sel(rule=filters(own), level=levels)
        found[f"smallest lead of Activation: {own.attrs['title']}"] = smallest(leads)
    return medians_over_draws(exam, found, ABOVE)


def shuffled_dominates(exam: Examination) -> list[Evidence]:
    """From the middle layer, with its activations on the wrong neurons."""
    found = {}
    for own in having(exam.measured, "alpha_shuffled").values():
        level = depth(own) - (depth(own) + 1) // 2
        leads = own["alpha_shuffled"] - own["alpha"].sel(rule=filters(own), level=level)
        found[f"smallest lead of shuffled Activation, N = {level}: {own.attrs['title']}"] = smallest(leads)
    return medians_over_draws(exam, found, ABOVE)


def cascaded(measured: Measured) -> dict[str, xr.Dataset]:
    """Networks with the whole cascade measured."""
    return having(measured, "alpha_activation")


CLAIMS = (
    *both(
        Claim(
            id="fig-2a-rises",
            title="Alignment rises with the number of replaced layers",
            source=SOURCE,
            statement=(
                "“As the number of substitution rules increases, the alignment effect shows a clear upward trend "
                "across all NFRs and Activation”: over no quarter of the layers α falls by more than 0.05 in the "
                "median, and from N = 0 to L the median gain is at least 0.05 (margin 0.05)."
            ),
            premises=PREMISES,
            examine=rises,
            control=BrokenPremise(premise="GBP's filter reversed: W M min(r, 0)", examine=reversed_rises),
        ),
        cascaded,
    ),
    *both(
        Claim(
            id="fig-2a-random-above-trained",
            title="Random networks align better than trained ones",
            source=SOURCE,
            statement=(
                "“The alignment performance of the randomly weighted model is significantly better than that of the "
                "pretrained model”: by 0.1 or more in the median, half way down and all the way, for every rule and "
                "network."
            ),
            premises=PREMISES,
            examine=random_above,
            control=BrokenPremise(
                premise="GBP's filter reversed in the random network",
                examine=partial(random_above, rule_of_random=REVERSED),
            ),
        ),
        lambda measured: pairs(measured, "alpha_activation"),
    ),
    *both(
        Claim(
            id="fig-2a-activation-dominates",
            title="Activation is above every NFR throughout",
            source=SOURCE,
            statement=(
                "“The direct use of activation consistently outperforms all NFR methods in alignment”: the smallest "
                "lead of Activation, put at layer L − N, over any rule in the top N layers, 0 < N < L, is not below 0 "
                "in the median (margin 0.02)."
            ),
            premises=PREMISES,
            examine=dominates,
            control=BrokenPremise(
                premise="the activations of a layer on the wrong neurons", examine=shuffled_dominates
            ),
        ),
        cascaded,
    ),
)
