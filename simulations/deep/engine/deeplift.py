"""DeepLIFT (Shrikumar et al. 2017): multipliers of differences to a reference input, `Σ m Δx = Δf` at every depth.

A nonlinearity passes secants `s(u, v) = (φ(v) − φ(u)) / (v − u)`, its slope where u = v. Rescale takes the one from
reference to input. RevealCancel carries two multipliers, m⁺ and m⁻, of what raised and what lowered a number; its maps
have twice the first axis, those of m⁺ before those of m⁻. Linear maps hand both on by the sign of the contribution
`w_ij Δa_i`, so that below one they are equal. A maximum is the cross maximum: what is between y and the larger of y and
y₀ belongs to the reference's winner, what is between that and y₀ to the input's. Other operations pass their slope
half-way, which is exact where they are linear or bilinear.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from nfrlab.simulations.deep.engine.functions import Curve, Function, pulled
from nfrlab.simulations.deep.engine.ops import MaxPool, Op, Record, ReLU
from nfrlab.simulations.deep.engine.shares import part, share, times
from nfrlab.simulations.deep.engine.weighted import Weighted


def rescale(op: Op, r: Tensor, record: Record) -> tuple[Tensor, ...]:
    """Rescale: `W (s ⊙ r)` with `s = ΔA/Δz`."""
    if isinstance(op, ReLU | Curve):
        return (times(secant(op, reference_of(record).inputs[0], record.inputs[0]), r),)
    if isinstance(op, MaxPool):
        return cross_maximum(op, r, record)
    return op.transpose(r, half_way(record) if isinstance(op, Function) else record)


def ablated(op: Op, r: Tensor, record: Record) -> tuple[Tensor, ...]:
    """Sixt et al.'s ablation: Rescale in which a difference only moves neurons in its own direction, `W⁺ (s ⊙ r)`."""
    if isinstance(op, Weighted):
        return (op.pull(r, part(op.weight, 1), record.inputs[0].shape),)
    return rescale(op, r, record)


def reveal_cancel(op: Op, r: Tensor, record: Record) -> tuple[Tensor, ...]:
    """RevealCancel: `Σ_j w_ij m_j^±`, the sign that of `w_ij Δa_i`, the mean of both where `Δa_i = 0`; at a
    nonlinearity `m^± = ΔA^±/Δz^± m`. What is no linear map hands on the multiplier that its own Δ has by its sign.
    """
    if isinstance(op, ReLU | MaxPool | Function):
        whole = joined(r, record.output - reference_of(record).output)
        if isinstance(op, ReLU | Curve):
            return (torch.cat([times(gate, whole) for gate in split_secants(op, record)]),)
        return tuple(torch.cat([m, m]) for m in rescale(op, whole, record))
    raised, lowered = by_contributions(op, r, record)
    below = (
        joined(torch.cat([up, down]), delta)
        for up, down, delta in zip(raised, lowered, differences(record), strict=True)
    )
    return tuple(torch.cat([m, m]) for m in below)


def by_contributions(op: Op, r: Tensor, record: Record) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    """What a linear map hands to inputs with Δ > 0, `J⁺ m⁺ + J⁻ m⁻`, and to those with Δ < 0, `J⁻ m⁺ + J⁺ m⁻`.

    Only weighted operations have entries below 0.
    """
    plus, minus = r.chunk(2)
    if not isinstance(op, Weighted):
        return op.transpose(plus, record), op.transpose(minus, record)
    up, down, shape = part(op.weight, 1), part(op.weight, -1), record.inputs[0].shape
    raised = op.pull(plus, up, shape) + op.pull(minus, down, shape)
    return (raised,), (op.pull(plus, down, shape) + op.pull(minus, up, shape),)


def split_secants(op: ReLU | Curve, record: Record) -> tuple[Tensor, Tensor]:
    """`ΔA⁺/Δz⁺ = ½ s(z₀, z₀ + Δz⁺) + ½ s(z₀ + Δz⁻, z₀ + Δz⁻ + Δz⁺)`, of adding Δz⁺ first and last; and `ΔA⁻/Δz⁻`."""
    z, (up, down) = reference_of(record).inputs[0], parts_of(record)
    return (
        (secant(op, z, z + up) + secant(op, z + down, z + down + up)) / 2,
        (secant(op, z, z + down) + secant(op, z + up, z + up + down)) / 2,
    )


