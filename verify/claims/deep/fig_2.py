"""Fig. 2b and 2c, and the premises of both theorems in deep networks: how neurons are laid out, random and trained."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from nfrlab.verify.claims.premises import PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination, Measured
from nfrlab.verify.court.evidence import Claimed, Evidence
from nfrlab.verify.examine.measured import PREMISES, RANDOM_VGG16, both, having, on_deep_networks, ones_like, pairs
from nfrlab.verify.examine.over_draws import medians_over_draws

if TYPE_CHECKING:
    import xarray as xr

AT_MOST_A_TENTH = Claimed.between(0.0, 0.1)
ONE_WITHIN_10, ONE_WITHIN_25 = Claimed.between(0.9, 1.1), Claimed.between(0.75, 1.25)
NOT_BELOW = Claimed.between(0, float("inf"), resolution=0.02)
Statistic = Callable[["xr.Dataset"], "xr.DataArray"]


def mean_cosine(own: xr.Dataset) -> xr.DataArray:
    """Mean |cos(w_i, w_j)|, i ≠ j."""
    return own["cosine"]


def of_sizes(own: xr.Dataset) -> xr.DataArray:
    """The same of neurons without their signs, |w_i|."""
    return own["cosine_of_sizes"]


def variation(own: xr.Dataset) -> xr.DataArray:
    """s.d. over mean of ‖w_i‖."""
    return own["norm_sd"] / own["norm"]


def scaled_cosine(own: xr.Dataset) -> xr.DataArray:
    """√d times the root mean square cosine: 1 for isotropic directions."""
    return own["cosine_rms"]


def scaled_variation(own: xr.Dataset) -> xr.DataArray:
    """√(2d) times the variation of the norms: 1 for Gaussian neurons to leading order."""
    return variation(own) * (2 * own["fan_in"]) ** 0.5


def layers(own: xr.Dataset, values: xr.DataArray, name: str) -> dict[str, xr.DataArray]:
    """Layer by layer."""
    return {
        f"{name}, layer {int(layer)}, {own.attrs['title']}": values.sel(layer=layer) for layer in values["layer"].values
    }


def in_random_vgg16(statistic: Statistic, name: str, claimed: Claimed) -> Callable[[Examination], list[Evidence]]:
    """Every layer of random VGG16."""
    return lambda exam: medians_over_draws(
        exam, layers((own := exam.measured[RANDOM_VGG16]), statistic(own), name), claimed
    )


def higher_in_trained(statistic: Statistic, name: str, of_random: Statistic) -> Callable[[Examination], list[Evidence]]:
    """Trained minus random, layer by layer, on every network."""

    def examine(exam: Examination) -> list[Evidence]:
        found: dict[str, xr.DataArray] = {}
        for random, trained in pairs(exam.measured, "cosine").values():
            found |= layers(trained, statistic(trained) - of_random(random), f"{name} of trained − of random")
        return medians_over_draws(exam, found, NOT_BELOW)

    return examine


def measured_vgg16(measured: Measured) -> dict[str, xr.Dataset]:
    """Random VGG16, where its neurons were measured."""
    return {name: own for name, own in having(measured, "cosine").items() if name == RANDOM_VGG16}


def random_claim(
    id: str,
    title: str,
    source: str,
    statement: str,
    statistic: Statistic,
    claimed: Claimed,
    control: BrokenPremise,
    repairs: str | None = None,
) -> Claim:
    """A claim about every layer of random VGG16."""
    examine = in_random_vgg16(statistic, title, claimed)
    claim = Claim(
        id=id,
        title=title,
        source=source,
        statement=statement,
        premises=PREMISES,
        examine=examine,
        control=control,
        repairs=repairs,
    )
    return on_deep_networks(claim, measured_vgg16)


def trained_claims(
    id: str, title: str, source: str, statement: str, statistic: Statistic, premise: str, broken: Statistic
) -> tuple[Claim, Claim]:
    """A claim about trained networks against random ones, and the random ones' statistic that breaks it."""
    control = BrokenPremise(premise=premise, examine=higher_in_trained(statistic, title, broken))
    examine = higher_in_trained(statistic, title, statistic)
    claim = Claim(
        id=id, title=title, source=source, statement=statement, premises=PREMISES, examine=examine, control=control
    )
    return both(claim, lambda measured: pairs(measured, "cosine"))


