"""The settings of a run: what a network's name says of its biases, and which settings go together."""

from __future__ import annotations

import pytest

from nfrlab.simulations.bridge.settings import MORE_DRAWS, ON_IMAGENET, Setting, plan, plan_for

WHOLE = plan(quick=False, cifar=True, learned_at=48, on_imagenet=ON_IMAGENET)
PLANS = {
    "quick": plan(quick=True, cifar=True),
    "whole": WHOLE,
    "of one network": plan_for("resnet20", "trained", 224),
    "of an unknown one": plan_for("model.py:make", "built", 64),
}


@pytest.mark.parametrize("settings", PLANS.values(), ids=PLANS)
def test_learned_networks_have_biases_and_random_ones_do_not(settings: tuple[Setting, ...]) -> None:
    """Catches trained networks without the biases that they have learned, and random ones with some unsaid."""
    for setting in settings:
        assert setting.bias == (setting.weights != "random" or "biased" in setting.name), setting.name
    assert len({setting.name for setting in settings}) == len(settings)


@pytest.mark.parametrize("settings", PLANS.values(), ids=PLANS)
def test_more_draws_are_more_of_the_same(settings: tuple[Setting, ...]) -> None:
    """Catches further draws of another population, no more of them, and ones of effects that the first do not have."""
    by_name = {setting.name: setting for setting in settings}
    for name, setting in by_name.items():
        if name.endswith(MORE_DRAWS):
            first = by_name[name.removesuffix(MORE_DRAWS)]
            assert (first.network, first.weights, first.family) == (setting.network, setting.weights, setting.family)
            assert (first.scale, first.bias, first.side) == (setting.scale, setting.bias, setting.side)
            assert setting.times > first.times


def test_families_are_compared_with_as_many_gaussian_draws() -> None:
    """Catches a family with more draws than the Gaussian weights that it is compared with."""
    gaussian = {s.network: s.times for s in WHOLE if s.name in ("vgg16-gaussian-more", "stack-gaussian")}
    for setting in WHOLE:
        if setting.weights == "random" and setting.network in gaussian:
            assert setting.times <= gaussian[setting.network], setting.name
