"""The saboteur: that its faults are faults, go where they should, and that it says truly who was noticed by whom."""

from __future__ import annotations

import ast
import json
import subprocess
from pathlib import Path

import pytest

from mutants.choose import Coverage, recorded, recording_of, trials
from mutants.mutate import Mutant, mutants_of
from mutants.recordings import Recording
from mutants.report import equivalents, report
from mutants.sample import ROOMS, sample
from mutants.scratch import ROOT, copy_house, pytest_in
from mutants.trial import Ledger, Outcome, try_mutant


def mutated(folder: Path, source: str) -> dict[str, set[str]]:
    """The mutants of a source by what is done, each as Python itself would write it."""
    (folder / "it.py").write_text(source, encoding="utf-8")
    found: dict[str, set[str]] = {}
    for mutant in mutants_of(folder, "it.py"):
        found.setdefault(mutant.what, set()).add(ast.unparse(ast.parse(mutant.within(source.encode()))))
    return found


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("a < b <= c", {"< → <=": {"a <= b <= c"}, "< → >": {"a > b <= c"}, "<= → <": {"a < b < c"}}),
        ("a == b", {"== → !=": {"a != b"}}),
        ("a in b", {"in → not in": {"a not in b"}}),
        ("a + b * c", {"+ → -": {"a - b * c"}, "* → /": {"a + b / c"}}),
        ("a ** 3", {"3 → 4": {"a ** 4"}, "** → *": {"a * 3"}}),
        ("(a - b) / -c", {"- → +": {"(a + b) / -c"}, "/ → *": {"(a - b) * -c"}, "-x → x": {"(a - b) / c"}}),
        ("a and not b", {"and → or": {"a or not b"}, "not → nothing": {"a and b"}}),
        ("f(0, 1, 2)", {"0 → 1": {"f(1, 1, 2)"}, "1 → 0": {"f(0, 0, 2)"}, "1 → 2": {"f(0, 2, 2)"}}),
        ("f(0.5, True)", {"0.5 → 0.525": {"f(0.525, True)"}, "0.5 → 1.0": {"f(1.0, True)"}}),
        ("f(True)", {"True → False": {"f(False)"}}),
        ("np.minimum(a, max(b))", {"minimum → maximum": {"np.maximum(a, max(b))"}}),
        ("any(a)", {"any → all": {"all(a)"}}),
        ("x = f(a, b=c, d=e)", {"without b=": {"x = f(a, d=e)"}, "without d=": {"x = f(a, b=c)"}}),
        ("f(a)", {"statement → nothing": {"pass"}}),
        ("a[k] = b", {"statement → nothing": {"pass"}}),
        ("a += b", {"statement → nothing": {"pass"}, "+= → -=": {"a -= b"}}),
        ("def f(a):\n    return a", {"return → None": {"def f(a):\n    return None"}}),
        ("if a:\n    b", {"condition → its contrary": {"if not a:\n    b"}}),
        ("[a for a in b if c(a)]", {"filter → everything": {"[a for a in b if True]"}}),
        ("def f(a, b=2):\n    pass", {"2 → 3": {"def f(a, b=3):\n    pass"}}),
        ("α = 'δ' if γ else β < ω", {"< → <=": {"α = 'δ' if γ else β <= ω"}}),
    ],
)
def test_a_fault_is_what_it_is_called(source: str, wanted: dict[str, set[str]], tmp_path: Path) -> None:
    """Catches an operator that changes something else, another place (letters of two bytes), or nothing."""
    found = mutated(tmp_path, source)
    assert {what: found.get(what) for what in wanted} == wanted


@pytest.mark.parametrize(
    "source",
    [
        '"""A docstring that says 1 < 2 and min."""',
        "x: Float[Array, '1 d'] | None",
        "def f(a: tuple[int, 1] | None) -> int | 1:\n    '''Returns 1.'''",
        "if TYPE_CHECKING:\n    f(1)",
        "__all__ = [*a, 1]",
        "print(1 + 2)",
        "x = f'{a + 1:.3f}'",
        "x = 'a' + b",
        "zip(a, b, strict=True)[k]",
    ],
)
def test_words_are_left_alone(source: str, tmp_path: Path) -> None:
    """Catches faults in documentation, annotations and messages, which no test has to notice."""
    assert mutated(tmp_path, source) == {}


