"""What stands beside every number: maps that know nothing of the network, and inputs that are no map at all."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Generator, Tensor

from nfrlab.simulations.deep.effects.information import BANDS, band_pass
from nfrlab.simulations.deep.effects.resemblance import edges as edge_strength
from nfrlab.simulations.deep.engine.measure import alignment

Images = Float[Tensor, "B C H W"]
LOW = BANDS[0][2]
"""Of the Nyquist frequency: what a low-pass leaves."""


def nulls(x: Images, R: Images, rng: Generator) -> dict[str, Images]:
    """Maps by name for images x whose map under test is R; the random ones are drawn by `rng`.

    The image itself; the image with noise until it is as far from x as R is; its edges, without sign (Sobel) and with
    it (the Laplacian); its mean colours and lowest frequencies; the next image; the image with random phases; noise;
    and nothing but one value.
    """
    noise = torch.randn(x.shape, generator=rng).to(x)
    return {
        "image": x,
        "noisy image": at_alignment(x, noise, alignment(R, x)),
        "edges": edge_strength(x),
        "laplacian": laplacian(x),
        "low-pass": low_pass(x),
        "other image": x.roll(1, 0),
        "scrambled phases": scrambled(x, rng),
        "noise": noise,
        "constant": torch.zeros_like(x),
    }


def at_alignment(x: Images, noise: Images, alpha: Float[Tensor, " B"]) -> Images:
    """`α x/‖x‖ + √(1 − α²) u`: an image whose alignment with x is α; u is the direction of the noise across x."""
    flat, n = x.flatten(1), noise.flatten(1)
    unit = F.normalize(flat, dim=1)
    u = F.normalize(n - (n * unit).sum(1, keepdim=True) * unit, dim=1)
    a = alpha.to(x)[:, None].clamp(-1, 1)
    return (a * unit + (1 - a.square()).sqrt() * u).view(x.shape)


def laplacian(x: Images) -> Images:
    """The four neighbours of a pixel less four times itself, channel by channel; the edge is repeated outside."""
    kernel = x.new_tensor([[0, 1, 0], [1, -4, 1], [0, 1, 0]]).expand(x.shape[1], 1, 3, 3)
    return F.conv2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), kernel, groups=x.shape[1])


def low_pass(x: Images) -> Images:
    """The means of the channels and the frequencies below an eighth of the largest."""
    return x.mean((2, 3), keepdim=True) + band_pass(x, 0.0, LOW).to(x)


def scrambled(x: Images, rng: Generator) -> Images:
    """The image with its own amplitudes and the phases of noise, the same shifts of phase for all channels."""
    noise = torch.randn((len(x), 1, *x.shape[2:]), generator=rng).to(x)
    turn = torch.exp(1j * torch.angle(torch.fft.fft2(noise.double())))
    turn[..., 0, 0] = 1  # the mean colour stays
    return torch.fft.ifft2(torch.fft.fft2(x.double()) * turn).real.to(x)
