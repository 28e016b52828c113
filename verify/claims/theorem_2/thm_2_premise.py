"""Theorem 2's premise: Gaussian neurons are nearly orthogonal and of nearly equal length. Two of them; N of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nfrlab.simulations.dense import sample
from nfrlab.theory.weighting import near_orthogonal
from nfrlab.theory.weighting.proofs import near_orthogonal as near_orthogonal_proofs
from nfrlab.verify import intervals
from nfrlab.verify.claims.premises import PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination, RestoredPremise
from nfrlab.verify.court.evidence import Claimed, Evidence, Kind
from nfrlab.verify.examine.derivation import derivation_evidence
from nfrlab.verify.examine.statistics import median_evidence, proportion_evidence

EPSILON = 0.1
"""What 'approximately' is taken to mean: |cos| ≤ ε, lengths within a factor of 1 + ε."""
RATIO_EPSILON = 0.21 / 2.21
"""ε′ of the bound of lengths: within 10 % is ‖u‖²/‖v‖² ≤ 1.21 = (1 + ε′)/(1 − ε′)."""
DELTA = 0.05
"""Resolution of a claimed probability."""
NEAR = Claimed.between(0.0, 0.1)
"""How far WᵀW/d may be from I and still be near it."""
PROMISE = 1e-3
"""Probability of failure for which the union bound's dimension is taken."""


def rate_evidence(statement: str, hits: int, n: int, miss: float, bound: float, **details: float) -> Evidence:
    """A probability claimed to be at least 1 − `bound`, with resolution δ = 0.05.

    Parameters
    ----------
    statement
        What the probability is of.
    hits, n
        How often it happened, among how many.
    miss
        The error probability of the interval.
    bound
        The theory's tail bound.
    details
        What else is printed.
    """
    claimed = Claimed.between(1 - bound, 1.0, resolution=DELTA)
    return proportion_evidence(statement, hits, n, claimed, miss, details=details | {"tail_bound": bound})


def pair_evidence(exam: Examination, family: str = "gaussian") -> list[Evidence]:
    """P(|cos| ≤ 0.1 and lengths within 10 %) for two neurons with the inputs of VGG16's largest layers."""
    miss = exam.budget.spend(2)
    found = []
    for d in (4608, 25088):
        n = exam.pick(800, 3000)
        rng = exam.rng(f"pair {family} {d}")
        hits = 0
        for _ in range(n):
            u, v = sample(family, d, 2, rng).T
            ratio = np.linalg.norm(u) / np.linalg.norm(v)
            cosine = u @ v / np.linalg.norm(u) / np.linalg.norm(v)
            hits += bool(abs(cosine) <= EPSILON and 1 / (1 + EPSILON) <= ratio <= 1 + EPSILON)
        by_angle = near_orthogonal.cosine_tail_bound(d, EPSILON)
        bound = min(1.0, by_angle + near_orthogonal.norm_ratio_tail_bound(d, RATIO_EPSILON))
        found.append(
            rate_evidence(f"two {family} neurons, d = {d}: |cos| ≤ 0.1, lengths within 10 %", hits, n, miss, bound, d=d)
        )
    return found


def printed(exam: Examination) -> list[Evidence]:
    """The derivation of the tail bounds, and samples of two neurons."""
    return [derivation_evidence(near_orthogonal_proofs.pair_orthogonality), *pair_evidence(exam)]


def frame_distance(family: str, d: int, N: int, rng: np.random.Generator) -> float:
    """The spectral norm `‖WᵀW/d − I‖` of N fresh neurons in R^d.

    The eigenvalues of WᵀW are those of the smaller of WᵀW and WWᵀ and, for N > d, zeros.
    """
    W = sample(family, d, N, rng)
    values = np.linalg.eigvalsh((W @ W.T if d < N else W.T @ W) / d)
    return float(max(np.max(np.abs(values - 1)), 1.0 if d < N else 0.0))


