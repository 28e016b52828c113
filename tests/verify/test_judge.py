"""From intervals to verdicts: the rules of the judge, the error budget, the rates of false verdicts on known truths."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cache
from itertools import combinations_with_replacement, permutations, product
from math import log
from zlib import crc32

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from nfrlab.simulations.seeds import seed_sequence
from nfrlab.verify.claims import CHAPTERS
from nfrlab.verify.court.budget import CAPACITY, RUN_BUDGET, Budget
from nfrlab.verify.court.evidence import Claimed, Evidence, Finding, Kind, decide
from nfrlab.verify.court.verdict import Status, judge
from nfrlab.verify.examine.statistics import sequential_evidence
from nfrlab.verify.intervals import Interval, bernstein_plan, median, median_plan
from nfrlab.verify.proceedings.registry import REGISTRY, find_claim

Floats = npt.NDArray[np.float64]

CONTRADICTION = 1e-6
"""A count this improbable under the promised rate contradicts the promise."""

ALPHA = 0.05
REPETITIONS = 400

steady = settings(derandomize=True, deadline=None, max_examples=200)
sixteenths = st.integers(-64, 64).map(lambda k: k / 16)
ranges = st.tuples(sixteenths, sixteenths).map(lambda ends: (min(ends), max(ends)))


def generator(*key: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(1802, spawn_key=key))


def not_above(count: int, trials: int, rate: float) -> bool:
    """Whether `count` out of `trials` leaves it possible that the true rate is at most `rate`."""
    return bool(binom.sf(count - 1, trials, rate) >= CONTRADICTION)


def not_below(count: int, trials: int, rate: float) -> bool:
    """Whether `count` out of `trials` leaves it possible that the true rate is at least `rate`."""
    return bool(binom.cdf(count, trials, rate) >= CONTRADICTION)


def piece(finding: Finding, kind: Kind = Kind.MONTE_CARLO) -> Evidence:
    return Evidence(kind=kind, statement="statement", finding=finding, method="method")


# --- decide -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("interval", "claimed", "delta", "finding"),
    [
        ((0.5, 0.5), (0.5, 0.5), 0.0, Finding.SUPPORTS),
        ((0.4, 0.6), (0.5, 0.5), 0.0, Finding.UNDECIDED),
        ((0.4, 0.6), (0.5, 0.5), 0.125, Finding.SUPPORTS),
        ((0.375, 0.625), (0.5, 0.5), 0.125, Finding.SUPPORTS),  # the margin is closed
        ((0.3, 0.6), (0.5, 0.5), 0.125, Finding.UNDECIDED),
        ((0.4, 0.7), (0.5, 0.5), 0.125, Finding.UNDECIDED),
        ((0.51, 0.52), (0.5, 0.5), 0.125, Finding.SUPPORTS),  # the claimed value is excluded, but the margin admits it
        ((0.48, 0.49), (0.5, 0.5), 0.125, Finding.SUPPORTS),
        ((0.51, 0.63), (0.5, 0.5), 0.125, Finding.UNDECIDED),
        ((0.625, 0.7), (0.5, 0.5), 0.125, Finding.UNDECIDED),  # touching is not disjoint
        ((0.626, 0.7), (0.5, 0.5), 0.125, Finding.REFUTES),
        ((0.3, 0.374), (0.5, 0.5), 0.125, Finding.REFUTES),
        ((0.5, 0.9), (0.5, 0.5), 0.125, Finding.UNDECIDED),
        ((0.2, 0.3), (0.0, 2.0), 0.0, Finding.SUPPORTS),
        ((-0.2, -0.1), (0.0, 2.0), 0.02, Finding.REFUTES),
        ((-0.2, 0.1), (0.0, 2.0), 0.02, Finding.UNDECIDED),
        ((2.1, 2.2), (0.0, 2.0), 0.5, Finding.SUPPORTS),
        ((2.6, 2.7), (0.0, 2.0), 0.5, Finding.REFUTES),
        ((-np.inf, np.inf), (0.5, 0.5), 0.125, Finding.UNDECIDED),
        ((-np.inf, 0.4), (0.5, 0.5), 0.125, Finding.UNDECIDED),
        ((-np.inf, 0.37), (0.5, 0.5), 0.125, Finding.REFUTES),
        ((0.1, 0.2), (0.0, np.inf), 0.0, Finding.SUPPORTS),
    ],
)
def test_decide(interval: Interval, claimed: Interval, delta: float, finding: Finding) -> None:
    # an open end for a closed one, REFUTES and SUPPORTS asked in the wrong order, a margin on one side only
    assert decide(interval, Claimed.between(*claimed, delta)) is finding


@steady
@given(ranges, ranges, st.integers(0, 32).map(lambda k: k / 16))
def test_decide_follows_its_definition(interval: Interval, claimed: Interval, delta: float) -> None:
    # any deviation from: REFUTES iff no common point with the widened range, SUPPORTS iff inside it
    disjoint = max(interval[0], claimed[0] - delta) > min(interval[1], claimed[1] + delta)
    inside = all(claimed[0] - delta <= end <= claimed[1] + delta for end in interval)
    found = decide(interval, Claimed.between(*claimed, delta))
    assert (found is Finding.REFUTES) == disjoint
    assert (found is Finding.SUPPORTS) == inside
    assert (found is Finding.UNDECIDED) == (not inside and not disjoint)


@steady
@given(ranges, ranges, st.integers(0, 32).map(lambda k: k / 16), sixteenths)
def test_decide_has_no_preferred_side(interval: Interval, claimed: Interval, delta: float, shift: float) -> None:
    # the lower and the upper end treated differently, or a dependence on the origin
    found = decide(interval, Claimed.between(*claimed, delta))
    assert decide((-interval[1], -interval[0]), Claimed.between(-claimed[1], -claimed[0], delta)) is found
    moved = interval[0] + shift, interval[1] + shift
    assert decide(moved, Claimed.between(claimed[0] + shift, claimed[1] + shift, delta)) is found


@steady
@given(sixteenths, st.integers(0, 32).map(lambda k: k / 16), ranges)
def test_two_forms_of_a_claim(value: float, margin: float, interval: Interval) -> None:
    # `exactly` that decides otherwise than `within`; `exactly` that keeps silent of a value that its interval excludes
    exactly, within = Claimed.exactly(value, margin), Claimed.within(value, margin)
    assert decide(interval, exactly) is decide(interval, within)
    assert exactly.excluded(interval) == (not interval[0] <= value <= interval[1])
    assert within.excluded(interval) == (decide(interval, within) is Finding.REFUTES)


@steady
@given(ranges, ranges, ranges, st.integers(0, 32).map(lambda k: k / 16))
def test_more_data_never_turns_a_decision(interval: Interval, part: Interval, claimed: Interval, delta: float) -> None:
    # a shorter interval inside one that has decided which decides otherwise: a margin that admits and then refutes
    shorter = max(interval[0], part[0]), min(interval[1], part[1])
    found = decide(interval, Claimed.between(*claimed, delta))
    if shorter[0] <= shorter[1] and found is not Finding.UNDECIDED:
        assert decide(shorter, Claimed.between(*claimed, delta)) is found


@pytest.mark.parametrize(
    ("low", "high", "resolution"),
    [
        (1.0, 0.0, 0.1),
        (float("nan"), 1.0, 0.1),
        (0.0, float("nan"), None),
        (0.0, 1.0, -0.1),
        (0.0, 1.0, float("nan")),
        (0.0, 1.0, float("inf")),
    ],
)
def test_a_claim_of_nothing_is_refused(low: float, high: float, resolution: float | None) -> None:
    # a reversed range, or a margin that admits everything or nothing, which would decide without anything measured
    with pytest.raises(ValueError, match=r"needs low ≤ high|a margin must be finite"):
        Claimed(low, high, resolution)


@pytest.mark.parametrize("interval", [(0.6, 0.4), (float("nan"), 0.5), (0.5, float("nan"))])
def test_an_interval_that_is_none_is_refused(interval: Interval) -> None:
    # a comparison with NaN, which is false, read as a decision
    with pytest.raises(ValueError, match="an interval needs low ≤ high"):
        decide(interval, Claimed.exactly(0.5, 0.1))


@pytest.mark.parametrize(
    ("interval", "claimed", "excluded"),
    [
        ((0.981, 0.99), Claimed.exactly(1.0, 0.02), True),
        ((0.981, 1.0), Claimed.exactly(1.0, 0.02), False),
        ((0.97, 0.99), Claimed.exactly(1.0, 0.02), True),  # undecided, and not 1
        ((0.9, 0.95), Claimed.exactly(1.0, 0.02), False),  # refuted: nothing is admitted
        ((-0.01, -0.002), Claimed.between(0.0, 2.0, 0.012), True),
        ((-0.01, 0.002), Claimed.between(0.0, 2.0, 0.012), False),
        ((0.981, 0.99), Claimed.within(1.0, 0.02), False),  # there the margin is the statement
    ],
)
def test_evidence_says_what_the_margin_alone_admits(interval: Interval, claimed: Claimed, excluded: bool) -> None:
    # a prediction that its own interval excludes and that passes for right; the flag where the margin is the claim
    evidence = Evidence.from_interval(Kind.MONTE_CARLO, "statement", interval, claimed, "method")
    assert evidence.excluded is excluded
    assert evidence.as_json()["excluded"] is excluded
    silent = replace(evidence, finding=Finding.SILENT)  # a fact by the way: what the interval says is the same
    assert silent.excluded is excluded
    assert not piece(Finding.SUPPORTS).excluded


@steady
@given(ranges, ranges, st.integers(0, 32).map(lambda k: k / 16))
def test_decide_is_right_whenever_the_interval_covers(interval: Interval, claimed: Interval, delta: float) -> None:
    # a decision against the truth although the interval contains it
    found = decide(interval, Claimed.between(*claimed, delta))
    for truth in np.linspace(*interval, 5):
        admitted = claimed[0] - delta <= truth <= claimed[1] + delta
        assert found is not (Finding.REFUTES if admitted else Finding.SUPPORTS)


# --- judge ------------------------------------------------------------------------------------------------------------


def expected_status(findings: Iterable[Finding]) -> Status:
    """The rules of the judge, by counting."""
    count = Counter(findings)
    if count.total() == 0:
        return Status.NOT_RUN
    if count[Finding.REFUTES] > 0:
        return Status.REFUTED
    if count[Finding.SUPPORTS] > 0 and count[Finding.UNDECIDED] == 0:
        return Status.CONFIRMED
    return Status.INCONCLUSIVE


def test_judge_every_combination_in_every_order() -> None:
    # an order that matters, a refutation that is outvoted, an undecided point that is overlooked
    for size in range(5):
        for findings in combinations_with_replacement(Finding, size):
            for order in set(permutations(findings)):
                assert judge([piece(finding) for finding in order]) is expected_status(findings), order


@pytest.mark.parametrize(
    ("findings", "status"),
    [
        ([], Status.NOT_RUN),
        ([Finding.SUPPORTS], Status.CONFIRMED),
        ([Finding.SUPPORTS, Finding.SILENT], Status.CONFIRMED),
        ([Finding.SILENT], Status.INCONCLUSIVE),
        ([Finding.SILENT, Finding.SILENT], Status.INCONCLUSIVE),
        ([Finding.UNDECIDED], Status.INCONCLUSIVE),
        ([Finding.SUPPORTS, Finding.UNDECIDED], Status.INCONCLUSIVE),
        ([Finding.REFUTES], Status.REFUTED),
        ([Finding.REFUTES, Finding.UNDECIDED, Finding.SILENT], Status.REFUTED),
        ([*[Finding.SUPPORTS] * 50, Finding.REFUTES], Status.REFUTED),
    ],
)
def test_judge(findings: list[Finding], status: Status) -> None:
    # each rule written out: a search that found nothing must not confirm, one refutation must suffice
    assert judge([piece(finding) for finding in findings]) is status


findings_of_any_kind = st.lists(st.builds(piece, st.sampled_from(Finding), st.sampled_from(Kind)), max_size=12)


@steady
@given(findings_of_any_kind)
def test_judge_is_pure(evidence: list[Evidence]) -> None:
    # state between calls, evidence changed or consumed, a verdict that depends on anything but the findings
    before = list(evidence)
    status = judge(evidence)
    assert judge(tuple(evidence)) is judge(evidence) is status
    assert evidence == before
    changed = [
        replace(item, statement="other", method="other", miss=0.5, n=7, interval=(0.0, 1.0), power=0.1)
        for item in evidence
    ]
    assert judge(changed) is status is expected_status(item.finding for item in evidence)


@steady
@given(findings_of_any_kind, findings_of_any_kind)
def test_judge_never_forgets_a_refutation(evidence: list[Evidence], more: list[Evidence]) -> None:
    # more evidence that turns REFUTED or INCONCLUSIVE-by-doubt into CONFIRMED
    status = judge(evidence + more)
    if judge(evidence) is Status.REFUTED:
        assert status is Status.REFUTED
    if any(item.finding is Finding.UNDECIDED for item in evidence):
        assert status is not Status.CONFIRMED


# --- Error budget -----------------------------------------------------------------------------------------------------


def test_budget_shares_the_allotment_among_the_checks() -> None:
    # checks that each spend the whole share
    budget = Budget(allotment=0.06)
    assert budget.spend(3, 0.5) == pytest.approx(0.01)
    assert budget.spent == pytest.approx(0.03)
    assert budget.spend(1, 0.5) == pytest.approx(0.03)
    assert budget.spent == pytest.approx(0.06)


@steady
@given(st.lists(st.tuples(st.integers(1, 1000), st.integers(1, 20)), min_size=1, max_size=20))
def test_budget_never_gives_more_than_the_allotment(draws: list[tuple[int, int]]) -> None:
    # an overspent budget that goes unnoticed
    budget, given_out, parts = Budget(), 0.0, 0
    for checks, twentieths in draws:
        parts += twentieths
        if parts <= 20:
            given_out += checks * budget.spend(checks, twentieths / 20)
        else:
            with pytest.raises(OverflowError, match="error budget exceeded"):
                budget.spend(checks, twentieths / 20)
            break
    assert given_out <= budget.allotment * (1 + 1e-8)


def test_budget_can_be_spent_to_the_last() -> None:
    # a budget divided exactly that is refused for a rounding error
    for parts in range(1, 100):
        budget = Budget()
        assert sum(budget.spend(1, 1 / parts) for _ in range(parts)) == pytest.approx(budget.allotment)
        with pytest.raises(OverflowError):
            budget.spend(1, 1e-6)


def test_budget_overspent_stays_overspent() -> None:
    # a failed draw whose spending is forgotten, so that a retry would succeed
    budget = Budget()
    budget.spend(5)
    for _ in range(2):
        with pytest.raises(OverflowError):
            budget.spend(1, 0.01)


def test_budgets_are_separate() -> None:
    # two parts that share one account
    Budget().spend(1)
    assert Budget().spent == 0


@pytest.mark.parametrize(("checks", "share"), [(0, 1.0), (-1, 1.0), (1, 0.0), (1, -0.5), (1, 1.5), (1, float("nan"))])
def test_budget_rejects_arguments(checks: int, share: float) -> None:
    # an infinite, negative or excessive α
    budget = Budget()
    with pytest.raises(ValueError, match="needs checks"):
        budget.spend(checks, share)
    assert budget.spent == 0


# --- Random numbers ---------------------------------------------------------------------------------------------------


def state(root: int, *path: str | int) -> tuple[int, ...]:
    return tuple(seed_sequence(root, *path).generate_state(4).tolist())


def test_seed_paths_have_their_own_streams() -> None:
    # a part of the path that is ignored, an order that does not matter, parts that are joined
    paths: list[tuple[str | int, ...]] = [
        (),
        *product(("P1", "P2", "P1P2"), ("trial", "control"), ("", "x", "y"), (0, 1, 2, 1000)),
        *product(("P1", "trial"), ("trial", "P1"), (0, 1)),
        ("P1",), ("P1", 0), ("P1", "0"), (0, "P1"), (0,), (0, 0), (1,), ("ab", "c"), ("a", "bc"), ("abc",),
    ]  # fmt: skip
    assert len(set(paths)) == len(paths)
    states = {state(root, *path) for root in (0, 1, 2**40) for path in paths}
    assert len(states) == 3 * len(paths)


@steady
@given(st.integers(0, 2**64), st.lists(st.text(max_size=8) | st.integers(0, 2**32 - 1), max_size=5))
def test_seed_path_determines_the_stream(root: int, path: list[str | int]) -> None:
    # words hashed by a hash that changes from process to process, or generators that share state
    a, b = (np.random.default_rng(seed_sequence(root, *path)) for _ in range(2))
    assert np.array_equal(a.integers(2**63, size=4), b.integers(2**63, size=4))
    key = tuple(crc32(part.encode()) if isinstance(part, str) else part for part in path)
    assert seed_sequence(root, *path).spawn_key == key


def test_seed_streams_are_the_same_everywhere() -> None:
    # a change of the hash or of the path, which would change every published number
    assert seed_sequence(7, "123456789", 3).spawn_key == (0xCBF43926, 3)  # the published check value of CRC-32
    assert seed_sequence(7, "123456789", 3).entropy == 7


def test_seed_rejects_negative_roots() -> None:
    # a negative seed that is silently taken modulo something
    with pytest.raises(ValueError, match="a seed is a whole number from 0"):
        seed_sequence(-1, "P1")


# --- Registry ---------------------------------------------------------------------------------------------------------


def test_registry_ids_are_unique() -> None:
    # a claim that silently replaces another of the same id
    ids = [claim.id for chapter in CHAPTERS for claim in chapter.CLAIMS]
    assert len(set(ids)) == len(ids) == len(REGISTRY)
    assert all(key == claim.id and find_claim(key) is claim for key, claim in REGISTRY.items())


def test_registry_ids_have_their_own_random_numbers() -> None:
    # two claims whose hashed ids collide and that would share every random number
    assert len({crc32(id.encode()) for id in REGISTRY}) == len(REGISTRY)


def test_registry_repairs_name_claims() -> None:
    # a repair of a claim that does not exist, or of itself
    for claim in REGISTRY.values():
        assert claim.repairs is None or (claim.repairs in REGISTRY and claim.repairs != claim.id), claim.id


def test_registry_fits_the_error_budget() -> None:
    # more claims than the budget was divided among
    assert RUN_BUDGET == 1e-6
    assert len(REGISTRY) <= CAPACITY
    assert 2 * Budget().allotment * CAPACITY <= RUN_BUDGET
    assert 2 * Budget().allotment * len(REGISTRY) <= 1e-6


def test_registry_knows_no_other_claims() -> None:
    # a misspelt id that yields no error
    with pytest.raises(ValueError, match="unknown claim"):
        find_claim("no such claim")


# --- Calibration: means -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Law:
    """A bounded law with its true mean and standard deviation, and a margin at which to examine it."""

    name: str
    bounds: Interval
    mean: float
    sd: float
    delta: float
    draw: Callable[[np.random.Generator, int], Floats]


LAWS = (
    Law("uniform", (0, 1), 0.5, 12**-0.5, 0.15, lambda rng, n: rng.random(n)),
    Law("skewed beta", (0, 1), 0.2, (0.2 * 0.8 / 11) ** 0.5, 0.1, lambda rng, n: rng.beta(2, 8, n)),
    Law("Bernoulli", (0, 1), 0.3, 0.21**0.5, 0.15, lambda rng, n: (rng.random(n) < 0.3).astype(float)),
    Law("rare event", (0, 1), 0.03, 0.0291**0.5, 0.1, lambda rng, n: (rng.random(n) < 0.03).astype(float)),
    Law("nearly constant", (-2, 2), 0.3, 1e-3 / 3**0.5, 0.3, lambda rng, n: 0.3 + rng.uniform(-1e-3, 1e-3, n)),
)
laws = pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)


@cache
def mean_verdicts(law: Law, claimed: Interval, key: int) -> Counter[Status]:
    """The verdicts of many trials of "the mean lies in `claimed`", each with its own random numbers."""

    def trial(rng: np.random.Generator) -> Status:
        def draw(block: int) -> Floats:
            return law.draw(rng, 20)

        return judge(
            [sequential_evidence(law.name, draw, law.bounds, Claimed.between(*claimed, law.delta), ALPHA, law.sd)]
        )

    return Counter(trial(generator(20, key, repetition)) for repetition in range(REPETITIONS))


@laws
def test_mean_verdicts_at_the_truth(law: Law) -> None:
    # too many false REFUTED, or a plan that leaves true claims undecided
    verdicts = mean_verdicts(law, (law.mean, law.mean), 0)
    assert not_above(verdicts[Status.REFUTED], REPETITIONS, ALPHA)
    assert not_below(verdicts[Status.CONFIRMED], REPETITIONS, 0.95)


FAIR_COIN = Law("fair coin", (0, 1), 0.5, 0.5, 0.1, lambda rng, n: (rng.random(n) < 0.5).astype(float))


@pytest.mark.parametrize("law", [*LAWS, FAIR_COIN], ids=lambda law: law.name)
def test_mean_verdicts_have_the_recorded_power(law: Law) -> None:
    # a plan made for another interval than the one in use: at the truth, 1 % may remain undecided
    verdicts = mean_verdicts(law, (law.mean, law.mean), 0)
    assert not_above(verdicts[Status.INCONCLUSIVE], REPETITIONS, 0.01)


@laws
def test_mean_verdicts_at_the_edge_of_a_true_range(law: Law) -> None:
    # too many false REFUTED of an inequality that holds with equality
    verdicts = mean_verdicts(law, (law.mean, law.bounds[1]), 1)
    assert not_above(verdicts[Status.REFUTED], REPETITIONS, ALPHA)
    assert not_below(verdicts[Status.CONFIRMED], REPETITIONS, 0.95)


@laws
@pytest.mark.parametrize("side", [-1, 1])
@pytest.mark.parametrize("distance", [1.0, 1.5])
def test_mean_verdicts_outside_the_margin(law: Law, side: int, distance: float) -> None:
    # too many false CONFIRMED when the truth lies at the edge of the margin (1 δ) or beyond it (1.5 δ)
    value = law.mean - side * distance * law.delta
    verdicts = mean_verdicts(law, (value, value), 2)
    assert not_above(verdicts[Status.CONFIRMED], REPETITIONS, ALPHA)


@laws
def test_mean_verdicts_inside_the_margin(law: Law) -> None:
    # a number that the margin admits and that an early or a sharp interval refutes
    value = law.mean + 0.8 * law.delta
    assert not_above(mean_verdicts(law, (value, value), 4)[Status.REFUTED], REPETITIONS, ALPHA)


@laws
@pytest.mark.parametrize("distance", [-2, 2])
def test_mean_verdicts_far_from_the_claim(law: Law, distance: int) -> None:
    # an engine that cannot refute, or less often at the resolution than it records: δ beyond the margin, on both sides
    value = law.mean + distance * law.delta
    assert not_below(mean_verdicts(law, (value, value), 3)[Status.REFUTED], REPETITIONS, 0.99 * (1 - ALPHA))


def gamblers(sample: Floats, bounds: Interval, ends: Interval) -> list[tuple[bool, bool]]:
    """Whether each of two candidate means was ever ruled out as too low, and as too high, in plain arithmetic."""
    (low, high), verdicts = bounds, []
    for candidate in ((end - low) / (high - low) for end in ends):
        total, squares, capital, best = 0.5, 0.25, [0.0, 0.0], [0.0, 0.0]
        for t, x in enumerate(((sample - low) / (high - low)).tolist(), start=1):
            stake = (2 * log(2 / ALPHA) / (squares / t * t * log(t + 1))) ** 0.5
            for side, (sign, worst) in enumerate(((1, candidate), (-1, 1 - candidate))):
                most = 0.5 / worst if worst > 0 else 0.0
                capital[side] += log(1 + sign * min(stake, most) * (x - candidate))
                best[side] = max(best[side], capital[side])
            squares += (x - total / t) ** 2
            total += x
        verdicts.append((best[0] >= log(2 / ALPHA) or candidate < 0, best[1] >= log(2 / ALPHA) or candidate > 1))
    return verdicts


@laws
@pytest.mark.parametrize(("distance", "right"), [(0, Finding.SUPPORTS), (2, Finding.REFUTES), (-2, Finding.REFUTES)])
def test_where_it_stops_gamblers_agree(law: Law, distance: int, right: Finding) -> None:
    # a trial that stops on a decision that its observations do not bear out, or that stops at the plan without power:
    # one gambler a side against both ends of what is admitted, by other code
    value, wrong = law.mean + distance * law.delta, 0
    claimed, width = Claimed.exactly(value, law.delta), law.bounds[1] - law.bounds[0]
    most = bernstein_plan(ALPHA, law.sd, width, law.delta)
    for repetition in range(100):
        rng, drawn = generator(24, distance + 2, repetition), list[Floats]()

        def draw(block: int, rng: np.random.Generator = rng, drawn: list[Floats] = drawn) -> Floats:
            drawn.append(np.clip(law.draw(rng, 20), *law.bounds))
            return drawn[-1]

        evidence = sequential_evidence(law.name, draw, law.bounds, claimed, ALPHA, law.sd)
        (low_is_low, low_is_high), (high_is_low, high_is_high) = gamblers(
            np.concatenate(drawn), law.bounds, claimed.admitted
        )
        if evidence.finding is Finding.SUPPORTS:
            assert low_is_low
            assert high_is_high
        if evidence.finding is Finding.REFUTES:
            assert low_is_high or high_is_low
        assert evidence.n < most + 20
        wrong += evidence.finding is not right
    assert not_above(wrong, 100, 0.01 + ALPHA)


def test_sequential_evidence_does_not_refute_a_constant_at_the_claimed_value() -> None:
    # an interval narrower than a cell of the grid that excludes the truth: a refutation with probability 1
    truth = 0.70025
    evidence = sequential_evidence(
        "constant", lambda _: np.full(500, truth), (0, 1), Claimed.exactly(truth, 4e-4), ALPHA, 0.0
    )
    assert judge([evidence]) is not Status.REFUTED


def test_sequential_evidence_records_what_decided() -> None:
    # a record that does not lead to the recorded finding; a block drawn twice; a trial that goes on once decided
    law, seen = LAWS[0], list[int]()

    def draw(block: int) -> Floats:
        seen.append(block)
        return law.draw(generator(21, block), 20)

    for value, finding in ((0.5, Finding.SUPPORTS), (0.9, Finding.REFUTES)):
        seen.clear()
        claimed = Claimed.exactly(value, law.delta)
        evidence = sequential_evidence("uniform", draw, (0, 1), claimed, ALPHA, law.sd)
        assert seen == list(range(len(seen)))
        assert evidence.n == 20 * len(seen) < bernstein_plan(ALPHA, law.sd, 1, law.delta)
        assert evidence.interval is not None
        assert evidence.finding is finding is decide(evidence.interval, claimed)
        assert (evidence.claimed, evidence.miss) == (claimed, ALPHA)
        everything = np.concatenate([law.draw(generator(21, block), 20) for block in seen])
        assert evidence.details["mean"] == pytest.approx(everything.mean(), rel=1e-12)


def test_sequential_evidence_needs_a_resolution() -> None:
    # an endless plan for a claim without a margin
    with pytest.raises(ValueError, match="δ must be positive"):
        sequential_evidence("uniform", lambda _: np.full(20, 0.5), (0, 1), Claimed.between(0, 1), ALPHA, 0.1)


def test_sequential_evidence_stops_undecided_at_the_plan() -> None:
    # an endless trial when the truth lies where no decision is possible
    drawn = list[int]()

    def draw(block: int) -> Floats:
        drawn.append(block)
        return np.tile([0.0, 1.0], 10)

    evidence = sequential_evidence("two points", draw, (0, 1), Claimed.exactly(0.5, 0.05), ALPHA, 0.01)
    most = bernstein_plan(ALPHA, 0.01, 1, 0.05)
    assert evidence.finding is Finding.UNDECIDED
    assert most <= evidence.n < most + 20
    assert judge([evidence]) is Status.INCONCLUSIVE


# --- Calibration: medians ---------------------------------------------------------------------------------------------

MEDIANS: tuple[tuple[str, float, float, Callable[[np.random.Generator, int], Floats]], ...] = (
    ("uniform", 0.5, 0.2, lambda rng, n: rng.random(n)),
    ("exponential", log(2), 0.3, lambda rng, n: rng.exponential(size=n)),
    ("Cauchy", 0.0, 0.7, lambda rng, n: rng.standard_cauchy(n)),
)
medians = pytest.mark.parametrize(("name", "truth", "delta", "draw"), MEDIANS, ids=[law[0] for law in MEDIANS])
MEDIAN_REPETITIONS = 2000


def median_verdicts(
    truth: float, delta: float, draw: Callable[[np.random.Generator, int], Floats], claimed: float, key: int
) -> Counter[Status]:
    """The verdicts of many trials of "the median is `claimed`", at the n planned for the wrong-side probability."""
    far = draw(generator(22), 200_000)
    wrong = max(float(np.mean(far < truth - delta)), float(np.mean(far > truth + delta)))
    n, rng = median_plan(ALPHA, wrong), generator(23, key)
    verdicts: Counter[Status] = Counter()
    for _ in range(MEDIAN_REPETITIONS):
        finding = decide(median(draw(rng, n), ALPHA), Claimed.exactly(claimed, delta))
        verdicts[judge([piece(finding)])] += 1
    return verdicts


@medians
def test_median_verdicts_at_the_truth(
    name: str, truth: float, delta: float, draw: Callable[[np.random.Generator, int], Floats]
) -> None:
    # too many false REFUTED, or a plan that leaves true claims undecided: 0.99 inside the margin, 1 − α not refuted
    verdicts = median_verdicts(truth, delta, draw, truth, 0)
    assert not_above(verdicts[Status.REFUTED], MEDIAN_REPETITIONS, ALPHA), name
    assert not_above(verdicts[Status.INCONCLUSIVE], MEDIAN_REPETITIONS, 0.01), name
    assert not_below(verdicts[Status.CONFIRMED], MEDIAN_REPETITIONS, 0.95), name


@medians
@pytest.mark.parametrize("side", [-1, 1])
@pytest.mark.parametrize("distance", [1.0, 1.5])
def test_median_verdicts_outside_the_margin(
    name: str,
    truth: float,
    delta: float,
    draw: Callable[[np.random.Generator, int], Floats],
    side: int,
    distance: float,
) -> None:
    # too many false CONFIRMED when the truth lies at the edge of the margin (1 δ) or beyond it (1.5 δ)
    verdicts = median_verdicts(truth, delta, draw, truth - side * distance * delta, 1)
    assert not_above(verdicts[Status.CONFIRMED], MEDIAN_REPETITIONS, ALPHA), name


@medians
def test_median_verdicts_far_from_the_claim(
    name: str, truth: float, delta: float, draw: Callable[[np.random.Generator, int], Floats]
) -> None:
    # an engine that cannot refute
    verdicts = median_verdicts(truth, delta, draw, truth + 3 * delta, 2)
    assert not_below(verdicts[Status.REFUTED], MEDIAN_REPETITIONS, 0.95), name
