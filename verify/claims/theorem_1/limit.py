"""For every weight family: α_∞(x), its worst direction and the value there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import acos, sqrt

import numpy as np

from nfrlab.simulations.dense import alignment
from nfrlab.simulations.dense.arrays import Array
from nfrlab.simulations.dense.montecarlo import hidden_maps, ones
from nfrlab.theory.families import FAMILIES
from nfrlab.theory.limit import bulk_alignment, worst_alignment
from nfrlab.theory.limit.direction import gbp_limit
from nfrlab.theory.limit.facts import LimitFacts, limit_facts
from nfrlab.theory.limit.proofs import no_mean
from nfrlab.theory.limit.worst_alignment import Worst
from nfrlab.verify import intervals
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination
from nfrlab.verify.court.evidence import Claimed, Evidence, Finding, Kind
from nfrlab.verify.examine.derivation import derivation_evidence
from nfrlab.verify.examine.limits.map_point import GBP, MapPoint, stretched, weights
from nfrlab.verify.examine.limits.mean_map import (
    MeanPoint,
    alignment_evidence,
    enclosure_evidence,
    predicted_length,
    predicted_point,
)
from nfrlab.verify.examine.limits.wide_layers import PLANE
from nfrlab.verify.examine.limits.worst_direction import worse_direction_evidence
from nfrlab.verify.examine.stated_draws import dyadic
from nfrlab.verify.examine.statistics import median_evidence

SHARP, SHARP_OF_FRAMES = (5e-4, 0.01), (8e-3, 0.05)
"""Margins of the cosine with μ(x) at x = (1, 1), and the relative ones of its length."""
STRETCH = 1.25
"""By how much one axis is longer in the negative controls."""
TIGHT = 1e-4
"""An enclosure of the infimum that is wider than this decides nothing."""
PREMISES = (
    "one hidden layer, N → ∞, hidden relevance independent of the weights and non-negative where it arrives (here 1)",
    "α_∞(x) = cos(μ(x), x), μ(x) = E[w 1(w·x > 0)]",
    "sampled at the worst direction and at a 2×2 colour patch of an image; margin 0.02 (0.003 at a worst value above "
    "0.99; tilted 0.05)",
    "sampled intervals rest on the second moments of a neuron as the family states them",
)
NOTICES = {
    "gaussian": ("axis-5", "gaussian-is-laplace"),
    "student": ("dof-5", "axis-5"),
    "haar": ("axis-20",),
    "tilted": ("axis-20",),
    "uniform": ("axis-5", "uniform-is-gaussian"),
    "laplace": ("axis-5", "laplace-is-gaussian"),
    "sparse": ("axis-5", "sparse-20"),
    "powerlaw": ("axis-5", "power-20"),
    "shifted": ("axis-5", "shift-20"),
}
"""The breaks that the claim on a family notices; of other families a longer axis."""
BLIND = (
    "μ(x) knows a neuron's direction and its mean length: not how lengths scatter around that, nor the angles between "
    "the neurons of a frame, nor GBP's filter, as relevance is 1; and a small bias moves it in second order only."
)
CAUCHY_PREMISES = (
    "one hidden layer, N → ∞, hidden relevance 1 (any positive one with E s < ∞)",
    "x with k non-zero entries",
)
CAUCHY_X = np.array([2.0, 1.0])
CAUCHY_LIMIT = 3 / sqrt(10)
"""‖x‖₁/(√k ‖x‖₂) at `CAUCHY_X`."""
WIDTHS = 1 << 12, 1 << 16
"""A large width, in profile quick and full."""
NEAR, DELTA_MEDIAN, TRIALS = 0.1, 0.03, 2000
"""How near to the limit a map counts, the median's resolution, and the maps at each width."""


def worst_value_evidence(exam: Examination, worst: Worst) -> Evidence:
    """The certified α_∞ at the worst direction, held against the claimed value.

    Where the value is only approached, μ does not change on the way to e_1, so that α_∞ is off by at most the angle
    that is left.
    """
    limit = gbp_limit(FAMILIES[worst.family], round_on_lattice(worst.family, worst.x))
    gap = 0.0 if worst.attained else acos(float(np.max(worst.x)) / float(np.linalg.norm(worst.x)))
    statement = f"inf α_∞ = {worst.low:.6f} over {worst.domain}, d = {len(worst.x)}: the value there"
    details = {"x": [float(t) for t in worst.x], "attained": worst.attained}
    method = f"{worst.how}; against quadrature or exact sums"
    found = enclosure_evidence(
        statement, limit, Claimed.between(worst.low, worst.high + gap, resolution=1e-9), method, details
    )
    return found if worst.high - worst.low <= TIGHT else replace(found, finding=Finding.UNDECIDED)


