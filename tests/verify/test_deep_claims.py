"""Claims on deep networks, judged from made-up measurements whose truth is known: no network is built, no PyTorch."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from nfrlab.simulations.bridge.rival_settings import RIVALS
from nfrlab.simulations.bridge.settings import FILTERS, IMAGENET, MORE_DRAWS, ON_IMAGENET, Setting
from nfrlab.simulations.images import ImageSet
from nfrlab.verify import intervals
from nfrlab.verify.breaks import BREAKS
from nfrlab.verify.court.budget import CAPACITY, PARTS, RUN_BUDGET, Budget
from nfrlab.verify.court.claim import Claim, Examination
from nfrlab.verify.court.evidence import Claimed, Evidence, Finding
from nfrlab.verify.court.verdict import Status, Verdict
from nfrlab.verify.examine.over_draws import (
    CHECKS,
    WRONG,
    always_over_draws,
    clusters,
    draws_needed,
    medians_over_draws,
    numbers_of_networks,
    rates_over_draws,
)
from nfrlab.verify.proceedings import store
from nfrlab.verify.proceedings.registry import REGISTRY, find_claim, is_of_bridge, is_of_rivals
from nfrlab.verify.proceedings.schema import schema_of
from nfrlab.verify.proceedings.trial import try_claim
from nfrlab.verify.report import claims_page, wording
from tests.support.measurements import DRAWS, FULL, QUICK, L, World, mixed, printed, put, repaired

DEEP = {id: claim for id, claim in REGISTRY.items() if is_of_bridge(claim) or is_of_rivals(claim)}
TWIN = {"-imagenet": IMAGENET} | {f"@{network}": f"{network}-trained" for network in ON_IMAGENET}
"""How the claims end that are judged from one network with ImageNet's weights, and the setting that they look at."""
TWINS = {
    id: f"{RIVALS}{own}" if is_of_rivals(claim) else own
    for id, claim in DEEP.items()
    for suffix, own in TWIN.items()
    if id.endswith(suffix)
}
NO_IMAGES = ImageSet("none", ())
SCHEMA = Draft202012Validator({"$ref": "#/$defs/verdict", "$defs": schema_of("verdicts")["$defs"]})
ALLOTMENT = RUN_BUDGET / CAPACITY / PARTS

