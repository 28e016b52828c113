"""`pytest -m theorem`: every claim is tried and every weight family is what the theory says it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from nfrlab.simulations.dense import sample
from nfrlab.simulations.images import ImageSet
from nfrlab.simulations.seeds import seed_sequence
from nfrlab.theory.families import FAMILIES
from nfrlab.verify import intervals
from nfrlab.verify.breaks import BREAKS
from nfrlab.verify.court.budget import CAPACITY, RUN_BUDGET
from nfrlab.verify.court.evidence import Evidence, Finding, Kind
from nfrlab.verify.court.verdict import Control, Status, Verdict, judge
from nfrlab.verify.proceedings import power, record, store
from nfrlab.verify.proceedings.registry import REGISTRY, is_of_decisions, is_of_rivals
from nfrlab.verify.proceedings.schema import schema_of
from nfrlab.verify.proceedings.trial import try_claim
from nfrlab.verify.report import claims_page

COURT = [id for id, claim in REGISTRY.items() if not claim.on_deep_networks or is_of_decisions(claim)]
"""Claims that can be tried at once; what those on decisions are judged from is shipped."""
DEEP = [id for id in REGISTRY if id not in COURT]
SEED = 2503_11160
FAMILY_ALPHA = 1e-7


@pytest.fixture(scope="module")
def tried(request: pytest.FixtureRequest, images: ImageSet) -> Verdict:
    """The verdict on a claim, tried once for all tests that ask for it one behind the other."""
    return try_claim(REGISTRY[request.param], record.SEED, "quick", images)


def of_each(ids: Sequence[str]) -> pytest.MarkDecorator:
    """One test for each of these claims; the tests of one claim follow one another."""
    return pytest.mark.parametrize("tried", ids, ids=ids, indirect=True, scope="module")


@pytest.mark.theorem
@of_each(COURT)
def test_claim_is_decided(tried: Verdict) -> None:
    """Catches a claim that comes out undecided or other than it is on record, a control that does not behave, a judge
    who could have been anybody, an overspent error budget, premises, controls or powers other than are printed, and an
    examination that asks for more, less or something else than is on record.
    """
    assert claims_page.is_printed(REGISTRY[tried.id])
    assert not (changed := record.change(tried)), changed
    assert tried.decided, f"{tried.id}: {tried.status}; controls: {tried.control}, {tried.restored}"
    on_record = record.on_record()[tried.id]
    assert record.kinds_in(tried) == on_record["kinds"]
    assert record.asked_in(tried) == on_record["asked"], "--accept it with a reason"
    assert tried.spent <= RUN_BUDGET / CAPACITY * (1 + 1e-9)
    validate(tried)
    assert_no_other_judge_will_do(tried)


def assert_no_other_judge_will_do(verdict: Verdict) -> None:
    """Raises where a judge who always refutes, always supports, or tosses a coin, would have passed with this claim.

    A coin is tossed 40 times: where it passes in half of them, the claim is no examination.
    """
    assert not stands(fooled(verdict, lambda piece: Finding.REFUTES)), "a judge that always refutes would pass"
    assert not stands(fooled(verdict, lambda piece: Finding.SUPPORTS)), "a judge that always supports would pass"
    coin = np.random.default_rng(seed_sequence(SEED, "coin", verdict.id))
    sides = (Finding.SUPPORTS, Finding.REFUTES)
    passed = sum(stands(fooled(verdict, lambda piece: sides[coin.integers(2)])) for _ in range(40))
    assert passed < 20, f"a coin would pass in {passed} of 40 runs"


def stands(verdict: Verdict) -> bool:
    """Whether a verdict would pass: decided, and as it is on record."""
    return verdict.decided and not record.change(verdict)


def fooled(verdict: Verdict, judge_of: Callable[[Evidence], Finding]) -> Verdict:
    """The verdict, had somebody else held its evidence against the statements; a measured reach is no finding."""

    def judged(pieces: Sequence[Evidence]) -> tuple[Evidence, ...]:
        return tuple(p if p.kind is Kind.REACH else replace(p, finding=judge_of(p)) for p in pieces)

    def again(control: Control) -> Control:
        evidence = judged(control.evidence)
        return replace(control, evidence=evidence, status=judge(evidence))

    evidence = judged(verdict.evidence)
    return replace(
        verdict,
        evidence=evidence,
        status=judge(evidence),
        control=again(verdict.control),
        restored=again(verdict.restored) if verdict.restored else None,
    )


@pytest.mark.theorem
@of_each([id for id in COURT if REGISTRY[id].notices])
def test_claim_notices_the_smallest_break_that_it_declares(tried: Verdict) -> None:
    """Catches a claim without the power that it states: its world is broken by little, and its verdict stays."""
    claim, smallest = REGISTRY[tried.id], REGISTRY[tried.id].notices[0]
    seen = power.sight(claim, tried, smallest, record.SEED, "quick")
    assert seen.outcome is power.Outcome.NOTICED, f"{claim.id} is {seen.there} where {BREAKS[smallest].what}"


@pytest.mark.theorem
def test_every_statistical_claim_declares_a_break() -> None:
    """Catches a sampled claim that names no break which it notices and does not say why, and a break without a name."""
    for id, claim in REGISTRY.items():
        assert set(claim.notices) <= set(BREAKS), id
        assert claim.notices or claim.blind or str(Kind.MONTE_CARLO) not in record.kinds_of(claim), id
    sizes = {id: [BREAKS[each].size for each in claim.notices] for id, claim in REGISTRY.items()}
    assert all(found == sorted(found) for found in sizes.values()), "the smallest break comes first"


@pytest.mark.theorem
@pytest.mark.parametrize("id", DEEP)
def test_claim_on_deep_networks_names_what_it_lacks(id: str, images: ImageSet) -> None:
    """Catches a verdict on deep networks without a measurement; tests/test_bridge_claims.py judges measured ones."""
    verdict = try_claim(REGISTRY[id], SEED, "quick", images)
    assert (verdict.status, verdict.control.status) == (Status.NOT_RUN, Status.NOT_RUN)
    assert verdict.passed
    assert ("nfrlab rivals" if is_of_rivals(REGISTRY[id]) else "nfrlab bridge") in verdict.missing
    assert verdict.spent == 0
    validate(verdict)


def validate(verdict: Verdict) -> None:
    """Raises where the stored form is not what the schema says."""
    schema = {"$ref": "#/$defs/verdict", "$defs": schema_of("verdicts")["$defs"]}
    Draft202012Validator(schema).validate(store.json_value(verdict.as_json()))


def draws(name: str, d: int, n: int) -> np.ndarray:
    """n independent neurons, one column from each block, so that frames are independent draws too."""
    rng = np.random.default_rng(seed_sequence(SEED, "family", name, d))
    if FAMILIES[name].independent_neurons:
        return sample(name, d, n, rng)
    return np.concatenate([sample(name, d, d, rng)[:, :1] for _ in range(n)], axis=1)


def mean_within(sample_: np.ndarray, truth: float, error: float) -> bool:
    """Whether a mean lies in the median interval of 60 block means; 2 % of its width allows for their skewness."""
    blocks = np.array([block.mean() for block in np.array_split(sample_, 60)])
    low, high = intervals.median(blocks, FAMILY_ALPHA)
    spread = high - low
    return low - error - 0.02 * spread <= truth <= high + error + 0.02 * spread


@pytest.mark.theorem
@pytest.mark.parametrize("name", FAMILIES)
def test_family_is_what_the_theory_says(name: str) -> None:
    """Catches a sampler whose half-space mean, second moment, mean or E|w| is not the theory's, entry by entry."""
    family, d = FAMILIES[name], 5
    x = np.array([1.0, -0.5, 0.25, 2.0, 0.75])
    W = draws(name, d, 60_000 if family.independent_neurons else 12_000)
    if family.moments <= 1:
        with pytest.raises(ValueError, match="no mean"):
            family.half_space_mean(x)
        assert np.abs(W).max() > 1e4  # no finite-variance law of unit scale reaches this in 3e5 draws
        return
    mean = family.half_space_mean(x)
    active = W * (W.T @ x > 0)
    for i in range(d):
        assert mean_within(active[i], mean.value[i], mean.error), f"half-space mean, entry {i}"
        assert mean_within(np.abs(W[i]), family.mean_abs(d)[i], 0), f"E|w_{i}|"
        if family.zero_mean:
            assert mean_within(W[i], 0.0, 0), f"mean, entry {i}"
    if family.moments > 4:
        assert mean_within((W**2).sum(axis=0), family.second_moment(d), 1e-9), "E‖w‖²"


