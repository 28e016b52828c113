"""The condition of `gram-sufficient` cannot be relaxed: a closed form, a gradient search and a search by Hypothesis."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from nfrlab.simulations.dense import layer
from nfrlab.theory.weighting import gram
from nfrlab.theory.weighting.proofs import gram as gram_proofs
from nfrlab.verify.claims.premises import SINGULAR
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination
from nfrlab.verify.court.evidence import Evidence, Finding, Kind
from nfrlab.verify.examine.derivation import derivation_evidence
from nfrlab.verify.examine.exact.gram_cases import (
    SIGMAS,
    active_part,
    agrees_with_formula,
    aim_at_bound,
    climb,
    conditioned_layer,
    tie,
)
from nfrlab.verify.examine.exact.statement import Case, to_alignment, to_fractions, to_strings
from nfrlab.verify.examine.exact.weightings import gradient_map, squared_alignments

EXCESS = Fraction(1, 16), Fraction(1, 1 << 10), Fraction(1, 1 << 30)
"""By how much, relatively, the ratio of singular values exceeds the bound."""
CLOSE = Fraction(99, 100)
"""How near to the bound a search has to come."""


def beyond_bound_evidence(exam: Examination, root: Callable[[Fraction], Fraction]) -> Evidence:
    """Whether at tan φ = σ − 1/σ every condition number beyond root(σ)² has a layer in which Activation loses to r > 0.

    The layer is diag(root(σ)(1 + ε), 1) with A = (σ, 1) and r = (1, σ³), simulated in exact rationals. Where
    Activation does not lose although the proven condition holds, the bound `root` is refuted; undecided where
    simulation and closed form disagree.
    """
    for sigma in SIGMAS:
        for excess in EXCESS:
            top = root(sigma) * (1 + excess)
            _, A, r = gram.extremal_case(sigma)
            case = {
                "x": to_fractions([A[0] / top, A[1]]),
                "W": to_fractions([[top, 0], [0, 1]]),
                "r": to_fractions(list(r)),
            }
            by_activation, by_r = squared_alignments(gradient_map, case)
            if not agrees_with_formula(case):
                return _beyond(Finding.UNDECIDED, to_strings(case))
            proven = gram.suffices((sigma - 1 / sigma) ** 2, top**2)
            if by_activation is None or by_r is None or by_activation >= by_r:
                numbers = {
                    "sigma": str(sigma),
                    "ratio of singular values": str(top),
                    "the condition holds": str(proven),
                }
                finding = Finding.REFUTES if proven else Finding.UNDECIDED
                return _beyond(finding, numbers | {"alpha_a": _as_text(by_activation), "alpha_b": _as_text(by_r)})
    return _beyond(Finding.SUPPORTS, None)


def _as_text(square: Fraction | None) -> str:
    return f"{to_alignment(square):.6f}"


def _beyond(finding: Finding, numbers: dict[str, Any] | None) -> Evidence:
    return Evidence(
        kind=Kind.IDENTITY,
        statement="beyond the bound, at every angle tried, Activation loses somewhere",
        finding=finding,
        method="simulated in exact rationals",
        n=len(SIGMAS) * len(EXCESS),
        counterexample=numbers,
        details={"σ": [str(s) for s in SIGMAS], "ε": [str(e) for e in EXCESS]},
    )


def gradient_search_evidence(exam: Examination) -> list[Evidence]:
    """Gradient ascent from random starts: does it come within 1e-6 of the bound, and never cross it?"""
    found = []
    for kappa in (1.5, 4.0, 100.0):
        for n in (2, 3, 4, 5, 6):
            end = climb(n, kappa, exam.pick(3, 30), exam.rng(f"{n} {kappa}"))
            crossed, there = end.best > 1 + 1e-9, end.best >= 1 - 1e-6 and end.beaten
            found.append(
                Evidence(
                    kind=Kind.SEARCH,
                    statement=f"largest tan φ of a tie / (√κ − 1/√κ), {n} neurons, κ = {kappa:g}",
                    finding=Finding.REFUTES if crossed else Finding.SUPPORTS if there else Finding.UNDECIDED,
                    method=(
                        "BFGS over G, A, r from random starts; just inside the bound r is simulated to beat Activation"
                    ),
                    n=exam.pick(3, 30),
                    numerical_error=1e-9,
                    details={"1 − best": 1 - end.best, "share of starts that reach it": end.reached},
                )
            )
    return found


def hypothesis_search_evidence(exam: Examination) -> list[Evidence]:
    """Hypothesis, told how near to the bound a tie lies, in exact rationals: does it come within 1 %, never beyond?

    A little nearer to A than the tie, r is simulated to beat Activation.
    """
    found = []
    for n, shape in enumerate(conditioned_layer()[: exam.pick(1, 2)], start=2):
        examples = exam.pick(400, 2000)
        case, square = aim_at_bound(shape, examples, exam.rng(f"aim {n}"))
        crossed, there = square > 1, case is not None and square > CLOSE**2 and activation_loses(case, CLOSE)
        found.append(
            Evidence(
                kind=Kind.SEARCH,
                statement=f"largest tan φ of a tie / (√κ − 1/√κ), {n} neurons, any κ, exact rationals",
                finding=Finding.REFUTES if crossed else Finding.SUPPORTS if there else Finding.UNDECIDED,
                method="hypothesis.target; just inside the bound r is simulated to beat Activation",
                n=examples,
                details={"best": float(square) ** 0.5, "κ": float(case["ratio"] ** 2) if case else 1.0},
            )
        )
    return found


def activation_loses(case: Case, share: Fraction) -> bool:
    """Whether Activation is worse than r turned to `share` of the tan φ of its tie, simulated in exact rationals."""
    _, A, _ = active_part(case)
    turned = 0 * case["r"]
    turned[layer(case["x"], case["W"]).mask] = A + share * (tie(case)[0] - A)
    by_activation, by_r = squared_alignments(gradient_map, case | {"r": turned})
    return by_activation is not None and by_r is not None and by_activation < by_r


def examine_sharpness(exam: Examination) -> list[Evidence]:
    """The derivation, the closed form in exact rationals, and both searches."""
    return [
        derivation_evidence(gram_proofs.gram_sharp),
        beyond_bound_evidence(exam, lambda sigma: sigma),
        *gradient_search_evidence(exam),
        *hypothesis_search_evidence(exam),
    ]


def crude_ratio(sigma: Fraction) -> Fraction:
    """`1/cos φ` at tan φ = σ − 1/σ, the root of the crude bound, from above and to 1e-4."""
    square = float(gram.crude_condition(float(sigma - 1 / sigma)))
    return Fraction(square**0.5).limit_denominator(10_000) + Fraction(1, 10_000)


CLAIMS = (
    Claim(
        id="gram-sharp",
        title="The condition for Theorem 2 cannot be relaxed",
        source="Theorem 2 without orthogonality",
        statement=(
            "At every angle 0 < φ < π/2 and every κ beyond exp(2 arsinh(½ tan φ)) there are active neurons of that "
            "condition number, and a positive r at that angle, better aligned than Activation: two orthogonal neurons "
            "do."
        ),
        premises=(SINGULAR,),
        examine=examine_sharpness,
        control=BrokenPremise(
            premise="the crude bound κ = 1/cos²φ claimed to be sharp",
            examine=lambda exam: [beyond_bound_evidence(exam, crude_ratio)],
        ),
        notices=("biases-5",),
    ),
)
