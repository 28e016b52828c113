"""Fig. 2b and 2c: the cosines and lengths of the neurons of every layer, random and trained."""

from __future__ import annotations

from functools import partial
from math import inf

from nfrlab.verify.claims.premises import PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, RestoredPremise
from nfrlab.verify.court.evidence import Claimed
from nfrlab.verify.examine.measured import PREMISES, claim_on_built_in, claims_everywhere, ones_like
from nfrlab.verify.examine.neurons import (
    examination_of_excess,
    examination_of_random,
    in_units_of_gaussian,
    mean_cosine,
    mean_cosine_off_centre,
    mean_over_layers,
    networks_before_and_after,
    norm_variation,
    norm_variation_varied,
    random_vgg16,
    scaled_cosine,
    scaled_cosine_off_centre,
)

AT_MOST_A_TENTH = Claimed.between(0.0, 0.1)
ONE_WITHIN_10, ONE_WITHIN_25 = Claimed.within(1.0, 0.1), Claimed.within(1.0, 0.25)
NOT_BELOW, ABOVE = Claimed.between(0, inf, resolution=0.02), Claimed.between(0, inf)
FIG_2B, FIG_2C = f"{PAPER}, Fig. 2 (b) and Sec. IV-A", f"{PAPER}, Fig. 2 (c) and Sec. IV-A"
LARGE = 100
"""Weights of a neuron from which on random directions are nearly orthogonal, and Gaussian lengths nearly equal."""
HALF_OFF_CENTRE = "weights of mean zero: half of the RMS weight is added to all of them"
VARIED = "one law of lengths: each neuron is longer or shorter by a random quarter"
FIRST_LAYER = "Refuted by the first layer, of 27 inputs: what happens to the others within a tenth changes nothing."
COMMON_FACTOR = "A comparison of two networks does not see a factor common to both."

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
            examine=examination_of_random(mean_cosine, "mean |cosine|", AT_MOST_A_TENTH),
            control=BrokenPremise(
                premise=HALF_OFF_CENTRE,
                examine=examination_of_random(
                    partial(mean_cosine_off_centre, shift=0.5), "mean |cosine|", AT_MOST_A_TENTH
                ),
            ),
            restored=RestoredPremise(
                premise=f"neurons of {LARGE} weights or more",
                examine=examination_of_random(mean_cosine, "mean |cosine|", AT_MOST_A_TENTH, least_inputs=LARGE),
            ),
            blind=FIRST_LAYER,
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
            examine=examination_of_random(scaled_cosine, "√d · RMS cosine", ONE_WITHIN_10),
            control=BrokenPremise(
                premise=HALF_OFF_CENTRE,
                examine=examination_of_random(
                    partial(scaled_cosine_off_centre, shift=0.5), "√d · RMS cosine", ONE_WITHIN_10
                ),
            ),
            notices=("deep-premises-25",),
            repairs="fig-2b",
        ),
        random_vgg16,
    ),
    *claims_everywhere(
        Claim(
            id="fig-2b-trained",
            title="Cosines of neurons are larger after training",
            source=FIG_2B,
            statement=(
                "“The pretrained model exhibits higher cosine similarity”: at every layer, all of them at once, the "
                "mean |cos(w_i, w_j)| of the trained network is not below that of the random one (margin 0.02)."
            ),
            premises=PREMISES,
            examine=examination_of_excess(mean_cosine, "mean |cosine|", NOT_BELOW),
            control=BrokenPremise(
                premise="random weights of mean zero: the RMS weight is added to all of them",
                examine=examination_of_excess(
                    mean_cosine, "mean |cosine|", NOT_BELOW, of_random=partial(mean_cosine_off_centre, shift=1.0)
                ),
            ),
            restored=RestoredPremise(
                premise="training that draws neurons together: half of the RMS weight is added to all trained weights",
                examine=examination_of_excess(
                    mean_cosine, "mean |cosine|", NOT_BELOW, of_trained=partial(mean_cosine_off_centre, shift=0.5)
                ),
            ),
            blind=COMMON_FACTOR,
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
            examine=examination_of_random(norm_variation, "variation of norms", AT_MOST_A_TENTH),
            control=BrokenPremise(
                premise=VARIED,
                examine=examination_of_random(
                    partial(norm_variation_varied, by=0.25), "variation of norms", AT_MOST_A_TENTH
                ),
            ),
            restored=RestoredPremise(
                premise=f"neurons of {LARGE} weights or more",
                examine=examination_of_random(
                    norm_variation, "variation of norms", AT_MOST_A_TENTH, least_inputs=LARGE
                ),
            ),
            blind=FIRST_LAYER,
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
            examine=examination_of_random(
                lambda data: in_units_of_gaussian(data, norm_variation(data)), "√(2d) · variation", ONE_WITHIN_25
            ),
            control=BrokenPremise(
                premise=VARIED,
                examine=examination_of_random(
                    lambda data: in_units_of_gaussian(data, norm_variation_varied(data, by=0.25)),
                    "√(2d) · variation",
                    ONE_WITHIN_25,
                ),
            ),
            notices=("deep-premises-25",),
            repairs="fig-2c",
        ),
        random_vgg16,
    ),
    *claims_everywhere(
        Claim(
            id="fig-2c-trained",
            title="Norms of neurons vary more after training, at every layer",
            source=FIG_2C,
            statement=(
                "“The pretrained model exhibits greater variability in norm lengths”: at every layer, all of them at "
                "once, s.d. over mean of ‖w_i‖ of the trained network is not below that of the random one (margin "
                "0.02)."
            ),
            premises=PREMISES,
            examine=examination_of_excess(norm_variation, "variation of norms", NOT_BELOW),
            control=BrokenPremise(
                premise="random neurons with exponential norms, of variation 1",
                examine=examination_of_excess(
                    norm_variation, "variation of norms", NOT_BELOW, of_random=lambda data: ones_like(data["norm"])
                ),
            ),
            restored=RestoredPremise(
                premise="each trained neuron longer or shorter by a random quarter",
                examine=examination_of_excess(
                    norm_variation,
                    "variation of norms",
                    NOT_BELOW,
                    of_trained=partial(norm_variation_varied, by=0.25),
                ),
            ),
            blind=COMMON_FACTOR,
        ),
        networks_before_and_after,
    ),
    claim_on_built_in(
        Claim(
            id="fig-2c-trained-repair",
            title="Norms of neurons vary more after training, over all layers",
            source="repair of Fig. 2 (c)",
            statement=(
                "The mean over all layers of s.d. over mean of ‖w_i‖ is greater in the trained network than in the "
                "random one: of the network, not of each of its layers."
            ),
            premises=PREMISES,
            examine=examination_of_excess(norm_variation, "variation of norms", ABOVE, mean_over_layers),
            control=BrokenPremise(
                premise="each random neuron longer or shorter by a random half",
                examine=examination_of_excess(
                    norm_variation,
                    "variation of norms",
                    ABOVE,
                    mean_over_layers,
                    of_random=partial(norm_variation_varied, by=0.5),
                ),
            ),
            blind=COMMON_FACTOR,
            repairs="fig-2c-trained",
        ),
        networks_before_and_after,
    ),
)
