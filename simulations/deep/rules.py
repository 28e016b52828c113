"""One backward step per rule, from `r` at the output of an operation to its inputs (PAPER.md, table of rules).

All rules carry a *modified gradient* `ρ`, also those that distribute relevance: their relevance is `R = a ⊙ ρ` at every
place, so that nothing is ever divided by an activation and residual branches are handled like any others. A step that
acts at a ReLU (GBP, RectGrad, Deconv) treats every other operation like the gradient; a relevance step acts at the
weighted operations. Where a denominator is zero its share is zero. Biases stand in the denominators (`b⁺` with the
positive, `b⁻` with the negative part), so that they absorb relevance; docs/conventions.md says who does what.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

from simulations.deep.ops import Add, MaxPool, Met, Op, ReLU, Weighted, masked

Step = Callable[[Op, Tensor, Met], tuple[Tensor, ...]]
Bias = Literal["split", "none"]


def grad(op: Op, r: Tensor, met: Met) -> tuple[Tensor, ...]:
    """Plain gradient, eq. 5: `W M r`."""
    return op.transpose(r, met)


def gbp(op: Op, r: Tensor, met: Met) -> tuple[Tensor, ...]:
    """Guided backpropagation, eq. 6: `W M relu(r)`."""
    return grad(op, r.clamp(min=0) if isinstance(op, ReLU) else r, met)


def deconv(op: Op, r: Tensor, met: Met) -> tuple[Tensor, ...]:
    """Deconvnet: `W relu(r)`, without the forward mask (Sixt et al. 2020)."""
    return (r.clamp(min=0),) if isinstance(op, ReLU) else grad(op, r, met)


def rectgrad(op: Op, r: Tensor, met: Met, tau: float = 0.0) -> tuple[Tensor, ...]:
    """RectGrad with a constant threshold, eq. 15: `W M (r ⊙ 1[A ⊙ r > τ])`."""
    if not isinstance(op, ReLU):
        return grad(op, r, met)
    return (masked(torch.where(met.output * r > tau, r, 0), met.output),)


def rectgrad_quantile(op: Op, r: Tensor, met: Met, q: float = 0.9) -> tuple[Tensor, ...]:
    """RectGrad of the experiments: τ is the `q`-quantile of `A ⊙ r` over the layer, per image."""
    if not isinstance(op, ReLU):
        return grad(op, r, met)
    kept = met.output * r
    tau = quantile(kept.flatten(1), q).view(-1, *[1] * (r.dim() - 1))
    return (masked(torch.where(kept > tau, r, 0), met.output),)


def quantile(v: Tensor, q: float) -> Tensor:
    """The `q`-quantile of every row, with linear interpolation between order statistics.

    Raises `ValueError` unless `0 ≤ q ≤ 1`.
    """
    if not 0 <= q <= 1:
        raise ValueError(f"a quantile level lies in [0, 1], got {q}")
    position = q * (v.shape[1] - 1)
    low = int(position)
    below = v.kthvalue(low + 1, dim=1).values
    if position == low:
        return below
    higher = torch.where(v > below[:, None], v, torch.inf).amin(dim=1)
    tied = (v <= below[:, None]).sum(dim=1) >= low + 2
    above = torch.where(tied, below, higher)
    return torch.where(tied, below, below + (position - low) * (above - below))


def redistributed(step: Step) -> Step:
    """PRR of the RectGrad authors: `step`, but at a maximum the windows share, `a ⊙ avgpoolᵀ(r / avgpool(a))`.

    Their 1e-10 in the denominator is not needed: a window of zeros passes nothing.
    """

    def with_prr(op: Op, r: Tensor, met: Met) -> tuple[Tensor, ...]:
        if not isinstance(op, MaxPool):
            return step(op, r, met)
        a = met.inputs[0]
        with torch.enable_grad():
            at = a.detach().requires_grad_()
            mean = torch.nn.functional.avg_pool2d(at, op.kernel, op.stride, op.padding, op.ceil)
            (shares,) = torch.autograd.grad(mean, at, share(r, mean.detach()))
        return (a * shares,)

    return with_prr


def norm_split(step: Step) -> Step:
    """`step`, but relevance divides at an addition by absolute size: `|a| / (|a| + |b|)` and `|b| / (|a| + |b|)`.

    In modified gradients `sign(a) (a + b) ρ / (|a| + |b|)`; the same as the z-split where a and b have one sign.
    """

    def with_norm(op: Op, r: Tensor, met: Met) -> tuple[Tensor, ...]:
        if not isinstance(op, Add):
            return step(op, r, met)
        a, b = met.inputs
        each = share((a + b) * r, a.abs() + b.abs())
        return a.sign() * each, b.sign() * each

    return with_norm


def share(numerator: Tensor, denominator: Tensor) -> Tensor:
    """`numerator / denominator` with `·/0 = 0`: an undefined share carries no relevance."""
    return torch.where(denominator == 0, 0, numerator / denominator)


def lrp_epsilon(op: Op, r: Tensor, met: Met, eps: float = 0.0, bias: Bias = "split") -> tuple[Tensor, ...]:
    """LRP-ε: `R_i = Σ_j z_ij / (z_j + ε sign z_j) R_j`, sign 0 = 1; ε = 0 is LRP-z, eq. 8.

    `bias = "none"` takes `z_j = Σ_k z_kj` without `b_j`, as eq. 8 is printed.
    """
    if not isinstance(op, Weighted):
        return grad(op, r, met)
    z = met.output
    own = z if bias == "split" or op.bias is None else op.product(met.inputs[0], op.weight)
    stabilised = own + torch.where(own >= 0, eps, -eps) if eps else own
    return op.transpose(share(z * r, stabilised), met)


def lrp_alpha_beta(op: Op, r: Tensor, met: Met, alpha: float = 2.0, bias: Bias = "split") -> tuple[Tensor, ...]:
    """LRP-αβ, eq. 9, for `β = α − 1`: `R_i = Σ_j (α z_ij⁺/Z_j⁺ − β z_ij⁻/Z_j⁻) R_j`.

    `Z⁺ = Σ_k z_kj⁺ + b_j⁺`, `Z⁻ = Σ_k z_kj⁻ + b_j⁻`. Signed inputs count by the sign of the product `a_i w_ij`.
    """
    if not isinstance(op, Weighted):
        return grad(op, r, met)
    R = met.output * r
    positive = _one_sign(op, R, met, 1, bias)
    if alpha == 1:
        return (positive,)
    return (alpha * positive - (alpha - 1) * _one_sign(op, R, met, -1, bias),)


def zplus(op: Op, r: Tensor, met: Met, bias: Bias = "split") -> tuple[Tensor, ...]:
    """The z⁺ rule, eq. 10 and 16: `R_i = Σ_j z_ij⁺ / Σ_k z_kj⁺ R_j`, that is LRP-α1β0."""
    return lrp_alpha_beta(op, r, met, 1.0, bias)


def zplus_filter(op: Op, r: Tensor, met: Met) -> tuple[Tensor, ...]:
    """The paper's filter form of z⁺ (Prop. 3) with its scalar γ dropped: `W diag(1[W > 0]) M r`."""
    if not isinstance(op, Weighted):
        return grad(op, r, met)
    return (op.pull(r, op.weight.clamp(min=0), met.inputs[0].shape),)


