"""Worlds broken on purpose are broken as they say, for as long as they last, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
import pytest
import xarray as xr

from nfrlab.simulations.dense import Layer, activation, alignment, cascade, layer, rule, rules, sample
from nfrlab.simulations.dense import weights as families
from nfrlab.simulations.dense.montecarlo import RELEVANCES, gaussian_stack
from nfrlab.simulations.dense.reduced import alignments, pairs, stacks
from nfrlab.verify.breaks import BREAKS, broken
from nfrlab.verify.breaks.exchange import constant, entry, exchanged
from nfrlab.verify.breaks.reach import watched
from nfrlab.verify.court.claim import Examination, RestoredPremise
from nfrlab.verify.court.evidence import Claimed
from nfrlab.verify.examine.statistics import bets_evidence
from nfrlab.verify.proceedings import power
from nfrlab.verify.proceedings.power import Outcome
from nfrlab.verify.proceedings.registry import REGISTRY
from tests.verify.test_cli import REFUTES, SUPPORTS, in_process, made_up

X = np.array([1.0, -2.0, 3.0])
W = np.array([[1.0, -1.0, 0.5, 0.25], [0.5, 1.0, -1.0, -0.5], [1.0, 0.0, 0.5, 0.75]])
R = np.array([1.0, -2.0, -0.5, 3.0])
MADE_IN_SIMULATIONS = [id for id, each in BREAKS.items() if each.changes]


def rng() -> np.random.Generator:
    """The same random numbers each time."""
    return np.random.default_rng(7)


def probe() -> dict[str, Any]:
    """A number from every corner of the dense laboratory."""
    here = layer(X, W)
    stack = gaussian_stack((3, 6, 5, 1), rng()).forward(X)
    found: dict[str, Any] = {
        "alignment": alignment(W[:, 0], X),
        "mask": layer(np.zeros(3), W).mask,
        "bias": here.b,
        "relevance": RELEVANCES["normal"](3, rng()),
        "activation": activation(stack, 1),
    }
    for name in ("gbp", "rectgrad", "zplus", "zplus-gradient", "zplus-filter"):
        found[f"step of {name}"] = rule(name).step(here, R)
    found |= {f"cascade {n}": cascade(stack, rule("gbp"), n) for n in range(4)}
    found |= {f"weights {name}": sample(name, 3, 40, rng()) for name in families.FAMILIES}
    for name in ("gbp", "rectgrad", "activation"):
        found[f"reduced {name}"] = alignments(name, "gaussian", 5, 30, 4, rng())
        found[f"stacks {name}"] = stacks.cascade_alignments(name, (5, 30, 20), 4, rng())
    found |= {f"pairs {name}": pairs.alignments([name], 5, 6, 4, rng()) for name in ("gbp", "activation")}
    return found | {f"reduced {name}": alignments("gbp", name, 5, 30, 4, rng()) for name in ("student", "ring")}


def differing(one: dict[str, Any], other: dict[str, Any]) -> set[str]:
    """The names of what is not the same to the bit."""
    return {name for name in one if not np.array_equal(one[name], other[name], equal_nan=True)}


@pytest.mark.parametrize("id", MADE_IN_SIMULATIONS)
def test_a_break_changes_something_and_leaves_nothing_behind(id: str) -> None:
    """Catches a break that changes nothing any more, for want of what it meant, or that outlasts its use."""
    before = probe()
    with broken(id):
        during = probe()
    assert differing(before, during), "nothing is broken"
    assert not differing(before, probe()), "something stays broken"


def test_a_break_is_undone_after_an_error() -> None:
    """Catches a world that stays broken where an examination raises."""
    before = probe()
    with pytest.raises(ZeroDivisionError), broken("gbp-is-gradient"):
        raise ZeroDivisionError
    assert not differing(before, probe())


ONLY = {
    "gbp-leaks-5": {"gbp", "cascade 1", "cascade 2", "cascade 3", "student", "ring"},
    "zplus-leaks-5": {"zplus"},
    "quantile-85": {"rectgrad"},
    "mask-at-zero": {"mask"},
    "activation-is-root": {"activation"},
    "axis-5": {"weights"},
    "dof-5": {"student"},
    "shift-20": {"shifted"},
    "relevance-5": {"relevance"},
    "uniform-is-gaussian": {"weights uniform"},
    "alpha-5": {"alignment", "reduced", "stacks", "pairs"},
}


@pytest.mark.parametrize("id", ONLY)
def test_a_break_changes_what_it_names_alone(id: str) -> None:
    """Catches a break that touches what it does not speak of: its notice would be owed to something else."""
    before = probe()
    with broken(id):
        changed = differing(before, probe())
    assert changed
    assert {name for name in changed if not any(part in name for part in ONLY[id])} == set()


def test_breaks_have_the_sizes_that_they_state() -> None:
    """Catches a leak, a factor or a level of another size than the break's name says."""
    here, exact = layer(X, W), layer(*(np.vectorize(Fraction, otypes=[object])(value) for value in (X, W)))
    plain, kept = rules.grad(here, R), rules.gbp(here, R)
    with broken("gbp-leaks-20"):
        np.testing.assert_allclose(rules.gbp(here, R), kept + 0.2 * (plain - kept), rtol=1e-12)
        leaking = rules.gbp(exact, np.array([Fraction(r) for r in R]))
        assert all(isinstance(value, Fraction) for value in leaking)
        np.testing.assert_allclose(leaking.astype(float), kept + 0.2 * (plain - kept), rtol=1e-12)
    with broken("gbp-is-gradient"):
        np.testing.assert_array_equal(rules.gbp(here, R), plain)
    weights = sample("gaussian", 3, 5, rng())
    stretch = np.array([[1.05], [1], [1]])
    with broken("axis-5"):
        np.testing.assert_allclose(sample("gaussian", 3, 5, rng()), stretch * weights)
        np.testing.assert_allclose(sample("shifted", 3, 5, rng()), 0.25 + stretch * weights)
    usual = rules.rectgrad_quantile(here, R, 0.85)
    with broken("quantile-85"):
        np.testing.assert_array_equal(rules.rectgrad_quantile(here, R), usual)
        np.testing.assert_array_equal(rule("rectgrad").step(here, R), usual)
    with broken("alpha-5"):
        assert alignment(X, X) == pytest.approx(0.95)
    scale = {"laplace": 2.0, "uniform": 1 / 3, "gaussian": 1.0}
    for id, family in (
        ("uniform-is-gaussian", "uniform"),
        ("laplace-is-gaussian", "laplace"),
        ("gaussian-is-laplace", "gaussian"),
    ):
        with broken(id):
            assert np.mean(sample(family, 20, 5000, rng()) ** 2) == pytest.approx(scale[family], rel=0.03)


