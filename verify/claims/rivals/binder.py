"""Binder et al. 2023: randomisation keeps the scale of activations, and large channels go on contributing strongly.

Noise scores as well as any map. That what is explained changes only to a degree, and that rankings disagree, are
statements not made here.
"""

from __future__ import annotations

from functools import partial
from math import atan, pi, sqrt
from typing import TYPE_CHECKING

import numpy as np
import scipy

from nfrlab.simulations.dense import layer, sample
from nfrlab.simulations.dense.arrays import Array
from nfrlab.verify import intervals
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination, Measured, RestoredPremise
from nfrlab.verify.court.evidence import Claimed, Evidence, Kind
from nfrlab.verify.examine.measured import networks_with
from nfrlab.verify.examine.over_draws import medians_over_draws
from nfrlab.verify.examine.rivals import PREMISES as OF_RIVALS
from nfrlab.verify.examine.rivals import claims_on_rivals
from nfrlab.verify.examine.similarity import Of, claims_on_maps, itself_above_maps, noise_above_maps, noise_above_noise
from nfrlab.verify.examine.statistics import predicted_proportion, proportion_evidence

if TYPE_CHECKING:
    import xarray as xr

SOURCE = "Binder et al. 2023 (arXiv 2211.12486), top-down randomisation"
DELTA, DELTA_CDF, POWER_AT = 0.01, 0.05, 0.02
"""Margins of a probability and of a distribution, and how far from ½ a probability is planned to be told from it."""
ALONE = ((2.0, 1), (3.0, 1), (5.0, 1))
BESIDE_FEW, BESIDE_MANY = ((3.0, 4),), ((3.0, 4), (3.0, 16), (3.0, 64))
AT_ALL = ((3.0, 4), (3.0, 9), (3.0, 64), (10.0, 100))
"""(K, m): how many times as large the large channel is, and how many small ones there are."""
WIDTH, NEURONS = 32, 64
"""Channels below a randomised layer, and its neurons."""
PREMISES = (
    "a layer with independent zero-mean Gaussian weights above fixed activations, without biases",
    "one channel is K times as large as each of m others, whose contributions add up at a neuron",
)
AHEAD, EQUAL = Claimed.between(0.1, 1.0), Claimed.between(-0.1, 0.1)
OF_NETWORKS = (
    *OF_RIVALS[:3],
    "what a tenth of the channels contributes: Σ|W a_kept| as a share of Σ|W a_kept| + Σ|W a_rest|, over neurons and "
    "positions, of every layer but the first, then their mean; random weights are Gaussian of the layer's mean square",
)
CHECKED = "cosine", "SSIM"
"""Metrics by which noise is compared with maps."""
Pair = tuple[float, int]


def shares(K: float, m: int, n: int, rng: np.random.Generator, family: str = "gaussian") -> int:
    """Of n neurons with fresh weights those at which the large channel contributes more than m small ones together."""
    large = layer(np.array([K]), sample(family, 1, n, rng)).z
    small = layer(np.ones(m), sample(family, m, n, rng)).z
    return int(np.sum(np.abs(large) > np.abs(small)))


def law_evidence(exam: Examination, pairs: tuple[Pair, ...], family: str = "gaussian") -> list[Evidence]:
    """How often the large channel dominates, against `(2/π) arctan(K/√m)`, ± 0.01."""
    miss, found = exam.budget.spend(len(pairs)), []
    for K, m in pairs:
        predicted = 2 / pi * atan(K / sqrt(m))
        n = intervals.rate_plan(miss, predicted, DELTA)
        hits = shares(K, m, n, exam.rng(f"{K:g} {m}"), family)
        found.append(predicted_proportion(f"P(large > small), K = {K:g}, m = {m}", hits, n, predicted, DELTA, miss))
    return found


def mostly_evidence(exam: Examination, pairs: tuple[Pair, ...]) -> list[Evidence]:
    """Whether the large channel dominates more often than not."""
    miss, found = exam.budget.spend(len(pairs)), []
    n = intervals.rate_plan(miss, 0.5, POWER_AT)
    for K, m in pairs:
        hits = shares(K, m, n, exam.rng(f"{K:g} {m}"))
        text = f"P(large > small) ≥ ½, K = {K:g}, m = {m}"
        claimed = Claimed.between(0.5, 1.0)
        found.append(proportion_evidence(text, hits, n, claimed, miss, power=0.99, details={"share": hits / n}))
    return found