ONE_WRONG_NUMBER: dict[str, tuple[str, str, float, dict[str, Any]]] = {
    "table-1-random": (
        "digits-gaussian",
        "alpha_map",
        0.1,
        {"method": "dtd", "bottom": "without", "target": "image"},
    ),
    "table-1-trained": (
        "digits-trained-more",
        "alpha_map",
        0.2,
        {"method": "zplus", "bottom": "without", "target": "edges"},
    ),
    "fig-2a-rises": ("digits-trained", "alpha", 0.1, {"rule": "rectgrad", "level": 3}),
    "fig-2a-random-above-trained": ("digits-trained", "alpha", 0.75, {"rule": "zplus", "level": L}),
    "fig-2a-activation-dominates": ("digits-trained", "alpha", 0.55, {"rule": "gbp", "level": 2}),
    "fig-2b": ("vgg16-gaussian", "cosine", 0.13, {"layer": 1}),
    "fig-2b-repair": ("vgg16-gaussian", "cosine_rms", 1.2, {"layer": 1}),
    "fig-2b-trained": ("digits-trained", "cosine", 0.01, {"layer": 3}),
    "fig-2c": ("vgg16-gaussian", "norm_sd", 0.2, {"layer": 1}),
    "fig-2c-repair": ("vgg16-gaussian", "norm_sd", 0.14, {"layer": 2}),
    "fig-2c-trained": ("digits-trained", "norm_sd", 0.05, {"layer": L}),
    "fig-2c-trained-repair": ("digits-trained", "norm_sd", 0.05, {}),
    "fig-4-ring-equals-gaussian": ("vgg16-ring-more", "alpha", 0.6, {"rule": "rectgrad", "level": L}),
    "fig-4-uniform-worse-gbp": ("vgg16-uniform-more", "alpha", 0.79, {"rule": "gbp", "level": L}),
    "fig-4-uniform-worse-rectgrad": ("vgg16-uniform-raw", "alpha", 0.79, {"rule": "rectgrad", "level": L}),
    "fig-4-uniform-worse-zplus": ("vgg16-default-biased", "alpha", 0.79, {"rule": "zplus", "level": L}),
    "fig-4-centred-families-equal": ("vgg16-sparse", "alpha", 0.6, {"rule": "zplus", "level": L}),
    "fig-4-overflow": ("vgg16-uniform-raw", "alpha_naive", 0.8, {"rule": "gbp", "level": L}),
    "fig-4-mean-worse": ("vgg16-shifted", "alpha", 0.8, {"rule": "gbp", "level": L}),
    "fig-4-unequal-variances-worse": ("vgg16-powerlaw", "alpha", 0.8, {"rule": "zplus", "level": L}),
    "fig-5-random": ("digits-trained", "alpha_changed", 0.5, {"change": "random", "changed": 3, "rule": "gbp"}),
    "fig-5-removal-cross": ("digits-trained", "alpha_changed", 0.8, {"change": "cross", "changed": 3, "rule": "gbp"}),
    "fig-5-removal-corner": ("digits-trained", "alpha_changed", 0.8, {"change": "corner", "changed": 3}),
    "fig-5-removal-matrix": ("vgg16-gaussian", "alpha_changed", 0.8, {"change": "matrix", "rule": "zplus"}),
    "fig-6": ("digits-trained", "between", 0.5, {"rule": "gbp", "layer": L - 1}),
    "fig-7-cascade": ("cifar-trained", "kept", 0.8, {"component": "colour", "layer": L}),
    "fig-7-cascade-random": ("vgg16-gaussian", "kept", 0.95, {"component": "colour", "layer": L}),
    "eq-13-deep": ("digits-trained", "margin", 0.0, {"rule": "zplus", "layer": 2}),
    "eq-13-deep-repair": ("digits-gaussian", "margin", -0.1, {"rule": "gbp", "layer": 2}),
    "homogeneity-with-bias": ("digits-trained", "lost", 0.1, {"level": 0}),
    "homogeneity-with-bias-repair": ("digits-biased", "lost", 0.01, {"level": 0}),
    "theorem-premises-deep": ("digits-trained", "cosine_rms", 2.0, {"layer": 3}),
    "theorem-premises-deep-repair": ("vgg16-gaussian", "mean", 2.0, {"layer": 3}),
    "zheng-one-network": ("rivals-digits-trained", "csc_mean", 0.3, {"rule": "gbp", "form": "gradient", "layer": 0}),
    "zheng-two-networks": ("rivals-digits-gaussian", "between_networks", 0.3, {"rule": "zplus", "form": "gradient"}),
    "sixt-zplus-converges": ("rivals-digits-trained", "csc", 0.9, {"rule": "zplus", "form": "relevance", "layer": 1}),
    "sixt-gbp-converges": ("rivals-digits-trained", "csc", 0.9, {"rule": "gbp", "form": "gradient", "layer": 1}),
    "sixt-deconv-converges": ("rivals-digits-trained", "csc", 0.9, {"rule": "deconv", "form": "gradient", "layer": 1}),
    "sixt-gradient-stays-apart": ("rivals-digits-trained", "csc", 0.995, {"rule": "lrp-z", "layer": 1}),
    "sixt-ablated-converges": ("rivals-digits-trained", "csc", 0.9, {"rule": "deeplift-ablated", "layer": 1}),
    "sixt-deeplift-escapes": ("rivals-digits-trained", "csc", 0.995, {"rule": "deeplift-rescale", "layer": 1}),
    "sixt-beta-slows": ("rivals-digits-trained", "csc", 0.95, {"rule": "lrp-alpha-beta:alpha=5", "layer": 1}),
    "sixt-above-classes": ("rivals-digits-trained-more", "between_classes", 0.9, {"map": "zplus", "metric": "SSIM"}),
    "sixt-above-cosine": ("rivals-digits-trained-more", "between_classes", 0.9, {"map": "gbp", "metric": "cosine"}),
    "sixt-above-apart": ("rivals-digits-trained-more", "between_classes", 0.3, {"map": "lrp-z", "metric": "SSIM"}),
    "sixt-above-random": (
        "rivals-digits-trained-layers",
        "similarity",
        0.9,
        {"order": "cascading", "stop": 1, "map": "zplus", "metric": "cosine"},
    ),
    "sixt-above-removal": (
        "rivals-digits-trained-layers",
        "similarity",
        0.9,
        {"order": "removal", "stop": 1, "map": "gbp", "metric": "cosine"},
    ),
    "adebayo-gradient-passes": ("rivals-digits-trained-layers", "similarity", 0.2, {"map": "grad", "metric": "HOG"}),
    "adebayo-gbp-stays": (
        "rivals-digits-trained-layers",
        "similarity",
        0.4,
        {"order": "cascading", "stop": 2, "map": "gbp", "metric": "SSIM by the largest"},
    ),
    "adebayo-gbp-lowest": (
        "rivals-digits-trained-layers",
        "similarity",
        0.97,
        {"order": "cascading", "stop": 4, "map": "gbp", "metric": "HOG"},
    ),
    "adebayo-gbp-bottom-up": (
        "rivals-digits-trained-layers",
        "similarity",
        0.97,
        {"order": "bottom-up", "stop": 1, "map": "gbp", "metric": "rank correlation"},
    ),
    "adebayo-product-signed": (
        "rivals-digits-trained-layers",
        "similarity",
        0.2,
        {"map": "grad-input", "metric": "rank correlation"},
    ),
    "adebayo-product-input": (
        "rivals-digits-trained-layers",
        "similarity",
        0.2,
        {"map": "grad-input", "metric": "absolute rank correlation"},
    ),
    "binder-noise": (
        "rivals-digits-trained-layers",
        "similarity",
        -0.3,
        {"order": "cascading", "stop": 4, "map": "gbp", "metric": "SSIM"},
    ),
    "adebayo-entropy": ("rivals-digits-trained-layers", "entropy", 2.0, {"weights": "random", "map": "gbp"}),
    "nie-class-logit": (
        "rivals-digits-trained-more",
        "class_cosine",
        0.5,
        {"rule": "deconv", "instead": "another class"},
    ),
    "nie-class-attack": ("rivals-digits-trained-more", "class_cosine", 0.5, {"rule": "gbp", "instead": "flipped"}),
    "nie-class-saliency": ("rivals-digits-trained-more", "class_cosine", 0.6, {"rule": "grad", "instead": "flipped"}),
    "binder-kept": (
        "rivals-digits-gaussian",
        "contributed",
        0.3,
        {"weights": "random", "channels": "largest"},
    ),
    "binder-kept-share": (
        "rivals-digits-trained",
        "contributed",
        0.7,
        {"weights": "own", "channels": "largest"},
    ),
    "stack-law": ("stack-gaussian", "alpha", 0.54, {"rule": "gbp", "level": L}),
}
"""By claim: the one number (setting, variable, value, where) that refutes it in a world where all else is as it says.

A claim on ImageNet weights is refuted by the same number of VGG16 in place of the other trained network.
"""


