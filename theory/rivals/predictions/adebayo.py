"""Adebayo et al. 2018 (arXiv 1810.03292): which maps depend on weights and labels."""

from __future__ import annotations

from nfrlab.theory.rivals.predictions.scale import (
    CHANGED,
    SIMILAR,
    UNCHANGED,
    UNRELATED,
    Predict,
    always,
    noise,
)

PREDICTIONS: dict[str, Predict] = {
    "gradient-one-layer": noise,
    "gbp-randomised": always(UNCHANGED),
    "gradient-randomised": always(CHANGED),
    "grad-input-randomised": always(UNRELATED),
    "grad-input-absolute": always(SIMILAR),
    "permuted-labels": always(CHANGED),
}
