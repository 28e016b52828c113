"""Def. 1 for maps of any kind: NumPy arrays or torch tensors, one map or a batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nfrlab.simulations.dense import measure

if TYPE_CHECKING:
    from torch import Tensor


def alignment(R: np.ndarray[Any, Any] | Tensor, x: np.ndarray[Any, Any] | Tensor) -> Any:
    """Input alignment `α(R, x) = ⟨R, x⟩ / (‖R‖ ‖x‖)`, eq. 1 of the paper, in [−1, 1]; NaN where R or x is zero.

    Parameters
    ----------
    R, x
        A map and the input that it explains, of one shape: vectors (one α), or batches along the first axis (an α
        each). Arrays, or tensors; where one of the two is a tensor, so is what is returned.

    Raises `ValueError` for shapes that differ, and for NaN or infinite entries of arrays.
    """
    if np.shape(R) != np.shape(x):
        raise ValueError(f"a map and its input have one shape, got {tuple(np.shape(R))} and {tuple(np.shape(x))}")
    if is_tensor(R) or is_tensor(x):
        import torch

        from nfrlab.simulations.deep.engine import measure as deep

        image = torch.as_tensor(x)
        map = torch.as_tensor(R, device=image.device)
        return deep.alignment(map[None], image[None])[0] if image.ndim == 1 else deep.alignment(map, image)
    maps, images = (np.asarray(v, dtype=float) for v in (R, x))
    if images.ndim < 2:
        return measure.alignment(maps, images)
    return np.array([measure.alignment(map.ravel(), image.ravel()) for map, image in zip(maps, images, strict=True)])


def is_tensor(value: object) -> bool:
    """Whether a value is a torch tensor, told without importing torch."""
    return type(value).__module__.partition(".")[0] == "torch"
