"""SmoothGrad (Smilkov et al. 2017): the mean gradient of noisy copies of an image."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from jaxtyping import Float
from torch import Tensor

from nfrlab.simulations.deep.maps import Network, Target, trace_of
from nfrlab.simulations.deep.methods.estimates import Estimate, Running
from nfrlab.simulations.deep.methods.points import explained, gradients


def smoothgrad(
    network: Network,
    x: Float[Tensor, "B ..."] | None = None,
    target: Target = None,
    samples: int = 50,
    noise: float = 0.15,
    seed: int = 0,
) -> Estimate:
    """`R = 1/n Σ_s ∇f_k(x + σ ξ_s)`, `ξ_s ~ N(0, I)`, `σ = noise · (max x − min x)` image by image.

    `error` is the standard error of every entry. `defect` is what `⟨R, x⟩` differs by from Stein's identity,
    `E ⟨∇f(x + σξ), x⟩ = E (f(x + σξ) − f(x)) ⟨ξ, x⟩ / σ`, with the same noise on both sides: 0 in the mean, with
    `defect_error` for its standard error.

    Parameters
    ----------
    network, x, target
        As in `attribution`; the class is that of the image without noise.
    samples
        n.
    noise
        As a share of the image's range.
    seed
        Of the noise, which is the same at every call and on every device.

    Raises `ValueError` as `attribution` does, for fewer than two samples, a share that is not positive and finite, and
    an image all of whose entries are equal.
    """
    if samples < 2:
        raise ValueError(f"a standard error needs at least 2 samples, got {samples}")
    if not 0 < noise < float("inf"):
        raise ValueError(f"noise is a positive share of the image's range, got {noise}")
    trace = trace_of(network, x)
    x = trace.x.detach()
    flat = x.flatten(1)
    sigma = noise * (flat.amax(dim=1) - flat.amin(dim=1))
    if not (sigma > 0).all():
        raise ValueError("an image whose entries are all equal has no range that the noise could be a share of")
    each = sigma.view(-1, *[1] * (x.dim() - 1))
    copies = (x + each * xi.to(x) for xi in _noise(x, samples, seed))
    map, defect = Running(), Running()
    k = explained(trace, target)
    f0 = trace.output.gather(1, k[:, None])[:, 0].double()
    for point, f, g in gradients(trace, k, copies):
        map.add(g)
        moved = _inner(point.double() - x, x) / sigma.double() ** 2  # ⟨ξ, x⟩ / σ
        defect.add(_inner(g.double(), x) - (f.double() - f0) * moved)
    return Estimate(map.mean.to(x.dtype), map.error.to(x.dtype), defect.mean, defect.error)


def _noise(x: Tensor, samples: int, seed: int) -> Iterator[Tensor]:
    """Standard normal numbers shaped like x, drawn on the CPU in float64, so that they are the same everywhere."""
    rng = torch.Generator().manual_seed(seed)
    return (torch.randn(x.shape, generator=rng, dtype=torch.float64) for _ in range(samples))


def _inner(a: Tensor, b: Tensor) -> Tensor:
    """`⟨a, b⟩`, image by image."""
    return (a * b).flatten(1).sum(dim=1)