def test_measurements_are_distorted_as_said() -> None:
    """Catches a distortion of the wrong size, of another variable, or of the datasets themselves."""
    data = xr.Dataset({"alpha": ("draw", np.ones(40)), "margin": ("draw", np.ones(40)), "width": ("draw", np.ones(40))})
    for id, variable, total in (("deep-alpha-5", "alpha", 38.0), ("deep-signs-10", "margin", 32.0)):
        distort = BREAKS[id].distort
        assert distort is not None
        found = distort({"one": data})["one"]
        assert float(found[variable].sum()) == pytest.approx(total)
        assert all(found[name].identical(data[name]) for name in data if name != variable)
    assert float(data["alpha"].sum()) == 40


def twice(n: int) -> int:
    """Two times n."""
    return 2 * n


def raised(original: Callable[..., Any], n: int, *, by: int = 1) -> Any:
    """The original at n + by."""
    return original(n + by)


TABLE: dict[str, Callable[[int], int]] = {"twice": twice}


def test_an_exchange_reaches_every_reference() -> None:
    """Catches a reference that keeps the old function: in a table, a partial, or a variable."""
    before, later = twice, partial(twice, 5)
    with exchanged(twice, lambda original: partial(raised, original)):
        assert (twice(5), before(5), later(), TABLE["twice"](5)) == (12, 12, 12, 12)
        with exchanged(twice, lambda original: partial(raised, original, by=10)):
            assert before(5) == 32  # on top of the first
        assert before(5) == 12
    assert (twice(5), before(5), later(), TABLE["twice"](5)) == (10, 10, 10, 10)


def test_what_cannot_be_exchanged_is_refused() -> None:
    """Catches an exchange that silently does nothing."""
    secret = 3

    def closure() -> int:
        return secret

    for what in (closure, np.sin, len):
        with pytest.raises(TypeError, match="only a plain Python function"), exchanged(what, lambda original: original):
            pass
    with pytest.raises(AttributeError), constant(families, "NO_SUCH_CONSTANT", 1):
        pass
    with pytest.raises(KeyError), entry(TABLE, "thrice", twice):
        pass


@pytest.mark.parametrize(
    ("compute", "felt", "not_felt"),
    [
        (lambda: rule("gbp").step(layer(X, W), R), "gbp-leaks-5", "quantile-85"),
        (lambda: sample("student", 3, 4, rng()), "dof-5", "shift-20"),
        (lambda: sample("sparse", 3, 4, rng()), "sparse-20", "shift-20"),
        (lambda: sample("tilted", 3, 4, rng()), "cosine-20", "sparse-20"),
        (lambda: sample("powerlaw", 3, 4, rng()), "power-20", "cosine-20"),
        (lambda: sample("shifted", 3, 4, rng()), "shift-20", "power-20"),
        (lambda: alignments("rectgrad", "ring", 5, 30, 4, rng()), "quantile-85", "dof-5"),
        (lambda: alignments("gbp", "ring", 5, 30, 4, rng()), "ring-20", "quantile-85"),
        (lambda: stacks.cascade_alignments("gbp", (5, 30), 4, rng()), "cascade-off-by-one", "axis-5"),
        (lambda: Layer(X, W, R, R).mask, "mask-at-zero", "gbp-leaks-5"),
    ],
)
def test_what_touches_a_computation_is_known_beforehand(compute: Callable[[], Any], felt: str, not_felt: str) -> None:
    """Catches a break that is not tried though it would be felt, and a watch that changes what is computed."""
    before = compute()
    with watched(BREAKS) as found:
        np.testing.assert_array_equal(compute(), before)
    assert felt in found
    assert not_felt not in found


