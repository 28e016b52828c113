"""Where real inputs come from, and how a file becomes pixels: transparency, depth, orientation, what is refused."""

from nfrlab.simulations.images.decoding import decode, read
from nfrlab.simulations.images.files import SUFFIXES, UnusableImage, files_under, image_files, open_file, shown
from nfrlab.simulations.images.pixels import unit
from nfrlab.simulations.images.sources import (
    IMAGENET_MEAN,
    IMAGENET_SD,
    SHIPPED,
    ImageSet,
    digit,
    digits,
    folder,
    image_set,
    normalise,
    photographs,
)

__all__ = [
    "IMAGENET_MEAN",
    "IMAGENET_SD",
    "SHIPPED",
    "SUFFIXES",
    "ImageSet",
    "UnusableImage",
    "decode",
    "digit",
    "digits",
    "files_under",
    "folder",
    "image_files",
    "image_set",
    "normalise",
    "open_file",
    "photographs",
    "read",
    "shown",
    "unit",
]
