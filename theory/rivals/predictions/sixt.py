"""Sixt, Granz & Landgraf 2020 (arXiv 1912.09818): products of non-negative matrices become rank 1."""

from __future__ import annotations

from nfrlab.theory.rivals.predictions.scale import (
    APART,
    CHANGED,
    CONVERGED,
    EQUAL,
    LOWER,
    UNCHANGED,
    Predict,
    always,
)

PREDICTIONS: dict[str, Predict] = {
    "zplus-relevance": always(CONVERGED),
    "rectgrad-maps": always(CONVERGED),
    "gbp-maps": always(CONVERGED),
    "gbp-stack": always(CONVERGED),
    "beta": always(LOWER),
    "rescale-maps": always(APART),
    "revealcancel-maps": always(APART),
    "ablated-maps": always(CONVERGED),
    "pattern-maps": always(CONVERGED),
    "gbp-randomised": always(UNCHANGED),
    "gradient-randomised": always(CHANGED),
    "grad-input-randomised": always(CHANGED),
    "removed": always(EQUAL),
    "other-class": always(UNCHANGED),
    "attack": always(UNCHANGED),
    "permuted-labels": always(UNCHANGED),
    "extremes": always(UNCHANGED),
    "bottom-up": always(LOWER),
}
