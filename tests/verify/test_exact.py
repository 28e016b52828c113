"""The search for counterexamples: finds, shrinks, re-checks from print, tells a boundary from an open set."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nfrlab.simulations.dense.arrays import Array
from nfrlab.simulations.images import ImageSet
from nfrlab.theory.weighting import gram
from nfrlab.verify.court.claim import Examination
from nfrlab.verify.court.evidence import Finding, Kind
from nfrlab.verify.examine.exact.gram_cases import (
    active_part,
    conditioned_layer,
    from_singular_values,
    is_wide_enough,
    turned_wide,
    wide_layer,
)
from nfrlab.verify.examine.exact.integer_layers import (
    NEGATIVE,
    POSITIVE,
    SHAPES,
    SMALL,
    as_case,
    from_columns,
    from_rotation,
    has_orthogonal_columns,
    orthogonal_layer,
    small_layer,
)
from nfrlab.verify.examine.exact.reach import reach_evidence, violated_share_nearby
from nfrlab.verify.examine.exact.search import recheck, search, untied_needed
from nfrlab.verify.examine.exact.statement import (
    Case,
    ExactStatement,
    from_strings,
    once,
    signed_square_alignment,
    to_fractions,
    to_strings,
)
from nfrlab.verify.examine.stacks.orthogonal import (
    from_non_negative_stack,
    from_orthogonal_stack,
    non_negative_stacks,
    orthogonal_stacks,
)
from nfrlab.verify.intervals import clopper_pearson


def exam(images: ImageSet) -> Examination:
    return Examination("test", "trial", 0, "quick", images)


def about_numbers(holds: str) -> ExactStatement:
    """A statement about a vector v of two integers."""
    rules = {
        "v_0 ≤ v_1": lambda case: case["v"][0] <= case["v"][1],
        "v_0 ≠ 2": lambda case: case["v"][0] != 2,
        "v·v ≥ 0": lambda case: case["v"] @ case["v"] >= 0,
    }
    strategy = st.fixed_dictionaries({"v": st.lists(st.integers(-99, 99), min_size=2, max_size=2)})
    return ExactStatement(
        holds,
        (strategy,),
        as_case,
        admissible=lambda case: True,
        holds=rules[holds],
        sides=lambda case: {"first": str(case["v"][0])},
        size=lambda case: float(max(case["v"][0] - case["v"][1], 0)),
        perturbed=("v",),
    )


def test_a_false_statement_is_refuted_with_its_smallest_case(images: ImageSet) -> None:
    """Catches a search that does not shrink, and a counterexample printed without its sides."""
    (found,) = search(about_numbers("v_0 ≤ v_1"), exam(images), "open")
    assert found.finding is Finding.REFUTES
    assert found.counterexample is not None
    v = [int(t) for t in found.counterexample["v"]]
    assert v[0] > v[1]
    assert max(map(abs, v)) <= 1
    assert found.counterexample["first"] == found.counterexample["v"][0]
    assert found.details["reach"] == "open set"


def test_a_boundary_is_told_from_an_open_set(images: ImageSet) -> None:
    """Catches a technicality sold as a failure: v_0 = 2 has measure zero."""
    (found,) = search(about_numbers("v_0 ≠ 2"), exam(images), "boundary")
    assert found.finding is Finding.REFUTES
    assert (found.details["reach"], found.details["violating_neighbours"]) == ("boundary", 0.0)


def test_a_true_statement_leaves_the_search_silent(images: ImageSet) -> None:
    """Catches a fruitless search reported as a proof."""
    (found,) = search(about_numbers("v·v ≥ 0"), exam(images), "true")
    assert found.finding is Finding.SILENT
    assert found.n == 1000
    assert found.details == {"tried": 1000, "admissible": 1000, "untied": 1000}
    assert "1000 cases tried, 1000 admissible, 1000 of them untied" in found.method


def test_a_search_needs_untied_cases(images: ImageSet) -> None:
    """Catches silence from cases that say nothing: ties, or premises that were hardly ever met."""
    statement = about_numbers("v·v ≥ 0")
    tied = replace(statement, tied=lambda case: case["v"][0] != case["v"][1])
    never_met = replace(statement, admissible=lambda case: case["v"][0] > 80)
    for rare in (tied, never_met):
        (found,) = search(rare, exam(images), "rare")
        assert found.finding is Finding.UNDECIDED
        assert found.details["untied"] < untied_needed(exam(images))
        assert "459 needed" in found.method
    assert search(tied, exam(images), "rare")[0].details["admissible"] == 1000
    assert search(never_met, exam(images), "rare")[0].details["admissible"] < 200


def test_untied_cases_are_enough_to_see_a_violation_in_a_hundred(images: ImageSet) -> None:
    """Catches a minimum that is not what it is said to be: 1 % (full: 0.2 %) of cases missed with probability 1 %."""
    for profile, rare in (("quick", 0.01), ("full", 0.002)):
        n = untied_needed(replace(exam(images), profile=profile))  # type: ignore[arg-type]
        assert (1 - rare) ** n <= 0.01 < (1 - rare) ** (n - 1)


@pytest.mark.parametrize("witness", ["second", "agree"])
def test_simulation_and_closed_form_are_compared_on_every_case(images: ImageSet, witness: str) -> None:
    """Catches a closed form that is asked about counterexamples alone: it differs on one case in two hundred."""
    statement = replace(about_numbers("v·v ≥ 0"), **{witness: lambda case: case["v"][0] != 3})
    (found,) = search(statement, exam(images), "every case")
    assert found.finding is Finding.UNDECIDED
    assert found.method == "simulation and closed form disagree on a case"
    assert found.counterexample is not None
    assert found.counterexample["v"][0] == "3"


def test_a_dispute_outweighs_a_counterexample(images: ImageSet) -> None:
    """Catches REFUTED from a simulation that the closed form contradicts elsewhere."""
    statement = replace(about_numbers("v_0 ≤ v_1"), agree=lambda case: bool(case["v"] @ case["v"] > 0))
    (found,) = search(statement, exam(images), "dispute")
    assert found.finding is Finding.UNDECIDED
    assert found.counterexample == {"v": ["0", "0"]}


def test_a_case_is_asked_once() -> None:
    """Catches a memory that returns one case's answer for another, or asks the same case twice."""
    asked: list[Case] = []
    value = once(lambda case: asked.append(case) or case["v"])  # type: ignore[func-returns-value]
    first, second = {"v": 1}, {"v": 1}
    assert [value(first), value(first), value(second), value(first)] == [1, 1, 1, 1]
    assert [id(case) for case in asked] == [id(first), id(second), id(first)]


