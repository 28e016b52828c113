"""Jacobian-algebra oracle: every backward rule as dense matrices in float64, in the relevance form of the publications.

A network is a list of plain functions; each is taken apart at the point met into its Jacobian `J ∈ R^{N×d}` and its
offset `b = f(0)`, so that a convolution is a matrix like any other. Inputs and outputs are flattened, one image at a
time. Relevance rules distribute `R` by shares `z_ij / Σ_k z_kj` with `z_ij = a_i w_ij`, `w_ij = J_ji`; nothing is
written as a modified gradient. A quotient with denominator exactly 0 counts as 0.
"The paper" is Zheng, Sang, Xu, arXiv 2503.11160 (2025).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

import torch
from torch import Tensor
from torch.autograd.functional import jacobian

INPUT = -1


@dataclass(frozen=True)
class Part:
    """One operation `y = f(a_1, …)` on the outputs of earlier parts, -1 being the input of the network.

    `kind` says what rules take it for. A maximum also brings the mean over its windows, which tells who is in which.
    """

    kind: Literal["affine", "relu", "max", "linear", "move"]
    function: Callable[..., Tensor]
    inputs: tuple[int, ...]
    mean: Callable[[Tensor], Tensor] | None = None


@dataclass(frozen=True)
class At:
    """A part at the point met: flat inputs `a`, flat output `y`, Jacobians `J_i = ∂y/∂a_i`, offset, window pattern, and
    of a ReLU how many channels `y` has.
    """

    kind: str
    a: tuple[Tensor, ...]
    y: Tensor
    J: tuple[Tensor, ...]
    b: Tensor
    windows: Tensor | None = None
    channels: int = 1


Step = Callable[[At, Tensor], tuple[Tensor, ...]]


def ratio(numerator: Tensor, denominator: Tensor) -> Tensor:
    """Numerator / denominator, and 0 where the denominator is exactly 0."""
    return torch.where(denominator == 0, 0.0, numerator / torch.where(denominator == 0, 1.0, denominator))


def by_basis(function: Callable[[Tensor], Tensor], like: Tensor) -> Tensor:
    """The matrix of a linear function, column by column from the basis vectors: shape (N, d)."""
    basis = torch.eye(like.numel(), dtype=torch.float64).reshape(-1, *like.shape[1:])
    return function(basis).flatten(1).T


def take_apart(part: Part, inputs: tuple[Tensor, ...]) -> tuple[Tensor, At]:
    """Output and `At` of one part: by basis vectors where it is affine, a maximum by autograd, a ReLU by its mask."""
    y, a = part.function(*inputs), tuple(v.flatten() for v in inputs)
    b = torch.zeros(y.numel(), dtype=torch.float64)
    if part.kind == "relu":
        return y, At(part.kind, a, y.flatten(), (torch.diag((a[0] > 0).double()),), b, channels=y.shape[1])
    if part.kind == "max":
        assert part.mean is not None
        winners = jacobian(part.function, inputs[0], vectorize=True).reshape(y.numel(), -1)
        return y, At(part.kind, a, y.flatten(), (winners,), b, (by_basis(part.mean, inputs[0]) > 0).double())
    b = part.function(*(torch.zeros_like(v) for v in inputs)).flatten()
    J = tuple(by_basis(partial(_one_input, part.function, inputs, i), v) - b[:, None] for i, v in enumerate(inputs))
    return y, At(part.kind, a, y.flatten(), J, b)


def _one_input(function: Callable[..., Tensor], inputs: tuple[Tensor, ...], i: int, basis: Tensor) -> Tensor:
    zeros = [basis.new_zeros(len(basis), *v.shape[1:]) for v in inputs]
    return function(*zeros[:i], basis, *zeros[i + 1 :])


# Steps of gradient-like rules: from r at the output to r at every input.


def gradient(at: At, r: Tensor) -> tuple[Tensor, ...]:
    """The chain rule: `Jᵀ r` (the paper, eq. 5); at a ReLU, J is the mask M with 0 at z = 0."""
    return tuple(J.T @ r for J in at.J)


def guided(at: At, r: Tensor) -> tuple[Tensor, ...]:
    """GBP at a ReLU: `M relu(r)` (eq. 6)."""
    return gradient(at, r.clamp(min=0))


def deconvolved(at: At, r: Tensor) -> tuple[Tensor, ...]:
    """Deconvnet at a ReLU: `relu(r)`, no forward mask (Zeiler & Fergus; Sixt et al. 2020)."""
    return (r.clamp(min=0),)


def rectified(at: At, r: Tensor, tau: float | None = None, q: float = 0.9, mask: bool = True) -> tuple[Tensor, ...]:
    """RectGrad at a ReLU: `M (r ⊙ 1[A ⊙ r > τ])` (eq. 15), or without M (eq. 7); τ is given or the q-quantile."""
    product = at.y * r
    threshold = quantile(product.tolist(), q) if tau is None else tau
    passed = torch.where(product > threshold, r, 0.0)
    return gradient(at, passed) if mask else (passed,)


def quantile(values: list[float], q: float) -> float:
    """Hyndman & Fan type 7: linear interpolation at position `(n − 1) q` of the sorted values."""
    x, h = sorted(values), (len(values) - 1) * q
    k = int(h)
    return x[k] if k == h else x[k] + (h - k) * (x[k + 1] - x[k])


def proportional(at: At, r: Tensor) -> tuple[Tensor, ...]:
    """At a maximum every member of a window receives `a_i / Σ_k a_k r_j`: of r it is RectGrad's PRR, of R sharing."""
    assert at.windows is not None
    return (at.a[0] * (at.windows.T @ ratio(r, at.windows @ at.a[0])),)


