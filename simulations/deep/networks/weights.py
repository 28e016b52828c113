"""Random weights for any network: every family of the dense laboratory, one neuron per output channel.

A neuron of a convolution is the vector `w ∈ R^d` of all its weights, d = channels × height × width (its fan-in), and
the structured families fill blocks of d neurons of one layer. Drawn in float32 on the CPU from torch's generators, so
that a seed gives the same numbers in every precision and on every device. Families with Gaussian directions and,
through Φ, those of independent uniform, Laplace and sparse entries use the same normal numbers for the same seed, so
that they compare in pairs. The laws are those of `simulations.dense.weights`: the same constants, other code.
"""

from __future__ import annotations

from collections.abc import Callable
from math import pi, sqrt

import numpy as np
import torch
from jaxtyping import Float
from scipy.special import ndtri
from torch import Generator, Tensor, nn

from nfrlab.simulations.deep.networks.unset import identity_norm
from nfrlab.simulations.dense.weights import FRAME_COSINE, POWER, RING_BAND, SHIFT, SPARSE_RATE, STUDENT_DOF

Neurons = Float[Tensor, "N d"]
"""N neurons, a row each."""
Sampler = Callable[[Neurons, Generator], Neurons]
"""Fills the neurons that it is given, in their own memory, and returns them: large layers are drawn where they lie."""
NORMS = nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d | nn.LayerNorm | nn.GroupNorm | nn.InstanceNorm2d | nn.RMSNorm
LAYERS = nn.Conv1d | nn.Conv2d | nn.ConvTranspose2d | nn.Linear | nn.MultiheadAttention
KNOWN = LAYERS | NORMS
KEPT = {"token", "tokens", "pos", "position", "embed", "embedding", "relative", "scale", "gamma", "bias", "alpha"}
"""Words of which the name of a parameter with several axes, outside of such layers, has one if it is no weight."""
CHUNK = 1 << 22
SPARSE_BEYOND = float(ndtri(1 - SPARSE_RATE / 2))


def gaussian(w: Neurons, rng: Generator) -> Neurons:
    """Entries i.i.d. N(0, 1)."""
    return w.normal_(generator=rng)


def _with_norms(w: Neurons, radius: Tensor) -> Neurons:
    """`w` with these lengths instead of its own."""
    return w.mul_((radius / torch.linalg.vector_norm(w, dim=1))[:, None])


def sphere(w: Neurons, rng: Generator) -> Neurons:
    """Uniform on the sphere of radius √d."""
    return _with_norms(gaussian(w, rng), torch.full((len(w),), sqrt(w.shape[1])))


def ring(w: Neurons, rng: Generator) -> Neurons:
    """Uniform direction, radius uniform in [0.8, 1.2]·√d."""
    gaussian(w, rng)
    return _with_norms(w, sqrt(w.shape[1]) * torch.empty(len(w)).uniform_(*RING_BAND, generator=rng))


def student(w: Neurons, rng: Generator) -> Neurons:
    """Multivariate t with 3 degrees of freedom: `g · √(3 / χ²₃)`."""
    gaussian(w, rng)
    chi2 = gaussian(torch.empty(len(w), int(STUDENT_DOF)), rng).square().sum(dim=1)
    return w.mul_((STUDENT_DOF / chi2).sqrt()[:, None])


def uniform(w: Neurons, rng: Generator) -> Neurons:
    """Entries i.i.d. U[−1, 1]: `2 Φ(g) − 1`, g standard normal."""
    return gaussian(w, rng).mul_(sqrt(0.5)).erf_()


def uniform01(w: Neurons, rng: Generator) -> Neurons:
    """Entries i.i.d. U[0, 1]: `Φ(g)`."""
    return uniform(w, rng).add_(1).mul_(0.5)


def laplace(w: Neurons, rng: Generator) -> Neurons:
    """Entries i.i.d. Laplace with scale 1: `−sign(g) ln(1 − erf(|g|/√2))`, g standard normal."""
    for part in torch.split(gaussian(w, rng).view(-1), CHUNK):
        size = part.double().abs_().mul_(sqrt(0.5)).erf_().neg_().log1p_().neg_()
        part.copy_(size.copysign_(part))
    return w


def cauchy(w: Neurons, rng: Generator) -> Neurons:
    """Entries i.i.d. standard Cauchy: `tan(π v / 2)`, v uniform in [−1, 1).

    Of v in float64, whose 53 bits reach as far into a tail as any network asks; chunk by chunk.
    """
    for part in torch.split(w.view(-1), CHUNK):
        v = torch.empty(len(part), dtype=torch.float64).uniform_(-1, 1, generator=rng)
        part.copy_(v.mul_(pi / 2).tan_())
    return w


def sparse(w: Neurons, rng: Generator) -> Neurons:
    """Entries i.i.d.: ±1 with probability 0.05 each, else 0: the sign of g, standard normal, where |g| > 1.64."""
    gaussian(w, rng)
    return w.mul_(w.abs() > SPARSE_BEYOND).sign_()


