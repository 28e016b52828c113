"""The built-in deep networks by name: what a user may ask for, known without PyTorch."""

from __future__ import annotations

NETWORKS = ("vgg16", "vgg16_bn", "vgg16-cifar10", "resnet18", "resnet20", "digits", "stack")
"""As `simulations.deep.networks.models.MODELS` builds them."""
ALIASES = {"cifar": "resnet20"}


def require_known(network: str) -> None:
    """Raises `ValueError` for what is neither a built-in network nor `FILE.py:FUNCTION`."""
    if ":" not in network and ALIASES.get(network, network) not in NETWORKS:
        known = f"{', '.join(NETWORKS)}, or FILE.py:FUNCTION of your own"
        raise ValueError(f"unknown --model '{network}'; known: {known}")
