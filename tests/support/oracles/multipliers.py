"""DeepLIFT as it is printed (arXiv 1704.02685), as dense matrices in float64: every number has a positive and a
negative part of its difference to the reference, and multipliers lead from the parts of the inputs to those of outputs.

Both parts of an input carry a multiplier for both parts of an output: four matrices for every operation. Operations are
those of the Jacobian oracle. Rescale is the same with secants of the whole difference.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from tests.support.oracles.jacobian import INPUT, At, Net

Mode = Literal["rescale", "revealcancel", "ablated"]
Parts = tuple[Tensor, Tensor]


def relu(v: Tensor) -> Tensor:
    """y of a neuron."""
    return torch.where(v > 0, v, 0.0)


def slope(v: Tensor) -> Tensor:
    """Its derivative, 0 at 0."""
    return (v > 0).double()


def quotient(dy: Tensor, dz: Tensor, limit: Tensor) -> Tensor:
    """Δy/Δz, and its limit where Δz = 0."""
    return torch.where(dz == 0, limit, dy / torch.where(dz == 0, 1.0, dz))


def whole(d: Tensor) -> Parts:
    """A difference by its sign."""
    return d.clamp(min=0), d.clamp(max=0)


def linear_parts(J: tuple[Tensor, ...], deltas: list[Tensor]) -> tuple[Parts, list[tuple[Tensor, Tensor]]]:
    """The linear rule: contributions `J_ji Δ_i` by their sign, and for every input the matrices to Δy⁺ and to Δy⁻."""
    contributions = [M * d for M, d in zip(J, deltas, strict=True)]
    up = sum(c.clamp(min=0).sum(dim=1) for c in contributions)
    down = sum(c.clamp(max=0).sum(dim=1) for c in contributions)
    assert isinstance(up, Tensor)
    assert isinstance(down, Tensor)
    matrices = []
    for M, c, d in zip(J, contributions, deltas, strict=True):
        half = torch.where(d == 0, M / 2, 0.0)
        matrices.append((torch.where(c > 0, M, 0.0) + half, torch.where(c < 0, M, 0.0) + half))
    return (up, down), matrices


def crossed(here: At, there: At) -> Tensor:
    """The matrix of the cross maximum: `(max(y, y₀) − y₀)/Δ` at the input's winner, `(y − max(y, y₀))/Δ` at the
    reference's, which is the input's where it may be. A winner with Δ = 0 has the derivative.
    """
    M, delta = torch.zeros_like(here.J[0]), here.a[0] - there.a[0]
    for j in range(len(here.y)):
        i, k, y, y0 = int(here.J[0][j].argmax()), int(there.J[0][j].argmax()), here.y[j], there.y[j]
        k = i if there.a[0][i] == y0 else k
        larger = torch.maximum(y, y0)
        for at, change in ((i, larger - y0), (k, y - larger)):
            if delta[at] != 0:
                M[j, at] += change / delta[at]
        if delta[i] == 0 and y >= y0:
            M[j, i] = 1.0
    return M


def gates(mode: Mode, here: At, there: At, parts: Parts) -> tuple[Parts, Parts]:
    """A ReLU: the parts of its output, and their multipliers."""
    z, z0, (p, n) = here.a[0], there.a[0], parts
    if mode != "revealcancel":
        m = quotient(relu(z) - relu(z0), z - z0, slope(z))
        return (m * p, m * n), (m, m)
    up = (relu(z0 + p) - relu(z0) + relu(z0 + n + p) - relu(z0 + n)) / 2
    down = (relu(z0 + n) - relu(z0) + relu(z0 + p + n) - relu(z0 + p)) / 2
    m_up = quotient(up, p, (slope(z0) + slope(z0 + n)) / 2)
    m_down = quotient(down, n, (slope(z0) + slope(z0 + p)) / 2)
    return (up, down), (m_up, m_down)


def multipliers(mode: Mode, here: Net, there: Net, start: Tensor, place: int) -> Tensor:
    """m at the input, of `start` at the output of the part at `place`."""
    parts: dict[int, Parts] = {INPUT: whole(here.flat(INPUT) - there.flat(INPUT))}
    steps: dict[int, list[tuple[Tensor, Tensor]]] = {}
    for i, part in enumerate(here.parts):
        at, ref = here.at[i], there.at[i]
        deltas = [a - b for a, b in zip(at.a, ref.a, strict=True)]
        if part.kind == "relu":
            parts[i], both = gates(mode, at, ref, parts[part.inputs[0]])
            steps[i] = [(torch.diag(both[0]), torch.diag(both[1]))]
        elif part.kind == "max":
            parts[i], steps[i] = linear_parts((crossed(at, ref),), deltas)
        else:
            J = tuple(M.clamp(min=0) for M in at.J) if mode == "ablated" and part.kind == "affine" else at.J
            parts[i], steps[i] = linear_parts(J, deltas)
    waiting = {place: (start, start)}
    for i in reversed(range(len(here.parts))):
        if i in waiting:
            m_up, m_down = waiting.pop(i)
            straight = here.parts[i].kind == "relu"  # Δz⁺ feeds Δy⁺ alone; of a linear part both feed both
            for source, (up, down) in zip(here.parts[i].inputs, steps[i], strict=True):
                below = (up.T @ m_up, down.T @ m_down)
                below = below if straight else (below[0] + below[1],) * 2
                old = waiting.get(source)
                waiting[source] = below if old is None else (old[0] + below[0], old[1] + below[1])
    m_up, m_down = waiting.get(INPUT, (torch.zeros_like(here.flat(INPUT)),) * 2)
    d = here.flat(INPUT) - there.flat(INPUT)
    return torch.where(d > 0, m_up, torch.where(d < 0, m_down, (m_up + m_down) / 2))