def axis(w: Neurons, rng: Generator) -> Neurons:
    """One coordinate axis per neuron: `±√d e_i`, `i` and the sign uniform."""
    N, d = w.shape
    at = torch.randint(d, (N, 1), generator=rng)
    sign = 2.0 * torch.randint(2, (N, 1), generator=rng) - 1
    return w.zero_().scatter_(1, at, sqrt(d) * sign)


def powerlaw(w: Neurons, rng: Generator) -> Neurons:
    """Gaussian with diagonal covariance ∝ 1/i, of trace d; i runs over (channel, row, column)."""
    d = w.shape[1]
    variance = torch.arange(1, d + 1, dtype=torch.float64) ** -POWER
    return gaussian(w, rng).mul_((variance * d / variance.sum()).sqrt().float())


def shifted(w: Neurons, rng: Generator) -> Neurons:
    """Entries i.i.d. N(1/4, 1)."""
    return gaussian(w, rng).add_(SHIFT)


def _frame(d: int, n: int, rng: Generator) -> Float[Tensor, "d n"]:
    """n orthonormal columns, uniform among all such: Gram–Schmidt of Gaussian ones, `G = Q R` with `R_ii > 0`.

    Tall G are well conditioned, and `R` comes faster from the Cholesky factor of `GᵀG`.
    """
    G = gaussian(torch.empty(d, n), rng)
    if d >= 4 * n:
        L = torch.linalg.cholesky(G.T @ G)
        return G @ torch.linalg.solve_triangular(L, torch.eye(n), upper=False).T
    Q, R = torch.linalg.qr(G)
    return Q * R.diagonal().sign()


def haar(w: Neurons, rng: Generator) -> Neurons:
    """Haar orthonormal frames times √d, in independent blocks of at most d neurons."""
    d = w.shape[1]
    for block in torch.split(w, d):
        block.copy_(_frame(d, len(block), rng).T)
    return w.mul_(sqrt(d))


def tilted(w: Neurons, rng: Generator) -> Neurons:
    """Norms √d, every two neurons of a block with cosine 1/2: `Q (a I + b 11ᵀ/n)`, Q a Haar frame of n neurons."""
    d, a = w.shape[1], sqrt(1 - FRAME_COSINE)
    for block in torch.split(w, d):
        n = len(block)
        Q, b = _frame(d, n, rng), sqrt(1 + (n - 1) * FRAME_COSINE) - a
        block.copy_((a * Q + b * Q.mean(dim=1, keepdim=True)).T)
    return w.mul_(sqrt(d))


FAMILIES: dict[str, tuple[Sampler, float | None]] = {
    "gaussian": (gaussian, 1.0),
    "sphere": (sphere, 1.0),
    "ring": (ring, 1 + 0.04 / 3),
    "student": (student, 3.0),
    "haar": (haar, 1.0),
    "tilted": (tilted, 1.0),
    "uniform": (uniform, 1 / 3),
    "uniform01": (uniform01, 1 / 3),
    "laplace": (laplace, 2.0),
    "cauchy": (cauchy, None),
    "sparse": (sparse, 0.1),
    "axis": (axis, 1.0),
    "powerlaw": (powerlaw, 1.0),
    "shifted": (shifted, 1 + SHIFT**2),
}
"""Sampler, and the second moment of an entry: `E‖w‖² / d`."""

TARGETS: dict[str, float] = {"he": 2.0, "default": 1 / 3}
"""`d E w²` of an entry; a third is that of U[−1/√d, 1/√d], PyTorch's default."""


def factor(family: str, d: int, scale: str) -> float:
    """What a neuron of the family is multiplied by.

    `raw`: 1. `he`: `√(2 / (d E w²))`, so that `E w² = 2/d`. `default`: so that `E w² = 1/(3d)`; of the family `uniform`
    it makes PyTorch's default initialisation itself. Cauchy entries have no second moment: both divide them by d, so
    that `w·a` is Cauchy with the scale mean |a|. No map's alignment depends on the scale where there are no biases.
    """
    second_moment = FAMILIES[family][1]
    if scale == "raw":
        return 1.0
    return 1 / d if second_moment is None else sqrt(TARGETS[scale] / (d * second_moment))


def half_width(family: str, d: int, scale: str) -> float:
    """Biases are i.i.d. uniform in ± this, with the second moment of a weight; of Cauchy weights, in ± their scale."""
    second_moment = FAMILIES[family][1]
    return factor(family, d, scale) * (1.0 if second_moment is None else sqrt(3 * second_moment))


def sample(family: str, N: int, d: int, rng: Generator) -> Float[Tensor, "N d"]:
    """N neurons of the family, as printed."""
    return FAMILIES[family][0](torch.empty(N, d), rng)