# Steps of relevance rules: from R at the output to R at every input.


def untouched(at: At, R: Tensor) -> tuple[Tensor, ...]:
    """A ReLU hands the relevance of `A_j` to `z_j`."""
    return (R,)


def winner(at: At, R: Tensor) -> tuple[Tensor, ...]:
    """A maximum hands the relevance of a window to its winner: the Jacobian is the 0/1 matrix of winners."""
    return gradient(at, R)


Bias = Literal["sign", "none", "both"]


def lrp_z(at: At, R: Tensor, epsilon: float = 0.0, bias: Bias = "sign") -> tuple[Tensor, ...]:
    """LRP-z (eq. 8) and LRP-ε: `R_i = Σ_j z_ij / (z_j + ε sign z_j) R_j`, `z_j = Σ_k z_kj (+ b_j)`, sign(0) = +1."""
    contributions = [J * a for J, a in zip(at.J, at.a, strict=True)]
    z = sum(c.sum(dim=1) for c in contributions) + (0.0 if bias == "none" else at.b)
    return tuple(c.T @ ratio(R, torch.where(z < 0, z - epsilon, z + epsilon)) for c in contributions)


def lrp_alpha_beta(
    at: At, R: Tensor, alpha: float, beta: float, bias: Bias = "sign", epsilon: float = 0.0
) -> tuple[Tensor, ...]:
    """LRP-αβ (eq. 9): `R_i = Σ_j (α z_ij⁺/Z_j⁺ − β z_ij⁻/Z_j⁻) R_j`, `Z± = Σ_k z_kj± + b_j± (± ε)`.

    `bias = "none"` leaves b out; `"both"` adds the whole b to both denominators.
    """
    z = at.J[0] * at.a[0]
    up, down = {
        "sign": (at.b.clamp(min=0), at.b.clamp(max=0)),
        "none": (0 * at.b, 0 * at.b),
        "both": (at.b, at.b),
    }[bias]
    Z_plus, Z_minus = z.clamp(min=0).sum(dim=1) + up, z.clamp(max=0).sum(dim=1) + down
    positive = z.clamp(min=0).T @ ratio(R, Z_plus + epsilon)
    negative = z.clamp(max=0).T @ ratio(R, Z_minus - epsilon)
    return (alpha * positive - beta * negative,)


def z_plus(at: At, R: Tensor, bias: Bias = "sign") -> tuple[Tensor, ...]:
    """z⁺ (eq. 10): `R_i = Σ_j z_ij⁺ / Σ_k z_kj⁺ R_j`; the sign is that of the product a_i w_ij."""
    return lrp_alpha_beta(at, R, alpha=1.0, beta=0.0, bias=bias)


def z_plus_by_weight(at: At, R: Tensor, bias: Bias = "both", epsilon: float = 0.0) -> tuple[Tensor, ...]:
    """What becomes of z⁺ when only W is clamped: shares `a_i w_ij⁺ / (Σ_k a_k w_kj⁺ + b_j)`, for `a ≥ 0` the same."""
    n = at.J[0].clamp(min=0) * at.a[0]
    Z = n.sum(dim=1) + {"both": at.b, "sign": at.b.clamp(min=0), "none": 0 * at.b}[bias]
    return (n.T @ ratio(R, torch.where(Z < 0, Z - epsilon, Z + epsilon)),)


def z_plus_filter(at: At, r: Tensor) -> tuple[Tensor, ...]:
    """The paper's filter form (Prop. 3), a modified gradient: `W diag(1[W > 0]) r`; M follows at the ReLU."""
    return (at.J[0].clamp(min=0).T @ r,)


def z_box(at: At, R: Tensor, low: Tensor, high: Tensor, bias: Bias = "sign") -> tuple[Tensor, ...]:
    """z^B (eq. 11): shares `n_ij = z_ij − l_i w_ij⁺ − h_i w_ij⁻` in numerator and denominator, b in the latter."""
    n = at.J[0] * at.a[0] - at.J[0].clamp(min=0) * low.flatten() - at.J[0].clamp(max=0) * high.flatten()
    return (n.T @ ratio(R, n.sum(dim=1) + (0 * at.b if bias == "none" else at.b)),)


