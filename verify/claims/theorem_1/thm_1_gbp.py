"""Theorem 1 for GBP, its generalisation to every family, and the premise that broke."""

from __future__ import annotations

from dataclasses import replace

from nfrlab.simulations.dense import Rule, rule
from nfrlab.simulations.dense.arrays import Array
from nfrlab.simulations.dense.montecarlo import rectified
from nfrlab.theory.families import FAMILIES
from nfrlab.theory.limit.direction import gbp_limit, gbp_noise
from nfrlab.theory.limit.proofs import direction as direction_proofs
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination
from nfrlab.verify.court.evidence import Evidence, Kind
from nfrlab.verify.examine.derivation import PAPER, derived
from nfrlab.verify.examine.limit_direction import ISOTROPIC, NOT_ALIGNED, LimitPoint, limit_evidence, points

WITH_MEAN = tuple(name for name, family in FAMILIES.items() if family.moments > 1 and family.independent_neurons)
ANISOTROPIC = tuple(name for name in WITH_MEAN if not FAMILIES[name].rotation_invariant)
PREMISES = (
    "neurons independent, each with a rotation-invariant law, mean zero, not identically zero",
    "hidden relevance r of random output weights: i.i.d. N(0, 1), independent of W",
    "N → ∞; 'R ≈ x' read as lim α(R, x) = 1",
)
GBP: Rule = rule("gbp")


def aligns(exam: Examination) -> list[Evidence]:
    """Every isotropic family at every input."""
    return [
        derived(direction_proofs.isotropic_half_space_mean),
        *limit_evidence(exam, points(exam, GBP, ISOTROPIC)),
    ]


def anisotropic(exam: Examination) -> list[Evidence]:
    """The same for neurons along single axes: second moments isotropic, directions not."""
    return limit_evidence(exam, points(exam, GBP, ("axis",)))


def half_space_mean(family: str, x: Array) -> Array:
    """The theory's limit direction."""
    return FAMILIES[family].half_space_mean(x).value


def limit_direction(exam: Examination) -> list[Evidence]:
    """Every family with a mean: maps approach the theory's half-space mean, input or not."""
    chosen = exam.pick((", random signed", ", image patch", ", digit"), ("",))
    trial = [
        replace(point, error=gbp_limit(FAMILIES[point.family], point.x).error)
        for point in points(exam, GBP, WITH_MEAN, target=half_space_mean)
        if visible(point) and any(name in point.name for name in chosen)
    ]
    return [derived(direction_proofs.limit_direction), *limit_evidence(exam, trial)]


def anisotropic_points(exam: Examination, families: tuple[str, ...]) -> list[LimitPoint]:
    """GBP, RectGrad's r_0 and z⁺ with its bottom process, at real inputs that enough neurons see."""
    trials = (
        points(exam, GBP, families),
        points(exam, rule("rectgrad", q=0.9), families, bottom=False),
        points(exam, rule("zplus-gradient"), families, relevance=rectified),
    )
    named = [replace(point, name=f"{point.rule.name}, {point.name}") for trial in trials for point in trial]
    return [point for point in named if "image patch" in point.name and visible(point)]


def visible(point: LimitPoint) -> bool:
    """Whether enough neurons of the family see the input: not so for U[0, 1] at negative x, where `μ(x)` nearly
    vanishes.
    """
    return gbp_noise(FAMILIES[point.family], point.x) <= 30 * len(point.x)


def deviates(exam: Examination, families: tuple[str, ...]) -> list[Evidence]:
    """`lim α ≤ 1 − δ`, family by family and rule by rule."""
    return limit_evidence(exam, anisotropic_points(exam, families), claimed=NOT_ALIGNED)


def wrong_direction(exam: Examination) -> list[Evidence]:
    """Families that are not isotropic against the direction of an isotropic one."""
    trial = points(exam, GBP, ("axis", "powerlaw"), target=lambda _, x: half_space_mean("gaussian", x))
    return limit_evidence(exam, trial)


CLAIMS = (
    Claim(
        "thm-1-gbp",
        "Theorem 1 for GBP",
        f"{PAPER}, Theorem 1, eq. 17",
        "One hidden layer, random isotropic weights with zero mean: for N large the GBP map is the input up to scale.",
        PREMISES,
        (Kind.DERIVATION, Kind.MONTE_CARLO),
        aligns,
        BrokenPremise("isotropy destroyed: w = ±√d e_i", anisotropic),
    ),
    Claim(
        "thm-1-anisotropic",
        "Without isotropy the map deviates from the input",
        f"{PAPER}, Fig. 3 caption and Sec. IV-B",
        "One hidden layer, weights that are not isotropic: for N large the map of an NFR (GBP, RectGrad, z⁺) deviates "
        "from the input, lim α ≤ 0.98, for every such law, U[−1, 1] per entry above all.",
        (
            "neurons independent, a law that is not rotation-invariant, E‖w‖ < ∞",
            "x an image patch, as it is or normalised, seen by enough neurons (n₁ ≤ 30 d)",
            "'deviates' read as: by more than δ = 0.02",
        ),
        (Kind.MONTE_CARLO,),
        lambda exam: deviates(exam, ANISOTROPIC),
        BrokenPremise("isotropic weights", lambda exam: deviates(exam, ("gaussian",))),
    ),
    Claim(
        "thm-1-limit",
        "The limit direction for every family",
        "generalises Theorem 1; repairs the prediction of Fig. 3",
        "For every family with a mean, isotropic or not, the GBP map tends in direction to μ(x) = E[w 1(w·x > 0)] = "
        "∇ₓ E relu(w·x).",
        ("neurons independent, E‖w‖ < ∞, x seen by enough neurons (n₁ ≤ 30 d)", "r i.i.d. N(0, 1), independent of W"),
        (Kind.DERIVATION, Kind.MONTE_CARLO),
        limit_direction,
        BrokenPremise("the isotropic direction x claimed for anisotropic families", wrong_direction),
        repairs="thm-1-anisotropic",
    ),
)
