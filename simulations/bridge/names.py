"""What networks are called: by the user; and in seeds and file names, where a user's folders must not matter."""

from __future__ import annotations

from pathlib import Path

NETWORKS = ("vgg16", "vgg16_bn", "vgg16-cifar10", "resnet18", "resnet20", "digits")
"""The built-in networks, as `simulations.deep.networks` builds them; `cifar` is another name of resnet20."""


def require_known(network: str) -> None:
    """Raises `ValueError` for what is neither a built-in network nor `FILE.py:FUNCTION`; PyTorch is not needed."""
    if ":" not in network and network not in (*NETWORKS, "cifar"):
        known = f"{', '.join(NETWORKS)}, or FILE.py:FUNCTION of your own"
        raise ValueError(f"unknown --model '{network}'; known: {known}")


def display_name(network: str) -> str:
    """`FILE_FUNCTION` of the network `FILE.py:FUNCTION`, whatever folder the file is in; any other name as it is."""
    file, _, function = network.rpartition(":")
    return f"{Path(file).stem}_{function}" if file else network
