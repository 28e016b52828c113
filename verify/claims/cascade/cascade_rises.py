"""What follows from the cascade law: where α rises with every level, where it falls, and what lies above every rule."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from nfrlab.simulations.dense.arrays import Array
from nfrlab.theory.cascade import proofs
from nfrlab.theory.cascade.recursion import ceiling, crossing, shares
from nfrlab.verify.claims.cascade.cascade_law import FULL, GAUSSIAN, QUICK
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination
from nfrlab.verify.court.evidence import Evidence, Kind
from nfrlab.verify.examine.derivation import PAPER, derived
from nfrlab.verify.examine.gaussian_stacks import Stack, Widths, bets_plan, difference_evidence

SMALL: Widths = (5, 8, 8, 8)
SMALL_EQUAL: Widths = (256,) * 4
FALLS: Widths = (784, 256, 1024, 1024)


def alphas(exam: Examination, rule: str, widths: Widths, alpha: float, delta: float) -> Float[Array, "n levels"]:
    """α of every level in as many stacks as differences from level 2 on need to be known within δ."""
    stack = Stack("", rule, widths)
    pilot = np.diff(stack.sample(exam, "pilot", 400), axis=1)
    sd = 1.2 * float(pilot[:, 1:].std(axis=0).max())
    return stack.sample(exam, "trial", bets_plan(alpha, 0.0, sd, delta, -1.0, 1.0))


def reach(rule: str, N: int) -> float:
    """How large a difference of two alignments can be where that of level N is one of them: from level 2 on GBP's α is
    not negative; RectGrad's is where all contributions of a narrow layer are.
    """
    return 1.0 if N > 1 and rule == "gbp" else 2.0


def rising(exam: Examination, trial: dict[tuple[str, Widths], float], sign: int = 1) -> list[Evidence]:
    """`E[α_{N+1} − α_N]` against [0, ∞) with margin δ, at every level above the first (sign −1: against (−∞, 0])."""
    alpha = exam.ledger.draw(sum(len(widths) - 1 for _, widths in trial))
    found = []
    for (rule, widths), delta in trial.items():
        rows = alphas(exam, rule, widths, alpha, delta)
        for N in range(1, len(widths)):
            text = f"{rule}, {'–'.join(map(str, widths))}: E[α_{N + 1} − α_{N}] {'≥' if sign > 0 else '≤'} 0"
            gain = sign * (rows[:, N + 1] - rows[:, N])
            found.append(difference_evidence(text, gain, alpha, delta, reach(rule, N), power=0.99))
    return found


def corollary(exam: Examination) -> list[Evidence]:
    """GBP and RectGrad, every level, in a stack of equal widths and in one that widens upwards."""
    return rising(exam, {(rule, widths): 0.012 for rule in ("gbp", "rectgrad") for widths in (SMALL_EQUAL, FALLS)})


def gbp_rises(exam: Examination) -> list[Evidence]:
    """The derivation, and GBP in narrow stacks (full profile: wide ones too)."""
    shapes = (SMALL, (27, 64, 16, 128), *exam.pick((), (QUICK["bottleneck"], FALLS)))
    return [
        derived(proofs.rises),
        *rising(exam, {("gbp", widths): 0.03 if widths[0] < 100 else 0.012 for widths in shapes}),
    ]


def turned(exam: Examination) -> list[Evidence]:
    """GBP claimed to fall."""
    return rising(exam, {("gbp", SMALL): 0.03}, sign=-1)


def changes(exam: Examination, reverse: bool = False) -> list[Evidence]:
    """RectGrad: the sign of every change is that of k* − k (with `reverse`: the other)."""
    star, found = crossing(), []
    shapes: tuple[Widths, ...] = (SMALL_EQUAL, FALLS, *exam.pick((), (FULL["constant, depth 8"],)))
    alpha = exam.ledger.draw(sum(len(widths) - 1 for widths in shapes))
    for widths in shapes:
        rows = alphas(exam, "rectgrad", widths, alpha, 0.012)
        for N, (k, _) in enumerate(shares("rectgrad", widths), start=1):
            sign = (1 if k < star else -1) * (-1 if reverse else 1)
            text = (
                f"RectGrad, {'–'.join(map(str, widths))}: α {'rises' if sign > 0 else 'falls'} from level {N} to "
                f"{N + 1}, k = {k:.3f}, k* = {star:.3f}"
            )
            gain = sign * (rows[:, N + 1] - rows[:, N])
            found.append(difference_evidence(text, gain, alpha, 0.0, reach("rectgrad", N)))
    return found


def rectgrad_changes(exam: Examination) -> list[Evidence]:
    """The derivation, and the sign of every change."""
    return [derived(proofs.rectgrad_falls), *changes(exam)]


def above(exam: Examination, sign: int = 1) -> list[Evidence]:
    """Activation minus each rule at the levels 1 … L − 1, from independent stacks."""
    shapes = exam.pick((SMALL, (27, 64, 16, 128)), (SMALL, (27, 64, 16, 128), QUICK["bottleneck"], FALLS))
    rules = "gbp", "rectgrad"
    alpha = exam.ledger.draw(len(rules) * sum(len(widths) - 1 for widths in shapes))
    found = []
    for widths in shapes:
        best = Stack("", "activation", widths).sample(exam, "other", 10_000)
        for rule in rules:
            rows = Stack("", rule, widths).sample(exam, "rule", 10_000)
            for N in range(1, len(widths)):
                shape, order = "–".join(map(str, widths)), "≥" if sign > 0 else "≤"
                text = f"{shape}: E[α of Activation − α of {rule}] {order} 0 at level {N}"
                found.append(difference_evidence(text, sign * (best - rows)[:, N], alpha, 0.02, reach(rule, 1)))
    return found


def dominates(exam: Examination) -> list[Evidence]:
    """The derivation, and stacks small and wide."""
    return [derived(proofs.dominance), *above(exam)]


CLAIMS = (
    Claim(
        "cascade-rises",
        "In wide random stacks α rises with every layer of the rule",
        f"{PAPER}, Sec. IV-A, corollary of Theorems 1 and 2; in the wide-layer law",
        "Mean α of the (N+1)-level cascade is at least that of the N-level one, for GBP and RectGrad (90 % quantile), "
        "whatever the widths.",
        (GAUSSIAN, f"widths {'–'.join(map(str, SMALL_EQUAL))} and {'–'.join(map(str, FALLS))}"),
        (Kind.MONTE_CARLO,),
        corollary,
        BrokenPremise("GBP claimed to fall", turned),
    ),
    Claim(
        "cascade-rises-gbp",
        "GBP: α rises with every level, at every width",
        "repair of cascade-rises; holds for every rule that drops only neurons with A_j r_j ≤ 0",
        "In Gaussian stacks of any widths α of GBP's (N+1)-level cascade is stochastically at least that of the "
        "N-level one; in wide layers its mean is strictly larger from level 2 on.",
        (GAUSSIAN, "from the first ReLU layer on that the rule meets: 1 ≤ N < L"),
        (Kind.DERIVATION, Kind.MONTE_CARLO),
        gbp_rises,
        BrokenPremise("GBP claimed to fall", turned),
        repairs="cascade-rises",
    ),
    Claim(
        "cascade-rises-rectgrad",
        "RectGrad: α rises where the signal is weak, and falls where it is strong",
        "repair of cascade-rises",
        f"At the k examined, RectGrad (90 % quantile) at one more layer raises mean α where k < k* = {crossing():.4f} "
        "and lowers it where k > k*, k² = 2T²/n; it falls, proven, for k > 1.37. No rule that passes a tenth of the "
        f"neurons has a share above {ceiling(0.1):.4f}.",
        (GAUSSIAN, "wide layers, 1 ≤ N < L; k* from quadrature"),
        (Kind.DERIVATION, Kind.MONTE_CARLO),
        rectgrad_changes,
        BrokenPremise("turned round", lambda exam: changes(exam, reverse=True)),
        repairs="cascade-rises",
    ),
    Claim(
        "cascade-activation-dominates",
        "Activation is above every rule that filters relevance, in Gaussian stacks, at every width",
        f"{PAPER}, Sec. IV-A, Fig. 2a; proven for Gaussian stacks",
        "α of Activation at layer L − N is stochastically at least that of the N-level cascade of any rule that hands "
        "W_l s_l down, s_l zero off the ReLU mask and a function of z_l and of what comes from above alone (so not "
        "z⁺, nor a rule that reads W_l), 1 ≤ N < L, at every width.",
        (GAUSSIAN, "sampled: GBP and RectGrad"),
        (Kind.DERIVATION, Kind.MONTE_CARLO),
        dominates,
        BrokenPremise("Activation claimed to be below", lambda exam: above(exam, sign=-1)),
    ),
)