OF_ONE_NETWORK = ("fig-2b-trained", "fig-2c-trained", "fig-2c-trained-repair", "theorem-premises-deep")
"""Claims about numbers of a trained network alone, which are the same in every draw."""
OF_EVERY_DRAW = ("eq-13-deep-repair",)
"""Claims that a single draw refutes."""
RATES = {"eq-13": 1 / 6, "fig-4-mean-worse": 4 / 5, "fig-4-unequal-variances-worse": 4 / 5}
"""Of claims on rates: how many draws have to disagree until nothing is decided."""


def base(id: str) -> str:
    """The claim on the built-in networks that this one is a twin of, or the claim itself."""
    return id.partition("@")[0].removesuffix("-imagenet")


@cache
def true_world(id: str, settings: tuple[Setting, ...] = FULL) -> World:
    """Measurements in which the claim holds; a repair's differ from what the paper prints."""
    return world(bool(DEEP[id].repairs), settings)


def false_world(id: str) -> World:
    """The true world with one wrong number."""
    name, variable, value, where = ONE_WRONG_NUMBER[base(id)]
    whole, name = true_world(id), TWINS.get(id, name)
    more = f"{name}{MORE_DRAWS}"
    measured_more = id in TWINS and more in whole and variable in whole[more]
    return put(whole, more if measured_more else name, variable, value, **where)


@cache
def world(repair: bool, settings: tuple[Setting, ...]) -> World:
    return repaired(settings) if repair else printed(settings)


def tried(id: str, measured: World) -> Verdict:
    """The verdict; its record passes the published schema and its α the budget, whatever the world."""
    verdict = try_claim(DEEP[id], 0, "quick", NO_IMAGES, MappingProxyType(measured))
    SCHEMA.validate(store.json_value(verdict.as_json()))
    restored = verdict.restored.evidence if verdict.restored else ()
    for part in (verdict.evidence, verdict.control.evidence, restored):
        assert sum(piece.miss for piece in part) <= ALLOTMENT * (1 + 1e-9)
    return verdict


# Verdicts


@pytest.mark.parametrize("id", DEEP)
def test_a_true_claim_is_confirmed_and_its_control_refuted(id: str) -> None:
    """Catches a sign, a level or a range the wrong way round, a control that does not break the premise, and a claim
    other than is printed.
    """
    assert claims_page.is_printed(DEEP[id])
    verdict = tried(id, true_world(id))
    assert (verdict.status, verdict.control.status) == (Status.CONFIRMED, Status.REFUTED), against(verdict)
    assert verdict.decided


@pytest.mark.parametrize("id", DEEP)
def test_one_wrong_number_refutes(id: str) -> None:
    """Catches a network, rule, layer or family that a claim names and does not look at."""
    verdict = tried(id, false_world(id))
    assert (verdict.status, verdict.control.status) == (Status.REFUTED, Status.REFUTED), against(verdict)
    assert verdict.decided == (DEEP[id].restored is not None), against(verdict)


@pytest.mark.parametrize("id", [id for id in DEEP if DEEP[id].notices])
def test_declared_breaks_of_the_measurements_are_noticed(id: str) -> None:
    """Catches a claim without the power that it states: measurements distorted by little, and the verdict stays."""
    for each in DEEP[id].notices:
        distort = BREAKS[each].distort
        assert distort is not None
        assert tried(id, dict(distort(true_world(id)))).status is not Status.CONFIRMED, each


def test_every_claim_notices_something_or_says_what_it_is_blind_to() -> None:
    """Catches a claim on deep networks that is silent of its power."""
    assert all(claim.notices or claim.blind for claim in DEEP.values())


