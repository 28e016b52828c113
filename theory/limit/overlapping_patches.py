"""Where maps of a convolution point as N → ∞: every patch gives back itself at length 1, whatever its contrast.

Of i.i.d. rotation-invariant filters a patch's half-space mean is along the patch, `E[w 1(w·x_i > 0)] = c x_i/‖x_i‖`, c
the same for all of them. So the mean map of GBP is `c E[r⁺] Σ_i D_iᵀ x_i/‖x_i‖`, D_i cutting patch i out: pixel p of
the image times `Σ_{i ∋ p} 1/‖x_i‖`. It is the image if that sum is the same for all pixels, as where all patches have
one length and each pixel lies in equally many.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from jaxtyping import Float

from nfrlab.theory.numerics.vectors import cosine

Image = Float[npt.NDArray[np.float64], "h w c"]


def limit_map(x: Image, side: int, torus: bool = False) -> Image:
    """`x_p Σ_{i ∋ p} 1/‖x_i‖` over the side × side patches around every pixel, an odd side; zero patches give nothing.

    On a `torus` the image goes on at its opposite edge, else there are zeros outside of it.
    """
    squares = sums_over_squares((x**2).sum(axis=2), side, torus)
    weights = np.divide(1.0, np.sqrt(squares), out=np.zeros_like(squares), where=squares > 0)
    return np.asarray(x * sums_over_squares(weights, side, torus)[:, :, None])


def limit_alignment(x: Image, side: int, torus: bool = False) -> float:
    """α_∞ of the whole map, the cosine of `limit_map` with x."""
    return cosine(limit_map(x, side, torus).ravel(), x.ravel())


def sums_over_squares(
    values: Float[npt.NDArray[np.float64], "h w"], side: int, torus: bool
) -> Float[npt.NDArray[np.float64], "h w"]:
    """For every pixel the sum over the side × side pixels around it. Raises `ValueError` for an even side."""
    if side % 2 == 0:
        raise ValueError(f"a square around a pixel has an odd side, got {side}")
    around = np.pad(values, side // 2, mode="wrap" if torus else "constant")
    return np.asarray(np.lib.stride_tricks.sliding_window_view(around, (side, side)).sum(axis=(2, 3)))
