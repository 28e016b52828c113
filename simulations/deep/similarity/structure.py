"""Structural similarity (Wang et al. 2004) of two maps as pictures, in two dimensions.

The range that its constants refer to decides what it says: maps divided by their largest entry, as Adebayo et al.
(2018) have them, are so flat beside a few large entries that any two of them look alike.
"""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

WINDOW = 5
"""The side of the uniform window, as in Adebayo et al. and Sixt et al."""
RANGE = 2.0
"""Of values from −1 to 1; `C₁ = (0.01 · 2)²`, `C₂ = (0.03 · 2)²`."""
C1, C2 = (0.01 * RANGE) ** 2, (0.03 * RANGE) ** 2


def picture(maps: Float[Tensor, "K C H W"]) -> Float[Tensor, "K H W"]:
    """The sum over the channels, in float64."""
    return maps.double().sum(dim=1)


def scaled(p: Float[Tensor, "K H W"], by: Literal["mean square", "largest"]) -> Float[Tensor, "K H W"]:
    """A picture divided by the root of its mean square, or by its largest `|entry|`; zero stays where it is."""
    largest = p.abs().amax(dim=(1, 2), keepdim=True)
    p = p / largest
    return p if by == "largest" else p / p.square().mean(dim=(1, 2), keepdim=True).sqrt()


def structural_similarity(
    one: Float[Tensor, "J C H W"],
    other: Float[Tensor, "K C H W"],
    by: Literal["mean square", "largest"] = "mean square",
) -> Float[Tensor, " K"]:
    """The mean of `(2 m_u m_v + C₁)(2 c_uv + C₂) / ((m_u² + m_v² + C₁)(s_u² + s_v² + C₂))` over all 5×5 windows that
    lie in the picture, `m` means, `s²` and `c` variances and covariance of a sample. 1 for equal maps.

    Raises `ValueError` for maps that are smaller than the window.
    """
    v = scaled(picture(other), by)
    u = scaled(picture(one), by).expand_as(v)
    if min(u.shape[1:]) < WINDOW:
        raise ValueError(f"SSIM needs maps of {WINDOW} × {WINDOW} pixels or more, got {u.shape[1]} × {u.shape[2]}")
    stacked = torch.stack([u, v, u * u, v * v, u * v], dim=1)
    m_u, m_v, uu, vv, uv = F.avg_pool2d(stacked, WINDOW, stride=1).unbind(dim=1)
    sample = WINDOW**2 / (WINDOW**2 - 1)
    s_u, s_v, c = sample * (uu - m_u**2), sample * (vv - m_v**2), sample * (uv - m_u * m_v)
    similar = (2 * m_u * m_v + C1) * (2 * c + C2) / ((m_u**2 + m_v**2 + C1) * (s_u + s_v + C2))
    return similar.mean(dim=(1, 2))