@pytest.mark.parametrize("id", DEEP)
def test_draws_that_disagree_decide_nothing(id: str) -> None:
    """Catches a verdict from a mean, from the first draw or from a median without its interval.

    Half of the draws say yes and half no; of rates, where 95 % are claimed with a margin of 35 %, a sixth says no, and
    where a fifth is claimed, four fifths. What is claimed of every draw is refuted, and numbers of one network cannot
    disagree.
    """
    share = next((share for name, share in RATES.items() if id.startswith(name)), 1 / 2)
    yes, no = (
        {name: own.isel(draw=slice(DRAWS)) for name, own in world.items()}
        for world in (true_world(id), false_world(id))
    )
    if base(id) in OF_ONE_NETWORK:
        with pytest.raises(ValueError, match="changes with the image"):
            tried(id, mixed(yes, no, share))
        return
    verdict = tried(id, mixed(yes, no, share))
    if id in OF_EVERY_DRAW:
        assert verdict.status is Status.REFUTED
        return
    assert verdict.status is Status.INCONCLUSIVE, against(verdict)
    assert not verdict.passed


@pytest.mark.parametrize("id", DEEP)
def test_five_draws_decide_nothing(id: str) -> None:
    """Catches an interval that is too short for a small sample: the error budget asks for more than 30 draws.

    Of one trained network five draws know as much as many; of a control that refutes every draw the first is enough.
    """
    verdict = tried(id, {name: own.isel(draw=slice(5)) for name, own in true_world(id).items()})
    exact = base(id) == "theorem-premises-deep"
    assert verdict.status is (Status.CONFIRMED if exact else Status.INCONCLUSIVE)
    assert verdict.control.status is (Status.REFUTED if exact or id in OF_EVERY_DRAW else Status.INCONCLUSIVE)


def against(verdict: Verdict) -> list[str]:
    """What does not support the statement, for the message of a failed test."""
    pieces = (*verdict.evidence, *verdict.control.evidence)
    return [f"{p.finding}: {p.statement} {p.interval}" for p in pieces if p.finding is not Finding.SUPPORTS]


# What was measured, and what was not


@pytest.mark.parametrize("id", DEEP)
def test_without_measurements_a_claim_is_not_run_and_says_what_is_missing(id: str) -> None:
    """Catches a KeyError, a verdict on nothing, and a NOT RUN that does not say which command helps."""
    for measured in ({}, {name: own.drop_vars(own.data_vars) for name, own in true_world(id).items()}):
        verdict = tried(id, measured)
        assert verdict.status is Status.NOT_RUN
        assert verdict.control.status is Status.NOT_RUN
        assert verdict.passed
        assert ("nfrlab rivals" if is_of_rivals(DEEP[id]) else "nfrlab bridge") in verdict.missing
        assert ("ImageNet" in verdict.missing or "edges" in verdict.missing) == (id in TWINS)


@pytest.mark.parametrize("id", TWINS)
def test_imagenet_twins_are_judged_from_imagenet_weights_alone(id: str) -> None:
    """Catches a twin that runs without the checkpoint, or that another network's numbers decide."""
    whole = true_world(id)
    without = {name: own for name, own in whole.items() if name != TWINS[id]}
    assert (tried(id, without).status, tried(id, whole).status) == (Status.NOT_RUN, Status.CONFIRMED)
    assert tried(id, false_world(base(id))).status is Status.CONFIRMED
    assert tried(base(id), false_world(id)).status is Status.CONFIRMED


@pytest.mark.parametrize("weights", ["trained", "built"])
def test_a_claim_is_judged_on_a_users_own_network(weights: str) -> None:
    """Catches a claim `ID@NETWORK` that looks at other networks than it names, that calls a network as it was built
    neither random nor trained, or that is judged where nothing of what it speaks of was measured.
    """
    whole = world(False, FULL)
    digits = {name: own for name, own in whole.items() if not name.endswith(MORE_DRAWS)}
    mine = {name.replace("digits-", "mine-").replace("trained", weights): own for name, own in digits.items()}
    measured = {name: own for name, own in (whole | mine).items() if not name.startswith("digits")}
    measured[f"mine-{weights}"] = measured[f"mine-{weights}"].assign_attrs(weights=weights)
    wrong = put(measured, f"mine-{weights}", "alpha", 0.1, rule="rectgrad", level=3)
    claim = find_claim("fig-2a-rises@mine")
    verdicts = [try_claim(claim, 0, "quick", NO_IMAGES, MappingProxyType(each)) for each in (measured, wrong)]
    assert [verdict.status for verdict in verdicts] == [Status.CONFIRMED, Status.REFUTED]
    assert {verdict.settings for verdict in verdicts} == {"mine-gaussian None², mine-trained None²"}
    assert tried("fig-2a-rises", wrong).status is Status.CONFIRMED
    nothing = try_claim(find_claim("fig-4-overflow@mine"), 0, "quick", NO_IMAGES, MappingProxyType(measured))
    assert nothing.status is Status.NOT_RUN
    assert "nfrlab bridge --model mine" in nothing.missing