def test_a_refusal_is_left_out_whole(tmp_path: Path) -> None:
    """Catches faults within a message, and a `raise` that is never taken away."""
    found = mutated(tmp_path, "if a:\n    raise ValueError(f(1) + 2)")
    assert found["statement → nothing"] == {"if a:\n    pass"}
    assert not {"1 → 0", "2 → 3", "+ → -"} & set(found)


def test_every_fault_of_the_house_is_another_program() -> None:
    """Catches a mutant that is no Python, is the same as the code, moves the lines below it, or shares its name."""
    found = [mutant for _, mutant in sample(ROOT, list(ROOMS), 150, seed=1)]
    assert len(found) == 150 * len(ROOMS)
    assert len({mutant.id for mutant in found}) == len(found)
    for mutant in found:
        source = (ROOT / mutant.file).read_bytes()
        other = mutant.within(source)
        assert ast.dump(ast.parse(other)) != ast.dump(ast.parse(source)), mutant
        below = source[mutant.span[1] :]
        assert other.endswith(below)
        assert other.count(b"\n") >= source.count(b"\n"), mutant


def test_a_sample_grows_and_stays(tmp_path: Path) -> None:
    """Catches a larger sample that leaves out some of the smaller, another order of the same seed, and an edit that
    shuffles what it does not touch.
    """
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    (tmp_path / "theory").mkdir()
    code = tmp_path / "theory" / "it.py"
    code.write_text("\n".join(f"a{n} = b + {n} * c" for n in range(2, 40)), encoding="utf-8")
    small, large = (sample(tmp_path, ["theory"], each, 5) for each in (7, 30))
    assert small == large[:7]
    assert small != sample(tmp_path, ["theory"], 7, 6)
    code.write_text("import this\n\n" + code.read_text(encoding="utf-8"), encoding="utf-8")
    assert [mutant.key for _, mutant in sample(tmp_path, ["theory"], 7, 5)] == [mutant.key for _, mutant in small]


DOOR = "from pathlib import Path\n\n__path__.append(str(Path(__file__).parents[1]))"

CODE = '''"""A room."""

from functools import cache

LIMIT = 10


@cache
def least(a, b):
    return min(a, b, LIMIT)


def count(n):
    while n > 0:
        n -= 1
    return n


def alone(a):
    return a + 1


def unseen(a):
    return a - 1
'''

TESTS = """import pytest

from nfrlab.theory.it import alone, count, least


@pytest.fixture(scope="module")
def five():
    return least(5, 6)


def test_slow():
    sum(range(10**7))
    assert least(2, 3) == 2


def test_quick():
    assert least(2, 3) == 2


def test_by_fixture(five):
    assert five == 5


def test_count():
    assert count(3) == 0


def test_that_looks_away():
    alone(1)


def test_that_fails():
    assert alone(1) == 7
"""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Coverage]:
    """A copy of a house of one room with its tests, and what was recorded of them."""
    root, copy = tmp_path_factory.mktemp("root"), tmp_path_factory.mktemp("copy")
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    files = {"theory/it.py": CODE, "theory/__init__.py": "", "tests/test_it.py": TESTS, "nfrlab/__init__.py": DOOR}
    files["pyproject.toml"] = '[tool.pytest.ini_options]\nfilterwarnings = ["error"]\n'
    files |= {f"mutants/{path.name}": path.read_text(encoding="utf-8") for path in (ROOT / "mutants").glob("*.py")}
    for name, text in files.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    copy_house(root, copy)
    first = recorded(root, copy, root / "results")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mutants.choose.pytest_in", pytest.fail)
        assert recorded(root, copy, root / "results") == first, "a recording is used again"
    return copy, first


def the_mutant(house: Path, text: str, what: str) -> Mutant:
    """The one mutant of a line."""
    (found,) = [m for m in mutants_of(house, "theory/it.py") if m.text == text and m.what == what]
    return found