def _one_sign(op: Weighted, R: Tensor, met: Met, sign: int, bias: Bias) -> Tensor:
    """`Σ_j F_ij R_j / Z_j`, where F keeps the products `a_i w_ij` of this sign and Z sums them."""
    a = met.inputs[0]
    kept = op.weight.clamp(min=0) if sign > 0 else op.weight.clamp(max=0)
    signed = bool((a < 0).any())
    Z = op.product(a.clamp(min=0) if signed else a, kept)
    other = (op.weight.clamp(max=0) if sign > 0 else op.weight.clamp(min=0)) if signed else None
    if other is not None:
        Z += op.product(a.clamp(max=0), other)
    if op.bias is not None and bias == "split":
        Z += op.per_neuron(op.bias.clamp(min=0) if sign > 0 else op.bias.clamp(max=0))
    shares = share(R, Z)
    below = op.pull(shares, kept, a.shape)
    return below if other is None else torch.where(a < 0, op.pull(shares, other, a.shape), below)


def z_box(op: Op, r: Tensor, met: Met, low: Tensor, high: Tensor) -> tuple[Tensor, ...]:
    """The z^B rule of Deep Taylor, eq. 11, shares `z_ij − l_i w_ij⁺ − h_i w_ij⁻` of inputs bounded by `l ≤ a ≤ h`.

    It gives relevance, not a modified gradient: for a first layer only. Bounds broadcast to the input.
    Raises `ValueError` when an input lies outside its bounds.
    """
    if not isinstance(op, Weighted):
        return grad(op, r, met)
    a = met.inputs[0]
    low, high = low.to(a).expand_as(a), high.to(a).expand_as(a)
    if (a < low).any() or (a > high).any():
        raise ValueError("z^B needs l ≤ a ≤ h at every input; widen the bounds or normalise the image")
    plus, minus = op.weight.clamp(min=0), op.weight.clamp(max=0)
    Z = op.product(a, op.weight, op.bias) - op.product(low, plus) - op.product(high, minus)
    shares = share(met.output * r, Z)
    parts = (op.pull(shares, w, a.shape) for w in (op.weight, plus, minus))
    of_weight, of_plus, of_minus = parts
    return (a * of_weight - low * of_plus - high * of_minus,)
