"""Differences of two alignments in the same stacks: claims on them are decided rightly where the laws are known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import sqrt
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy.stats import binom, norm

from nfrlab.simulations.dense.reduced.stacks import WEIGHTINGS, cascade_alignments
from nfrlab.simulations.images import ImageSet
from nfrlab.theory.cascade.recursion import cascade_alphas
from nfrlab.verify.court.budget import Budget
from nfrlab.verify.court.claim import Examination
from nfrlab.verify.court.evidence import Evidence, Finding
from nfrlab.verify.examine.stacks import differences
from nfrlab.verify.examine.stacks.differences import (
    MOST,
    Difference,
    Level,
    Shape,
    by_the_law,
    in_order,
    not_negative,
    positive,
    rises,
)
from nfrlab.verify.examine.statistics import order_evidence

Floats = npt.NDArray[np.float64]
WIDTHS = (40, 60, 50)
FIRST = rises("gbp", WIDTHS)[:1]


def examination(seed: int = 0) -> Examination:
    """A quick examination of nothing in particular."""
    return Examination("test", "trial", seed, "quick", ImageSet("none", ()))


def known(means: Sequence[float], spread: float = 0.1) -> Callable[..., Floats]:
    """A sampler whose α of level N is uniform around `means[N]`, all levels alike but for that."""

    def sample(rule: str, widths: tuple[int, ...], n: int, rng: np.random.Generator, **options: Any) -> Floats:
        return np.array(means)[None, :] + spread * rng.uniform(-1, 1, (n, len(means)))

    return sample


def findings(pieces: Sequence[Evidence]) -> list[Finding]:
    """What each piece says."""
    return [piece.finding for piece in pieces]


def test_both_alignments_come_from_the_same_stacks() -> None:
    """Catches random numbers of one's own for each rule, a rule or level confused, and options lost on the way."""
    pair = Difference(Level("activation", 1), Level("rectgrad", 2))
    rows = Shape(WIDTHS, [pair], {"q": 0.7}).sample(examination(), "trial", 50)
    for rule, options in (("activation", {}), ("rectgrad", {"q": 0.7})):
        rng = examination().rng("trial 40–60–50")
        assert np.array_equal(rows[rule], cascade_alignments(rule, WIDTHS, 50, rng, **options))
    assert np.array_equal(pair.of(rows), rows["activation"][:, 1] - rows["rectgrad"][:, 2])
    assert str(pair) == "α of Activation at level 1 − α of RectGrad at level 2"
    law = {rule: cascade_alphas(rule, WIDTHS) for rule in ("activation", "rectgrad")}
    assert pair.predicted(WIDTHS) == pytest.approx(law["activation"][1] - law["rectgrad"][2])


def test_rises_are_those_from_the_first_relu_layer_on() -> None:
    """Catches a level left out or taken twice, and levels 0 and 1, which are one map, compared."""
    assert [(each.above.level, each.below.level) for each in rises("gbp", (5, 6, 7, 8))] == [(2, 1), (3, 2), (4, 3)]


def test_activation_lies_above_its_closest_rival_in_every_stack() -> None:
    """Catches a rival √A that is no √A, or that is put in at another layer: Cauchy–Schwarz holds stack by stack."""
    A = np.array([[0.0, 1.0, 4.0, 0.25]])
    assert np.array_equal(WEIGHTINGS["root"](A, -A, 4) ** 2, A)
    pairs = [Difference(Level("activation", N), Level("root", N + 1)) for N in range(1, len(WIDTHS))]
    shape = Shape(WIDTHS, pairs)
    rows = shape.sample(examination(), "trial", 5000)
    for pair in pairs:
        assert np.all(pair.of(rows) >= -1e-12)
        assert pair.of(rows).mean() > 1e-4


