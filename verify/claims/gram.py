"""Theorem 2 without orthogonality: any Gram matrix, a sharp condition on it, and the best weighting there is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from math import ceil, log, sqrt
from typing import Any

import numpy as np

from simulations.onelayer import layer, pairs, rules
from simulations.onelayer.arrays import Array
from theory import gram, weighting_proofs
from theory.law import alignment_law
from verify import intervals
from verify.claim import BrokenPremise, Claim, Examination
from verify.claims.common import derived
from verify.claims.thm_2 import inequality, sides
from verify.evidence import Evidence, Finding, Kind, decide
from verify.exact import Case, ExactStatement, exact, search, signed_square_alignment, to_alignment
from verify.gram_layers import SOURCES, layers
from verify.gram_search import active, climb, conditioned, from_singular_values, has_condition, solve, wide_enough
from verify.law_evidence import kolmogorov

SINGULAR = "W of any shape; the Gram matrix of the active neurons regular, of condition number κ"
ROUNDING = 1e-12  # of an alignment
POINTS = 800  # at which distributions are compared
SIGMAS = Fraction(11, 10), Fraction(3, 2), Fraction(2), Fraction(7, 2), Fraction(10)
EXCESS = Fraction(1, 16), Fraction(1, 1 << 10), Fraction(1, 1 << 30)
LAYER = 27, 9  # (d, N) where α* is sampled


def weighted(case: Case, r: Array) -> Array:
    """The map of hidden relevance r through the plain gradient."""
    return rules.grad(layer(case["x"], case["W"]), r)


def by_formula(case: Case) -> bool:
    """The theory's sign of α(A) − α(r)."""
    G, A, r = active(case)
    return bool(r @ A <= 0 or gram.advantage(G, A, r) >= 0)


def ordering(text: str, power: int) -> ExactStatement:
    """α(A) ≥ α(r) wherever r is at an angle to A that the sharp condition asks for at ratio^power."""

    def premise(case: Case) -> bool:
        return bool(np.any(layer(case["x"], case["W"]).mask)) and wide_enough(case, power) and has_condition(case)

    statement = inequality(text, weighted, conditioned(), from_singular_values, premise, perturbed=("A", "r"))
    return replace(statement, second=by_formula)


def sufficient(exam: Examination) -> list[Evidence]:
    """Derivation, an exact search that has to fail, and layers random and real."""
    text = "tan φ ≥ √κ − 1/√κ ⇒ α(A) ≥ α(r)"
    return [
        derived(weighting_proofs.gram_condition),
        *search(ordering(text, power=2), exam, "sharp"),
        *real(exam),
    ]


def root_forgotten(exam: Examination) -> list[Evidence]:
    """The same with σ_max/σ_min for κ."""
    return search(ordering("κ replaced by √κ", power=1), exam, "root")


def real(exam: Examination) -> list[Evidence]:
    """How often Activation loses by more than rounding, and how often the condition holds, in random layers on real
    patches and in the trained digits network. A layer that meets the condition and is lost refutes.
    """
    alpha = exam.ledger.draw(2 * len(SOURCES), 0.5)
    return [_real(exam, name, alpha) for name in SOURCES]


def _real(exam: Examination, name: str, alpha: float) -> Evidence:
    seen = layers(name, exam.pick(60, 1500), exam.rng(name), exam.images)
    n, holds = len(seen["kappa"]), seen["tangent"] >= seen["needed"] * (1 + 1e-9)
    loses = seen["advantage"] < -ROUNDING
    lost = -seen["advantage"][loses]
    return Evidence(
        Kind.REACH,
        f"Activation loses, condition or not: {name}",
        Finding.REFUTES if np.any(holds & loses) else Finding.SILENT,
        "Clopper–Pearson",
        alpha=2 * alpha,
        n=n,
        interval=intervals.clopper_pearson(len(lost), n, alpha),
        details={
            "draw": name,
            "rate": len(lost) / n,
            "median_size": float(np.median(lost)) if len(lost) else 0.0,
            "largest_size": float(np.max(lost)) if len(lost) else 0.0,
            "the condition holds": float(holds.mean()),
            "its interval": intervals.clopper_pearson(int(holds.sum()), n, alpha),
            "median κ": float(np.median(seen["kappa"])),
            "median tan φ": float(np.median(seen["tangent"])),
            "median share of α* reached": float(np.median(seen["reached"])),
        },
    )


