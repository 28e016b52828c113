"""The house rules: two witnesses who never speak to each other, no torch where none is needed, only our own names."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import files
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ALLOWED = {
    "theory": {"theory"},
    "simulations": {"simulations"},
    "paper_figs": {"paper_figs", "theory"},
    "verify": {"verify", "theory", "simulations", "paper_figs"},
}
WITH_TORCH = ("simulations/deep/", "verify/bridge/draws.py")
"""Modules that start with PyTorch."""
TORCH_LATER = {f"verify/bridge/{name}.py" for name in ("options", "run", "sources", "train")}
"""Modules some of whose functions ask for it when they are called."""
MODULES = sorted(path for package in ALLOWED for path in (ROOT / package).rglob("*.py"))


def imports(path: Path) -> set[str]:
    """Top-level packages that a module imports, anywhere in it."""
    return {name.split(".")[0] for name in imported(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))}


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


def at_start(node: ast.AST) -> Iterator[ast.AST]:
    """All below a node but what functions hold."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield child
            yield from at_start(child)


def needs_torch(names: set[str]) -> bool:
    """Whether one of these modules brings PyTorch along."""
    deep = {name for name in names if f"{name}/".replace(".", "/").startswith("simulations/deep/")}
    return bool(deep) or "verify.bridge.draws" in names or any(name.split(".")[0] == "torch" for name in names)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_import_graph(path: Path) -> None:
    """Catches theory that imports simulations, the reverse, and figures that simulate."""
    own = path.relative_to(ROOT).parts[0]
    found = imports(path)
    assert found & set(ALLOWED) <= ALLOWED[own]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_torch_stays_in_the_deep_rooms(path: Path) -> None:
    """Catches an import of PyTorch, or of what needs it, outside the bridge; and at the start where it can wait."""
    name, tree = path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))
    if not name.startswith(WITH_TORCH):
        assert not needs_torch(imported(at_start(tree)))
        assert name in TORCH_LATER or not needs_torch(imported(ast.walk(tree)))


def test_everything_else_starts_without_torch() -> None:
    """Catches a transitive import of torch by any module outside the deep rooms: all claims, figures, commands."""
    modules = [path.relative_to(ROOT).with_suffix("").as_posix() for path in MODULES]
    names = [
        name.replace("/", ".").removesuffix(".__init__") for name in modules if not f"{name}.py".startswith(WITH_TORCH)
    ]
    assert {"theory", "simulations.onelayer", "verify.cli", "verify.bridge.run", "verify.claims.deep.fig_4"} <= {*names}
    code = (
        "import sys, importlib as i; [i.import_module(name) for name in sys.argv[1:]]; sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code, *names], cwd=ROOT, check=False).returncode == 0


def test_installed_names_are_ours() -> None:
    """Catches shipped tests, notebooks or build folders: the wheel's top level is our four packages."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert sorted(config["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]) == sorted(ALLOWED)
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert packages - set(ALLOWED) == {"benchmarks", "tests"}
    top_levels = {file.parts[0] for file in files("nfrlab") or () if file.suffix == ".py"}
    assert top_levels <= set(ALLOWED)  # empty for an editable install
    assert config["project"]["name"] == "nfrlab"
    assert config["project"]["scripts"] == {"nfrlab": "verify.cli:main"}


def test_every_dependency_is_used_and_pinned() -> None:
    """Catches a dependency that nobody imports, and one that the constraints do not pin."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    modules = {"python-flint": "flint", "scikit-learn": "sklearn", "pillow": "PIL"}
    used = set().union(*(imports(path) for path in MODULES))
    if any('engine="h5netcdf"' in path.read_text(encoding="utf-8") for path in MODULES):
        used |= {"h5netcdf", "h5py"}  # xarray loads them by name
    pinned = {
        line.split("==")[0].lower() for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line
    }
    for requirement in config["project"]["dependencies"]:
        name = requirement.split(">=")[0]
        assert modules.get(name, name) in used, name
        assert name in pinned, name


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
    """Catches a module that needs scrolling: 300 lines; the derivations and families are lists and may have 400."""
    for path in MODULES:
        limit = 400 if path.name in {"derivations.py", "families.py", "thm_2.py"} else 310
        assert len(path.read_text(encoding="utf-8").splitlines()) <= limit, path
