"""What is measured to decide between the theories: networks, rules and effects of which the paper's rivals speak.

The networks and images are those of the bridge, draw by draw; the settings have names of their own.
"""

from __future__ import annotations

from dataclasses import replace

from nfrlab.simulations.bridge.settings import (
    CHANGED_LAYERS,
    CIFAR,
    DIGITS,
    DIGITS_TRAINED,
    MORE_DRAWS,
    RANDOM,
    STACK,
    Setting,
    Weights,
    imagenet_settings,
    plan_for,
)
from nfrlab.simulations.network_names import BODY, SMALL_VGG16

RIVALS = "rivals-"
"""How the names of all settings begin."""
CONVERGENCE, RANDOMISATION, CLASSES = "convergence", "randomisation", "classes"
FLIPS, CHANNELS = "flips", "channels"
CONVERGING = (
    *("gbp", "deconv", "rectgrad:q=0.98", "zplus", "lrp-alpha-beta", "lrp-alpha-beta:alpha=5"),
    "deeplift-ablated",
)
"""Rules of which Sixt et al. say that all vectors that enter become one map; RectGrad with their quantile."""
NOT_CONVERGING = ("grad", "lrp-z", "deeplift-rescale", "deeplift-revealcancel")
FEW = ("grad", "gbp")
"""Rules of a quick run on VGG16, and of the fully connected network."""
ALIKE = ("grad", "lrp-z", "gbp", "deconv", "rectgrad:q=0.98", "zplus")
"""Rules whose maps of two classes and of attacked images are compared on digits, in many draws."""


def effects_of(setting: Setting) -> tuple[str, ...]:
    """What is measured of a network: more of one that has learned classes."""
    if setting.network == BODY:
        return (CONVERGENCE,)
    both = (CONVERGENCE, CLASSES, FLIPS, CHANNELS)
    return both if setting.weights == "random" else (*both, RANDOMISATION)


def rival(setting: Setting, **changes: object) -> Setting:
    """A setting of the bridge as it is measured for the rivals."""
    fields: dict[str, object] = {
        "name": f"{RIVALS}{setting.name}",
        "effects": effects_of(setting),
        "rules": (*CONVERGING, *NOT_CONVERGING),
        "times": 1,
    }
    return replace(setting, **fields | changes)  # type: ignore[arg-type]


def rivals_plan(quick: bool, cifar: bool, side: int = 224, on_imagenet: tuple[str, ...] = ()) -> tuple[Setting, ...]:
    """The settings of a run on the built-in networks; its parameters are those of `settings.plan`."""
    learned = rival(DIGITS_TRAINED, times=2)
    small = (
        replace(learned, effects=(CONVERGENCE, CHANNELS)),
        replace(learned, name=f"{learned.name}{MORE_DRAWS}", effects=(CLASSES, FLIPS), rules=ALIKE, times=12),
        replace(learned, name=f"{learned.name}{CHANGED_LAYERS}", effects=(RANDOMISATION,), rules=ALIKE, times=6),
        rival(DIGITS, effects=(CONVERGENCE, CHANNELS), times=2),
        rival(STACK, rules=FEW, effects=(CONVERGENCE,), times=4),
    )
    if quick:
        vgg16 = replace(RANDOM, network=SMALL_VGG16, side=32)
        return rival(vgg16, rules=FEW, effects=(CONVERGENCE,)), *small
    resnets = CIFAR if cifar else ()
    found = (setting for network in on_imagenet for setting in imagenet_settings(network, side)[:2])
    return rival(replace(RANDOM, side=side)), *small, *(rival(s, times=5) for s in resnets), *map(rival, found)


def rivals_plan_for(model: str, own: Weights | None, side: int) -> tuple[Setting, ...]:
    """The settings of a run on one network, with its `own` weights, where it has any, and with random ones."""
    return tuple(rival(setting) for setting in plan_for(model, own, side)[: 1 if own is None else 2])
