"""One network of a user's on trial: which claims speak of it, and in one sentence what came out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from nfrlab.simulations.bridge.names import display_name
from nfrlab.simulations.bridge.settings import RANDOM
from nfrlab.verify.court.claim import Claim, Measured
from nfrlab.verify.court.verdict import Status, Verdict
from nfrlab.verify.examine.over_draws import counted
from nfrlab.verify.proceedings.registry import REGISTRY, find_claim, is_of_decisions, is_of_rivals


def claims_on(model: str, trained: bool, found: Measured, of_rivals: bool = False) -> tuple[dict[str, None], int]:
    """The claims on deep networks that speak of what was measured on this network, by id, and how many do not.

    Of VGG16 with a checkpoint of the user's those on ImageNet's weights stand for themselves. Claims `of_rivals` are
    judged from other measurements, and are for themselves.
    """
    network = display_name(model)
    deep = {id: claim for id, claim in REGISTRY.items() if claim.on_deep_networks and "@" not in id}
    bases = (id for id, claim in deep.items() if is_of_rivals(claim) == of_rivals and not is_of_decisions(claim))
    ids = [twin_on(id, network, trained) for id in bases if not id.endswith("-imagenet")]
    apply = {id: None for id in ids if not lacks(find_claim(id), found)}
    return apply, len(ids) - len(apply)


def twin_on(id: str, network: str, trained: bool) -> str:
    """The id of a claim as it is judged on a network."""
    imagenets = f"{id}-imagenet"
    return imagenets if trained and network == RANDOM.network and imagenets in REGISTRY else f"{id}@{network}"


def lacks(claim: Claim, found: Measured) -> bool:
    """Whether the measurements lack what the claim is judged from."""
    return bool(claim.missing(claim.scope(found)))


def said_last(model: str, verdicts: Mapping[str, Verdict], left_out: int, found: Measured, needed: int) -> str:
    """What came out, in one sentence; where claims stay open and images are few, what would help."""

    def count(status: Status) -> int:
        return sum(verdict.status is status and verdict.passed for verdict in verdicts.values())

    still_open = [id for id, verdict in verdicts.items() if not verdict.passed]
    images = min((len(np.unique(data["image"].values)) for data in found.values()), default=0)
    few = f"--images with {needed} different images, here are {images}, would decide more"
    remedy = few if images < needed else "more draws, by --seeds, would decide more"
    undecided = f", {len(still_open)} stay open ({remedy})" if still_open else ""
    return (
        f"{model}: of the {len(verdicts)} claims that speak of it {count(Status.CONFIRMED)} are confirmed and "
        f"{count(Status.REFUTED)} refuted{undecided}; {left_out} others speak of other networks"
    )


def too_few(model: str, draws: int, needed: int) -> str:
    """Why no claim was judged, in one sentence."""
    return f"{model}: measured in {counted(draws, 'draw')} a setting; the claims need {needed}, and none was judged"