LAYERS = tuple((d, N) for d in (64, 256, 512) for N in (d // 2, 2 * d))
"""(d, N) of layers whose N grows with d."""
FEW = (4608, 2), (25_088, 8)
"""(d, N) of so few neurons, N ≪ d, that their frame is nearly orthonormal."""


def frame_evidence(
    exam: Examination, family: str = "gaussian", shapes: Sequence[tuple[int, int]] = LAYERS
) -> list[Evidence]:
    """The median of `‖WᵀW/d − I‖` for growing d, held against "near I": at most 0.1."""
    miss = exam.budget.spend(len(shapes))
    found = []
    for d, N in shapes:
        rng = exam.rng(f"frame {family} {d} {N}")
        values = np.array([frame_distance(family, d, N, rng) for _ in range(intervals.median_plan(miss, 0.0))])
        found.append(
            median_evidence(
                f"‖WᵀW/d − I‖ → 0: d = {d}, N = {N}",
                values,
                NEAR,
                miss,
                details={"d": d, "N": N, "Welch bound": near_orthogonal.welch_bound(d, N)},
            )
        )
    return found


def welch_evidence(N: int = 64) -> Evidence:
    """In VGG16's first layer N neurons of R²⁷: can they be pairwise within 0.1 of orthogonal, whatever they are?

    The least possible max |cos| of N ≤ d vectors is 0, and of more at least Welch's bound.
    """
    bound = near_orthogonal.welch_bound(27, N)
    return Evidence.from_interval(
        Kind.IDENTITY,
        f"{N} neurons in R²⁷ (VGG16 conv1_1 has 64) can have all |cos| ≤ 0.1",
        (bound, 1.0 if N > 27 else 0.0),
        Claimed.between(0.0, EPSILON),
        "Welch bound: the largest |cos| of N > d vectors is at least √((N−d)/(d(N−1))); N ≤ d can be orthonormal",
        counterexample={"d": "27", "N": str(N), "least possible max |cos|": f"{bound:.6f}"} if N > 27 else None,
    )


def examine_frame(exam: Examination) -> list[Evidence]:
    """Welch's bound, and the frame's distance from orthonormal."""
    return [welch_evidence(), *frame_evidence(exam)]


def examine_few_neurons(exam: Examination) -> list[Evidence]:
    """The same of 27 neurons in R²⁷, and of few neurons in many dimensions."""
    return [welch_evidence(27), *frame_evidence(exam, shapes=FEW)]


def all_pairs_evidence(exam: Examination, shapes: tuple[tuple[int, int], ...]) -> list[Evidence]:
    """P(max |cos| ≤ 0.1) over all pairs of N Gaussian neurons in R^d, held against the promised 1 − 10⁻³.

    n is planned so that, where the promise is just kept, the interval ends above 1 − 10⁻³ − δ with probability ≥ 0.99.
    """
    miss, found = exam.budget.spend(len(shapes)), []
    n = intervals.rate_plan(miss, 1 - PROMISE, DELTA - PROMISE)
    for d, N in shapes:
        rng, hits = exam.rng(f"all {d} {N}"), 0
        for _ in range(n):
            W = sample("gaussian", d, N, rng)
            W /= np.linalg.norm(W, axis=0)
            hits += bool(np.max(np.abs(W.T @ W - np.eye(N))) <= EPSILON)
        found.append(
            rate_evidence(f"all {N} Gaussian neurons in R^{d}: max |cos| ≤ 0.1", hits, n, miss, PROMISE, d=d, N=N)
        )
    return found


def large_enough_layers() -> tuple[tuple[int, int], ...]:
    """(d, N) with d from the union bound at probability 10⁻³, N = 2, 8, 32."""
    return tuple((near_orthogonal.dimension_for_pairs(N, EPSILON, PROMISE), N) for N in (2, 8, 32))


def repair(exam: Examination) -> list[Evidence]:
    """The derivation, and samples of all pairs at the dimension that the union bound asks for."""
    return [derivation_evidence(near_orthogonal_proofs.all_pairs), *all_pairs_evidence(exam, large_enough_layers())]


def examine_small_dimension(exam: Examination) -> list[Evidence]:
    """Samples of all pairs at an eighth of that dimension."""
    return all_pairs_evidence(exam, tuple((d // 8, N) for d, N in large_enough_layers()))


CLAIMS = (
    Claim(
        id="thm-2-premise",
        title="Two Gaussian neurons are nearly orthogonal and of equal length",
        source=f"{PAPER}, text after Theorem 2",
        statement=(
            "For two weight vectors from an i.i.d. Gaussian the probability that they are approximately (within 0.1) "
            "orthogonal and of equal length approaches 1 as the dimension grows."
        ),
        premises=("two vectors", "entries i.i.d. N(0, σ²)"),
        examine=printed,
        control=BrokenPremise(
            premise="a heavy-tailed radius: multivariate t", examine=lambda exam: pair_evidence(exam, "student")
        ),
    ),
    Claim(
        id="thm-2-premise-all",
        title="The N neurons of a layer are nearly an orthogonal frame",
        source=f"{PAPER}, text after Theorem 2: 'these conditions are readily satisfied'",
        statement=(
            "The conditions of Theorem 2 — any two of all N neurons orthogonal and of equal length — are "
            "approximately met as the dimension grows with N/d fixed, as in a layer: WᵀW/d → I, and all pairs of "
            "VGG16's layers are within 0.1 of orthogonal."
        ),
        premises=("N neurons, N/d fixed", "entries i.i.d. N(0, 1)"),
        examine=examine_frame,
        control=BrokenPremise(
            premise="N equal-norm neurons with pairwise cosine ½",
            examine=lambda exam: frame_evidence(exam, "tilted"),
        ),
        restored=RestoredPremise(
            premise="N ≪ d: 2 neurons of 4,608 inputs, 8 of 25,088; no more than d in VGG16's first layer",
            examine=examine_few_neurons,
        ),
    ),
    Claim(
        id="thm-2-premise-all-repair",
        title="N neurons are pairwise nearly orthogonal once d ≫ ln N",
        source="repair of the text after Theorem 2",
        statement=(
            "P(max |cos| > ε) ≤ N(N−1)/2 (1 − ε²)^((d−1)/2): pairwise, N Gaussian neurons are within ε of orthogonal "
            "as soon as d ε² ≫ 4 ln N; as a frame (WᵀW/d near I) only when N ≪ d."
        ),
        premises=("entries i.i.d. N(0, 1)", "d from the union bound at 10⁻³"),
        examine=repair,
        control=BrokenPremise(premise="an eighth of that dimension", examine=examine_small_dimension),
        repairs="thm-2-premise-all",
    ),
)