def test_a_users_own_network_decides_nothing() -> None:
    """Catches a claim about the networks of the plan that another network, stored beside them, refutes."""
    whole = world(False, FULL)
    stranger = {name.replace("digits", "mine"): own * np.nan for name, own in whole.items() if "digits" in name}
    for id in ("fig-2a-rises", "eq-13-deep", "table-1-random"):
        assert tried(id, {**stranger, **whole}).evidence == tried(id, whole).evidence
        assert tried(id, stranger).status is Status.NOT_RUN


def test_a_verdict_names_the_run_that_it_is_judged_from() -> None:
    """Catches the seed, images and device of a network that the claim does not look at."""
    other = {"seed": 99, "images": "others", "device": "another", "versions": '{"torch": "1.0"}'}
    stranger = {"a-stranger": world(False, FULL)["digits-trained"].assign_attrs(other)}
    verdict = tried("fig-2a-rises", stranger | world(False, FULL))
    found = verdict.seed, verdict.images, verdict.device, verdict.versions["torch"]
    assert found == (11, "made up", "a device", "2.0")


def test_random_and_trained_networks_compare_on_the_images_that_both_met() -> None:
    """Catches a comparison of draw i with draw j, or none at all, where one network has more draws than the other."""
    measured = world(False, FULL)
    longer = {
        name: xr.concat([own, own * np.nan], "draw").assign_attrs(own.attrs)
        for name, own in measured.items()
        if name in ("digits-trained", "cifar-gaussian")
    }
    id = "fig-2a-random-above-trained"
    assert tried(id, measured | longer).evidence == tried(id, measured).evidence


def test_families_with_more_draws_compare_with_as_many_of_gaussian_weights() -> None:
    """Catches draw i beside draw j, and draws that were made and not judged."""
    for id, times in (("fig-4-mean-worse", {3}), ("fig-4-centred-families-equal", {1, 3, 6})):
        verdict = tried(id, true_world(id))
        assert verdict.status is Status.CONFIRMED
        assert {piece.n for piece in verdict.evidence} == {k * DRAWS for k in times}


@pytest.mark.parametrize("change", [{"seed": 12}, {"images": "others"}, {"device": "b"}, {"setting": '{"side": 32}'}])
def test_what_several_runs_left_is_not_compared(change: dict[str, Any]) -> None:
    """Catches α of one size, seed or device subtracted from another's: a folder keeps what the last run left out."""
    measured = true_world("fig-4-centred-families-equal")
    lost = {"vgg16-laplace", "vgg16-sparse"}
    mixed = {name: own.assign_attrs(change) if name in lost else own for name, own in measured.items()}
    texts = [evidence.statement for evidence in tried("fig-4-centred-families-equal", mixed).evidence]
    assert texts
    assert all("uniform" in text for text in texts)
    lost = {name for name in measured if name.endswith("-gaussian")}
    mixed = {name: own.assign_attrs(change) if name in lost else own for name, own in measured.items()}
    for id in ("fig-4-centred-families-equal", "fig-2a-random-above-trained", "fig-4-overflow"):
        assert tried(id, mixed).missing


def test_a_verdict_names_the_command_that_reaches_it_again() -> None:
    """Catches a line that runs on the images of one network only, with other options, or not at all."""
    measured = world(False, FULL)
    other = {"images": "digits", "command": "nfrlab bridge --seed 12"}
    one = next(name for name in measured if name.startswith("digits"))
    verdict = tried("fig-2a-rises", measured | {one: measured[one].assign_attrs(other)})
    assert set(verdict.images.split("; ")) == {"made up", "digits"}
    assert set(wording.rerun(verdict.as_json()).split(" && ")) == {f"nfrlab bridge --seed {seed}" for seed in (11, 12)}
    alone = tried("fig-2a-rises", measured)
    assert wording.rerun(alone.as_json()) == "nfrlab bridge --seed 11"


@pytest.mark.parametrize("id", DEEP)
def test_the_quick_plan_is_enough_or_named(id: str) -> None:
    """Catches a claim that asks the quick run for an effect, level or family that it does not measure."""
    verdict = tried(id, true_world(id, QUICK))
    assert verdict.passed, against(verdict)
    assert verdict.status in {Status.CONFIRMED, Status.NOT_RUN}


@pytest.mark.parametrize("id", DEEP)
@pytest.mark.parametrize("rules", [("zplus",), ("gbp",)])
def test_fewer_rules_are_enough_or_named(rules: tuple[str, ...], id: str) -> None:
    """Catches a KeyError, or a NOT RUN without a word, after `nfrlab bridge --rules zplus`."""
    chosen = tuple(replace(setting, rules=rules) for setting in FULL)
    verdict = tried(id, true_world(id, chosen))
    assert verdict.passed, against(verdict)
    assert verdict.status in {Status.CONFIRMED, Status.NOT_RUN}


