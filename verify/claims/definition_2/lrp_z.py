"""LRP-z is Grad⊙Input in bias-free ReLU networks (Ancona et al.)."""

from __future__ import annotations

import numpy as np

from nfrlab.simulations.dense import Network, attribution, rule
from nfrlab.simulations.dense.arrays import Array
from nfrlab.simulations.dense.montecarlo import gaussian_stack
from nfrlab.simulations.dense.trained import digits_network
from nfrlab.simulations.images import digit, normalise
from nfrlab.theory.filtering import proofs
from nfrlab.verify.claims.premises import PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination
from nfrlab.verify.court.evidence import Evidence, Finding, Kind
from nfrlab.verify.examine.derivation import derivation_evidence
from nfrlab.verify.examine.exact.integer_layers import Shapes, as_case, matrix, parameters, vector
from nfrlab.verify.examine.exact.search import search
from nfrlab.verify.examine.exact.statement import Case, ExactStatement

LRP, GRAD_INPUT = rule("lrp-z", bias_in_denominator=False), rule("grad-input")
ROUNDING = 1e-9
"""Relative difference of two maps in float64; small pre-activations amplify it."""


def integer_stack(biased: bool) -> Shapes:
    """The parameters of a stack: x ∈ Z², W_1 ∈ Z^{2×2}, W_2 ∈ Z^{2×1}, and, if biased, the hidden biases b_1 ∈ Z²."""
    bias = {"b1": vector(2)} if biased else {}
    return (parameters(x=vector(2), W1=matrix(2, 2), W2=matrix(2, 1), **bias),)


def network_of(case: Case) -> Network:
    """The network of a case; its output has no bias."""
    biases = (case["b1"], 0 * case["W2"][0]) if "b1" in case else None
    return Network((case["W1"], case["W2"]), biases)


def both_maps(case: Case) -> tuple[Array, Array]:
    """The maps of LRP-z and of Grad⊙Input, exactly."""
    layers = network_of(case).forward(case["x"])
    return attribution(layers, LRP), attribution(layers, GRAD_INPUT)


def is_defined(case: Case) -> bool:
    """Whether eq. 8 is defined: no denominator `Σ_k z_kj` of a neuron that carries relevance is zero."""
    layers = network_of(case).forward(case["x"])
    return all(np.all((layer.W.T @ layer.a != 0) | (layer.act == 0)) for layer in layers) and bool(layers[-1].z[0] != 0)


def equality_statement(text: str, biased: bool) -> ExactStatement:
    """The statement that the two maps are equal, entry by entry."""

    def gap(case: Case) -> float:
        first, second = both_maps(case)
        return float(np.max(np.abs(first - second)))

    return ExactStatement(
        text,
        integer_stack(biased),
        as_case,
        is_defined,
        holds=lambda case: bool(np.all(both_maps(case)[0] == both_maps(case)[1])),
        sides=lambda case: dict(
            zip(("LRP-z", "Grad⊙Input"), ([str(v) for v in m] for m in both_maps(case)), strict=True)
        ),
        size=gap,
        perturbed=("x", "W1", "W2", *(("b1",) if biased else ())),
    )


def relative_gap(net: Network, x: Array, k: int) -> float:
    """`‖LRP-z − Grad⊙Input‖ / ‖Grad⊙Input‖` at output k, in floats."""
    layers = net.forward(x)
    f = layers[-1].z
    lrp = attribution(layers, LRP, np.where(np.arange(len(f)) == k, f, 0.0))
    grad_input = attribution(layers, GRAD_INPUT, (np.arange(len(f)) == k).astype(float))
    return float(np.linalg.norm(lrp - grad_input) / np.linalg.norm(grad_input))


def float_evidence(exam: Examination) -> Evidence:
    """Deep random stacks at signed image patches, and the digits network at digits, in float64."""
    rng = exam.rng("floats")
    n = exam.pick(200, 2000)
    trained, _ = digits_network()
    gaps = []
    for _ in range(n):
        stack = gaussian_stack((27, 64, 64, 10), rng)
        gaps.append(relative_gap(stack, normalise(exam.images.patch(3, rng)), 0))
        x = digit(rng)
        gaps.append(relative_gap(trained, x, int(np.argmax(trained.forward(x)[-1].z))))
    largest = max(gaps)
    return Evidence(
        kind=Kind.IDENTITY,
        statement="random stacks on image patches, digits network on digits: relative difference ≤ 1e-9",
        finding=Finding.SUPPORTS if largest <= ROUNDING else Finding.UNDECIDED,
        method="float64; small pre-activations amplify rounding",
        n=2 * n,
        numerical_error=ROUNDING,
        details={"largest relative difference": largest},
    )


def examine_identity(exam: Examination) -> list[Evidence]:
    """The derivation, floats at real inputs, and a search that has to fail."""
    statement = equality_statement("LRP-z = Grad⊙Input", biased=False)
    return [derivation_evidence(proofs.lrp_z_identity), float_evidence(exam), *search(statement, exam, "exact")]


def examine_biased_network(exam: Examination) -> list[Evidence]:
    """The search in networks with hidden biases."""
    return search(equality_statement("with biases: LRP-z = Grad⊙Input", biased=True), exam, "exact")


CLAIMS = (
    Claim(
        id="lrp-z-identity",
        title="LRP-z is Grad⊙Input",
        source=f"{PAPER}, text after Prop. 3, citing Ancona et al. 2018",
        statement="In a bias-free ReLU network the LRP-z map equals Grad⊙Input wherever eq. 8 is defined.",
        premises=("no biases", "no zero denominator that carries relevance (f_k ≠ 0)"),
        examine=examine_identity,
        control=BrokenPremise(
            premise="hidden biases added, denominators Σ_k z_kj as printed",
            examine=examine_biased_network,
        ),
    ),
)
