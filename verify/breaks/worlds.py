"""The list of breaks, by id."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from fractions import Fraction

from nfrlab.verify.breaks import dense
from nfrlab.verify.breaks.dense import Change
from nfrlab.verify.breaks.measurements import Distort, flipped_signs, scaled

FIFTH, TWENTIETH = Fraction(1, 5), Fraction(1, 20)


@dataclass(frozen=True)
class Break:
    """One thing that goes wrong.

    Attributes
    ----------
    id, what
        Its name, and what is changed, in words.
    size
        How large it is: a share of what it changes, 1 for an exchange.
    changes
        The changes of the simulations that make it.
    distort
        What it does to measurements of deep networks; None where nothing.
    """

    id: str
    what: str
    size: float
    changes: tuple[Change, ...] = ()
    distort: Distort | None = None


BREAKS: dict[str, Break] = {
    each.id: each
    for each in (
        Break("gbp-is-gradient", "GBP passes negative relevance: the plain gradient", 1, dense.leak(Fraction(1))),
        Break("gbp-leaks-20", "GBP passes 20 % of negative relevance", 0.2, dense.leak(FIFTH)),
        Break("gbp-leaks-5", "GBP passes 5 % of negative relevance", 0.05, dense.leak(TWENTIETH)),
        Break("zplus-leaks-20", "z⁺ passes 20 % of negative parts", 0.2, dense.zplus_leak(FIFTH)),
        Break("zplus-leaks-5", "z⁺ passes 5 % of negative parts", 0.05, dense.zplus_leak(TWENTIETH)),
        Break("mask-at-zero", "the ReLU's mask is z ≥ 0 for z > 0", 1, dense.mask_at_zero()),
        Break("quantile-85", "RectGrad's quantile .85 for .9", 0.05, dense.quantile(TWENTIETH)),
        Break("quantile-70", "RectGrad's quantile .7 for .9", 0.2, dense.quantile(FIFTH)),
        Break("cascade-off-by-one", "the cascade off by one layer", 1, dense.cascade_off_by_one()),
        Break("axis-5", "one axis of the weights × 1.05", 0.05, dense.stretched(1.05)),
        Break("axis-20", "one axis of the weights × 1.2", 0.2, dense.stretched(1.2)),
        Break("activation-is-one", "Activation puts in 1 for A", 1, dense.activation_weighting(dense.one)),
        Break("activation-is-root", "Activation puts in √A for A", 1, dense.activation_weighting(dense.root)),
        Break("biases-5", "biases of 5 % of the weights", 0.05, dense.biased(TWENTIETH)),
        Break("biases-20", "biases of 20 % of the weights", 0.2, dense.biased(FIFTH)),
        Break("alpha-2", "every α smaller by 2 %", 0.02, dense.smaller_alpha(0.98)),
        Break("alpha-5", "every α smaller by 5 %", 0.05, dense.smaller_alpha(0.95)),
        Break("alpha-20", "every α smaller by 20 %", 0.2, dense.smaller_alpha(0.8)),
        Break("relevance-5", "the hidden relevance N(0.05, 1)", 0.05, dense.off_centre(0.05)),
        Break("relevance-20", "the hidden relevance N(0.2, 1)", 0.2, dense.off_centre(0.2)),
        Break(
            "gaussian-is-laplace",
            "Gaussian weights drawn Laplace",
            1,
            dense.drawn_from("gaussian", "laplace", 0.5**0.5),
        ),
        Break(
            "uniform-is-gaussian", "uniform weights drawn Gaussian", 1, dense.drawn_from("uniform", "gaussian", 3**-0.5)
        ),
        Break(
            "laplace-is-gaussian", "Laplace weights drawn Gaussian", 1, dense.drawn_from("laplace", "gaussian", 2**0.5)
        ),
        Break("dof-5", "Student weights of 3.15 degrees of freedom for 3", 0.05, dense.constants("STUDENT_DOF", 3.15)),
        Break("dof-20", "Student weights of 3.6 degrees of freedom for 3", 0.2, dense.constants("STUDENT_DOF", 3.6)),
        Break("shift-20", "shifted weights of mean 0.3 for 0.25", 0.2, dense.constants("SHIFT", 0.3)),
        Break("cosine-20", "tilted frames of cosine 0.6 for 0.5", 0.2, dense.constants("FRAME_COSINE", 0.6)),
        Break("sparse-20", "sparse weights of rate 0.12 for 0.1", 0.2, dense.constants("SPARSE_RATE", 0.12)),
        Break("power-20", "power-law covariance of exponent 1.2 for 1", 0.2, dense.constants("POWER", 1.2)),
        Break("ring-20", "ring of radii [0.56, 1.44] for [0.8, 1.2]", 1.2, dense.constants("RING_BAND", (0.56, 1.44))),
        Break("deep-alpha-5", "every measured α of deep networks smaller by 5 %", 0.05, distort=scaled(0.95)),
        Break("deep-alpha-20", "every measured α of deep networks smaller by 20 %", 0.2, distort=scaled(0.8)),
        Break("deep-signs-10", "the sign of every tenth margin turned", 0.1, distort=flipped_signs(0.1, ("margin",))),
        Break(
            "deep-premises-25",
            "cosines and variations of norms of deep layers larger by 25 %",
            0.25,
            distort=scaled(1.25, ("cosine", "cosine_rms", "cosine_largest", "norm_sd")),
        ),
    )
}


@contextmanager
def broken(id: str) -> Iterator[Break]:
    """Live in the world of a break. Raises `KeyError` for an unknown one."""
    found = BREAKS[id]
    with ExitStack() as stack:
        for change in found.changes:
            stack.enter_context(change())
        yield found