def beyond(exam: Examination, root: Callable[[Fraction], Fraction]) -> Evidence:
    """At tan φ = σ − 1/σ, every condition number beyond root(σ)² has a layer in which Activation loses to r > 0.

    The layer is diag(root(σ)(1 + ε), 1) with A = (σ, 1) and r = (1, σ³), simulated in exact rationals. Where there is
    none because the proven condition holds, the bound is refuted.
    """
    for sigma in SIGMAS:
        for excess in EXCESS:
            top = root(sigma) * (1 + excess)
            _, A, r = gram.extremal(sigma)
            case = {"x": exact([A[0] / top, A[1]]), "W": exact([[top, 0], [0, 1]]), "r": exact(list(r))}
            by_activation, by_r = sides(weighted, case)
            proven = gram.suffices((sigma - 1 / sigma) ** 2, top**2)
            if by_activation is None or by_r is None or by_activation >= by_r:
                numbers = {
                    "sigma": str(sigma),
                    "ratio of singular values": str(top),
                    "the condition holds": str(proven),
                }
                finding = Finding.REFUTES if proven else Finding.UNDECIDED
                return _beyond(finding, numbers | {"alpha_a": _shown(by_activation), "alpha_b": _shown(by_r)})
    return _beyond(Finding.SUPPORTS, None)


def _shown(square: Fraction | None) -> str:
    return f"{to_alignment(square):.6f}"


def _beyond(finding: Finding, numbers: dict[str, Any] | None) -> Evidence:
    return Evidence(
        Kind.IDENTITY,
        "beyond the bound, at every angle tried, Activation loses somewhere",
        finding,
        "simulated in exact rationals",
        n=len(SIGMAS) * len(EXCESS),
        counterexample=numbers,
        details={"σ": [str(s) for s in SIGMAS], "ε": [str(e) for e in EXCESS]},
    )


def climbed(exam: Examination) -> list[Evidence]:
    """Gradient ascent from random starts: it reaches the bound to within 1e-6, and never crosses it."""
    found = []
    for kappa in (1.5, 4.0, 100.0):
        for n in (2, 3, 4, 5, 6):
            end = climb(n, kappa, exam.pick(3, 30), exam.rng(f"{n} {kappa}"))
            crossed, there = end.best > 1 + 1e-9, end.best >= 1 - 1e-6 and end.beaten
            found.append(
                Evidence(
                    Kind.SEARCH,
                    f"largest tan φ of a tie / (√κ − 1/√κ), {n} neurons, κ = {kappa:g}",
                    Finding.REFUTES if crossed else Finding.SUPPORTS if there else Finding.UNDECIDED,
                    "BFGS over G, A, r from random starts; just inside the bound r is simulated to beat Activation",
                    n=exam.pick(3, 30),
                    numerical_error=1e-9,
                    details={"1 − best": 1 - end.best, "share of starts that reach it": end.reached},
                )
            )
    return found


def sharp(exam: Examination) -> list[Evidence]:
    """Derivation, the closed form in exact rationals, and the search."""
    return [derived(weighting_proofs.gram_sharp), beyond(exam, lambda sigma: sigma), *climbed(exam)]


def crude(sigma: Fraction) -> Fraction:
    """`1/cos φ` from above, to 1e-4."""
    square = float(gram.crude_condition(float(sigma - 1 / sigma)))
    return Fraction(square**0.5).limit_denominator(10_000) + Fraction(1, 10_000)


def best_alignments(case: Case) -> tuple[Fraction, Fraction, Fraction]:
    """Signed squares of (α*, α(A), α(r)): of the maps of G⁻¹A, A and r."""
    at = layer(case["x"], case["W"])
    G, A, _ = active(case)
    s = 0 * at.act
    s[at.mask] = solve(G, A)
    squares = [signed_square_alignment(weighted(case, r), case["x"]) for r in (s, at.act, case["r"])]
    return tuple(Fraction(0) if square is None else square for square in squares)  # type: ignore[return-value]


def bounded(text: str, power: int) -> ExactStatement:
    """`α(r) ≤ α*`, and `α(A)² ≥ 4κ/(1 + κ)² α*²`, κ the ratio of singular values to `power`."""

    def shares(case: Case) -> tuple[Fraction, Fraction]:
        """The larger and the smaller side of what is nearest to failing: `α*² ≥ α(r)²` or `α(A)² ≥ bound`."""
        best, own, other = best_alignments(case)
        kappa = case["ratio"] ** power
        return min((best, other), (own, 4 * kappa / (1 + kappa) ** 2 * best), key=lambda pair: pair[0] - pair[1])

    def shortage(case: Case) -> Fraction:
        larger, smaller = shares(case)
        return smaller - larger

    return ExactStatement(
        text,
        conditioned(),
        from_singular_values,
        lambda case: has_condition(case) and bool(np.any(layer(case["x"], case["W"]).mask)),
        holds=lambda case: shortage(case) <= 0,
        sides=lambda case: dict(zip(("squared alignment", "squared bound"), map(str, shares(case)), strict=True)),
        size=lambda case: float(shortage(case)),
        perturbed=("A", "r"),
    )


