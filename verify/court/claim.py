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
Part = Literal["trial", "control", "restored"]
"""What is examined: the claim, its negative control, or its positive one."""
Profile = Literal["quick", "full"]
"""How thorough an examination is: minutes or hours for the whole registry."""
PROFILES: tuple[Profile, ...] = ("quick", "full")


@dataclass
class Examination:
    """What an examination is handed.

    Attributes
    ----------
    claim, part, seed
        The claim's id, its trial or one of its controls, and the root seed: what all random numbers are derived from.
    profile
        How thorough to be.
    images
        Where real inputs come from.
    measured
        The bridge's results by setting, for claims on deep networks.
    budget
        The account from which every check takes its error probability.
    """

    claim: str
    part: Part
    seed: int
    profile: Profile
    images: ImageSet
    measured: Measured = field(default_factory=dict)
    budget: Budget = field(default_factory=Budget)

    def rng(self, point: str, block: int = 0) -> np.random.Generator:
        """Return the generator of one block of one point of this claim; equal names give equal numbers."""
        return np.random.default_rng(seed_sequence(self.seed, self.claim, self.part, point, block))

    def pick(self, quick: T, full: T) -> T:
        """Return `quick` or `full`, whichever the profile asks for."""
        return quick if self.profile == "quick" else full


Examine = Callable[[Examination], Sequence[Evidence]]
"""What tries a claim, or breaks one of its premises: from an examination to evidence."""


def everything(measured: Measured) -> Measured:
    """Return all that was measured: the scope of a claim that does not narrow it."""
    return measured


def nothing_missing(measured: Measured) -> str:
    """Return "": a claim of the court needs no measurement, so that none can be missing."""
    return ""


@dataclass(frozen=True)
class BrokenPremise:
    """A negative control: the claim's examination with this premise broken, which must be refuted at every point.

    It breaks what the statement assumes, by little; it neither turns the conclusion round nor leaves nothing of the
    world.
    """

    premise: str
    examine: Examine


@dataclass(frozen=True)
class RestoredPremise:
    """A positive control: the claim's examination in the nearest world where its statement holds.

    There it must not be refuted, nor left undecided: an examination that refutes everything is none.
    """

    premise: str
    examine: Examine


@dataclass(frozen=True)
class Claim:
    """One statement on trial.

    Attributes
    ----------
    id, title, source
        A unique id that begins with the module's name; a title for tables; where the statement stands in the paper.
    statement
        What is tested, as printed: its strictness, quantifiers and constants.
    premises
        What the statement assumes, and how its words are read.
    examine
        What tries it.
    control
        The negative control, without which no verdict carries weight.
    restored
        The positive control, without which a verdict of REFUTED carries none.
    repairs
        The id of the claim that this one repairs, as the smallest change that holds.
    scope, missing
        For claims on deep networks: the part of the bridge's measurements that the claim is judged from, and in words
        what an examination would lack there, "" if nothing.
    """

    id: str
    title: str
    source: str
    statement: str
    premises: tuple[str, ...]
    examine: Examine
    control: BrokenPremise
    restored: RestoredPremise | None = None
    repairs: str | None = None
    scope: Callable[[Measured], Measured] = everything
    missing: Callable[[Measured], str] = nothing_missing

    @property
    def on_deep_networks(self) -> bool:
        """Whether the claim is judged from the bridge's measurements."""
        return self.missing is not nothing_missing
