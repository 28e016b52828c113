"""Random convolutions at pictures: what is drawn, and how medians over networks are judged."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from nfrlab.simulations.dense.convolution import Convolution
from nfrlab.simulations.images import IMAGENET_MEAN, IMAGENET_SD, ImageSet
from nfrlab.verify.claims.rivals import nie, nie_noise
from nfrlab.verify.court.claim import Examination
from nfrlab.verify.court.evidence import Claimed, Finding
from nfrlab.verify.examine.convolutions import Networks, network_medians, photograph, pictures


def exam(images: ImageSet, profile: str = "quick") -> Examination:
    """An examination of a claim that is none."""
    return replace(Examination("made-up", "trial", 0, "quick", images), profile=profile)


def test_pictures_are_those_named_and_the_same_each_time(images: ImageSet) -> None:
    """Catches a photograph that keeps its mean, a quick run on other images than a full one, and a fresh draw."""
    few, all_of_them = pictures(exam(images), 8), pictures(exam(images, "full"), 8)
    assert list(few) == list(all_of_them)[2:]
    assert all(np.array_equal(x, all_of_them[name]) for name, x in few.items())
    for x in (few["photograph less its mean"], photograph(exam(images), 8)):
        np.testing.assert_allclose(x.mean(axis=(0, 1)), 0, atol=1e-12)
    assert {x.shape for x in all_of_them.values()} == {(8, 8, 3)}
    back = all_of_them["normalised patch"] * IMAGENET_SD + IMAGENET_MEAN
    np.testing.assert_allclose(back, all_of_them["photograph's patch"])


@pytest.mark.parametrize(
    ("share", "finding"), [(0.99, Finding.SUPPORTS), (0.5, Finding.UNDECIDED), (0.0, Finding.REFUTES)]
)
def test_medians_over_networks_decide(images: ImageSet, share: float, finding: Finding) -> None:
    """Catches a mean in the place of a median, one number for all networks, and an interval without its draws."""
    numbers = {"a": lambda rng: 0.8 if rng.random() < share else -50.0}
    own = exam(images)
    (piece,) = network_medians(own, numbers, Claimed.between(0.5, 1.0))
    assert piece.finding is finding
    assert piece.miss == pytest.approx(own.budget.allotment)


def test_alphas_are_of_the_whole_map_and_zero_maps_have_none(images: ImageSet) -> None:
    """Catches NaN of a zero map, and a target that is passed over."""
    x, networks = photograph(exam(images), 4), Networks(Convolution(), 5)
    rng = np.random.default_rng
    (R,) = networks.maps(("gbp",), x, rng(3))
    assert networks.alphas(("gbp",), x, rng(3), R)[0] == pytest.approx(1)
    assert networks.alphas(("gbp",), x, rng(3))[0] == pytest.approx(
        (R * x).sum() / np.linalg.norm(R) / np.linalg.norm(x)
    )
    dead = replace(networks, relevance=lambda N, rng: np.zeros(N))
    assert dead.alphas(("gbp", "deconv"), x, rng(3)).tolist() == [0, 0]


def test_one_colour_of_a_filter_is_longer() -> None:
    """Catches weights of another place than the first colour's."""
    plain, longer = (
        nie.gaussian(27, 5, np.random.default_rng(0)),
        nie.one_colour_longer(27, 5, np.random.default_rng(0)),
    )
    ratio = (longer / plain).reshape(9, 3, 5)
    np.testing.assert_allclose(ratio[:, 0], nie.FACTOR)
    np.testing.assert_allclose(ratio[:, 1:], 1)


def test_directions_are_what_they_are_called() -> None:
    """Catches a colour that is no constant, an edge with a side too heavy, a pixel of two."""
    x = np.random.default_rng(0).standard_normal((5, 5, 3))
    found = nie_noise.directions(x)
    assert found["the image"] is x
    assert found["one pixel"].sum() == np.abs(found["one pixel"]).sum() == 1
    assert found["one colour"].sum(axis=(0, 1)).tolist() == [25, 0, 0]
    assert found["a vertical edge"].sum() == 0
    assert np.array_equal(found["a vertical edge"], -found["a vertical edge"][:, ::-1])
