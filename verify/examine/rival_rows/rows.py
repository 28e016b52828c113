"""The rows of the table: an experiment, the number that it measures, and from which measurements."""

from __future__ import annotations

from dataclasses import dataclass

from nfrlab.verify.examine.rival_rows.measures import (
    Measure,
    agreement_between_rules,
    agreement_in_size,
    agreement_of_maps,
    between_classes,
    common_direction,
    extremes,
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
)
