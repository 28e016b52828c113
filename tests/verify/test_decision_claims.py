"""Claims on decisions, judged from made-up measurements whose truth is known; and what is shipped for them."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy.stats import norm

from nfrlab.verify.claims.decisions import fig_9
from nfrlab.verify.court.verdict import Status, Verdict
from nfrlab.verify.examine import decisions
from nfrlab.verify.examine.decisions import BACKDOORS, NETWORKS, ON_IMAGENET, SHIPPED, TRACKED, shipped
from nfrlab.verify.proceedings import record
from nfrlab.verify.proceedings.registry import REGISTRY, is_of_decisions
from nfrlab.verify.proceedings.trial import try_claim

CLAIMS = {id: claim for id, claim in REGISTRY.items() if is_of_decisions(claim)}
N = 12_000
ANEW, KEPT, PIXELS = (
    f"element-wise-{decided}-no-bias-{space}"
    for decided, space in (("anew", "normalised"), ("kept", "normalised"), ("kept", "pixels"))
)
ATTRS = {
    "title": "made up",
    "seed": 0,
    "versions": "{}",
    "device": "none",
    "images": "none",
    "command": "none",
    "setting": json.dumps({"side": 32}),
}
AUCS = {
    "s": 0.97,
    "insertion": 0.6,
    "largest, 25%": 0.6,
    "largest, 50%": 0.6,
    "insertion-abs": 0.7,
    "largest size, 25%": 0.7,
    "largest size, 50%": 0.7,
    "edges": 0.6,
    "noise": 0.5,
    "probability": 0.88,
    "alignment": 0.5,
}
"""How well each score tells right from wrong, in a world in which the paper is right."""


def network(seed: int, kept_below: float = 0.2, peaks: bool = True, **aucs: float) -> xr.Dataset:
    """Decisions of which a fifth are wrong, scores with these AUCs, and S in two peaks, or in one."""
    rng = np.random.default_rng(seed)
    right = (rng.random(N) < 0.8).astype(float)

    def score(auc: float) -> np.ndarray:
        return right * np.sqrt(2) * norm.ppf(auc) + rng.normal(size=N)

    of = AUCS | aucs
    order = score(of["s"])
    same = (order > np.median(order)).astype(float)
    spread = 0.1 * norm.cdf(order)
    anew = np.where(same == 1, 0.5, -0.5) + spread if peaks else 0.3 + spread
    kept = np.where(rng.random(N) < kept_below, -0.3, 0.5) + spread
    masks = ("insertion", "largest, 25%", "largest, 50%", "insertion-abs", "largest size, 25%", "largest size, 50%")
    return xr.Dataset(
        {
            "right": ("image", right),
            "probability": ("image", score(of["probability"])),
            "alignment": ("image", score(of["alignment"])),
            "margin": ("image", rng.random(N)),
            "decided": ("image", rng.integers(0, 10, N)),
            "s": (("reading", "image"), np.stack([anew, kept, 0.4 + spread])),
            "same": (("space", "image"), np.stack([same, same])),
            "s_fed": (("input", "image"), np.stack([score(of["edges"]), score(of["noise"])])),
            "s_kept": (("mask", "image"), np.stack([score(of[mask]) for mask in masks])),
        },
        {"reading": [ANEW, KEPT, PIXELS], "space": ["normalised", "pixels"], "input": ["edges", "noise"],
         "mask": list(masks)},
        attrs=ATTRS,
    )  # fmt: skip


def networks(imagenet: float = 0.0, **changes: Any) -> dict[str, xr.Dataset]:
    """Both networks of Fig. 8, the second with these changes, and ImageNet's, whose S is moved by `imagenet`."""
    third = network(4).assign_attrs(title="made up for ImageNet")
    return {
        NETWORKS[0]: network(1),
        NETWORKS[1]: network(2, **changes).assign_attrs(title="made up too"),
        ON_IMAGENET: third.assign(s=third["s"] + imagenet),
    }


