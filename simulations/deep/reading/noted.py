"""A call of PyTorch that reads something computed from the images, as it happened."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from nfrlab.simulations.deep.engine.functions import leaves


@dataclass(frozen=True)
class Noted:
    """`function`: PyTorch's, or the module itself where that says what it does; `name`: its plain name; `label`: what
    and where, in words; `place`: the module that is running.
    """

    function: Any
    name: str
    arguments: tuple[Any, ...]
    named: dict[str, Any]
    value: Any
    label: str
    place: str


def tensors(nest: Any) -> Iterator[Tensor]:
    """The tensors in a nest of tuples, lists and dictionaries."""
    return (leaf for leaf in leaves(nest) if isinstance(leaf, Tensor))