@pytest.mark.theorem
@pytest.mark.parametrize("name", [name for name, family in FAMILIES.items() if family.moments > 2])
def test_second_moment_is_isotropic_as_stated(name: str) -> None:
    """Catches a wrong `isotropic_second_moment`: E wwᵀ ∝ I compared on two fixed orthogonal directions."""
    family, d = FAMILIES[name], 4
    W = draws(name, d, 60_000 if family.independent_neurons else 12_000)
    u, v = np.array([1.0, 1, 1, 1]) / 2, np.array([1.0, 0, 0, 0])
    gap = (u @ W) ** 2 - (v @ W) ** 2
    assert mean_within(gap, 0.0, 0) == family.isotropic_second_moment


@pytest.mark.theorem
@pytest.mark.parametrize("name", [name for name, family in FAMILIES.items() if family.moments > 1])
def test_rotation_invariance_as_stated(name: str) -> None:
    """Catches a wrong `rotation_invariant`: P(|w·u| < 0.3 ‖w‖) must be the same along an axis and along a diagonal."""
    family, d, n = FAMILIES[name], 3, 40_000
    W = draws(name, d, n if family.independent_neurons else 12_000)
    W = W[:, np.linalg.norm(W, axis=0) > 0]
    W = W / np.linalg.norm(W, axis=0)
    spread = [
        intervals.clopper_pearson(int(np.sum(np.abs(u @ W) < 0.3)), W.shape[1], FAMILY_ALPHA)
        for u in (np.array([1.0, 0, 0]), np.ones(3) / np.sqrt(3))
    ]
    overlap = max(low for low, _ in spread) <= min(high for _, high in spread)
    assert overlap == family.rotation_invariant
