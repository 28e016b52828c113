"""Derivations derive: every chain holds, and breaks at its statement when the statement is made false."""

from __future__ import annotations

import ast
import inspect
import operator
from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy
import sympy as sp
from markupsafe import escape

import nfrlab.theory
from nfrlab.theory.filtering import proofs as filtering_proofs
from nfrlab.theory.numerics import balls
from nfrlab.theory.numerics.beta import beta_moment, is_share
from nfrlab.theory.numerics.proof import (
    CHECKED,
    Derivation,
    How,
    argued,
    certain,
    computed,
    enclosed,
    enumerated,
    false_variants,
    false_with,
    symbolic,
    vanishes,
)
from nfrlab.theory.numerics.sums import lagrange_gap, power_sum, summed
from nfrlab.verify.court.evidence import Finding
from nfrlab.verify.examine.derivation import checked_derivation, derivation_evidence, every_derivation
from nfrlab.verify.report import derivations_page, html, wording

Derive = Callable[..., Derivation]
DERIVATIONS = {derive.__name__: derive for _, derive in every_derivation()}
VARIANTS = [
    pytest.param(derive, variant, id=f"{name}-{'-'.join(variant)}-{number}")
    for name, derive in DERIVATIONS.items()
    for number, variant in enumerate(false_variants(derive))
]
each = pytest.mark.parametrize("derive", DERIVATIONS.values(), ids=DERIVATIONS)


@cache
def failing(derive: Derive, number: int) -> frozenset[int]:
    """The clauses of the statement that fail in a false variant."""
    found = derive(**false_variants(derive)[number])
    return frozenset(k for k, clause in enumerate(found.conclusion) if not clause.holds)