def activations(rng: np.random.Generator) -> dict[str, Array]:
    """Activations by name: all alike, a tenth of them large, one alone."""
    few = np.where(np.arange(WIDTH) < WIDTH // 10, 10.0, 1.0)
    return {"all alike": np.ones(WIDTH), "few large": few, "of a ReLU": np.maximum(rng.standard_normal(WIDTH), 0)}


def scale_evidence(exam: Examination, family: str = "gaussian") -> list[Evidence]:
    """The law of `‖Wa‖² / ‖a‖²`, W with N(0, 1) entries, against χ² with as many degrees of freedom as neurons."""
    given = activations(exam.rng("activations"))
    miss, found = exam.budget.spend(len(given)), []
    n = intervals.distribution_plan(miss, DELTA_CDF, points=1 << 20)
    for name, a in given.items():
        z = layer(a, sample(family, WIDTH, n * NEURONS, exam.rng(name))).z.reshape(n, NEURONS)
        squares = np.sort((z**2).sum(axis=1) / (a @ a))
        cdf = scipy.stats.chi2.cdf(squares, NEURONS)
        distance = float(max(np.max(np.arange(1, n + 1) / n - cdf), np.max(cdf - np.arange(n) / n)))
        radius = intervals.dkw_radius(n, miss)
        found.append(
            Evidence.from_interval(
                Kind.MONTE_CARLO,
                f"the law of ‖Wa‖²/‖a‖² is χ²_{NEURONS} within {DELTA_CDF}: activations {name}",
                (max(0.0, distance - radius), min(1.0, distance + radius)),
                Claimed.exactly(0.0, DELTA_CDF),
                "Dvoretzky–Kiefer–Wolfowitz",
                miss=miss,
                n=n,
                power=0.99,
                details={"sd of ‖Wa‖ over its mean": float(np.sqrt(squares).std() / np.sqrt(squares).mean())},
            )
        )
    return found


def contributed(data: xr.Dataset, weights: str, channels: str) -> xr.DataArray:
    """The share that these channels contribute through these weights, the mean over layers."""
    return data["contributed"].sel(weights=weights, channels=channels, drop=True).mean("above", skipna=False)


def lead_evidence(exam: Examination, channels: str = "largest") -> list[Evidence]:
    """Through random weights the share of the largest channels less that of any, held against ≥ 0.1.

    Other `channels` take the place of the largest; these through the layer's own weights, not to be the same twice.
    """
    weights = "random" if channels == "largest" else "own"
    found = {
        f"share of the {channels} channels − of any: {data.attrs['title']}": contributed(data, weights, channels)
        - contributed(data, "random", "any")
        for data in networks_with_channels(exam.measured).values()
    }
    return medians_over_draws(exam, found, AHEAD)


def kept_evidence(exam: Examination, channels: str = "largest") -> list[Evidence]:
    """The share of these channels through random weights less that of the largest through their own, against ± 0.1."""
    found = {
        f"share of the {channels} channels, random weights − own: {data.attrs['title']}": contributed(
            data, "random", channels
        )
        - contributed(data, "own", "largest")
        for data in networks_with_channels(exam.measured).values()
    }
    return medians_over_draws(exam, found, EQUAL)


def networks_with_channels(measured: Measured) -> dict[str, xr.Dataset]:
    """The networks of which it was measured what channels contribute."""
    return networks_with(measured, "contributed")


CLAIMS = (
    Claim(
        id="binder-scale",
        title="A randomised layer keeps the scale of activations",
        source=SOURCE,
        statement=(
            "Random weights keep the scale of forward activations with high probability: with entries N(0, σ²/n), n "
            "the number of neurons, ‖Wa‖ = σ‖a‖ χ_n/√n in law, whatever the activations a are. So it is kept as well "
            "where no channel is large."
        ),
        premises=PREMISES[:1],
        examine=scale_evidence,
        control=BrokenPremise(
            premise="weights of Student's law, one radius for all weights of a neuron",
            examine=partial(scale_evidence, family="student"),
        ),
        notices=("axis-5", "biases-5", "gaussian-is-laplace"),
        blind="The length of z, not what α is made of it.",
    ),
    Claim(
        id="binder-channel",
        title="A large channel goes on contributing more than a small one",
        source=SOURCE,
        statement=(
            "Above a randomised layer a channel whose activation is K times another's contributes more than that one "
            "with probability (2/π) arctan K: 0.705 for K = 2, 0.795 for K = 3, 0.874 for K = 5."
        ),
        premises=PREMISES,
        examine=partial(law_evidence, pairs=ALONE),
        control=BrokenPremise(premise="weights U[−1, 1]", examine=partial(law_evidence, pairs=ALONE, family="uniform")),
        notices=("gaussian-is-laplace",),
        blind=(
            "It compares two numbers of a neuron by size: it does not see what scales both, and biases of a fifth of "
            "the weights move the probability by less than the margin."
        ),
    ),
    Claim(
        id="binder-channels",
        title="A large channel goes on contributing more than all small ones together",
        source=SOURCE,
        statement=(
            "Above a randomised layer channels with large activation keep a high probability to contribute strongly, "
            "however many small ones there are: a channel three times as large as each of m others contributes more "
            "than their sum in half of the neurons or more."
        ),
        premises=PREMISES,
        examine=partial(mostly_evidence, pairs=BESIDE_MANY),
        control=BrokenPremise(
            premise="the large channel is only 1.1 times as large",
            examine=partial(mostly_evidence, pairs=tuple((1.1, m) for _, m in BESIDE_MANY)),
        ),
        restored=RestoredPremise(
            premise="few small channels, m < K²: four", examine=partial(mostly_evidence, pairs=BESIDE_FEW)
        ),
        blind="Refuted by a factor of two or more in the probability: no law of weights that is tried here undoes it.",
    ),
    Claim(
        id="binder-channels-repair",
        title="A large channel outweighs fewer than K² small ones",
        source=f"makes {SOURCE} a law",
        statement=(
            "A channel K times as large as each of m others contributes more than their sum with probability (2/π) "
            "arctan(K/√m): half at m = K², and less beyond."
        ),
        premises=PREMISES,
        examine=partial(law_evidence, pairs=AT_ALL),
        control=BrokenPremise(
            premise="weights of independent Laplace law", examine=partial(law_evidence, pairs=AT_ALL, family="laplace")
        ),
        notices=("axis-5", "biases-20", "gaussian-is-laplace"),
        blind="It compares two numbers of a neuron by size: it does not see what scales both.",
        repairs="binder-channels",
    ),
    *claims_on_rivals(
        Claim(
            id="binder-kept",
            title="The largest channels contribute strongly to a randomised layer",
            source=SOURCE,
            statement=(
                "Channels with large activation keep a high probability to contribute strongly to a layer that is "
                "randomised: the tenth with the largest activations contributes more than any tenth, by 0.1 or more of "
                "the whole."
            ),
            premises=OF_NETWORKS,
            examine=lead_evidence,
            control=BrokenPremise(
                premise="any channels in place of the largest", examine=partial(lead_evidence, channels="any")
            ),
            blind="A difference of two shares: by which weights is not seen, only through which.",
        ),
        networks_with_channels,
    ),
    *claims_on_rivals(
        Claim(
            id="binder-kept-share",
            title="A randomised layer receives as much from the largest channels as before",
            source=SOURCE,
            statement=(
                "Randomisation from the top keeps who contributes: the share of the tenth with the largest activations "
                "is what it was with the layer's own weights, within 0.1."
            ),
            premises=OF_NETWORKS,
            examine=kept_evidence,
            control=BrokenPremise(
                premise="any channels in place of the largest, once the weights are random",
                examine=partial(kept_evidence, channels="any"),
            ),
            blind="A difference of two shares, each the mean over layers: layers that change against one another.",
        ),
        networks_with_channels,
    ),
    *claims_on_maps(
        id="binder-noise",
        title="Noise passes the check as well as any map",
        source="Binder et al. 2023 (arXiv 2211.12486), abstract: uninformative maps score high",
        statement=(
            "With every layer randomised no map is less like its original than noise, independent of everything, is "
            "like a map, by more than 0.1, in cosine and SSIM (maps of mean square 1), and every trained network."
        ),
        claimed=Claimed.between(-2.0, 0.1),
        of=Of(noise_above_maps, "noise − the least that is kept", CHECKED),
        control=(
            "the noise is independent of the map: the map itself in its place",
            Of(itself_above_maps, "itself − the least that is kept", CHECKED),
        ),
        restored=(
            "noise in the place of the random network's map as well",
            Of(noise_above_noise, "noise − noise", CHECKED),
        ),
    ),
)
