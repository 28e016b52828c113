"""Cosine similarity convergence in random dense stacks: what two relevances become, held against its laws."""

from __future__ import annotations

from collections.abc import Callable

from nfrlab.theory.numerics.proof import Derivation
from nfrlab.theory.rivals.alpha_beta import alpha_beta_cosines
from nfrlab.theory.rivals.convergence import COSINES, aligned_cosines, gradient_squares
from nfrlab.theory.rivals.proofs.alpha_beta import alpha_beta_step
from nfrlab.theory.rivals.proofs.pairs import pair_step
from nfrlab.verify.claims.premises import PAPER
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination, RestoredPremise
from nfrlab.verify.court.evidence import Evidence
from nfrlab.verify.examine.derivation import derivation_evidence
from nfrlab.verify.examine.stacks.pairs import (
    MARGIN,
    Met,
    Sizes,
    Widths,
    at_most,
    cosines_evidence,
    sizes_evidence,
)

SOURCE = "cosine similarity convergence of Sixt, Granz & Landgraf 2020, as a law of random stacks"
CONSTANT: Widths = (512,) * 4
QUICK: tuple[Widths, ...] = (CONSTANT,)
FULL: tuple[Widths, ...] = (*QUICK, (784, 1024, 512, 1024), (512,) * 8, (27, *(1024,) * 5))
NARROW: Widths = (64,) * 4
"""Where E cos² of the gradient is large enough for a margin to tell."""
WHOLE: Widths = (512, 1024, 1024, 1024)
WHOLE_FULL: tuple[Widths, ...] = (WHOLE, (1000, 2048, 2048, 2048, 2048))
"""Stacks whose weights are drawn whole."""
SCATTERED = 0.2
"""The share of stacks outside the margin on one side that n allows for at β = 1, where a pilot had 0.15."""
STACKS = "bias-free stacks with i.i.d. Gaussian weights; v_1, v_2 ~ N(0, I) enter at one layer, at one image's masks"
REDUCED = "biases, and weights that are not Gaussian: the stacks are drawn from the law that these would have"


def written(stacks: tuple[Widths, ...]) -> str:
    """Widths as premises list them."""
    return "; ".join("–".join(map(str, widths)) for widths in stacks)


def examined(exam: Examination, rule: str, law: str = "") -> list[Evidence]:
    """The mean cosine under a rule at every layer of every stack, against the law of that rule or of another one."""
    trial = [(Met(rule, widths), COSINES[law or rule](widths)) for widths in exam.pick(QUICK, FULL)]
    return cosines_evidence(exam, trial if not law else trial[:1])


def with_derivation(
    derive: Callable[[], Derivation], examine: Callable[[Examination], list[Evidence]]
) -> Callable[[Examination], list[Evidence]]:
    """An examination that checks the law's derivation first."""
    return lambda exam: [derivation_evidence(derive), *examine(exam)]


def examine_gradient(exam: Examination, mean: float = 0.0) -> list[Evidence]:
    """E cos = 0, and E cos² at most its bound, of relevances whose entries have this mean."""
    stacks = exam.pick(QUICK, FULL)[: 1 if mean else None]
    squares = [(Met("grad", NARROW, 2, mean), gradient_squares(NARROW))]
    return [
        *cosines_evidence(exam, [(Met("grad", each, 1, mean), COSINES["grad"](each)) for each in stacks], 0.5),
        *cosines_evidence(exam, squares, 0.5, at_most),
    ]


def examine_zplus(exam: Examination, beta: float = 0.0) -> list[Evidence]:
    """Mean |cos| under z⁺, or under another β, against the law of z⁺."""
    stacks = exam.pick((WHOLE,), WHOLE_FULL)
    return sizes_evidence(exam, [(Sizes(each, (beta,)), [alpha_beta_cosines(0.0, each)]) for each in stacks])


