"""Zheng, Sang & Xu 2025 (arXiv 2503.11160): filters of negative contributions align maps with the input."""

from __future__ import annotations

from nfrlab.theory.rivals.predictions.scale import (
    ALIGNED,
    CHANGED,
    HIGHER,
    LOWER,
    RECOVERED,
    UNCHANGED,
    Predict,
    always,
    explained_by_alignment,
    noise,
)

PREDICTIONS: dict[str, Predict] = {
    "gbp-one-layer": always(RECOVERED),
    "other-weights": always(LOWER),
    "gradient-one-layer": noise,
    "zplus-direction": always(ALIGNED),
    "zplus-relevance": explained_by_alignment,
    "rectgrad-maps": explained_by_alignment,
    "gbp-maps": explained_by_alignment,
    "gbp-stack": explained_by_alignment,
    "gbp-direction": always(ALIGNED),
    "beta": always(LOWER),
    "ablated-maps": explained_by_alignment,
    "gbp-randomised": always(UNCHANGED),
    "gradient-randomised": always(CHANGED),
    "removed": always(LOWER),
    "other-class": always(UNCHANGED),
    "attack": always(UNCHANGED),
    "permuted-labels": always(UNCHANGED),
    "extremes": always(UNCHANGED),
    "bottom-up": always(LOWER),
    "depth": always(HIGHER),
    "dense": always(HIGHER),
}
