"""The constitution of the house: which room may import which, how things are named, how large they grow."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tokenize
import tomllib
from collections.abc import Iterable, Iterator
from io import StringIO
from itertools import pairwise
from pathlib import Path

import pytest

from nfrlab.verify.claims import CHAPTERS

ROOT = Path(__file__).parent.parent
WINGS = ("theory", "simulations", "paper_figs", "verify")
ORDER = {
    "theory": (
        "numerics",
        "family",
        "families",
        "filtering",
        "limit",
        "finite_width",
        "weighting",
        "cascade",
        "decisions",
        "rivals",
    ),
    "simulations": (
        "files",
        "seeds",
        "workers",
        "resumable",
        "sealed",
        "slots",
        "dense",
        "images",
        "network_names",
        "deep",
        "alignment",
        "bridge",
        "sweep",
    ),
    "simulations/deep": (
        "engine",
        "reading",
        "maps",
        "patterns",
        "methods",
        "inputs",
        "networks",
        "similarity",
        "effects",
        "backdoors",
        "decisions",
        "audit",
    ),
    "verify": (
        "intervals",
        "court",
        "breaks",
        "measured",
        "examine",
        "claims",
        "proceedings",
        "exhibits",
        "report",
        "audit",
        "commands",
        "cli",
    ),
}
"""The rooms of a wing in the order of the data: each imports only from itself and from those before it."""

ALLOWED = {
    "theory": {"theory"},
    "simulations": {"simulations"},
    "paper_figs": {"paper_figs", "theory"},
    "verify": {"verify", "theory", "simulations", "paper_figs"},
}
SHARED = {
    "paper_figs": {"figure", "draw_panel"},
    "paper_figs/deep": {"figure", "draw_panel", "draw_maps", "draw_alphas"},
    "simulations/deep/effects": {"measure"},
    "simulations/dense/reduced": {"alignments"},
    "theory/numerics": {"cosine"},
    "verify/exhibits": {"draw"},
    "verify/report": {"main"},
}
"""Names that mean one thing in all modules of a folder: a figure from its data, an effect of a trace, …"""

RECORDS = {"BrokenPremise", "Claim", "Evidence", "Family", "LimitFacts", "Verdict"}
WIDEST, LONGEST = 16, 300
WITH_TORCH = (
    "simulations/deep/",
    "simulations/bridge/decisions.py",
    "simulations/bridge/draws.py",
    "simulations/bridge/labelled.py",
    "simulations/bridge/networks.py",
    "simulations/bridge/populations.py",
    "simulations/bridge/preparation.py",
)
"""Modules that start with PyTorch."""
TORCH_LATER = {
    "simulations/bridge/run.py",
    "simulations/bridge/sources.py",
    "simulations/alignment.py",
    "verify/audit/audit.py",
    "verify/commands/audit.py",
    "verify/commands/parts/backdoors.py",
    "verify/commands/decisions.py",
    "verify/commands/parts/deep_options.py",
    "verify/commands/failures.py",
    "verify/commands/train.py",
}
"""Modules some of whose functions ask for it when they are called."""
MODULES = sorted(path for wing in WINGS for path in (ROOT / wing).rglob("*.py"))
CLAIMS = [path for path in MODULES if path.match("verify/claims/*/*.py") and path.name != "__init__.py"]
EVERYWHERE = sorted(
    {*MODULES, *(ROOT / "tests").rglob("*.py"), *(ROOT / "benchmarks").glob("*.py"), *(ROOT / "mutants").glob("*.py")}
)
every_module = pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))


def tree(path: Path) -> ast.Module:
    """A module's syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"))


def name_of(path: Path) -> str:
    """The name under which a file is imported."""
    return "nfrlab." + path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__")