def examine_alpha_beta(exam: Examination) -> list[Evidence]:
    """Mean |cos| at β = 1 and 4 against the law, and its change from β = 0 to 1 to 4."""
    betas = 0.0, 1.0, 4.0
    stacks = exam.pick((WHOLE,), WHOLE_FULL)
    laws = [[alpha_beta_cosines(beta, each) if beta else [None] * (len(each) - 1) for beta in betas] for each in stacks]
    trial = [(Sizes(each, betas), law) for each, law in zip(stacks, laws, strict=True)]
    return sizes_evidence(exam, trial, falling=True, outside=SCATTERED)


def examine_other_beta(exam: Examination) -> list[Evidence]:
    """The law of β = 1 claimed at β = 3/2, below the first layer, where cosines tell."""
    claimed = [None, *alpha_beta_cosines(1.0, WHOLE)[1:]]
    return sizes_evidence(exam, [(Sizes(WHOLE, (1.5,)), [claimed])])


def examine_product(exam: Examination, rule: str = "gbp") -> list[Evidence]:
    """α_1α_2 of GBP against the mean cosine of two relevances of one stack, at every layer."""
    stacks = exam.pick(QUICK, FULL)[: None if rule == "gbp" else 1]
    return cosines_evidence(exam, [(Met(rule, each), aligned_cosines(each)) for each in stacks])


def examine_two_stacks(exam: Examination) -> list[Evidence]:
    """α_1α_2 of GBP against the mean cosine of the maps of two stacks at one input."""
    stacks = exam.pick((CONSTANT,), FULL)
    return cosines_evidence(exam, [(Met("gbp", each, between=True), aligned_cosines(each)[-1:]) for each in stacks])


