"""The least α_∞ as d → ∞, at x of one coordinate 1 and a bulk: the rest, spread over infinitely many coordinates.

An upper bound of the infimum over all d and x, for families whose worst direction is not certified in every d.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import lazy_loader

from nfrlab.theory.numerics.branch_and_bound import Minimum, minimum

if TYPE_CHECKING:
    import flint
else:
    flint = lazy_loader.load("flint")


def uniform_bulk(s: flint.arb) -> flint.arb:
    """α_∞ of U[−1, 1] at x = (1, bulk), where the bulk has squared length s.

    It is spread over so many coordinates that its share of w·x is G ~ N(0, s/3). `μ_i/x_i` is `κ_1 = ¼ E(1 − G²)₊` at
    the first coordinate and `κ = P(|G| < 1)/6` in the bulk.
    """
    sd = (s / 3).sqrt()
    inside, density = (1 / (sd * flint.arb(2).sqrt())).erf(), (-1 / (2 * sd * sd)).exp() / (2 * flint.arb.pi()).sqrt()
    return two_ratio_cosine(((1 - sd * sd) * inside + 2 * sd * density) / 4, inside / 6, s)


def laplace_bulk(s: flint.arb) -> flint.arb:
    """α_∞ of Laplace entries at x = (1, bulk), where the bulk has squared length s and the share G ~ N(0, 2s) of w·x.

    With p the density of w_1 + G at 0, `κ = 2p` and `κ_1 + κ s = f`. Here `p = ½ e^s erfc √s`, and
    `f = ½ E|w_1 + G| = ½ E|G| + p`, since Laplace's density is a δ plus its second derivative.
    """
    p = s.exp() * s.sqrt().erfc() / 2
    first = (s / flint.arb.pi()).sqrt() + p - 2 * p * s
    return two_ratio_cosine(first, 2 * p, s)


def two_ratio_cosine(first: flint.arb, bulk: flint.arb, s: flint.arb) -> flint.arb:
    """`cos(μ, x)` where `μ = first · x` on a unit coordinate and `bulk · x` on the rest, of squared length s."""
    return (first + bulk * s) / ((first**2 + bulk**2 * s) * (1 + s)).sqrt()


BULK = {"uniform": uniform_bulk, "laplace": laplace_bulk}


@cache
def bulk_minimum(name: str) -> Minimum:
    """The least α_∞ at (1, bulk), approached as d → ∞: an upper bound of the infimum over all d and x.

    For `uniform` it is 0.9932391, below the 0.9933146 of d = 2; for `laplace` it is smaller. Raises `KeyError` for
    another family.
    """
    return minimum(BULK[name], [(0.02, 2.0)], 4e-5)