def norm_split(at: At, R: Tensor) -> tuple[Tensor, ...]:
    """A residual addition shared by size: `R_a = |a| / (|a| + |b|) R`."""
    total = sum(a.abs() for a in at.a)
    assert isinstance(total, Tensor)
    return tuple(a.abs() * ratio(R, total) for a in at.a)


@dataclass(frozen=True)
class Rule:
    """What to do at which kind of part; `first` at affine parts that read pixels; `carries` is its currency."""

    carries: Literal["gradient", "relevance"]
    steps: dict[str, Step]
    first: Step | None = None
    add: Step | None = None

    def step(self, part: Part, reads_pixels: bool) -> Step:
        """The step of one part."""
        if part.kind == "affine" and reads_pixels and self.first:
            return self.first
        if len(part.inputs) == 2 and self.add:
            return self.add
        return self.steps[part.kind]


def modified_gradient(**steps: Step) -> Rule:
    """A rule that is the chain rule but for these kinds of parts."""
    kinds = ("affine", "relu", "max", "linear", "move")
    return Rule("gradient", {kind: steps.get(kind, gradient) for kind in kinds})


def relevance(affine: Step, **own: Step) -> Rule:
    """A relevance rule given by its step at affine parts; means and additions follow LRP-z, reshaping moves it."""
    steps = {"affine": affine, "relu": untouched, "max": own.pop("max", winner), "linear": lrp_z, "move": gradient}
    return Rule("relevance", steps, **own)


GRAD = modified_gradient()


@dataclass
class Net:
    """A network at one input: what every part met, and which layer it belongs to (how many affine parts so far)."""

    parts: list[Part]
    x: Tensor
    values: list[Tensor] = field(default_factory=list)
    at: list[At] = field(default_factory=list)

    def __post_init__(self) -> None:
        for part in self.parts:
            y, at = take_apart(part, tuple(self.x if i == INPUT else self.values[i] for i in part.inputs))
            self.values.append(y)
            self.at.append(at)

    @property
    def layers(self) -> list[int]:
        """The layer of every part; what comes before the first affine part belongs to layer 1."""
        return [max(1, sum(p.kind == "affine" for p in self.parts[: i + 1])) for i in range(len(self.parts))]

    @property
    def pixels(self) -> set[int]:
        """The places that hold the input's own numbers."""
        found = {INPUT}
        for i, part in enumerate(self.parts):
            found |= {i} if part.kind == "move" and part.inputs[0] in found else set()
        return found

    def flat(self, place: int) -> Tensor:
        """The output of a part, or the input, as a vector."""
        return (self.x if place == INPUT else self.values[place]).flatten()

    def place(self, layer: int) -> int:
        """The part whose output is `A_l`: the last ReLU of the layer, or its affine part; -1 for layer 0."""
        if layer == 0:
            return INPUT
        mine = [i for i, of in enumerate(self.layers) if of == layer and self.parts[i].kind in ("affine", "relu")]
        return max(mine)


def carry(net: Net, rule: Rule, pending: dict[int, Tensor], layers: Any) -> dict[int, Tensor]:
    """Take what is pending at outputs of parts of these layers down through them, the last part first."""
    pending = dict(pending)
    for i in reversed(range(len(net.parts))):
        if net.layers[i] in layers and i in pending:
            r = pending.pop(i)
            step = rule.step(net.parts[i], bool(net.pixels.intersection(net.parts[i].inputs)))
            for source, share in zip(net.parts[i].inputs, step(net.at[i], r), strict=True):
                pending[source] = pending[source] + share if source in pending else share
    return pending


def at_output(net: Net, rule: Rule, k: int) -> Tensor:
    """What enters at output k: `e_k`, or `f_k e_k` for a relevance rule."""
    f = net.values[-1].flatten()
    e = torch.zeros_like(f)
    e[k] = 1.0
    return e * f if rule.carries == "relevance" else e


def propagate(net: Net, rule: Rule, r: Tensor, layer: int) -> Tensor:
    """The map at the input in the rule's own currency (r_0, or the relevance), from `r` at `A_l`."""
    return carry(net, rule, {net.place(layer): r}, range(1, layer + 1)).get(INPUT, torch.zeros_like(net.flat(INPUT)))


def cascade(net: Net, rule: Rule, level: int, k: int = 0) -> Tensor:
    """Def. 3: `rule` in the top `level` layers, the gradient below; `r = R / a` where a relevance rule hands over."""
    depth = net.layers[-1]
    used = rule if level else GRAD
    top = len(net.parts) - 1
    pending = carry(net, used, {top: at_output(net, used, k)}, range(depth - level + 1, depth + 1))
    if used.carries == "relevance":
        pending = {i: ratio(R, net.flat(i)) for i, R in pending.items()}
    return carry(net, GRAD, pending, range(1, depth - level + 1))[INPUT]