def imported(nodes: Iterable[ast.AST]) -> set[str]:
    """The modules named by these nodes; of `from a import b` both `a` and `a.b`. Relative imports are not ours."""
    names = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"relative import of {node.module}"
            names |= {str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def rooms_in(path: Path) -> set[str]:
    """What a module imports of ours, anywhere in it, as paths: `theory/limit/direction`."""
    names = imported(ast.walk(tree(path)))
    return {name.removeprefix("nfrlab.").replace(".", "/") for name in names if name.startswith("nfrlab.")}


def at_start(node: ast.AST) -> Iterator[ast.AST]:
    """All below a node but what functions hold, and what is imported for types alone."""
    for child in ast.iter_child_nodes(node):
        types_alone = isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"
        if types_alone:
            for rest in child.orelse:
                yield rest
                yield from at_start(rest)
        elif not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield child
            yield from at_start(child)


def needs_torch(names: set[str]) -> bool:
    """Whether one of these modules brings PyTorch along."""
    paths = {f"{name.removeprefix('nfrlab.').replace('.', '/')}/" for name in names}
    rooms = ("torch/", *(place.removesuffix(".py").rstrip("/") + "/" for place in WITH_TORCH))
    return any(path.startswith(rooms) for path in paths)


@every_module
def test_the_witnesses_never_speak_to_each_other(path: Path) -> None:
    """Catches theory that imports simulations, the reverse, and figures that simulate."""
    wing = path.relative_to(ROOT).parts[0]
    assert {name.split("/")[0] for name in rooms_in(path)} <= ALLOWED[wing]


@every_module
def test_everything_is_imported_by_the_one_name(path: Path) -> None:
    """Catches `import theory`: under a second name a module is loaded twice, or another's in its place."""
    tops = {name.split(".")[0] for name in imported(ast.walk(tree(path)))}
    assert not tops & {*WINGS, "tests", "benchmarks", "mutants"}


def test_nothing_is_imported_by_another_name() -> None:
    """Catches `from verify import …` in tests, notebooks and documents, in the code that they run as text too."""
    bare = re.compile(rf"^\s*(?:from|import) (?:{'|'.join(WINGS)})\b", re.MULTILINE)
    paths = [path for pattern in ("*.py", "*.md") for path in ROOT.rglob(pattern) if ".venv" not in path.parts]
    assert len(paths) > 300
    assert [path for path in paths if bare.search(path.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize("folder", ORDER)
def test_rooms_import_only_from_those_before_them(folder: str) -> None:
    """Catches a room that imports from a later one, and a room that the order does not know."""
    order = ORDER[folder]
    found = {path.stem for path in (ROOT / folder).iterdir() if path.suffix == ".py" or any(path.glob("*.py"))}
    assert found - {"__init__"} == set(order)
    for path in (ROOT / folder).rglob("*.py"):
        room = path.relative_to(ROOT / folder).parts[0].removesuffix(".py")
        if room == "__init__":
            continue
        for name in rooms_in(path):
            if name.startswith(f"{folder}/"):
                other = name.removeprefix(f"{folder}/").split("/")[0]
                if other in order:
                    assert order.index(other) <= order.index(room), f"{path.relative_to(ROOT)} imports {name}"


@every_module
def test_torch_stays_in_the_deep_rooms(path: Path) -> None:
    """Catches an import of PyTorch, or of what needs it, outside the bridge; and at the start where it can wait."""
    name = path.relative_to(ROOT).as_posix()
    if not name.startswith(WITH_TORCH):
        assert not needs_torch(imported(at_start(tree(path))))
        assert name in TORCH_LATER or not needs_torch(imported(ast.walk(tree(path))))


def test_everything_else_starts_without_torch() -> None:
    """Catches a transitive import of torch by any module outside the deep rooms: all claims, figures, commands."""
    names = [name_of(path) for path in MODULES if not path.relative_to(ROOT).as_posix().startswith(WITH_TORCH)]
    assert {"nfrlab.theory", "nfrlab.simulations.dense", "nfrlab.verify.cli", "nfrlab.verify.claims.deep.fig_4"} <= {
        *names
    }
    code = (
        "import sys, importlib as i; [i.import_module(name) for name in sys.argv[1:]]; sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code, *names], cwd=ROOT, check=False).returncode == 0


def test_installed_names_are_ours() -> None:
    """Catches shipped tests, notebooks or build folders, and a second name: the wheel's top level is `nfrlab` alone."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert packages - set(WINGS) == {"benchmarks", "mutants", "nfrlab", "tests"}
    assert config["project"]["name"] == "nfrlab"
    assert config["project"]["scripts"] == {"nfrlab": "nfrlab.verify.cli:main"}


def test_every_dependency_is_used_and_pinned() -> None:
    """Catches a dependency that nobody imports, and one that the constraints do not pin."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    modules = {"python-flint": "flint", "scikit-learn": "sklearn", "pillow": "PIL", "lazy-loader": "lazy_loader"}
    used = {name.split(".")[0] for path in MODULES for name in imported(ast.walk(tree(path)))}
    if any('engine="h5netcdf"' in path.read_text(encoding="utf-8") for path in MODULES):
        used |= {"h5netcdf", "h5py"}  # xarray loads them by name
    pinned = {
        line.split("==")[0].lower() for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line
    }
    for requirement in config["project"]["dependencies"]:
        name = requirement.split(">=")[0]
        assert modules.get(name, name) in used, name
        assert name in pinned, name


def test_every_import_is_declared() -> None:
    """Catches a package that is there only because another one needs it, and goes with it."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    called = {"flint": "python-flint", "sklearn": "scikit-learn", "PIL": "pillow"}
    extras = config["project"]["optional-dependencies"].values()
    wanted = [*config["project"]["dependencies"], *(name for extra in extras for name in extra)]
    declared = {re.split(r"[<>=]", requirement)[0].replace("-", "_") for requirement in wanted}
    for path in MODULES:
        for name in {name.split(".")[0] for name in imported(ast.walk(tree(path)))}:
            known = name in sys.stdlib_module_names or name == "nfrlab"
            assert known or called.get(name, name).replace("-", "_") in declared, f"{path}: {name}"


def test_every_pin_has_its_hashes() -> None:
    """Catches a package of which pip would take whatever it is given."""
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    pins = re.findall(r"^[\w.-]+==\S+(.*\n(?:    --hash=sha256:[0-9a-f]{64}.*\n)*)", text, re.MULTILINE)
    assert len(pins) > 90
    assert all("--hash=sha256:" in hashes for hashes in pins)


def test_nothing_names_a_machine() -> None:
    """Catches absolute paths and registry hosts in tracked text."""
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    banned = ("/wo" + "rk/", "/ro" + "ot/", "pypi" + ".org", "files.python" + "hosted")
    for name in tracked:
        path = ROOT / name
        if (
            path.suffix in {".py", ".md", ".toml", ".txt", ".yaml", ".cff", ".css", ".jinja", ".json", ""}
            and path.is_file()
        ):
            text = path.read_text(encoding="utf-8")
            assert not [word for word in banned if word in text], name


def test_modules_stay_small() -> None:
    """Catches a module that needs scrolling, and a folder that hides its files."""
    for path in MODULES:
        assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST, path
    for folder in {path.parent for path in MODULES}:
        assert len(list(folder.glob("*.py"))) <= WIDEST, folder


@pytest.mark.parametrize("path", CLAIMS, ids=lambda path: path.stem)
def test_no_claim_imports_a_claim(path: Path) -> None:
    """Catches claims that hang on one another: what they share belongs to the instruments, or to the premises."""
    claims = {name for name in rooms_in(path) if name.startswith("verify/claims/")}
    assert {name.split("/")[2] for name in claims} <= {"premises"}


def test_a_claims_id_begins_with_its_modules_name() -> None:
    """Catches a claim that is not found where its name says."""
    for chapter in CHAPTERS:
        for module in chapter.MODULES:
            name = module.__name__.rpartition(".")[2].replace("_", "-")
            assert all(claim.id.startswith(name) for claim in module.CLAIMS), module.__name__


@every_module
def test_records_are_made_by_keyword(path: Path) -> None:
    """Catches `Claim(` or another record of many fields whose fields have to be counted."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in RECORDS:
            assert not node.args, f"line {node.lineno}"


@pytest.mark.parametrize("folder", sorted({path.parent.relative_to(ROOT).as_posix() for path in MODULES}))
def test_a_name_has_one_meaning_in_its_room(folder: str) -> None:
    """Catches twins: two modules of a folder that define one public function or class. A claim's parts are its own."""
    if folder.startswith("verify/claims/"):
        return
    found: dict[str, set[str]] = {}
    for path in (ROOT / folder).glob("*.py"):
        for node in tree(path).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
                found.setdefault(node.name, set()).add(path.stem)
    twins = {name: where for name, where in found.items() if len(where) > 1}
    assert set(twins) <= SHARED.get(folder, set()), twins


@pytest.mark.parametrize("path", EVERYWHERE, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_sentence_is_not_cut_into_pieces(path: Path) -> None:
    """Catches an implicit concatenation with an orphan in the middle: the next word would have fitted on its line."""
    text = path.read_text(encoding="utf-8")
    for pieces in concatenations(text):
        for piece, following in pairwise(pieces):
            word = first_word(following.string)
            if piece.string.endswith(' "') and word and len(word) + piece.end[1] < WIDTH:
                pytest.fail(f"line {piece.start[0]}: room for {word!r}")


WIDTH = 120


def concatenations(text: str) -> Iterator[list[tokenize.TokenInfo]]:
    """Runs of string literals that stand below one another with nothing between them."""
    run: list[tokenize.TokenInfo] = []
    for token in tokenize.generate_tokens(StringIO(text).readline):
        if token.type == tokenize.STRING and token.string.lstrip("f").startswith('"'):
            run.append(token)
        elif token.type not in (tokenize.NL, tokenize.COMMENT):
            if len(run) > 1:
                yield run
            run = []


def first_word(literal: str) -> str:
    """Up to and with the first space outside braces; the whole of it where there is none."""
    body, depth = literal.lstrip("f")[1:-1], 0
    for at, letter in enumerate(body):
        depth += (letter == "{") - (letter == "}")
        if letter == " " and depth == 0:
            return body[: at + 1]
    return body