def attained(exam: Examination) -> Evidence:
    """W = diag(σ, 1), A = (1, 1): Activation reaches exactly 2√κ/(1 + κ) of α*, κ = σ²."""
    exactly = True
    for sigma in SIGMAS:
        case = {"x": exact([1 / sigma, 1]), "W": exact([[sigma, 0], [0, 1]]), "r": exact([1, 1])}
        best, own, _ = best_alignments(case)
        exactly = exactly and own == 4 * sigma**2 / (1 + sigma**2) ** 2 * best
    return Evidence(
        Kind.IDENTITY,
        "A = (1, 1), G = diag(κ, 1): α(A) = 2√κ/(1 + κ) α*",
        Finding.SUPPORTS if exactly else Finding.UNDECIDED,
        "simulated in exact rationals",
        n=len(SIGMAS),
    )


def on_gaussian_weights(exam: Examination) -> Evidence:
    """The distribution of α* of Gaussian layers: that of Activation's α on one Haar frame, exact by `theory.law`.

    If it is, the empirical one strays by at most `√(ln 200/2n)` with probability ≥ 0.99; n has room for that, for DKW's
    radius and for the grid within δ.
    """
    (d, N), alpha, delta = LAYER, exam.ledger.draw(1), exam.pick(0.05, 0.02)
    law = alignment_law("activation", "haar", d, N)
    planned = ceil(((sqrt(log(2 / alpha)) + sqrt(log(200))) / (delta - 1 / POINTS)) ** 2 / 2)
    values = pairs.alignments(("best",), d, N, int(planned / (1 - 0.5**N) * 1.05), exam.rng("best"), whole=True)[:, 0]
    values = values[~np.isnan(values)]
    (least, most), radius = kolmogorov(values, law, POINTS), intervals.dkw_radius(len(values), alpha)
    around = max(0.0, least - radius), min(1.0, most + radius)
    return Evidence(
        Kind.MONTE_CARLO,
        f"sup |P(α* ≤ a) − P(α ≤ a on a frame)| = 0 ± {delta}, Gaussian weights, d = {d}, N = {N}",
        decide(around, (0.0, 0.0), delta),
        "Dvoretzky–Kiefer–Wolfowitz",
        alpha=alpha,
        delta=delta,
        n=len(values),
        interval=around,
        claimed=(0.0, 0.0),
        power=0.99,
        details={"distance, at least": least, "at most": most},
    )


def best(exam: Examination) -> list[Evidence]:
    """Derivation, an exact search that has to fail, the extreme case, and Gaussian layers."""
    text = "α(r) ≤ α*, and α(A) ≥ 2√κ/(1 + κ) α*"
    statement = bounded(text, power=2)
    return [
        derived(weighting_proofs.gram_best),
        *search(statement, exam, "best"),
        attained(exam),
        on_gaussian_weights(exam),
    ]


CLAIMS = (
    Claim(
        "gram-sufficient",
        "Theorem 2 for any Gram matrix that is conditioned well enough",
        "Theorem 2 without orthogonality",
        "α(R_a, x) ≥ α(R_r, x) for r_a = A and every r at an angle φ to A with tan φ ≥ √κ − 1/√κ, that is cos²φ ≤ "
        "κ/(κ² − κ + 1); κ is the condition number of the Gram matrix of the active neurons.",
        (SINGULAR, "r of any sign, not zero on the active set; always at φ ≥ π/2"),
        (Kind.DERIVATION, Kind.SEARCH, Kind.REACH),
        sufficient,
        BrokenPremise("κ replaced by the ratio of singular values √κ", root_forgotten),
    ),
    Claim(
        "gram-sharp",
        "The condition for Theorem 2 cannot be relaxed",
        "Theorem 2 without orthogonality",
        "At every angle 0 < φ < π/2 and every κ beyond exp(2 arsinh(½ tan φ)) there are active neurons of that "
        "condition number, and a positive r at that angle, better aligned than Activation: two orthogonal neurons do.",
        (SINGULAR,),
        (Kind.DERIVATION, Kind.IDENTITY, Kind.SEARCH),
        sharp,
        BrokenPremise("the crude bound κ = 1/cos²φ claimed to be sharp", lambda exam: [beyond(exam, crude)]),
    ),
    Claim(
        "gram-best",
        "The best weighting, and how far Activation falls short of it",
        "Theorem 2 without orthogonality",
        "No weighting is better aligned than G⁻¹A; Activation reaches at least 2√κ/(1 + κ) of its α*, and no more in "
        "the worst case. On N ≤ d Gaussian neurons α* is distributed as Activation's α on one Haar frame.",
        (SINGULAR, "A ≠ 0", f"Gaussian neurons examined at (d, N) = {LAYER}"),
        (Kind.DERIVATION, Kind.SEARCH, Kind.IDENTITY, Kind.MONTE_CARLO),
        best,
        BrokenPremise(
            "κ replaced by the ratio of singular values √κ",
            lambda exam: search(bounded("κ replaced by √κ", power=1), exam, "root"),
        ),
    ),
)
