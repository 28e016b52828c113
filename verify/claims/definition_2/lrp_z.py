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
from nfrlab.verify.examine.derivation import derived
from nfrlab.verify.examine.exact.integer_layers import Shapes, as_case, matrix, parameters, vector
from nfrlab.verify.examine.exact.search import Case, ExactStatement, search

LRP, GRAD_INPUT = rule("lrp-z", bias_in_denominator=False), rule("grad-input")


def stack(biased: bool) -> Shapes:
    """x ∈ Z², W_1 ∈ Z^{2×2}, W_2 ∈ Z^{2×1}, and (if biased) the hidden biases."""
    bias = {"b1": vector(2)} if biased else {}
    return (parameters(x=vector(2), W1=matrix(2, 2), W2=matrix(2, 1), **bias),)


def network(case: Case) -> Network:
    """The network of a case; the output is bias-free."""
    biases = (case["b1"], 0 * case["W2"][0]) if "b1" in case else None
    return Network((case["W1"], case["W2"]), biases)


def maps(case: Case) -> tuple[Array, Array]:
    """LRP-z and Grad⊙Input."""
    layers = network(case).forward(case["x"])
    return attribution(layers, LRP), attribution(layers, GRAD_INPUT)


def defined(case: Case) -> bool:
    """Eq. 8 is defined: no denominator `Σ_k z_kj` of a neuron that carries relevance is zero."""
    layers = network(case).forward(case["x"])
    return all(np.all((at.W.T @ at.a != 0) | (at.act == 0)) for at in layers) and bool(layers[-1].z[0] != 0)


def statement(text: str, biased: bool) -> ExactStatement:
    """The two maps are equal, entry by entry."""

    def gap(case: Case) -> float:
        first, second = maps(case)
        return float(np.max(np.abs(first - second)))

    return ExactStatement(
        text,
        stack(biased),
        as_case,
        defined,
        holds=lambda case: bool(np.all(maps(case)[0] == maps(case)[1])),
        sides=lambda case: dict(zip(("LRP-z", "Grad⊙Input"), ([str(v) for v in m] for m in maps(case)), strict=True)),
        size=gap,
        perturbed=("x", "W1", "W2", *(("b1",) if biased else ())),
    )


def relative_gap(net: Network, x: Array, k: int) -> float:
    """`‖LRP-z − Grad⊙Input‖ / ‖Grad⊙Input‖` at output k."""
    layers = net.forward(x)
    f = layers[-1].z
    relevance = attribution(layers, LRP, np.where(np.arange(len(f)) == k, f, 0.0))
    plain = attribution(layers, GRAD_INPUT, (np.arange(len(f)) == k).astype(float))
    return float(np.linalg.norm(relevance - plain) / np.linalg.norm(plain))


def in_floats(exam: Examination) -> Evidence:
    """Deep random stacks on signed image patches, and the digits network on digits, in float64."""
    rng = exam.rng("floats")
    n = exam.pick(200, 2000)
    trained, _ = digits_network()
    gaps = []
    for _ in range(n):
        stack_net = gaussian_stack((27, 64, 64, 10), rng)
        gaps.append(relative_gap(stack_net, normalise(exam.images.patch(3, rng)), 0))
        x = digit(rng)
        gaps.append(relative_gap(trained, x, int(np.argmax(trained.forward(x)[-1].z))))
    worst = max(gaps)
    return Evidence(
        kind=Kind.IDENTITY,
        statement="random stacks on image patches, digits network on digits: relative difference ≤ 1e-9",
        finding=Finding.SUPPORTS if worst <= 1e-9 else Finding.UNDECIDED,
        method="float64; small pre-activations amplify rounding",
        n=2 * n,
        numerical_error=1e-9,
        details={"largest relative difference": worst},
    )


def examine(exam: Examination) -> list[Evidence]:
    """Derivation, floats on real input, and a search that has to fail."""
    return [
        derived(proofs.lrp_z_identity),
        in_floats(exam),
        *search(statement("LRP-z = Grad⊙Input", False), exam, "exact"),
    ]


CLAIMS = (
    Claim(
        id="lrp-z-identity",
        title="LRP-z is Grad⊙Input",
        source=f"{PAPER}, text after Prop. 3, citing Ancona et al. 2018",
        statement="In a bias-free ReLU network the LRP-z map equals Grad⊙Input wherever eq. 8 is defined.",
        premises=("no biases", "no zero denominator that carries relevance (f_k ≠ 0)"),
        examine=examine,
        control=BrokenPremise(
            premise="hidden biases added, denominators Σ_k z_kj as printed",
            examine=lambda exam: search(statement("with biases: LRP-z = Grad⊙Input", True), exam, "exact"),
        ),
    ),
)