def tracked(auc: float) -> dict[str, xr.Dataset]:
    """Failures, and what is left of images: one place tells them with this AUC, no other does."""
    rng = np.random.default_rng(3)
    right = (rng.random(N) < 0.8).astype(float)
    kept = rng.normal(size=(2, 3, N))
    kept[1, 2] -= right * np.sqrt(2) * norm.ppf(auc)
    return {
        TRACKED[0]: xr.Dataset(
            {
                "right": ("image", right),
                "kept": (("information", "layer", "image"), kept),
                "kept_random": (("information", "layer", "image"), rng.normal(size=(2, 3, N))),
            },
            {"information": ["colour", "edges"], "layer": [1, 5, 9]},
            attrs=ATTRS,
        )
    }


def verdict(id: str, measured: dict[str, xr.Dataset]) -> Verdict:
    """The verdict on a claim from these measurements."""
    return try_claim(CLAIMS[id], measured=measured)


FALSE: dict[str, Callable[[], dict[str, xr.Dataset]]] = {
    "fig-8-peaks": partial(networks, peaks=False),
    "fig-8-types": partial(networks, kept_below=0.02),
    "fig-8-imagenet": partial(networks, imagenet=-1.0),
    "fig-8-scores-strong": partial(networks, s=0.6),
    "fig-8-scores-insertion": partial(networks, s=0.65),
    "fig-8-scores-abs": partial(networks, s=0.66),
    "fig-8-scores-baseline": partial(networks, s=0.6),
    "fig-8-scores-baseline-repair": partial(networks, probability=0.6),
    "fig-8-scores-nulls": partial(networks, s=0.5),
    "fig-8-scores-margin": partial(networks, s=0.5),
    "fig-8-scores-within": partial(networks, s=0.6),
    "fig-7-failures": partial(tracked, 0.5),
}
"""Worlds in which one network, in one number, contradicts the claim."""


@pytest.mark.parametrize(("id", "mask"), [
    ("fig-8-scores-insertion", "insertion"),
    ("fig-8-scores-insertion", "largest, 25%"),
    ("fig-8-scores-insertion", "largest, 50%"),
    ("fig-8-scores-abs", "insertion-abs"),
    ("fig-8-scores-abs", "largest size, 25%"),
    ("fig-8-scores-abs", "largest size, 50%"),
])  # fmt: skip
def test_every_way_to_keep_a_part_counts(id: str, mask: str) -> None:
    """Catches a mass at which Insertion is not compared."""
    assert verdict(id, networks(**{mask: 0.999})).status is Status.REFUTED


@pytest.mark.parametrize("id", FALSE)
def test_a_true_claim_is_confirmed_and_a_false_one_refuted(id: str) -> None:
    """Catches a network or score that a claim does not look at, a difference the wrong way round, a control that does
    not break the premise, and a verdict that could not have come out otherwise.
    """
    true = verdict(id, tracked(0.95) if id == "fig-7-failures" else networks())
    assert true.status is Status.CONFIRMED, true.evidence
    false = verdict(id, FALSE[id]())
    assert false.status is Status.REFUTED, false.evidence
    if false.restored is not None:
        assert false.restored.upheld, false.restored


def test_the_peaks_are_those_of_the_class() -> None:
    """Catches S > 0 compared with the class in other images, or in the other space."""
    assert verdict("fig-8-types-repair", networks()).status is Status.CONFIRMED
    world = networks()
    turned = world[NETWORKS[1]]
    world[NETWORKS[1]] = turned.assign(same=turned["same"].roll(image=1))
    assert verdict("fig-8-types-repair", world).status is Status.REFUTED


def test_measurements_of_ones_own_come_before_what_is_shipped() -> None:
    """Catches a verdict on one network of mine and one that is shipped, taken together."""
    mine = networks()
    assert decisions.of_networks(mine) == {name: mine[name] for name in NETWORKS}
    half = {NETWORKS[0]: mine[NETWORKS[0]]}
    assert decisions.of_networks(half)[NETWORKS[0]] is shipped()[NETWORKS[0]]
    assert decisions.missing({}) == decisions.WANTED


# What is shipped