def sampled(predicted: float) -> Callable[[Examination], list[Any]]:
    """An examination of the mean α of GBP, 40 neurons in R⁹."""

    def examine(exam: Examination) -> list[Any]:
        values = np.nan_to_num(alignments("gbp", "gaussian", 9, 40, 4000, exam.rng("values")))
        miss = exam.budget.spend(1)
        return [bets_evidence("E α", values, Claimed.within(predicted, 0.04), miss, 0.0)]

    return examine


def test_the_table_tells_noticed_from_unnoticed_and_untouched(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """Catches a table that takes blindness for power, and a declared break that goes unnoticed in silence."""
    predicted = float(np.nanmean(alignments("gbp", "gaussian", 9, 40, 40_000, rng())))
    claim = made_up("made-up", [SUPPORTS], [REFUTES])
    claim = type(claim)(**vars(claim) | {"examine": sampled(predicted), "notices": ("alpha-20",)})
    monkeypatch.setitem(REGISTRY, "made-up", claim)
    seen = {row.broken: row.outcome for row in power.sights("made-up", 0, "quick")}
    assert seen["gbp-is-gradient"] is seen["alpha-20"] is Outcome.NOTICED
    assert seen["alpha-2"] is Outcome.UNNOTICED
    assert seen.get("activation-is-one", Outcome.UNTOUCHED) is Outcome.UNTOUCHED
    assert "quantile-85" not in seen
    assert not any(BREAKS[id].distort for id in seen), "there is no measurement to distort"
    assert in_process("verify", "--broken", "made-up", "--jobs", "1", "--out", tmp_path).exit_code == 0
    assert power.stored_sights(tmp_path)["made-up"] == power.sights("made-up", 0, "quick")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "What the court notices" in page
    overstated = type(claim)(**vars(claim) | {"notices": ("alpha-2",)})
    monkeypatch.setitem(REGISTRY, "made-up", overstated)
    result = in_process("verify", "--broken", "made-up", "--jobs", "1", "--out", tmp_path)
    assert result.exit_code == 1
    assert "made-up does not notice: every α smaller by 2 %" in result.stdout


def test_what_cannot_be_tried_sees_nothing() -> None:
    """Catches a claim on deep networks that is tried without measurements."""
    assert power.sights("table-1-random", 0, "quick") == []


def test_a_positive_control_notices_what_a_counterexample_outlives(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches a refutation that counts as blind though its positive control, sampled, no longer comes out upheld."""
    predicted = float(np.nanmean(alignments("gbp", "gaussian", 9, 40, 40_000, rng())))
    restored = RestoredPremise(premise="the law of GBP", examine=sampled(predicted))
    claim = replace(made_up("made-up", [REFUTES], [REFUTES]), restored=restored)
    monkeypatch.setitem(REGISTRY, "made-up", claim)
    seen = {row.broken: row for row in power.sights("made-up", 0, "quick")}
    assert seen["alpha-20"].outcome is Outcome.NOTICED
    assert (seen["alpha-20"].status, seen["alpha-20"].there) == ("REFUTED", "REFUTED, its positive control REFUTED")
    assert seen["alpha-2"].outcome is Outcome.UNNOTICED


def test_a_large_break_unnoticed_needs_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches a claim that is blind to a break of 20 % which touches it, and does not say so."""
    claim = made_up("made-up", [SUPPORTS], [REFUTES])
    monkeypatch.setitem(REGISTRY, "made-up", claim)
    rows = [power.Sight("made-up", "axis-20", "CONFIRMED", "CONFIRMED", Outcome.UNNOTICED)]
    assert power.faults({"made-up": rows}) == ["made-up does not say why it is blind to: one axis of the weights × 1.2"]
    monkeypatch.setitem(REGISTRY, "made-up", type(claim)(**vars(claim) | {"blind": "to axes"}))
    assert power.faults({"made-up": rows}) == []
    monkeypatch.setitem(REGISTRY, "made-up", claim)
    small = power.Sight("made-up", "axis-5", "CONFIRMED", "CONFIRMED", Outcome.UNNOTICED)
    assert power.faults({"made-up": [small]}) == []
