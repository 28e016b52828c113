"""What is measured: populations of networks and images. One draw of a setting is one network on one image."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from nfrlab.simulations.bridge.names import display_name
from nfrlab.simulations.network_names import BODY, MEDIUM_VGG16, SMALL_VGG16, SQUEEZENET

Weights = Literal["random", "trained", "built"]
"""Fresh in every draw; a checkpoint's, or learned here; what a user's function gives, of which nothing is known."""
FILTERS = ("gbp", "rectgrad", "zplus")
"""The negative filtering rules of Fig. 2, 4, 5 and 6."""
DEEP_ALONE = (
    *("lrp-epsilon", "lrp-gamma", "epsilon-plus", "epsilon-plus-flat"),
    *("epsilon-alpha2-beta1", "epsilon-alpha2-beta1-flat", "epsilon-gamma-box"),
)
"""Rules that deep networks have beside those of dense layers, known without PyTorch."""

CASCADE, LEVELS, ENDS, INFORMATION, REMOVAL = "cascade", "levels", "ends", "information", "removal"
NEURONS = "neurons"
SANITY = "sanity"
EVERYTHING = (CASCADE, "resemblance", NEURONS, "filtering", INFORMATION, "extremes", REMOVAL)


@dataclass(frozen=True)
class Setting:
    """A population of networks and images: random weights of a family, fresh in every draw, or trained ones; on fresh
    images in every draw, `side × side`.

    `scale` of random weights is “he”, “raw” (as printed) or PyTorch's “default”; `removed`: how many top layers
    are changed for Fig. 5; `times` as many draws are made as are asked for. `target` is the class that is explained:
    “top”, the one of the largest output; “top-k”, of the k-th largest; “true”, that of the image; or its number.
    """

    name: str
    network: str
    weights: Weights = "random"
    family: str = "gaussian"
    scale: Literal["he", "raw", "default"] = "he"
    bias: bool = False
    precision: Literal["float32", "float64"] = "float32"
    side: int = 224
    effects: tuple[str, ...] = EVERYTHING
    removed: tuple[int, ...] = (3, 8)
    rules: tuple[str, ...] = FILTERS
    times: int = 1
    target: str = "top"

    @property
    def explained(self) -> str:
        """Which class that is, in words."""
        if self.target.startswith("top-"):
            return f"the output that is number {self.target.removeprefix('top-')} by size"
        known = {"top": "the largest output", "true": "the image's true class"}
        return known.get(self.target, f"class {self.target}")

    @property
    def pictured(self) -> bool:
        """Whether the maps of the first draw are kept for the figures: not where only the rivals are measured."""
        return bool({*EVERYTHING, LEVELS, ENDS, SANITY} & {*self.effects})

    @property
    def title(self) -> str:
        """The setting in words, for tables and figures."""
        more = next((f", {words}" for ending, words in ENDINGS.items() if self.name.endswith(ending)), "")
        if self.weights != "random":
            return f"{self.network}, {'trained' if self.weights == 'trained' else 'as built'}{more}"
        scale = "" if self.scale == "he" else f" {self.scale}"
        precision = "" if self.precision == "float32" else f", {self.precision}"
        return f"{self.network}, {self.family}{scale}{', biases' if self.bias else ''}{precision}{more}"


IMAGENET = "vgg16-trained"
"""VGG16 with a checkpoint of the user's: what the paper takes from torchvision."""

ON_IMAGENET = SQUEEZENET, BODY
"""Networks with ImageNet's weights that a run may find beside its photographs."""

MORE_DRAWS, CHANGED_LAYERS = "-more", "-layers"
ENDINGS = {MORE_DRAWS: "more draws", CHANGED_LAYERS: "layers changed"}
"""How the names of second settings of one network end, and what that means."""
CIFAR_VGG16 = "vgg16-cifar10"
"""VGG16 for CIFAR-10, trained by `nfrlab train`."""

ON_DIGITS = "digits", "stack"
"""Networks that are made for scikit-learn's digits."""

RANDOM = Setting("vgg16-gaussian", "vgg16")
STACK = Setting("stack-gaussian", "stack", side=16, effects=(CASCADE,), times=18)
"""The fully connected network of which theory has the law; so many draws tell α to 0.02 with probability 0.99."""
DIGITS_TRAINED = Setting("digits-trained", "digits", "trained", bias=True, side=16, removed=(3,), times=5)
DIGITS = Setting("digits-gaussian", "digits", side=16, removed=(3,), times=3)
SMALL = (
    DIGITS_TRAINED,
    replace(DIGITS_TRAINED, name=f"digits-trained{MORE_DRAWS}", effects=("resemblance",), times=9),
    DIGITS,
    replace(DIGITS, name=f"digits-gaussian{MORE_DRAWS}", effects=(NEURONS, REMOVAL), times=12),
    replace(
        DIGITS, name="digits-biased", family="uniform", scale="default", bias=True, effects=(ENDS, "filtering"), times=1
    ),
    STACK,
)
"""With more draws what a median tells only from many: the edges of one network's maps, which of many maps are zero."""

CIFAR = (
    Setting("cifar-trained", "cifar", "trained", bias=True, side=32, times=3),
    Setting("cifar-gaussian", "cifar", side=32, times=6),
)


def cifar_vgg16_settings(side: int) -> tuple[Setting, ...]:
    """VGG16 that learned CIFAR-10 at images of `side × side`, and random ones on the same images."""
    random = Setting("vgg16-cifar10-gaussian", CIFAR_VGG16, side=side, times=3)
    return replace(random, name="vgg16-cifar10-trained", weights="trained", bias=True), random


