"""Fig. 8 and 9 and the sheet of failures, from made-up measurements: what is drawn is what was measured."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from nfrlab.paper_figs.deep import failures, fig8, fig9
from nfrlab.paper_figs.deep.stored import MissingResults, Stored
from nfrlab.verify.examine.decisions import BACKDOORS, NETWORKS, ON_IMAGENET, shipped
from nfrlab.verify.intervals.separation import auc
from nfrlab.verify.report.decisions import FIGURES, decisions_figures
from tests.verify.test_decision_claims import backdoors


@settings(max_examples=100, deadline=None)
@given(
    score=st.lists(st.integers(-3, 3), min_size=2, max_size=30),
    seed=st.integers(0, 99),
)
def test_the_auc_in_the_figure_is_the_judge_s(score: list[int], seed: int) -> None:
    """Catches ties that count otherwise in a title than in a verdict."""
    good = np.random.default_rng(seed).random(len(score)) < 0.5
    good[0], good[1] = True, False
    values = np.array(score, dtype=float)
    assert fig8.auc(values, good) == pytest.approx(auc(values, good))


def test_every_network_has_its_row_and_every_panel_its_number() -> None:
    """Catches a panel of another score, a network that is not drawn, and images that are cut off."""
    stored = Stored(dict(shipped()), {})
    drawing = fig8.figure(stored)
    rows = np.array(drawing.axes).reshape(-1, 5)
    names = sorted({*NETWORKS, ON_IMAGENET})
    assert len(rows) == len(names)
    for row, name in zip(rows, names, strict=True):
        data = shipped()[name]
        good = data["right"].values == 1
        for axes, (title, variable, axis, label) in zip(row, fig8.PANELS, strict=False):
            values = data[variable].sel({axis: label}).values
            assert axes.get_title() == f"{title}: AUC {auc(values, good):.2f}"
            drawn = sum(patch.get_xy()[:, 1].max() > 0 for patch in axes.patches)
            assert drawn == 2
        assert f"{len(good):,} right" in row[0].get_ylabel()
        points = [line.get_xdata()[0] for line in row[4].lines[: len(fig8.SCORES)]]
        assert points[0] == pytest.approx(auc(data["probability"].values, good), abs=1e-6)


def test_a_network_without_failures_is_left_out() -> None:
    """Catches a histogram of three wrong decisions, and a figure of nothing."""
    few = xr.Dataset({"right": ("image", [1.0] * 50 + [0.0] * 3)})
    with pytest.raises(MissingResults):
        fig8.figure(Stored({"decisions-digits": few, BACKDOORS: few}, {}))
    with pytest.raises(MissingResults):
        fig9.figure(Stored({}, {}))
    scratch = backdoors()[BACKDOORS].assign_coords(scratch=("model", [True] * 12))
    with pytest.raises(MissingResults):
        fig9.figure(Stored({BACKDOORS: scratch}, {}))


def test_every_attack_has_its_column_and_every_seed_its_dot() -> None:
    """Catches the scratch control among the seeds, an attack that is left out, and shares of another trigger."""
    data = backdoors()[BACKDOORS].assign_coords(
        outcome=["clean", "success", "decoy"],
        counted=(("model", "outcome", "of"), np.tile([[[85, 100], [99, 100], [0, 0]]], (12, 1, 1))),
    )
    data = data.assign_coords(scratch=("model", [True] + [False] * 11))
    drawing = fig9.figure(Stored({BACKDOORS: data}, {}))
    top, bottom = np.array(drawing.axes).reshape(2, 4)
    assert [axes.get_title().splitlines()[0] for axes in top] == list(fig9.ATTACKS.values())
    assert "clean 85.0–85.0 %, success 99.0–99.0 %" in top[0].get_title()
    for axes, attack in zip(bottom, fig9.ATTACKS, strict=True):
        chosen = data.isel(model=np.flatnonzero((data["attack"] == attack) & ~data["scratch"]))
        dots = [line.get_ydata() for line in axes.lines[:5]]
        assert {len(each) for each in dots} == {chosen.sizes["model"]}
        np.testing.assert_allclose(dots[1], (chosen["s"] > 0).mean("image"))
        grey = chosen["s_trigger"].sel(trigger="trigger on grey")
        np.testing.assert_allclose(dots[2], (grey > 0).mean("image"))


def test_a_failure_stands_in_a_row_with_its_maps() -> None:
    """Catches classes exchanged, and a map in another layer's place."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(3, 8, 8))
    maps = {1: x, 5: rng.normal(size=(3, 8, 8))}
    case = failures.Case(rng.random((8, 8, 3)), x, maps, "a $dog", "cat")
    drawing = failures.figure([case, case])
    row = np.array(drawing.axes).reshape(2, 3)[1]
    assert row[0].get_xlabel() == r"cat, taken for a \$dog"
    assert [axes.get_title() for axes in row[1:]] == ["layer 1", "layer 5"]
    assert row[1].get_xlabel() == "α = 1.00"


def test_the_report_shows_what_it_has_verdicts_of(tmp_path: object) -> None:
    """Catches figures in a report that has no such verdict, and one that is missing where it has."""
    from pathlib import Path

    out = Path(str(tmp_path))
    assert decisions_figures(out, {"prop-1": {}}) == []
    found = decisions_figures(out, {"fig-8-peaks": {}, "fig-9-right": {}})
    assert [each["id"] for each in found] == list(FIGURES)
    assert all(str(each["picture"]).startswith("<svg") for each in found)
