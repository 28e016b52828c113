"""The law of α at finite N: one hidden layer of rotation-invariant weights, and any number of neurons.

With hidden weights s_j on the K neurons that pass, `c_j = w_j·x̂ > 0` and b_j the size of w_j beside x̂,
`α = T / √(T² + H)`, `T = Σ s_j c_j / √Σ s_j² b_j²`: the rest of the map is a vector of d − 1 dimensions beside x̂. For
a Gaussian scale mixture H ~ χ²_{d−1}, whatever s is. So α depends on d through H alone, and on rule and N through T.
Gaussian weights:

    activation  s = z          T² ~ χ²_K                                                             exact
    constant    s = 1          E T = √(2K/π),                            E T² = 1 + (2/π)(K − 1)
    gbp         s = |r|        E T = (√2/π) K Γ(K/2) / Γ((K + 1)/2),     E T² = 1 + (4/π²)(K − 1)
    rectgrad    s = r, A r > τ: of n = N − 1 − ⌊q(N − 1)⌋ neurons, independent given the largest A r not passed

Elsewhere the moments of T are those of a self-normalised sum, by quadrature (`theory.finite_width.self_normalised`),
given the largest neuron where there are many Student ones (`theory.finite_width.heavy_tails`). In few dimensions T is
rescaled to E α over hyperplanes (`theory.finite_width.hyperplanes`): d < 12 for spheres and rings, d < 6 and N ≤ 100
for scale mixtures. Given K, T² is taken to be the Gamma variable with the two moments of T. K is Bin(N, ½), for gbp
Bin(N, ¼). The gradient's map is isotropic for every such layer: `α² ~ Beta(½, (d − 1)/2)`, exact. One Haar frame and
Activation: `α² ~ Beta(K/2, (d − K)/2)`, exact. Derivations: `theory.finite_width.proofs`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from math import exp, isfinite, log, pi, sqrt

import numpy as np
import scipy
from jaxtyping import Float

from nfrlab.theory.families import FAMILIES
from nfrlab.theory.finite_width import hyperplanes
from nfrlab.theory.finite_width.heavy_tails import Sizes, log_half_normal, mixture
from nfrlab.theory.finite_width.mixture import PASSING, AlignmentLaw, Parts, match_moments, neurons_passing, rescale
from nfrlab.theory.finite_width.one_neuron import FEW, MIXTURES, RADIAL, neuron, relevance_size
from nfrlab.theory.finite_width.rectgrad import least_layer, rectgrad_law
from nfrlab.theory.finite_width.self_normalised import Moments, moments
from nfrlab.theory.numerics.vectors import Array

MANY = {"activation": 20, "constant": 24, "gbp": 48}  # Student neurons beyond which the largest is treated separately
FEW_NEURONS = 100  # up to which the mean of a scale mixture is taken over hyperplanes, in few dimensions
WIDE = 500  # N/d from which the gap of a sphere or ring is too small to be told from quadrature errors
MOST = 10**12  # neurons of a layer
KAPPA = {"activation": 2.0, "constant": pi, "gbp": pi**2}  # κ of `tan² → κ (d − 1)/N` at Gaussian weights
ISOTROPIC = (*MIXTURES, *RADIAL)
LAWS = (*((rule, family) for rule in PASSING for family in ISOTROPIC), ("grad", "haar"), ("activation", "haar"))


def constant_moments(K: float) -> tuple[float, float]:
    """(E T, E T²) on K neurons for s = 1 and Gaussian weights."""
    return sqrt(2 * K / pi), 1 + 2 / pi * (K - 1)


def gbp_moments(K: float) -> tuple[float, float]:
    """(E T, E T²) on K neurons for s = |r|, r i.i.d. N(0, 1), and Gaussian weights."""
    return sqrt(2) / pi * K / float(scipy.special.poch(K / 2, 0.5)), 1 + 4 / pi**2 * (K - 1)


MOMENTS: dict[str, Callable[[float], tuple[float, float]]] = {
    "constant": constant_moments,
    "gbp": gbp_moments,
    "activation": lambda K: (sqrt(2) * float(scipy.special.poch(K / 2, 0.5)), K),
}


def gaussian_parts(rule: str, K: Float[Array, " k"], d: int) -> Parts:
    """(m, h, c) of the law given each K, for Gaussian weights in R^d, from the closed forms."""
    pairs = np.array([MOMENTS[rule](float(k)) for k in K])
    if rule == "activation":
        return K / 2, np.full_like(K, (d - 1) / 2), np.ones_like(K)
    return match_moments(Moments(pairs[:, 0], pairs[:, 1], 0 * K), d, gaussian=True)


def independent_law(rule: str, family: str, d: int, N: int, relevance: str) -> AlignmentLaw:
    """The law of constant weights, Activation or GBP at independent neurons. Takes the arguments of `alignment_law`.

    Raises `ValueError` for a sphere or ring of few dimensions and relevance that is not normal.
    """
    if family in RADIAL and d < FEW and WIDE * d > N:
        if relevance != "normal":
            raise ValueError(f"the law for {relevance} relevance and {family} weights needs d ≥ {FEW}, got {d}")
        # beside x̂ such neurons are far from Gaussian: the Gaussian law, rescaled to their exact mean, is nearer
        law = law_by_number(rule, "gaussian", d, N, "normal")
        return replace(rescale(law, hyperplanes.mean_alignment(rule, family, d, N)) if d > 1 else law, family=family)
    heavy = FAMILIES[family].heavy_tailed
    many = heavy and MANY[rule] < N
    law = heavy_tailed_law(rule, d, N, relevance) if many else law_by_number(rule, family, d, N, relevance)
    few = 1 < d < hyperplanes.NARROW and 1 < N <= FEW_NEURONS
    if family in RADIAL or not few or law.exact or (many and rule == "activation"):
        return law
    one = student_sizes(rule, relevance).whole() if heavy else neuron(rule, family, d, relevance=relevance)
    transform, drift = partial(hyperplanes.neuron_transform, one), float(one.probability @ one.along)
    return rescale(law, hyperplanes.mean_of_layer(transform, drift, d, N, PASSING[rule]))


def law_by_number(rule: str, family: str, d: int, N: int, relevance: str) -> AlignmentLaw:
    """The law with T matched for every number K of neurons that pass; one alone has `α² ~ Beta(½, (d − 1)/2)`."""
    K, weight, nobody = neurons_passing(rule, N)
    if FAMILIES[family].gaussian and relevance == "normal":
        m, h, c = gaussian_parts(rule, K, d)
    else:
        one = neuron(rule, family, d, relevance=relevance)
        m, h, c = match_moments(moments(one, K), d, one.gaussian)
    alone = 0.5, (d - 1) / 2, 1.0
    m, h, c = (np.where(K == 1, exact, part) for exact, part in zip(alone, (m, h, c), strict=True))
    exact = rule == "activation" and FAMILIES[family].gaussian
    return AlignmentLaw(rule, family, d, N, weight, m, h, c, nobody, exact=exact)


def student_sizes(rule: str, relevance: str) -> Sizes:
    """The law of the sizes of Student neurons: λ² z for Activation, λ|r| for GBP, else λ."""
    if rule == "activation":
        return Sizes(log_half_normal(), power=2)
    return Sizes(relevance_size(relevance)) if rule == "gbp" else Sizes()


def heavy_tailed_law(rule: str, d: int, N: int, relevance: str) -> AlignmentLaw:
    """The law of many Student neurons: a mixture over the largest of them too (`theory.finite_width.heavy_tails`)."""
    # K is nearly normal, and the law changes little with it: five nodes do
    p, (nodes, weight) = PASSING[rule], scipy.special.roots_hermitenorm(5)
    K = np.maximum(N * p + nodes * sqrt(N * p * (1 - p)), 1)
    chance, (m, h, c) = mixture(student_sizes(rule, relevance), d, K, N * p)
    total = np.repeat(weight / weight.sum(), len(m) // len(K)) * chance
    return AlignmentLaw(rule, "student", d, N, total, m, h, c, (1 - p) ** N)


def alignment_law(rule: str, family: str, d: int, N: int, q: float = 0.9, relevance: str = "normal") -> AlignmentLaw:
    """The law of α of the map r_0, for a rule at a layer of N neurons in R^d.

    Where it is not exact its mean is within about 0.001 of the truth (Activation at Student weights: 0.002) and its
    distribution within 0.02, at d = 2 within 0.025. Raises `ValueError` where there is no law, and for an empty shape.

    Parameters
    ----------
    rule
        grad, activation, constant, gbp or rectgrad.
    family
        One of `ISOTROPIC`, with hidden relevance i.i.d. N(0, 1); or haar, for grad and activation.
    d, N
        Dimension of the input and number of neurons.
    q
        The level of RectGrad's quantile.
    relevance
        For gbp the law of the hidden relevance, one of `theory.finite_width.one_neuron.RELEVANCES`, all symmetric.
    """
    check_known(rule, family)
    if d < 1 or N < 1:
        raise ValueError(f"a layer needs d ≥ 1 and N ≥ 1, got d = {d}, N = {N}")
    if N > MOST:
        raise ValueError(f"the law is computed up to N = {MOST:,}, got {N:,}")
    if relevance != "normal" and rule != "gbp":
        raise ValueError(f"a hidden relevance that is not normal is for gbp, not for {rule}")
    if rule == "grad":
        half, nobody = np.full(1, 0.5), 0.5**N
        return AlignmentLaw(
            rule, family, d, N, np.ones(1), half, half * (d - 1), np.ones(1), nobody, signed=True, exact=True
        )
    if FAMILIES[family].orthonormal:
        return haar_law(d, N)
    return rectgrad_law(family, d, N, q) if rule == "rectgrad" else independent_law(rule, family, d, N, relevance)


def haar_law(d: int, N: int) -> AlignmentLaw:
    """Activation at one Haar frame: `α² ~ Beta(K/2, (d − K)/2)`. Raises `ValueError` for N > d."""
    if d < N:
        raise ValueError(f"the law of one Haar frame needs N ≤ d, got d = {d}, N = {N}")
    K, weight, nobody = neurons_passing("activation", N)
    return AlignmentLaw("activation", "haar", d, N, weight, K / 2, (d - K) / 2, np.ones_like(K), nobody, exact=True)


def least_width(mean: Callable[[int], float], target: float, least: int = 1, most: int = MOST) -> int:
    """The least N from `least` to `most` at which a mean that rises with N reaches the target.

    Raises `ValueError` unless 0 < target < 1, and where no N ≤ `most` reaches it.
    """
    if not (isfinite(target) and 0 < target < 1):
        raise ValueError(f"the target is a mean α strictly between 0 and 1, got {target}")
    low = high = least
    while high < most and mean(high) < target:
        low, high = high, min(8 * high, most)
    if mean(high) < target:
        raise ValueError(f"no N ≤ {most} reaches a mean α of {target}")
    if high == low:
        return high
    # the root in log N, exact up to the rounding of N; from there in steps that grow, then by halves: near 1 the mean,
    # a float, stays the same for thousands of N
    root = scipy.optimize.brentq(lambda log_N: mean(round(exp(log_N))) - target, log(low), log(high), xtol=0.1 / high)
    guess, step = round(exp(root)), 1
    while high - low > 1:
        N = guess if low < guess < high else (low + high) // 2
        if mean(N) < target:
            low, guess = N, N + step
        else:
            high, guess = N, N - step
        step *= 2
    return high


def check_known(rule: str, family: str) -> None:
    """Raise `ValueError` where there is no law of the rule at weights of the family."""
    if (rule, family) not in LAWS:
        known = ", ".join(sorted({family for _, family in LAWS}))
        raise ValueError(f"no law of α for {rule} and {family} weights; rules: {', '.join(PASSING)}; families: {known}")


def required_neurons(target: float, rule: str, family: str, d: int, q: float = 0.9, relevance: str = "normal") -> int:
    """The least N whose mean α reaches `target`. Takes the other arguments of `alignment_law`.

    Raises `ValueError` unless 0 < target < 1, for a rule whose mean does not rise, and where no N for which there is a
    law reaches it.
    """
    if rule == "grad":
        raise ValueError("the plain gradient has mean α = 0 at every N: no width is enough")
    least = least_layer(q) if rule == "rectgrad" else 1
    check_known(rule, family)
    most = d if FAMILIES[family].orthonormal else MOST
    return least_width(lambda N: alignment_law(rule, family, d, N, q, relevance).mean, target, least, most)
