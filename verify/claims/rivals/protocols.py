"""Defects of public tools, as protocols: what a check says when it is carried out as they carry it out."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import partial
from itertools import pairwise

import numpy as np

from nfrlab.simulations.dense import Network, attribution, rule
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination
from nfrlab.verify.court.evidence import Claimed, Evidence, Finding, Kind
from nfrlab.verify.examine.exact.cases import exact_cases
from nfrlab.verify.examine.protocols import (
    carried_by_alpha_beta,
    fresh_weights,
    map_with_hooks,
    mean_over_steps,
    structural_similarity,
)
from nfrlab.verify.examine.statistics import median_evidence

SIDE, WIDTH, BLOCKS = 32, 64, 16
SHAPES = ((8, 8), (8, 8), (8, 4), (4, 4), (8, 4))
PRINTED = {"MNIST": (0.0438381918, 0.0438381919), "Fashion-MNIST": (0.0202314744, 0.0202314744)}
"""LeNet: MPRT of the gradient and of GBP, as the notebook of Hedström et al. stores them."""
QUANTUS, SIXT = "Quantus", "code of Sixt et al. 2020 (arXiv 1912.09818)"
ALONE = "The protocol alone is examined, in the few lines that matter; no network is trained."


def exact_evidence(statement: str, holds: Callable[[np.random.Generator], bool], exam: Examination) -> list[Evidence]:
    """Whether something is so in every one of many random cases."""
    return [exact_cases(statement, holds, exam)]


def sampled_evidence(
    statement: str, number: Callable[[np.random.Generator], float], claimed: Claimed, exam: Examination
) -> list[Evidence]:
    """The median of a number over random cases."""
    rng, n = exam.rng("cases"), exam.pick(400, 2000)
    values = np.array([number(rng) for _ in range(n)])
    return [median_evidence(statement, values, claimed, exam.budget.spend(1))]


def layers_are_equal(rng: np.random.Generator, every_layer: bool) -> bool:
    """Whether all layers of one shape have the same weights."""
    weights = fresh_weights(SHAPES, int(rng.integers(2**32)), every_layer)
    return all(np.array_equal(V, W) for V in weights for W in weights if V.shape == W.shape)


def mean_is_raised(rng: np.random.Generator, with_original: bool) -> bool:
    """Whether the mean of L similarities is too large by (1 − mean)/(L + 1)."""
    found = [Fraction(int(rng.integers(-99, 100)), 100) for _ in range(int(rng.integers(1, 9)))]
    mean = sum(found, Fraction(0)) / len(found)
    return mean_over_steps(found, with_original) == mean + (1 - mean) / (len(found) + 1)


def change_when_turned(rng: np.random.Generator, flat: bool) -> float:
    """By how much the SSIM of two maps changes when both are transposed: maps that are smooth along their rows."""
    common, *own = rng.standard_normal((3, SIDE, SIDE)).cumsum(axis=2)
    one, other = ((common + each) / abs(common + each).max() for each in own)

    def similarity(u: np.ndarray, v: np.ndarray) -> float:
        return structural_similarity(u.ravel(), v.ravel(), 7) if flat else structural_similarity(u, v, 7)

    return abs(similarity(one, other) - similarity(one.T, other.T))


def similarity_of_strangers(rng: np.random.Generator, share: float) -> float:
    """The SSIM of two independent maps, this share of whose entries is not zero, each divided by its largest."""
    maps = rng.standard_normal((2, SIDE, SIDE)) * (rng.random((2, SIDE, SIDE)) < share)
    one, other = maps / abs(maps).max(axis=(1, 2), keepdims=True)
    return structural_similarity(one, other, 5)


def convergence(rng: np.random.Generator, clipped: bool) -> float:
    """|cos| of two vectors N(0, I) after the blocks of α5β4."""
    u, v = carried_by_alpha_beta(rng.standard_normal((WIDTH, 2)), 5.0, BLOCKS, rng, clipped).T
    return float(abs(u @ v) / np.linalg.norm(u) / np.linalg.norm(v))


def guided_is_gradient(rng: np.random.Generator, hooked: bool) -> bool:
    """Whether the map of GBP is that of the gradient, entry by entry, in a network of whole numbers."""
    sizes = (6, 8, 8, 1)
    weights = tuple(rng.integers(-3, 4, shape).astype(float) for shape in pairwise(sizes))
    layers = Network(weights).forward(rng.integers(-3, 4, sizes[0]).astype(float))
    return np.array_equal(map_with_hooks(layers, "gbp", hooked), attribution(layers, rule("grad")))


def hooks_evidence(exam: Examination) -> list[Evidence]:
    """Random networks, and what was printed."""
    words = "GBP attached to modules, ReLUs called as functions: the map is the gradient's"
    printed = [
        Evidence(
            kind=Kind.IDENTITY,
            statement=f"{data}: printed scores of the gradient and of GBP, {one} and {other}, differ by 1e-9 or less",
            finding=Finding.SUPPORTS if abs(one - other) <= 1.001e-9 else Finding.REFUTES,
            method="as printed",
            n=1,
        )
        for data, (one, other) in PRINTED.items()
    ]
    return [*exact_evidence(words, partial(guided_is_gradient, hooked=False), exam), *printed]


SAME_MAP, ALIKE, TURNED = Claimed.between(0.99, 2.0), Claimed.between(0.5, 2.0), Claimed.between(0.02, 2.0)

CLAIMS = (
    Claim(
        id="protocols-equal-seeds",
        title="A seed set before every layer makes equal layers",
        source=f"{QUANTUS}, random weights of its PyTorch models",
        statement="With the seed set before every layer, all layers of one shape get the same weights.",
        premises=("weights are drawn layer by layer, i.i.d., from one generator",),
        examine=partial(
            exact_evidence,
            "seed set before every layer: layers of one shape are equal",
            partial(layers_are_equal, every_layer=True),
        ),
        control=BrokenPremise(
            premise="the seed is set before every layer: it is set once",
            examine=partial(
                exact_evidence,
                "seed set once: layers of one shape are equal",
                partial(layers_are_equal, every_layer=False),
            ),
        ),
        blind=ALONE,
    ),
    Claim(
        id="protocols-original-averaged",
        title="The untouched network among the steps raises the mean",
        source=f"{QUANTUS}, mean correlation per sample of its randomisation checks",
        statement=(
            "The similarity 1 of the untouched network stands among those of L steps: a mean m is printed as "
            "m+(1−m)/(L+1)."
        ),
        premises=("similarities are rational numbers from −1 to 1, L is 1 to 8",),
        examine=partial(
            exact_evidence, "1 averaged in: m + (1 − m)/(L + 1)", partial(mean_is_raised, with_original=True)
        ),
        control=BrokenPremise(
            premise="the untouched network is among the steps",
            examine=partial(
                exact_evidence, "left out: m + (1 − m)/(L + 1)", partial(mean_is_raised, with_original=False)
            ),
        ),
        blind=ALONE,
    ),
    Claim(
        id="protocols-flat-ssim",
        title="SSIM of maps in one dimension depends on how they lie",
        source=f"{QUANTUS}, SSIM of maps that come in batches",
        statement=(
            "SSIM with a window of 7 entries of the flattened maps changes by 0.02 or more, in the median, when both "
            f"maps are transposed: maps of {SIDE} × {SIDE} that are smooth along their rows."
        ),
        premises=("two maps have a random walk along every row in common, and each one of its own", "range 2"),
        examine=partial(sampled_evidence, "one dimension: change", partial(change_when_turned, flat=True), TURNED),
        control=BrokenPremise(
            premise="one dimension: windows of 7 × 7 pixels",
            examine=partial(
                sampled_evidence, "two dimensions: change", partial(change_when_turned, flat=False), TURNED
            ),
        ),
        blind=ALONE,
    ),
    Claim(
        id="protocols-sparse-ssim",
        title="Sparse maps are alike by SSIM, whatever they show",
        source=f"{SIXT}, SSIM without a stated range, RectGrad at 98 %",
        statement=(
            "Two independent maps of which 2 % are not zero, divided by their largest entry, have an SSIM of 0.5 or "
            "more in the median (5 × 5 windows, range 2)."
        ),
        premises=(f"entries are independent, N(0, 1) or 0; maps of {SIDE} × {SIDE}",),
        examine=partial(sampled_evidence, "2 % not zero: SSIM", partial(similarity_of_strangers, share=0.02), ALIKE),
        control=BrokenPremise(
            premise="the maps are sparse: no entry is zero",
            examine=partial(sampled_evidence, "none zero: SSIM", partial(similarity_of_strangers, share=1.0), ALIKE),
        ),
        blind=ALONE,
    ),
    Claim(
        id="protocols-clip",
        title="A clip to [0, 1000] at every block makes LRP-α5β4 converge",
        source=f"{SIXT}, its rule for residual additions under LRP-αβ",
        statement=(
            f"With relevance clipped to [0, 1000] after each of {BLOCKS} random layers of {WIDTH} neurons, two vectors "
            "N(0, I) under LRP-α5β4 have |cos| of 0.99 or more in the median."
        ),
        premises=("weights are Gaussian, activations relu(N(0, 1)), independent; a chain without its shortcuts",),
        examine=partial(sampled_evidence, "clipped: |cos|", partial(convergence, clipped=True), SAME_MAP),
        control=BrokenPremise(
            premise="the relevance is clipped: the rule as it was published",
            examine=partial(sampled_evidence, "not clipped: |cos|", partial(convergence, clipped=False), SAME_MAP),
        ),
        blind=ALONE,
    ),
    Claim(
        id="protocols-functional-relu",
        title="Where ReLUs are called as functions, GBP is the gradient",
        source="Hedström et al. 2024 (arXiv 2405.02383), LeNet under zennit, whose rules attach to modules",
        statement=(
            "Attached to modules alone, GBP leaves the gradient's map in a network that calls its ReLUs as functions; "
            "and the scores printed for both on LeNet differ by 1e-9 or less."
        ),
        premises=("what no rule is attached to is differentiated",),
        examine=hooks_evidence,
        control=BrokenPremise(
            premise="no ReLU is a module: all of them are",
            examine=partial(
                exact_evidence,
                "GBP attached to every ReLU: the map is the gradient's",
                partial(guided_is_gradient, hooked=True),
            ),
        ),
        blind=ALONE,
    ),
)
