"""Binder et al. 2023 (arXiv 2211.12486): large activations keep their chance to dominate what is randomised."""

from __future__ import annotations

from nfrlab.theory.rivals.predictions.scale import (
    CHANGED,
    HIGHER,
    LOWER,
    MOSTLY_UNCHANGED,
    Predict,
    always,
)

PREDICTIONS: dict[str, Predict] = {
    "gbp-randomised": always(MOSTLY_UNCHANGED),
    "gradient-randomised": always(CHANGED),
    "extremes": always(CHANGED),
    "bottom-up": always(LOWER),
    "skip": always(HIGHER),
    "noise-score": always(HIGHER),
    "ranking": always(CHANGED),
}
