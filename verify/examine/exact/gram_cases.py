"""Theorem 2 for any Gram matrix: exact cases of known condition number, two searches for the boundary."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import isqrt
from typing import TYPE_CHECKING

import numpy as np
import scipy

from nfrlab.simulations.dense import alignment, layer
from nfrlab.simulations.dense.arrays import Array
from nfrlab.theory.weighting import gram
from nfrlab.verify.examine.exact.integer_layers import (
    NON_NEGATIVE,
    POSITIVE,
    Shapes,
    from_rotation,
    led_vector,
    parameters,
    vector,
)
from nfrlab.verify.examine.exact.statement import Case, Parameters, to_fractions
from nfrlab.verify.examine.exact.weightings import gradient_map, squared_alignments

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

SIGMAS = Fraction(11, 10), Fraction(3, 2), Fraction(2), Fraction(7, 2), Fraction(10)
"""Ratios of singular values at which closed forms are simulated."""

OPTIONS = {"gtol": 1e-7, "maxiter": 300}
"""Of the quasi-Newton ascents."""
ACTIVATIONS, RELEVANCES = range(1, 10), range(-3, 10)
"""Integers from which A and r are drawn."""


def conditioned_layer() -> Shapes:
    """The parameters of layers of known singular values, two neurons and three: those of `from_singular_values`."""

    def of_dimension(n: int) -> SearchStrategy[Parameters]:
        rotation = led_vector([POSITIVE], 2 if n == 2 else 4)
        sigma, A, r = vector(n, POSITIVE), vector(n, ACTIVATIONS), vector(n, RELEVANCES)
        return parameters(rotation=rotation, sigma=sigma, beside=NON_NEGATIVE, A=A, r=r)

    return of_dimension(2), of_dimension(3)


def wide_layer(power: int = 2) -> Shapes:
    """The parameters of `conditioned_layer`, r turned away from A until `is_wide_enough` at this power of the ratio.

    Most r end just outside the boundary, where the condition is put to the test.
    """
    return tuple(shape.map(lambda drawn: turned_wide(drawn, power)) for shape in conditioned_layer())


def turned_wide(drawn: Parameters, power: int) -> Parameters:
    """The parameters with `A + λb` for r, b the part of r beside A, λ the least multiple of 2⁻²⁰ beyond the bound."""
    case = from_singular_values(drawn)
    if is_wide_enough(case, power):
        return drawn
    _, A, r = active_part(case)
    b, kappa = (A @ A) * r - (r @ A) * A, case["ratio"] ** power
    if not np.any(b):
        return drawn
    needed = (kappa - 1) ** 2 / kappa * (A @ A) / (b @ b)  # λ²
    return drawn | {"r": list(A + Fraction(isqrt(int(needed * (1 << 40))) + 1, 1 << 20) * b)}


def from_singular_values(parameters: Parameters) -> Case:
    """The case that the parameters of `conditioned_layer` stand for.

    `W = diag(σ) Qᵀ`, Q a rotation times a number, over a row of zeros; the x with `Wᵀx = A`, with a further coordinate
    `beside` the neurons; `ratio = max σ / min σ`, the root of κ.
    """
    A, r, sigma, beside = (to_fractions(parameters[name]) for name in ("A", "r", "sigma", "beside"))
    Q = from_rotation({"rotation": parameters["rotation"]})["W"]
    square = Q[:, 0] @ Q[:, 0]
    x = (Q.T @ A) / (sigma * square) if square else 0 * A
    W = np.vstack([sigma[:, None] * Q.T, 0 * Q[:1]])
    return {"x": np.append(x, beside), "W": W, "r": r, "ratio": max(sigma) / min(sigma)}


def has_condition(case: Case) -> bool:
    """Whether WᵀW is regular of condition number ratio², exactly.

    The rows of W that are not zero must be as many as its columns and orthogonal, so that their squares are the
    eigenvalues.
    """
    rows = case["W"][[bool(np.any(row != 0)) for row in case["W"]]]
    squares = rows @ rows.T
    eigenvalues = np.diag(squares)
    orthogonal = np.count_nonzero(squares) == len(rows) == case["W"].shape[1]
    return orthogonal and max(eigenvalues) == case["ratio"] ** 2 * min(eigenvalues)


def solve(G: Array, A: Array) -> Array:
    """`G⁻¹A` for G ≻ 0, exactly, by Gauss–Jordan elimination; no pivot is zero as G is positive definite."""
    rows = np.column_stack([G, A])
    for i in range(len(G)):
        rows[i] = rows[i] / rows[i, i]
        for j in (j for j in range(len(G)) if j != i):
            rows[j] = rows[j] - rows[j, i] * rows[i]
    return rows[:, -1]


def active_part(case: Case) -> tuple[Array, Array, Array]:
    """(G, A, r) of the active neurons: their Gram matrix, activations and relevances."""
    passed = layer(case["x"], case["W"])
    W = passed.W[:, passed.mask]
    return W.T @ W, passed.act[passed.mask], case["r"][passed.mask]


def agrees_with_formula(case: Case) -> bool:
    """Whether both simulated alignments are those of the theory's formula."""
    G, A, r = active_part(case)
    square = case["x"] @ case["x"]
    return squared_alignments(gradient_map, case) == tuple(gram.square_alignment(s, G, A, square) for s in (A, r))