@pytest.mark.parametrize("name", sorted({*NETWORKS, *TRACKED, ON_IMAGENET, BACKDOORS}))
def test_what_is_shipped_says_where_it_comes_from(name: str) -> None:
    """Catches measurements without a command, seed, versions or device, with a path of somebody's machine, or so large
    that a clone is slow.
    """
    data = shipped()[name]
    for attribute in ("command", "seed", "versions", "device", "images", "code_version", "rule", "setting"):
        assert str(data.attrs[attribute]) != "", attribute
    assert data.attrs["command"].startswith("nfrlab ")
    assert not any(word.startswith("/") for word in str(data.attrs).replace("'", " ").split())
    assert (SHIPPED / f"{name}.nc").stat().st_size < 1_500_000


def test_every_claim_on_decisions_is_on_record_from_what_is_shipped() -> None:
    """Catches a claim whose verdict nobody has accepted."""
    for id, claim in CLAIMS.items():
        settings = set(record.on_record()[id]["verdicts"])
        assert settings, id
        assert not claim.missing(claim.scope({}))


# Backdoors


def backdoors(**changes: Any) -> dict[str, xr.Dataset]:
    """Three training seeds of every attack, 400 images each, as the paper has them; `changes` are of one network."""
    rng, attacks = np.random.default_rng(5), ("badnet", "dynamic", "inputaware", "wanet")
    models = [(attack, seed) for attack in attacks for seed in range(3)]
    right_peak = np.array([attack in ("badnet", "dynamic") for attack, _ in models])
    dynamic = np.array([attack == "dynamic" for attack, _ in models])
    s = np.where(right_peak, 0.5, -0.5)[:, None] + 0.1 * rng.normal(size=(12, 400))
    inside = 0.2 + 0.01 * rng.random((12, 400))
    fed = np.stack([s, s, -s], axis=1)
    data = xr.Dataset(
        {
            "s": (("model", "image"), s),
            "s_clean": (("model", "image"), np.where(dynamic, -1.0, 1.0)[:, None] + 0.2 * rng.normal(size=(12, 400))),
            "s_trigger": (("model", "trigger", "image"), fed),
            "inside": (("model", "image"), inside),
            "inside_clean": (("model", "image"), inside / 5),
            "pixels": (("model", "image"), np.full((12, 400), 0.02)),
        },
        {
            "model": [f"{attack}-{seed}" for attack, seed in models],
            "attack": ("model", [attack for attack, _ in models]),
            "training_seed": ("model", [seed for _, seed in models]),
            "scratch": ("model", [False] * 12),
            "trigger": ["trigger on grey", "trigger on another image", "trigger blanked"],
        },
        attrs=ATTRS,
    )
    for name, (model, value) in changes.items():
        values = data[name].copy()
        values.loc[{"model": model}] = value
        data[name] = values
    return {BACKDOORS: data}


@pytest.mark.parametrize("id", [claim.id for claim in fig_9.CLAIMS])
def test_every_network_with_a_backdoor_counts(id: str) -> None:
    """Catches an attack or training seed that a claim passes over, sides exchanged, and a control that is upheld."""
    true = verdict(id, backdoors())
    assert true.status is Status.CONFIRMED, true.evidence
    assert true.control.refuted, true.control
    wrong = {
        "fig-9-badnet": {"s": ("badnet-1", -0.5)},
        "fig-9-dynamic": {"s": ("dynamic-2", -0.5)},
        "fig-9-inputaware": {"s": ("inputaware-2", 0.5)},
        "fig-9-wanet": {"s": ("wanet-1", 0.5)},
        "fig-9-points": {"inside": ("inputaware-1", 0.0)},
        "fig-9-grey": {"s_trigger": ("badnet-1", -0.5)},
    }
    false = verdict(id, backdoors(**wrong[id]))
    assert false.status is Status.REFUTED, false.evidence
    assert false.restored is None or false.restored.upheld


def test_what_was_looked_at_and_what_is_from_scratch_is_not_judged() -> None:
    """Catches networks that served to word a statement, and a control that began otherwise, among the fresh ones."""
    assert verdict("fig-9-badnet", backdoors(s=("badnet-0", -0.5))).status is Status.CONFIRMED
    world = backdoors(s=("badnet-2", -0.5))
    world[BACKDOORS] = world[BACKDOORS].assign_coords(scratch=("model", [False, False, True] + [False] * 9))
    assert verdict("fig-9-badnet", world).status is Status.CONFIRMED