def round_on_lattice(family: str, x: Array) -> Array:
    """x itself or, for entries on a lattice, x scaled and rounded to the small rationals that exact sums need."""
    return dyadic(x / np.max(np.abs(x)), 6) if FAMILIES[family].lattice else x


def random_directions(exam: Examination, worst: Worst, n: int) -> list[Array]:
    """About n random x in the domain of the infimum, from Gaussian to very uneven ones; no entry is 0."""
    rng, d = exam.rng("directions"), len(worst.x)
    drawn = rng.standard_normal((n, d)) * np.exp(rng.standard_normal((n, d)) * np.linspace(0, 2, n)[:, None])
    signed = drawn if worst.domain == worst_alignment.EVERYWHERE else np.abs(drawn)
    return [y for x in signed if np.all(y := round_on_lattice(worst.family, x))]


def none_below_evidence(exam: Examination, worst: Worst) -> Evidence:
    """A search at random x for an α_∞ smaller than claimed."""
    family = FAMILIES[worst.family]
    tried = random_directions(exam, worst, exam.pick(100, 2000))
    values = [(limit.value + limit.error, x) for x in tried if (limit := gbp_limit(family, x))]
    least, x = min(values, key=lambda pair: pair[0])
    below = least < worst.low - 1e-12
    return Evidence(
        kind=Kind.SEARCH,
        statement=f"no x with α_∞ below {worst.low:.6f}",
        finding=Finding.REFUTES if below else Finding.SILENT,
        method="certified α_∞ at random x",
        n=len(tried),
        details={"least": float(least), "x": [float(t) for t in x]},
    )


def image_patch(exam: Examination) -> Array:
    """A 2×2 colour patch of an image, x ∈ R¹²."""
    return dyadic(exam.images.patch(2, exam.rng("patch")), 8)


def examine_limit(exam: Examination, name: str) -> list[Evidence]:
    """Derivation, certified value, search, and samples at the worst direction and at an image patch."""
    facts = limit_facts(name)
    worst, delta = facts.worst(name), facts.margin
    x = round_on_lattice(name, worst.x)
    miss = exam.budget.spend(2, 0.5)
    return [
        derivation_evidence(facts.derive),
        *beyond_the_plane_evidence(exam, name, facts),
        worst_value_evidence(exam, worst),
        none_below_evidence(exam, worst),
        *alignment_evidence(exam, predicted_point(name, x, f"{name}, worst direction, d = {len(x)}", delta), miss),
        *alignment_evidence(
            exam, predicted_point(name, image_patch(exam), f"{name}, image patch, d = 12", max(0.02, delta)), miss
        ),
        *in_the_plane_evidence(exam, name, 0.5),
    ]


def in_the_plane_evidence(exam: Examination, name: str, share: float = 1.0, factor: float = 1.0) -> list[Evidence]:
    """Samples at x = (1, 1): the direction and the length of μ(x); of frames, which are slow to draw, not so closely.

    With a factor above 1 one axis of the neurons is longer than claimed.
    """
    drawn = stretched(weights(name), factor) if factor > 1 else weights(name)
    mean = FAMILIES[name].half_space_mean(PLANE).value
    margin, long = SHARP if FAMILIES[name].independent_neurons else SHARP_OF_FRAMES
    point = MapPoint(f"{drawn.name}, x = (1, 1) against μ(x)", GBP, drawn, PLANE, mean, ones)
    trial = MeanPoint(point, Claimed.exactly(1.0, margin), predicted_length(name, PLANE, long))
    return alignment_evidence(exam, trial, exam.budget.spend(1, share))


def beyond_the_plane_evidence(exam: Examination, name: str, facts: LimitFacts) -> Sequence[Evidence]:
    """What is known of U[−1, 1] and Laplace beyond d = 2; nothing for other families.

    The floor for all d, the value approached as d grows, a search for a worse x, and in profile full the certified
    worst value of U[−1, 1] for d = 3.
    """
    if facts.floor is None or facts.bulk is None:
        return ()
    least, printed = bulk_alignment.bulk_minimum(name), facts.approached
    approached = Evidence.from_interval(
        Kind.ENCLOSURE,
        f"(1, bulk), d → ∞: the least α_∞ is {printed} ± 5e-5",
        (least.low, least.high),
        Claimed.within(printed, 5e-5),
        "branch and bound in ball arithmetic over 0.02 ≤ s ≤ 2, s the bulk's squared length",
        details={"s": least.point[0], "worst of d = 2": facts.worst(name).low},
    )
    return (
        derivation_evidence(facts.floor),
        derivation_evidence(facts.bulk),
        approached,
        *(worst_value_evidence(exam, worst_alignment.worst(name, d)) for d in exam.pick((), facts.certified)),
        *(worse_direction_evidence(exam, name, d, exam.pick(1, 6)) for d in exam.pick((3,), (3, 5, 8, 27))),
    )


