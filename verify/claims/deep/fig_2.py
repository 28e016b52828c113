"""Fig. 2b and 2c, and the premises of both theorems in deep networks: how neurons are laid out, random and trained."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from nfrlab.verify.claims.premises import PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination, Measured
from nfrlab.verify.court.evidence import Claimed, Evidence
from nfrlab.verify.examine.measured import (
    PREMISES,
    RANDOM_VGG16,
    claim_on_built_in,
    claims_on_both,
    networks_with,
    ones_like,
    random_and_trained,
)
from nfrlab.verify.examine.over_draws import medians_over_draws

if TYPE_CHECKING:
    import xarray as xr

AT_MOST_A_TENTH = Claimed.between(0.0, 0.1)
ONE_WITHIN_10, ONE_WITHIN_25 = Claimed.between(0.9, 1.1), Claimed.between(0.75, 1.25)
NOT_BELOW = Claimed.between(0, float("inf"), resolution=0.02)
Statistic = Callable[["xr.Dataset"], "xr.DataArray"]
"""Of what was measured on a network, one number a draw and layer."""
FIG_2B, FIG_2C = f"{PAPER}, Fig. 2 (b) and Sec. IV-A", f"{PAPER}, Fig. 2 (c) and Sec. IV-A"


def mean_cosine(data: xr.Dataset) -> xr.DataArray:
    """The mean |cos(w_i, w_j)|, i ≠ j, of every layer."""
    return data["cosine"]


def mean_cosine_of_sizes(data: xr.Dataset) -> xr.DataArray:
    """The mean cos(|w_i|, |w_j|), i ≠ j, of neurons without the signs of their weights."""
    return data["cosine_of_sizes"]


def norm_variation(data: xr.Dataset) -> xr.DataArray:
    """The standard deviation of ‖w_i‖ over its mean, of every layer."""
    return data["norm_sd"] / data["norm"]


def scaled_cosine(data: xr.Dataset) -> xr.DataArray:
    """√d times the root mean square cosine: 1 for isotropic directions."""
    return data["cosine_rms"]


def scaled_norm_variation(data: xr.Dataset) -> xr.DataArray:
    """√(2d) times the variation of the norms: 1 for Gaussian neurons to leading order."""
    return norm_variation(data) * (2 * data["fan_in"]) ** 0.5


def values_by_layer(data: xr.Dataset, values: xr.DataArray, name: str) -> dict[str, xr.DataArray]:
    """The values of every layer of a network, by a statement that begins with `name`."""
    return {
        f"{name}, layer {int(layer)}, {data.attrs['title']}": values.sel(layer=layer)
        for layer in values["layer"].values
    }


def examination_of_random(statistic: Statistic, name: str, claimed: Claimed) -> Callable[[Examination], list[Evidence]]:
    """The examination of every layer of random VGG16: the median of a statistic, held against what is claimed."""

    def examine(exam: Examination) -> list[Evidence]:
        data = exam.measured[RANDOM_VGG16]
        return medians_over_draws(exam, values_by_layer(data, statistic(data), name), claimed)

    return examine


def examination_of_excess(
    statistic: Statistic, name: str, of_random: Statistic | None = None
) -> Callable[[Examination], list[Evidence]]:
    """The examination of every layer of every network: a statistic after training minus the random one, against ≥ 0.

    `of_random` stands for the statistic in the random network, where a premise is broken.
    """

    def examine(exam: Examination) -> list[Evidence]:
        found: dict[str, xr.DataArray] = {}
        for random, trained in random_and_trained(exam.measured, "cosine").values():
            excess = statistic(trained) - (of_random or statistic)(random)
            found |= values_by_layer(trained, excess, f"{name} of trained − of random")
        return medians_over_draws(exam, found, NOT_BELOW)

    return examine


def random_vgg16(measured: Measured) -> dict[str, xr.Dataset]:
    """Random VGG16, if its neurons were measured."""
    return {name: data for name, data in networks_with(measured, "cosine").items() if name == RANDOM_VGG16}


def networks_before_and_after(measured: Measured) -> dict[str, tuple[xr.Dataset, xr.Dataset]]:
    """The networks whose neurons were measured both random and trained."""
    return random_and_trained(measured, "cosine")


CLAIMS = (
    claim_on_built_in(
        Claim(
            id="fig-2b",
            title="Neurons of random VGG16 are nearly orthogonal",
            source=FIG_2B,
            statement=(
                "“For the random model, the neuron weights are nearly orthogonal (cosine similarity ≈ 0)”: at every "
                "layer of random VGG16 the mean |cos(w_i, w_j)| is at most 0.1."
            ),
            premises=PREMISES,
            examine=examination_of_random(mean_cosine, "neurons of random VGG16 nearly orthogonal", AT_MOST_A_TENTH),
            control=BrokenPremise(
                premise="signs of the weights removed",
                examine=examination_of_random(mean_cosine_of_sizes, "mean cosine", AT_MOST_A_TENTH),
            ),
        ),
        random_vgg16,
    ),
    claim_on_built_in(
        Claim(
            id="fig-2b-repair",
            title="Random neurons have the cosines of random directions in R^d",
            source="repair of Fig. 2 (b)",
            statement=(
                "At every layer of random VGG16 the root mean square of cos(w_i, w_j) is 1/√d (10 %), d the neuron's "
                "number of weights: small where d is large, and not at the first layer, d = 27."
            ),
            premises=PREMISES,
            examine=examination_of_random(scaled_cosine, "cosines of random neurons as in R^d", ONE_WITHIN_10),
            control=BrokenPremise(
                premise="N, the number of neurons, in place of d",
                examine=examination_of_random(
                    lambda data: data["cosine_rms"] * (data["width"] / data["fan_in"]) ** 0.5,
                    "√N · cosine",
                    ONE_WITHIN_10,
                ),
            ),
            repairs="fig-2b",
        ),
        random_vgg16,
    ),
    *claims_on_both(
        Claim(
            id="fig-2b-trained",
            title="Cosines of neurons are larger after training",
            source=FIG_2B,
            statement=(
                "“The pretrained model exhibits higher cosine similarity”: at every layer the mean |cos(w_i, w_j)| of "
                "the trained network is not below that of the random one (margin 0.02)."
            ),
            premises=PREMISES,
            examine=examination_of_excess(mean_cosine, "mean |cosine|"),
            control=BrokenPremise(
                premise="signs of the random weights removed",
                examine=examination_of_excess(mean_cosine, "mean |cosine|", of_random=mean_cosine_of_sizes),
            ),
        ),
        networks_before_and_after,
    ),
    claim_on_built_in(
        Claim(
            id="fig-2c",
            title="Neurons of random VGG16 have nearly equal norms",
            source=FIG_2C,
            statement=(
                "“With minimal variation in norm lengths”: at every layer of random VGG16 the s.d. of ‖w_i‖ is at "
                "most a tenth of its mean."
            ),
            premises=PREMISES,
            examine=examination_of_random(
                norm_variation, "norms of random VGG16's neurons nearly equal", AT_MOST_A_TENTH
            ),
            control=BrokenPremise(
                premise="√ forgotten: the variation of ‖w‖² in place of ‖w‖",
                examine=examination_of_random(
                    lambda data: 2 * norm_variation(data), "variation of ‖w‖²", AT_MOST_A_TENTH
                ),
            ),
        ),
        random_vgg16,
    ),
    claim_on_built_in(
        Claim(
            id="fig-2c-repair",
            title="Norms of random neurons vary as those of Gaussian vectors in R^d",
            source="repair of Fig. 2 (c)",
            statement="At every layer of random VGG16 the s.d. of ‖w_i‖ is 1/√(2d) of its mean (25 %).",
            premises=PREMISES,
            examine=examination_of_random(scaled_norm_variation, "norms of random neurons as in R^d", ONE_WITHIN_25),
            control=BrokenPremise(
                premise="√ forgotten: 1/(2d)",
                examine=examination_of_random(
                    lambda data: scaled_norm_variation(data) * (2 * data["fan_in"]) ** 0.5,
                    "2d · variation",
                    ONE_WITHIN_25,
                ),
            ),
            repairs="fig-2c",
        ),
        random_vgg16,
    ),
    *claims_on_both(
        Claim(
            id="fig-2c-trained",
            title="Norms of neurons vary more after training",
            source=FIG_2C,
            statement=(
                "“The pretrained model exhibits greater variability in norm lengths”: at every layer s.d. over mean "
                "of ‖w_i‖ of the trained network is not below that of the random one (margin 0.02)."
            ),
            premises=PREMISES,
            examine=examination_of_excess(norm_variation, "variation of norms"),
            control=BrokenPremise(
                premise="random neurons with exponential norms, of variation 1",
                examine=examination_of_excess(
                    norm_variation, "variation of norms", of_random=lambda data: ones_like(data["norm"])
                ),
            ),
        ),
        networks_before_and_after,
    ),
)