CLAIMS = (
    Claim(
        id="sixt-law-gbp",
        title="GBP in random stacks: what two relevances become",
        source=SOURCE,
        statement=(
            "Under GBP the mean cosine of two relevances, m entries each, is that of (T²/m + c)/(T²/m + 1), T² of the "
            f"cascade law and c of the pair's own recursion, within {MARGIN} at every layer: from 0.381 one layer "
            "below the top, at equal widths, to 1."
        ),
        premises=(
            STACKS,
            f"widths from the input up: {written(QUICK)}; profile full: {written(FULL)}",
            "the law's own error, which the margin holds: at widths 512 and 2,000, to five layers, 0.0015",
        ),
        examine=with_derivation(pair_step, lambda exam: examined(exam, "gbp")),
        control=BrokenPremise(
            premise="ReLU replaced by |·| on the way back", examine=lambda exam: examined(exam, "absolute", "gbp")
        ),
        notices=("gbp-leaks-5", "gbp-leaks-20", "gbp-is-gradient"),
        blind=REDUCED,
    ),
    Claim(
        id="sixt-law-deconv",
        title="Deconvnet in random stacks: what two relevances become",
        source=SOURCE,
        statement=(
            "Under Deconvnet the mean cosine of two relevances is that of c after as many arc-cosine kernels c ← (sin "
            f"φ + (π − φ) cos φ)/π, cos φ = c, as layers, within {MARGIN} at every layer: 1 − c falls as 9π²/2j², not "
            "exponentially."
        ),
        premises=(
            STACKS,
            f"widths from the input up: {written(QUICK)}; profile full: {written(FULL)}",
            "the law's own error, which the margin holds: to five layers 0.004, the sampling error of whole stacks",
        ),
        examine=with_derivation(pair_step, lambda exam: examined(exam, "deconv")),
        control=BrokenPremise(
            premise="the forward mask kept: GBP", examine=lambda exam: examined(exam, "gbp", "deconv")
        ),
        blind=f"{REDUCED}; and no break of the world touches Deconvnet",
    ),
    Claim(
        id="sixt-law-gradient",
        title="The gradient in random stacks: two relevances stay apart",
        source=SOURCE,
        statement=(
            f"Under the plain gradient the mean cosine of two relevances is 0, within {MARGIN}, at every layer; its "
            "mean square is at most 1 − (1 − 1/m) Π (1 − E 1/K_l), K_l ~ Bin(n_l, ½) the neurons that are open, and no "
            f"more than {MARGIN} below that."
        ),
        premises=(
            STACKS,
            f"widths from the input up: {written(QUICK)}; profile full: {written(FULL)}; squares: {written((NARROW,))}",
            f"the bound is tried to {MARGIN}; at width 64 it is up to 0.0065 above the mean square",
        ),
        examine=with_derivation(pair_step, examine_gradient),
        control=BrokenPremise(premise="relevances of mean ½", examine=lambda exam: examine_gradient(exam, mean=0.5)),
        blind=f"{REDUCED}; a mean that is 0 by symmetry is 0 whatever goes wrong below the top",
    ),
    Claim(
        id="sixt-law-zplus",
        title="z⁺ in random stacks: what two relevances become",
        source=SOURCE,
        statement=(
            "Under z⁺ the mean |cos| of two relevances is that of sums N_1, N_2 ~ N(0, 1) and noise y, erfcx²(√(y/2)), "
            f"y = π − 1 below the first layer and falling by (π − 1) S a layer in the end, within {MARGIN} at every "
            "layer."
        ),
        premises=(
            f"{STACKS}; a normal input",
            f"widths from the input up: {written((WHOLE,))}; profile full: {written(WHOLE_FULL)}",
            "the mean is one stack's, over pairs; the number judged is its median over stacks",
            "the law's own error, which the margin holds: at width 1,024, to three layers, 0.003",
        ),
        examine=with_derivation(alpha_beta_step, examine_zplus),
        control=BrokenPremise(
            premise="a part of the negative contributions passed: β = ¼", examine=lambda exam: examine_zplus(exam, 0.25)
        ),
        notices=("zplus-leaks-5", "zplus-leaks-20"),
    ),
    Claim(
        id="sixt-law-alpha-beta",
        title="LRP-αβ in random stacks: what two relevances become, the less alike the larger β",
        source=f"{SOURCE}; monotone in β",
        statement=(
            f"Under LRP-αβ the mean |cos| of two relevances is that of z⁺ with noise π − 1 + 2πβ(β + 1), within "
            f"{MARGIN} at every layer at β = 1 and 4; it falls from β = 0 to 1 to 4 at every layer."
        ),
        premises=(
            f"{STACKS}; a normal input; α = β + 1",
            f"widths from the input up: {written((WHOLE,))}; profile full: {written(WHOLE_FULL)}",
            "the mean is one stack's, over pairs; the number judged is its median over stacks",
            "the law's own error, which the margin holds: at width 1,024, to three layers, 0.003; at 2,048 0.006",
        ),
        examine=with_derivation(alpha_beta_step, examine_alpha_beta),
        control=BrokenPremise(
            premise="another β: 1 in the law, 3/2 in the stack, from the second layer on", examine=examine_other_beta
        ),
        notices=("zplus-leaks-5", "zplus-leaks-20"),
        blind="No break of the world touches LRP-αβ at β > 0.",
    ),
    Claim(
        id="sixt-law-product",
        title="GBP: two relevances are alike because both align with the activation",
        source=f"a reading of {PAPER}, Sec. IV-B, against Sixt et al. 2020",
        statement=(
            "Under GBP the mean cosine of two relevances of one random stack is the product α_1α_2 of their alignments "
            f"with the activation, within {MARGIN}, at every layer."
        ),
        premises=(
            STACKS,
            f"widths from the input up: {written(QUICK)}; profile full: {written(FULL)}",
            "α of the cascade law, whose own error, to five layers at width 512, is 0.003",
        ),
        examine=examine_product,
        control=BrokenPremise(
            premise="the forward mask dropped: Deconvnet", examine=lambda exam: examine_product(exam, "deconv")
        ),
        restored=RestoredPremise(
            premise="rests independent: the maps of two stacks, with nothing in common but the input",
            examine=examine_two_stacks,
        ),
        notices=("gbp-leaks-20", "gbp-is-gradient"),
        blind=REDUCED,
    ),
)
