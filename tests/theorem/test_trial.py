"""`pytest -m theorem`: every claim is tried and every weight family is what the theory says it is."""

from __future__ import annotations

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from nfrlab.simulations.dense import sample
from nfrlab.simulations.images import ImageSet
from nfrlab.simulations.seeds import seed_sequence
from nfrlab.theory.families import FAMILIES
from nfrlab.verify import intervals
from nfrlab.verify.court.budget import CAPACITY, RUN_BUDGET
from nfrlab.verify.court.verdict import Status, Verdict
from nfrlab.verify.proceedings import store
from nfrlab.verify.proceedings.record import entry, on_record
from nfrlab.verify.proceedings.registry import REGISTRY
from nfrlab.verify.proceedings.trial import try_claim

COURT = [id for id, claim in REGISTRY.items() if not claim.on_deep_networks]
DEEP = [id for id, claim in REGISTRY.items() if claim.on_deep_networks]
SEED = 2503_11160
FAMILY_ALPHA = 1e-7


@pytest.mark.theorem
@pytest.mark.parametrize("id", COURT)
def test_claim_is_decided(id: str, images: ImageSet) -> None:
    """Catches a claim that comes out undecided or other than it is on record, a control that is not refuted, and an
    overspent error budget.
    """
    verdict = try_claim(REGISTRY[id], SEED, "quick", images)
    assert verdict.decided, f"{id}: {verdict.status}, control {verdict.control.status}"
    assert entry(verdict.as_json()) == on_record()[id], "not what is on record; see verify/proceedings/record.py"
    assert verdict.spent <= RUN_BUDGET / CAPACITY * (1 + 1e-9)
    validate(verdict)


@pytest.mark.theorem
@pytest.mark.parametrize("id", DEEP)
def test_claim_on_deep_networks_names_what_it_lacks(id: str, images: ImageSet) -> None:
    """Catches a verdict on deep networks without a measurement; tests/test_bridge_claims.py judges measured ones."""
    verdict = try_claim(REGISTRY[id], SEED, "quick", images)
    assert (verdict.status, verdict.control.status) == (Status.NOT_RUN, Status.NOT_RUN)
    assert verdict.passed
    assert "nfrlab bridge" in verdict.missing
    assert verdict.spent == 0
    validate(verdict)


def validate(verdict: Verdict) -> None:
    """Raises where the stored form is not what the schema says."""
    schema = {"$ref": "#/$defs/verdict", "$defs": store.schema()["$defs"]}
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