def test_the_recheck_sees_the_printed_numbers_only() -> None:
    """Catches a re-check that trusts the search: numbers that satisfy the statement do not pass as a counterexample."""
    statement = about_numbers("v_0 ≤ v_1")
    assert recheck(statement, {"v": ["1", "0"]})
    assert recheck(statement, {"v": ["1/2", "1/3"]})
    assert not recheck(statement, {"v": ["0", "1"]})


def test_witnesses_must_agree() -> None:
    """Catches a refutation by one witness alone: the closed form has to refute the same numbers."""
    statement = replace(about_numbers("v_0 ≤ v_1"), second=lambda case: True)
    assert not recheck(statement, {"v": ["1", "0"]})


def test_a_failed_recheck_is_undecided(images: ImageSet) -> None:
    """Catches REFUTED on the word of the simulation when the closed form says otherwise."""
    statement = replace(about_numbers("v_0 ≤ v_1"), second=lambda case: True)
    (found,) = search(statement, exam(images), "disagree")
    assert found.finding is Finding.UNDECIDED


def test_reach_counts_failures_among_admissible_draws(images: ImageSet) -> None:
    """Catches rates over the wrong denominator: v_0 > v_1 in half of all pairs, half of which are not admissible."""

    def draw(rng: np.random.Generator, _: ImageSet) -> dict[str, object]:
        return {"v": rng.permutation([-1, 1]) * rng.integers(1, 3)}

    statement = replace(
        about_numbers("v_0 ≤ v_1"), admissible=lambda case: abs(case["v"][0]) == 1, draws={"signs": draw}
    )
    found, rate = search(statement, exam(images), "reach")
    assert rate.finding is Finding.SILENT
    assert rate.kind is Kind.REACH
    assert 10 < rate.n < 30
    assert rate.interval is not None
    assert rate.interval[0] < 0.5 < rate.interval[1]
    assert found.finding is Finding.REFUTES