def is_wide_enough(case: Case, power: int = 2) -> bool:
    """Whether r is at an angle to A that the sharp condition asks for, with κ = ratio^power; the true κ has power 2."""
    _, A, r = active_part(case)
    return bool(r @ A <= 0 or gram.suffices(gram.square_tangent(A, r), case["ratio"] ** power))


def tie(case: Case) -> tuple[Array, Fraction]:
    """(s, share): r turned in its plane with A until it ties with Activation, and how near to the bound that is.

    `s = A + λb`, `λ = −2 AᵀGb / bᵀGb`, b the part of r beside A; share = `(tan φ / (√κ − 1/√κ))²`, φ the angle of s to
    A; exact. (A, 0) where r never ties, for r parallel to A, and for κ = 1.
    """
    G, A, r = active_part(case)
    b, kappa = (A @ A) * r - (r @ A) * A, case["ratio"] ** 2
    along = A @ G @ b
    if kappa == 1 or along >= 0:
        return A, Fraction(0)
    turn = -2 * along / (b @ G @ b)
    return A + turn * b, turn**2 * (b @ b) / (A @ A) * kappa / (kappa - 1) ** 2


def aim_at_bound(
    shape: SearchStrategy[Parameters], examples: int, rng: np.random.Generator
) -> tuple[Case | None, Fraction]:
    """(case, share): where Hypothesis finds a tie nearest to the bound when told the `share` of `tie` as its target.

    Parameters
    ----------
    shape
        One shape of `conditioned_layer`.
    examples
        How many cases to try.
    rng
        Seeds the search.

    Returns (None, 0) where no case ties.
    """
    import hypothesis

    best: tuple[Case | None, Fraction] = None, Fraction(0)

    @hypothesis.seed(int(rng.integers(1 << 32)))
    @hypothesis.settings(
        max_examples=examples,
        database=None,
        deadline=None,
        derandomize=False,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=[hypothesis.Phase.generate, hypothesis.Phase.target],
    )
    @hypothesis.given(shape)
    def aimed(parameters: Parameters) -> None:
        nonlocal best
        case = from_singular_values(parameters)
        if has_condition(case) and np.any(layer(case["x"], case["W"]).mask):
            share = tie(case)[1]
            hypothesis.target(float(share))
            best = max(best, (case, share), key=lambda pair: pair[1])

    aimed()
    return best


@dataclass(frozen=True)
class Boundary:
    """What a gradient search over n neurons of condition number ≤ κ came to.

    `best` is the largest tan φ of a tie in units of the bound, `reached` the share of starts that came within 1e-6 of
    the bound, `beaten` whether a weighting at 0.999 of the bound was simulated to beat Activation at the best.
    """

    n: int
    kappa: float
    best: float
    reached: float
    beaten: bool


def climb(n: int, kappa: float, starts: int, rng: np.random.Generator) -> Boundary:
    """Maximise, over every G of condition number ≤ κ, A and r in R^n, the tan φ at which r ties with Activation.

    From `starts` random starts, in the eigenbasis of G: turning G, A and r together changes nothing, so its
    eigenvectors are searched through A and r.
    """
    bound = gram.needed_tangent(kappa)

    def parts(p: Array) -> tuple[Array, Array, Array]:
        # sin² keeps the eigenvalues within [1, κ] without constraints
        return 1 + (kappa - 1) * np.sin(p[:n]) ** 2, p[n : 2 * n], p[2 * n :]

    def negative_share(p: Array) -> float:
        eigenvalues, A, r = parts(p)
        return -gram.least_tangent(np.diag(eigenvalues), A, r) / bound

    results = [
        scipy.optimize.minimize(negative_share, rng.standard_normal(3 * n), method="BFGS", options=OPTIONS)
        for _ in range(starts)
    ]
    ends = -np.array([float(result.fun) for result in results])
    best = parts(results[int(np.argmax(ends))].x)
    return Boundary(
        n, kappa, float(ends.max()), float(np.mean(ends >= 1 - 1e-6)), beats_activation(*best, 0.999 * bound)
    )


def beats_activation(eigenvalues: Array, A: Array, r: Array, tangent: float) -> bool:
    """Whether r, turned towards A until tan φ = `tangent`, is simulated to beat Activation: W = √G, x = W⁻¹A.

    G is the diagonal matrix of `eigenvalues`.
    """
    a = A / np.linalg.norm(A)
    beside = r - (r @ a) * a
    turned = a + tangent * beside / np.linalg.norm(beside)
    root = np.sqrt(eigenvalues)
    return alignment(root * turned, a / root) > alignment(root * a, a / root)
