"""The tables that a run of the bridge prints."""

from __future__ import annotations

import json

import numpy as np
import pytest
import xarray as xr

from nfrlab.verify.commands.tables.deep import print_sanity
from tests.verify.test_cli import words


def test_what_maps_have_in_common_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """Catches a table of sanity checks that is left out, or a mean for a median, or a rule that nobody asked for."""
    values = np.arange(2 * 3 * 2, dtype=float).reshape(2, 3, 2) / 100
    data = xr.Dataset(
        {"sanity": (("beside", "rule", "measure", "draw"), np.stack([values, values, values + 0.3], axis=-1))},
        {"beside": ["random", "the image"], "rule": ["grad", "gbp", "zplus"], "measure": ["cosine", "rank"]},
        {"setting": json.dumps({"rules": ["gbp"]})},
    )
    print_sanity({"one": data, "other": xr.Dataset()})
    printed = capsys.readouterr().out
    assert "one: maps r_0, median cosine and rank correlation with …" in words(printed)
    rows = [line.split() for line in printed.splitlines() if "+0." in line]
    assert [[word for word in row if word[0] == "+"] for row in rows] == [
        ["+0.000", "+0.010", "+0.060", "+0.070"],
        ["+0.020", "+0.030", "+0.080", "+0.090"],
    ]
    assert "zplus" not in printed
    assert "other" not in printed