@pytest.mark.parametrize("sizes", [(1, 2, 6), (0, 0, 0)])
def test_reach_says_how_large_violations_are(sizes: tuple[int, ...], images: ImageSet) -> None:
    """Catches a median or a largest size over other draws than those that fail, and a size where nothing fails."""

    def draw(rng: np.random.Generator, _: ImageSet) -> dict[str, object]:
        return {"v": [int(rng.choice([-7, *sizes])), 0]}

    own, found = exam(images), []
    (rate,) = reach_evidence(replace(about_numbers("v_0 ≤ v_1"), draws={"sizes": draw}), own, "reach", 1.0)
    rng = own.rng("reach/sizes")
    for _ in range(rate.n):
        found.append(draw(rng, images)["v"][0])
    failed = [v for v in found if v > 0]
    assert rate.details["rate"] == len(failed) / rate.n
    assert rate.details["median_size"] == (np.median(failed) if failed else 0)
    assert rate.details["largest_size"] == max(failed, default=0)
    assert rate.interval == clopper_pearson(len(failed), rate.n, rate.miss)


def test_reach_compares_the_witnesses_too(images: ImageSet) -> None:
    """Catches a closed form that is not asked about drawn cases."""
    statement = replace(
        about_numbers("v_0 ≤ v_1"),
        agree=lambda case: case["v"][0] < 1000,
        draws={"large": lambda rng, _: {"v": [2000, 1]}, "small": lambda rng, _: {"v": [2, 1]}},
    )
    _, large, small = search(statement, exam(images), "drawn")
    assert (large.finding, small.finding) == (Finding.UNDECIDED, Finding.SILENT)


@given(st.lists(st.lists(st.fractions(max_denominator=50), min_size=2, max_size=2), min_size=1, max_size=3))
def test_printing_and_parsing_are_inverse(rows: list[list[Fraction]]) -> None:
    """Catches a counterexample that cannot be re-checked because its print lost something."""
    case: Case = {"W": to_fractions(rows), "v": to_fractions(rows[0]), "tau": rows[0][0]}
    again = from_strings(to_strings(case))
    assert np.array_equal(again["W"], case["W"])
    assert np.array_equal(again["v"], case["v"])
    assert again["tau"] == case["tau"]


@given(st.lists(st.integers(-5, 5), min_size=4, max_size=4), st.lists(st.integers(-5, 5), min_size=2, max_size=2))
def test_rotations_have_orthogonal_columns_of_equal_norm(q: list[int], c: list[int]) -> None:
    """Catches a premise that is only nearly met: integer rotations are checked exactly."""
    zero = {"x": [0, 0, 0], "r": [0, 0, 0]}
    for rotation, rest in ((q, zero), (c, {"x": [0, 0], "r": [0, 0]})):
        if any(rotation):
            assert has_orthogonal_columns(from_rotation({"rotation": rotation, **rest}))
    columns = [([1, 2, 3], [1, -1, 1]), ([3, 1, 2], [1, 1, 1]), ([2, 3, 1], [-1, 1, 1])]
    W = from_columns({"columns": columns, **zero})["W"]
    assert {sum(v * v for v in column) for column in W.T} == {14}


drawn = settings(max_examples=60, deadline=None)


@drawn
@given(st.data(), st.sampled_from([None, POSITIVE]))
def test_orthogonal_layers_are_drawn_active(data: st.DataObject, scales: range | None) -> None:
    """Catches a premise that is met by luck: neurons of z > 0 are active, and norms are as drawn."""
    for shape in orthogonal_layer(r=[NEGATIVE, POSITIVE], scales=scales):
        parameters = data.draw(shape)
        case = from_rotation(parameters)
        z = case["W"].T @ case["x"]
        assert has_orthogonal_columns(case, equal=scales is None)
        assert z[0] > 0
        assert z[1] > 0
        assert case["r"][0] < 0 < case["r"][1]


@drawn
@given(st.data(), st.booleans())
def test_small_layers_are_turned_active(data: st.DataObject, biased: bool) -> None:
    """Catches silent layers: every neuron but the last of several is active, or on the boundary."""
    for shape, (_, N) in zip(small_layer(biased=biased, lead={"r": [NEGATIVE]}), SHAPES, strict=True):
        case = as_case(data.draw(shape))
        z = case["W"].T @ case["x"] + case.get("b", 0)
        assert np.all(z[: max(1, N - 1)] >= 0)
        assert case["r"][0] < 0