@pytest.mark.parametrize(
    ("rise", "expected"),
    [
        (0.2, Finding.SUPPORTS),
        (0.0, Finding.SUPPORTS),  # at least, with equality
        (-0.02, Finding.REFUTES),  # −2δ: the power that is recorded
        (-0.1, Finding.REFUTES),
    ],
)
def test_not_negative(rise: float, expected: Finding, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches a fall that is supported, an equality that is refuted, and an n too small to tell −2δ."""
    monkeypatch.setattr(differences, "cascade_alignments", known([0, 0.3, 0.3 + rise]))
    (piece,) = not_negative(examination(), [Shape(WIDTHS, FIRST)], 0.01)
    assert piece.finding is expected
    assert piece.interval is not None
    assert piece.interval[0] <= rise <= piece.interval[1]


@pytest.mark.parametrize(
    ("rise", "expected"),
    [(0.2, Finding.SUPPORTS), (0.02, Finding.SUPPORTS), (0.0, Finding.UNDECIDED), (-0.02, Finding.REFUTES)],
)
def test_positive_is_strict(rise: float, expected: Finding, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches `≥` for `>`: equality must not be supported, nor a small rise be missed for want of stacks."""
    monkeypatch.setattr(differences, "cascade_alignments", known([0, 0.3, 0.3 + rise]))
    (piece,) = positive(examination(), [Shape(WIDTHS, FIRST)])
    assert piece.finding is expected
    assert piece.n <= MOST


def test_a_plan_that_is_too_long_promises_no_power(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches power .99 on record where the number of stacks was cut."""
    monkeypatch.setattr(differences, "cascade_alignments", known([0, 0.3, 0.3], spread=0.5))
    (piece,) = positive(examination(), [Shape(WIDTHS, FIRST)])
    assert (piece.n, piece.power) == (MOST, None)
    monkeypatch.setattr(differences, "cascade_alignments", known([0, 0.3, 0.4]))
    (piece,) = positive(examination(), [Shape(WIDTHS, FIRST)])
    assert piece.power == 0.99


@pytest.mark.parametrize(
    ("off", "expected"),
    [
        (0.0, Finding.SUPPORTS),
        (0.004, Finding.SUPPORTS),
        (-0.004, Finding.SUPPORTS),
        (0.02, Finding.REFUTES),
        (-0.02, Finding.REFUTES),
    ],
)
def test_by_the_law(off: float, expected: Finding, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches a law taken at another level or width, a margin on one side, and a plan without room for finite width."""
    rise = FIRST[0].predicted(WIDTHS) + off
    monkeypatch.setattr(differences, "cascade_alignments", known([0, 0.1, 0.1 + rise]))
    (piece,) = by_the_law(examination(), [Shape(WIDTHS, FIRST)], 0.01, note=lambda shape, each: ", noted")
    assert piece.finding is expected
    assert piece.statement.endswith("= 0.3000 ± 0.01: 40–60–50, noted".replace("0.3000", f"{rise - off:.4f}"))


def test_the_law_is_held_against_the_rule_as_it_is_examined() -> None:
    """Catches a law that moves with the broken premise: options belong to the stacks, not to the prediction."""
    shape = Shape((256, 256, 256), rises("rectgrad", (256, 256, 256))[1:])
    assert findings(by_the_law(examination(), [shape], 0.01)) == [Finding.SUPPORTS]
    assert findings(by_the_law(examination(), [replace(shape, options={"q": 0.98})], 0.01)) == [Finding.REFUTES]


@pytest.mark.parametrize(
    ("rise", "expected"), [(0.1, Finding.SUPPORTS), (0.0, Finding.SUPPORTS), (-0.05, Finding.REFUTES)]
)
def test_in_order(rise: float, expected: Finding, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches the two laws exchanged: uniform on intervals of length 0.2, shifted by 0.05, exceed by 1/4."""
    monkeypatch.setattr(differences, "cascade_alignments", known([0, 0.3, 0.3 + rise]))
    (piece,) = in_order(examination(), [Shape(WIDTHS, FIRST)], 0.1)
    assert piece.finding is expected
    assert piece.power == 0.99


def test_shares_of_the_budget_are_spent_once() -> None:
    """Catches an error probability per check that is that of the whole part."""
    exam = examination()
    shapes = [Shape((10, 12, 9), rises("gbp", (10, 12, 9))), Shape((8, 9), rises("gbp", (8, 9)))]
    found = [*positive(exam, shapes, 0.5), *in_order(exam, shapes, 0.2, 0.5)]
    assert len(found) == 6
    assert sum(piece.miss for piece in found) == pytest.approx(Budget().allotment) == exam.budget.spent


@pytest.mark.parametrize("shift", [-0.5, 0.0, 0.3])
def test_the_order_of_two_normal_laws_is_covered(shift: float) -> None:
    """Catches one radius for two samples, and an excess of the wrong sign: N(shift, 1) against N(0, 1), in closed form,
    whatever ties the samples together.
    """
    truth, missed, trials, rng = max(0.0, 2 * norm.cdf(-shift / 2) - 1), 0, 400, np.random.default_rng(3)
    for trial in range(trials):
        one, other = rng.standard_normal((2, 60))
        larger = shift + (other if trial % 2 else one)
        found = order_evidence("", larger, other, 0.5, 0.2)
        assert found.interval is not None
        missed += not found.interval[0] <= truth <= found.interval[1]
        assert found.interval[1] - found.interval[0] <= 4 * sqrt(np.log(2 / 0.1) / 120) + 1e-12
    assert binom.sf(missed - 1, trials, 0.2) >= 1e-6