def claim(name: str) -> Claim:
    """The claim `limit-<family>` of a family with a mean."""
    return Claim(
        id=f"limit-{name}",
        title=f"Limit alignment and worst direction: {name}",
        source="makes Theorem 1's 'isotropic' a number",
        statement=f"{FAMILIES[name].statement}: {limit_facts(name).words}.",
        premises=PREMISES,
        examine=lambda exam: examine_limit(exam, name),
        control=BrokenPremise(
            premise=f"one axis of the weights × {STRETCH}",
            examine=lambda exam: in_the_plane_evidence(exam, name, factor=STRETCH),
        ),
        notices=NOTICES.get(name, ("axis-5",)),
        blind=BLIND,
    )


def cauchy_alignments(exam: Examination, family: str, N: int, trials: int) -> Array:
    """α of `trials` maps at x = (2, 1), each through N fresh neurons."""
    maps = hidden_maps(GBP, family, CAUCHY_X, N, trials, exam.rng(f"{family} {N}"), ones)
    return np.array([alignment(R, CAUCHY_X) for R in maps])


def cauchy_median_evidence(exam: Examination, many: Array, N: int, miss: float) -> Evidence:
    """The median of these α at width N, held against the limit."""
    return median_evidence(
        f"median α at x = (2, 1), N = {N}, against the limit 3/√10 = {CAUCHY_LIMIT:.4f}",
        many,
        Claimed.exactly(CAUCHY_LIMIT, DELTA_MEDIAN),
        miss,
        details={"N": N, "quartiles": [float(q) for q in np.quantile(many, (0.25, 0.75))]},
    )


def examine_gaussian_in_place_of_cauchy(exam: Examination) -> list[Evidence]:
    """The limit of Cauchy weights claimed where Gaussian ones are drawn."""
    N = exam.pick(*WIDTHS)
    return [cauchy_median_evidence(exam, cauchy_alignments(exam, "gaussian", N, TRIALS), N, exam.budget.spend(1))]


def cauchy_evidence(exam: Examination) -> list[Evidence]:
    """The median at a large width held against the limit, and the growth of the share of maps near the limit."""
    miss = exam.budget.spend(3)
    narrow, wide = 16, exam.pick(*WIDTHS)
    few, many = (cauchy_alignments(exam, "cauchy", N, TRIALS) for N in (narrow, wide))
    shares = [
        intervals.clopper_pearson(int(np.sum(np.abs(values - CAUCHY_LIMIT) <= NEAR)), len(values), miss)
        for values in (few, many)
    ]
    growth = shares[1][0] - shares[0][1], shares[1][1] - shares[0][0]
    return [
        cauchy_median_evidence(exam, many, wide, miss),
        Evidence.from_interval(
            Kind.MONTE_CARLO,
            f"P(|α − α_∞| ≤ {NEAR}) is larger at N = {wide} than at N = {narrow}",
            growth,
            Claimed.between(0.0, 1.0),
            "two Clopper–Pearson intervals",
            miss=2 * miss,
            n=len(few) + len(many),
            details={"quartiles at the small N": [float(q) for q in np.nanquantile(few, (0.25, 0.75))]},
        ),
    ]


CAUCHY = Claim(
    id="limit-cauchy",
    title="Limit alignment and worst direction: cauchy",
    source="makes Theorem 1's 'isotropic' a number",
    statement=(
        "Entries i.i.d. Cauchy: w has no mean and μ(x) does not exist, yet α → ‖x‖₁/(√k ‖x‖₂) in probability, k the "
        "number of non-zero entries, at rate 1/log N; for d ≥ 2 almost surely at no x; infimum 1/√d approached at e_1 "
        "+ ε 1."
    ),
    premises=CAUCHY_PREMISES,
    examine=lambda exam: [derivation_evidence(no_mean.cauchy_limit), *cauchy_evidence(exam)],
    control=BrokenPremise(premise="Gaussian weights, which have a mean", examine=examine_gaussian_in_place_of_cauchy),
    notices=("alpha-5", "alpha-20"),
    blind="Biases of 20 % of the weights move a median at a rate of 1/log N by less than the margin.",
)

CLAIMS = (*(claim(name) for name, family in FAMILIES.items() if family.moments > 1), CAUCHY)