def _vgg16(family: str, name: str = "", effects: tuple[str, ...] = (ENDS,), **changes: object) -> Setting:
    """`RANDOM` with weights of a family, and with these changes."""
    fields: dict[str, object] = {"name": f"vgg16-{name or family}", "family": family, "effects": effects} | changes
    return replace(RANDOM, **fields)  # type: ignore[arg-type]


LARGE = _vgg16("gaussian", "gaussian-large", effects=(CASCADE, "resemblance", NEURONS, "filtering", INFORMATION))
"""VGG16 at the size that it was made for; what takes long there, and all families, are measured at half of it."""
MORE = _vgg16("gaussian", f"gaussian{MORE_DRAWS}", times=6)
"""Gaussian weights for families with more draws to compare with; its first draws are those of `RANDOM`."""

RING, UNIFORM = _vgg16("ring", effects=(LEVELS,)), _vgg16("uniform", effects=(LEVELS,))
AT_THE_ENDS = tuple(replace(s, name=s.name + MORE_DRAWS, effects=(ENDS,), times=3) for s in (RING, UNIFORM))
"""Ring and uniform weights with more draws at N = 0 and L, where α differs most from draw to draw."""

PRINTED = _vgg16("uniform", "uniform-raw", scale="raw")
OTHERS = (
    _vgg16("uniform", "uniform-raw-float64", scale="raw", precision="float64"),
    _vgg16("uniform01", times=3),
    _vgg16("laplace", times=3),
    _vgg16("sparse", times=6),
    _vgg16("powerlaw", times=3),
    _vgg16("shifted", times=3),
    _vgg16("uniform", "default-biased", effects=(ENDS, "filtering"), scale="default", bias=True),
)


OPEN = ("resemblance", NEURONS)
"""What few draws leave open on networks with ImageNet's weights; of SqueezeNet's own also Fig. 6."""


def imagenet_settings(network: str, side: int = 224) -> tuple[Setting, ...]:
    """A network with ImageNet's weights, and random ones on the same images; both with more draws for what few of them
    leave open: edges, and neurons.

    VGG16 without a classifier has no top layers that could be changed, and as it takes images of any size it meets
    those of half the side.
    """
    random = Setting(f"{network}-gaussian", network, side=side)
    if network == BODY:
        random = replace(random, side=side // 2, effects=tuple(e for e in EVERYTHING if e != REMOVAL))
    trained = replace(random, name=f"{network}-trained", weights="trained", bias=True)
    open_trained = OPEN if network == BODY else (*OPEN, "extremes")
    more = (
        replace(setting, name=setting.name + MORE_DRAWS, effects=effects, times=5)
        for setting, effects in ((trained, open_trained), (random, OPEN))
    )
    return trained, random, *more


def plan(
    quick: bool, cifar: bool, side: int = 224, learned_at: int | None = None, on_imagenet: tuple[str, ...] = ()
) -> tuple[Setting, ...]:
    """The settings of a run on the built-in networks.

    Parameters
    ----------
    quick
        Only the networks, families and effects that fit into minutes, on images of 32 × 32, which VGG16 is made for.
    cifar
        With the ResNet that was trained on CIFAR-10.
    side
        Of the images that the whole VGG16 with random weights meets; with weights of other families those of 112 × 112,
        which a VGG16 of its own is made for.
    learned_at
        With the VGG16 that learned CIFAR-10 at images of this side.
    on_imagenet
        With these networks, of `ON_IMAGENET`, on images of this `side`; a quick run leaves them out.
    """
    some = (CASCADE, "resemblance", NEURONS, "filtering")
    if not quick:
        families = (RANDOM, MORE, RING, UNIFORM, *AT_THE_ENDS, PRINTED, *OTHERS)
        half = (replace(s, network=MEDIUM_VGG16, side=112) for s in families)
        learned = cifar_vgg16_settings(learned_at) if learned_at else ()
        found = (setting for network in on_imagenet for setting in imagenet_settings(network, side))
        return replace(LARGE, side=side), *half, *SMALL, *(CIFAR if cifar else ()), *learned, *found
    few = replace(RANDOM, effects=(CASCADE, "resemblance", NEURONS)), replace(RING, effects=(ENDS,)), PRINTED
    resnets = (replace(s, effects=(*some, INFORMATION)) for s in CIFAR if cifar)
    return *(replace(s, network=SMALL_VGG16, side=32) for s in few), *SMALL, *resnets


SIDES = {s.network: s.side for s in (*SMALL, *CIFAR)} | {"resnet20": CIFAR[0].side}
"""The side of the images that each small network is made for."""


def plan_for(model: str, own: Weights | None, side: int) -> tuple[Setting, ...]:
    """The settings of a run on one network: with its `own` weights, where it has any, and with random ones; small
    networks at the size that they are made for. The plainest sanity checks are added to all effects.
    """
    if model in ON_IMAGENET:
        trained, random, *more = imagenet_settings(model, side)
        checked = tuple(replace(s, effects=(*s.effects, SANITY)) for s in (trained, random))
        return checked[1:] if own is None else (*checked, *more)
    random = Setting(f"{display_name(model)}-gaussian", model, side=SIDES.get(model, side))
    random = replace(random, effects=(*EVERYTHING, SANITY))
    if own is None:
        return (random,)
    return replace(random, name=random.name.replace("-gaussian", f"-{own}"), weights=own, bias=True), random
