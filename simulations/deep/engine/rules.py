"""One backward step per rule, from `r` at the output of an operation to its inputs (eq. 5–11 and 15–16).

All rules carry a *modified gradient* `ρ`, also those that distribute relevance: their relevance is `R = a ⊙ ρ` at every
place, so that nothing is ever divided by an activation and residual branches are handled like any others. A step that
acts at a ReLU (GBP, RectGrad, Deconv) treats every other operation like the gradient; a relevance step acts at the
weighted operations. Where a denominator is zero its share is zero. Biases stand in the denominators (`b⁺` with the
positive, `b⁻` with the negative part), so that they absorb relevance; docs/conventions.md says who does what.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from nfrlab.simulations.deep.engine.functions import Activation, Function
from nfrlab.simulations.deep.engine.ops import Add, MaxPool, Op, Record, ReLU, masked
from nfrlab.simulations.deep.engine.quantiles import quantile
from nfrlab.simulations.deep.engine.shares import part, share, stabilised, times
from nfrlab.simulations.deep.engine.signs import Bias, Sign, amplified, by_sign
from nfrlab.simulations.deep.engine.weighted import Conv, Weighted

Step = Callable[[Op, Tensor, Record], tuple[Tensor, ...]]
"""From an operation, `r` at its output and the record of its inputs and output to `r` at each of its inputs."""


def grad(op: Op, r: Tensor, record: Record) -> tuple[Tensor, ...]:
    """Plain gradient, eq. 5: `W M r`."""
    return op.transpose(r, record)


def gbp(op: Op, r: Tensor, record: Record) -> tuple[Tensor, ...]:
    """Guided backpropagation, eq. 6: `W M relu(r)`."""
    if isinstance(op, ReLU):
        return (op.transpose(r, record)[0].clamp_(min=0),)  # M relu(r) = relu(M r)
    return grad(op, r.clamp(min=0) if isinstance(op, Activation) else r, record)


def deconv(op: Op, r: Tensor, record: Record) -> tuple[Tensor, ...]:
    """Deconvnet: `W relu(r)`, without the forward mask (Sixt et al. 2020)."""
    return (r.clamp(min=0),) if isinstance(op, ReLU | Activation) else grad(op, r, record)


def rectgrad(op: Op, r: Tensor, record: Record, tau: float = 0.0, mask: bool = True) -> tuple[Tensor, ...]:
    """RectGrad with a constant threshold, eq. 15: `W M (r ⊙ 1[A ⊙ r > τ])`; `mask = False` omits M, as eq. 7 does."""
    if not isinstance(op, ReLU | Activation):
        return grad(op, r, record)
    passed = torch.where(times(record.output, r) <= tau, 0, r)  # a NaN passes, to be seen in the map
    return grad(op, passed, record) if mask else (passed,)


def rectgrad_quantile(op: Op, r: Tensor, record: Record, q: float = 0.9, mask: bool = True) -> tuple[Tensor, ...]:
    """RectGrad of the experiments: τ is the `q`-quantile of `A ⊙ r` over the layer, per image.

    `r` is first brought near 1 by a power of two, which changes no comparison: the product stays within range.
    """
    if not isinstance(op, ReLU | Activation):
        return grad(op, r, record)
    product = times(record.output, near_one(r))
    tau = quantile(product.flatten(1), q).view(-1, *[1] * (r.dim() - 1))
    passed = masked(r, product.sub_(tau))
    return grad(op, passed, record) if mask else (passed,)


def near_one(r: Tensor) -> Tensor:
    """Every image's `r` times the power of two that brings its largest entry into [½, 1), as far as floats reach."""
    largest = r.flatten(1).abs().amax(dim=1)
    exponent = torch.frexp(largest).exponent.clamp(-125, 125)
    return r * torch.ldexp(torch.ones_like(largest), -exponent).view(-1, *[1] * (r.dim() - 1))


def with_prr(op: Op, r: Tensor, record: Record, step: Step) -> tuple[Tensor, ...]:
    """PRR of the RectGrad authors: `step`, but at a maximum the windows share, `a ⊙ avgpoolᵀ(r / avgpool(a))`.

    Their 1e-10 in the denominator is not needed: a window of zeros passes nothing.
    """
    return (times(record.inputs[0], per_window(op, r, record)),) if isinstance(op, MaxPool) else step(op, r, record)


def with_shared_maximum(op: Op, r: Tensor, record: Record, step: Step) -> tuple[Tensor, ...]:
    """`step`, but the relevance of a maximum is shared in its window: `R_i = Σ_j a_i / Σ_k a_k R_j`."""
    return (per_window(op, times(record.output, r), record),) if isinstance(op, MaxPool) else step(op, r, record)


