"""Numbers that statements and the README print are those that the code computes."""

from __future__ import annotations

import re
from dataclasses import replace
from math import atan, pi
from pathlib import Path
from typing import Any

import pytest

from nfrlab.theory.cascade.recursion import ceiling, crossing
from nfrlab.theory.finite_width.law import alignment_law, required_neurons
from nfrlab.theory.finite_width.rate import rectgrad_kappa
from nfrlab.verify.claims.cascade import cascade_rises
from nfrlab.verify.claims.rivals import binder, nie_filters
from nfrlab.verify.claims.theorem_1.law import CONSTANT
from nfrlab.verify.claims.theorem_2 import gram_width
from nfrlab.verify.proceedings.registry import REGISTRY
from nfrlab.verify.report.claims_page import is_printed

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def test_statements_print_what_is_computed() -> None:
    """Catches a constant in a statement that the theory no longer has."""
    assert f"{crossing():.4f}" == str(cascade_rises.CROSSING)
    assert f"{ceiling(0.1):.4f}" == str(cascade_rises.SHARE_OF_A_TENTH)
    assert {name: f"{gram_width.predicted_share(name):.3f}" for name in gram_width.SHARE} == {
        name: str(share) for name, share in gram_width.SHARE.items()
    }
    assert f"{rectgrad_kappa(0.9):.2f}" == CONSTANT["rectgrad"]


def test_readme_prints_what_is_computed() -> None:
    """Catches a README whose widths at an ImageNet image are not those of the law."""
    (printed,) = re.findall(r"takes ([\d.]+), ([\d.]+), ([\d.]+) and ([\d.]+) million neurons", README)
    rules = ("activation", "constant", "gbp", "rectgrad")
    assert [f"{required_neurons(0.9, rule, 'gaussian', d=150_528) / 1e6:.1f}" for rule in rules] == list(printed)
    assert f"{rectgrad_kappa(0.9):.2f} for RectGrad" in README


def test_statements_of_rivals_print_what_is_computed() -> None:
    """Catches a number of filters that the law does not bear out, and probabilities that are not those of the arc."""
    said, most, enough = (
        alignment_law("gbp", "gaussian", nie_filters.SMALL, N).mean
        for N in (1000, nie_filters.MOST, nie_filters.ENOUGH)
    )
    assert f"1 − α = {1 - said:.3f}" in nie_filters.CLAIMS[0].statement
    assert (2 - 2 * enough) ** 0.5 < 0.1 < (2 - 2 * most) ** 0.5
    (statement,) = (claim.statement for claim in binder.CLAIMS if claim.id == "binder-channel")
    assert all(f"{2 / pi * atan(K):.3f} for K = {K:g}" in statement for K, _ in binder.ALONE)


@pytest.mark.parametrize(
    "changes", [{}, {"blind": ""}, {"notices": ()}, {"restored": None}, {"premises": ()}, {"repairs": None}]
)
def test_a_claim_is_printed_whole(changes: dict[str, Any]) -> None:
    """Catches a claim that has lost a line, the last one too, and still counts as the one that is printed."""
    for id, claim in REGISTRY.items():
        changed = replace(claim, **changes)
        assert is_printed(changed) == (changed == claim), id
