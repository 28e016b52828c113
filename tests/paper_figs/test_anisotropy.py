"""The figure on isotropy: its data lie where the proofs say, every family is on it, and its bytes are stable."""

from __future__ import annotations

from math import inf, isfinite, isnan, pi
from pathlib import Path

import pytest

from nfrlab.paper_figs import anisotropy
from nfrlab.paper_figs.anisotropy import Anisotropies, Row
from nfrlab.paper_figs.render import render
from nfrlab.simulations.images import photographs
from nfrlab.theory.families import FAMILIES
from nfrlab.theory.limit import worst_alignment
from nfrlab.theory.limit.anisotropy import ceiling, floor
from nfrlab.verify.exhibits.anisotropy import draw, rows


@pytest.fixture(scope="module")
def data() -> list[Row]:
    return rows(photographs(), 0)


def test_every_family_is_there(data: list[Row]) -> None:
    """Catches a family that the figure forgets, and an anisotropy for the one that has none."""
    assert {row.name for row in data} == {*FAMILIES, "compensated"}
    (cauchy,) = (row for row in data if row.name == "cauchy")
    assert isnan(cauchy.ratio)
    assert anisotropy.place(cauchy) > anisotropy.RIGHT
    assert cauchy.worst == pytest.approx(worst_alignment.worst("cauchy", 12).low)


def test_points_lie_between_the_curves(data: list[Row]) -> None:
    """Catches points that contradict the curves drawn beside them, and patches worse than the worst."""
    for row in data:
        assert row.worst <= row.least + 1e-9 <= row.median + 2e-9
        assert isnan(row.ratio) or floor(row.ratio) - 1e-9 <= row.worst
        if isfinite(row.ratio):
            assert row.worst <= ceiling(row.ratio, pi / 2 if row.centred else pi) + 1e-9


def test_points_that_coincide_share_a_label() -> None:
    """Catches names printed over each other."""
    same = [Row(name, 1.0, 1.0, 1.0, 1.0, True, True) for name in ("a", "b")]
    apart = Row("c", inf, 0.0, 0.9, 0.8, False, True)
    assert [label for label, _ in anisotropy.groups([*same, apart])] == ["a, b", "c"]


def test_figure_is_written_and_stable(data: list[Row], tmp_path: Path) -> None:
    """Catches dates or random ids in the bytes, and a path returned that was not written."""
    written = draw(tmp_path / "new", photographs(), 0)
    assert sorted(path.name for path in written) == ["isotropy.png", "isotropy.svg"]
    again = render(lambda: anisotropy.figure(Anisotropies(data, 12)))
    assert all(path.read_bytes() == again[path.suffix[1:]] for path in written)
