"""Random networks of one convolution at pictures, as Nie et al. speak of them: medians over many of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from nfrlab.simulations.dense import alignment
from nfrlab.simulations.dense.arrays import Array
from nfrlab.simulations.dense.convolution import Convolution, random_maps
from nfrlab.simulations.dense.montecarlo import Relevance, normal
from nfrlab.simulations.dense.weights import Sampler, gaussian
from nfrlab.simulations.images import ImageSet, normalise
from nfrlab.verify import intervals
from nfrlab.verify.court.claim import Examination
from nfrlab.verify.court.evidence import Claimed, Evidence
from nfrlab.verify.examine.over_draws import WRONG
from nfrlab.verify.examine.statistics import median_evidence

Image = Float[Array, "h w 3"]
Number = Callable[[np.random.Generator], float]
"""One number of a network that is drawn for it."""


@dataclass(frozen=True)
class Networks:
    """A population of networks: what `random_maps` needs beside rules and an image."""

    convolution: Convolution
    N: int
    sampler: Sampler = gaussian
    relevance: Relevance = normal
    classes: int = 1

    def maps(self, rules: tuple[str, ...], x: Image, rng: np.random.Generator) -> Float[Array, "rules h w 3"]:
        """The maps of several rules in one network."""
        return random_maps(
            rules,
            x,
            self.convolution,
            self.N,
            rng,
            sampler=self.sampler,
            relevance=self.relevance,
            classes=self.classes,
        )

    def alphas(
        self, rules: tuple[str, ...], x: Image, rng: np.random.Generator, target: Image | None = None
    ) -> Float[Array, " rules"]:
        """α of the whole map of every rule in one network, with a target, by default with x; 0 for a zero map."""
        wanted = (x if target is None else target).ravel()
        return np.nan_to_num([alignment(R.ravel(), wanted) for R in self.maps(rules, x, rng)])


def pictures(exam: Examination, side: int) -> dict[str, Image]:
    """Images of side × side pixels by name, fixed by the seed; in profile quick the last two.

    Nie et al. subtract the mean colour.
    """
    rng = exam.rng("pictures")
    patch, frame = (draw(side, rng).reshape(side, side, 3) for draw in (exam.images.patch, exam.images.frame))
    found = {
        "photograph's patch": patch,
        "normalised patch": normalise(patch.ravel()).reshape(patch.shape),
        "random signed image": rng.standard_normal(patch.shape),
        "photograph less its mean": frame - frame.mean(axis=(0, 1)),
    }
    return dict(list(found.items())[exam.pick(2, 0) :])


def photograph(exam: Examination, side: int) -> Image:
    """A photograph scaled down to side × side pixels, its mean colour subtracted; fixed by the seed."""
    return centred(exam.images, side, exam.rng("photograph"))


def centred(images: ImageSet, side: int, rng: np.random.Generator) -> Image:
    """A random photograph scaled down to side × side pixels, its mean colour subtracted."""
    frame = images.frame(side, rng).reshape(side, side, 3)
    return np.asarray(frame - frame.mean(axis=(0, 1)))


def network_medians(
    exam: Examination,
    numbers: Mapping[str, Number],
    claimed: Claimed,
    share: float = 1.0,
    wrong: float = WRONG,
) -> list[Evidence]:
    """For each statement the interval of the median of a number over networks, held against what is claimed.

    So many are drawn that it is decided with probability ≥ 0.99 where at most a share `wrong` of them falls on the
    wrong side of the margin. All statements together spend `share` of the budget.
    """
    miss = exam.budget.spend(len(numbers), share)
    n = intervals.median_plan(miss, wrong)
    found = []
    for text, number in numbers.items():
        rng = exam.rng(text)
        values = np.array([number(rng) for _ in range(n)])
        details = {"median": float(np.median(values)), "smallest": float(values.min()), "largest": float(values.max())}
        found.append(median_evidence(text, values, claimed, miss, power=0.99, details=details))
    return found