def test_a_line_knows_its_tests(house: tuple[Path, Coverage]) -> None:
    """Catches a line that the second test does not run because the first filled a cache, a shared fixture that only
    its first user owns, a dear test before a cheap one, a failing test that notices everything, a constant of which
    nobody knows, and a budget that is overspent.
    """
    coverage = house[1]
    tests = coverage.tests("theory/it.py", [10], 100.0)
    names = [name.split("::")[1] for name in tests]
    assert set(names) == {"test_slow", "test_quick", "test_by_fixture"}
    assert names[-1] == "test_slow"
    budget = sum(coverage.seconds[name] for name in tests[:2]) + 1e-9
    assert coverage.tests("theory/it.py", [10], budget) == tests[:2]
    assert [name.split("::")[1] for name in coverage.tests("theory/it.py", [20], 100.0)] == ["test_that_looks_away"]
    assert coverage.failed == ["tests/test_it.py::test_that_fails"]
    assert coverage.tests("theory/it.py", [24], 100.0) == []
    assert len(coverage.tests("theory/it.py", [5], 100.0)) == 5


def test_a_recording_goes_on(house: tuple[Path, Coverage], tmp_path: Path) -> None:
    """Catches a recording that was stopped and begins again, or leaves out the test that it was at."""
    copy, _ = house
    name, path = "tests/test_it.py", tmp_path / "lines.jsonl"
    whole = recording_of(copy, name, path, (name,))
    tests = [row.test for row in whole.rows]
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(lines[:3]) + lines[3][:20], encoding="utf-8")
    assert not Recording(path, copy, name).complete
    again = recording_of(copy, name, path, (name,))
    assert again.complete
    assert again.rows[:3] == whole.rows[:3]
    assert [row.test for row in again.rows] == tests
    assert [row.lines for row in again.rows] == [row.lines for row in whole.rows]


def test_a_recording_of_some_tests(house: tuple[Path, Coverage], tmp_path: Path) -> None:
    """Catches tests that nobody asked for, a part that passes for the whole, and one that is recorded again with it."""
    copy, _ = house
    name, path = "tests/test_it.py", tmp_path / "lines.jsonl"
    part = recording_of(copy, name, path, (f"{name}::test_by", f"{name}::test_count"))
    tests = [row.test.split("::")[-1] for row in part.rows]
    assert tests == ["test_by_fixture", "test_count", ""]
    assert not part.complete
    whole = recording_of(copy, name, path, (name,))
    assert whole.complete
    assert whole.rows[:2] == part.rows[:2]
    assert len(whole.rows) == 7


def test_a_recording_holds_as_long_as_its_sources(tmp_path: Path) -> None:
    """Catches lines of another code or of another helper, a test that is recorded again though nothing of it has
    changed, one that is gone, one that failed, and a recording that seems complete where a module has changed.
    """
    for name in ("test_it.py", "one.py", "two.py", "three.py"):
        (tmp_path / name).write_text("1", encoding="utf-8")
    path = tmp_path / "lines.jsonl"

    def read() -> Recording:
        return Recording(path, tmp_path, "test_it.py")

    recording = read()
    recording.write("a", 1.0, True, {"one.py": {3}})
    recording.write("b", 1.0, True, {"one.py": {4}, "two.py": {5}})
    recording.write("c", 1.0, False, {"one.py": {3}})
    assert not read().complete
    recording.close({"three.py": {1}}, whole=False)
    assert not read().complete
    recording.close({"three.py": {1}}, whole=True)
    assert read().complete
    assert read().known == {"a", "b"}
    (tmp_path / "three.py").write_text("2", encoding="utf-8")
    assert not read().complete
    assert read().known == {"a", "b"}
    (tmp_path / "two.py").write_text("2", encoding="utf-8")
    assert read().known == {"a"}
    read().keep(["a", "c"])
    assert [row.test for row in read().rows] == ["a"]
    read().keep(["b"])
    assert read().rows == []
    recording.write("a", 1.0, True, {"one.py": {3}})
    (tmp_path / "tests" / "support").mkdir(parents=True)
    (tmp_path / "tests" / "support" / "helper.py").write_text("1", encoding="utf-8")
    assert read().known == set()