@pytest.mark.parametrize(
    ("W", "orthogonal", "equal"),
    [
        ([[3, -4], [4, 3]], True, True),
        ([[3, -8], [4, 6]], True, False),
        ([[1, 1], [1, 0]], False, False),
        ([[1, 1], [1, 1]], False, False),
        ([[1, 0], [0, 0]], False, False),
        ([[1, 0, 1], [0, 1, 0]], False, False),
        ([[0]], False, False),
    ],
)
def test_orthogonal_columns_are_told_from_others(W: list[list[int]], orthogonal: bool, equal: bool) -> None:
    """Catches columns that count as orthogonal for being of equal norm, or not zero, and a zero column that counts."""
    case = {"W": to_fractions(np.array(W))}
    assert has_orthogonal_columns(case, equal=False) is orthogonal
    assert has_orthogonal_columns(case) is equal


@drawn
@given(st.data())
def test_wide_layers_are_at_the_boundary_or_beyond(data: st.DataObject) -> None:
    """Catches r turned too little, so that the condition fails, or by far too much, so that it is not tried."""
    for power in (1, 2):
        for wide, plain in zip(wide_layer(power), conditioned_layer(), strict=True):
            given_ = data.draw(plain)
            assert is_wide_enough(from_singular_values(turned_wide(given_, power)), power) or not np.any(
                beside(from_singular_values(given_))
            )
            case = from_singular_values(data.draw(wide))
            assert is_wide_enough(case, power) or not np.any(beside(case))
        turned = from_singular_values(turned_wide(NARROW, power))
        _, A, r = active_part(turned)
        kappa = turned["ratio"] ** power
        assert 1 <= gram.square_tangent(A, r) * kappa / (kappa - 1) ** 2 < 1 + Fraction(1, 10_000)
        one_less = turned | {"r": turned["r"] - Fraction(1, 1 << 20) * beside(from_singular_values(NARROW))}
        assert gram.square_tangent(A, one_less["r"]) * kappa / (kappa - 1) ** 2 <= 1


NARROW = {"rotation": [1, 0], "sigma": [4, 1], "beside": 0, "A": [2, 1], "r": [3, 1]}
"""A layer of κ = 16 with r near to A."""


def beside(case: Case) -> Array:
    """The part of r that is orthogonal to A, times ‖A‖²."""
    _, A, r = active_part(case)
    return np.asarray((A @ A) * r - (r @ A) * A)


@drawn
@given(st.data())
def test_orthogonal_stacks_are_what_is_said(data: st.DataObject) -> None:
    """Catches an output that is not positive, a silent neuron, or a first layer that is not orthogonal."""
    for shapes, build, equal in (
        (orthogonal_stacks(deep=True), from_orthogonal_stack, False),
        (orthogonal_stacks(range(1, 2), v=SMALL), from_orthogonal_stack, True),
        (non_negative_stacks(), from_non_negative_stack, False),
    ):
        for shape in shapes:
            case = build(data.draw(shape))
            A = case["W1"].T @ case["x"]
            assert np.all(A > 0)
            assert has_orthogonal_columns({"W": case["W1"]}, equal)
            assert (case["W2"].T @ A)[0] > 0


@given(st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=1, max_size=4))
def test_signed_square_orders_as_alignment_does(pairs: list[tuple[int, int]]) -> None:
    """Catches a lost sign: sign(α) α² from rationals against α from floats."""
    R, x = (np.array(v, dtype=float) for v in zip(*pairs, strict=True))
    square = signed_square_alignment(to_fractions(R), to_fractions(x))
    norms = np.linalg.norm(R) * np.linalg.norm(x)
    if norms == 0:
        assert square is None
    else:
        alpha = R @ x / norms
        assert float(square or 0) == pytest.approx(np.sign(alpha) * alpha**2, abs=1e-12)


def test_nearby_moves_only_what_it_is_told_to() -> None:
    """Catches perturbations that break a premise, such as orthogonality, instead of the numbers that are free."""
    seen: list[Case] = []
    statement = replace(
        about_numbers("v_0 ≤ v_1"),
        build=lambda p: seen.append(as_case(p)) or as_case(p),  # type: ignore[func-returns-value]
        perturbed=("v", "absent"),
    )
    violated_share_nearby(statement, {"v": [1, 0], "fixed": [7]}, np.random.default_rng(0), tries=5)
    assert all(case["fixed"][0] == 7 for case in seen)
    assert all(0 < abs(case["v"][0] - 1) < Fraction(1, 500) or case["v"][0] == 1 for case in seen)
