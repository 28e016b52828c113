"""The rows of the table: an experiment, the number that it measures, and from which measurements."""

from __future__ import annotations

from dataclasses import dataclass

from nfrlab.verify.examine.rival_rows.measures import (
    Measure,
    above_noise,
    after_attack,
    agreement_between_rules,
    agreement_in_size,
    agreement_of_maps,
    between_classes,
    common_direction,
    convolution,
    extremes,
    not_measured,
    one_wide_layer,
    removal,
    rise,
    similarity_of,
)


@dataclass(frozen=True)
class Row:
    """One experiment: its `id` among the predictions, its number, what is done, what is measured, and how."""

    id: str
    number: str
    experiment: str
    quantity: str
    measure: Measure
    needs: str = "nfrlab rivals"


PATTERNS = "patterns are estimated by with_patterns, and by no setting of nfrlab rivals"
LABELS = "a network that was trained on permuted labels"
SKIPS = "one ResNet with and without its identity branches"
RANKINGS = "a measure of faithfulness beside the similarities"

ROWS: tuple[Row, ...] = (
    Row("gbp-one-layer", "1", "GBP, one wide Gaussian layer", "α", one_wide_layer("gaussian", "gbp")),
    Row(
        "other-weights",
        "2",
        "GBP, U[−1, 1] weights in one wide layer",
        "α − α of Gaussian weights",
        one_wide_layer("uniform", "gbp", less="gaussian"),
    ),
    Row(
        "gradient-one-layer",
        "3",
        "gradient, one wide Gaussian layer",
        "|α|",
        one_wide_layer("gaussian", "grad", size=True),
    ),
    Row("deconv", "4a", "Deconvnet, one convolution", "|α|", convolution("deconv_size")),
    Row(
        "deconv-pooling",
        "4b",
        "Deconvnet, one convolution, maxima over 2×2",
        "α − α of GBP",
        convolution("deconv_behind_gbp"),
    ),
    Row(
        "zplus-direction",
        "5",
        "z⁺, r₀, random",
        "|cos| of all maps' direction with x",
        common_direction("zplus", "random"),
    ),
    Row("zplus-relevance", "6", "z⁺, x ⊙ r₀, random", "cos of two maps", agreement_of_maps("zplus")),
    Row("rectgrad-maps", "7", "RectGrad (98 %), random", "cos of two maps", agreement_of_maps("rectgrad:q=0.98")),
    Row("gbp-maps", "8", "GBP, random", "cos of two maps", agreement_of_maps("gbp")),
    Row(
        "gbp-stack",
        "8",
        "GBP, random, three fully connected layers",
        "cos of two maps",
        agreement_of_maps("gbp", connected=True),
    ),
    Row(
        "gbp-direction",
        "9",
        "GBP, r₀, trained",
        "|cos| of all maps' direction with x",
        common_direction("gbp", "trained"),
    ),
    Row(
        "beta",
        "10",
        "LRP-αβ, β = 4 in place of 1",
        "|cos| of two maps, less that before",
        agreement_between_rules("lrp-alpha-beta:alpha=5", "lrp-alpha-beta"),
    ),
    Row("rescale-maps", "11a", "DeepLIFT Rescale, random", "|cos| of two maps", agreement_in_size("deeplift-rescale")),
    Row(
        "revealcancel-maps",
        "11b",
        "DeepLIFT RevealCancel, random",
        "|cos| of two maps",
        agreement_in_size("deeplift-revealcancel"),
    ),
    Row("ablated-maps", "11c", "DeepLIFT ablated, random", "cos of two maps", agreement_of_maps("deeplift-ablated")),
    Row("pattern-maps", "12", "PatternAttribution, real data", "cos of two maps", not_measured, PATTERNS),
    Row(
        "gbp-randomised",
        "13",
        "GBP, upper three quarters randomised, trained",
        "cos with the map before",
        similarity_of("gbp", "cosine", "cascading", 3),
    ),
    Row(
        "gradient-randomised",
        "14",
        "gradient, upper three quarters randomised, trained",
        "cos with the map before",
        similarity_of("grad", "cosine", "cascading", 3),
    ),
    Row(
        "grad-input-randomised",
        "15a",
        "gradient ⊙ input, all randomised, trained",
        "rank correlation, signed",
        similarity_of("grad-input", "rank correlation", "cascading", 4),
    ),
    Row(
        "grad-input-absolute",
        "15b",
        "gradient ⊙ input, all randomised, trained",
        "rank correlation of sizes",
        similarity_of("grad-input", "absolute rank correlation", "cascading", 4),
    ),
    Row("removed", "16", "GBP, weights removed from three layers, trained", "α − α before", removal, "nfrlab bridge"),
    Row(
        "other-class", "17", "GBP, another class, trained", "cos with the map before", between_classes("gbp", "cosine")
    ),
    Row("attack", "18", "GBP, class flipped by an attack, trained", "cos with the map before", after_attack("gbp")),
    Row("permuted-labels", "19", "GBP, labels permuted", "cos with the map of true labels", not_measured, LABELS),
    Row(
        "extremes",
        "20",
        "GBP, largest and smallest activations, trained",
        "cos of both maps",
        extremes,
        "nfrlab bridge",
    ),
    Row(
        "bottom-up",
        "21",
        "GBP, lowest quarter randomised, not highest, trained",
        "cos with the map before, less that",
        similarity_of("gbp", "cosine", "bottom-up", 1, less=("cascading", 1)),
    ),
    Row("depth", "22", "GBP in all layers, not in half of them, random", "α − α before", rise, "nfrlab bridge"),
    Row(
        "dense",
        "23",
        "GBP, 70,000 dense neurons, not 64 filters",
        "α − α of the filters",
        convolution("dense_ahead"),
    ),
    Row("skip", "24", "GBP, top randomised, with skip connections", "cos − that without", not_measured, SKIPS),
    Row("noise-score", "25", "GBP, all randomised, trained", "SSIM with the map before − that of noise", above_noise),
    Row("ranking", "26", "ten methods", "rank correlation of sanity and faithfulness", not_measured, RANKINGS),
)