def test_a_claim_is_tried_itself(tmp_path: Path) -> None:
    """Catches a claim whose own trial is left out, that of a neighbour, and one that needs measurements."""
    court, deep = {"verdicts": {"court": {}}}, {"verdicts": {"vgg16 32²": {}}}
    record = {"thm-1-raw": court, "thm-1-raw-repair": court, "thm-1": court, "fig-2": deep, "gone": court}
    path = tmp_path / "verify" / "proceedings" / "on_record.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(record), encoding="utf-8")
    names = [f"verify/claims/{name}.py" for name in ("one/thm_1_raw", "one/thm_1", "one/__init__", "two/fig_2")]
    found = trials(tmp_path, names)
    tries = {Path(name).stem: [test.split("[")[1] for test in tests] for name, tests in found.items()}
    assert tries == {"thm_1_raw": ["thm-1-raw]", "thm-1-raw-repair]"], "thm_1": ["thm-1]"]}


@pytest.mark.parametrize(
    ("text", "what", "wanted"),
    [
        ("return min(a, b, LIMIT)", "min → max", Outcome.KILLED),
        ("LIMIT = 10", "10 → 11", Outcome.SURVIVED),
        ("return a + 1", "+ → -", Outcome.SURVIVED),
        ("return a - 1", "- → +", Outcome.UNTESTED),
    ],
)
def test_who_is_noticed(text: str, what: str, wanted: Outcome, house: tuple[Path, Coverage], tmp_path: Path) -> None:
    """Catches a fault that is not put in, a test that is not run, and a copy that is not put right again."""
    copy, coverage = house
    ledger = Ledger(tmp_path / "outcomes.jsonl")
    assert try_mutant(the_mutant(copy, text, what), copy, coverage, ledger, 100.0) is wanted
    assert (copy / "theory" / "it.py").read_text(encoding="utf-8") == CODE
    assert len(ledger.path.read_text(encoding="utf-8").splitlines()) == 1


def test_a_fault_that_never_ends_is_noticed(
    house: tuple[Path, Coverage], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches a mutant that holds up the run for ever."""
    monkeypatch.setattr("mutants.trial.START", 1.0)
    copy, coverage = house
    mutant = the_mutant(copy, "n -= 1", "statement → nothing")
    assert try_mutant(mutant, copy, coverage, Ledger(tmp_path / "outcomes.jsonl"), 100.0) is Outcome.TIMEOUT
    waiting = ["tests/test_it.py", "-k", "slow"]
    monkeypatch.setattr("mutants.scratch.PATIENCE", 0.01)
    assert pytest_in(copy, waiting, 10) is None
    monkeypatch.setattr("mutants.scratch.PATIENCE", 20)
    assert pytest_in(copy, waiting, 10) == 0


def test_the_ledger_remembers(tmp_path: Path) -> None:
    """Catches a run that begins again, a survivor that a new test never meets, and an outcome of another source."""
    (tmp_path / "it.py").write_text("a + b", encoding="utf-8")
    (mutant,) = mutants_of(tmp_path, "it.py")
    path = tmp_path / "outcomes.jsonl"
    Ledger(path).write(mutant, "source", "tests", Outcome.SURVIVED)
    assert Ledger(path).known(mutant, "source", "tests") is Outcome.SURVIVED
    assert Ledger(path).known(mutant, "source", "more tests") is None
    Ledger(path).write(mutant, "source", "more tests", Outcome.KILLED)
    assert Ledger(path).known(mutant, "source", "other tests") is Outcome.KILLED
    assert Ledger(path).known(mutant, "other source", "tests") is None


def test_the_report_counts_every_room(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Catches an untested mutant that counts as noticed, and a survivor that is not named."""
    (tmp_path / "it.py").write_text("a + b\nc < d", encoding="utf-8")
    one, two, three = mutants_of(tmp_path, "it.py")
    outcomes = [("theory", one, Outcome.TIMEOUT), ("theory", two, Outcome.UNTESTED), ("verify", three, Outcome.KILLED)]
    assert report(outcomes) == {"theory": 0.5, "verify": 1.0}
    printed = capsys.readouterr().out
    assert "it.py:2 in the module: < → <= (1), untested\n    c < d" in printed
    assert "it.py:1" not in printed


def test_equivalents_are_there() -> None:
    """Catches an excuse for a line that has changed or gone, and one without a reason."""
    for key, why in equivalents().items():
        assert key in {mutant.key for mutant in mutants_of(ROOT, key[0])}, key
        assert len(why) > 20
