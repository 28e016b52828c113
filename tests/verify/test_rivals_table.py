"""The table of the rivals, from made-up measurements: who is right is known beforehand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest
import xarray as xr

from nfrlab.theory.rivals.predictions import THEORIES, Prediction
from nfrlab.verify.examine.over_draws import draws_needed
from nfrlab.verify.examine.rival_rows import ROWS, SAMPLED, Numbers, Row
from nfrlab.verify.proceedings.rivals_table import RowResult, Score, row_result, row_results, tally
from nfrlab.verify.report import rivals
from tests.support.measurements import FULL, printed

WORLD = MappingProxyType(printed(FULL))
MISS = 1e-9


def numbers(values: object, **known: float) -> Numbers:
    """A number a draw, each of its own network and image."""
    array = np.asarray(values, dtype=float)
    own = ("draw", np.arange(len(array)))
    return Numbers(xr.DataArray(array, dims="draw", coords={"network": own, "image": own}), "a network", known)


def row(id: str, found: Numbers | None) -> Row:
    """A row that measures this."""
    return Row(id, "0", "an experiment", "a number", lambda measured: found)


def test_every_row_is_predicted_by_somebody_and_every_prediction_has_a_row() -> None:
    """Catches an experiment that decides nothing, and a theory that is asked of nothing."""
    ids = {each.id for each in ROWS}
    predicted = {id for predictions in THEORIES.values() for id in predictions}
    assert ids == predicted
    assert len(ids) == len(ROWS)


@pytest.mark.parametrize(
    ("interval", "score"),
    [((0.6, 0.7), Score.RIGHT), ((0.5, 1.0), Score.RIGHT), ((0.3, 0.49), Score.WRONG), ((0.4, 0.6), Score.OPEN)],
)
def test_scores(interval: tuple[float, float], score: Score) -> None:
    """Catches a border that is on the wrong side, and a theory that scores where it is silent."""
    found = RowResult(ROWS[0], {"Zheng": Prediction("aligned", 0.5, 1.0)}, 0.5, interval, 60, "a network")
    assert found.score("Zheng") is score
    assert found.score("Sixt") is None
    assert replace(found, median=None).score("Zheng") is None


def test_a_row_is_the_interval_of_the_median() -> None:
    """Catches a mean, an interval of other draws, NaN that count, and what is known that gets lost."""
    values = np.linspace(0.2, 0.6, draws_needed() * 3)
    found = row_result(row("gbp-stack", numbers([*values, np.nan], product=0.4)), {}, MISS)
    assert found.median == pytest.approx(0.4)
    assert found.n == len(values)
    assert found.interval[0] < 0.4 < found.interval[1]
    assert found.predictions["Zheng"] == Prediction("α α′", 0.35000000000000003, 0.45)
    assert (found.score("Zheng"), found.score("Sixt")) == (Score.OPEN, Score.WRONG)


@pytest.mark.parametrize("nothing", [None, numbers([np.nan, np.nan])])
def test_what_was_not_measured_scores_nothing(nothing: Numbers | None) -> None:
    """Catches a score without a number, and a row without what would be predicted."""
    found = row_result(row("beta", nothing), {}, MISS)
    assert set(found.predictions) == {"Zheng", "Sixt"}
    assert {found.score(theory) for theory in THEORIES} == {None}
    assert rivals.measurement(found) == "NOT RUN: nfrlab rivals"
    assert rivals.cell(found, "Zheng") == "falls"
    assert rivals.cell(found, "Adebayo") == "–"


def test_the_made_up_world_is_read_row_by_row() -> None:
    """Catches a row that reads another rule, network, layer or variable than it names."""
    found = {each.row.id: each for each in row_results(WORLD)}
    expected = {"gbp-maps": 0.16, "zplus-relevance": 0.16, "rectgrad-maps": 0.16, "beta": -0.3, "extremes": 0.99}
    for id, value in expected.items():
        assert found[id].median == pytest.approx(value, abs=2e-3), id
    assert found["gbp-maps"].score("Zheng") is Score.RIGHT
    assert found["gbp-maps"].score("Sixt") is Score.WRONG
    assert {"squeezenet1_0"} == {found[id].network.partition(",")[0] for id in ("gbp-maps", "zplus-relevance")}
    counted = tally(list(found.values()))
    assert counted["Sixt"][Score.WRONG] >= 2
    assert sum(counted["Zheng"].values()) == sum(each.score("Zheng") is not None for each in found.values())


def test_rows_of_one_layer_read_what_was_sampled() -> None:
    """Catches a row that reads another family, rule or number than it names, and padding that counts as a network."""
    draws = draws_needed() * 3
    counted = np.where(np.arange(draws + 2) < draws, 1.0, np.nan)
    of_layer, own = np.array([[0.3, -0.2], [0.25, 0.4]]), ("draw", np.arange(draws + 2))
    values = {"deconv_size": 0.1, "deconv_behind_gbp": -0.15, "dense_ahead": 0.35}
    sampled = xr.Dataset(
        {name: ("draw", value * counted) for name, value in values.items()}
        | {"layer_alpha": (("draw", "family", "rule"), np.multiply.outer(counted, of_layer))},
        coords={"family": ["gaussian", "uniform"], "rule": ["gbp", "grad"], "network": own, "image": own},
    )
    found = {each.row.id: each for each in row_results({SAMPLED: sampled}) if each.median is not None}
    expected = {"gbp-one-layer": 0.3, "other-weights": -0.05, "gradient-one-layer": 0.2}
    expected |= {"deconv": 0.1, "deconv-pooling": -0.15, "dense": 0.35}
    assert {id: each.median for id, each in found.items()} == pytest.approx(expected)
    assert {each.n for each in found.values()} == {draws}


def test_the_page_and_the_figure_show_every_row() -> None:
    """Catches a row that the reader does not see, and a figure of what was not measured."""
    found = row_results(WORLD)
    assert [each["number"] for each in rivals.table(found)] == [each.number for each in ROWS]
    axes = rivals.drawn(found).axes[0]
    shown = [label.get_text() for label in axes.get_yticklabels()]
    assert len(shown) == sum(each.median is not None for each in found)
    assert "<svg" in rivals.table_figure(found)
    assert rivals.table_figure([row_result(row("beta", None), {}, MISS)]) == ""


def test_the_readme_prints_every_row() -> None:
    """Catches a row that the README lacks or names otherwise, a mark where a theory is silent, and a wrong sum."""
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8").splitlines()
    lines = rivals.markdown(row_results({}))
    printed = readme[readme.index(lines[0]) :][: len(lines)]
    cells, expected = ([line.split(" | ") for line in table] for table in (printed, lines))
    assert [row[:2] for row in cells] == [row[:2] for row in expected]
    for each, (_, what, *marks, median) in zip(ROWS, cells[2:-1], strict=True):
        silent = [each.id not in predictions for predictions in THEORIES.values()]
        assert all(mark in "✓✗?·–" and (mark == "·") <= ("not run" in median) for mark in marks), what
        assert [mark == "–" for mark in marks] == silent or "not run" in median, what
    for column in range(2, 7):
        marks = [row[column] for row in cells[2:-1]]
        assert cells[-1][column] == ", ".join(str(marks.count(mark)) for mark in "✓✗?")
