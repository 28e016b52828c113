"""Integrated Gradients (Sundararajan et al. 2017): the gradient along the line from a baseline to the image."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from nfrlab.simulations.deep.maps import Network, Target, trace_of
from nfrlab.simulations.deep.methods.estimates import Estimate
from nfrlab.simulations.deep.methods.points import explained, gradients
from nfrlab.simulations.deep.methods.quadrature import gaps, nodes


def integrated_gradients(
    network: Network,
    x: Float[Tensor, "B ..."] | None = None,
    target: Target = None,
    baseline: float | Tensor = 0.0,
    steps: int = 50,
    quadrature: str = "gauss",
    multiplier: bool = True,
) -> Estimate:
    """`R = (x − x₀) ⊙ ∫₀¹ ∇f_k(x₀ + t (x − x₀)) dt`, by a quadrature `Σ_s w_s ∇f_k(x_s)`.

    `error` is `|x − x₀| ⊙ Σ_s D_s |∇f_k(x_{s+1}) − ∇f_k(x_s)|` over nodes and ends (`quadrature.gaps`). It bounds the
    error of the quadrature where no entry of the gradient both rises and falls between two nodes: in a ReLU network,
    where no more than one of its kinks lies there. `defect` is `Σ_i R_i − (f_k(x) − f_k(x₀))`, which is 0 for the
    integral, and `defect_error` the same bound for its own integrand, `⟨∇f_k, x − x₀⟩`; both have the multiplier.

    Parameters
    ----------
    network, x, target
        As in `attribution`; the class is the same along the line.
    baseline
        `x₀`: a number, or a tensor that broadcasts to the images. 0 is black only where images are not normalised.
    steps
        Nodes of the quadrature; two more gradients are taken, at the ends.
    quadrature
        One of `QUADRATURES`.
    multiplier
        Without it the map is the integral alone ("local" Integrated Gradients), without `x − x₀`.

    Raises `ValueError` as `attribution` does, for a baseline of another shape or with NaN or infinite entries, an
    unknown quadrature, and fewer than two steps.
    """
    t, w = nodes(quadrature, steps)
    trace = trace_of(network, x)
    x = trace.x.detach()
    difference = x - (x0 := _as_images(baseline, x))
    line = (torch.lerp(x0, x, at) for at in (0.0, *t.tolist(), 1.0))
    integral = error = last = torch.zeros_like(x, dtype=torch.float64)
    defect_error = x.new_zeros(len(x), dtype=torch.float64)
    values = []
    met = gradients(trace, explained(trace, target), line)
    for weight, gap, (_, f, g) in zip((0.0, *w, 0.0), (0.0, *gaps(t, w)), met, strict=True):
        change, last = g - last, g.double()
        integral = integral + float(weight) * last
        error = error + float(gap) * change.abs()
        defect_error = defect_error + float(gap) * (difference * change).flatten(1).sum(dim=1).abs()
        values.append(f.double())
    R = difference * integral
    defect = R.flatten(1).sum(dim=1) - (values[-1] - values[0])
    map, off = (R, difference.abs() * error) if multiplier else (integral, error)
    return Estimate(map.to(x.dtype), off.to(x.dtype), defect, defect_error)


def _as_images(baseline: float | Tensor, x: Tensor) -> Tensor:
    """`x₀` for every image. Raises `ValueError` where it does not broadcast to x, or is not finite."""
    x0 = torch.as_tensor(baseline, dtype=x.dtype, device=x.device)
    try:
        x0 = x0.expand_as(x)
    except RuntimeError as error:
        raise ValueError(f"the baseline has shape {tuple(x0.shape)}, the images {tuple(x.shape)}") from error
    if not torch.isfinite(x0).all():
        raise ValueError("the baseline has NaN or infinite entries; every pixel must be finite")
    return x0
