"""What `pip install` lays under the one name `nfrlab`: the door and the four rooms beside it, with all within."""

from setuptools import find_packages, setup

ROOMS = ("theory", "simulations", "verify", "paper_figs")

setup(
    package_dir={"nfrlab": "nfrlab"} | {f"nfrlab.{room}": room for room in ROOMS},
    packages=["nfrlab"]
    + [f"nfrlab.{name}" for room in ROOMS for name in (room, *(f"{room}.{part}" for part in find_packages(room)))],
)