def test_every_derivation_is_found() -> None:
    """Catches a derivation outside the modules named `proofs`, and two of one name."""
    written = [
        node.name
        for path in Path(next(iter(nfrlab.theory.__path__))).rglob("*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.returns is not None and ast.unparse(node.returns) == "Derivation"
    ]
    assert sorted(written) == sorted(DERIVATIONS)
    assert len(written) >= 44


@each
def test_derivation_holds(derive: Derive) -> None:
    """Catches a link that does not check out, and a statement of which nothing is checked."""
    found = checked_derivation(derive)
    assert [link.text for link in found.chain if not link.holds] == []
    assert found.holds
    assert found.premises
    assert all(link.text.strip() == link.text != "" for link in found.chain)


@each
def test_derivation_declares_false_variants(derive: Derive) -> None:
    """Catches a derivation that cannot be asked for a false statement, and a variant that is the true one."""
    default = {name: parameter.default for name, parameter in inspect.signature(derive).parameters.items()}
    assert false_variants(derive)
    for variant in false_variants(derive):
        assert all(value != default[name] for name, value in variant.items())


@pytest.mark.parametrize(("derive", "variant"), VARIANTS)
def test_a_false_statement_breaks_its_derivation(derive: Derive, variant: Mapping[str, Any]) -> None:
    """Catches a chain that carries a statement with a wrong factor, sign or relation as well as the true one."""
    assert failing(derive, false_variants(derive).index(variant))


@each
def test_every_checked_clause_can_fail(derive: Derive) -> None:
    """Catches a clause whose check has nothing to do with what it says: no false variant makes it fail."""
    fell = frozenset[int]().union(*(failing(derive, number) for number in range(len(false_variants(derive)))))
    clauses = checked_derivation(derive).conclusion
    assert [clause.text for k, clause in enumerate(clauses) if clause.checked and k not in fell] == []


def test_holds_asks_for_a_checked_clause() -> None:
    """Catches a `holds` that cannot be false, and one that argument or floating point alone make true."""
    good, bad = symbolic("a", True), symbolic("a", False)
    assert Derivation("p", (), (good,)).holds
    assert Derivation("p", (argued("b"),), (argued("c"), good)).holds
    assert not Derivation("p", (bad,), (good,)).holds
    assert not Derivation("p", (good,), (bad,)).holds
    assert not Derivation("p", (good,), (argued("c"),)).holds
    assert not Derivation("p", (good,), (computed("c", True),)).holds
    assert not Derivation("p", (good,), ()).holds
    assert not Derivation("p", (computed("c", False),), (good,)).holds
    assert {link.how for link in (good, enclosed("e", True), enumerated("f", True))} == set(CHECKED)


def test_tally_counts_every_kind() -> None:
    """Catches a link counted as checked that is by argument, and a kind left out of the sum."""
    chain = (argued("a"), enclosed("b", True), enumerated("c", True), computed("d", True), argued("e"))
    found = Derivation("p", chain, (symbolic("It holds,", True), argued("everywhere.")))
    assert found.statement == "It holds, everywhere."
    assert found.tally == (
        "7 links: 3 checked (1 symbolically, 1 in ball arithmetic, 1 case by case), 1 in floating point, 3 by argument"
    )
    assert Derivation("p", (), (argued("all"),)).tally == "1 link: 0 checked, 1 by argument"


def test_false_variants_come_one_at_a_time() -> None:
    """Catches values that are combined, lost, or declared for another derivation."""

    @false_with(factor=(2, -1), sign=(0,))
    def derive(factor: int = 1, sign: int = 1) -> Derivation:
        return Derivation("p", (), (symbolic("s", factor * sign == 1),))

    assert false_variants(derive) == ({"factor": 2}, {"factor": -1}, {"sign": 0})
    assert derive().holds
    assert not false_variants(lambda: Derivation("p", (), ()))


def test_evidence_says_what_is_by_argument() -> None:
    """Catches a method that calls checked what is by argument, and a false statement that supports."""
    evidence = derivation_evidence(filtering_proofs.scalar_gamma)
    assert evidence.finding is Finding.SUPPORTS
    assert evidence.method == (
        "2 links: 1 checked (1 symbolically), 1 by argument; clauses of the statement checked, given the links before "
        "them: 1 of 1"
    )
    assert evidence.n == 2
    assert [(link["how"], link["clause"]) for link in evidence.details["links"]] == [
        ("by argument", False),
        ("symbolically", True),
    ]
    assert derivation_evidence(partial(filtering_proofs.scalar_gamma, apart=1)).finding is Finding.UNDECIDED
    record = {"evidence": [evidence.as_json()]}
    titles = [title for title, _ in wording.chains(record)]
    assert titles == ["derivation", "by argument"]
    assert [wording.how_class(link) for link in evidence.details["links"]] == ["argued", "clause"]


def test_report_shows_every_link_and_what_is_by_argument() -> None:
    """Catches a report that leaves out a link, or shows one by argument like one that was checked."""
    evidence = derivation_evidence(filtering_proofs.zplus_margin_sign).as_json()
    verdict = dict.fromkeys(("title", "statement", "source", "wall_s", "device", "images", "profile", "seed"), "—") | {
        "id": "one",
        "status": "CONFIRMED",
        "premises": [],
        "repairs": None,
        "versions": {},
        "alpha": 0.0,
        "evidence": [evidence],
        "control": {"premise": "—", "status": "REFUTED", "evidence": []},
    }
    page = html.render({"one": verdict})
    links = evidence["details"]["links"]
    assert all(str(escape(link["text"])) in page for link in links)
    assert page.count('<li class="argued">') == sum(link["how"] == "by argument" for link in links) == 2
    assert page.count('<li class="clause">') == 3
    assert str(escape(evidence["method"])) in page
    assert "fails" not in page.split('<ol class="chain">')[1].split("</ol>")[0]
    assert wording.how_class({"clause": True, "how": "by argument"}) == "clause argued"


def test_derivations_page_is_current() -> None:
    """Catches a derivation changed without `make docs`."""
    assert derivations_page.PAGE.read_text(encoding="utf-8") == derivations_page.derivations_page()


def test_certain_wants_a_decision() -> None:
    """Catches a relation that SymPy leaves open, or finds false, taken for true."""
    x, y = sp.symbols("x", real=True), sp.symbols("y", nonnegative=True)
    assert certain(y >= 0)
    assert certain((1 + y) ** 2 > 1 - y**2 - 1)
    assert not certain(y > 0)
    assert not certain(x >= 0)
    assert not certain(operator.lt(y, 0))
    assert certain(sp.Integer(1) > 0)
    assert not vanishes(x)


def test_power_sums_are_sums() -> None:
    """Catches an index paired with the wrong exponent: the double sum of a polynomial, by numbers."""
    a, s, b, t = sp.symbols("a s b t", real=True)
    term = 3 * a**2 * t - a * s * b * t**2 + 5
    entries = np.array([[1, -2, 3], [4, 0, -5]])
    found = summed(term, (a, s), (b, t))
    value = found.subs(
        {power_sum(p, q): int((entries[0] ** p * entries[1] ** q).sum()) for p in range(3) for q in range(3)}
    )
    f = sp.lambdify((a, s, b, t), term)
    assert value == sum(f(*map(int, i), *map(int, j)) for i in entries.T for j in entries.T)
    assert lagrange_gap()
    assert not lagrange_gap(2)


@pytest.mark.parametrize(("first", "second"), [(1, 4), (3, 3), (6, 2)])
def test_beta_laws(first: int, second: int) -> None:
    """Catches a wrong moment, and a law that is accepted with other parameters."""
    a, b = sp.Rational(first, 2), sp.Rational(second, 2)
    assert is_share(a, b, sp.Integer(first), sp.Integer(second))
    assert not is_share(a + 1, b, sp.Integer(first), sp.Integer(second))
    assert not is_share(a, b + 1, sp.Integer(first), sp.Integer(second))
    for p in (1, 2):
        assert float(beta_moment(a, b, sp.Integer(p))) == pytest.approx(
            scipy.stats.beta.moment(p, first / 2, second / 2)
        )


def test_a_ball_around_a_number() -> None:
    """Catches a ball that misses the number, or is too wide to tell it from another."""
    assert balls.around(sp.pi / 4).overlaps(balls.pi() / 4)
    assert not balls.around(sp.pi / 4 + sp.Rational(1, 10**25)).overlaps(balls.pi() / 4)
    assert How("by argument") is How.ARGUMENT