@settings(max_examples=60)
@given(st.sampled_from(sorted(DEEP)), st.sets(st.sampled_from([setting.name for setting in FULL])))
def test_any_part_of_the_measurements_is_enough_or_named(id: str, there: set[str]) -> None:
    """Catches a KeyError where a family or network is missing, and a false claim made of half a comparison."""
    verdict = tried(id, {name: own for name, own in true_world(id).items() if name in there})
    assert verdict.passed, against(verdict)
    assert verdict.status is (Status.NOT_RUN if verdict.missing else Status.CONFIRMED)


@pytest.mark.parametrize("id", DEEP)
def test_the_order_of_the_settings_does_not_matter(id: str) -> None:
    """Catches a setting that takes another's place, as the last of a name or the first of a list."""
    whole = false_world(id)
    there, back = tried(id, whole), tried(id, dict(reversed(whole.items())))
    for one, other in ((there.evidence, back.evidence), (there.control.evidence, back.control.evidence)):
        assert len(one) == len({piece.statement for piece in one})
        assert all(piece.n for piece in one)
        assert sorted(map(repr, one)) == sorted(map(repr, other))
    assert (there.status, there.control.status) == (back.status, back.control.status)


def test_titles_are_unique() -> None:
    """Catches two settings that a statement of evidence cannot tell apart: one would replace the other."""
    of_rivals = [setting for setting in FULL if setting.name.startswith(RIVALS)]
    for some in (of_rivals, [setting for setting in FULL if setting not in of_rivals]):
        assert len({setting.title for setting in some}) == len(some)


@pytest.mark.parametrize("rule", FILTERS)
@pytest.mark.parametrize(
    "name", ["vgg16-uniform-more", "vgg16-uniform-raw", "vgg16-uniform-raw-float64", "vgg16-default-biased"]
)
def test_every_reading_of_uniform_counts(name: str, rule: str) -> None:
    """Catches a reading that is announced and not judged: float32 beside float64, say."""
    changed = put(world(False, FULL), name, "alpha", 0.79, rule=rule, level=L)
    assert tried(f"fig-4-uniform-worse-{rule}", changed).status is Status.REFUTED


@pytest.mark.parametrize(
    ("id", "number"),
    [
        ("fig-4-ring-equals-gaussian", ("vgg16-ring-more", "alpha", 0.83, {"rule": "gbp", "level": L})),
        ("fig-4-centred-families-equal", ("vgg16-laplace", "alpha", 0.77, {"rule": "zplus", "level": L})),
        ("fig-5-random", ("cifar-gaussian", "alpha_changed", 0.75, {"change": "random", "changed": 8, "rule": "gbp"})),
        ("fig-6", ("digits-trained", "alpha_part", 0.42, {"layer": L - 1, "part": "top"})),
        ("fig-2b-repair", ("vgg16-gaussian", "cosine_rms", 1.05, {"layer": 1})),
        ("fig-2c-repair", ("vgg16-gaussian", "norm_sd", 0.09, {"layer": 2})),
        ("homogeneity-with-bias-repair", ("digits-biased", "lost", 0.00605, {"level": 0})),
    ],
)
def test_within_means_within(id: str, number: tuple[str, str, float, dict[str, Any]]) -> None:
    """Catches a tolerance that a statement names and the judge reads as “exactly”: a tiny but certain difference."""
    name, variable, value, where = number
    verdict = tried(id, put(true_world(id), name, variable, value, **where))
    assert verdict.status is Status.CONFIRMED, against(verdict)


@pytest.mark.parametrize(
    ("id", "number"),
    [
        ("fig-6", ("digits-trained", "alpha_part", 0.46, {"layer": L - 1, "part": "top"})),
        ("fig-6", ("digits-trained", "between", 0.84, {"layer": L - 1})),
        ("fig-6", ("digits-trained", "between", 0.92, {"layer": 1})),
    ],
)
def test_beyond_means_beyond(id: str, number: tuple[str, str, float, dict[str, Any]]) -> None:
    """Catches a tolerance that is wider than the one stated: a certain difference a little beyond it."""
    name, variable, value, where = number
    verdict = tried(id, put(true_world(id), name, variable, value, **where))
    assert verdict.status is Status.REFUTED


@pytest.mark.parametrize(
    ("id", "name"), [("fig-7-cascade", "cifar-trained"), ("fig-7-cascade-random", "vgg16-gaussian")]
)
def test_a_fall_begins_at_the_first_layer(id: str, name: str) -> None:
    """Catches a fall that is measured from another layer than 1."""
    changed = put(true_world(id), name, "kept", 0.0, component="colour", layer=1)
    assert tried(id, changed).status is Status.REFUTED


# Numbers that are undefined


def exam() -> Examination:
    return Examination("made-up", "trial", 0, "quick", NO_IMAGES)


def on_median(values: list[float], undefined: float | None = None) -> Evidence:
    """The evidence of draws against the claim that their median is 0.5 or more."""
    (piece,) = medians_over_draws(exam(), {"a": of_draws(values)}, Claimed.between(0.5, 1.0), undefined=undefined)
    return piece


