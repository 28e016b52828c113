"""Trained weights: from a file, without running any code that it may hold, or from torchvision's own address."""

from __future__ import annotations

import json
import re
from argparse import Namespace
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save
from torch import Tensor, nn

from nfrlab.simulations.deep.networks.fitting import fill

HARMLESS: list[Any] = [
    Namespace,
    np.dtype,
    np.float64(0).__reduce__()[0],
    *(type(np.dtype(kind)) for kind in ("f4", "f8", "i4", "i8", "?")),
]
"""Classes that training scripts store beside weights, and that run nothing when they are read."""
DIGEST = "sha256 of the tensors"
"""Under this name the files that nfrlab writes have it in their metadata."""
OFFICIAL = {
    "vgg16": "https://download.pytorch.org/models/vgg16-397923af.pth",
    "resnet18": "https://download.pytorch.org/models/resnet18-f37072fd.pth",
}


def load(module: nn.Module, path: Path) -> str:
    """Give `module` the weights in a safetensors file or a torch file of tensors, in place.

    Returns what has to be said of the choice: which of several dictionaries and prefixes of names was taken; "" where
    there was none. Raises `ValueError` for a file that is no checkpoint or holds more than tensors, and as
    `fitting.fill` does; the module then keeps what it had.
    """
    return fill(module, read(path), str(path))


def load_official(module: nn.Module, name: str) -> str:
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
    return fill(module, state, OFFICIAL[name])


def read(path: Path) -> Any:
    """What a checkpoint holds, without running any of it. Raises `ValueError` in one sentence that says what to do."""
    beginning = first_bytes(path)
    try:
        if beginning[8:9] == b"{":  # eight bytes of length, then JSON: no torch file looks like this
            return read_safetensors(path)
        with torch.serialization.safe_globals(HARMLESS):
            return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # damaged files make the readers raise whatever they stumble over
        raise ValueError(f"{path} {what_is_wrong(error, beginning)}") from error


def sealed(state: Mapping[str, Tensor], origin: Mapping[str, str]) -> bytes:
    """Tensors as safetensors, with where they come from and their digest, which `read` holds them against.

    The same bytes for the same content: safetensors itself writes `origin` in a random order.
    """
    bare = save({name: tensor.contiguous() for name, tensor in state.items()})
    end = 8 + int.from_bytes(bare[:8], "little")
    said = dict(sorted({**origin, DIGEST: sha256(bare).hexdigest()}.items()))
    header = json.dumps({"__metadata__": said} | json.loads(bare[8:end]), separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    return len(header).to_bytes(8, "little") + header + bare[end:]


def read_safetensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file. Raises `ValueError` where it has a digest that they do not match."""
    with safe_open(path, framework="numpy") as file:
        said = (file.metadata() or {}).get(DIGEST)
    state = load_file(path)
    if said is not None and said != sha256(save(state)).hexdigest():
        raise ValueError("the tensors do not match their digest")
    return state


def first_bytes(path: Path) -> bytes:
    """The beginning of a regular file. Raises `ValueError` for anything else, and for what is plainly no checkpoint."""
    if not path.exists():
        raise ValueError(f"there is no file {path}; --weights names a .safetensors file or a torch file")
    if not path.is_file():
        raise ValueError(f"{path} is no regular file; --weights names a .safetensors file or a torch file")
    try:
        with path.open("rb") as file:
            beginning = file.read(512)
    except OSError as error:
        raise ValueError(f"{path} cannot be read ({error.strerror}); name a file that can") from error
    if not beginning:
        raise ValueError(f"{path} is empty; download it again")
    if beginning.startswith(b"version https://git-lfs"):
        raise ValueError(f"{path} is a pointer of Git LFS, not the file itself; run git lfs pull where it comes from")
    if beginning.lstrip()[:9].lower() in (b"<!doctype", b"<html><he") or beginning.lstrip()[:5].lower() == b"<html":
        raise ValueError(f"{path} is a web page, not a checkpoint; download the file that the page offers")
    return beginning


def what_is_wrong(error: Exception, beginning: bytes) -> str:
    """The end of the sentence on a file that cannot be read."""
    if found := re.search(r"(?:GLOBAL|class) ([\w.]+)", str(error)):
        return (
            f"holds an object of {found[1]}, and reading that could run code; save model.state_dict() in its place, "
            "with torch.save or as .safetensors"
        )
    if beginning[8:9] == b"{" or beginning.startswith(b"PK"):
        return "is damaged or incomplete; download or save it again"
    return (
        "is no checkpoint that can be read safely; expected a .safetensors file, or a torch file of tensors only, as "
        "torch.save(model.state_dict(), …) writes it"
    )
