"""Fig. 2a: alignment against the number of replaced layers."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from nfrlab.verify.claims.premises import PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination, Measured, RestoredPremise
from nfrlab.verify.court.evidence import Claimed, Evidence
from nfrlab.verify.examine.measured import (
    PREMISES,
    alpha_of_activation,
    claims_everywhere,
    depth,
    measured_filters,
    minimum_of_each_draw,
    networks_with,
    on_common_draws,
    pool,
    quarters,
    random_and_trained,
)
from nfrlab.verify.examine.over_draws import medians_over_draws

if TYPE_CHECKING:
    import xarray as xr

HARDLY_FALLS, RISES = Claimed.between(-0.05, 2), Claimed.between(0.05, 2)
ABOVE, SIGNIFICANTLY_ABOVE = Claimed.between(0, 2, resolution=0.02), Claimed.between(0.1, 2)
BLIND = "blind-filter"
SOURCE = f"{PAPER}, Fig. 2 (a) and Sec. IV-A"
NOTHING_FILTERED = "the rules filter nothing: the plain gradient in place of"


def alpha_curves(data: xr.Dataset, levels: list[int]) -> dict[str, xr.DataArray]:
    """α along these levels, by rule, and of Activation."""
    rules = {rule: data["alpha"].sel(rule=rule, level=levels) for rule in measured_filters(data)}
    steps = {str(level): alpha_of_activation(data, level) for level in levels}
    return rules | {"activation": pool(steps).rename(of="level")}


def rise_evidence(exam: Examination) -> list[Evidence]:
    """The smallest rise of α over a quarter of the layers, held against ≥ −0.05, and the whole rise, against ≥ 0.05.

    For every rule and network, and for Activation.
    """
    falls, gains = {}, {}
    for data in networks_with(exam.measured, "alpha_activation").values():
        for rule, alpha in alpha_curves(data, quarters(data)).items():
            name = f"{rule}, {data.attrs['title']}"
            falls[f"smallest rise over a quarter of the layers: {name}"] = minimum_of_each_draw(alpha.diff("level"))
            gains[f"rise from N = 0 to L = {depth(data)}: {name}"] = alpha.isel(level=-1) - alpha.isel(level=0)
    return [
        *medians_over_draws(exam, falls, HARDLY_FALLS, share=0.5),
        *medians_over_draws(exam, gains, RISES, share=0.5),
    ]


def blind_rise_evidence(exam: Examination) -> list[Evidence]:
    """The whole rise where half of the neurons are filtered whatever their sign, held against ≥ 0.05; where no map is
    left α counts as 0.
    """
    gains = {}
    for data in networks_with(exam.measured, "alpha_activation").values():
        alpha = data["alpha"].sel(rule=BLIND)
        rise = alpha.sel(level=depth(data)).fillna(0) - alpha.sel(level=0)
        gains[f"rise from N = 0 to L: {BLIND}, {data.attrs['title']}"] = rise
    return medians_over_draws(exam, gains, RISES)


def random_lead_evidence(
    exam: Examination, rule_of_random: str = "", level_of_trained: int | None = None
) -> list[Evidence]:
    """α of the random network minus α of the trained one on the same images, half way down and all the way.

    Held against ≥ 0.1 in the median. `rule_of_random` stands for the rule in the random network, where no map counts as
    α = 0; `level_of_trained` for the level in the trained one, all the way alone.
    """
    found = {}
    for network, pair in random_and_trained(exam.measured, "alpha_activation").items():
        random, trained = on_common_draws(*pair)
        all_the_way = bool(rule_of_random) or level_of_trained is not None
        levels = [depth(random)] if all_the_way else [depth(random) // 2, depth(random)]
        for rule in measured_filters(trained):
            for level in levels:
                other = level if level_of_trained is None else level_of_trained
                of_random = random["alpha"].sel(rule=rule_of_random or rule, level=level, drop=True)
                of_trained = trained["alpha"].sel(rule=rule, level=other, drop=True)
                of_random = of_random.fillna(0) if rule_of_random else of_random
                found[f"α of random − α of trained, {rule}, N = {level}, {network}"] = of_random - of_trained
    return medians_over_draws(exam, found, SIGNIFICANTLY_ABOVE)


def activation_lead_evidence(exam: Examination, too_high: bool = False, filtered: bool = True) -> list[Evidence]:
    """Of every network the smallest lead of Activation over any rule at any N, 0 < N < L, held against ≥ 0.

    Parameters
    ----------
    exam
        The examination.
    too_high
        Activation is put in higher than at L − N by a fifth of the layers, two at least, where there is such a layer.
    filtered
        Whether the rules filter: without, the plain gradient is in their place.
    """
    found = {}
    for data in networks_with(exam.measured, "alpha_activation").values():
        raised = max(2, depth(data) // 5) if too_high else 0
        levels = list(range(1 + raised, depth(data)))
        starts = {str(level): alpha_of_activation(data, level - raised) for level in levels}
        activation = pool(starts).rename(of="level").assign_coords(level=levels)
        alpha = data["alpha"].sel(rule=measured_filters(data))
        leads = activation - (alpha.sel(level=levels) if filtered else alpha.sel(level=0, drop=True))
        found[f"smallest lead of Activation: {data.attrs['title']}"] = minimum_of_each_draw(leads)
    return medians_over_draws(exam, found, ABOVE)


def networks_with_cascades(measured: Measured) -> dict[str, xr.Dataset]:
    """The networks of which whole cascades were measured."""
    return networks_with(measured, "alpha_activation")


CLAIMS = (
    *claims_everywhere(
        Claim(
            id="fig-2a-rises",
            title="Alignment rises with the number of replaced layers",
            source=SOURCE,
            statement=(
                "“As the number of substitution rules increases, the alignment effect shows a clear upward trend "
                "across all NFRs and Activation”: over no quarter of the layers α falls by more than 0.05 in the "
                "median, and from N = 0 to L the median gain is at least 0.05."
            ),
            premises=PREMISES,
            examine=rise_evidence,
            control=BrokenPremise(
                premise="a filter blind to signs: every second neuron's relevance removed", examine=blind_rise_evidence
            ),
            blind="A trend does not know the size of α: a factor common to all of them, down to 0.3, changes nothing.",
        ),
        networks_with_cascades,
    ),
    *claims_everywhere(
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
            examine=random_lead_evidence,
            control=BrokenPremise(
                premise="a filter blind to signs in the random network: every second neuron's relevance removed",
                examine=partial(random_lead_evidence, rule_of_random=BLIND),
            ),
            restored=RestoredPremise(
                premise=f"{NOTHING_FILTERED} them in the trained network",
                examine=partial(random_lead_evidence, level_of_trained=0),
            ),
            blind=(
                "Refuted where a trained network aligns as well as a random one: a factor common to both changes "
                "nothing there."
            ),
        ),
        lambda measured: random_and_trained(measured, "alpha_activation"),
    ),
    *claims_everywhere(
        Claim(
            id="fig-2a-activation-dominates",
            title="Activation aligns better than every NFR throughout",
            source=SOURCE,
            statement=(
                "“The direct use of activation consistently outperforms all NFR methods in alignment”: the smallest "
                "lead of Activation, put at layer L − N, over any rule in the top N layers, 0 < N < L, is not below 0 "
                "in the median (margin 0.02)."
            ),
            premises=PREMISES,
            examine=activation_lead_evidence,
            control=BrokenPremise(
                premise="Activation put in too high by a fifth of the layers, two at least",
                examine=partial(activation_lead_evidence, too_high=True),
            ),
            restored=RestoredPremise(
                premise=f"{NOTHING_FILTERED} every NFR", examine=partial(activation_lead_evidence, filtered=False)
            ),
            blind="An order does not know the size of α: a factor common to all of them changes nothing.",
        ),
        networks_with_cascades,
    ),
)