def of_draws(values: Any, network: Any = None, image: Any = None) -> xr.DataArray:
    """Numbers of draws, of networks and images that all differ unless they are given."""
    numbers = np.arange(len(values))
    coords = {
        "network": ("draw", numbers if network is None else network),
        "image": ("draw", numbers if image is None else image),
    }
    return xr.DataArray(values, coords, "draw")


def test_undefined_draws_are_left_out_and_counted() -> None:
    """Catches NaN that decides, that is dropped without a word, or that leaves a few draws to speak for all."""
    nan = float("nan")

    def told(piece: Evidence) -> tuple[Finding, int, float | None, int]:
        return piece.finding, piece.n, piece.details["median"], piece.details["undefined"]

    assert told(on_median([0.8] * 50)) == (Finding.SUPPORTS, 50, 0.8, 0)
    assert told(on_median([0.8] * 50 + [nan] * 50)) == (Finding.SUPPORTS, 50, 0.8, 50)
    assert told(on_median([0.2] * 50 + [nan] * 100)) == (Finding.REFUTES, 50, 0.2, 100)
    assert told(on_median([0.8] * 10 + [nan] * 90)) == (Finding.SILENT, 10, 0.8, 90)
    assert told(on_median([nan] * 50)) == (Finding.SILENT, 0, None, 50)
    assert told(on_median([0.8] * 10 + [nan] * 90, undefined=0.0)) == (Finding.REFUTES, 100, 0.0, 90)


@pytest.mark.parametrize("reading", ["cross", "corner", "matrix"])
def test_zero_maps_count_as_no_alignment(reading: str) -> None:
    """Catches zero maps after a removal that are left out, or count as α unchanged, and a number that nobody is told;
    what overflows has no α before, and is no zero map.
    """
    id, where = f"fig-5-removal-{reading}", {"change": reading, "changed": 3, "rule": "zplus"}
    verdict = tried(id, put(world(False, FULL), "digits-trained", "alpha_changed", np.nan, **where))
    (piece,) = (p for p in verdict.evidence if "top 3 layers, zplus, digits, trained" in p.statement)
    assert f"({DRAWS * 5} of {DRAWS * 5} maps are zero)" in piece.statement
    assert (piece.finding, piece.n) == (Finding.SUPPORTS, DRAWS * 5)
    assert piece.details["median"] == pytest.approx(-0.8, abs=0.01)
    assert verdict.status is Status.CONFIRMED
    overflown = tried(id, put(world(False, FULL), "digits-trained", "alpha_changed", np.nan, rule="zplus"))
    (piece,) = (p for p in overflown.evidence if "top 3 layers, zplus, digits, trained" in p.statement)
    assert "(0 of" in piece.statement
    assert (piece.finding, piece.n, piece.details["undefined"]) == (Finding.SILENT, 0, DRAWS * 5)


# Clusters


def test_draws_of_one_network_and_image_count_once() -> None:
    """Catches overlapping crops of two photographs that a trained network meets, taken for so many observations."""
    crops = of_draws([0.8] * 400, network=np.zeros(400), image=np.arange(400) % 2)
    (piece,) = medians_over_draws(exam(), {"a": crops}, Claimed.between(0.5, 1.0))
    assert (piece.finding, piece.n) == (Finding.UNDECIDED, 2)
    assert (piece.details["networks"], piece.details["images"]) == (1, 2)
    assert piece.method.endswith("over 2 pairs of 1 network and 2 images")
    fresh = of_draws([0.8] * 50, image=np.arange(50) % 2)
    (piece,) = medians_over_draws(exam(), {"a": fresh}, Claimed.between(0.5, 1.0))
    assert (piece.finding, piece.n) == (Finding.SUPPORTS, 50)
    assert (piece.details["networks"], piece.details["images"]) == (50, 2)


def test_a_cluster_has_the_median_of_its_draws() -> None:
    """Catches clusters of unequal size that weigh as much as they have draws, and a first draw that speaks for all."""
    image = np.r_[np.arange(40), np.repeat(40, 200)]
    values = np.r_[np.linspace(0.6, 0.7, 40), np.full(90, 0.0), np.full(110, 0.1)]
    (piece,) = medians_over_draws(
        exam(), {"a": of_draws(values, network=0 * image, image=image)}, Claimed.between(0.5, 1.0)
    )
    assert (piece.finding, piece.n) == (Finding.SUPPORTS, 41)
    found = clusters(of_draws(values, network=0 * image, image=image))
    assert found.values[-1] == 0.1
    (piece,) = rates_over_draws(
        exam(), {"a": of_draws(values > 0.05, network=0 * image, image=image)}, Claimed.between(0.5, 1.0)
    )
    assert (piece.n, piece.details["rate"]) == (41, 1.0)


