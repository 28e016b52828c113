"""What is known of α_∞ family by family: in words, the worst direction, and the derivation that it rests on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from nfrlab.theory.families import FAMILIES
from nfrlab.theory.limit.proofs import bounds, boxes, direction
from nfrlab.theory.limit.proofs import worst_alignment as proofs
from nfrlab.theory.limit.worst_alignment import Worst, worst
from nfrlab.theory.numerics.proof import Derivation


@dataclass(frozen=True, kw_only=True)
class LimitFacts:
    """What is known of α_∞ of one family.

    Parameters
    ----------
    words
        μ, the worst direction and the value there, to five digits.
    derive
        The derivation.
    dimension, margin
        The d in which the worst direction is sampled, and how closely samples are held to the value there.
    floor, bulk
        The derivations of a floor for every d, and of the value `approached` as d grows, where there are any.
    certified
        Further d in which the worst value is certified.
    """

    words: str
    derive: Callable[[], Derivation]
    dimension: int = 4
    margin: float = 0.02
    floor: Callable[[], Derivation] | None = None
    bulk: Callable[[], Derivation] | None = None
    approached: float = 0.0
    certified: tuple[int, ...] = ()

    def worst(self, name: str) -> Worst:
        """The worst direction of the family of that name, in the dimension that is sampled."""
        return worst(name, self.dimension)


def isotropic(dimension: int = 4, margin: float = 0.02) -> LimitFacts:
    """Rotation-invariant laws."""
    words = "μ ∝ x: α_∞ = 1 for every x; there is no worst direction"
    return LimitFacts(words=words, derive=direction.isotropic_half_space_mean, dimension=dimension, margin=margin)


SEARCHED = LimitFacts(
    words="no x with a smaller α_∞ than the least that descents find, d = 4", derive=direction.limit_direction
)
"""A law that is not rotation invariant, and of which nothing more is known than μ."""

FACTS = {
    "haar": isotropic(dimension=8),
    "tilted": isotropic(margin=0.05),
    "powerlaw": LimitFacts(
        words=("μ ∝ Σx; worst 2√(λ₁λ_d)/(λ₁ + λ_d) at x_1² : x_d² = λ_d : λ_1, 0.80000 for d = 4"),
        derive=proofs.kantorovich,
    ),
    "axis": LimitFacts(
        words=(
            "α_∞ = ‖x‖₁/(√k ‖x‖₂), k the number of non-zero entries; infimum 1/√d approached at e_1 + ε 1, 0.50000 for "
            "d = 4"
        ),
        derive=proofs.signs,
    ),
    "uniform01": LimitFacts(
        words=("α_∞ = ‖x‖₁/(√d ‖x‖₂) for x ≥ 0; worst 1/√d at e_1, 0.50000 for d = 4; 0 is approached over signed x"),
        derive=proofs.signs,
    ),
    "shifted": LimitFacts(
        words=("μ = m Φ(m·x̂) + x̂ φ(m·x̂), m = ¼ 1; worst 0.84133 for d = 4, at one angle to m"),
        derive=proofs.shifted_normal,
    ),
    "uniform": LimitFacts(
        words=(
            "α_∞² = (3 + s)²/((9 − 2s + s²)(1 + s)), s = Σ_{i≥2} x_i²/x_1², where x_1 ≥ Σ_{i≥2} |x_i|; worst 0.99331 "
            "for d = 2, at s = 2√7 − 5; 0.99324 is approached as d grows, and no x in any d has less than 2√6/5 = "
            "0.9798"
        ),
        derive=boxes.uniform_law,
        dimension=2,
        margin=0.003,
        floor=bounds.uniform_floor,
        bulk=bounds.bulk,
        approached=0.99324,
        certified=(3,),
    ),
    "laplace": LimitFacts(
        words=(
            "for d = 2 E|w·x| is that of U[−1, 1] turned by 45°; worst 0.99331 at x_2/x_1 = (1 − √s)/(1 + √s), s = 2√7 "
            "− 5; 0.9882 is approached as d grows, and no x in any d has less than √π/2 = 0.8862"
        ),
        derive=boxes.uniform_law,
        dimension=2,
        margin=0.003,
        floor=bounds.laplace_floor,
        bulk=bounds.bulk,
        approached=0.9882,
    ),
    "sparse": LimitFacts(
        words=(
            "μ is constant on the chambers of the planes w·x = 0, w ∈ {−1, 0, 1}^d; infimum 1/√(1 + 0.9² + 0.9⁴) = "
            "0.63679 for d = 3, approached at e_1 from x_1 ≫ x_2 ≫ x_3"
        ),
        derive=proofs.sparse_chambers,
        dimension=3,
    ),
}


def limit_facts(name: str) -> LimitFacts:
    """What is known of a family with a mean. Raises `KeyError` for an unknown one."""
    known = isotropic() if FAMILIES[name].rotation_invariant else SEARCHED
    return FACTS.get(name, known)
