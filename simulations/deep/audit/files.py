"""Maps that a user has made with other tools, from a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from nfrlab.simulations.files import open_regular

KINDS = ".npy", ".npz", ".pt", ".safetensors"


def maps_in(path: Path) -> tuple[Tensor, str]:
    """The maps in a file, one array, (n, C, H, W) or (n, H, W), and in words what was guessed of it: channels that came
    last, as NumPy tools have them, come first; one map counts for all channels. Nothing that a file holds is run.

    Raises `ValueError`, in one sentence that says what to do, for a file that is none of these, holds several arrays,
    or numbers that are not finite.
    """
    try:
        found = read(path)
    except (OSError, ValueError, RuntimeError, KeyError, EOFError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ValueError(f"--maps {path} cannot be read ({reason}); save one array as {', '.join(KINDS)}") from error
    R, guess = torch.as_tensor(np.asarray(found)), ""
    if R.ndim == 4 and R.shape[1] not in (1, 3) and R.shape[3] in (1, 3):
        R, guess = R.permute(0, 3, 1, 2), f"{path.name}: the channels come last, they were put first"
    elif R.ndim == 3:
        guess = f"{path.name}: one map an image, it counts for all channels"
    if R.ndim not in (3, 4) or R.is_complex():
        raise ValueError(f"--maps {path} has shape {tuple(R.shape)}; one map for each image: (n, C, H, W) or (n, H, W)")
    if not torch.isfinite(R.double()).all():
        raise ValueError(f"--maps {path} has NaN or infinite entries; every number must be finite")
    if bool((R.flatten(1).amax(1) == R.flatten(1).amin(1)).all()):
        raise ValueError(f"--maps {path}: every map is one number all over; that is no map")
    if bool((R >= 0).all()):
        guess = "; ".join(each for each in (guess, f"{path.name}: no number is negative, the sign may be lost") if each)
    return R.float(), guess


def read(path: Path) -> np.ndarray | Tensor:
    """The only array in a file. Raises whatever its reader does, and `ValueError` for several."""
    if path.suffix not in KINDS:
        raise ValueError(f"the ending '{path.suffix}' is unknown")
    with open_regular(path) as file:
        if path.suffix == ".npy":
            return np.asarray(np.load(file, allow_pickle=False))
        if path.suffix == ".npz":
            held = dict(np.load(file, allow_pickle=False))
        elif path.suffix == ".pt":
            loaded = torch.load(file, map_location="cpu", weights_only=True)
            held = loaded if isinstance(loaded, dict) else {"": loaded}
        else:
            from safetensors.torch import load

            held = load(file.read())
    if len(held) != 1:
        raise ValueError(f"it holds {len(held)} arrays: {', '.join(map(str, list(held)[:4]))}")
    (only,) = held.values()
    return only
