"""Measurements of deep networks that are made up: every setting of a plan, with numbers as the paper would have them.

The truth is known beforehand, so that each claim can be seen to come out as it must. Networks have four layers; the
draws of a number differ by a thousandth of it, and what is zero is exactly zero.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from zlib import crc32

import numpy as np
import xarray as xr

from nfrlab.simulations.bridge.compared import compared_rules, randomised_rules
from nfrlab.simulations.bridge.rival_settings import (
    CHANNELS,
    CLASSES,
    CONVERGENCE,
    FLIPS,
    NOT_CONVERGING,
    RANDOMISATION,
    rivals_plan,
)
from nfrlab.simulations.bridge.settings import (
    CASCADE,
    ENDS,
    FILTERS,
    IMAGENET,
    LEVELS,
    MORE,
    NEURONS,
    ON_IMAGENET,
    RANDOM,
    STACK,
    Setting,
    plan,
)
from nfrlab.theory.cascade.recursion import STEPS, cascade_alphas
from nfrlab.verify.examine.over_draws import draws_needed

World = dict[str, xr.Dataset]
Arrays = dict[str, xr.DataArray]

L = 4
DRAWS = draws_needed()
BLIND = "blind-filter"
WORSE = ("uniform", "uniform01", "shifted", "powerlaw")
CONSTANT = ("fan_in", "width")
D, N = (60, 100, 100, 100), 40
"""Inputs of the layers and neurons of each: the variation of the norms, 1/√(2d), is below 0.1."""
SHIFTS = (0.5, 1.0)

PROVENANCE = {
    "seed": 11,
    "images": "made up",
    "device": "a device",
    "versions": '{"torch": "2.0"}',
    "command": "nfrlab bridge --seed 11",
}
FULL = (
    *plan(quick=False, cifar=True, learned_at=32, on_imagenet=ON_IMAGENET),
    replace(RANDOM, name=IMAGENET, weights="trained", bias=True),
    *rivals_plan(quick=False, cifar=True, on_imagenet=ON_IMAGENET),
)
QUICK = plan(quick=True, cifar=True)


def array(values: object, **coords: Iterable[object]) -> xr.DataArray:
    """Values along named coordinates, broadcast to them."""
    axes = {name: list(axis) for name, axis in coords.items()}
    shape = tuple(map(len, axes.values()))
    return xr.DataArray(np.broadcast_to(np.asarray(values, dtype=float), shape).copy(), axes, list(axes))


def at_levels(setting: Setting, levels: Sequence[int], rules: Sequence[str]) -> Arrays:
    """α rises with the level, less in trained networks; families with a mean, and so on, are lower; raw weights of
    float32 overflow.
    """
    top = 0.5 if setting.weights == "trained" else 0.5 if setting.family in WORSE else 0.8
    rise = np.array([0.1 + (top - 0.1) * level / L for level in levels])
    alpha = array(
        [law(rule)[levels] if setting.network == STACK.network else rise for rule in rules], rule=rules, level=levels
    )
    overflows = setting.scale == "raw" and setting.precision == "float32"
    return {"alpha": alpha, "alpha_naive": alpha * np.nan if overflows else alpha}


def law(rule: str) -> np.ndarray:
    """α of the fully connected network by level; as GBP for a rule of which there is no law."""
    return cascade_alphas(rule if rule in STEPS else "gbp", (256, 512, 512, 512))


def cascade(setting: Setting) -> Arrays:
    """Activation is above every rule; a blind filter changes nothing. The fully connected network obeys the law."""
    all_levels = at_levels(setting, list(range(L + 1)), setting.rules)
    blind = array(0.1, level=[0, L]).reindex(level=range(L + 1)).expand_dims(rule=[BLIND])
    layers = range(1, L + 1)
    activation = [
        law("activation")[L - layer] if setting.network == STACK.network else 0.85 - 0.7 * layer / L for layer in layers
    ]
    return {
        **{name: xr.concat([own, blind], "rule") for name, own in all_levels.items()},
        "alpha_activation": array(activation, layer=layers),
        "alpha_activation_pooled": array(activation, layer=layers),
    }


def resemblance(setting: Setting) -> Arrays:
    """Random maps resemble the image, trained ones its edges; the gradient neither."""
    methods = ("grad-input", *FILTERS, "dtd", "activation")
    targets = ("image", "edges", "other image", "other edges")
    values = [0.1, 0.4, 0.05, 0.2] if setting.weights == "trained" else [0.5, 0.3, 0.1, 0.1]
    alpha = array(values, method=methods, bottom=("with", "without"), target=targets)
    alpha.loc[{"method": "grad-input"}] = 0.02
    alpha.loc[{"method": "activation", "bottom": "with"}] = np.nan
    return {"alpha_map": alpha, "alpha_detector": array([0.3, 0.6, 0.1, 0.2], target=targets)}


def neurons(setting: Setting) -> Arrays:
    """Random neurons as in R^d; trained ones with larger cosines and norms that differ more."""
    trained = setting.weights == "trained"
    layers = range(1, L + 1)
    values: dict[str, object] = {
        "fan_in": D,
        "width": N,
        "cosine": 0.2 if trained else 0.08,
        "cosine_rms": 1.0,
        "norm": 1.4,
        "norm_sd": [1.4 * (0.2 if trained else (2 * d) ** -0.5) for d in D],
        "mean": 1.0,
        "spread": 1.2,
    }
    shifted = {"cosine": [0.2, 0.5], "cosine_rms": [2, 5], "mean": [3, 6]}
    return {
        **{name: array(value, layer=layers) for name, value in values.items()},
        **{f"{name}_shifted": array(value, layer=layers, shift=SHIFTS) for name, value in shifted.items()},
    }


def filtering(setting: Setting) -> Arrays:
    """Ineq. 13 holds strictly below the output layer; of f 0.6 % are lost to the biases."""
    margin = array(0.2, rule=(*setting.rules, BLIND), layer=range(1, L + 1))
    margin.loc[{"rule": BLIND}] = -0.2
    margin.loc[{"layer": L}] = 0
    lost = array(0.006 * setting.bias, level=range(L + 1))
    return {"margin": margin, "lost": lost, "lost_to_bias": lost}


def information(setting: Setting) -> Arrays:
    """What is left of the image fades; digits have no colour."""
    components = ("image", "luminance", "colour", "coarse", "middle", "fine")
    kept = array([0.8, 0.5, 0.31, 0.3], component=components, layer=range(1, L + 1))
    if setting.network == "digits":
        kept.loc[{"component": "colour"}] = np.nan
    return {"kept": kept}


def extremes(setting: Setting) -> Arrays:
    """Two maps from the first layer, one from the last but one; two with a blind filter, even of random halves."""
    layers, rules = range(1, L), (*setting.rules, BLIND)
    between = array(np.linspace(0.3, 0.99, L - 1), rule=rules, layer=layers)
    between.loc[{"rule": BLIND}] = 0.2
    return {
        "alpha_part": array(0.4, rule=rules, layer=layers, part=("top", "bottom", "all")),
        "between": between,
        "alpha_half": array(0.4, rule=rules, half=("one", "other")),
        "by_chance": between.isel(layer=-1, drop=True),
    }


def convergence(setting: Setting) -> Arrays:
    """Under filtering rules every vector becomes one map, with larger β less; two maps have the input in common."""
    rules, forms, start, layers = setting.rules, ("gradient", "relevance"), [L], range(L)
    agreement = dict.fromkeys(NOT_CONVERGING, 0.1) | {"lrp-alpha-beta": 0.9, "lrp-alpha-beta:alpha=5": 0.6}
    csc = array(
        np.reshape([agreement.get(rule, 0.995) for rule in rules], (-1, 1, 1, 1, 1)),
        rule=rules,
        form=forms,
        start=start,
        layer=layers,
        kind=("position", "map"),
    )
    explained = array(np.reshape([0.16 * (rule != "grad") for rule in rules], (-1, 1)), rule=rules, form=forms)
    by_layer = explained.expand_dims(start=start, layer=list(layers), axis=(2, 3))
    return {
        "csc": csc,
        "csc_null": 0.2 * csc.isel(start=0, drop=True),
        "csc_mean": by_layer,
        "alpha_pairs": by_layer,
        "between_networks": explained,
        "alpha_between": explained,
    }


METRICS = ("cosine", "rank correlation", "absolute rank correlation", "SSIM", "SSIM by the largest", "HOG")


def randomisation(setting: Setting) -> Arrays:
    """Filtering rules keep their maps until the lowest layers are random; the gradient keeps none, its product with the
    input what this explains. The image stays. GBP's map is less orderly in random networks.
    """
    maps, stops = ("image", *randomised_rules(setting)), range(1, 5)
    similarity = array(
        0.0, order=("cascading", "bottom-up", "removal"), stop=stops, explained=("held",), map=maps, metric=METRICS
    )
    filtering = [name for name in maps if name not in ("image", "grad", "grad-input")]
    similarity.loc[{"map": filtering}] = 0.3
    similarity.loc[{"map": filtering, "order": ["cascading", "removal"], "stop": [1, 2]}] = 0.98
    similarity.loc[{"map": "grad-input", "metric": "absolute rank correlation"}] = 0.4
    similarity.loc[{"map": "image"}] = 1
    entropy = array(2.0, weights=("own", "random"), map=maps)
    entropy.loc[{"weights": "random", "map": [name for name in maps if name == "gbp"]}] = 3
    entropy.loc[{"map": "image"}] = 1.5
    return {
        "similarity": similarity,
        "entropy": entropy,
        "similarity_by_chance": array(0.0, chance=("other image", "noise"), map=maps, metric=METRICS),
        "similarity_of_products": array(0.4, metric=METRICS),
    }


def classes(setting: Setting) -> Arrays:
    """Rules that filter have one map for two classes; gradient and LRP-z have two that are somewhat alike."""
    maps = ("image", *compared_rules(setting))
    apart = [name for name in maps if name in ("grad", "grad-input", "lrp-z", "deconv")]
    between = array(0.99, map=maps, metric=METRICS)
    between.loc[{"map": apart}] = 0.6
    return {"between_classes": between}


def flips(setting: Setting) -> Arrays:
    """A filtered map is the same for every class; that of the gradient is another one after a flip."""
    rules = setting.rules
    values = np.array([[0.0, 0.1, 0.7] if rule in ("grad", "lrp-z") else [0.95, 0.9, 0.95] for rule in rules])
    return {
        "class_cosine": array(values, rule=rules, instead=("another class", "flipped", "noise")),
        "attack": array(0.125),
    }


def channels(setting: Setting) -> Arrays:
    """The largest channels contribute twice as much as any, through whichever weights."""
    values = array([0.5, 0.25], above=range(2, L + 1), weights=("own", "random"), channels=("largest", "any"))
    return {"contributed": values}


def removal(setting: Setting) -> Arrays:
    """Randomisation does nothing, removal halves α; after a blind filter nothing is aligned."""
    changes, changed = ("random", "cross", "corner", "matrix"), (0, *setting.removed)
    alpha = array(0.8, change=changes, changed=changed, rule=(*setting.rules, BLIND))
    alpha.loc[{"change": list(changes[1:]), "changed": list(setting.removed)}] = 0.4
    alpha.loc[{"rule": BLIND}] = 0.1
    return {"alpha_changed": alpha}


EFFECTS: dict[str, Callable[[Setting], Arrays]] = {
    CASCADE: cascade,
    LEVELS: lambda setting: at_levels(setting, range(L + 1), setting.rules),
    ENDS: lambda setting: at_levels(setting, (0, L), setting.rules),
    "resemblance": resemblance,
    NEURONS: neurons,
    "filtering": filtering,
    "information": information,
    "extremes": extremes,
    "removal": removal,
    CONVERGENCE: convergence,
    RANDOMISATION: randomisation,
    CLASSES: classes,
    FLIPS: flips,
    CHANNELS: channels,
}


def draws_of(value: xr.DataArray, name: str, draws: int, alike: bool) -> xr.DataArray:
    """Draws of a number: a thousandth of it more or less; `alike`, the same in all."""
    rng = np.random.default_rng(crc32(name.encode()))
    spread = 0.0 if alike or name.split()[-1] in CONSTANT else 1e-3
    noise = xr.DataArray(rng.uniform(-spread, spread, (draws, *value.shape)), dims=("draw", *value.dims))
    return value * (1 + noise)


def make_dataset(setting: Setting, draws: int = DRAWS) -> xr.Dataset:
    """What the bridge would store of a setting: of a trained network one, with its neurons; all images differ."""
    trained = setting.weights == "trained"
    found = {
        name: draws_of(value, f"{setting.name} {name}", draws, alike=trained and effect == NEURONS)
        for effect in setting.effects
        for name, value in EFFECTS[effect](setting).items()
    }
    numbers = np.arange(draws)
    return (
        xr.Dataset(found)
        .assign_attrs(PROVENANCE, title=setting.title, network=setting.network, weights=setting.weights)
        .assign_coords(network=("draw", 0 * numbers if trained else numbers), image=("draw", numbers))
    )


def printed(settings: Sequence[Setting] = FULL, draws: int = DRAWS) -> World:
    """Deep networks as the paper says they are."""
    return {setting.name: make_dataset(setting, draws * setting.times) for setting in settings}


def repaired(settings: Sequence[Setting] = FULL, draws: int = DRAWS) -> World:
    """Deep networks where the paper is repaired: z⁺ keeps the sum of relevance, centred uniform weights are like
    Gaussian ones.
    """
    world = printed(settings, draws)
    for name in world:
        if "margin" in world[name] and "zplus" in world[name]["rule"].values:
            world = put(world, name, "margin", 0.0, rule="zplus")
    for name, gaussian in (("vgg16-uniform", RANDOM.name), ("vgg16-uniform-more", MORE.name)):
        if name in world:
            own, wanted = world[name]["alpha"], world[gaussian]["alpha"].isel(draw=slice(world[name].sizes["draw"]))
            world = put(world, name, "alpha", wanted.sel(rule=own["rule"], level=own["level"]))
    return world


def put(world: Mapping[str, xr.Dataset], name: str, variable: str, value: object, **where: object) -> World:
    """The world, but for one number of one setting."""
    changed = world[name].copy(deep=True)
    changed[variable].loc[where] = getattr(value, "values", value)
    return {**world, name: changed}


def mixed(world: World, other: World, share: float) -> World:
    """The world, but for the first share of its draws, which are from the other one."""

    def of(name: str) -> xr.Dataset:
        n = world[name].sizes["draw"]
        return other[name].where(xr.DataArray(np.arange(n) < share * n, dims="draw"), world[name])

    return {name: of(name) for name in world}
