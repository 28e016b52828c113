"""What a search finds for a family of which nothing is known, tried on families of which everything is."""

from __future__ import annotations

from dataclasses import replace
from math import sqrt

import numpy as np
import pytest

from nfrlab.theory import families
from nfrlab.theory.limit import anisotropy, worst_alignment, worst_searched
from nfrlab.theory.limit.direction import gbp_limit


@pytest.mark.parametrize(("name", "d"), [("powerlaw", 3), ("shifted", 3), ("uniform", 2), ("axis", 2)])
def test_search_finds_what_is_certified(name: str, d: int) -> None:
    """Catches descents that end above the worst alignment, below it, or elsewhere than at the x they name."""
    known = worst_alignment.CERTIFIED[name](d)
    value, x = worst_searched.least_alignment(name, d)
    assert np.linalg.norm(x) == pytest.approx(1)
    assert value == pytest.approx(gbp_limit(families.FAMILIES[name], x).value)
    assert value >= known.low - 1e-6
    if name != "axis":  # there the infimum is approached and not attained
        assert value <= known.high + 1e-4


@pytest.mark.parametrize("name", ["powerlaw", "shifted"])
def test_search_finds_the_extremes_of_f(name: str) -> None:
    """Catches the least and the largest E max(0, w·x̂) taken for one another, or missed."""
    known, found = anisotropy.EXTREMES[name](3), anisotropy.searched_extremes(name, 3)
    assert (found.low, found.high) == pytest.approx((known.low, known.high), abs=1e-4)
    assert not found.proven


def test_a_new_family_is_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches a new anisotropic family that is refused, or taken to be isotropic.

    It is called otherwise and is else the one whose variances fall: worst is 2√(λ_1 λ_d)/(λ_1 + λ_d).
    """
    newcomer = replace(families.FAMILIES["powerlaw"])
    monkeypatch.setitem(families.FAMILIES, "newcomer", newcomer)
    variance = families.powerlaw_variances(4)
    kantorovich = 2 * sqrt(variance[0] * variance[-1]) / (variance[0] + variance[-1])
    assert worst_alignment.worst("newcomer", 4).high == pytest.approx(kantorovich, abs=1e-4)
    assert anisotropy.extremes("newcomer", 4).high == pytest.approx(anisotropy.powerlaw_extremes(4).high, abs=1e-4)


def test_a_search_in_twelve_dimensions_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches a search that takes a million integrals where the figure on isotropy meets a new family."""
    asked = 0

    def value(x: np.ndarray) -> float:
        nonlocal asked
        asked += 1
        return float(np.sum(np.arange(1, 13) * x**2))

    least, at = worst_searched.descend(value, 12)
    assert least == pytest.approx(1, abs=0.01)
    assert abs(at[0]) == pytest.approx(1, abs=0.01)
    assert asked <= 2500
