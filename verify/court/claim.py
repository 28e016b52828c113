"""A claim: what is stated, where, under which premises, and how it is examined."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeVar

import numpy as np

from nfrlab.simulations.images import ImageSet
from nfrlab.simulations.seeds import seed_sequence
from nfrlab.verify.court.budget import Budget
from nfrlab.verify.court.evidence import Evidence

if TYPE_CHECKING:
    import xarray as xr

T = TypeVar("T")
Measured = Mapping[str, "xr.Dataset"]
"""What the bridge measured on deep networks, by setting."""
Profile = Literal["quick", "full"]
PROFILES: tuple[Profile, ...] = ("quick", "full")


@dataclass
class Examination:
    """What an examination is handed: random numbers, error budget, images, measurements, and how thorough to be."""

    claim: str
    part: Literal["trial", "control"]
    seed: int
    profile: Profile
    images: ImageSet
    measured: Measured = field(default_factory=dict)
    budget: Budget = field(default_factory=Budget)

    def rng(self, point: str, block: int = 0) -> np.random.Generator:
        """The generator of one block of one point of this claim."""
        return np.random.default_rng(seed_sequence(self.seed, self.claim, self.part, point, block))

    def pick(self, quick: T, full: T) -> T:
        """A size that depends on the profile."""
        return quick if self.profile == "quick" else full


Examine = Callable[[Examination], Sequence[Evidence]]


def everything(measured: Measured) -> Measured:
    """A claim looks at all that was measured, if at any."""
    return measured


def nothing_missing(measured: Measured) -> str:
    """A claim of the court needs no measurement."""
    return ""


@dataclass(frozen=True)
class BrokenPremise:
    """A negative control: the same examination with this premise broken; it must come out REFUTED."""

    premise: str
    examine: Examine


@dataclass(frozen=True)
class Claim:
    """One statement on trial.

    `statement` is tested as printed: its strictness, quantifiers and constants. `repairs` names the claim that this one
    repairs: the smallest change that holds. `scope` is the part of the bridge's measurements that it is judged from,
    where it is one on deep networks; `missing` says in words what an examination would lack there, "" if nothing.
    """

    id: str
    title: str
    source: str
    statement: str
    premises: tuple[str, ...]
    examine: Examine
    control: BrokenPremise
    repairs: str | None = None
    scope: Callable[[Measured], Measured] = everything
    missing: Callable[[Measured], str] = nothing_missing

    @property
    def on_deep_networks(self) -> bool:
        """Whether the claim is judged from the bridge's measurements."""
        return self.missing is not nothing_missing
