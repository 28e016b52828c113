"""What is measured: populations of networks and images. One draw of a setting is one network on one image."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

Weights = Literal["random", "trained"]
FILTERS = ("gbp", "rectgrad", "zplus")
"""The negative filtering rules of Fig. 2, 4, 5 and 6."""

CASCADE, LEVELS, ENDS, INFORMATION, REMOVAL = "cascade", "levels", "ends", "information", "removal"
EVERYTHING = (CASCADE, "resemblance", "neurons", "filtering", INFORMATION, "extremes", REMOVAL)


@dataclass(frozen=True)
class Setting:
    """Random weights of a family (`scale`: “he”, “raw” as printed, or PyTorch's “default”), fresh in every draw, or
    trained ones; on fresh images in every draw, `side × side`. `times` as many draws as are asked for.
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

    @property
    def title(self) -> str:
        """In words."""
        if self.weights == "trained":
            return f"{self.network}, trained"
        scale = "" if self.scale == "he" else f" {self.scale}"
        precision = "" if self.precision == "float32" else f", {self.precision}"
        more = ", more draws" if self.name.endswith(MORE_DRAWS) else ""
        return f"{self.network}, {self.family}{scale}{', biases' if self.bias else ''}{precision}{more}"


IMAGENET = "vgg16-trained"
"""VGG16 with a checkpoint of the user's: what the paper takes from torchvision."""

MORE_DRAWS = "-more"
CIFAR_VGG16 = "vgg16-cifar10"
"""VGG16 for CIFAR-10, trained by `nfrlab train`."""

RANDOM = Setting("vgg16-gaussian", "vgg16")
SMALL = (
    Setting("digits-trained", "digits", "trained", bias=True, side=16, removed=(3,), times=5),
    Setting("digits-gaussian", "digits", side=16, removed=(3,), times=3),
    Setting(
        "digits-biased", "digits", family="uniform", scale="default", bias=True, side=16, effects=(ENDS, "filtering")
    ),
)
CIFAR = (
    Setting("cifar-trained", "cifar", "trained", bias=True, side=32, times=3),
    Setting("cifar-gaussian", "cifar", side=32, times=3),
)


def learned(side: int) -> tuple[Setting, ...]:
    """VGG16 that learned CIFAR-10 at images of `side × side`, and random ones on the same images."""
    random = Setting("vgg16-cifar10-gaussian", CIFAR_VGG16, side=side, times=3)
    return replace(random, name="vgg16-cifar10-trained", weights="trained", bias=True), random


def _family(family: str, name: str = "", effects: tuple[str, ...] = (ENDS,), **own: object) -> Setting:
    return replace(RANDOM, name=f"vgg16-{name or family}", family=family, effects=effects, **own)  # type: ignore[arg-type]


MORE = _family("gaussian", f"gaussian{MORE_DRAWS}", times=6)
"""What families with more draws compare with; its first draws are those of `RANDOM`."""

RING, UNIFORM = _family("ring", effects=(LEVELS,)), _family("uniform", effects=(LEVELS,))
AT_THE_ENDS = tuple(replace(s, name=s.name + MORE_DRAWS, effects=(ENDS,), times=3) for s in (RING, UNIFORM))
"""The same with more draws at N = 0 and L, where α differs most from draw to draw."""

PRINTED = _family("uniform", "uniform-raw", scale="raw")
OTHERS = (
    _family("uniform", "uniform-raw-float64", scale="raw", precision="float64"),
    _family("uniform01", times=3),
    _family("laplace", times=3),
    _family("sparse", times=6),
    _family("powerlaw", times=3),
    _family("shifted", times=3),
    _family("uniform", "default-biased", effects=(ENDS, "filtering"), scale="default", bias=True),
)


def plan(quick: bool, cifar: bool, side: int = 224, learned_at: int | None = None) -> tuple[Setting, ...]:
    """The settings of a run on the built-in networks, VGG16 on images of `side × side`; `cifar`: with the trained
    ResNet, `learned_at`: with VGG16 that learned CIFAR-10 at images of this side.

    Quick: 32 × 32, and only the networks, families and effects that fit into minutes.
    """
    some = (CASCADE, "resemblance", "neurons", "filtering")
    if not quick:
        large = (replace(s, side=side) for s in (RANDOM, MORE, RING, UNIFORM, *AT_THE_ENDS, PRINTED, *OTHERS))
        return *large, *SMALL, *(CIFAR if cifar else ()), *(learned(learned_at) if learned_at else ())
    few = replace(RANDOM, effects=(CASCADE, "resemblance", "neurons")), replace(RING, effects=(ENDS,)), PRINTED
    resnets = (replace(s, effects=(*some, INFORMATION)) for s in CIFAR if cifar)
    return *(replace(s, side=32) for s in few), *SMALL, *resnets


SIDES = {s.network: s.side for s in (*SMALL, *CIFAR)} | {"resnet20": CIFAR[0].side}
"""Of the images that small networks are made for."""


def plan_for(model: str, trained: bool, side: int) -> tuple[Setting, ...]:
    """The settings of a run on one network: with its own weights where there are any, and with random ones; small
    networks at the size that they are made for.
    """
    random = Setting(f"{called(model)}-gaussian", model, side=SIDES.get(model, side))
    own = replace(random, name=f"{called(model)}-trained", weights="trained", bias=True)
    return (own, random) if trained else (random,)


def called(network: str) -> str:
    """A network's name: FILE_FUNCTION of FILE.py:FUNCTION, wherever the file lies."""
    file, _, function = network.rpartition(":")
    return f"{Path(file).stem}_{function}" if file else network
