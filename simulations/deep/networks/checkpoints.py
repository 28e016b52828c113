"""Trained weights: from a file, without running any code that it may hold, or from torchvision's own address."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

WRAPPERS = ("state_dict", "model_state_dict", "model")
PREFIX = "module."
COUNTER = "num_batches_tracked"  # of no use in evaluation, and absent from many files
SHOWN = 3
OFFICIAL = {
    "vgg16": "https://download.pytorch.org/models/vgg16-397923af.pth",
    "resnet18": "https://download.pytorch.org/models/resnet18-f37072fd.pth",
}


def load(module: nn.Module, path: Path) -> None:
    """Give `module` the weights in a safetensors file or a torch file of tensors, in place.

    Names may stand in a `state_dict` and behind `module.`. Raises `ValueError` for a file that is no checkpoint or
    holds more than tensors, for names missing or unknown, other shapes, and NaN or infinite weights; the module then
    keeps what it had.
    """
    fill(module, read(path), str(path))


def load_official(module: nn.Module, name: str) -> None:
    """Give `module` torchvision's ImageNet weights of the model `name`, downloaded once and kept in torch's cache.

    Raises `ValueError` for a model that has none, or when they cannot be had.
    """
    if name not in OFFICIAL:
        raise ValueError(f"there are no official weights of '{name}'; there are of {', '.join(OFFICIAL)}")
    try:
        state = torch.hub.load_state_dict_from_url(
            OFFICIAL[name], map_location="cpu", check_hash=True, weights_only=True
        )
    except (OSError, RuntimeError) as error:
        raise ValueError(
            f"the official weights of {name} could not be had from {OFFICIAL[name]} ({error}); download that file "
            "elsewhere and name it by --weights PATH"
        ) from error
    fill(module, state, OFFICIAL[name])


def read(path: Path) -> dict[str, Tensor]:
    """The tensors of a checkpoint by name, wrappers taken off. Raises `ValueError` as `load` does."""
    try:
        safe = _is_safetensors(path)
        found = load_file(path) if safe else torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise ValueError(f"there is no file {path}; --weights names a .safetensors file or a torch file") from error
    except Exception as error:  # damaged files make the readers raise whatever they stumble over
        raise ValueError(
            f"{path} is no checkpoint that can be read safely; expected a .safetensors file, or a torch file of "
            "tensors only, as torch.save(model.state_dict(), …) writes it"
        ) from error
    return unwrap(found, str(path))


def _is_safetensors(path: Path) -> bool:
    """Eight bytes of length, then JSON: no torch file looks like this."""
    with path.open("rb") as file:
        return file.read(9)[8:] == b"{"


def unwrap(found: Any, source: str) -> dict[str, Tensor]:
    """The tensors by name, without `state_dict` around and `module.` before them."""
    while isinstance(found, dict) and (inside := [found[k] for k in WRAPPERS if isinstance(found.get(k), dict)]):
        found = inside[0]
    if not isinstance(found, dict) or not found:
        raise ValueError(f"{source} holds no weights by name; save model.state_dict()")
    wrong = [name for name, value in found.items() if not (isinstance(name, str) and isinstance(value, Tensor))]
    if wrong:
        raise ValueError(f"{source}: {_some(wrong)} is no tensor; save model.state_dict()")
    prefix = PREFIX if all(name.startswith(PREFIX) for name in found) else ""
    return {name.removeprefix(prefix): value for name, value in found.items()}


@torch.no_grad()
def fill(module: nn.Module, state: dict[str, Tensor], source: str) -> None:
    """Copy `state` into `module`, if it fits. Raises `ValueError` as `load` does, before anything is changed."""
    needed = {name: value for name, value in module.state_dict().items() if not name.endswith(COUNTER)}
    state = {name: value for name, value in state.items() if not name.endswith(COUNTER)}
    missing, unknown = [name for name in needed if name not in state], [name for name in state if name not in needed]
    if missing:
        raise ValueError(f"{source} lacks {_some(missing)}; it belongs to another model")
    if unknown:
        hint = "a model with biases" if all(name.endswith("bias") for name in unknown) else "another model"
        raise ValueError(f"{source} has {_some(unknown)}, which the model has not; it belongs to {hint}")
    for name, value in state.items():
        if value.shape != needed[name].shape:
            expected = tuple(needed[name].shape)
            raise ValueError(f"{source}: {name} has shape {tuple(value.shape)}, the model needs {expected}")
        if not value.is_floating_point() or not torch.isfinite(value).all():
            raise ValueError(f"{source}: {name} has NaN, infinite or non-real entries; every weight must be finite")
    for name, value in state.items():
        needed[name].copy_(value)


def _some(names: list[Any]) -> str:
    """The first names, and how many there are."""
    more = f", … ({len(names)} in all)" if len(names) > SHOWN else ""
    return ", ".join(map(str, names[:SHOWN])) + more