def test_a_number_of_one_network_is_compared_exactly() -> None:
    """Catches 250 times the same number taken for 250 observations, an interval of length 0 and “power 0.99”."""
    own = exam()
    same = of_draws([0.3] * 250, network=np.zeros(250))
    for claimed, finding in (
        (Claimed.between(0.2, 0.3), Finding.SUPPORTS),
        (Claimed.between(0.31, 1.0), Finding.REFUTES),
        (Claimed.between(0.31, 1.0, resolution=0.02), Finding.SUPPORTS),
    ):
        (piece,) = numbers_of_networks(own, {"a": same}, claimed, share=0.1)
        assert (piece.finding, piece.n, piece.interval, piece.power, piece.miss) == (finding, 1, None, None, 0.0)
        assert piece.details == {"value": 0.3, "networks": 1}
    many = of_draws(np.repeat(np.linspace(0.2, 0.3, 50), 5), network=np.repeat(np.arange(50), 5))
    (piece,) = numbers_of_networks(exam(), {"a": many}, Claimed.between(0.0, 1.0))
    assert (piece.finding, piece.n) == (Finding.SUPPORTS, 50)
    with pytest.raises(ValueError, match="changes with the image"):
        numbers_of_networks(exam(), {"a": of_draws([0.3, 0.4], network=[0, 0])}, Claimed.between(0.0, 1.0))


def test_what_is_claimed_of_every_draw_one_draw_refutes() -> None:
    """Catches a violation that a margin forgives, and a rate that is certain after a few draws."""
    for happened, finding in (
        ([True] * 150, Finding.SUPPORTS),
        ([True] * 149 + [False], Finding.REFUTES),
        ([True] * 30, Finding.UNDECIDED),
    ):
        (piece,) = always_over_draws(exam(), {"a": of_draws(happened)})
        assert piece.finding is finding
    assert always_over_draws(exam(), {"a": of_draws([True, False, True])})[0].counterexample == {"draws": ["1"]}


def test_measurements_of_an_older_bridge_are_measured_again() -> None:
    """Catches draws that do not say of which network and image they are, each taken for another."""
    old = {name: own.drop_vars(["network", "image"]) for name, own in world(False, FULL).items()}
    for id, claim in DEEP.items():
        assert ("nfrlab rivals" if is_of_rivals(claim) else "nfrlab bridge") in tried(id, old).missing


def test_an_overflow_counts_as_no_alignment() -> None:
    """Catches NaN of an overflow that is read as “no difference”; 0 and NaN are the same to the reader of a figure."""
    for value in (np.nan, 0.0):
        verdict = tried("fig-4-overflow", put(world(False, FULL), "vgg16-uniform-raw", "alpha_naive", value))
        assert verdict.status is Status.CONFIRMED, against(verdict)
        assert {round(p.details["median"], 2) for p in verdict.evidence} == {-0.8}


def test_a_layer_without_relevance_is_not_strict_and_violates_nothing() -> None:
    """Catches an undefined margin taken for a violation, or for ineq. 13 holding strictly."""
    where = {"rule": "gbp", "layer": 1}
    for repair, id, status in ((False, "eq-13-deep", Status.REFUTED), (True, "eq-13-deep-repair", Status.CONFIRMED)):
        assert tried(id, put(world(repair, FULL), "vgg16-gaussian", "margin", np.nan, **where)).status is status


# Intervals, planned beforehand


def test_the_planned_draws_decide() -> None:
    """Catches a plan for fewer checks, a smaller power or another budget than it states; one wrong draw is allowed."""
    n, alpha = draws_needed(), Budget().allotment / CHECKS
    assert n == DRAWS
    assert intervals.median(np.r_[np.full(n - 1, 0.8), 0.1], alpha) == (0.8, 0.8)
    k = intervals.median_rank(n, alpha)
    rng = np.random.default_rng(0)
    wrong = rng.binomial(n, WRONG, 100_000)
    assert np.mean(wrong >= k) <= 0.005


def test_a_claim_with_many_checks_spends_no_more() -> None:
    """Catches α that is spent per check, or per call, instead of per claim."""
    own = exam()
    values = {str(i): of_draws(np.full(50, 0.8)) for i in range(30)}
    pieces = medians_over_draws(own, values, Claimed.between(0, 1), share=0.5)
    assert sum(piece.miss for piece in pieces) == pytest.approx(ALLOTMENT / 2)
    events = {str(i): of_draws(np.ones(50, dtype=bool)) for i in range(7)}
    pieces = rates_over_draws(own, events, Claimed.between(0.95, 1.0, 0.35), share=0.5)
    assert sum(piece.miss for piece in pieces) == pytest.approx(ALLOTMENT / 2)
    with pytest.raises(OverflowError):
        medians_over_draws(own, values, Claimed.between(0, 1))


def test_every_claim_has_a_number_that_refutes_it() -> None:
    """Catches a new claim that these tests pass over."""
    assert {base(id) for id in DEEP} == set(ONE_WRONG_NUMBER)
    assert all(isinstance(claim, Claim) and claim.control.premise for claim in DEEP.values())