def joined(r: Tensor, difference: Tensor) -> Tensor:
    """One multiplier of two: m⁺ where the difference is positive, m⁻ where it is negative, their mean where it is 0."""
    plus, minus = (m.view(-1, *difference.shape) for m in r.chunk(2))
    one = torch.where(difference > 0, plus, torch.where(difference < 0, minus, (plus + minus) / 2))
    return one.view(-1, *difference.shape[1:])


def reference_of(record: Record) -> Record:
    """The same operation as the reference met it. Raises `ValueError` where there is none."""
    if record.reference is None:
        raise ValueError("DeepLIFT compares with a reference; its steps take the records of `Trace.compared`")
    return record.reference


def differences(record: Record) -> tuple[Tensor, ...]:
    """Δ of every input."""
    return tuple(a - b for a, b in zip(record.inputs, reference_of(record).inputs, strict=True))


def parts_of(record: Record) -> tuple[Tensor, Tensor]:
    """`Δz⁺` and `Δz⁻` of the z that a nonlinearity reads: the contributions of either sign to the linear map that gave
    it, or, of anything else, its own Δ by its sign.
    """
    op, below = record.source or (None, record)
    if isinstance(op, Weighted):
        (delta,) = differences(below)
        weights, sides = (part(op.weight, 1), part(op.weight, -1)), (part(delta, 1), part(delta, -1))
        up = op.product(sides[0], weights[0]) + op.product(sides[1], weights[1])
        return up, op.product(sides[0], weights[1]) + op.product(sides[1], weights[0])
    if op is None or isinstance(op, ReLU | Function | MaxPool):
        (delta,) = differences(record)
        return part(delta, 1), part(delta, -1)
    up, down = (op.apply(*(part(delta, side) for delta in differences(below))).output for side in (1, -1))
    return up, down


def secant(op: ReLU | Curve, u: Tensor, v: Tensor) -> Tensor:
    """`s(u, v) = (φ(v) − φ(u)) / (v − u)`; where u and v are so close that digits are lost, φ's slope between them.

    Of a ReLU no digit is ever lost, and its slope is `1[v > 0]`.
    """
    if isinstance(op, ReLU):
        return torch.where(u == v, (v > 0).to(v), share(v.clamp(min=0) - u.clamp(min=0), v - u))
    slope = pulled(op.call, torch.ones_like(v), Record(((u + v) / 2,), v))[0]
    lost = (v - u).abs() <= torch.finfo(v.dtype).eps ** 0.5 * (1 + u.abs() + v.abs())
    return torch.where(lost, slope, share(op.call(v) - op.call(u), v - u))


def cross_maximum(op: MaxPool, r: Tensor, record: Record) -> tuple[Tensor, ...]:
    """A maximum: `y − y₀` over the Δ of the winner that it belongs to, the input's where `y ≥ y₀`, or the reference's.

    Where the input's winner is one of the reference's too, it is taken; one with Δ = 0 gets all, as of the gradient.
    """
    there = reference_of(record)
    assert record.winners is not None
    assert there.winners is not None
    theirs = at_winners(there.inputs[0], record.winners)
    own = (record.output >= there.output) | (theirs == there.output)
    winners = torch.where(own, record.winners, there.winners)
    delta = at_winners(record.inputs[0], winners) - at_winners(there.inputs[0], winners)
    passed = torch.where(delta == 0, 1, share(record.output - there.output, delta))
    return op.transpose(times(passed, r), replace(record, winners=winners))


def at_winners(a: Tensor, winners: Tensor) -> Tensor:
    """What stands at these places of every channel."""
    return a.flatten(2).gather(2, winners.flatten(2)).view(winners.shape)


def half_way(record: Record) -> Record:
    """An operation half-way between reference and input, for its slope there."""
    return Record(
        tuple((a + b) / 2 for a, b in zip(record.inputs, reference_of(record).inputs, strict=True)), record.output
    )
