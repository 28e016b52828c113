"""Theorem 2 for any Gram matrix: exact cases of known condition number, two searches for the boundary."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import scipy

from nfrlab.simulations.dense import alignment, layer
from nfrlab.simulations.dense.arrays import Array
from nfrlab.theory.weighting import gram
from nfrlab.verify.examine.exact.integer_layers import NON_NEGATIVE, POSITIVE, Shapes, from_rotation, parameters, vector
from nfrlab.verify.examine.exact.search import Case, Parameters, exact

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

SIGMAS = Fraction(11, 10), Fraction(3, 2), Fraction(2), Fraction(7, 2), Fraction(10)
"""Ratios of singular values at which closed forms are simulated."""

OPTIONS = {"gtol": 1e-7, "maxiter": 300}
ACTIVATIONS, RELEVANCES = range(1, 10), range(-3, 10)


def conditioned() -> Shapes:
    """The parameters of `from_singular_values`, two and three neurons."""

    def of_dimension(n: int) -> SearchStrategy[Parameters]:
        rotation = vector(2 if n == 2 else 4)
        sigma, A, r = vector(n, POSITIVE), vector(n, ACTIVATIONS), vector(n, RELEVANCES)
        return parameters(rotation=rotation, sigma=sigma, beside=NON_NEGATIVE, A=A, r=r)

    return of_dimension(2), of_dimension(3)


def from_singular_values(parameters: Parameters) -> Case:
    """`W = diag(σ) Qᵀ`, Q a rotation times a number, over a row of zeros; the x with `Wᵀx = A` and its part beside the
    neurons; `ratio = max σ / min σ`, the root of κ.
    """
    A, r, sigma, beside = (exact(parameters[name]) for name in ("A", "r", "sigma", "beside"))
    Q = from_rotation({"rotation": parameters["rotation"]})["W"]
    square = Q[:, 0] @ Q[:, 0]
    x = (Q.T @ A) / (sigma * square) if square else 0 * A
    W = np.vstack([sigma[:, None] * Q.T, 0 * Q[:1]])
    return {"x": np.append(x, beside), "W": W, "r": r, "ratio": max(sigma) / min(sigma)}


def has_condition(case: Case) -> bool:
    """Whether WᵀW is regular of condition number ratio², exactly: the rows of W that are not zero are as many as its
    columns and orthogonal, so that their squares are the eigenvalues.
    """
    rows = case["W"][[bool(np.any(row != 0)) for row in case["W"]]]
    squares = rows @ rows.T
    eigenvalues = np.diag(squares)
    orthogonal = np.count_nonzero(squares) == len(rows) == case["W"].shape[1]
    return orthogonal and max(eigenvalues) == case["ratio"] ** 2 * min(eigenvalues)


def solve(G: Array, A: Array) -> Array:
    """`G⁻¹A` for G ≻ 0 by elimination, exactly."""
    rows = np.column_stack([G, A])
    for i in range(len(G)):
        rows[i] = rows[i] / rows[i, i]
        for j in (j for j in range(len(G)) if j != i):
            rows[j] = rows[j] - rows[j, i] * rows[i]
    return rows[:, -1]


def active(case: Case) -> tuple[Array, Array, Array]:
    """(G, A, r) on the active set."""
    at = layer(case["x"], case["W"])
    W = at.W[:, at.mask]
    return W.T @ W, at.act[at.mask], case["r"][at.mask]


def wide_enough(case: Case, power: int = 2) -> bool:
    """Whether r is at an angle to A that the sharp condition asks for; `power` 1 takes the ratio of singular values for
    κ.
    """
    _, A, r = active(case)
    return bool(r @ A <= 0 or gram.suffices(gram.square_tangent(A, r), case["ratio"] ** power))


def tie(case: Case) -> tuple[Array, Fraction]:
    """(A + λb, its (tan φ / (√κ − 1/√κ))²), `λ = −2 AᵀGb / bᵀGb`, b the part of r beside A: r turned in its plane
    with A until it ties with Activation. Exact; (A, 0) where it never does, for parallel r and for κ = 1.
    """
    G, A, r = active(case)
    b, kappa = (A @ A) * r - (r @ A) * A, case["ratio"] ** 2
    along = A @ G @ b
    if kappa == 1 or along >= 0:
        return A, Fraction(0)
    turn = -2 * along / (b @ G @ b)
    return A + turn * b, turn**2 * (b @ b) / (A @ A) * kappa / (kappa - 1) ** 2


def aim(shape: SearchStrategy[Parameters], examples: int, rng: np.random.Generator) -> tuple[Case | None, Fraction]:
    """The case in which a tie lies nearest to the bound, and its square share of it: what Hypothesis finds when the
    share is its target.
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
            best = max(best, (case, share), key=lambda found: found[1])

    aimed()
    return best


@dataclass(frozen=True)
class Boundary:
    """What a gradient search found at one n and κ: the largest tan φ of a tie in units of the bound, the share of
    starts that came within 1e-6 of it, and whether a weighting at 0.999 of the bound was seen to beat Activation there.
    """

    n: int
    kappa: float
    best: float
    reached: float
    beaten: bool


def climb(n: int, kappa: float, starts: int, rng: np.random.Generator) -> Boundary:
    """Maximise, over every G of condition number ≤ κ, A and r in R^n, the tan φ at which r ties with Activation.

    Written in the eigenbasis of G: turning G, A and r together changes nothing, so its eigenvectors are searched
    through A and r.
    """
    bound = gram.needed_tangent(kappa)

    def parts(p: Array) -> tuple[Array, Array, Array]:
        return 1 + (kappa - 1) * np.sin(p[:n]) ** 2, p[n : 2 * n], p[2 * n :]

    def below(p: Array) -> float:
        eigenvalues, A, r = parts(p)
        return -gram.least_tangent(np.diag(eigenvalues), A, r) / bound

    found = [
        scipy.optimize.minimize(
            below, rng.standard_normal(3 * n), method="BFGS", options={"gtol": 1e-7, "maxiter": 300}
        )
        for _ in range(starts)
    ]
    ends = -np.array([float(one.fun) for one in found])
    best = parts(found[int(np.argmax(ends))].x)
    return Boundary(n, kappa, float(ends.max()), float(np.mean(ends >= 1 - 1e-6)), beaten(*best, 0.999 * bound))


def beaten(eigenvalues: Array, A: Array, r: Array, tangent: float) -> bool:
    """Whether r, turned towards A until tan φ is `tangent`, is simulated to be better aligned: W = √G, x = W⁻¹A."""
    a = A / np.linalg.norm(A)
    beside = r - (r @ a) * a
    turned = a + tangent * beside / np.linalg.norm(beside)
    root = np.sqrt(eigenvalues)
    return alignment(root * turned, a / root) > alignment(root * a, a / root)