SOURCES = f"{PAPER}, Fig. 2 (b) and Sec. IV-A", f"{PAPER}, Fig. 2 (c) and Sec. IV-A"

CLAIMS = (
    random_claim(
        "fig-2b",
        "neurons of random VGG16 nearly orthogonal",
        SOURCES[0],
        "“For the random model, the neuron weights are nearly orthogonal (cosine similarity ≈ 0)”: at every layer of "
        "random VGG16 the mean |cos(w_i, w_j)| is at most 0.1.",
        mean_cosine,
        AT_MOST_A_TENTH,
        BrokenPremise(
            premise="signs of the weights removed", examine=in_random_vgg16(of_sizes, "mean cosine", AT_MOST_A_TENTH)
        ),
    ),
    random_claim(
        "fig-2b-repair",
        "cosines of random neurons as in R^d",
        "repair of Fig. 2 (b)",
        "At every layer of random VGG16 the root mean square of cos(w_i, w_j) is 1/√d (10 %), d the neuron's number "
        "of weights: small where d is large, and not at the first layer, d = 27.",
        scaled_cosine,
        ONE_WITHIN_10,
        BrokenPremise(
            premise="N, the number of neurons, in place of d",
            examine=in_random_vgg16(
                lambda own: own["cosine_rms"] * (own["width"] / own["fan_in"]) ** 0.5, "√N · cosine", ONE_WITHIN_10
            ),
        ),
        "fig-2b",
    ),
    *trained_claims(
        "fig-2b-trained",
        "mean |cosine|",
        SOURCES[0],
        "“The pretrained model exhibits higher cosine similarity”: at every layer the mean |cos(w_i, w_j)| of the "
        "trained network is not below that of the random one (margin 0.02).",
        mean_cosine,
        "signs of the random weights removed",
        of_sizes,
    ),
    random_claim(
        "fig-2c",
        "norms of random VGG16's neurons nearly equal",
        SOURCES[1],
        "“With minimal variation in norm lengths”: at every layer of random VGG16 the s.d. of ‖w_i‖ is at most a "
        "tenth of its mean.",
        variation,
        AT_MOST_A_TENTH,
        BrokenPremise(
            premise="√ forgotten: the variation of ‖w‖² in place of ‖w‖",
            examine=in_random_vgg16(lambda own: 2 * variation(own), "variation of ‖w‖²", AT_MOST_A_TENTH),
        ),
    ),
    random_claim(
        "fig-2c-repair",
        "norms of random neurons as in R^d",
        "repair of Fig. 2 (c)",
        "At every layer of random VGG16 the s.d. of ‖w_i‖ is 1/√(2d) of its mean (25 %).",
        scaled_variation,
        ONE_WITHIN_25,
        BrokenPremise(
            premise="√ forgotten: 1/(2d)",
            examine=in_random_vgg16(
                lambda own: scaled_variation(own) * (2 * own["fan_in"]) ** 0.5, "2d · variation", ONE_WITHIN_25
            ),
        ),
        "fig-2c",
    ),
    *trained_claims(
        "fig-2c-trained",
        "variation of norms",
        SOURCES[1],
        "“The pretrained model exhibits greater variability in norm lengths”: at every layer s.d. over mean of ‖w_i‖ "
        "of the trained network is not below that of the random one (margin 0.02).",
        variation,
        "random neurons with exponential norms, of variation 1",
        lambda own: ones_like(own["norm"]),
    ),
)