def per_window(op: MaxPool, v: Tensor, record: Record) -> Tensor:
    """At every place `Σ_j v_j / Σ_k a_k` over the windows j it lies in, k over their members.

    Raises `ValueError` for windows with holes, of which nobody has said what they share.
    """
    if op.dilation != (1, 1):
        raise ValueError("relevance cannot be shared in the windows of a dilated maximum; use the winner")
    with torch.enable_grad():
        a = record.inputs[0].repeat(len(v) // len(record.output), 1, 1, 1).requires_grad_()
        mean = torch.nn.functional.avg_pool2d(a, op.kernel, op.stride, op.padding, op.ceil)
        return torch.autograd.grad(mean, a, share(v, mean.detach()))[0]


def with_norm_split(op: Op, r: Tensor, record: Record, step: Step) -> tuple[Tensor, ...]:
    """`step`, but relevance divides at an addition by absolute size: `|a| / (|a| + |b|)` and `|b| / (|a| + |b|)`.

    In modified gradients `sign(a) (a + b) ρ / (|a| + |b|)`; the same as the z-split where a and b have one sign.
    """
    if not isinstance(op, Add):
        return step(op, r, record)
    a, b = record.inputs
    each = share(a + b, a.abs() + b.abs())
    return times(a.sign() * each, r), times(b.sign() * each, r)


def without_weights(op: Op, r: Tensor, record: Record) -> tuple[Tensor, ...]:
    """Relevance at an operation that has no weights: passed by the linear map that it is at the point met."""
    return op.relevance(r, record) if isinstance(op, Function) else op.transpose(r, record)


def lrp_epsilon(op: Op, r: Tensor, record: Record, eps: float = 0.0, bias: Bias = "split") -> tuple[Tensor, ...]:
    """LRP-ε: `R_i = Σ_j z_ij / (z_j + ε sign z_j) R_j`; ε = 0 is LRP-z, eq. 8.

    `bias = "none"` takes `z_j = Σ_k z_kj` without `b_j`, as eq. 8 is printed.
    """
    if not isinstance(op, Weighted):
        return without_weights(op, r, record)
    z = record.output
    denominator = op.product(record.inputs[0], op.weight) if bias == "none" and op.bias is not None else z
    return op.transpose(times(share(z, stabilised(denominator, eps)), r), record)


def lrp_alpha_beta(
    op: Op,
    r: Tensor,
    record: Record,
    alpha: float = 2.0,
    beta: float = 1.0,
    bias: Bias = "split",
    eps: float = 0.0,
    sign: Sign = "product",
) -> tuple[Tensor, ...]:
    """LRP-αβ, eq. 9: `R_i = Σ_j (α z_ij⁺/Z_j⁺ − β z_ij⁻/Z_j⁻) R_j`, which conserves relevance for `β = α − 1`.

    `Z⁺ = Σ_k z_kj⁺ + b_j⁺`, `Z⁻ = Σ_k z_kj⁻ + b_j⁻` (`bias = "full"`: all of b_j in both, `"none"`: in neither), both
    ε further from 0. Signed inputs count by the sign of the product `a_i w_ij`; `sign = "weight"` takes the weight's.
    """
    if not isinstance(op, Weighted):
        return without_weights(op, r, record)
    return (by_sign(op, r, record, alpha, beta, bias, eps, sign),)


def zplus(
    op: Op, r: Tensor, record: Record, bias: Bias = "split", eps: float = 0.0, sign: Sign = "product"
) -> tuple[Tensor, ...]:
    """The z⁺ rule, eq. 10 and 16: `R_i = Σ_j z_ij⁺ / Σ_k z_kj⁺ R_j`, that is LRP-α1β0."""
    return lrp_alpha_beta(op, r, record, 1.0, 0.0, bias, eps, sign)


def excitation_bp(op: Op, r: Tensor, record: Record, eps: float = 0.0) -> tuple[Tensor, ...]:
    """Excitation BP: `R_i = Σ_j a_i w_ij⁺ / Σ_k a_k w_kj⁺ R_j` (Zhang et al. 2016).

    z⁺ without biases where `a ≥ 0`; of signed inputs it clamps the weight, not the product.
    """
    return zplus(op, r, record, "none", eps, "weight")


def zplus_filter(op: Op, r: Tensor, record: Record) -> tuple[Tensor, ...]:
    """The paper's filter form of z⁺ (Prop. 3) with its scalar γ dropped: `W diag(1[W > 0]) M r`."""
    if not isinstance(op, Weighted):
        return without_weights(op, r, record)
    return (op.pull(r, op.weight.clamp(min=0), record.inputs[0].shape),)


def lrp_gamma(
    op: Op, r: Tensor, record: Record, gamma: float = 0.25, bias: Bias = "split", eps: float = 0.0
) -> tuple[Tensor, ...]:
    """LRP-γ: at a neuron with `z_j > 0` shares of `z_ij + γ z_ij⁺`, at one with `z_j < 0` of `z_ij + γ z_ij⁻`.

    `R_i = Σ_j (z_ij + γ z_ij^±) / (z_j + γ Z_j^±) R_j`, `Z_j^±` as in LRP-αβ: for inputs that are not negative
    Montavon et al.'s `w + γ w⁺`, for signed ones zennit's.
    """
    if not isinstance(op, Weighted):
        return without_weights(op, r, record)
    return (amplified(op, r, record, gamma, bias, eps),)


def flat(op: Op, r: Tensor, record: Record, eps: float = 0.0) -> tuple[Tensor, ...]:
    """The flat rule: every input of a neuron takes the same share, `R_i = Σ_j R_j / (number of j's inputs)`.

    Like `z_box` it gives relevance, not a modified gradient, and stands where the input is read.
    """
    if not isinstance(op, Weighted):
        return without_weights(op, r, record)
    a, ones = record.inputs[0], torch.ones_like(op.weight)
    inputs = op.product(torch.ones_like(a), ones)
    return (op.pull(times(share(record.output, stabilised(inputs, eps)), r), ones, a.shape),)


def pattern_net(op: Op, r: Tensor, record: Record) -> tuple[Tensor, ...]:
    """PatternNet: `P M r`, the patterns P of the neurons in place of their weights (Kindermans et al. 2017)."""
    return (op.pull(r, pattern_of(op), record.inputs[0].shape),) if isinstance(op, Weighted) else grad(op, r, record)


def pattern_attribution(op: Op, r: Tensor, record: Record) -> tuple[Tensor, ...]:
    """PatternAttribution: `(W ⊙ P) M r`, the weights times the patterns of the neurons in place of the weights."""
    if not isinstance(op, Weighted):
        return grad(op, r, record)
    return (op.pull(r, op.weight * pattern_of(op), record.inputs[0].shape),)


def pattern_of(op: Weighted) -> Tensor:
    """The patterns of an operation's neurons. Raises `ValueError` where it has none."""
    if op.pattern is None:
        raise ValueError("the network has no patterns; estimate them from images with nfrlab.with_patterns")
    return op.pattern


def by_pixel(op: Op, r: Tensor, record: Record) -> tuple[Tensor, ...]:
    """Relevance of an entry that is a pixel but for constants, as normalised ones are: it is the pixel's own."""
    a = record.inputs[0]
    return (r.view(-1, *a.shape[1:]),)


def by_kind(op: Op, r: Tensor, record: Record, convolutions: Step, others: Step) -> tuple[Tensor, ...]:
    """One step at convolutions, another at every other operation."""
    return (convolutions if isinstance(op, Conv) else others)(op, r, record)


def z_box(
    op: Op,
    r: Tensor,
    record: Record,
    low: Tensor | float | None,
    high: Tensor | float | None,
    bias: Bias = "split",
    eps: float = 0.0,
) -> tuple[Tensor, ...]:
    """The z^B rule of Deep Taylor, eq. 11, shares `z_ij − l_i w_ij⁺ − h_i w_ij⁻` of inputs bounded by `l ≤ a ≤ h`.

    They are summed as `(a − l) w⁺ + (a − h) w⁻`, of which no term is negative, so that nothing cancels.
    The denominator has `b_j` too, but not with `bias = "none"`. It gives relevance, not a modified gradient, and so
    stands where the input is read. Bounds broadcast to the input, also one by channel to a flattened image; None is the
    smallest and the largest entry of every channel of every image. Raises `ValueError` when an input lies outside its
    bounds by more than rounding.
    """
    if not isinstance(op, Weighted):
        return without_weights(op, r, record)
    a = record.inputs[0]
    inner = tuple(range(2, a.dim())) or (1,)
    low = a.amin(inner, keepdim=True) if low is None else low
    high = a.amax(inner, keepdim=True) if high is None else high
    low, high = bound(low, a), bound(high, a)
    rounding = 4 * torch.finfo(a.dtype).eps * torch.maximum(low.abs(), high.abs())
    if (a < low - rounding).any() or (a > high + rounding).any():
        raise ValueError("z^B needs l ≤ a ≤ h at every input; widen the bounds or normalise the image")
    above, below = (a - low).clamp(min=0), (a - high).clamp(max=0)
    plus, minus = part(op.weight, 1), part(op.weight, -1)
    Z = op.product(above, plus, None if bias == "none" else op.bias) + op.product(below, minus)
    r = times(share(record.output, stabilised(Z, eps)), r)
    return (times(above, op.pull(r, plus, a.shape)) + times(below, op.pull(r, minus, a.shape)),)


def bound(v: float | Tensor, a: Tensor) -> Tensor:
    """A bound of z^B at every entry of `a`, which may be an image that was flattened channel by channel."""
    v = (v if isinstance(v, Tensor) else torch.as_tensor(v, dtype=torch.float64)).to(a)
    if v.dim() > a.dim():
        v = v.flatten(1).repeat_interleave(a.shape[1] // v[0].numel(), 1)
    return v.expand_as(a)
