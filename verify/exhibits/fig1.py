"""The networks behind Fig. 1: a Gaussian layer in the plane, and that layer as it grows from 8 to 8,192 neurons."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from jaxtyping import Float

from nfrlab.paper_figs import fig1
from nfrlab.simulations.dense import attribution, layer, rule, sample
from nfrlab.simulations.dense.arrays import Array
from nfrlab.simulations.dense.montecarlo import normal
from nfrlab.simulations.files import write_atomically
from nfrlab.simulations.images import ImageSet
from nfrlab.simulations.seeds import seed_sequence
from nfrlab.verify.exhibits.write import write

WIDTHS = tuple(2**k for k in range(3, 14))


def largest_layer(images: ImageSet, seed: int, most: int) -> tuple[Array, Array, Array]:
    """(x, W, r) of the layer of `most` neurons, which all smaller ones are the beginning of.

    x is red and green of one pixel of a photograph; W has Gaussian columns, E‖w‖² = 1; the relevance r is N(0, 1).
    """
    rng = np.random.default_rng(seed_sequence(seed, "fig1"))
    x = images.patch(1, rng)[:2]
    W = sample("gaussian", 2, most, rng) / np.sqrt(2)
    return x, W, normal(most, rng)


def maps(x: Float[Array, " 2"], W: Float[Array, "2 N"], r: Float[Array, " N"]) -> dict[str, Float[Array, " 2"]]:
    """The map r_0 of each rule."""
    hidden = layer(x, W)
    return {
        "grad": attribution((hidden,), rule("grad"), r),
        "gbp": attribution((hidden,), rule("gbp"), r),
        "constant": attribution((hidden,), rule("grad"), np.ones(len(r))),
        "activation": attribution((hidden,), rule("grad"), hidden.act),
    }


def plane(images: ImageSet, seed: int, N: int = WIDTHS[0]) -> fig1.Plane:
    """The first N neurons, each alone for what it contributes: a map is the sum over its neurons."""
    x, W, r = (part[..., :N] for part in largest_layer(images, seed, WIDTHS[-1]))
    alone = [maps(x, W[:, [j]], r[[j]]) for j in range(N)]
    return fig1.Plane(x, W, {name: np.stack([of_neuron[name] for of_neuron in alone], axis=1) for name in fig1.RULES})


def growth(images: ImageSet, seed: int) -> fig1.Growth:
    """That layer at 8, 16, …, 8,192 neurons."""
    x, W, r = largest_layer(images, seed, WIDTHS[-1])
    found = [maps(x, W[:, :N], r[:N]) for N in WIDTHS]
    return fig1.Growth(x, W, WIDTHS, {name: np.stack([at_width[name] for at_width in found]) for name in fig1.RULES})


def draw(folder: Path, images: ImageSet, seed: int) -> list[Path]:
    """Fig. 1 as SVG and PNG, its animation as GIF, and the animation's pictures on one sheet; the files written."""
    pictures = list(fig1.frames(growth(images, seed)))
    moving = {
        "fig1_animation.gif": fig1.animation(pictures),
        "fig1_animation.png": fig1.contact_sheet(pictures),
    }
    written = write(folder, "fig1", lambda: fig1.figure(plane(images, seed)))
    for name, content in moving.items():
        written.append(folder / name)
        write_atomically(written[-1], content)
    return written
