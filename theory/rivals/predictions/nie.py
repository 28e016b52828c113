"""Nie, Zhang & Patel 2018 (arXiv 1805.07039): masks and rectified relevance recover the image, partly if trained."""

from __future__ import annotations

from nfrlab.theory.rivals.predictions.scale import (
    CHANGED,
    CONVERGED,
    EQUAL,
    LOWER,
    PARTLY,
    RECOVERED,
    UNCHANGED,
    Predict,
    always,
    noise,
)

PREDICTIONS: dict[str, Predict] = {
    "gbp-one-layer": always(RECOVERED),
    "other-weights": always(LOWER),
    "gradient-one-layer": noise,
    "deconv": noise,
    "deconv-pooling": always(EQUAL),
    "gbp-maps": always(CONVERGED),
    "gbp-stack": always(CONVERGED),
    "gbp-direction": always(PARTLY),
    "gbp-randomised": always(UNCHANGED),
    "gradient-randomised": always(CHANGED),
    "removed": always(EQUAL),
    "other-class": always(UNCHANGED),
    "attack": always(UNCHANGED),
    "depth": always(EQUAL),
    "dense": always(LOWER),
}
