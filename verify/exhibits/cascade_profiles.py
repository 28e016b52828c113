"""The data of the figure of the cascade law: every rule's α at every level, for six profiles of widths."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from nfrlab.paper_figs import cascade_law as picture
from nfrlab.simulations.images import ImageSet
from nfrlab.verify import intervals
from nfrlab.verify.court.budget import RUN_BUDGET
from nfrlab.verify.court.claim import Examination
from nfrlab.verify.examine.stacks.gaussian import Stack, Widths
from nfrlab.verify.exhibits.write import write

PROFILES: dict[str, Widths] = {
    "constant": (784, *(512,) * 7),
    "growing upwards": (784, 512, 724, 1024, 1448, 2048),
    "shrinking upwards": (784, 2048, 1448, 1024, 724, 512),
    "bottleneck": (784, 1024, 1024, 256, 1024, 1024),
    "steep": (784, 512, 2048, 8192),
    "small input": (27, *(512,) * 7),
}
"""Widths from the input up, by name."""


def draw(folder: Path, images: ImageSet, seed: int) -> list[Path]:
    """Write `cascade_law.svg` and `.png` into `folder`; `images` play no part, as Gaussian stacks treat all alike."""
    profiles = [profile(name, widths, seed) for name, widths in PROFILES.items()]
    return write(folder, "cascade_law", lambda: picture.figure(profiles))


def profile(name: str, widths: Widths, seed: int, n: int = 4000) -> picture.Profile:
    """Mean α of every rule and level over n stacks; all intervals of the figure hold together with probability
    ≥ 1 − 1e-6.
    """
    exam = Examination("figure of the cascade law", "trial", seed, "quick", ImageSet("none", ()))
    alpha = RUN_BUDGET / len(PROFILES) / len(picture.RULES) / (len(widths) + 1)
    sampled = {}
    for rule in picture.RULES:
        rows = Stack(name, rule, widths).sample(exam, "figure", n)
        ends = np.array([intervals.bets(column, alpha, -1.0, 1.0) for column in rows.T])
        sampled[rule] = picture.Sampled(rows.mean(axis=0), ends[:, 0], ends[:, 1])
    return picture.Profile(name, widths, sampled)
