"""The derivations behind Definition 2 and Propositions 1–3: the sign of every margin, what γ does, and LRP-z."""

from __future__ import annotations

from operator import ge, gt, le
from typing import TYPE_CHECKING

import lazy_loader

from nfrlab.theory.numerics.proof import (
    Derivation,
    Exact,
    Relation,
    argued,
    certain,
    false_with,
    symbolic,
    vanishes,
)

if TYPE_CHECKING:
    import sympy as sp
else:
    sp = lazy_loader.load("sympy")


def _contributions_are_linear() -> bool:
    """Whether `Aᵀ W M r = zᵀ M r`, `z = WᵀA`, for matrices of any size."""
    d, N = sp.symbols("d N", integer=True, positive=True)
    W, M = sp.MatrixSymbol("W", d, N), sp.MatrixSymbol("M", N, N)
    A, r = sp.MatrixSymbol("A", d, 1), sp.MatrixSymbol("r", N, 1)
    return bool(sp.MatMul(A.T, W, M, r).doit() == ((W.T * A).T.doit() * M * r).doit())


def _masked() -> bool:
    """Whether `1[z > 0] z = relu(z)`, for every sign of z."""
    p = sp.symbols("p", positive=True)
    masks = (p, 1), (-p, 0), (sp.Integer(0), 0)
    return all(vanishes(mask * z - sp.Max(z, 0)) for z, mask in masks)


def _by_neuron() -> list[tuple[str, bool]]:
    """The two links that make ⟨A, WMr⟩ a sum over neurons."""
    return [
        ("⟨A, WMr⟩ = ⟨z, Mr⟩ with z = WᵀA, for matrices of any size.", _contributions_are_linear()),
        ("M_j z_j = a_j, so neuron j contributes a_j r_j if it passes, and 0 if it is dropped.", _masked()),
    ]


@false_with(factor=(2, -1, 0), everywhere=(gt, le))
def gbp_margin_sign(factor: Exact = 1, everywhere: Relation = ge) -> Derivation:
    """Prop. 1, repaired: GBP's margin is non-negative, and positive exactly where the filter changes the map."""
    a, p = sp.symbols("a", nonnegative=True), sp.symbols("p", positive=True)
    active = sp.symbols("a", positive=True)
    gained = {r: a * (sp.Max(r, 0) - r) for r in (-p, sp.Integer(0), p)}
    claimed = {r: factor * a * sp.Max(-r, 0) for r in gained}
    return Derivation(
        "A layer without biases, r ∈ R^N any relevance; GBP drops the neurons with r_j ≤ 0.",
        (
            *(symbolic(*link) for link in _by_neuron()),
            argued("Sums over neurons are compared term by term."),
            argued(
                "If F(WM)r ≠ WMr, some column with M_j = 1 was dropped with r_j ≠ 0: there r_j < 0 and a_j > 0. If the "
                "two are equal, the margin is ⟨A, 0⟩ = 0."
            ),
        ),
        (
            symbolic(
                "⟨A, F(WM)r⟩ − ⟨A, WMr⟩ = Σ_j a_j r_j⁻ ≥ 0,",
                all(vanishes(gained[r] - claimed[r]) and certain(everywhere(claimed[r], 0)) for r in gained),
            ),
            symbolic(
                "and > 0 exactly when F(WM)r ≠ WMr.",
                certain(claimed[-p].subs(a, active) > 0) and claimed[p] == claimed[sp.Integer(0)] == 0,
            ),
        ),
    )


@false_with(factor=(1, -2), everywhere=(gt, le), highest=(1,), positive_tau=(-1,))
def rectgrad_margin_sign(
    factor: Exact = -1, everywhere: Relation = ge, highest: Exact = 0, positive_tau: Exact = 1
) -> Derivation:
    """Prop. 2, repaired: RectGrad's margin is non-negative for τ ≤ 0, and negative somewhere for every τ > 0."""
    below, excess = sp.symbols("delta epsilon", nonnegative=True)
    tau = highest - below  # any τ ≤ highest
    c, dropped = sp.symbols("c", real=True), tau - excess  # any contribution, and one ≤ τ
    t = sp.symbols("t", positive=True)
    a, r = sp.sqrt(t), sp.sqrt(t)  # W = (√t), A = (1): one neuron of contribution t
    single = (a * r * 0 - a * r).subs(t, positive_tau * t)
    strictly = sp.symbols("c", negative=True)
    return Derivation(
        "A layer without biases, r ∈ R^N any relevance; RectGrad drops the neurons with a_j r_j ≤ τ.",
        (
            *(symbolic(*link) for link in _by_neuron()),
            argued("Sums over neurons are compared term by term."),
            argued(
                "If F(WM)r ≠ WMr, some column with M_j = 1 was dropped with r_j ≠ 0: then a_j r_j ≠ 0, and a_j r_j ≤ τ "
                "≤ 0 makes it negative. If the two are equal, the margin is ⟨A, 0⟩ = 0."
            ),
        ),
        (
            symbolic(
                "⟨A, F(WM)r⟩ − ⟨A, WMr⟩ = −Σ_{a_j r_j ≤ τ} a_j r_j.",
                all(vanishes((c * passed - c) - factor * c * (1 - passed)) for passed in (0, 1)),
            ),
            symbolic(
                "For τ ≤ 0 it is ≥ 0, and > 0 exactly when F(WM)r ≠ WMr;",
                certain(everywhere(factor * dropped, 0)) and certain(factor * strictly > 0),
            ),
            symbolic("for every τ > 0 it is negative somewhere.", certain(single < 0)),
        ),
    )


