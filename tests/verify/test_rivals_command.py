"""The command `nfrlab rivals` from outside: a user's own network from end to end, one-line refusals."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from nfrlab.simulations.bridge.rival_settings import CONVERGING, NOT_CONVERGING
from nfrlab.verify.examine.rival_rows import ROWS, SAMPLED, one_convolution, one_layer
from tests.verify.test_bridge_command import OWN, contents
from tests.verify.test_cli import in_process

needs_torch = pytest.mark.skipif(find_spec("torch") is None, reason="builds networks")
DRAWS = 2
SIZES = {
    "layer_alpha": one_layer.DRAWS,
    "deconv_size": one_convolution.DRAWS,
    "deconv_behind_gbp": one_convolution.DRAWS,
    "dense_ahead": one_convolution.LARGE_DRAWS,
}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a user's networks, and no other data."""
    (tmp_path / "own.py").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NFRLAB_DATA", raising=False)
    return tmp_path


@needs_torch
@pytest.mark.parametrize(
    ("arguments", "naming"),
    [
        (("--model", "vgg17"), "vgg17"),
        (("--model", "own.py:small", "--quick"), "--quick"),
        (("--weights", "own.pt"), "--weights needs --model"),
        (("--model", "own.py:small", "--size", "4"), "--size"),
        (("--model", "own.py:seven", "--size", "16"), "own.py"),
        (("--device", "tpu"), "tpu"),
        (("--seed", str(2**63)), "--seed"),
    ],
)
def test_a_bad_option_is_refused(arguments: tuple[str, ...], naming: str, place: Path) -> None:
    """Catches a traceback, a refusal that does not name the thing, and measurements before it."""
    result = in_process("rivals", *arguments)
    (line,) = result.stderr.splitlines()
    assert line.startswith("nfrlab: ")
    assert naming in line
    assert (result.exit_code, result.stdout) == (2, "")
    assert not [file for file in contents(place) if file.endswith(".nc")]


@needs_torch
def test_own_network_is_measured_and_put_into_the_table(place: Path) -> None:
    """Catches a rule, a layer or a null that is not measured, a table without the network, and a second run that
    measures again.
    """
    command = ("rivals", "--model", "own.py:small", "--size", "16", "--seeds", str(DRAWS), "--jobs", "1")
    result = in_process(*command, "--out", "out")
    assert result.exit_code == 0, result.stderr
    assert "own.py:small: measured in 2 draws a setting; the claims need" in result.stdout
    for name in ("built", "gaussian"):
        data = xr.load_dataset(place / "out" / "bridge" / f"rivals-own_small-{name}.nc")
        assert {*CONVERGING, *NOT_CONVERGING} == {str(rule) for rule in data["rule"].values}
        below = data["csc"].sel(start=3, layer=[0, 1, 2])
        assert below.notnull().all()
        assert ((below >= 0) & (below <= 1 + 1e-6)).all()
        assert data["csc_null"].sel(layer=[0, 1, 2]).notnull().all()
        assert np.all(data["csc"].sel(start=2, layer=2).isnull())
        assert data.attrs["command"].startswith("nfrlab rivals --seed 0 --model own.py:small")
    assert all(row.number in result.stdout for row in ROWS)
    sampled = xr.load_dataset(place / "out" / "bridge" / f"{SAMPLED}.nc")
    assert {name: int(sampled[name].count("draw").max()) for name in sampled} == SIZES
    assert (place / "out" / "bridge" / "figures" / "rivals.png").is_file()
    report = (place / "out" / "report.html").read_text(encoding="utf-8")
    assert "The rivals: who predicts what, and who is right" in report
    before = {file: (place / file).stat().st_mtime_ns for file in contents(place) if "/parts/" in file}
    assert in_process(*command, "--out", "out").exit_code == 0
    assert before == {file: (place / file).stat().st_mtime_ns for file in contents(place) if "/parts/" in file}
    assert not (place / "out" / "verdicts.json").exists()
