"""The cascade law in PyTorch: α of a random fully connected network, as the engine for deep networks measures it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from nfrlab.simulations.bridge.settings import STACK
from nfrlab.theory.cascade.recursion import cascade_alpha
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination, Measured
from nfrlab.verify.court.evidence import Claimed, Evidence
from nfrlab.verify.examine.measured import BRIDGE, alpha_of_activation
from nfrlab.verify.examine.over_draws import medians_over_draws

if TYPE_CHECKING:
    import xarray as xr

WIDTHS = (256, 512, 512, 512)
"""d, n_1, n_2, n_3 of the network, which has one output."""
DEPTH = len(WIDTHS)
LEVELS = range(2, DEPTH + 1)
"""Those at which the law speaks of every rule; levels 0 and 1 are the gradient, of mean 0."""
MARGIN = 0.02
"""Room for the law of the mean in place of the median, and for finite width, ≤ 0.005 each, beside the intervals."""


def the_stack(measured: Measured) -> dict[str, xr.Dataset]:
    """The measurements of the fully connected network."""
    return {
        name: data
        for name, data in measured.items()
        if name == STACK.name and "alpha_activation" in data and "image" in data.coords
    }


def measured_alphas(data: xr.Dataset) -> dict[tuple[str, int], xr.DataArray]:
    """α by rule and level, for all that the law speaks of and that is no identity."""
    rules = [rule for rule in ("gbp", "rectgrad") if rule in data["rule"].values]
    filtered = {(rule, N): data["alpha"].sel(rule=rule, level=N, drop=True) for rule in rules for N in LEVELS}
    return filtered | {("activation", N): alpha_of_activation(data, N) for N in range(1, DEPTH)}


def law_evidence(exam: Examination, widths: tuple[int, ...] = WIDTHS) -> list[Evidence]:
    """The median α of every rule and level, held against the law of a stack of these widths, ± 0.02.

    Every statement has a claimed value of its own, and an equal share of the budget.
    """
    evidence = []
    for data in the_stack(exam.measured).values():
        alphas = measured_alphas(data)
        for (rule, N), alpha in alphas.items():
            claimed = Claimed.within(cascade_alpha(rule, widths, N), MARGIN)
            evidence += medians_over_draws(exam, {f"α of {rule}, N = {N}": alpha}, claimed, share=1 / len(alphas))
    return evidence


CLAIMS = (
    Claim(
        id="stack-law",
        title="PyTorch's maps obey the cascade law",
        source="the theorem that the paper's cascade corollary lacks, on measured networks",
        statement=(
            f"In random networks {'–'.join(map(str, WIDTHS))}–1 of linear maps and ReLUs, on digits, the median α of "
            "every cascade of GBP and RectGrad of two levels or more, and of Activation at every layer, is the mean "
            f"that the cascade law gives, within {MARGIN}."
        ),
        premises=(
            "Gaussian weights, E w² = 2/d, without biases, fresh in every draw; every draw another digit",
            "the median stands for the mean, and 512 neurons for infinitely many: within the margin",
        ),
        examine=law_evidence,
        control=BrokenPremise(
            premise="widths: the law of hidden layers half as wide again",
            examine=partial(law_evidence, widths=(WIDTHS[0], *(n * 3 // 2 for n in WIDTHS[1:]))),
        ),
        notices=("deep-alpha-5", "deep-alpha-20"),
        scope=the_stack,
        missing=lambda measured: "" if the_stack(measured) else BRIDGE,
    ),
)