@false_with(factor=(2, -1), everywhere=(gt, le), conserved=(2, -1), power=(0, 2))
def zplus_margin_sign(
    factor: Exact = 1, everywhere: Relation = ge, conserved: Exact = 1, power: Exact = 1
) -> Derivation:
    """Prop. 3, repaired: the conserving γ makes ineq. 13 an equality, γ = 1 makes it hold, per-neuron γ is the rule."""
    p = sp.symbols("p", positive=True)
    x, r = sp.symbols("x r", nonnegative=True)
    gained = {w: r * x * (sp.Max(w, 0) - w) for w in (-p, sp.Integer(0), p)}  # of neuron j with M_j = 1, and input i
    claimed = {w: factor * r * x * sp.Max(-w, 0) for w in gained}
    strictly = dict.fromkeys((x, r), sp.symbols("q", positive=True))
    d, N = sp.symbols("d N", integer=True, positive=True)
    W, M, diagonal = sp.MatrixSymbol("W", d, N), sp.MatrixSymbol("M", N, N), sp.MatrixSymbol("x", d, 1)
    relevance = sp.MatrixSymbol("r", N, 1)
    activity = ((M * W.T * diagonal).T * relevance).doit().subs(M.T, M)  # Σ_j a_j r_j, a = M Wᵀx
    gamma, through, arrived = sp.symbols("gamma through arrived", nonzero=True)  # ⟨x, W⁺Mr⟩, Σ_j R_j = Σ_j a_j r_j
    conserving = sp.solve(sp.Eq(gamma * through, conserved * arrived), gamma)[0]
    a, rho, w, Z = sp.symbols("a rho w Z", positive=True)
    return Derivation(
        "A layer without biases, M its active neurons; x ⊙ r_0 is the map, r_l = a ⊙ ρ the relevance of the rule.",
        (
            symbolic(
                "Σ_j a_j r_j = ⟨x, WMr⟩, as a = MWᵀx: both sides of ineq. 13 are known, for matrices of any size.",
                activity == sp.MatMul(diagonal.T, W, M, relevance).doit(),
            ),
            argued("The double sum over i and j is compared term by term; an inactive neuron adds 0 to both maps."),
            argued("A sum of non-negative terms is positive iff one is, and that one is where x ⊙ r_0 changes."),
        ),
        (
            symbolic(
                "With γ dropped and x, r ≥ 0 the margin is Σ_j M_j r_j Σ_i x_i w_ij⁻ ≥ 0, positive exactly when x ⊙ "
                "F(WM)r ≠ x ⊙ WMr;",
                all(vanishes(gained[w] - claimed[w]) and certain(everywhere(claimed[w], 0)) for w in gained)
                and certain(claimed[-p].subs(strictly) > 0),
            ),
            symbolic(
                "with the γ that conserves Σ_i R_i = Σ_j R_j it is zero identically;",
                vanishes(conserving * through - arrived),
            ),
            symbolic(
                "the rule itself is x ⊙ W⁺(γ ⊙ ρ) with one γ_j = a_j / Σ_k z_kj⁺ per neuron.",
                vanishes(x * w / Z * (a * rho) - x * w * (a / Z) ** power * rho),
            ),
        ),
    )


@false_with(sign=(-1,), apart=(1,))
def scalar_gamma(sign: Exact = 1, apart: Exact = 0) -> Derivation:
    """Prop. 3's γ, repaired: a scalar one leaves the normalised map unchanged."""
    low = sp.symbols("m", real=True)
    g, gap, t = sp.symbols("gamma Delta t", positive=True)
    entries = low, low + gap  # the least and the largest
    scaled = [sp.expand(sign * factor * entry) for factor, entry in zip((g, g + apart), entries, strict=True)]
    middle = low + t * gap  # any entry, scaled by the first γ
    least, most = (sp.simplify(f(*scaled)) for f in (sp.Min, sp.Max))
    return Derivation(
        "A map R with min R < max R.",
        (argued("Scaling all entries by one γ > 0 keeps their order, so only the extreme entries matter."),),
        (
            symbolic(
                "One scalar γ > 0 leaves the map normalised to [0, 1] unchanged.",
                vanishes((sign * g * middle - least) / (most - least) - t),
            ),
        ),
    )


@false_with(power=(0, 2), factor=(2, -1))
def lrp_z_identity(power: Exact = 1, factor: Exact = 1) -> Derivation:
    """LRP-z equals Gradient ⊙ Input in bias-free ReLU networks."""
    a, z, rho = sp.symbols("a z rho", positive=True)
    w = sp.symbols("w", real=True)
    output = sp.symbols("f", nonzero=True)

    def relevance(activation: sp.Expr, gradient: sp.Expr) -> sp.Expr:
        """R = A ⊙ r, as claimed."""
        return factor * activation**power * gradient

    base = relevance(output, sp.Integer(1)) - output
    step = a * w / z * relevance(z, rho) - relevance(a, w * rho)
    return Derivation(
        "A bias-free ReLU network with one output f, A_j = M_j z_j; eq. 8 wherever its denominators z_j ≠ 0.",
        (
            symbolic("At the output R_L = f = z · 1, whose gradient is 1.", vanishes(base)),
            symbolic("An active neuron j hands a_i w_ij/z_j · A_j r_j = a_i · w_ij r_j to input i.", vanishes(step)),
            argued("An inactive neuron carries R_j = A_j r_j = 0, and its column of WM is zero."),
            argued("Sums over neurons are compared term by term; an output f = 0 leaves eq. 8 undefined."),
        ),
        (
            symbolic(
                "In a bias-free ReLU network, wherever every denominator that carries relevance is non-zero, the LRP-z "
                "relevance of layer l is A_l ⊙ r_l with r_l the gradient.",
                vanishes(base) and vanishes(step),  # an induction from above
            ),
        ),
    )