def generator(seed: np.random.SeedSequence, layer: int) -> Generator:
    """The generator of a layer, the same whenever it is asked for: nothing is spawned from `seed`."""
    child = np.random.SeedSequence(seed.entropy, spawn_key=(*seed.spawn_key, layer))
    return Generator().manual_seed(int(child.generate_state(1, np.uint64)[0]))


@torch.no_grad()
def randomise(
    module: nn.Module, family: str, seed: np.random.SeedSequence, scale: str = "he", bias: bool = False
) -> None:
    """Give every convolution, linear map and attention new weights, in place; normalisations scale by 1 and shift by 0.

    Tokens, positions, scales of layers and slopes of nonlinearities stay as they are (`KEPT`).

    Raises `ValueError` for an unknown family or scale, for other parameters, and where `bias` is asked of a network
    that was built without any.

    Parameters
    ----------
    family
        One of `FAMILIES`.
    seed
        Each layer draws from a child of it: the same seed gives the same weights, in every precision.
    scale
        "raw", "he" or "default", as in `factor`.
    bias
        Whether biases, and the shifts of the batch normalisations after them, are drawn too (`half_width`), or zero.
    """
    check(module, family, scale, bias)
    width = 0.0
    for index, part in enumerate(part for part in module.modules() if isinstance(part, KNOWN)):
        rng = generator(seed, index)
        if isinstance(part, NORMS):
            identity_norm(part)
        for neurons in neurons_of(part):
            d = neurons[0].numel()
            width = half_width(family, d, scale)
            draw(neurons, family, rng, factor(family, d, scale))
        for shift in biases_of(part):
            shift.copy_(torch.empty(shift.shape).uniform_(-1, 1, generator=rng).mul_(width if bias else 0))


def neurons_of(part: nn.Module) -> list[Tensor]:
    """The weights of a layer as views whose first axis numbers neurons; none of a normalisation."""
    if isinstance(part, nn.ConvTranspose2d):  # W is (C, N/groups, h, w)
        return [group.transpose(0, 1) for group in part.weight.chunk(part.groups)]
    if isinstance(part, nn.MultiheadAttention):
        several = (part.in_proj_weight, part.q_proj_weight, part.k_proj_weight, part.v_proj_weight)
        return [weight for weight in several if weight is not None]
    return [part.get_parameter("weight")] if isinstance(part, LAYERS) else []


def biases_of(part: nn.Module) -> list[Tensor]:
    """The biases of a layer, or the shift of a normalisation."""
    names = ("in_proj_bias", "bias_k", "bias_v") if isinstance(part, nn.MultiheadAttention) else ("bias",)
    return [bias for name in names if (bias := getattr(part, name, None)) is not None]


def stamps(module: nn.Module) -> list[tuple[object, ...]]:
    """By what weights are known again: each tensor, how often it was changed, and a few of its entries."""
    parts = (part for part in module.modules() if isinstance(part, KNOWN))
    held = (tensor.detach() for part in parts for tensor in part.parameters(recurse=False))
    return [(each.data_ptr(), each._version, *each.flatten()[:: max(1, each.numel() // 8)].tolist()) for each in held]


def is_weight(name: str, parameter: Tensor) -> bool:
    """Whether a parameter that no known layer owns may be a layer's weights: not numbers along one axis."""
    return sum(side > 1 for side in parameter.shape) > 1 and not KEPT.intersection(name.split("_"))


def draw(weight: Tensor, family: str, rng: Generator, scale: float) -> None:
    """Fill `weight` with neurons of a family times `scale`, drawn in float32 on the CPU whatever it is itself."""
    in_place = weight.dtype == torch.float32 and weight.device.type == "cpu" and weight.is_contiguous()
    rows = weight.detach().view(len(weight), -1) if in_place else torch.empty(len(weight), weight[0].numel())
    FAMILIES[family][0](rows, rng).mul_(scale)
    if not in_place:
        weight.copy_(rows.view(weight.shape))


def check(module: nn.Module, family: str, scale: str, bias: bool) -> None:
    """Raises `ValueError` as `randomise` does."""
    if family not in FAMILIES:
        raise ValueError(f"unknown weight family '{family}'; known families: {', '.join(FAMILIES)}")
    if scale not in ("raw", *TARGETS):
        raise ValueError(f"unknown scale '{scale}'; known scales: raw, {', '.join(TARGETS)}")
    for name, part in module.named_modules():
        own = [] if isinstance(part, KNOWN) else part.named_parameters(recurse=False)
        if any(is_weight(name, parameter) for name, parameter in own):
            raise ValueError(
                f"{name or 'the model'}, a {type(part).__name__}, cannot be given random weights; convolutions of "
                "lines and images, linear maps, attention and normalisations can"
            )
    if bias and not any(name.split(".")[-1] == "bias" for name, _ in module.named_parameters()):
        raise ValueError("random biases were asked for, but the model has none; build it with biases")
